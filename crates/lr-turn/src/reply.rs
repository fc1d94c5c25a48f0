//! `reply`: what was answered, by a model or for free.

use serde::{Deserialize, Serialize};

use crate::{Fence, Section, ToolCall};

/// What was answered, by a model or for free.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Reply {
    /// The answer.
    pub text: String,
    /// The program that answered, such as `lr-llm` or `lr-fix`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// The provider of the model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// The model, by the provider's name for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// The calls of tools that the model asks for, of those that the prompt offers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tool_calls: Vec<ToolCall>,
    /// How the answer ended; absent counts as `stop`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finish: Option<Finish>,
    /// What it took; absent where the provider did not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usage: Option<Usage>,
    /// What it cost in US dollars; absent where that is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost_usd: Option<f64>,
    /// How long it took, in seconds of wall time, all attempts together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seconds: Option<f64>,
    /// How many requests were sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempts: Option<u64>,
    /// What counts against limits, where that is not what `usage` and `cost_usd` say: their absence, and attempts in
    /// vain that may have to be paid for, are charged with the most they can have been.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub charged: Option<Charge>,
    /// The lengths of the markers in the text, where there is no prompt to say so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fence: Option<Fence>,
    /// The keys of the findings that a free fix is meant to remove.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fixes: Vec<String>,
}

impl Reply {
    /// Makes a reply of which only the text and its author are known.
    pub fn by(author: &str, text: String) -> Self {
        Self {
            text,
            by: Some(author.to_owned()),
            provider: None,
            model: None,
            tool_calls: Vec::new(),
            finish: None,
            usage: None,
            cost_usd: None,
            seconds: None,
            attempts: None,
            charged: None,
            fence: None,
            fixes: Vec::new(),
        }
    }

    /// Returns what counts against limits; an answer of which nothing is known counts as nothing.
    pub fn charge(&self) -> Charge {
        self.charged.unwrap_or_else(|| Charge {
            tokens: self.usage.map_or(0, |usage| usage.input + usage.output),
            cost_microusd: self.cost_usd.map(microusd),
        })
    }
}

/// What counts against the limits of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Charge {
    /// Tokens, of prompts and of answers.
    pub tokens: u64,
    /// Millionths of US dollars; absent where no price is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost_microusd: Option<u64>,
}

/// Returns an amount of US dollars in millionths, rounded up; what is no amount counts as nothing.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "it is not below zero, and what is too large becomes the largest number"
)]
pub fn microusd(dollars: f64) -> u64 {
    // Less than the rounding of a decimal fraction must not become another millionth.
    (dollars * 1e6 - 1e-6).ceil().max(0.0) as u64
}

impl Section for Reply {
    const KEY: &'static str = "reply";
}

/// How an answer ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Finish {
    /// The model was done.
    Stop,
    /// A limit on its length cut it off.
    Length,
    /// A filter withheld it.
    Filter,
    /// The model wants a tool run.
    Tool,
    /// The provider did not say, or said something we do not know.
    #[serde(other)]
    Unknown,
}

/// What an answer took, in tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default)]
pub struct Usage {
    /// Tokens of the prompt, those from a cache included.
    pub input: u64,
    /// Tokens of the prompt that came from the provider's cache.
    pub cached_input: u64,
    /// Tokens of the prompt that were written to the provider's cache.
    pub cache_write: u64,
    /// Tokens of the answer, those of its reasoning included.
    pub output: u64,
    /// Tokens of the answer's reasoning.
    pub reasoning: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_rounded_up_to_millionths() {
        for (dollars, expected) in [
            (0.0, 0),
            (0.0005, 500),
            (0.000_000_01, 1),
            (0.070_07, 70_070),
            (-1.0, 0),
            (f64::NAN, 0),
            (1e300, u64::MAX),
        ] {
            assert_eq!(microusd(dollars), expected, "{dollars}");
        }
    }

    #[test]
    fn a_charge_of_its_own_counts_more_than_the_usage() {
        let usage = Usage {
            input: 10,
            output: 2,
            ..Usage::default()
        };
        let mut reply = Reply {
            usage: Some(usage),
            cost_usd: Some(0.5),
            ..Reply::by("lr-llm", String::new())
        };
        let charge = |tokens, cost_microusd| Charge {
            tokens,
            cost_microusd,
        };
        assert_eq!(reply.charge(), charge(12, Some(500_000)));
        reply.charged = Some(charge(99, None));
        assert_eq!(reply.charge(), charge(99, None));
    }
}
