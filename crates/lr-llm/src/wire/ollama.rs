//! Ollama's own protocol: lines of JSON instead of events.
//!
//! It alone can be told how long the context is, and not to cut a prompt that does not fit, which it otherwise does
//! without a word.

use lr_turn::{Finish, Message, Role, ToolCall, Usage};
use serde_json::{Map, Value, json};

use super::{Asked, arguments, call, count, text};
use crate::exchange::Piece;

/// The fields of a request that are no options of the model.
const FIELDS: [&str; 9] = [
    "format",
    "keep_alive",
    "logprobs",
    "options",
    "shift",
    "think",
    "tools",
    "top_logprobs",
    "truncate",
];

/// The body of a request.
pub(super) fn request(asked: Asked<'_>) -> Map<String, Value> {
    let wishes = asked.wishes;
    let mut body = Map::new();
    body.insert("model".into(), asked.model.into());
    body.insert("messages".into(), talk(asked.messages).into());
    // Without the field it streams.
    body.insert("stream".into(), asked.stream.into());
    body.insert("truncate".into(), false.into());
    body.insert("shift".into(), false.into());
    let stop = (!wishes.stop.is_empty()).then(|| json!(wishes.stop));
    let options: Map<String, Value> = [
        ("temperature", wishes.temperature.map(Value::from)),
        ("num_predict", wishes.max_tokens.map(Value::from)),
        ("seed", wishes.seed.map(Value::from)),
        ("stop", stop),
        ("num_ctx", wishes.context.map(Value::from)),
    ]
    .into_iter()
    .filter_map(|(key, value)| Some((key.to_owned(), value?)))
    .collect();
    if !options.is_empty() {
        body.insert("options".into(), options.into());
    }
    if let Some(effort) = &wishes.effort {
        body.insert("think".into(), json!(effort));
    }
    if let Some(schema) = &wishes.schema {
        body.insert("format".into(), schema.schema.clone());
    }
    body
}

/// Puts options of the model into an object of their own; fields of the request stay beside it.
pub(super) fn placed(options: Map<String, Value>) -> Map<String, Value> {
    let (mut fields, nested): (Map<_, _>, Map<_, _>) = options
        .into_iter()
        .partition(|(key, _)| FIELDS.contains(&key.as_str()));
    if !nested.is_empty() {
        let options = fields.entry("options").or_insert_with(|| json!({}));
        if let Some(options) = options.as_object_mut() {
            options.extend(nested);
        }
    }
    fields
}

/// What was said. A result is told by the name of its tool, since calls have no name of their own here.
fn talk(messages: &[Message]) -> Vec<Value> {
    let mut open: Vec<&ToolCall> = Vec::new();
    let mut talk = Vec::new();
    for message in messages {
        let id = message.tool_call_id.as_deref().unwrap_or_default();
        // Calls without an id are answered in their order.
        let position = open.iter().position(|call| call.id == id);
        let answered = position.filter(|_| message.role == Role::Tool);
        talk.push(said(
            message,
            answered.map(|position| open.remove(position)),
        ));
        open.extend(&message.tool_calls);
    }
    talk
}

fn said(message: &Message, answered: Option<&ToolCall>) -> Value {
    let mut said = json!({"role": message.role, "content": message.content});
    if let Some(call) = answered {
        said["tool_name"] = json!(call.name);
    }
    if !message.tool_calls.is_empty() {
        let call = |call: &ToolCall| json!({"name": call.name, "arguments": arguments(call)});
        let calls = message
            .tool_calls
            .iter()
            .map(|made| json!({"function": call(made)}));
        said["tool_calls"] = calls.collect();
    }
    said
}

/// Reads a whole response or one line of a stream, which are of the same form.
pub(super) fn pieces(body: &Value) -> Vec<Piece> {
    let mut pieces = Vec::new();
    if let Some(message) = body.get("message").filter(|message| message.is_object()) {
        pieces.push(Piece::Begun);
        pieces.extend(text(message, "thinking").map(Piece::Reasoning));
        pieces.extend(text(message, "content").map(Piece::Text));
        let calls = message.get("tool_calls").and_then(Value::as_array);
        pieces.extend(calls.into_iter().flatten().map(|part| {
            let function = part.get("function").unwrap_or(&Value::Null);
            call(function, None, text(part, "id"), "arguments")
        }));
    }
    if body.get("done") == Some(&Value::Bool(true)) {
        let reason = body.get("done_reason").and_then(Value::as_str);
        pieces.push(Piece::Finish(match reason {
            // Older versions do not say why.
            Some("stop") | None => Finish::Stop,
            Some("length") => Finish::Length,
            Some(_) => Finish::Unknown,
        }));
        pieces.push(Piece::Usage(Usage {
            input: count(body, "/prompt_eval_count"),
            output: count(body, "/eval_count"),
            ..Usage::default()
        }));
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_without_an_id_are_answered_in_their_order() {
        let call = |name: &str| ToolCall {
            name: name.into(),
            ..ToolCall::default()
        };
        let asked = Message {
            tool_calls: vec![call("first"), call("second")],
            ..Message::new(Role::Assistant, "")
        };
        let result = |text| Message::new(Role::Tool, text);
        let talk = talk(&[asked, result("1"), result("2"), result("3")]);
        let names: Vec<&Value> = talk[1..].iter().map(|said| &said["tool_name"]).collect();
        assert_eq!(names, [&json!("first"), &json!("second"), &Value::Null]);
    }
}
