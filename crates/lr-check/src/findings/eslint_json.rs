//! What eslint prints as JSON: lines and columns from 1, and the ends of fixes as offsets into the
//! file, all in units of UTF-16.

use std::io::Read;

use lr_turn::{Applicability, Severity};
use serde::Deserialize;

use super::few::{Few, MOST};
use super::{Complaint, Edit, Place, Point};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct File {
    file_path: String,
    messages: Few<Problem>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Problem {
    rule_id: Option<String>,
    severity: u8,
    message: String,
    line: Option<u64>,
    column: Option<u64>,
    end_line: Option<u64>,
    end_column: Option<u64>,
    fix: Option<Fix>,
}

#[derive(Deserialize)]
struct Fix {
    /// Where the byte order mark is to go or come, this begins before the text: below 0.
    range: [i64; 2],
    text: String,
}

/// Reads the complaints. What `--fix` would do is safe; mere suggestions are left out.
pub(super) fn read(output: impl Read) -> Result<Vec<Complaint>, String> {
    let files: Few<File> = super::json(output)?;
    let complaints = files.into_iter().flat_map(|file| {
        let path = file.file_path;
        let messages = file.messages.into_iter();
        messages.map(move |problem| complaint(path.clone(), problem))
    });
    Ok(complaints.take(MOST + 1).collect())
}

fn complaint(path: String, problem: Problem) -> Complaint {
    let place = |line: u64, column: Option<u64>| Place {
        line: line.max(1),
        column: column.map(|column| column.max(1)),
    };
    let start = problem.line.map(|line| place(line, problem.column));
    Complaint {
        path,
        start,
        end: problem.end_line.map(|line| place(line, problem.end_column)),
        code: problem.rule_id.unwrap_or_default(),
        message: problem.message,
        severity: Some(match problem.severity {
            2 => Severity::Error,
            _ => Severity::Warning,
        }),
        edits: problem.fix.and_then(edit).into_iter().collect(),
        applicability: Some(Applicability::Safe),
        ..Complaint::default()
    }
}

fn edit(fix: Fix) -> Option<Edit> {
    let [start, end] = fix.range;
    Some(Edit {
        start: Point::Utf16(start.try_into().ok()?),
        end: Point::Utf16(end.try_into().ok()?),
        text: fix.text,
        replaces: None,
    })
}
