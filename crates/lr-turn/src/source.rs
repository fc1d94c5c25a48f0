//! `sources`: the files a turn is about.

use serde::{Deserialize, Serialize};

use crate::Section;

/// One file a turn is about, as it was when it was checked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Source {
    /// The path, with `/`, relative to the working directory.
    pub path: String,
    /// SHA-256 of the bytes, in lower-case hexadecimal digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// The size in bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
    /// What may be done with the file; absent means `edit`.
    #[serde(default)]
    pub role: SourceRole,
}

/// What may be done with a source.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum SourceRole {
    /// It may be changed.
    #[default]
    Edit,
    /// It is shown, and must not be changed.
    Read,
}

impl Source {
    /// Makes a source that may be changed, known by its path only.
    pub fn new(path: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            sha256: None,
            bytes: None,
            role: SourceRole::Edit,
        }
    }
}

impl Section for Vec<Source> {
    const KEY: &'static str = "sources";
}
