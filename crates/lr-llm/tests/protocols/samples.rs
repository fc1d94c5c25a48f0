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

/// A turn in which two tools were asked for, and have answered.
fn continued() -> String {
    let call = |id, town| json!({"id": id, "name": "weather", "arguments": format!("{{\"town\": \"{town}\"}}")});
    let result = |id, text| json!({"role": "tool", "tool_call_id": id, "content": text});
    let messages = json!([
        {"role": "system", "content": "be brief"},
        {"role": "user", "content": "Rome or Oslo?"},
        {"role": "assistant", "content": "I look.", "tool_calls": [call("c1", "Rome"), call("c2", "Oslo")]},
        result("c2", "snow"),
        result("c1", "sun"),
    ]);
    let turn = json!({"lr": 1, "prompt": {"messages": messages, "tools": tools()}});
    format!("{turn}\n")
}

#[test]
fn results_of_tools_are_fed_back_in_each_protocols_words() {
    let (rome, oslo) = (json!({"town": "Rome"}), json!({"town": "Oslo"}));
    let chat_call = |id, arguments: &Value| {
        let arguments = arguments.to_string().replace(':', ": ");
        json!({"id": id, "type": "function", "function": {"name": "weather", "arguments": arguments}})
    };
    let responses_call = |id, arguments: &Value| {
        let arguments = arguments.to_string().replace(':', ": ");
        json!({"type": "function_call", "call_id": id, "name": "weather", "arguments": arguments})
    };
    let (system, user) = (
        json!({"role": "system", "content": "be brief"}),
        json!({"role": "user", "content": "Rome or Oslo?"}),
    );
    let chat = json!([
        system, user,
        {"role": "assistant", "content": "I look.", "tool_calls": [chat_call("c1", &rome), chat_call("c2", &oslo)]},
        {"role": "tool", "tool_call_id": "c2", "content": "snow"},
        {"role": "tool", "tool_call_id": "c1", "content": "sun"},
    ]);
    let responses = json!([
        user, {"role": "assistant", "content": "I look."}, responses_call("c1", &rome), responses_call("c2", &oslo),
        {"type": "function_call_output", "call_id": "c2", "output": "snow"},
        {"type": "function_call_output", "call_id": "c1", "output": "sun"},
    ]);
    let messages = json!([
        user,
        {"role": "assistant", "content": [
            {"type": "text", "text": "I look."},
            {"type": "tool_use", "id": "c1", "name": "weather", "input": rome},
            {"type": "tool_use", "id": "c2", "name": "weather", "input": oslo},
        ]},
        {"role": "user", "content": [
            {"type": "tool_result", "tool_use_id": "c2", "content": "snow"},
            {"type": "tool_result", "tool_use_id": "c1", "content": "sun"},
        ]},
    ]);
    let ollama = json!([
        system, user,
        {"role": "assistant", "content": "I look.", "tool_calls": [
            {"function": {"name": "weather", "arguments": rome}}, {"function": {"name": "weather", "arguments": oslo}},
        ]},
        {"role": "tool", "content": "snow", "tool_name": "weather"},
        {"role": "tool", "content": "sun", "tool_name": "weather"},
    ]);
    for (protocol, key, expected) in [
        ("chat", "messages", chat),
        ("responses", "input", responses),
        ("messages", "messages", messages),
        ("ollama", "messages", ollama),
    ] {
        let model = FakeModel::start([Answer::text("Rome.")]);
        let turn = crate::ask(&model, protocol, &[], Some(&continued())).turn();
        assert_eq!(turn["reply"]["text"], "Rome.", "{protocol}");
        assert_eq!(model.requests()[0].body[key], expected, "{protocol}");
    }
}
