//! What ruff prints as `json`: lines and columns from 1 in characters, fixes with their edits.

use std::io::Read;

use lr_turn::Applicability;
use serde::Deserialize;

use super::few::Few;
use super::{Complaint, Edit, Place};

#[derive(Deserialize)]
struct Violation {
    code: Option<String>,
    filename: String,
    location: Position,
    end_location: Option<Position>,
    message: String,
    url: Option<String>,
    fix: Option<Fix>,
}

#[derive(Clone, Copy, Deserialize)]
struct Position {
    row: u64,
    column: u64,
}

#[derive(Deserialize)]
struct Fix {
    applicability: String,
    edits: Vec<Replacement>,
}

#[derive(Deserialize)]
struct Replacement {
    content: Option<String>,
    location: Position,
    end_location: Position,
}

/// Reads the complaints; a syntax error, which older versions give no code, becomes
/// `invalid-syntax`.
pub(super) fn read(output: impl Read) -> Result<Vec<Complaint>, String> {
    let violations: Few<Violation> = super::json(output)?;
    Ok(violations.into_iter().map(complaint).collect())
}

fn complaint(violation: Violation) -> Complaint {
    let (edits, applicability) = match violation.fix {
        Some(fix) => (
            fix.edits.into_iter().map(edit).collect(),
            Some(applicability(&fix.applicability)),
        ),
        None => (Vec::new(), None),
    };
    Complaint {
        path: violation.filename,
        start: Some(place(violation.location)),
        end: violation.end_location.map(place),
        code: violation
            .code
            .unwrap_or_else(|| "invalid-syntax".to_owned()),
        url: violation.url,
        message: violation.message,
        severity: None,
        edits,
        applicability,
    }
}

fn place(position: Position) -> Place {
    Place {
        line: position.row,
        column: Some(position.column),
    }
}

fn edit(replacement: Replacement) -> Edit {
    Edit::between(
        place(replacement.location),
        place(replacement.end_location),
        replacement.content.unwrap_or_default(),
    )
}

fn applicability(word: &str) -> Applicability {
    match word {
        "safe" => Applicability::Safe,
        "unsafe" => Applicability::Unsafe,
        _ => Applicability::Display,
    }
}
