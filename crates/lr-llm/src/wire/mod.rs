//! The protocols that servers speak: pure translation between their JSON and [`exchange`](crate::exchange).
//!
//! Each has a file; what is the same in all of them is said here. Reading is tolerant, since servers differ: a field
//! that is missing, null or of another type counts as absent.

pub(crate) mod chat;
pub(crate) mod complaint;
mod messages;
mod ollama;
mod responses;

use lr_turn::{Function, Message, ToolCall};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::exchange::{CallPart, Complaint, Piece, Wishes};
use crate::provider::Refused;

/// The greatest number that is believed, which every reader of JSON can hold, and of which no sum is too large.
const MOST_COUNTED: u64 = 1 << 53;

/// A protocol.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Protocol {
    /// OpenAI's Chat Completions: what nearly every provider and every local server speaks.
    #[default]
    Chat,
    /// OpenAI's Responses.
    Responses,
    /// Anthropic's Messages.
    Messages,
    /// Ollama's own, which alone can say how long the context is.
    Ollama,
}

/// The names a provider uses for fields of Chat Completions that differ between providers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FieldNames<'a> {
    /// The cap on the reply's tokens.
    pub(crate) max_tokens: &'a str,
    /// The seed of the sampling.
    pub(crate) seed: &'a str,
}

/// What a request asks for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asked<'a> {
    pub(crate) model: &'a str,
    pub(crate) messages: &'a [Message],
    /// The tools that the model may ask for.
    pub(crate) tools: &'a [Function],
    pub(crate) wishes: &'a Wishes,
    pub(crate) names: FieldNames<'a>,
    /// Whether the text is wanted as it comes.
    pub(crate) stream: bool,
}

/// A model that a server offers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Model {
    /// The server's name for it.
    pub(crate) name: String,
    /// When it was made, in an order only: later ones are greater.
    pub(crate) made: Option<String>,
    /// The most tokens of prompt and reply together.
    pub(crate) context: Option<u64>,
    /// The day from which it is not offered any more, in the server's words.
    pub(crate) ends: Option<String>,
}

