//! How the fake model says its replies in each protocol; the path of a request tells which one is spoken.

use serde_json::{Value, json};

use crate::answer::{Step, Usage, end, part, stream_head};
use crate::received::Received;
use crate::spoil::{Spoil, steps};

/// A protocol of models.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Protocol {
    Chat,
    Responses,
    Messages,
    Ollama,
}

impl Protocol {
    /// The protocol of a request.
    pub(crate) fn of(received: &Received) -> Protocol {
        let path = received.path.split('?').next().unwrap_or_default();
        if path.ends_with("/responses") {
            Protocol::Responses
        } else if path.ends_with("/messages") {
            Protocol::Messages
        } else if path.ends_with("/api/chat") {
            Protocol::Ollama
        } else {
            Protocol::Chat
        }
    }

    /// The list of models that a request asks for.
    pub(crate) fn list(received: &Received, model: &str) -> Value {
        if received.path.ends_with("/api/tags") {
            json!({"models": [{"name": model, "model": model, "modified_at": "2026-11-01T00:00:00Z", "size": 1}]})
        } else {
            json!({"object": "list", "data": [{"id": model, "object": "model", "created": 1_700_000_000}]})
        }
    }

    /// Whether a request wants its reply as it comes; Ollama streams unless told not to.
    pub(crate) fn streams(self, received: &Received) -> bool {
        match self {
            Protocol::Ollama => received.body["stream"] != false,
            _ => received.body["stream"] == true,
        }
    }

    /// The head of a stream.
    pub(crate) fn stream_head(self) -> Vec<u8> {
        let head = String::from_utf8_lossy(&stream_head()).into_owned();
        match self {
            Protocol::Ollama => head.replace("text/event-stream", "application/x-ndjson"),
            _ => head,
        }
        .into_bytes()
    }

    /// A reply as a whole.
    pub(crate) fn whole(
        self,
        received: &Received,
        text: &str,
        finish: &str,
        usage: Usage,
    ) -> Value {
        let model = &received.body["model"];
        let told = self.told(received, text, usage);
        let mut body = match self {
            Protocol::Chat => json!({
                "id": "chatcmpl-fake", "object": "chat.completion", "created": 1_700_000_000, "model": model,
                "choices": [{
                    "index": 0, "message": {"role": "assistant", "content": text, "refusal": null},
                    "logprobs": null, "finish_reason": finish
                }],
            }),
            Protocol::Responses => response(model, text, finish),
            Protocol::Messages => json!({
                "id": "msg_fake", "type": "message", "role": "assistant", "model": model,
                "content": [{"type": "text", "text": text}], "stop_reason": stop_reason(finish), "stop_sequence": null,
            }),
            Protocol::Ollama => json!({
                "model": model, "created_at": "2026-11-01T00:00:00Z", "message": {"role": "assistant", "content": text},
                "done": true, "done_reason": finish, "total_duration": 5,
            }),
        };
        match (self, told) {
            (_, None) => {}
            (Protocol::Ollama, Some(Value::Object(counts))) => {
                body.as_object_mut().expect("an object").extend(counts);
            }
            (_, Some(told)) => body["usage"] = told,
        }
        body
    }

    /// The parts of a stream, a few characters of text in each.
    pub(crate) fn stream(
        self,
        received: &Received,
        text: &str,
        finish: &str,
        usage: Usage,
    ) -> Vec<String> {
        let chars: Vec<char> = text.chars().collect();
        let parts: Vec<String> = chars
            .chunks(7)
            .map(|chars| chars.iter().collect())
            .collect();
        let whole = || self.whole(received, text, finish, usage);
        match self {
            Protocol::Chat => chat(received, &parts, finish, self.told(received, text, usage)),
            Protocol::Responses => responses(&parts, finish, &whole()),
            Protocol::Messages => messages(&parts, &whole()),
            Protocol::Ollama => {
                let line = |text: &str| json!({"model": "m", "message": {"role": "assistant", "content": text}, "done": false});
                let mut last = whole();
                last["message"]["content"] = "".into();
                let lines = parts.iter().map(|part| line(part)).chain([last]);
                lines.map(|line| format!("{line}\n")).collect()
            }
        }
    }

    /// The body of a response that is not a success.
    pub(crate) fn error(self, message: &str, code: &str) -> Value {
        match self {
            Protocol::Chat | Protocol::Responses => {
                json!({"error": {"message": message, "type": code, "code": code, "param": null}})
            }
            Protocol::Messages => json!({
                "type": "error", "error": {"type": code, "message": message}, "request_id": "req_fake",
            }),
            Protocol::Ollama => json!({ "error": message }),
        }
    }

    /// The bytes of a reply that is spoilt on its way.
    pub(crate) fn spoilt(self, received: &Received, text: &str, spoil: Spoil) -> Vec<Step> {
        let error = self.error("the fake model is out of order", "odd");
        if !self.streams(received) {
            let whole = self.whole(received, text, "stop", Usage::Counted);
            let parts = [whole.to_string()];
            return steps(spoil, "application/json", &parts, &error.to_string());
        }
        let parts = self.stream(received, text, "stop", Usage::Counted);
        if self == Protocol::Ollama {
            return steps(spoil, "application/x-ndjson", &parts, &format!("{error}\n"));
        }
        let error = format!("event: error\ndata: {error}\n\n");
        steps(spoil, "text/event-stream", &parts, &error)
    }

