//! One finding per line, by a regular expression; lines that do not match are other talk.

use lr_turn::Severity;
use regex::{Captures, Regex, RegexBuilder};

use super::{Complaint, Place};

/// Reads the complaints that lines of the text match.
pub(super) fn read(pattern: &str, text: &str) -> Result<Vec<Complaint>, String> {
    let pattern = Regex::new(pattern).map_err(|error| error.to_string())?;
    Ok(text
        .lines()
        .filter_map(|line| pattern.captures(line))
        .map(|found| complaint(&found))
        .collect())
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
        let read = read(pattern, text).unwrap();
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