impl Protocol {
    /// Where replies are asked for, below a provider's base URL.
    pub(crate) fn path(self) -> &'static str {
        match self {
            Protocol::Chat => "/chat/completions",
            Protocol::Responses => "/responses",
            Protocol::Messages => "/v1/messages",
            Protocol::Ollama => "/api/chat",
        }
    }

    /// Where the server lists its models, below a provider's base URL.
    pub(crate) fn models_path(self) -> &'static str {
        match self {
            Protocol::Chat | Protocol::Responses => "/models",
            Protocol::Messages => "/v1/models",
            Protocol::Ollama => "/api/tags",
        }
    }

    /// The headers of every request, beside the key's.
    pub(crate) fn headers(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Protocol::Messages => &[("anthropic-version", "2026-10-21")],
            Protocol::Chat | Protocol::Responses | Protocol::Ollama => &[],
        }
    }

    /// The header that brings the key, unless the provider uses another one.
    pub(crate) fn key_header(self) -> &'static str {
        match self {
            Protocol::Messages => "x-api-key",
            Protocol::Chat | Protocol::Responses | Protocol::Ollama => "authorization",
        }
    }

    /// Whether a server loads a model when it is asked for, and must be told how long its context is to be.
    pub(crate) fn loads_models(self) -> bool {
        self == Protocol::Ollama
    }

    /// Whether nothing follows what says why a reply ended, and a reply without it is cut off.
    pub(crate) fn ends_with_the_reason(self) -> bool {
        self == Protocol::Ollama
    }

    /// Whether its requests have no place for something.
    pub(crate) fn lacks(self, what: Refused) -> bool {
        match self {
            Protocol::Chat | Protocol::Ollama => false,
            Protocol::Messages => what == Refused::Seed,
            Protocol::Responses => matches!(what, Refused::Seed | Refused::Stop),
        }
    }

    /// The options of a model, in the places where requests have them.
    pub(crate) fn placed(self, options: Map<String, Value>) -> Map<String, Value> {
        if self == Protocol::Ollama {
            ollama::placed(options)
        } else {
            options
        }
    }

    /// Whether a request must say how long the reply may be.
    pub(crate) fn needs_cap(self) -> bool {
        self == Protocol::Messages
    }

    /// Whether the base URL ends before the version that other protocols have in it.
    pub(crate) fn is_below_the_version(self) -> bool {
        matches!(self, Protocol::Messages | Protocol::Ollama)
    }

    /// What to do where a server knows no such place.
    pub(crate) fn base_hint(self) -> &'static str {
        if self.is_below_the_version() {
            "see whether the base URL is right; it ends before '/v1' or '/api'"
        } else {
            "see whether the base URL is right; it usually ends in '/v1'"
        }
    }

    /// The body of a request. What the user adds wins over our own fields, an object field by field.
    pub(crate) fn request(self, asked: Asked<'_>) -> Value {
        let mut body = match self {
            Protocol::Chat => chat::request(asked),
            Protocol::Responses => responses::request(asked),
            Protocol::Messages => messages::request(asked),
            Protocol::Ollama => ollama::request(asked),
        };
        if !asked.tools.is_empty() {
            let tools = asked.tools.iter().map(|tool| self.tool(tool)).collect();
            body.insert("tools".into(), Value::Array(tools));
        }
        merge(&mut body, &asked.wishes.extra);
        Value::Object(body)
    }

    /// A tool, in the protocol's words.
    fn tool(self, tool: &Function) -> Value {
        let schema = if self == Protocol::Messages {
            "input_schema"
        } else {
            "parameters"
        };
        let parameters = tool.parameters.clone();
        let mut declared = json!({
            "name": tool.name,
            schema: parameters.unwrap_or_else(|| json!({"type": "object", "properties": {}})),
        });
        if let Some(description) = &tool.description {
            declared["description"] = json!(description);
        }
        match self {
            Protocol::Messages => declared,
            Protocol::Chat | Protocol::Ollama => json!({"type": "function", "function": declared}),
            Protocol::Responses => {
                declared["type"] = "function".into();
                // Where it is not said, a schema must forbid further properties.
                declared["strict"] = false.into();
                declared
            }
        }
    }

    /// Reads a whole response or one event of a stream. An error reported inside a success is the `Err`.
    pub(crate) fn pieces(self, body: &Value) -> Result<Vec<Piece>, Complaint> {
        if let Some(complaint) = complaint::within(body) {
            return Err(complaint);
        }
        match self {
            Protocol::Chat => chat::pieces(body),
            Protocol::Responses => responses::pieces(body),
            Protocol::Messages => Ok(messages::pieces(body)),
            Protocol::Ollama => Ok(ollama::pieces(body)),
        }
    }

    /// The models of a server's list, in its order.
    pub(crate) fn models(self, list: &Value) -> Vec<Model> {
        let key = if self == Protocol::Ollama {
            "models"
        } else {
            "data"
        };
        let models = list.get(key).and_then(Value::as_array);
        models.into_iter().flatten().filter_map(model).collect()
    }
}

/// The newest model of a list, of equally old ones the first. Models that only embed texts do not answer.
pub(crate) fn newest(models: Vec<Model>) -> Option<String> {
    let answers = |model: &Model| !model.name.contains("embed");
    let models = models.into_iter().filter(answers);
    let newest = models.rev().max_by(|one, other| one.made.cmp(&other.made));
    Some(newest?.name)
}

fn model(model: &Value) -> Option<Model> {
    let text = |key: &str| Some(model.get(key)?.as_str()?.to_owned());
    let number = |key: &str| model.get(key).and_then(Value::as_u64);
    let made = number("created").map(|seconds| format!("{seconds:020}"));
    let contexts = [
        "context_length",
        "max_input_tokens",
        "context_window",
        "max_model_len",
    ];
    Some(Model {
        name: text("id").or_else(|| text("name"))?,
        made: made
            .or_else(|| text("created_at"))
            .or_else(|| text("modified_at")),
        context: contexts.into_iter().find_map(number),
        ends: text("shutdown_date").or_else(|| text("retires_at")),
    })
}

