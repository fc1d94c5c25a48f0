//! The Reviewdog Diagnostic Format: one document with all diagnostics, or one diagnostic per line.

use std::io::Read;

use lr_turn::Severity;
use serde::Deserialize;
use serde_json::Value;

use super::few::{Few, MOST};
use super::{Complaint, Edit, Place, lines};

/// All diagnostics, or the fields of one.
#[derive(Deserialize)]
struct Document {
    diagnostics: Option<Few<Diagnostic>>,
    message: Option<String>,
    location: Option<Location>,
    /// That of all diagnostics which say none.
    severity: Option<Value>,
    code: Option<Code>,
    #[serde(default)]
    suggestions: Vec<Suggestion>,
}

#[derive(Deserialize)]
struct Diagnostic {
    message: String,
    location: Option<Location>,
    severity: Option<Value>,
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
    /// Absent where nothing is put in.
    #[serde(default)]
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
        severity: diagnostic.severity.as_ref().map(severity),
        edits: diagnostic.suggestions.into_iter().map(edit).collect(),
        ..Complaint::default()
    }
}

/// Returns how bad a word says something is, or its number, which is the same.
fn severity(value: &Value) -> Severity {
    match (value.as_str(), value.as_u64()) {
        (Some(word), _) => lines::severity(word),
        (None, Some(1)) => Severity::Error,
        (None, Some(3)) => Severity::Info,
        _ => Severity::Warning,
    }
}

/// Without columns an edit is about whole lines, and its text is the lines without their last end.
fn edit(suggestion: Suggestion) -> Edit {
    let Suggestion { range, mut text } = suggestion;
    let start = place(range.start);
    let end = range.end.map_or(start, place);
    if start.column.is_some() || end.column.is_some() {
        return Edit::between(start, end, text);
    }
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    let begin_of = |line| Place {
        line,
        column: Some(1),
    };
    Edit::between(begin_of(start.line), begin_of(end.line + 1), text)
}

fn place(position: Position) -> Place {
    Place {
        line: position.line.max(1),
        column: position.column.filter(|column| *column > 0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edit_of(suggestion: &str) -> Edit {
        edit(serde_json::from_str(suggestion).unwrap())
    }

    fn place(line: u64, column: u64) -> Place {
        Place {
            line,
            column: Some(column),
        }
    }

    #[test]
    fn an_edit_without_columns_is_about_whole_lines() {
        let lines = r#"{"range":{"start":{"line":2},"end":{"line":3}},"text":"x"}"#;
        let expected = Edit::between(place(2, 1), place(4, 1), "x\n".to_owned());
        assert_eq!(edit_of(lines), expected);
        let expected = Edit::between(place(2, 1), place(3, 1), String::new());
        assert_eq!(edit_of(r#"{"range":{"start":{"line":2}}}"#), expected);
    }

    #[test]
    fn an_edit_without_an_end_puts_something_in() {
        let insertion = r#"{"range":{"start":{"line":2,"column":4}},"text":"x"}"#;
        let expected = Edit::between(place(2, 4), place(2, 4), "x".to_owned());
        assert_eq!(edit_of(insertion), expected);
    }

    #[test]
    fn severities_are_words_or_numbers() {
        let numbered = br#"{"message":"a","severity":1}{"message":"b","severity":"INFO"}"#;
        let read = read(numbered.as_slice()).unwrap();
        let read: Vec<_> = read.iter().map(|one| one.severity).collect();
        assert_eq!(read, [Some(Severity::Error), Some(Severity::Info)]);
    }
}
