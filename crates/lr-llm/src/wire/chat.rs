//! OpenAI Chat Completions: what nearly every provider and every local server speaks.
//!
//! Reading is tolerant, since servers differ: a field that is missing, null or of another type counts as absent.
//! Deliberately absent: transport, and the framing of streams ([`stream`](crate::stream)).

use lr_turn::{Finish, Message, ToolCall, Usage};
use serde_json::{Map, Value, json};

use super::{Asked, call, count, text};
use crate::exchange::{Complaint, Piece};

/// The greatest cost that is believed.
const MOST_DOLLARS: f64 = 1e9;

/// The body of a request.
pub(super) fn request(asked: Asked<'_>) -> Map<String, Value> {
    let Asked { wishes, names, .. } = asked;
    let mut body = Map::new();
    body.insert("model".into(), asked.model.into());
    let messages: Vec<Value> = asked.messages.iter().map(message).collect();
    body.insert("messages".into(), messages.into());
    if asked.stream {
        body.insert("stream".into(), true.into());
        body.insert("stream_options".into(), json!({ "include_usage": true }));
    }
    let stop = (!wishes.stop.is_empty()).then(|| json!(wishes.stop));
    let schema = wishes.schema.as_ref().map(|schema| {
        json!({"type": "json_schema", "json_schema": {"name": schema.name, "strict": schema.is_strict, "schema": schema.schema}})
    });
    let fields = [
        ("temperature", wishes.temperature.map(Value::from)),
        (names.max_tokens, wishes.max_tokens.map(Value::from)),
        (names.seed, wishes.seed.map(Value::from)),
        ("stop", stop),
        ("reasoning_effort", wishes.effort.clone().map(Value::from)),
        ("response_format", schema),
    ];
    for (key, value) in fields {
        body.extend(value.map(|value| (key.to_owned(), value)));
    }
    body
}

fn message(message: &Message) -> Value {
    let mut said = json!({"role": message.role, "content": message.content});
    if let Some(id) = &message.tool_call_id {
        said["tool_call_id"] = json!(id);
    }
    if !message.tool_calls.is_empty() {
        let call = |call: &ToolCall| {
            let function = json!({"name": call.name, "arguments": call.arguments});
            json!({"id": call.id, "type": "function", "function": function})
        };
        said["tool_calls"] = message.tool_calls.iter().map(call).collect();
    }
    said
}

/// Reads a whole response or one event of a stream; they differ only in `message` and `delta`.
pub(super) fn pieces(body: &Value) -> Result<Vec<Piece>, Complaint> {
    let mut pieces = Vec::new();
    if let Some(choice) = first_choice(body) {
        pieces.push(Piece::Begun);
        read_choice(choice, &mut pieces)?;
    }
    let usage = [body.get("usage"), body.pointer("/x_groq/usage")];
    if let Some(usage) = usage.into_iter().flatten().find(|usage| usage.is_object()) {
        pieces.push(Piece::Usage(read_usage(usage)));
        pieces.extend(read_cost(usage).map(Piece::Cost));
    }
    Ok(pieces)
}

/// The choice with index 0; without indices, the first.
fn first_choice(body: &Value) -> Option<&Value> {
    let choices = body.get("choices")?.as_array()?;
    choices
        .iter()
        .find(|choice| choice.get("index").and_then(Value::as_u64).unwrap_or(0) == 0)
}

