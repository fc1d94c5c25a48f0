//! A model that stands in for one that failed.

use std::fs;

use lr_tests::fake_model::{Answer, FakeModel};
use serde_json::json;

use crate::support::{KEY, ask, program, run, turn};

/// A server whose model `good` answers, and whose other models fail in this way.
fn server(failure: Answer) -> FakeModel {
    FakeModel::answering(move |request, _| match request.body["model"].as_str() {
        Some("good") => Answer::text("fine"),
        _ => failure.clone(),
    })
}

#[test]
fn the_next_model_answers_where_one_failed_for_good() {
    let model = server(Answer::error(401, "no"));
    let args = ["--fallback", "bad", "--fallback", "good"];
    let outcome = ask(&model, &args, Some(&turn("hello")));
    assert_eq!(outcome.status, 0, "{outcome:?}");
    let reply = &outcome.turn()["reply"];
    assert_eq!(
        (&reply["model"], &reply["attempts"], &reply["charged"]),
        (&json!("good"), &json!(3), &json!(null))
    );
    let host = model.url().replace("http://", "").replace("/v1", "");
    assert_eq!(
        outcome.stderr,
        format!(
            "lr-llm: key refused by '{host}' (HTTP 401): no; asking 'bad'\n\
             lr-llm: key refused by '{host}' (HTTP 401): no; asking 'good'\n"
        )
    );
    assert_eq!(
        ask(&model, &["--fallback", "good", "hi"], None).stdout,
        "fine\n"
    );
}

#[test]
fn what_the_first_one_took_is_charged() {
    let model = server(Answer::Steps(vec![]));
    let args = [
        "--retries",
        "0",
        "--fallback",
        "good",
        "--max-tokens",
        "1000",
    ];
    let reply = ask(&model, &args, Some(&turn("hello"))).turn()["reply"].clone();
    let used =
        reply["usage"]["input"].as_u64().unwrap() + reply["usage"]["output"].as_u64().unwrap();
    let charged = reply["charged"]["tokens"].as_u64().unwrap();
    assert!((used + 1001..used + 1200).contains(&charged), "{reply}");
}

#[test]
fn a_cut_reply_is_asked_for_elsewhere_and_kept_if_there_is_no_better_one() {
    let cut = server(Answer::finished("half", "length"));
    let text = |fallback| {
        let outcome = ask(&cut, &["--fallback", fallback], Some(&turn("hello")));
        (outcome.turn()["reply"]["text"].clone(), outcome.status)
    };
    assert_eq!(text("good"), (json!("fine"), 0));
    assert_eq!(text("bad"), (json!("half"), 3));
    assert_eq!(text("groq/"), (json!("half"), 3), "there is no key for it");
}

#[test]
fn a_limit_of_ones_own_is_no_failure_of_the_model() {
    let model = server(Answer::error(401, "no"));
    let args = ["--fallback", "good", "--max-calls", "1"];
    let outcome = ask(&model, &args, Some(&turn("hello")));
    assert_eq!(
        (outcome.status, &outcome.turn()["error"]["kind"]),
        (4, &json!("calls"))
    );
    assert_eq!(model.requests().len(), 1);
}

#[test]
fn a_key_stays_with_its_own_server() {
    let first = FakeModel::start([Answer::error(500, "down")]);
    let other = FakeModel::start([Answer::text("fine")]);
    let home = tempfile::tempdir().unwrap();
    let providers = home.path().join(".config/lr/providers");
    fs::create_dir_all(&providers).unwrap();
    let provider = format!(
        "base_url = '{}'\nkey_variables = ['MINE_KEY']\n",
        other.url()
    );
    fs::write(providers.join("mine.toml"), provider).unwrap();
    let url = first.url();
    let args = [
        "--base-url",
        &url,
        "-m",
        "m",
        "--retries",
        "0",
        "--fallback",
        "mine/n",
    ];
    let asked = |key: Option<&str>| {
        let mut command = program(home.path(), &args);
        command.envs(key.map(|key| ("MINE_KEY", key)));
        run(command, Some(&turn("hello")))
    };
    let without = asked(None);
    assert_eq!(without.status, 3);
    let error = &without.turn()["error"];
    let host = url.replace("http://", "").replace("/v1", "");
    assert_eq!(
        (&error["kind"], &error["message"]),
        (
            &json!("no_key"),
            &json!(format!(
                "'m': failure reported by '{host}' (HTTP 500): down; 'n': no key for 'mine'"
            ))
        )
    );
    assert!(
        without.stderr.ends_with(
            "hint: export MINE_KEY=…, or use --api-key-file FILE or --api-key-cmd CMD\n"
        )
    );
    let with = asked(Some("mine-0123456789"));
    assert_eq!(with.turn()["reply"]["provider"], "mine");
    assert_eq!(
        first.requests()[0].header("authorization"),
        Some(&*format!("Bearer {KEY}"))
    );
    assert_eq!(
        other.requests()[0].header("authorization"),
        Some("Bearer mine-0123456789")
    );
}

#[test]
fn a_recording_of_the_model_that_stood_in_is_found() {
    let model = server(Answer::error(401, "no"));
    let home = tempfile::tempdir().unwrap();
    let url = model.url();
    let place = ["--base-url", &url, "-m", "m", "--fallback", "good"];
    let asked = |args: &[&str]| {
        run(
            program(home.path(), &[&place, args].concat()),
            Some(&turn("hi")),
        )
    };
    assert_eq!(asked(&["--record", "tape"]).status, 0);
    assert_eq!(asked(&["--replay", "tape"]).turn()["reply"]["text"], "fine");
    assert_eq!(model.requests().len(), 2);
}
