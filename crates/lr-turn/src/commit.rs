//! `commit`: where a change was kept.

use serde::{Deserialize, Serialize};

use crate::{NewFinding, Section, is_false};

/// Where a change was kept, or that it was put back.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default)]
pub struct Commit {
    /// The branch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub branch: Option<String>,
    /// The commit of the fix, as a full hash.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fix: Option<String>,
    /// The commit of FIXES.md that names the fix.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fixes: Option<String>,
    /// The commit that took turns back, with the contents from before them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub restore: Option<String>,
    /// Whether the files were put back to what they were, because nothing got better.
    #[serde(skip_serializing_if = "is_false")]
    pub put_back: bool,
    /// The findings that the change caused which was put back, the worst first, at most ten.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub new_findings: Vec<NewFinding>,
}

impl Section for Commit {
    const KEY: &'static str = "commit";
}
