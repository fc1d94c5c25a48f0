//! Findings by regular expressions, in the spirit of errorformat: one per line, or spanning lines.
//! What does not match is other talk.

use std::io::{BufRead, Read};

use lr_turn::Severity;
use regex::{Captures, Regex, RegexBuilder};

use super::few::MOST;
use super::{Complaint, Place};
use crate::said::without_escapes;

/// How long a line may be, in bytes; a longer one is taken for several.
const LONGEST_LINE: u64 = 1024 * 1024;

/// Reads the complaints of the lines that one of the patterns matches; the first pattern that
/// matches a line counts.
pub(super) fn read(
    patterns: &[String],
    mut output: impl BufRead,
) -> Result<Vec<Complaint>, String> {
    let patterns = compile(patterns)?;
    let mut complaints = Vec::new();
    let mut line = Vec::new();
    while complaints.len() <= MOST {
        line.clear();
        let mut rest = output.by_ref().take(LONGEST_LINE);
        let length = rest.read_until(b'\n', &mut line);
        if length.map_err(|error| error.to_string())? == 0 {
            break;
        }
        let text = String::from_utf8_lossy(&line);
        let text = without_escapes(text.trim_end_matches(['\r', '\n']));
        // Words of progress are written over with what comes next.
        for text in text.split('\r') {
            let found = patterns.iter().find_map(|pattern| pattern.captures(text));
            complaints.extend(found.map(|found| complaint(&found)));
        }
    }
    Ok(complaints)
}

/// Reads the complaints of the pieces of a text that the patterns match, in their order in the
/// text; a piece may span lines.
pub(super) fn read_spanning(patterns: &[String], text: &str) -> Result<Vec<Complaint>, String> {
    let patterns = compile(patterns)?;
    let text = without_escapes(text);
    let mut found: Vec<_> = patterns
        .iter()
        .flat_map(|pattern| pattern.captures_iter(&text).take(MOST + 1))
        .collect();
    found.sort_by_key(|found| found.get(0).map(|whole| whole.start()));
    Ok(found.iter().map(complaint).collect())
}

/// Returns what the first of the patterns that matches finds in a text; nothing for patterns that
/// cannot be used, which a test keeps out of the built-in entries.
pub(crate) fn first_match(patterns: &[String], text: &str) -> Option<String> {
    if patterns.is_empty() {
        return None;
    }
    let patterns = compile(patterns).unwrap_or_default();
    let text = without_escapes(text);
    let mut found = patterns.iter().filter_map(|pattern| pattern.find(&text));
    found.next().map(|found| found.as_str().to_owned())
}

/// Says what is wrong with the first of the patterns that cannot be used.
pub(crate) fn unusable(patterns: &[String]) -> Option<String> {
    patterns.iter().find_map(|pattern| {
        let problem = compile(std::slice::from_ref(pattern)).err()?;
        let reason = problem.lines().last()?.trim_start_matches("error: ");
        Some(format!("'{pattern}' is no regular expression: {reason}"))
    })
}

fn compile(patterns: &[String]) -> Result<Vec<Regex>, String> {
    patterns
        .iter()
        .map(|pattern| {
            let regex = RegexBuilder::new(pattern).multi_line(true).build();
            regex.map_err(|error| error.to_string())
        })
        .collect()
}

fn complaint(found: &Captures<'_>) -> Complaint {
    let group = |name| found.name(name).map(|group| group.as_str());
    let number = |name| group(name).and_then(|digits| digits.parse::<u64>().ok());
    let owned = |name| group(name).unwrap_or_default().to_owned();
    let place = |line, column| {
        number(line).map(|line| Place {
            line: line.max(1),
            column: number(column).map(|column| column.max(1)),
        })
    };
    Complaint {
        path: owned("path"),
        start: place("line", "column"),
        end: place("end_line", "end_column"),
        code: owned("code"),
        message: owned("message"),
        severity: group("severity").map(severity),
        ..Complaint::default()
    }
}

/// Returns how bad a word or its first letter says something is.
pub(super) fn severity(word: &str) -> Severity {
    match word.to_ascii_lowercase().as_str() {
        "error" | "fatal" | "e" | "f" => Severity::Error,
        "info" | "information" | "note" | "style" | "hint" | "c" | "r" | "i" => Severity::Info,
        _ => Severity::Warning,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::Catalogue;

    #[test]
    fn colours_and_progress_are_no_part_of_findings() {
        let patterns = [r"^(?P<path>[^:]+):(?P<line>\d+): (?P<message>.*)$".to_owned()];
        let output = "looking\r\x1b[31ma.py\x1b[0m:1: b\x1b[K\r\n";
        let check = |complaints: Vec<Complaint>, message: &str| {
            assert_eq!(complaints.len(), 1, "{complaints:?}");
            assert_eq!(
                (&*complaints[0].path, &*complaints[0].message),
                ("a.py", message)
            );
        };
        check(read(&patterns, output.as_bytes()).unwrap(), "b");
        let spanning = "\x1b[31ma.py\x1b[0m:1: b\n";
        check(read_spanning(&patterns, spanning).unwrap(), "b");
        let found = first_match(&["^ab$".to_owned()], "a\x1b[1mb\n");
        assert_eq!(found.as_deref(), Some("ab"));
    }

    #[test]
    fn lines_that_do_not_match_are_no_findings() {
        let pattern =
            r"^(?P<path>.+?):(?P<line>\d+): (?P<severity>\w+): (?P<message>.*)$".to_owned();
        let text = "checking…\na.txt:3: error: no\n2 files\nb c.txt:0: note: hm\n";
        let read = read(&[pattern], text.as_bytes()).unwrap();
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

    #[test]
    fn pieces_of_several_patterns_keep_their_order() {
        let patterns = [
            r"(?s)^BAD (?P<path>\S+)\n(?P<message>.*?)^END$",
            r"^OUCH (?P<path>\S+)",
        ];
        let text = "OUCH a\nBAD b\none\ntwo\nEND\nOUCH c\n";
        let read = read_spanning(&patterns.map(str::to_owned), text).unwrap();
        let read: Vec<_> = read.iter().map(|one| (&*one.path, &*one.message)).collect();
        assert_eq!(read, [("a", ""), ("b", "one\ntwo\n"), ("c", "")]);
    }

    #[test]
    fn mypy_may_tell_where_errors_end() {
        let catalogue = Catalogue::built_in().unwrap();
        let patterns = &catalogue.find("mypy").unwrap().patterns;
        for place in ["a.py:1:10:1:12", "a.py:1:10"] {
            let text = format!("{place}: error: No  [assignment]\n");
            let read = read(patterns, text.as_bytes()).unwrap();
            let start = Place {
                line: 1,
                column: Some(10),
            };
            assert_eq!((&*read[0].path, read[0].start), ("a.py", Some(start)));
        }
    }
}
