//! What is asked and what comes back, whatever the protocol says it with.
//!
//! Deliberately absent: JSON. The protocols in [`wire`](crate::wire) translate to and from these types.

use std::collections::BTreeMap;
use std::time::Duration;

use lr_turn::{Finish, ToolCall, Usage};
use serde_json::{Map, Value};

/// What the caller may ask for beside the messages; only what is set is sent.
#[derive(Debug, Clone, Default)]
pub(crate) struct Wishes {
    pub(crate) temperature: Option<f64>,
    /// The most tokens the reply may have.
    pub(crate) max_tokens: Option<u64>,
    pub(crate) seed: Option<i64>,
    /// Texts at which the reply ends.
    pub(crate) stop: Vec<String>,
    /// How much to think, in the provider's words.
    pub(crate) effort: Option<String>,
    /// What the reply must be an instance of.
    pub(crate) schema: Option<Schema>,
    /// The length of the context in tokens, for servers that have to be told.
    pub(crate) context: Option<u64>,
    /// More headers, by their names in lower case.
    pub(crate) headers: BTreeMap<String, String>,
    /// Fields of the request body that we do not know; they win over our own, and null takes one of ours away.
    pub(crate) extra: Map<String, Value>,
    /// Options of the model by name, which stand where the protocol has them; they win over all other fields.
    pub(crate) options: Map<String, Value>,
}

/// A JSON Schema, by a name.
#[derive(Debug, Clone, PartialEq)]
#[expect(
    clippy::struct_field_names,
    reason = "a schema is what the standard calls so"
)]
pub(crate) struct Schema {
    /// The provider can hold the model to it word by word.
    pub(crate) is_strict: bool,
    pub(crate) name: String,
    pub(crate) schema: Value,
}

/// One thing a server says about its reply; a stream of these is an answer.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Piece {
    /// The reply has begun: the server sent a choice, whatever is in it.
    Begun,
    /// The next part of the text.
    Text(String),
    /// All of the text, which counts only where no part of it came before.
    WholeText(String),
    /// The next part of the reasoning, which is no part of the text.
    Reasoning(String),
    /// A part of a call of a tool that the model asks for.
    ToolCall(CallPart),
    /// The model refused to answer; its words follow as text.
    Refused,
    /// The reply ended for this reason.
    Finish(Finish),
    /// The tokens so far, all or some of the counts; a greater count replaces a smaller one.
    Usage(Usage),
    /// What the provider charges, in US dollars.
    Cost(f64),
}

/// A part of a call of a tool, of which all that is known may come at once or bit by bit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct CallPart {
    /// The protocol's number for the call; `None` if every part is a call of its own.
    pub(crate) number: Option<u64>,
    /// Its name for this call, and the name of the tool; empty where this part does not say it.
    pub(crate) id: String,
    pub(crate) name: String,
    /// More of the arguments.
    pub(crate) arguments: String,
    /// These are all of the arguments, whatever came before.
    pub(crate) is_whole: bool,
}

/// What a request took, as far as the server said so.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Spent {
    pub(crate) usage: Option<Usage>,
    /// In US dollars.
    pub(crate) cost_usd: Option<f64>,
}

/// What an error body says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Complaint {
    /// A sentence for a person; printable, short, one line.
    pub(crate) message: String,
    /// The provider's own words for the kind of error: its `type`, `code` and `status`, lower case.
    pub(crate) codes: String,
}

/// A whole answer, put together from its pieces.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Answer {
    /// The text, without reasoning.
    pub(crate) text: String,
    /// Why it ended; `None` if the server never said so.
    pub(crate) finish: Option<Finish>,
    /// What it took.
    pub(crate) spent: Spent,
    /// A choice was seen.
    pub(crate) begun: bool,
    /// The calls of tools, each by its number.
    calls: Vec<(Option<u64>, ToolCall)>,
    refused: bool,
}

