//! `error`: why a stage could not do its work on a turn.

use serde::{Deserialize, Serialize};

use crate::{Charge, Kind, Section, Status, is_false, is_zero};

/// Why a stage could not do its work on a turn. Later stages leave such a turn alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct TurnError {
    /// The program that failed.
    pub stage: String,
    /// What went wrong: a name of [`Kind`], or a foreign one.
    pub kind: String,
    /// What happened, to which file, and what to do next.
    pub message: String,
    /// Whether the same may work later.
    #[serde(default, skip_serializing_if = "is_false")]
    pub retryable: bool,
    /// How many requests were sent to a model in vain; absent where none was.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub attempts: u64,
    /// What counts against limits although there is no reply; absent where nothing does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub charged: Option<Charge>,
}

impl TurnError {
    /// Returns the exit status that the error counts as; a foreign kind is trouble.
    pub fn status(&self) -> Status {
        Kind::from_name(&self.kind).map_or(Status::Trouble, Kind::status)
    }
}

impl Section for TurnError {
    const KEY: &'static str = "error";
}
