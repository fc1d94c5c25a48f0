//! OpenAI Responses, which Perplexity speaks too.
//!
//! A stream repeats everything in its last event; only what the parts before did not say is taken from there.

use lr_turn::{Finish, Message, Role, Usage};
use serde_json::{Map, Value, json};

use super::{Asked, apart, call, complaint, count, text};
use crate::exchange::{CallPart, Complaint, Piece};

/// The body of a request. Nothing is stored at the provider.
pub(super) fn request(asked: Asked<'_>) -> Map<String, Value> {
    let wishes = asked.wishes;
    let (system, messages) = apart(asked.messages);
    let input: Vec<Value> = messages.into_iter().flat_map(items).collect();
    let mut body = Map::new();
    body.insert("model".into(), asked.model.into());
    if let Some(system) = system {
        body.insert("instructions".into(), system.into());
    }
    body.insert("input".into(), input.into());
    body.insert("store".into(), false.into());
    if asked.stream {
        body.insert("stream".into(), true.into());
    }
    let fields = [
        ("temperature", wishes.temperature.map(Value::from)),
        ("max_output_tokens", wishes.max_tokens.map(Value::from)),
        ("reasoning", wishes.effort.as_ref().map(|effort| json!({"effort": effort}))),
        ("text", wishes.schema.as_ref().map(|schema| {
            json!({"format": {"type": "json_schema", "name": schema.name, "strict": schema.is_strict, "schema": schema.schema}})
        })),
    ];
    for (key, value) in fields {
        body.extend(value.map(|value| (key.to_owned(), value)));
    }
    body
}

/// The items of a message: each call of a tool is one, and each result.
fn items(message: &Message) -> Vec<Value> {
    if message.role == Role::Tool {
        let id = message.tool_call_id.as_deref().unwrap_or_default();
        let result =
            json!({"type": "function_call_output", "call_id": id, "output": message.content});
        return vec![result];
    }
    let said = json!({"role": message.role, "content": message.content});
    let is_said = message.tool_calls.is_empty() || !message.content.is_empty();
    let calls = message.tool_calls.iter().map(|call| {
        json!({"type": "function_call", "call_id": call.id, "name": call.name, "arguments": call.arguments})
    });
    is_said.then_some(said).into_iter().chain(calls).collect()
}

/// Reads a whole response or one event of a stream.
pub(super) fn pieces(body: &Value) -> Result<Vec<Piece>, Complaint> {
    let kind = body.get("type").and_then(Value::as_str).unwrap_or_default();
    let delta = || text(body, "delta");
    let pieces = match kind {
        "response.output_text.delta" => delta().map(Piece::Text).into_iter().collect(),
        "response.refusal.delta" => {
            let words = delta().map(Piece::Text);
            [Piece::Refused].into_iter().chain(words).collect()
        }
        "response.reasoning_text.delta" | "response.reasoning_summary_text.delta" => {
            delta().map(Piece::Reasoning).into_iter().collect()
        }
        "response.output_item.added" => {
            let item = body
                .get("item")
                .filter(|item| item["type"] == "function_call");
            let call = item.map(|item| call_of(item, Some(count(body, "/output_index"))));
            [Piece::Begun].into_iter().chain(call).collect()
        }
        "response.function_call_arguments.delta" => {
            let part = delta().map(|arguments| CallPart {
                number: Some(count(body, "/output_index")),
                arguments,
                ..CallPart::default()
            });
            part.map(Piece::ToolCall).into_iter().collect()
        }
        "response.completed" | "response.incomplete" | "response.failed" => {
            return response(body.get("response").unwrap_or(&Value::Null), true);
        }
        // `{"type": "error", "code", "message"}`, without an object of its own.
        "error" => return Err(complaint::of_object(body)),
        "" => return response(body, false),
        _ => Vec::new(),
    };
    Ok(pieces)
}

