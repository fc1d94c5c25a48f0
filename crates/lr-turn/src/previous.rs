//! `previous`: what became of the turn before.

use serde::{Deserialize, Serialize};

use crate::{NewFinding, Outcome, Refusal, Section, TurnError, is_false};

/// What became of the turn before, so that the next prompt can say so.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default)]
pub struct Previous {
    /// Its parts.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<PreviousPart>,
    /// The keys of the findings whose free fix was refused or without effect, and which are
    /// still found.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tried: Vec<String>,
}

impl Section for Previous {
    const KEY: &'static str = "previous";
}

/// What became of one part of the turn before.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default)]
pub struct PreviousPart {
    /// The files it was about.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub paths: Vec<String>,
    /// The program that answered it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answered_by: Option<String>,
    /// What became of the reply; absent where there was none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
    /// Whether the change was put back because nothing got better.
    #[serde(skip_serializing_if = "is_false")]
    pub put_back: bool,
    /// What its change made worse, or would have: findings that were not there before.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub new_findings: Vec<NewFinding>,
    /// Why the reply was not applied.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub refusals: Vec<Refusal>,
    /// Whether the reply declared that nothing is left to improve.
    #[serde(skip_serializing_if = "is_false")]
    pub declared_done: bool,
    /// Why there was no reply.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<TurnError>,
}
