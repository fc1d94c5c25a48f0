//! A server that goes down and comes back.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::Stdio;

use lr_tests::fake_model::{Answer, FakeModel};
use serde_json::{Value, json};

use crate::support::{ask, program, run, turn};

#[test]
fn a_server_that_comes_back_is_waited_for() {
    let model = FakeModel::start([Answer::text("back")]);
    model.go_down();
    let home = tempfile::tempdir().unwrap();
    let url = model.url();
    let args = [
        "--base-url",
        &url,
        "-m",
        "m",
        "--outage",
        "100",
        "--max-calls",
        "1",
    ];
    let mut command = program(home.path(), &args);
    let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(turn("hello").as_bytes()).unwrap();
    drop(stdin);
    let mut said = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    said.read_line(&mut line).unwrap();
    assert!(line.contains("nothing listens on"), "{line}");
    assert!(line.contains("; attempt 2 of 4 in "), "{line}");
    model.come_back();
    let mut written = String::new();
    let mut stdout = child.stdout.take().unwrap();
    stdout.read_to_string(&mut written).unwrap();
    assert!(child.wait().unwrap().success());
    let turn: Value = serde_json::from_str(&written).unwrap();
    // What could not be sent is no call.
    assert_eq!(
        (&turn["reply"]["text"], &turn["reply"]["attempts"]),
        (&json!("back"), &json!(1))
    );
}

#[test]
fn nobody_waits_for_a_server_that_is_down_unless_told() {
    let model = FakeModel::start([Answer::text("back")]);
    model.go_down();
    let outcome = ask(&model, &[], Some(&turn("hello")));
    let error = &outcome.turn()["error"];
    assert_eq!(
        (
            outcome.status,
            &error["kind"],
            &error["retryable"],
            &error["attempts"]
        ),
        (3, &json!("network"), &json!(true), &json!(null))
    );
}

#[test]
fn a_server_that_goes_away_after_a_request_is_waited_for() {
    let busy = Answer::http(503, &["retry-after: 1"], "");
    let model = FakeModel::start([busy, Answer::text("back")]);
    let home = tempfile::tempdir().unwrap();
    let url = model.url();
    let mut command = program(home.path(), &["--base-url", &url, "-m", "m"]);
    let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(turn("hello").as_bytes()).unwrap();
    drop(stdin);
    let mut said = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    said.read_line(&mut line).unwrap();
    model.go_down();
    // The busy one, and more attempts to reach it than are made for what may pass.
    for _ in 2..5 {
        line.clear();
        said.read_line(&mut line).unwrap();
        assert!(line.contains("nothing listens on"), "{line}");
    }
    model.come_back();
    let mut written = String::new();
    let mut stdout = child.stdout.take().unwrap();
    stdout.read_to_string(&mut written).unwrap();
    assert!(child.wait().unwrap().success());
    let turn: Value = serde_json::from_str(&written).unwrap();
    assert_eq!(turn["reply"]["attempts"], 2);
}

#[test]
fn a_server_that_is_too_busy_is_asked_more_often_than_others() {
    let busy = || Answer::http(503, &["retry-after: 0"], "");
    let model = FakeModel::start([busy(), busy(), Answer::text("fine")]);
    let args = ["--retries", "1", "--outage", "100"];
    let outcome = ask(&model, &args, Some(&turn("hello")));
    assert_eq!(outcome.turn()["reply"]["attempts"], 3, "{outcome:?}");
}

#[test]
fn a_model_that_stands_in_is_asked_instead_of_waiting() {
    let down = FakeModel::start([Answer::text("back")]);
    down.go_down();
    let other = FakeModel::start([Answer::text("other")]);
    let home = tempfile::tempdir().unwrap();
    let providers = home.path().join(".config/lr/providers");
    std::fs::create_dir_all(&providers).unwrap();
    let provider = format!("base_url = '{}'\nkey_optional = true\n", other.url());
    std::fs::write(providers.join("mine.toml"), provider).unwrap();
    let url = down.url();
    let place = ["--base-url", &url, "-m", "m", "--fallback", "mine/n"];
    let command = program(home.path(), &[&place[..], &["--outage", "100"]].concat());
    let outcome = run(command, Some(&turn("hello")));
    assert_eq!(outcome.turn()["reply"]["text"], "other", "{outcome:?}");
}

#[test]
fn what_may_have_been_worked_on_is_not_asked_for_again_and_again() {
    let model = FakeModel::start([Answer::Steps(vec![])]);
    let args = ["--retries", "0", "--outage", "100"];
    let outcome = ask(&model, &args, Some(&turn("hello")));
    assert_eq!(outcome.turn()["error"]["attempts"], 1, "{outcome:?}");
}