impl Answer {
    /// Adds a piece; text is kept too.
    pub(crate) fn take(&mut self, piece: Piece) {
        match piece {
            Piece::Begun => self.begun = true,
            Piece::Text(text) => {
                // Some servers leave out what comes before the first part.
                self.begun = true;
                self.text.push_str(&text);
            }
            // What was said before, and what only a listener wants.
            Piece::WholeText(_) | Piece::Reasoning(_) => {}
            Piece::ToolCall(part) => self.take_call(part),
            Piece::Refused => self.refused = true,
            Piece::Finish(finish) => self.finish = Some(finish),
            // Some servers leave the counts at zero, which is not known.
            Piece::Usage(usage) if usage.input == 0 && usage.output == 0 => {}
            Piece::Usage(usage) => {
                let known = self.spent.usage.unwrap_or_default();
                self.spent.usage = Some(greatest(known, usage));
            }
            Piece::Cost(cost) => self.spent.cost_usd = Some(cost),
        }
    }

    /// Adds a part of a call. Some servers give every call the same number, and only its own id.
    fn take_call(&mut self, part: CallPart) {
        let is_same = |(number, call): &&mut (Option<u64>, ToolCall)| {
            let other_id = !part.id.is_empty() && !call.id.is_empty() && part.id != call.id;
            part.number.is_some() && *number == part.number && !other_id
        };
        let Some((_, call)) = self.calls.iter_mut().rev().find(is_same) else {
            let call = ToolCall {
                id: part.id,
                name: part.name,
                arguments: part.arguments,
            };
            return self.calls.push((part.number, call));
        };
        if !part.id.is_empty() {
            call.id = part.id;
        }
        if !part.name.is_empty() {
            call.name = part.name;
        }
        if part.is_whole {
            call.arguments = part.arguments;
        } else {
            call.arguments.push_str(&part.arguments);
        }
    }

    /// The calls of tools that the model asks for, where it may, each text put through `redact`. With such a call a
    /// reply that has ended has ended for it. Arguments that nobody wrote are an empty object.
    pub(crate) fn take_calls(
        &mut self,
        has_tools: bool,
        redact: impl Fn(String) -> String,
    ) -> Vec<ToolCall> {
        let calls = std::mem::take(&mut self.calls);
        if !has_tools {
            return Vec::new();
        }
        if !calls.is_empty() && self.finish == Some(Finish::Stop) {
            self.finish = Some(Finish::Tool);
        }
        let arguments = |text: String| if text.is_empty() { "{}".into() } else { text };
        let calls = calls.into_iter().map(|(_, call)| ToolCall {
            id: redact(call.id),
            name: redact(call.name),
            arguments: redact(arguments(call.arguments)),
        });
        calls.collect()
    }

    /// Whether a tool is asked for.
    pub(crate) fn has_calls(&self) -> bool {
        !self.calls.is_empty()
    }

    /// Settles the reason: a refusal is `filter`, a tool call instead of text is `tool`.
    pub(crate) fn settle(&mut self) {
        if self.refused {
            self.finish = Some(Finish::Filter);
        } else if !self.calls.is_empty()
            && self.text.is_empty()
            && self.finish == Some(Finish::Stop)
        {
            self.finish = Some(Finish::Tool);
        }
    }
}

/// The greater of each two counts: some protocols tell them bit by bit, and all of them let them only grow.
fn greatest(one: Usage, other: Usage) -> Usage {
    Usage {
        input: one.input.max(other.input),
        cached_input: one.cached_input.max(other.cached_input),
        cache_write: one.cache_write.max(other.cache_write),
        output: one.output.max(other.output),
        reasoning: one.reasoning.max(other.reasoning),
    }
}

/// The four time limits of a request.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TimeLimits {
    /// Until the connection stands, TLS included.
    pub(crate) connect: Duration,
    /// To send the request; and from the request sent to the response's headers.
    pub(crate) first_byte: Duration,
    /// Between two reads of the response's body; any byte is a sign of life.
    pub(crate) idle: Duration,
    /// Everything, waiting between attempts included.
    pub(crate) whole: Duration,
}
