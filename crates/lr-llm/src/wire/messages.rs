//! Anthropic Messages, of both versions of the API; some local servers speak it too.
//!
//! The counts of tokens are cumulative and come in two parts; those of the input leave out what came from a cache.

use lr_turn::{Finish, Message, Role, Usage};
use serde_json::{Map, Value, json};

use super::{Asked, apart, arguments, call, count, text};
use crate::exchange::{CallPart, Piece};

/// How long a reply may be where nobody says so; the protocol wants a number.
const CAP: u64 = 8192;

/// The body of a request.
pub(super) fn request(asked: Asked<'_>) -> Map<String, Value> {
    let wishes = asked.wishes;
    let (system, messages) = apart(asked.messages);
    let messages = talk(&messages);
    let mut body = Map::new();
    body.insert("model".into(), asked.model.into());
    body.insert("max_tokens".into(), wishes.max_tokens.unwrap_or(CAP).into());
    if let Some(system) = system {
        body.insert("system".into(), system.into());
    }
    body.insert("messages".into(), messages.into());
    if asked.stream {
        body.insert("stream".into(), true.into());
    }
    if let Some(temperature) = wishes.temperature {
        body.insert("temperature".into(), temperature.into());
    }
    if !wishes.stop.is_empty() {
        body.insert("stop_sequences".into(), json!(wishes.stop));
    }
    let mut output = Map::new();
    if let Some(effort) = &wishes.effort {
        output.insert("effort".into(), json!(effort));
    }
    if let Some(schema) = &wishes.schema {
        output.insert(
            "format".into(),
            json!({"type": "json_schema", "schema": schema.schema}),
        );
    }
    if !output.is_empty() {
        body.insert("output_config".into(), output.into());
    }
    body
}

/// What was said. The results of tools that follow each other are told by one message of the user.
fn talk(messages: &[&Message]) -> Vec<Value> {
    let mut talk: Vec<Value> = Vec::new();
    let mut answers_tools = false;
    for message in messages {
        let is_result = message.role == Role::Tool;
        match talk.last_mut().filter(|_| is_result && answers_tools) {
            Some(Value::Object(last)) => {
                if let Some(Value::Array(results)) = last.get_mut("content") {
                    results.push(result(message));
                }
            }
            _ => talk.push(said(message)),
        }
        answers_tools = is_result;
    }
    talk
}

fn said(message: &Message) -> Value {
    match message.role {
        Role::Tool => json!({"role": "user", "content": [result(message)]}),
        Role::Assistant if !message.tool_calls.is_empty() => {
            let text = json!({"type": "text", "text": message.content});
            let text = (!message.content.is_empty()).then_some(text);
            let calls = message.tool_calls.iter().map(|call| {
                json!({"type": "tool_use", "id": call.id, "name": call.name, "input": arguments(call)})
            });
            let blocks: Vec<Value> = text.into_iter().chain(calls).collect();
            json!({"role": "assistant", "content": blocks})
        }
        Role::Assistant => json!({"role": "assistant", "content": message.content}),
        Role::User | Role::System => json!({"role": "user", "content": message.content}),
    }
}

fn result(message: &Message) -> Value {
    let id = message.tool_call_id.as_deref().unwrap_or_default();
    json!({"type": "tool_result", "tool_use_id": id, "content": message.content})
}

/// Reads a whole response or one event of a stream.
pub(super) fn pieces(body: &Value) -> Vec<Piece> {
    let part = |key: &str| body.get(key).unwrap_or(&Value::Null);
    let mut pieces = Vec::new();
    match body.get("type").and_then(Value::as_str) {
        Some("message_start") => {
            pieces.push(Piece::Begun);
            pieces.extend(usage(part("message")));
        }
        Some("content_block_start") => {
            pieces.push(Piece::Begun);
            read_block(
                part("content_block"),
                Some(count(body, "/index")),
                &mut pieces,
            );
        }
        Some("content_block_delta") => {
            let delta = part("delta");
            pieces.extend(text(delta, "text").map(Piece::Text));
            pieces.extend(text(delta, "thinking").map(Piece::Reasoning));
            pieces.extend(text(delta, "partial_json").map(|arguments| {
                Piece::ToolCall(CallPart {
                    number: Some(count(body, "/index")),
                    arguments,
                    ..CallPart::default()
                })
            }));
        }
        Some("message_delta") => {
            pieces.extend(finish(part("delta")));
            pieces.extend(usage(body));
        }
        Some("message") => {
            pieces.push(Piece::Begun);
            let blocks = part("content").as_array();
            for block in blocks.into_iter().flatten() {
                read_block(block, None, &mut pieces);
            }
            pieces.extend(finish(body));
            pieces.extend(usage(body));
        }
        _ => {}
    }
    pieces
}

/// Reads a block; one with a number goes on in later events.
fn read_block(block: &Value, number: Option<u64>, pieces: &mut Vec<Piece>) {
    match block.get("type").and_then(Value::as_str) {
        Some("tool_use") => {
            // In a stream it is an empty object, and the arguments come later.
            let key = if number.is_some() { "" } else { "input" };
            pieces.push(call(block, number, text(block, "id"), key));
        }
        Some("thinking") => pieces.extend(text(block, "thinking").map(Piece::Reasoning)),
        _ => pieces.extend(text(block, "text").map(Piece::Text)),
    }
}

fn finish(holder: &Value) -> Option<Piece> {
    let reason = holder.get("stop_reason")?.as_str()?;
    Some(Piece::Finish(match reason {
        "end_turn" | "stop_sequence" => Finish::Stop,
        "max_tokens" | "model_context_window_exceeded" => Finish::Length,
        "refusal" => Finish::Filter,
        "tool_use" => Finish::Tool,
        // "pause_turn" wants the turn to be gone on with.
        _ => Finish::Unknown,
    }))
}

fn usage(holder: &Value) -> Option<Piece> {
    let usage = holder.get("usage").filter(|usage| usage.is_object())?;
    let cached_input = count(usage, "/cache_read_input_tokens");
    let cache_write = count(usage, "/cache_creation_input_tokens");
    Some(Piece::Usage(Usage {
        input: count(usage, "/input_tokens") + cached_input + cache_write,
        cached_input,
        cache_write,
        output: count(usage, "/output_tokens"),
        reasoning: count(usage, "/output_tokens_details/thinking_tokens"),
    }))
}
