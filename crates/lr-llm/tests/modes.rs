//! What the program does in its two modes when all goes well, and where it stops.

mod support;

use std::io::{Read, Write};
use std::process::Stdio;
use std::time::Duration;

use lr_tests::fake_model::{Answer, FakeModel, Step, chunk, end, part, stream_head};
use serde_json::json;
use support::{ask, program, run, turn};

#[test]
fn a_turn_gets_a_reply_and_keeps_everything_else() {
    let model = FakeModel::start([Answer::text("answer")]);
    let outcome = ask(&model, &[], Some(&turn("hello")));
    assert_eq!(outcome.status, 0, "{outcome:?}");
    let (before, after) = outcome.stdout.split_once(",\"reply\":").unwrap();
    assert_eq!(before, turn("hello").trim_end().strip_suffix('}').unwrap());
    let mut reply: serde_json::Value =
        serde_json::from_str(after.trim_end().strip_suffix('}').unwrap()).unwrap();
    assert!(reply["seconds"].take().is_number());
    let host = model.url().replace("http://", "").replace("/v1", "");
    let request = &model.requests()[0];
    assert_eq!(
        reply,
        json!({
            "text": "answer", "by": "lr-llm", "provider": host, "model": "some-model", "finish": "stop",
            "usage": {
                "input": request.body["messages"].to_string().len() / 4, "cached_input": 0, "cache_write": 0,
                "output": 2, "reasoning": 0
            },
            "seconds": null, "attempts": 1
        })
    );
    assert_eq!(request.path, "/v1/chat/completions");
    assert_eq!(
        request.body,
        json!({
            "model": "some-model",
            "messages": [{"role": "system", "content": "rules"}, {"role": "user", "content": "hello"}]
        })
    );
}

#[test]
fn turns_without_work_pass_byte_for_byte_and_need_no_model() {
    let turns = "{\"x\": 1.0, \"lr\": 1}\n{\"lr\":1,\"prompt\":{\"messages\":[]},\"reply\":{\"text\":\"x\"}}\n";
    let home = tempfile::tempdir().unwrap();
    let outcome = run(program(home.path(), &[]), Some(turns));
    assert_eq!(
        (
            outcome.status,
            outcome.stdout.as_str(),
            outcome.stderr.as_str()
        ),
        (0, turns, "")
    );
}

#[test]
fn a_turn_that_fails_does_not_stop_the_others() {
    let model = FakeModel::answering(|request, _| match request.question() {
        "bad" => Answer::error(400, "no"),
        question => Answer::text(&format!("re: {question}")),
    });
    let outcome = ask(
        &model,
        &[],
        Some(&[turn("a"), turn("bad"), turn("c")].concat()),
    );
    let turns: Vec<serde_json::Value> = outcome
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(outcome.status, 3);
    assert_eq!(turns[0]["reply"]["text"], "re: a");
    assert_eq!(turns[1]["error"]["kind"], "bad_request");
    assert_eq!(turns[1]["error"]["stage"], "lr-llm");
    assert_eq!(turns[2]["reply"]["text"], "re: c");
}

#[test]
fn without_a_model_the_turn_says_so() {
    let home = tempfile::tempdir().unwrap();
    let mut command = program(home.path(), &[]);
    command.env_remove("LR_API_KEY");
    let outcome = run(command, Some(&turn("hello")));
    assert_eq!(outcome.status, 3);
    assert_eq!(outcome.turn()["error"]["kind"], "no_model");
    assert!(
        outcome.stderr.contains("export GROQ_API_KEY="),
        "{outcome:?}"
    );
}

#[test]
fn a_limit_on_calls_counts_every_attempt() {
    let model = FakeModel::start([
        Answer::http(503, &["retry-after: 0"], ""),
        Answer::text("fine"),
    ]);
    let outcome = ask(
        &model,
        &["--max-calls", "2", "-j", "1"],
        Some(&[turn("a"), turn("b")].concat()),
    );
    assert_eq!(outcome.status, 4);
    let second: serde_json::Value =
        serde_json::from_str(outcome.stdout.lines().nth(1).unwrap()).unwrap();
    assert_eq!(second["error"]["kind"], "calls");
    assert_eq!(model.requests().len(), 2);
}

#[test]
fn nobody_waits_for_an_attempt_that_the_limit_on_calls_forbids() {
    let model = FakeModel::start([Answer::http(503, &["retry-after: 100"], "")]);
    let outcome = ask(&model, &["--max-calls", "1"], Some(&turn("a")));
    assert_eq!(outcome.status, 4);
    let error = &outcome.turn()["error"];
    assert_eq!(
        (&error["kind"], &error["attempts"]),
        (&json!("calls"), &json!(1))
    );
    assert!(
        outcome
            .stderr
            .contains("(HTTP 503); the limit on calls is reached\n"),
        "{outcome:?}"
    );
}

