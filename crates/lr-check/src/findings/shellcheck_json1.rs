//! What shellcheck prints as `json1`: lines and columns from 1 in characters, a tab as one.

use std::io::Read;

use serde::Deserialize;

use super::few::Few;
use super::{Complaint, Edit, Place, lines};

#[derive(Deserialize)]
struct Report {
    comments: Few<Comment>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Comment {
    file: String,
    line: u64,
    end_line: u64,
    column: u64,
    end_column: u64,
    level: String,
    code: u64,
    message: String,
    fix: Option<Fix>,
}

#[derive(Deserialize)]
struct Fix {
    replacements: Vec<Change>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Change {
    line: u64,
    end_line: u64,
    column: u64,
    end_column: u64,
    replacement: String,
}

/// Reads the complaints. Whether a fix is safe is for the catalogue to say.
pub(super) fn read(output: impl Read) -> Result<Vec<Complaint>, String> {
    let report: Report = super::json(output)?;
    Ok(report.comments.into_iter().map(complaint).collect())
}

fn complaint(comment: Comment) -> Complaint {
    let fix = comment.fix.map_or_else(Vec::new, |fix| fix.replacements);
    Complaint {
        path: comment.file,
        start: Some(place(comment.line, comment.column)),
        end: Some(place(comment.end_line, comment.end_column)),
        code: format!("SC{}", comment.code),
        url: Some(format!(
            "https://www.shellcheck.net/wiki/SC{}",
            comment.code
        )),
        message: comment.message,
        severity: Some(lines::severity(&comment.level)),
        edits: fix
            .into_iter()
            .map(|edit| {
                Edit::between(
                    place(edit.line, edit.column),
                    place(edit.end_line, edit.end_column),
                    edit.replacement,
                )
            })
            .collect(),
        ..Complaint::default()
    }
}

fn place(line: u64, column: u64) -> Place {
    Place {
        line: line.max(1),
        column: Some(column.max(1)),
    }
}