fn read_choice(choice: &Value, pieces: &mut Vec<Piece>) -> Result<(), Complaint> {
    let message = [choice.get("delta"), choice.get("message")]
        .into_iter()
        .flatten()
        .find(|message| message.is_object());
    if let Some(message) = message {
        let reasoning = ["reasoning_content", "reasoning"];
        let reasoning = reasoning.into_iter().find_map(|key| text(message, key));
        let reasoning = reasoning.or_else(|| thoughts_in(message.get("content")?));
        pieces.extend(reasoning.map(Piece::Reasoning));
        pieces.extend(text_of(message.get("content")).map(Piece::Text));
        if let Some(refusal) = text_of(message.get("refusal")) {
            pieces.extend([Piece::Refused, Piece::Text(refusal)]);
        }
        let calls = message.get("tool_calls").and_then(Value::as_array);
        for (position, part) in (0..).zip(calls.into_iter().flatten()) {
            let number = part.get("index").and_then(Value::as_u64);
            let function = part.get("function").unwrap_or(&Value::Null);
            let id = text(part, "id");
            pieces.push(call(function, number.or(Some(position)), id, "arguments"));
        }
        // What came before calls of tools, and what some servers still send.
        if let Some(function) = message.get("function_call").filter(|call| call.is_object()) {
            pieces.push(call(function, Some(0), None, "arguments"));
        }
    }
    let reason = choice.get("finish_reason").and_then(Value::as_str);
    // Some servers send an empty one with every part of the text.
    let Some(reason) = reason.filter(|reason| !reason.is_empty()) else {
        return Ok(());
    };
    let reason = reason.to_lowercase();
    if BROKEN_OFF.contains(&reason.as_str()) {
        return Err(Complaint {
            message: format!("the server broke the reply off ('{reason}')"),
            codes: "server_error".into(),
        });
    }
    pieces.push(Piece::Finish(finish(&reason)));
    Ok(())
}

/// The text of a content, which is a string or a list of parts; other parts (reasoning, images) have none.
fn text_of(content: Option<&Value>) -> Option<String> {
    let text = match content? {
        Value::String(text) => text.clone(),
        Value::Array(parts) => parts
            .iter()
            .filter(|part| part["type"] == "text")
            .filter_map(|part| part["text"].as_str())
            .collect(),
        _ => return None,
    };
    (!text.is_empty()).then_some(text)
}

/// The reasoning among the parts of a content, as Mistral has it there.
fn thoughts_in(content: &Value) -> Option<String> {
    let parts = content.as_array()?.iter();
    let thoughts = parts.filter_map(|part| text_of(part.get("thinking")));
    Some(thoughts.collect::<String>()).filter(|text| !text.is_empty())
}

/// Reasons for which a reply ended that are failures of the server.
const BROKEN_OFF: [&str; 4] = [
    "error",
    "abort",
    "network_error",
    "insufficient_system_resource",
];

fn finish(reason: &str) -> Finish {
    match reason {
        "stop" | "end_turn" | "stop_sequence" | "eos" => Finish::Stop,
        "length" | "model_length" | "max_tokens" => Finish::Length,
        "content_filter" | "safety" | "refusal" | "recitation" | "sensitive" => Finish::Filter,
        "tool_calls" | "function_call" | "tool_use" => Finish::Tool,
        _ => Finish::Unknown,
    }
}

fn read_usage(usage: &Value) -> Usage {
    let input = count(usage, "/prompt_tokens");
    let reasoning = count(usage, "/completion_tokens_details/reasoning_tokens");
    let output = count(usage, "/completion_tokens");
    // With some providers the reasoning is no part of the completion, but of the total.
    let with_reasoning = output + reasoning;
    let is_apart = count(usage, "/total_tokens") == input + with_reasoning;
    Usage {
        input,
        // DeepSeek has a name of its own for it.
        cached_input: count(usage, "/prompt_tokens_details/cached_tokens")
            .max(count(usage, "/prompt_cache_hit_tokens")),
        cache_write: count(usage, "/prompt_tokens_details/cache_write_tokens"),
        output: if is_apart { with_reasoning } else { output },
        reasoning,
    }
}

/// OpenRouter says `cost: 0.01`, Perplexity `cost: {"total_cost": 0.01}`.
pub(super) fn read_cost(usage: &Value) -> Option<f64> {
    let cost = usage.get("cost")?;
    let dollars = cost.as_f64().or_else(|| cost.get("total_cost")?.as_f64())?;
    (0.0..=MOST_DOLLARS).contains(&dollars).then_some(dollars)
}

#[cfg(test)]
mod tests {
    use lr_turn::Role;

    use super::*;
    use crate::exchange::Wishes;
    use crate::wire::{FieldNames, Protocol};

