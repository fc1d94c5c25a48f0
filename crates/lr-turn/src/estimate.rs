//! `estimate`: what asking a model would take.

use serde::{Deserialize, Serialize};

use crate::Section;

/// What asking a model about a turn would take, guessed without asking.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Estimate {
    /// The provider of the model; absent where no model is to be had.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// The model, by the provider's name for it; absent where it is not known yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// About how many tokens the prompt has.
    pub input: u64,
    /// About how many tokens the answer will have.
    pub output: u64,
    /// What is set aside of a limit on tokens before the request is sent.
    pub most_tokens: u64,
    /// About what it will cost, in millionths of US dollars; absent where no price is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost_microusd: Option<u64>,
    /// What is set aside of a limit on cost before the request is sent; absent where no price is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub most_cost_microusd: Option<u64>,
}

impl Section for Estimate {
    const KEY: &'static str = "estimate";
}
