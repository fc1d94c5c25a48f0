//! One finding per line, by a regular expression; lines that do not match are other talk.

use std::io::{BufRead, Read};

use lr_turn::Severity;
use regex::{Captures, Regex, RegexBuilder};

use super::{Complaint, Place};

/// How long a line may be, in bytes; a longer one is taken for several.
const LONGEST_LINE: u64 = 1024 * 1024;

/// Reads the complaints that lines of the output match, at most so many.
pub(super) fn read(
    pattern: &str,
    mut output: impl BufRead,
    most: usize,
) -> Result<Vec<Complaint>, String> {
    let pattern = Regex::new(pattern).map_err(|error| error.to_string())?;
    let mut complaints = Vec::new();
    let mut line = Vec::new();
    while complaints.len() < most {
        line.clear();
        let mut rest = output.by_ref().take(LONGEST_LINE);
        let length = rest.read_until(b'\n', &mut line);
        if length.map_err(|error| error.to_string())? == 0 {
            break;
        }
        let text = String::from_utf8_lossy(&line);
        let found = pattern.captures(text.trim_end_matches(['\r', '\n']));
        complaints.extend(found.map(|found| complaint(&found)));
    }
    Ok(complaints)
}

/// Reads the complaints that the text matches; one may span lines.
pub(super) fn read_spanning(pattern: &str, text: &str) -> Result<Vec<Complaint>, String> {
    let pattern = RegexBuilder::new(pattern)
        .multi_line(true)
        .build()
        .map_err(|error| error.to_string())?;
    Ok(pattern
        .captures_iter(text)
        .map(|found| complaint(&found))
        .collect())
}

fn complaint(found: &Captures<'_>) -> Complaint {
    let group = |name| found.name(name).map(|group| group.as_str());
    let number = |name| group(name).and_then(|digits| digits.parse::<u64>().ok());
    let owned = |name| group(name).unwrap_or_default().to_owned();
    Complaint {
        path: owned("path"),
        start: number("line").map(|line| Place {
            line: line.max(1),
            column: number("column").map(|column| column.max(1)),
        }),
        code: owned("code"),
        message: owned("message"),
        severity: group("severity").map(severity),
        ..Complaint::default()
    }
}

fn severity(word: &str) -> Severity {
    match word.to_ascii_lowercase().as_str() {
        "error" | "fatal" => Severity::Error,
        "info" | "note" | "style" | "hint" => Severity::Info,
        _ => Severity::Warning,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_that_do_not_match_are_no_findings() {
        let pattern = r"^(?P<path>.+?):(?P<line>\d+): (?P<severity>\w+): (?P<message>.*)$";
        let text = "checking…\na.txt:3: error: no\n2 files\nb c.txt:0: note: hm\n";
        let read = read(pattern, text.as_bytes(), 9).unwrap();
        let expected = [
            ("a.txt", 3, "no", Severity::Error),
            ("b c.txt", 1, "hm", Severity::Info),
        ]
        .map(|(path, line, message, severity)| Complaint {
            path: path.to_owned(),
            start: Some(Place { line, column: None }),
            message: message.to_owned(),
            severity: Some(severity),
            ..Complaint::default()
        });
        assert_eq!(read, expected);
    }
}
