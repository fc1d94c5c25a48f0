//! A program in place of a model.

use std::fs;

use serde_json::Value;

use crate::interrupt;
use crate::support::{Outcome, program, run, turn};

/// Asks a shell script, with more arguments.
fn ask_script(script: &str, args: &[&str], input: Option<&str>) -> Outcome {
    let home = tempfile::tempdir().unwrap();
    let model = format!("command:/bin/sh -c '{script}'");
    let mut all = vec!["-m", &model];
    all.extend(args);
    let mut command = program(home.path(), &all);
    command
        .env("PATH", "/usr/bin:/bin")
        .env("THEIRS_API_KEY", "theirs");
    run(command, input)
}

#[test]
fn the_prompt_goes_in_and_the_reply_comes_out() {
    let outcome = ask_script("cat", &["-s", "rules", "hello"], None);
    assert_eq!(
        (outcome.status, outcome.stdout.as_str()),
        (0, "rules\n\nhello\n"),
        "{outcome:?}"
    );
    let turn = ask_script("cat", &[], Some(&turn("hello"))).turn();
    let reply = &turn["reply"];
    assert_eq!(reply["text"], "rules\n\nhello");
    assert_eq!(
        (&reply["provider"], &reply["finish"]),
        (&"command".into(), &"stop".into())
    );
    assert_eq!(reply["model"], "command:/bin/sh -c 'cat'");
    assert_eq!(
        (&reply["usage"], &reply["cost_usd"]),
        (&Value::Null, &Value::Null)
    );
}

#[test]
fn it_gets_its_own_key_and_not_ours() {
    let outcome = ask_script(
        "echo ${THEIRS_API_KEY-none} ${LR_API_KEY-none}",
        &["hello"],
        None,
    );
    assert_eq!(outcome.stdout, "theirs none\n");
}

#[track_caller]
fn check(script: &str, kind: &str, message: &str) {
    let outcome = ask_script(script, &["--timeout", "1"], Some(&turn("hello")));
    let turn = outcome.turn();
    assert_eq!(
        (outcome.status, &turn["error"]["kind"]),
        (3, &kind.into()),
        "{outcome:?}"
    );
    let said = turn["error"]["message"].as_str().unwrap();
    assert!(said.contains(message), "{said}");
}

#[test]
fn what_is_no_reply_is_an_error() {
    check(
        "echo some; echo not logged in >&2; exit 2",
        "provider",
        "(exit status 2): not logged in",
    );
    check("true", "empty_reply", "is empty");
    check("printf \"\\\\377\"", "malformed_reply", "is not UTF-8");
    check("sleep 60", "timed_out", "was not done within 1 s");
    check("kill -9 $$", "provider", "ended by SIGKILL");
    check(
        "head -c 20000000 /dev/zero",
        "malformed_reply",
        "larger than 16 MiB",
    );
}

#[test]
fn a_program_that_is_not_there_is_named() {
    let home = tempfile::tempdir().unwrap();
    let outcome = run(
        program(home.path(), &["-m", "command:no-such-program -p", "hello"]),
        None,
    );
    assert_eq!(outcome.status, 3, "{outcome:?}");
    assert!(outcome.stderr.contains("'no-such-program'"), "{outcome:?}");
    let outcome = run(program(home.path(), &["-m", "command:", "hello"]), None);
    assert_eq!(outcome.status, 2, "{outcome:?}");
}

#[test]
fn what_it_costs_can_only_be_limited_where_a_price_is_given() {
    let outcome = ask_script("cat", &["--max-cost", "1", "hello"], None);
    assert_eq!(outcome.status, 2, "{outcome:?}");
    let outcome = ask_script("cat", &["--max-cost", "1", "--price", "0,0", "hello"], None);
    assert_eq!(outcome.status, 0, "{outcome:?}");
    let outcome = ask_script("cat", &["--max-calls", "0", "hello"], None);
    assert_eq!(outcome.status, 4, "{outcome:?}");
}

#[test]
fn it_can_stand_in_for_a_model() {
    let outcome = ask_script("exit 1", &["--fallback", "command:/bin/cat", "hello"], None);
    assert_eq!(
        (outcome.status, outcome.stdout.as_str()),
        (0, "hello\n"),
        "{outcome:?}"
    );
}

#[test]
fn a_dry_run_runs_nothing() {
    let outcome = ask_script("touch mark", &["-n", "hello"], None);
    let request: Value = serde_json::from_str(&outcome.stdout).unwrap();
    assert_eq!(request["stdin"], "hello");
    assert_eq!(request["program"][2], "touch mark");
}

#[test]
fn a_project_names_no_program() {
    let home = tempfile::tempdir().unwrap();
    let mark = home.path().join("mark");
    for key in [
        "model = 'command:touch mark'",
        "fallback = ['x', 'command:touch mark']",
    ] {
        fs::write(home.path().join("lr.toml"), format!("[llm]\n{key}\n")).unwrap();
        let outcome = run(program(home.path(), &["hello"]), None);
        assert_eq!(outcome.status, 2, "{outcome:?}");
        assert!(
            outcome.stderr.contains("a project may not name a program"),
            "{outcome:?}"
        );
    }
    assert!(!mark.exists());
}

#[test]
fn interrupted_it_ends_with_all_it_has_started() {
    for input in [None, Some(turn("hello"))] {
        let home = tempfile::tempdir().unwrap();
        let script = "command:/bin/sh -c 'sleep 300 & echo $! > pid; mv pid began; wait'";
        let mut command = program(home.path(), &["-m", script]);
        command.env("PATH", "/usr/bin:/bin");
        if input.is_none() {
            command.arg("hello");
        }
        let began = home.path().join("began");
        let ended = interrupt(command, input.as_deref(), &began);
        assert_eq!(ended.status, 130, "{ended:?}");
        let pid = fs::read_to_string(&began).unwrap();
        let is_there = fs::exists(format!("/proc/{}", pid.trim())).unwrap();
        assert!(!is_there, "{pid}");
    }
}
