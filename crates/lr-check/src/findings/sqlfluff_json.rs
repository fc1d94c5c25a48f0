//! What sqlfluff prints as JSON: lines and columns from 1 in characters.

use std::io::Read;

use serde::Deserialize;

use super::few::{Few, MOST};
use super::{Complaint, Edit, Place};

#[derive(Deserialize)]
struct File {
    filepath: String,
    violations: Few<Violation>,
}

#[derive(Deserialize)]
struct Violation {
    start_line_no: u64,
    start_line_pos: u64,
    end_line_no: Option<u64>,
    end_line_pos: Option<u64>,
    code: String,
    description: String,
    #[serde(default)]
    fixes: Vec<Fix>,
}

#[derive(Deserialize)]
struct Fix {
    /// `delete`, `replace`, `create_before` or `create_after`.
    r#type: String,
    edit: String,
    start_line_no: u64,
    start_line_pos: u64,
    end_line_no: u64,
    end_line_pos: u64,
}

/// Reads the complaints. Whether a fix is safe is for the catalogue to say.
pub(super) fn read(output: impl Read) -> Result<Vec<Complaint>, String> {
    let files: Few<File> = super::json(output)?;
    let complaints = files.into_iter().flat_map(|file| {
        let path = file.filepath;
        let violations = file.violations.into_iter();
        violations.map(move |violation| complaint(path.clone(), violation))
    });
    Ok(complaints.take(MOST + 1).collect())
}

fn complaint(path: String, violation: Violation) -> Complaint {
    Complaint {
        path,
        start: Some(place(violation.start_line_no, violation.start_line_pos)),
        end: violation
            .end_line_no
            .zip(violation.end_line_pos)
            .map(|(line, column)| place(line, column)),
        url: Some("https://docs.sqlfluff.com/en/stable/reference/rules.html".to_owned()),
        code: violation.code,
        message: violation.description,
        edits: violation.fixes.into_iter().map(edit).collect(),
        ..Complaint::default()
    }
}

fn edit(fix: Fix) -> Edit {
    let start = place(fix.start_line_no, fix.start_line_pos);
    let end = place(fix.end_line_no, fix.end_line_pos);
    match fix.r#type.as_str() {
        "create_before" => Edit::between(start, start, fix.edit),
        "create_after" => Edit::between(end, end, fix.edit),
        _ => Edit::between(start, end, fix.edit),
    }
}

fn place(line: u64, column: u64) -> Place {
    Place {
        line: line.max(1),
        column: Some(column.max(1)),
    }
}