/// Adds fields to an object; of an object on both sides, the fields in it; null takes a field away.
pub(crate) fn merge(body: &mut Map<String, Value>, added: &Map<String, Value>) {
    for (key, value) in added {
        match (body.get_mut(key), value) {
            (_, Value::Null) => {
                body.remove(key);
            }
            (Some(Value::Object(old)), Value::Object(new)) => merge(old, new),
            _ => {
                body.insert(key.clone(), value.clone());
            }
        }
    }
}

/// The number at a pointer; 0 where there is none. Some servers write numbers as fractions or as texts.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "what is below zero is none, and what is too large is the most"
)]
fn count(value: &Value, pointer: &str) -> u64 {
    let number = match value.pointer(pointer) {
        Some(Value::Number(number)) => number.as_u64().or_else(|| Some(number.as_f64()? as u64)),
        Some(Value::String(text)) => text.trim().parse().ok(),
        _ => None,
    };
    number.unwrap_or(0).min(MOST_COUNTED)
}

/// The text of a field, if it has any.
fn text(value: &Value, key: &str) -> Option<String> {
    let text = value.get(key)?.as_str()?;
    (!text.is_empty()).then(|| text.to_owned())
}

/// A call, or a part of one, in an object that names the tool and holds its arguments, as a text or as they are.
fn call(function: &Value, number: Option<u64>, id: Option<String>, arguments: &str) -> Piece {
    let arguments = match function.get(arguments) {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(value) => value.to_string(),
    };
    Piece::ToolCall(CallPart {
        number,
        id: id.unwrap_or_default(),
        name: text(function, "name").unwrap_or_default(),
        arguments,
        is_whole: false,
    })
}

/// The arguments of a call as an object; what the model wrote may be none.
fn arguments(call: &ToolCall) -> Value {
    let arguments = serde_json::from_str(&call.arguments).ok();
    arguments
        .filter(Value::is_object)
        .unwrap_or_else(|| json!({}))
}

/// The messages of the system, one below the other, where a protocol wants them apart; and all others.
fn apart(messages: &[Message]) -> (Option<String>, Vec<&Message>) {
    let is_system = |message: &&Message| message.role == lr_turn::Role::System;
    let (system, others): (Vec<&Message>, Vec<&Message>) = messages.iter().partition(is_system);
    let system: Vec<&str> = system
        .iter()
        .map(|message| message.content.as_str())
        .collect();
    ((!system.is_empty()).then(|| system.join("\n\n")), others)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_newest_model_is_chosen() {
        let newest_of = |protocol: Protocol, list: Value| newest(protocol.models(&list));
        let list = json!({"data": [
            {"id": "a", "created": 1}, {"id": "embed-text", "created": 9}, {"id": "b", "created": 5}, {"id": "c", "created": 5}
        ]});
        assert_eq!(newest_of(Protocol::Chat, list), Some("b".into()));
        assert_eq!(
            newest_of(Protocol::Chat, json!({"data": [{"id": "a"}, {"id": "b"}]})),
            Some("a".into())
        );
        let tags = json!({"models": [
            {"name": "old:1b", "modified_at": "2026-01-02T00:00:00Z"}, {"name": "new:1b", "modified_at": "2026-02-01T00:00:00Z"}
        ]});
        assert_eq!(newest_of(Protocol::Ollama, tags), Some("new:1b".into()));
        assert_eq!(newest_of(Protocol::Messages, json!({"data": []})), None);
        assert_eq!(newest_of(Protocol::Chat, json!("x")), None);
    }

    #[test]
    fn what_is_added_wins_and_null_takes_away() {
        let object = |value: Value| value.as_object().unwrap().clone();
        let mut body = object(json!({"a": 1, "b": {"c": 1, "d": 2}, "e": [1]}));
        merge(
            &mut body,
            &object(json!({"a": null, "b": {"c": 5}, "e": [2], "f": true})),
        );
        assert_eq!(
            Value::Object(body),
            json!({"b": {"c": 5, "d": 2}, "e": [2], "f": true})
        );
    }
}
