//! What bandit prints as JSON: lines from 1, columns from 0. A file that it cannot read is listed
//! apart, under an exit status that says that all is well.

use std::io::Read;

use lr_turn::Severity;
use serde::Deserialize;

use super::few::Few;
use super::{Complaint, Place};

/// The code of a file that cannot be read.
const UNREADABLE: &str = "unreadable";

#[derive(Deserialize)]
struct Report {
    errors: Few<Trouble>,
    results: Few<Complained>,
}

#[derive(Deserialize)]
struct Trouble {
    filename: String,
    reason: String,
}

#[derive(Deserialize)]
struct Complained {
    filename: String,
    line_number: u64,
    col_offset: Option<u64>,
    test_id: String,
    issue_severity: String,
    issue_text: String,
    more_info: Option<String>,
}

/// Reads the complaints.
pub(super) fn read(output: impl Read) -> Result<Vec<Complaint>, String> {
    let report: Report = super::json(output)?;
    let unreadable = report.errors.into_iter().map(|trouble| Complaint {
        path: trouble.filename,
        code: UNREADABLE.to_owned(),
        message: trouble.reason,
        severity: Some(Severity::Error),
        ..Complaint::default()
    });
    let issues = report.results.into_iter().map(|issue| Complaint {
        path: issue.filename,
        start: Some(Place {
            line: issue.line_number.max(1),
            column: issue.col_offset.map(|column| column + 1),
        }),
        code: issue.test_id,
        url: issue.more_info,
        message: issue.issue_text,
        severity: Some(match issue.issue_severity.as_str() {
            "HIGH" => Severity::Error,
            "LOW" => Severity::Info,
            _ => Severity::Warning,
        }),
        ..Complaint::default()
    });
    Ok(unreadable.chain(issues).collect())
}
