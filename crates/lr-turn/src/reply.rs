//! `reply`: what was answered, by a model or for free.

use serde::{Deserialize, Serialize};

use crate::{Fence, Section};

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
            finish: None,
            usage: None,
            cost_usd: None,
            seconds: None,
            attempts: None,
            fence: None,
            fixes: Vec::new(),
        }
    }
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