    const NAMES: FieldNames<'_> = FieldNames {
        max_tokens: "max_completion_tokens",
        seed: "random_seed",
    };

    fn messages() -> Vec<Message> {
        vec![Message::new(Role::User, "hi")]
    }

    fn request(wishes: &Wishes, stream: bool) -> Value {
        Protocol::Chat.request(Asked {
            model: "m",
            messages: &messages(),
            tools: &[],
            wishes,
            names: NAMES,
            stream,
        })
    }

    #[track_caller]
    fn check_pieces(body: &str, expected: &[Piece]) {
        let body = serde_json::from_str(body).unwrap();
        assert_eq!(Protocol::Chat.pieces(&body), Ok(expected.to_vec()));
    }

    #[test]
    fn sends_only_what_was_asked_for() {
        let body = request(&Wishes::default(), false);
        assert_eq!(
            body,
            json!({"model": "m", "messages": [{"role": "user", "content": "hi"}]})
        );
    }

    #[test]
    fn uses_the_names_of_the_provider_and_lets_extra_fields_win() {
        let wishes = Wishes {
            temperature: Some(0.5),
            max_tokens: Some(7),
            seed: Some(-1),
            extra: json!({"temperature": 1, "top_p": 0.9})
                .as_object()
                .unwrap()
                .clone(),
            ..Wishes::default()
        };
        let body = request(&wishes, true);
        assert_eq!(
            body,
            json!({
                "model": "m", "messages": [{"role": "user", "content": "hi"}],
                "stream": true, "stream_options": {"include_usage": true},
                "temperature": 1, "top_p": 0.9, "max_completion_tokens": 7, "random_seed": -1
            })
        );
    }

    #[test]
    fn reads_a_whole_response() {
        check_pieces(
            r#"{"choices":[{"index":0,"message":{"role":"assistant","content":"hello","refusal":null},"finish_reason":"stop"}],
                "usage":{"prompt_tokens":9,"completion_tokens":4,"prompt_tokens_details":{"cached_tokens":3,"cache_write_tokens":2},
                "completion_tokens_details":{"reasoning_tokens":1},"cost":0.25}}"#,
            &[
                Piece::Begun,
                Piece::Text("hello".into()),
                Piece::Finish(Finish::Stop),
                Piece::Usage(Usage {
                    input: 9,
                    cached_input: 3,
                    cache_write: 2,
                    output: 4,
                    reasoning: 1,
                }),
                Piece::Cost(0.25),
            ],
        );
    }

    #[test]
    fn reads_the_events_of_a_stream() {
        check_pieces(
            r#"{"choices":[{"delta":{"content":"he"},"finish_reason":null}],"usage":null}"#,
            &[Piece::Begun, Piece::Text("he".into())],
        );
        check_pieces(
            r#"{"choices":[{"delta":{"content":"he"},"finish_reason":""}]}"#,
            &[Piece::Begun, Piece::Text("he".into())],
        );
        check_pieces(
            r#"{"choices":[{"delta":{},"finish_reason":"length"}],"x_groq":{"usage":{"prompt_tokens":1,"completion_tokens":2}}}"#,
            &[
                Piece::Begun,
                Piece::Finish(Finish::Length),
                Piece::Usage(Usage {
                    input: 1,
                    output: 2,
                    ..Usage::default()
                }),
            ],
        );
        check_pieces(
            r#"{"choices":[],"usage":{"prompt_tokens":1}}"#,
            &[Piece::Usage(Usage {
                input: 1,
                ..Usage::default()
            })],
        );
    }

    #[track_caller]
    fn check_usage(usage: &Value, expected: (u64, u64, u64)) {
        let usage = read_usage(usage);
        assert_eq!((usage.input, usage.output, usage.reasoning), expected);
    }

    #[test]
    fn counts_are_read_however_they_are_written() {
        check_usage(
            &json!({"prompt_tokens": 9.0, "completion_tokens": "4"}),
            (9, 4, 0),
        );
        check_usage(
            &json!({"prompt_tokens": -9, "completion_tokens": "four"}),
            (0, 0, 0),
        );
        check_usage(
            &json!({"prompt_tokens": u64::MAX, "completion_tokens": 1e300}),
            (1 << 53, 1 << 53, 0),
        );
        let cached = read_usage(&json!({"prompt_tokens": 9, "prompt_cache_hit_tokens": 5}));
        assert_eq!(cached.cached_input, 5);
    }

    #[test]
    fn reasoning_counts_once_whether_or_not_it_is_a_part_of_the_completion() {
        let usage = |total: u64| {
            json!({
                "prompt_tokens": 10, "completion_tokens": 20, "total_tokens": total,
                "completion_tokens_details": {"reasoning_tokens": 5}
            })
        };
        check_usage(&usage(30), (10, 20, 5));
        check_usage(&usage(35), (10, 25, 5));
    }

    #[test]
    fn a_cost_that_cannot_be_is_none() {
        let cost = |cost: Value| read_cost(&json!({ "cost": cost }));
        assert_eq!(cost(json!({"total_cost": 0.5})), Some(0.5));
        assert_eq!(cost(json!(-1)), None);
        assert_eq!(cost(json!(1e300)), None);
    }

    #[test]
    fn another_candidate_is_not_mixed_in() {
        check_pieces(r#"{"choices":[{"index":1,"delta":{"content":"x"}}]}"#, &[]);
    }

    #[test]
    fn reasoning_is_not_text() {
        check_pieces(
            r#"{"choices":[{"message":{"content":"","reasoning_content":"hm"},"finish_reason":"stop"}]}"#,
            &[
                Piece::Begun,
                Piece::Reasoning("hm".into()),
                Piece::Finish(Finish::Stop),
            ],
        );
        check_pieces(
            r#"{"choices":[{"message":{"content":[{"type":"thinking","text":"hm"},{"type":"text","text":"a"}]}}]}"#,
            &[Piece::Begun, Piece::Text("a".into())],
        );
    }

    #[test]
    fn normalises_why_a_reply_ended() {
        for (reason, expected) in [
            ("stop", Finish::Stop),
            ("length", Finish::Length),
            ("model_length", Finish::Length),
            ("content_filter", Finish::Filter),
            ("tool_calls", Finish::Tool),
            ("function_call", Finish::Tool),
            ("tired", Finish::Unknown),
        ] {
            assert_eq!(finish(reason), expected, "{reason}");
        }
    }

    #[test]
    fn a_reply_that_the_server_breaks_off_is_an_error() {
        for reason in ["error", "abort", "Error"] {
            let body =
                json!({"choices": [{"delta": {"content": "half"}, "finish_reason": reason}]});
            let complaint = Protocol::Chat.pieces(&body).unwrap_err();
            assert_eq!(complaint.codes, "server_error", "{reason}");
        }
    }

    #[test]
    fn a_refusal_and_a_tool_call_settle_the_reason() {
        let settled = |body: &str| {
            let body = serde_json::from_str(body).unwrap();
            let mut answer = crate::exchange::Answer::default();
            Protocol::Chat
                .pieces(&body)
                .unwrap()
                .into_iter()
                .for_each(|piece| answer.take(piece));
            answer.settle();
            (answer.text, answer.finish)
        };
        assert_eq!(
            settled(
                r#"{"choices":[{"message":{"content":null,"refusal":"I will not"},"finish_reason":"stop"}]}"#
            ),
            ("I will not".into(), Some(Finish::Filter))
        );
        assert_eq!(
            settled(
                r#"{"choices":[{"message":{"content":null,"tool_calls":[{"id":"1"}]},"finish_reason":"stop"}]}"#
            ),
            (String::new(), Some(Finish::Tool))
        );
    }

    #[test]
    fn an_error_inside_a_success_is_an_error() {
        let body = json!({"error": {"message": "no room", "code": 502}, "choices": []});
        assert_eq!(
            Protocol::Chat.pieces(&body),
            Err(Complaint {
                message: "no room".into(),
                codes: "502".into()
            })
        );
    }

    #[test]
    fn what_has_the_wrong_type_counts_as_absent() {
        check_pieces(r#"{"choices":"x","usage":"y"}"#, &[]);
        check_pieces("[1]", &[]);
        check_pieces(
            r#"{"choices":[{"message":7,"finish_reason":7}],"usage":{"prompt_tokens":-1}}"#,
            &[Piece::Begun, Piece::Usage(Usage::default())],
        );
    }
}
