//! The Reviewdog Diagnostic Format: one document with all diagnostics, or one diagnostic per line.

use std::io::Read;

use serde::Deserialize;

use super::few::{Few, MOST};
use super::{Complaint, Edit, Place, lines};

/// All diagnostics, or the fields of one.
#[derive(Deserialize)]
struct Document {
    diagnostics: Option<Few<Diagnostic>>,
    message: Option<String>,
    location: Option<Location>,
    /// That of all diagnostics which say none.
    severity: Option<String>,
    code: Option<Code>,
    #[serde(default)]
    suggestions: Vec<Suggestion>,
}

#[derive(Deserialize)]
struct Diagnostic {
    message: String,
    location: Option<Location>,
    severity: Option<String>,
    code: Option<Code>,
    #[serde(default)]
    suggestions: Vec<Suggestion>,
}

#[derive(Deserialize)]
struct Location {
    path: Option<String>,
    range: Option<Range>,
}

#[derive(Deserialize)]
struct Range {
    start: Position,
    end: Option<Position>,
}

#[derive(Clone, Copy, Deserialize)]
struct Position {
    line: u64,
    column: Option<u64>,
}

#[derive(Deserialize)]
struct Code {
    #[serde(default)]
    value: String,
    url: Option<String>,
}

#[derive(Deserialize)]
struct Suggestion {
    range: Range,
    text: String,
}

/// Reads the complaints. Whether a fix is safe is for the catalogue to say.
pub(super) fn read(output: impl Read) -> Result<Vec<Complaint>, String> {
    let mut complaints = Vec::new();
    for document in serde_json::Deserializer::from_reader(output).into_iter() {
        let document: Document = document.map_err(|error| error.to_string())?;
        match (document.diagnostics, document.message) {
            (Some(diagnostics), _) => {
                complaints.extend(diagnostics.into_iter().map(|mut diagnostic| {
                    diagnostic.severity = diagnostic.severity.or(document.severity.clone());
                    complaint(diagnostic)
                }));
            }
            (None, Some(message)) => complaints.push(complaint(Diagnostic {
                message,
                location: document.location,
                severity: document.severity,
                code: document.code,
                suggestions: document.suggestions,
            })),
            (None, None) => return Err("it has neither 'diagnostics' nor a 'message'".to_owned()),
        }
        if complaints.len() > MOST {
            break;
        }
    }
    Ok(complaints)
}

fn complaint(diagnostic: Diagnostic) -> Complaint {
    let location = diagnostic.location;
    let (path, range) = location.map_or((None, None), |location| (location.path, location.range));
    let (code, url) = diagnostic
        .code
        .map_or((None, None), |code| (Some(code.value), code.url));
    Complaint {
        path: path.unwrap_or_default(),
        start: range.as_ref().map(|range| place(range.start)),
        end: range.and_then(|range| range.end).map(place),
        code: code.unwrap_or_default(),
        url,
        message: diagnostic.message,
        severity: diagnostic.severity.as_deref().map(lines::severity),
        edits: diagnostic.suggestions.into_iter().map(edit).collect(),
        ..Complaint::default()
    }
}

fn edit(suggestion: Suggestion) -> Edit {
    let start = place(suggestion.range.start);
    let end = suggestion.range.end.map_or(start, place);
    Edit::between(start, end, suggestion.text)
}

fn place(position: Position) -> Place {
    Place {
        line: position.line.max(1),
        column: position.column.filter(|column| *column > 0),
    }
}
