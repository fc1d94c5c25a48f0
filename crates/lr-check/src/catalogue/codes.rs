//! What the codes of a checker's findings say: how bad they are, and which are about bytes.

use lr_turn::{BytesAspect, Severity};
use serde::Deserialize;

/// Prefixes of the codes of each severity; all others are as bad as the kind of checker says.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Severities {
    error: Vec<String>,
    info: Vec<String>,
}

impl Severities {
    /// Returns how bad a code is; the first of the lists with a prefix of it decides.
    pub(super) fn of(&self, code: &str) -> Option<Severity> {
        if has_prefix(&self.error, code) {
            Some(Severity::Error)
        } else {
            has_prefix(&self.info, code).then_some(Severity::Info)
        }
    }
}

/// Codes that are about bytes.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct ByteCodes {
    final_newline: Vec<String>,
    line_endings: Vec<String>,
    bom: Vec<String>,
}

impl ByteCodes {
    /// Returns which bytes a code is about.
    pub(super) fn of(&self, code: &str) -> Option<BytesAspect> {
        let is_in = |codes: &[String]| codes.iter().any(|listed| listed == code);
        if is_in(&self.final_newline) {
            Some(BytesAspect::FinalNewline)
        } else if is_in(&self.line_endings) {
            Some(BytesAspect::LineEndings)
        } else {
            is_in(&self.bom).then_some(BytesAspect::Bom)
        }
    }
}

/// Tells whether one of the prefixes begins the code, up to a change from letters to digits: `D`
/// is a prefix of `D100`, not of `DTZ001`.
pub(super) fn has_prefix(prefixes: &[String], code: &str) -> bool {
    prefixes.iter().any(|prefix| {
        code.strip_prefix(prefix.as_str()).is_some_and(|rest| {
            let ends_in_letter = prefix.ends_with(|last: char| last.is_ascii_alphabetic());
            !(ends_in_letter && rest.starts_with(|next: char| next.is_ascii_alphabetic()))
        })
    })
}
