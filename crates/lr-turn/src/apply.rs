//! `apply`: what became of a reply.

use serde::{Deserialize, Serialize};

use crate::{Section, is_false};

/// What became of a reply.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Apply {
    /// What became of it as a whole.
    pub outcome: Outcome,
    /// What was written.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<Change>,
    /// Why nothing was written.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub refusals: Vec<Refusal>,
    /// What the changes silence: checks that are switched off, tests that are skipped or gone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub suppressions: Vec<Suppressed>,
    /// What the reply said outside its blocks.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub notes: String,
    /// Whether the reply's last line declares that nothing is left to improve.
    #[serde(default, skip_serializing_if = "is_false")]
    pub declared_done: bool,
}

impl Section for Apply {
    const KEY: &'static str = "apply";
}

/// What became of a reply as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// All its versions were written.
    Applied,
    /// All its versions are what is there already.
    NoChange,
    /// It holds no versions.
    NoEdits,
    /// Something in it was refused, so nothing was written.
    Refused,
}

/// A file that was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Change {
    /// The file's path, relative to the working directory.
    pub path: String,
    /// What was done to it.
    pub kind: ChangeKind,
    /// SHA-256 of the bytes before; absent for a new file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    /// SHA-256 of the bytes after; absent for a deleted file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    /// The number of lines added.
    pub added: u64,
    /// The number of lines removed.
    pub removed: u64,
    /// The change as a unified diff.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub diff: Option<String>,
}

/// What was done to a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum ChangeKind {
    /// It has new contents.
    Modified,
    /// It is new.
    Added,
    /// It is gone.
    Deleted,
}

/// What a change silences in one file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Suppressed {
    /// The file's path, relative to the working directory.
    pub path: String,
    /// What it is called, such as `noqa`, `skipped test` or `deleted test`.
    pub kind: String,
    /// How many more there are than before.
    pub added: u64,
}

/// Why a reply was not applied.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Refusal {
    /// The path in question.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// The number of the block in the reply, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub block: Option<u64>,
    /// One word for programs, such as `unclosed` or `not_offered`.
    pub kind: String,
    /// The reason, in words for the model: what is wrong and what would have been accepted.
    pub reason: String,
}
