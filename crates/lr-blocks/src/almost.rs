//! What looks like a change of a file in no format that is read, so that it is not passed over in silence.

use crate::fence::{Marker, leading_run};
use crate::path::undecorated;
use crate::problem::quoted;
use crate::{Fence, Problem, ProblemKind, Terms, label, markdown, reply};

/// Whether a line is the marker of a block but for having too few marks.
pub(crate) fn is_short_marker(line: &str, marks: Fence) -> bool {
    const FEWEST: usize = 3;
    let line = line.trim_end();
    let head = leading_run(line, b'<');
    let name = line[head..].trim_end_matches('<');
    let tail = line.len() - head - name.len();
    let is_short = head < marks.open || tail < marks.open;
    is_short && head >= FEWEST && tail >= FEWEST && !name.trim().is_empty() && !name.contains('<')
}

/// The problem of such a line, counted from 0.
pub(crate) fn short_marker(at: usize, line: &str, marks: Fence) -> Problem {
    let reason = format!(
        "line {} of the reply ({}) looks like the beginning of a block, but has too few marks: begin each block with \
         the line '{}' and end it with the line '{}'",
        at + 1,
        quoted(line),
        marks.opening_line("path"),
        marks.closing_line()
    );
    Problem::new(ProblemKind::Malformed, reason)
}

/// The problem of a reply without any change in it that has one in no format that is read.
pub(crate) fn change(notes: &str, marks: Fence, terms: &Terms) -> Option<Problem> {
    as_json(notes)
        .or_else(|| shifted(notes, marks, terms))
        .or_else(|| in_tags(notes, marks, terms).filter(|_| !reply::declares_done(notes)))
}

/// The problem where a block of a known file is indented or quoted as a whole.
fn shifted(notes: &str, marks: Fence, terms: &Terms) -> Option<Problem> {
    let is_shifted = |line: &&str| {
        let inner = line.trim_start_matches([' ', '\t', '>']);
        let Some(Marker::Open(header)) = marks.marker(inner) else {
            return false;
        };
        inner.len() < line.len() && (terms.is_known)(&undecorated(header))
    };
    let reason = |line: &str| {
        format!(
            "{} begins a block, but something stands in front of its marks: write the lines of blocks from the \
             first column on, neither indented nor quoted",
            quoted(line)
        )
    };
    let line = notes.lines().find(is_shifted)?;
    Some(Problem::new(ProblemKind::Malformed, reason(line)))
}

/// Tags that aider has models write in place of code fences.
const FENCE_TAGS: [&str; 5] = ["<source>", "<code>", "<pre>", "<codename>", "<sourcecode>"];

/// The problem where the text of a file stands between tags, which name it or stand below its path.
fn in_tags(notes: &str, marks: Fence, terms: &Terms) -> Option<Problem> {
    let lines: Vec<&str> = notes.lines().map(str::trim).collect();
    let begin = |at: usize| {
        let path = label::in_tags(lines[at], terms).or_else(|| {
            let next = lines.get(at + 1)?;
            let is_fence = FENCE_TAGS.contains(next);
            is_fence.then(|| label::label(lines[at], terms))?
        });
        Some((at, path?))
    };
    let (at, path) = (0..lines.len()).find_map(begin)?;
    let reason = || {
        format!(
            "the new text of {} stands between tags: begin it with the line '{}' and end it with the line '{}'",
            quoted(&path),
            marks.opening_line(&path),
            marks.closing_line()
        )
    };
    let is_closed = lines[at..].iter().any(|line| line.starts_with("</"));
    is_closed.then(|| Problem::new(ProblemKind::Malformed, reason()))
}

/// The problem where the reply is JSON with the change in it.
fn as_json(notes: &str) -> Option<Problem> {
    let reason = "the reply is written as JSON: write the new text of each file as it is, in the format that was asked for";
    (is_json(notes) || json_fences(notes).any(is_json) || is_one_escaped_line(notes))
        .then(|| Problem::new(ProblemKind::Escaped, reason))
}

fn is_json(text: &str) -> bool {
    const TEXTS: [&str; 8] = [
        "\"code\"",
        "\"content\"",
        "\"contents\"",
        "\"diff\"",
        "\"new_content\"",
        "\"patch\"",
        "\"replace\"",
        "\"text\"",
    ];
    let text = markdown::inside_fence(text).unwrap_or(text).trim();
    let has =
        |begin: char, end: char| text.len() > 1 && text.starts_with(begin) && text.ends_with(end);
    let has_text = || TEXTS.iter().any(|key| text.contains(key));
    let is_object = (has('{', '}') || has('[', ']')) && (has_text() || text.contains("\\n"));
    (is_object && text.contains('"')) || (has('"', '"') && text.contains("\\n"))
}

/// What stands in the code fences of JSON in a text.
fn json_fences(text: &str) -> impl Iterator<Item = &str> {
    let parts = text.split("\n```json").skip(1);
    parts.filter_map(|part| part.split("\n```").next())
}

/// Whether a text is a single line with the line ends of another format written as `\n`.
fn is_one_escaped_line(text: &str) -> bool {
    const BEGINS: [&str; 6] = [
        "\\n<<<<",
        "\\n>>>>",
        "\\n```",
        "\\n=======\\n",
        "\\n@@ ",
        "\\n*** Begin Patch",
    ];
    !text.contains('\n') && BEGINS.iter().any(|begin| text.contains(begin))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_json(notes: &str, expected: bool) {
        assert_eq!(as_json(notes).is_some(), expected, "{notes:?}");
    }

    #[test]
    fn markers_with_too_few_marks_are_seen() {
        let is = |line| is_short_marker(line, Fence::default());
        assert!(is("<<< a.py <<<"));
        assert!(is("<<<<< a.py <<<"));
        assert!(!is("<<<< a.py <<<<"));
        assert!(!is("<< a.py <<"));
        assert!(!is("x <<< a.py <<<"));
        assert!(!is("<<<<<<"));
        let long = Fence { open: 6, close: 10 };
        assert!(is_short_marker("<<<< a.py <<<<", long));
    }

    #[test]
    fn changes_in_json_are_seen() {
        check_json("{\"path\": \"a.py\", \"content\": \"x = 1\\n\"}", true);
        check_json("[\n{\"file\": \"a.py\", \"code\": \"x\"}\n]", true);
        check_json("```json\n{\"a.py\": \"x = 1\\ny = 2\\n\"}\n```", true);
        check_json(
            "Here:\n```json\n{\"path\": \"a.py\", \"content\": \"x\"}\n```\nDone.",
            true,
        );
        check_json("\"<<<< a.py <<<<\\nx\\n>>>>>>>>\"", true);
        check_json("Here:\\n<<<< a.py <<<<\\nx\\n>>>>>>>>", true);
    }

    #[test]
    fn other_words_are_not() {
        check_json("", false);
        check_json("No change.", false);
        check_json("{\"status\": \"ok\"}", false);
        check_json("Use '\\n' here.", false);
        check_json("[see \"a.py\"]", false);
    }
}