#[test]
fn an_empty_variable_counts_as_absent() {
    let model = FakeModel::start([Answer::text("answer")]);
    let home = tempfile::tempdir().unwrap();
    let mut command = program(home.path(), &["--base-url", &model.url(), "-m", "m", "hi"]);
    for name in ["LR_MAX_CALLS", "LR_PROFILE", "LR_MODEL", "LR_REPLAY"] {
        command.env(name, "");
    }
    let outcome = run(command, None);
    assert_eq!((outcome.status, outcome.stdout.as_str()), (0, "answer\n"));
}

#[test]
fn a_server_that_streams_anyway_is_understood() {
    let model = FakeModel::start([Answer::stream(
        &[&part("he"), &part("llo"), &end("stop"), "[DONE]"],
        None,
    )]);
    assert_eq!(
        ask(&model, &[], Some(&turn("x"))).turn()["reply"]["text"],
        "hello"
    );
}

#[test]
fn a_question_streams_its_answer() {
    let model = FakeModel::start([Answer::text("a longer answer\nof two lines")]);
    let outcome = ask(&model, &["what", "is", "it?"], None);
    assert_eq!(
        (outcome.status, outcome.stdout.as_str()),
        (0, "a longer answer\nof two lines\n")
    );
    assert_eq!(model.requests()[0].question(), "what is it?");
    assert_eq!(model.requests()[0].body["stream"], true);
}

#[test]
fn text_arrives_before_the_answer_is_complete() {
    let first = [
        stream_head(),
        chunk(&format!("data: {}\n\n", part("first"))),
    ]
    .concat();
    let model = FakeModel::start([Answer::Steps(vec![Step::Send(first), Step::Hang])]);
    let home = tempfile::tempdir().unwrap();
    let url = model.url();
    let mut child = program(home.path(), &["--base-url", &url, "-m", "m", "hi"])
        .spawn()
        .unwrap();
    let mut seen = [0; 5];
    child
        .stdout
        .as_mut()
        .unwrap()
        .read_exact(&mut seen)
        .unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(&seen, b"first");
}

#[test]
fn the_instruction_stands_before_the_piped_text() {
    let model = FakeModel::start([Answer::text("ok")]);
    ask(
        &model,
        &["-s", "be brief", "write a commit message"],
        Some("diff --git\n"),
    );
    assert_eq!(
        model.requests()[0].body["messages"],
        json!([
            {"role": "system", "content": "be brief"},
            {"role": "user", "content": "write a commit message\n\ndiff --git\n"}
        ])
    );
    ask(&model, &[], Some("just text"));
    assert_eq!(model.requests()[1].question(), "just text");
}

#[test]
fn an_empty_pipe_is_an_error() {
    let model = FakeModel::start([Answer::text("ok")]);
    let outcome = ask(&model, &["write a commit message"], Some(""));
    assert_eq!(outcome.status, 2);
    assert_eq!(
        outcome.stderr,
        "lr-llm: nothing on standard input\nhint: did the program before fail? '< /dev/null' asks without it\n"
    );
    assert!(model.requests().is_empty());
}

#[test]
fn a_cut_reply_is_no_success_although_it_is_printed() {
    let half = part("half");
    for (answer, message) in [
        (
            Answer::finished("half", "length"),
            "lr-llm: the reply is cut off: it reached its limit of tokens",
        ),
        (
            Answer::finished("half", "content_filter"),
            "lr-llm: the reply was withheld, in whole or in part, by a filter",
        ),
        (
            Answer::stream(&[&half], None),
            "was cut off: the stream ended too early",
        ),
    ] {
        let model = FakeModel::start([answer]);
        let outcome = ask(&model, &["hi"], None);
        assert_eq!(
            (outcome.status, outcome.stdout.as_str()),
            (3, "half\n"),
            "{outcome:?}"
        );
        assert!(
            outcome.stderr.lines().next().unwrap().contains(message),
            "{outcome:?}"
        );
        assert_eq!(
            model.requests().len(),
            1,
            "what was shown is not asked again"
        );
    }
}

#[test]
fn options_reach_the_request() {
    let model = FakeModel::start([Answer::text("ok")]);
    let args = [
        "--no-stream",
        "--temperature",
        "0.5",
        "--max-tokens",
        "9",
        "--seed",
        "-4",
    ];
    let more = [
        "-o", "top_p", "0.9", "-o", "user", "me", "-o", "stop", "[\"x\"]", "hi",
    ];
    ask(&model, &[&args[..], &more].concat(), None);
    assert_eq!(
        model.requests()[0].body,
        json!({
            "model": "some-model", "messages": [{"role": "user", "content": "hi"}],
            "temperature": 0.5, "max_tokens": 9, "seed": -4, "top_p": 0.9, "user": "me", "stop": ["x"]
        })
    );
}

#[test]
fn a_dry_run_sends_nothing_and_hides_the_key() {
    let model = FakeModel::start([Answer::text("ok")]);
    for (args, input) in [(vec!["-n", "hi"], None), (vec!["-n"], Some(turn("hi")))] {
        let outcome = ask(&model, &args, input.as_deref());
        let request = outcome.turn();
        assert_eq!(request["headers"]["authorization"], "Bearer [redacted]");
        assert_eq!(request["url"], format!("{}/chat/completions", model.url()));
        assert_eq!(request["body"]["model"], "some-model");
    }
    assert!(model.requests().is_empty());
}

