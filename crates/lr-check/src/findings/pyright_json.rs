//! What pyright prints as JSON: lines and columns from 0, in units of UTF-16.

use std::io::Read;

use serde::Deserialize;

use super::few::Few;
use super::{Complaint, Place, lines};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Report {
    general_diagnostics: Few<Diagnostic>,
}

#[derive(Deserialize)]
struct Diagnostic {
    file: String,
    severity: String,
    message: String,
    rule: Option<String>,
    range: Option<Range>,
}

#[derive(Deserialize)]
struct Range {
    start: Position,
    end: Position,
}

#[derive(Deserialize)]
struct Position {
    line: u64,
    character: u64,
}

/// Reads the complaints.
pub(super) fn read(output: impl Read) -> Result<Vec<Complaint>, String> {
    let report: Report = super::json(output)?;
    let diagnostics = report.general_diagnostics.into_iter();
    Ok(diagnostics.map(complaint).collect())
}

fn complaint(diagnostic: Diagnostic) -> Complaint {
    let place = |position: &Position| Place {
        line: position.line + 1,
        column: Some(position.character + 1),
    };
    let range = diagnostic.range.as_ref();
    Complaint {
        path: diagnostic.file,
        start: range.map(|range| place(&range.start)),
        end: range.map(|range| place(&range.end)),
        code: diagnostic.rule.unwrap_or_default(),
        message: diagnostic.message,
        severity: Some(lines::severity(&diagnostic.severity)),
        ..Complaint::default()
    }
}