/// Reads a response; at the end of a stream its text has come already.
fn response(response: &Value, is_repeated: bool) -> Result<Vec<Piece>, Complaint> {
    if let Some(error) = response.get("error").filter(|error| !error.is_null()) {
        return Err(complaint::of_object(error));
    }
    let status = response
        .get("status")
        .and_then(Value::as_str)
        .unwrap_or_default();
    if !matches!(status, "completed" | "incomplete" | "") {
        return Err(complaint::of_object(
            &json!({"message": format!("the response is '{status}'"), "code": "server_error"}),
        ));
    }
    let mut pieces = Vec::new();
    let output = response.get("output").and_then(Value::as_array);
    if output.is_some() {
        pieces.push(Piece::Begun);
    }
    for (position, item) in (0..).zip(output.into_iter().flatten()) {
        read_item(item, position, is_repeated, &mut pieces);
    }
    if is_repeated {
        join_texts(&mut pieces);
    }
    if let Some(finish) = finish(status, response) {
        pieces.push(Piece::Finish(finish));
    }
    if let Some(usage) = response.get("usage").filter(|usage| usage.is_object()) {
        pieces.push(Piece::Usage(read_usage(usage)));
        pieces.extend(super::chat::read_cost(usage).map(Piece::Cost));
    }
    Ok(pieces)
}

/// A call as an item says it: all that is known of it so far.
fn call_of(item: &Value, number: Option<u64>) -> Piece {
    match call(item, number, text(item, "call_id"), "arguments") {
        Piece::ToolCall(part) => Piece::ToolCall(CallPart {
            is_whole: true,
            ..part
        }),
        other => other,
    }
}

fn read_item(item: &Value, position: u64, is_repeated: bool, pieces: &mut Vec<Piece>) {
    let parts = |key: &str| {
        item.get(key)
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
    };
    match item.get("type").and_then(Value::as_str) {
        Some("function_call") => pieces.push(call_of(item, Some(position))),
        Some("message") if !is_repeated => {
            for part in parts("content") {
                if let Some(refusal) = text(part, "refusal") {
                    pieces.extend([Piece::Refused, Piece::Text(refusal)]);
                }
                pieces.extend(text(part, "text").map(Piece::Text));
            }
        }
        // Where a server sends no parts at all, this is all there is.
        Some("message") => {
            for part in parts("content") {
                let refusal = text(part, "refusal");
                pieces.extend(refusal.is_some().then_some(Piece::Refused));
                pieces.extend(text(part, "text").or(refusal).map(Piece::WholeText));
            }
        }
        Some("reasoning") if !is_repeated => {
            let thoughts = parts("summary").chain(parts("content"));
            pieces.extend(
                thoughts
                    .filter_map(|part| text(part, "text"))
                    .map(Piece::Reasoning),
            );
        }
        _ => {}
    }
}

/// Makes one text of those of all messages.
fn join_texts(pieces: &mut Vec<Piece>) {
    let mut whole = String::new();
    pieces.retain(|piece| match piece {
        Piece::WholeText(text) => {
            whole.push_str(text);
            false
        }
        _ => true,
    });
    pieces.push(Piece::WholeText(whole));
}

fn finish(status: &str, response: &Value) -> Option<Finish> {
    match status {
        "completed" => Some(Finish::Stop),
        "incomplete" => {
            let reason = response.pointer("/incomplete_details/reason");
            Some(match reason.and_then(Value::as_str) {
                Some("content_filter") => Finish::Filter,
                // `max_output_tokens`, mostly; a reply that is called incomplete is cut whatever the reason.
                _ => Finish::Length,
            })
        }
        _ => None,
    }
}

fn read_usage(usage: &Value) -> Usage {
    Usage {
        input: count(usage, "/input_tokens"),
        cached_input: count(usage, "/input_tokens_details/cached_tokens"),
        cache_write: count(usage, "/input_tokens_details/cache_write_tokens"),
        output: count(usage, "/output_tokens"),
        reasoning: count(usage, "/output_tokens_details/reasoning_tokens"),
    }
}
