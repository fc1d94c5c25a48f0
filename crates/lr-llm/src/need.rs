//! How many tokens a request may take, told from its bytes before it is sent.
//!
//! Tokens are counted by the model's own rules, which nobody here knows; a token of text or code has about four
//! bytes, and hardly ever less than three.

use lr_turn::{Function, Message, Usage};
use serde_json::{Map, Value, json};

use crate::exchange::Wishes;
use crate::wire::FieldNames;

/// The least and the most that a reply is allowed for where nobody says how long it may be.
const SHORTEST_CAP: u64 = 4_096;
const LONGEST_CAP: u64 = 32_768;

/// The tokens of one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Need {
    /// The most that the prompt can be expected to have.
    pub(crate) input: u64,
    /// The most that the reply may have.
    pub(crate) output: u64,
}

impl Need {
    /// The need of a request whose messages, and fields of the user's own, have so many bytes. Where nobody says how
    /// long the reply may be, it is as long as the prompt, since it may bring new versions of the files shown there.
    pub(crate) fn of(bytes: usize, wishes: &Wishes, names: FieldNames<'_>) -> Need {
        let input = (bytes as u64).div_ceil(3);
        let asked = cap_in(&wishes.extra, names).or(wishes.max_tokens);
        let replies = wishes.extra.get("n").and_then(Value::as_u64).unwrap_or(1);
        let cap = asked.unwrap_or(input.clamp(SHORTEST_CAP, LONGEST_CAP));
        Need {
            input,
            output: cap.saturating_mul(replies.max(1)),
        }
    }

    /// The need of a request with these messages.
    pub(crate) fn of_messages(
        messages: &[Message],
        tools: &[Function],
        wishes: &Wishes,
        names: FieldNames<'_>,
    ) -> Need {
        let bytes = json!([messages, wishes.extra]).to_string();
        Need::of(bytes.len() + offered(tools), wishes, names)
    }

    /// Both together.
    pub(crate) fn tokens(self) -> u64 {
        self.input.saturating_add(self.output)
    }

    /// The same as what a reply takes.
    pub(crate) fn usage(self) -> Usage {
        Usage {
            input: self.input,
            output: self.output,
            ..Usage::default()
        }
    }
}

/// The bytes of what messages say, and of the tools that are offered.
pub(crate) fn bytes(messages: &[Message], tools: &[Function]) -> usize {
    let said = |message: &Message| {
        let calls = message.tool_calls.iter();
        let calls: usize = calls
            .map(|call| call.name.len() + call.arguments.len())
            .sum();
        message.content.len() + calls
    };
    messages.iter().map(said).sum::<usize>() + offered(tools)
}

fn offered(tools: &[Function]) -> usize {
    tools.iter().map(|tool| json!(tool).to_string().len()).sum()
}

/// The cap among fields that the user adds, by whatever name.
fn cap_in(extra: &Map<String, Value>, names: FieldNames<'_>) -> Option<u64> {
    let known = [
        names.max_tokens,
        "max_completion_tokens",
        "max_output_tokens",
        "max_tokens",
    ];
    known.iter().find_map(|name| extra.get(*name)?.as_u64())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(bytes: usize, max_tokens: Option<u64>, extra: &Value, expected: (u64, u64)) {
        let wishes = Wishes {
            max_tokens,
            extra: extra.as_object().unwrap().clone(),
            ..Wishes::default()
        };
        let names = FieldNames {
            max_tokens: "max_completion_tokens",
            seed: "seed",
        };
        let need = Need::of(bytes, &wishes, names);
        assert_eq!((need.input, need.output), expected);
    }

    #[test]
    fn a_prompt_has_at_most_a_token_for_three_bytes() {
        check(100, Some(7), &json!({}), (34, 7));
    }

    #[test]
    fn a_reply_may_be_as_long_as_the_prompt_within_limits() {
        check(30, None, &json!({}), (10, 4_096));
        check(30_000, None, &json!({}), (10_000, 10_000));
        check(300_000, None, &json!({}), (100_000, 32_768));
    }

    #[test]
    fn fields_of_the_user_count_more() {
        check(30, Some(7), &json!({"max_tokens": 9}), (10, 9));
        check(
            30,
            None,
            &json!({"max_completion_tokens": 9, "n": 3}),
            (10, 27),
        );
    }
}