    /// What a reply says that it took.
    fn told(self, received: &Received, text: &str, usage: Usage) -> Option<Value> {
        let (input, output) = tokens(received, text, usage);
        let mut told = match self {
            Protocol::Chat => json!({
                "prompt_tokens": input, "completion_tokens": output, "total_tokens": input + output,
                "prompt_tokens_details": {"cached_tokens": 0}, "completion_tokens_details": {"reasoning_tokens": 0},
            }),
            Protocol::Responses => json!({
                "input_tokens": input, "output_tokens": output, "total_tokens": input + output,
                "input_tokens_details": {"cached_tokens": 0}, "output_tokens_details": {"reasoning_tokens": 0},
            }),
            Protocol::Messages => json!({
                "input_tokens": input, "output_tokens": output,
                "cache_read_input_tokens": 0, "cache_creation_input_tokens": 0,
            }),
            Protocol::Ollama => json!({"prompt_eval_count": input, "eval_count": output}),
        };
        match usage {
            Usage::Untold => return None,
            Usage::Tokens {
                cost: Some(cost), ..
            } => told["cost"] = cost.into(),
            _ => {}
        }
        Some(told)
    }
}

/// The tokens of the prompt and of the reply.
pub(crate) fn tokens(received: &Received, text: &str, usage: Usage) -> (u64, u64) {
    match usage {
        Usage::Tokens { input, output, .. } => (input, output),
        Usage::Counted | Usage::Untold => {
            let body = &received.body;
            let asked = if body["messages"].is_null() {
                &body["input"]
            } else {
                &body["messages"]
            };
            let input = asked.to_string().len() / 4;
            (input as u64, text.len().div_ceil(4) as u64)
        }
    }
}

fn chat(received: &Received, parts: &[String], finish: &str, told: Option<Value>) -> Vec<String> {
    let mut events: Vec<String> = parts.iter().map(|text| part(text)).collect();
    events.push(end(finish));
    let wanted = received.body["stream_options"]["include_usage"] == true;
    if let Some(usage) = told.filter(|_| wanted) {
        events.push(
            json!({"object": "chat.completion.chunk", "choices": [], "usage": usage}).to_string(),
        );
    }
    events.push("[DONE]".into());
    events
        .iter()
        .map(|event| format!("data: {event}\n\n"))
        .collect()
}

fn response(model: &Value, text: &str, finish: &str) -> Value {
    let (status, details) = match finish {
        "length" => ("incomplete", json!({"reason": "max_output_tokens"})),
        "content_filter" => ("incomplete", json!({"reason": "content_filter"})),
        _ => ("completed", Value::Null),
    };
    json!({
        "id": "resp_fake", "object": "response", "created_at": 1_700_000_000, "status": status, "error": null,
        "incomplete_details": details, "model": model,
        "output": [
            {"type": "reasoning", "id": "rs_fake", "summary": []},
            {"type": "message", "id": "msg_fake", "role": "assistant", "status": status,
             "content": [{"type": "output_text", "text": text, "annotations": []}]},
        ],
    })
}

fn responses(parts: &[String], finish: &str, whole: &Value) -> Vec<String> {
    let delta = |text: &String| json!({"type": "response.output_text.delta", "item_id": "msg_fake", "delta": text});
    let begun = json!({"type": "response.created", "response": {"id": "resp_fake", "status": "in_progress", "output": []}});
    let last = if whole["status"] == "completed" {
        "response.completed"
    } else {
        "response.incomplete"
    };
    let last = json!({"type": last, "response": whole, "note": finish});
    let events = [begun]
        .into_iter()
        .chain(parts.iter().map(delta))
        .chain([last]);
    named(events)
}

fn messages(parts: &[String], whole: &Value) -> Vec<String> {
    let usage = &whole["usage"];
    let begun = json!({"input_tokens": usage["input_tokens"], "cache_read_input_tokens": 0, "output_tokens": 1});
    let begun = if usage.is_null() { Value::Null } else { begun };
    let delta = |text: &String| json!({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": text}});
    let head = [
        json!({"type": "message_start", "message": {"type": "message", "role": "assistant", "content": [], "usage": begun}}),
        json!({"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}),
        json!({"type": "ping"}),
    ];
    let tail = [
        json!({"type": "content_block_stop", "index": 0}),
        json!({"type": "message_delta", "delta": {"stop_reason": whole["stop_reason"]},
               "usage": if usage.is_null() { Value::Null } else { json!({"output_tokens": usage["output_tokens"]}) }}),
        json!({"type": "message_stop"}),
    ];
    named(head.into_iter().chain(parts.iter().map(delta)).chain(tail))
}

/// Events with their type in a line of its own.
fn named(events: impl Iterator<Item = Value>) -> Vec<String> {
    let framed = |event: Value| {
        format!(
            "event: {}\ndata: {event}\n\n",
            event["type"].as_str().unwrap_or_default()
        )
    };
    events.map(framed).collect()
}

fn stop_reason(finish: &str) -> &str {
    match finish {
        "stop" => "end_turn",
        "length" => "max_tokens",
        "content_filter" => "refusal",
        "tool_calls" => "tool_use",
        other => other,
    }
}
