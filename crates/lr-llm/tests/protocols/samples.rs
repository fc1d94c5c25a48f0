//! What servers are known to send, one file each in `wire/`, and what lr-llm makes of it.
//!
//! A file holds the bytes of a body and the `reply` or the `error` that they become, without what differs from run to
//! run. They are answers to a turn that offers two tools.

use std::path::Path;

use lr_tests::fake_model::{Answer, FakeModel};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::support;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Sample {
    protocol: String,
    media_type: String,
    #[serde(default = "success")]
    status: u16,
    body: String,
    reply: Option<String>,
    error: Option<String>,
}

/// What is not compared, since it is not read from the body or differs from run to run.
const DIFFERING: [&str; 9] = [
    "attempts",
    "by",
    "charged",
    "hint",
    "model",
    "provider",
    "retryable",
    "seconds",
    "stage",
];

fn success() -> u16 {
    200
}

fn tools() -> Value {
    let parameters = json!({"type": "object", "properties": {"town": {"type": "string"}}});
    json!([{"name": "weather", "description": "Says the weather", "parameters": parameters}, {"name": "now"}])
}

/// Asks about a turn that offers tools, through a provider that speaks the protocol.
fn ask(model: &FakeModel, protocol: &str) -> Value {
    let messages = json!([{"role": "user", "content": "hi"}]);
    let turn = json!({"lr": 1, "prompt": {"messages": messages, "tools": tools()}});
    crate::ask(model, protocol, &[], Some(&format!("{turn}\n"))).turn()
}

/// A section without what differs from run to run.
fn settled(section: &Value, model: &FakeModel) -> Value {
    let mut section = section.clone();
    for key in DIFFERING {
        section.as_object_mut().unwrap().remove(key);
    }
    let host = model.url().replace("http://", "").replace("/v1", "");
    serde_json::from_str(&section.to_string().replace(&host, "HOST")).unwrap()
}

/// What is wrong about a sample, if anything is.
fn difference(path: &Path) -> Option<String> {
    let name = path.file_name().unwrap().to_string_lossy();
    let sample: Sample = toml::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let media_type = format!("content-type: {}", sample.media_type);
    let answer = Answer::http(sample.status, &[&media_type], &sample.body);
    let model = FakeModel::start([answer]);
    let turn = ask(&model, &sample.protocol);
    let expected = |key: &str, text: Option<String>| {
        text.map(|text| json!({key: serde_json::from_str::<Value>(&text).unwrap()}))
    };
    let expected = expected("reply", sample.reply).or_else(|| expected("error", sample.error));
    let got = ["reply", "error"].into_iter().find_map(|key| {
        let section = turn.get(key)?;
        Some(json!({key: settled(section, &model)}))
    });
    (got != expected).then(|| format!("{name}:\n  got {got:?}\n  not {expected:?}"))
}

#[test]
fn every_sample_becomes_what_its_file_says() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/wire");
    let entries = std::fs::read_dir(folder).unwrap();
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    assert!(paths.len() >= 30, "samples are missing");
    let differences: Vec<_> = paths.iter().filter_map(|path| difference(path)).collect();
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

#[test]
fn tools_are_offered_in_each_protocols_words() {
    let parameters = json!({"type": "object", "properties": {"town": {"type": "string"}}});
    let nothing = json!({"type": "object", "properties": {}});
    let weather =
        json!({"name": "weather", "description": "Says the weather", "parameters": parameters});
    let now = json!({"name": "now", "parameters": nothing});
    let functions =
        json!([{"type": "function", "function": weather}, {"type": "function", "function": now}]);
    for (protocol, expected) in [
        ("chat", functions.clone()),
        ("ollama", functions),
        (
            "responses",
            json!([
                {"type": "function", "name": "weather", "description": "Says the weather", "parameters": parameters, "strict": false},
                {"type": "function", "name": "now", "parameters": nothing, "strict": false},
            ]),
        ),
        (
            "messages",
            json!([
                {"name": "weather", "description": "Says the weather", "input_schema": parameters},
                {"name": "now", "input_schema": nothing},
            ]),
        ),
    ] {
        let model = FakeModel::start([Answer::text("ok")]);
        ask(&model, protocol);
        assert_eq!(model.requests()[0].body["tools"], expected, "{protocol}");
    }
}

#[test]
fn a_call_of_a_tool_that_nobody_offered_is_no_reply() {
    let body = json!({"choices": [{"message": {"content": null, "tool_calls": [
        {"id": "1", "type": "function", "function": {"name": "x", "arguments": "{}"}}]}, "finish_reason": "tool_calls"}]});
    let model = FakeModel::start([Answer::http(
        200,
        &["content-type: application/json"],
        &body.to_string(),
    )]);
    let outcome = support::ask(&model, &[], Some(&support::turn("hi")));
    assert_eq!(outcome.status, 3, "{outcome:?}");
    assert_eq!(outcome.turn()["error"]["kind"], "empty_reply");
}