#[test]
fn a_server_without_a_named_model_is_asked_for_its_newest() {
    let model = FakeModel::start([Answer::text("ok")]);
    let home = tempfile::tempdir().unwrap();
    let mut command = program(home.path(), &["-L", "hi"]);
    command.env(
        "OLLAMA_HOST",
        model.url().replace("http://", "").replace("/v1", ""),
    );
    assert_eq!(run(command, None).stdout, "ok\n");
    assert_eq!(model.requests()[0].body["model"], "fake-model");
}

#[test]
fn recordings_replace_the_network() {
    let home = tempfile::tempdir().unwrap();
    let model = FakeModel::start([Answer::text("recorded answer")]);
    let url = model.url();
    let record = ["--base-url", &url, "-m", "m", "--record", "tape"];
    assert_eq!(
        run(program(home.path(), &record), Some(&turn("hello"))).status,
        0
    );
    drop(model);
    let replay = |args: &[&str], question| {
        let all = [&["--replay", "tape"], args].concat();
        run(program(home.path(), &all), Some(&turn(question)))
    };
    let turn = replay(&[], "hello").turn();
    assert_eq!(
        (&turn["reply"]["text"], &turn["reply"]["model"]),
        (&json!("recorded answer"), &json!("m"))
    );
    assert_eq!(replay(&["-m", "m"], "hello").status, 0);
    assert_eq!(
        replay(&["-m", "other"], "hello").turn()["error"]["kind"],
        "not_recorded"
    );
    let missed = replay(&[], "hallo");
    assert_eq!(missed.status, 3);
    assert!(
        missed
            .stderr
            .contains("different from line 4 on: asked 'hallo', recorded 'hello'"),
        "{missed:?}"
    );
    for entry in std::fs::read_dir(home.path().join("tape")).unwrap() {
        let text = std::fs::read_to_string(entry.unwrap().path()).unwrap();
        assert!(!text.contains(support::KEY), "{text}");
    }
}

#[test]
fn a_project_may_name_a_model_but_no_server() {
    let model = FakeModel::start([Answer::text("ok")]);
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("lr.toml");
    std::fs::write(&file, "[llm]\nmodel = 'theirs'\n").unwrap();
    let mut command = program(home.path(), &["--provider", "openai", "hi"]);
    command.env("OPENAI_BASE_URL", model.url());
    run(command, None);
    let mut command = program(home.path(), &["hi"]);
    command
        .env("OPENAI_BASE_URL", model.url())
        .env("OPENAI_API_KEY", "k");
    run(command, None);
    let models: Vec<_> = model
        .requests()
        .iter()
        .map(|request| request.body["model"].clone())
        .collect();
    assert_eq!(models, ["theirs", "theirs"]);
    std::fs::write(&file, "[llm]\nbase-url = 'http://evil'\n").unwrap();
    assert_eq!(run(program(home.path(), &["hi"]), None).status, 2);
}

#[test]
fn nobody_is_asked_for_a_reader_that_has_gone() {
    let model = FakeModel::start([Answer::text("ok")]);
    let home = tempfile::tempdir().unwrap();
    let url = model.url();
    let mut command = program(home.path(), &["--base-url", &url, "-m", "m"]);
    let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    child
        .stdin
        .take()
        .unwrap()
        .write_all(turn("hello").as_bytes())
        .unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert!(model.requests().is_empty());
}

#[test]
fn a_reader_that_goes_during_a_wait_stops_the_attempts() {
    let model = FakeModel::answering(|_, _| {
        Answer::Steps(vec![
            Step::Pause(Duration::from_millis(200)),
            Step::Send(
                b"HTTP/1.1 503 Busy\r\nretry-after: 0\r\ncontent-length: 0\r\n\r\n".to_vec(),
            ),
        ])
    });
    let home = tempfile::tempdir().unwrap();
    let url = model.url();
    let mut child = program(home.path(), &["--base-url", &url, "-m", "m", "hi"])
        .spawn()
        .unwrap();
    while model.requests().is_empty() {
        std::thread::yield_now();
    }
    drop(child.stdout.take());
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert_eq!(model.requests().len(), 1);
}

#[test]
fn questions_are_told_to_the_program_that_asks() {
    let model = FakeModel::start([Answer::text("answer")]);
    let outcome = ask(&model, &["--tell-jobs"], Some(&turn("hello")));
    let tokens = model.requests()[0].body["messages"].to_string().len() / 4 + 2;
    assert_eq!(
        outcome.stderr,
        format!("\u{1e}asking\u{1f}\u{1f}\n\u{1e}asking\u{1f}{tokens}\u{1f}token\n")
    );
    let model = FakeModel::start([]);
    model.go_down();
    let outcome = ask(
        &model,
        &["--tell-jobs", "--retries", "0"],
        Some(&turn("hello")),
    );
    assert!(
        outcome
            .stderr
            .contains("\u{1e}asking\u{1f}\u{1f}some failed\n"),
        "{outcome:?}"
    );
}
