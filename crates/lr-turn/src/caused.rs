//! Findings that a change caused, told in short.

use serde::{Deserialize, Serialize};

use crate::Finding;

/// The most findings that are told.
const MOST: usize = 10;

/// The longest message that is told, in characters.
const LONGEST: usize = 200;

/// A finding that was not there before a change.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default)]
pub struct NewFinding {
    /// The file's path; absent where it is about no file in particular.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub path: String,
    /// The line, from 1, after the change.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
    /// The rule's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// What is wrong; a long message is cut.
    pub message: String,
}

impl NewFinding {
    /// Tells findings, the worst first, and not more than ten.
    pub fn worst_of<'a>(findings: impl Iterator<Item = &'a Finding>) -> Vec<Self> {
        let mut findings: Vec<&Finding> = findings.collect();
        findings.sort_by_key(|finding| finding.place_in_rank());
        findings.into_iter().take(MOST).map(Self::of).collect()
    }

    fn of(finding: &Finding) -> Self {
        let mut message: String = finding.message.chars().take(LONGEST).collect();
        if message.len() < finding.message.len() {
            message.push('…');
        }
        Self {
            path: finding.location.path.clone(),
            line: finding.location.range.map(|range| range.start.line),
            code: finding.code.as_ref().map(|code| code.value.clone()),
            message,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_are_told_first_and_long_messages_are_cut() {
        let finding = |message: &str, severity: &str| -> Finding {
            let finding = serde_json::json!({
                "message": message, "location": {"path": "a", "range": {"start": {"line": 3}}},
                "severity": severity, "code": {"value": "E1"}
            });
            serde_json::from_value(finding).unwrap()
        };
        let mut findings = vec![finding("w", "WARNING"); 12];
        findings.push(finding(&"é".repeat(300), "ERROR"));
        let told = NewFinding::worst_of(findings.iter());
        assert_eq!(told.len(), MOST);
        assert_eq!(told[0].message, "é".repeat(LONGEST) + "…");
        assert_eq!(
            (told[0].line, told[0].code.as_deref()),
            (Some(3), Some("E1"))
        );
        assert_eq!(told[1].message, "w");
    }
}
