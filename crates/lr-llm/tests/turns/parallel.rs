//! Several turns at once: their order, and what becomes of them when somebody leaves or interrupts.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, Barrier, Mutex};

use crate::support::{ask, program};
use crate::{questions, texts, turns};
use lr_tests::fake_model::{Answer, FakeModel, Step};
use serde_json::Value;

/// Starts the program with turns on its standard input.
fn start(model: &FakeModel, args: &[&str], input: &str) -> (Child, tempfile::TempDir) {
    let home = tempfile::tempdir().unwrap();
    let url = model.url();
    let mut all = vec!["--base-url", &url, "-m", "m"];
    all.extend(args);
    let mut command = program(home.path(), &all);
    let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(input.as_bytes()).unwrap();
    (child, home)
}

/// A model that answers the question "slow" when it is told to.
fn slow_model() -> (FakeModel, Sender<()>) {
    let (go, gone) = mpsc::channel();
    let gone = Mutex::new(gone);
    let model = FakeModel::answering(move |request, _| {
        if request.question() == "slow" {
            let _ = gone.lock().unwrap().recv();
        }
        Answer::text(&format!("re: {}", request.question()))
    });
    (model, go)
}

#[test]
fn as_many_as_are_allowed_are_asked_at_once() {
    let all_there = Arc::new(Barrier::new(4));
    let model = FakeModel::answering(move |request, _| {
        all_there.wait();
        Answer::text(request.question())
    });
    let asked = ["a", "b", "c", "d", "e", "f", "g", "h"];
    let outcome = ask(&model, &["--timeout", "60"], Some(&questions(&asked)));
    assert_eq!(outcome.status, 0, "{outcome:?}");
    assert_eq!(texts(&turns(&outcome)), asked);
    assert_eq!(model.tally().most_at_once, 4);
    let model = FakeModel::start([Answer::text("x")]);
    ask(&model, &["-j", "1"], Some(&questions(&asked)));
    assert_eq!(model.tally().most_at_once, 1);
}

#[test]
fn turns_are_written_in_their_order_although_a_later_one_is_done_first() {
    let (model, go) = slow_model();
    let passing = "{\"lr\":1,\"x\":1}\n";
    let input = [&questions(&["slow", "b"]), passing, &questions(&["c"])].concat();
    let (child, _home) = start(&model, &[], &input);
    while model.tally().output < 2 * 2 {
        std::thread::yield_now();
    }
    go.send(()).unwrap();
    let output = child.wait_with_output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let turns: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(texts(&turns), ["re: slow", "re: b", "re: c"]);
    assert_eq!(turns[2]["x"], 1);
}

#[test]
fn without_an_order_nobody_waits_for_a_slow_turn() {
    let (model, go) = slow_model();
    let (mut child, _home) = start(&model, &["--unordered"], &questions(&["slow", "b"]));
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut next = || -> Value { serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap() };
    assert_eq!(next()["reply"]["text"], "re: b");
    go.send(()).unwrap();
    assert_eq!(next()["reply"]["text"], "re: slow");
    assert!(child.wait().unwrap().success());
}

#[expect(
    clippy::disallowed_methods,
    reason = "a test looks at the program from outside"
)]
fn signal(child: &Child, signal: &str) {
    let id = child.id().to_string();
    let killed = Command::new("kill").args([signal, &id]).status();
    assert!(killed.unwrap().success());
}

#[test]
fn an_interruption_loses_no_reply_and_no_turn() {
    let model = FakeModel::answering(|request, _| match request.question() {
        "hang" => Answer::Steps(vec![Step::Hang]),
        question => Answer::text(question),
    });
    for (name, status, kind) in [("-INT", 130, "interrupted"), ("-TERM", 143, "terminated")] {
        let before = model.requests().len();
        let input = questions(&["a", "hang", "c", "hang", "e"]);
        let (mut child, _home) = start(&model, &["-j", "2"], &input);
        while model.requests().len() < before + 4 {
            std::thread::yield_now();
        }
        signal(&child, name);
        let mut written = String::new();
        let mut stdout = child.stdout.take().unwrap();
        stdout.read_to_string(&mut written).unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(status));
        let turns: Vec<Value> = written
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        assert_eq!(turns.len(), 5, "{written}");
        assert_eq!(texts(&turns), ["a", "c"]);
        for number in [1, 3, 4] {
            assert_eq!(turns[number]["error"]["kind"], kind, "{written}");
        }
        // What was under way may have to be paid for; what was not asked is free.
        let error = |number: usize| &turns[number]["error"];
        assert_eq!(error(1)["attempts"], 1);
        assert!(error(3)["charged"]["tokens"].as_u64().unwrap() > 4096);
        assert_eq!(
            (&error(4)["attempts"], &error(4)["charged"]),
            (&Value::Null, &Value::Null)
        );
    }
}

#[test]
fn a_second_signal_ends_the_program_although_nobody_reads() {
    let long = "x".repeat(1 << 20);
    let model = FakeModel::answering(move |request, _| match request.question() {
        "hang" => Answer::Steps(vec![Step::Hang]),
        _ => Answer::text(&long),
    });
    let (mut child, _home) = start(&model, &["-j", "1"], &questions(&["long", "hang"]));
    while model.tally().output == 0 {
        std::thread::yield_now();
    }
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        signal(&child, "-INT");
    };
    assert_eq!(status.code(), Some(130));
}

#[test]
fn nothing_more_is_asked_for_a_reader_that_has_gone() {
    let (model, go) = slow_model();
    let input = questions(&["slow", "slow", "c", "d"]);
    let (mut child, _home) = start(&model, &["-j", "2"], &input);
    while model.requests().len() < 2 {
        std::thread::yield_now();
    }
    drop(child.stdout.take());
    go.send(()).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert_eq!(model.requests().len(), 2);
}

#[test]
fn input_that_breaks_is_told_after_what_came_before_is_written() {
    let model = FakeModel::start([Answer::text("fine")]);
    let outcome = ask(
        &model,
        &[],
        Some(&[&questions(&["a"]), "{\"lr\":1,"].concat()),
    );
    assert_eq!(outcome.status, 2);
    assert_eq!(texts(&turns(&outcome)), ["fine"]);
    assert!(
        outcome
            .stderr
            .starts_with("lr-llm: malformed turn on standard input, line 2"),
        "{outcome:?}"
    );
}
