//! The format `edits`: lines to search in a file, and lines to put in their place.
//!
//! ```text
//! src/a.py
//! <<<<<<< SEARCH
//! lines of the file
//! =======
//! lines to put in their place
//! >>>>>>> REPLACE
//! ```
//!
//! The names and marks that aider and Cline use are read too, and a code fence may stand around. The SEARCH lines must
//! stand in the file exactly so and exactly once. A divider that also stands in one of the two texts is understood if
//! only one reading fits the file.

use lr_turn::ReplyFormat;

use crate::edit::{Edit, USUAL, divider};
use crate::fence::leading_run;
use crate::markdown::CodeFence;
use crate::problem::quoted;
use crate::read::{Item, Part, Reader};
use crate::{Content, EXAMPLE_PATH, Problem, ProblemKind, label};

/// How a line that begins an edit is written, and how the one that ends it.
const NAMES: [(u8, &str, u8, &str); 4] = [
    (b'<', "SEARCH", b'>', "REPLACE"),
    (b'-', "SEARCH", b'+', "REPLACE"),
    (b'<', "ORIGINAL", b'>', "UPDATED"),
    (b'<', "HEAD", b'>', "updated"),
];

/// A line that begins an edit.
#[derive(Clone, Copy)]
struct Opening {
    length: usize,
    end_mark: u8,
    end_name: &'static str,
}

/// The line that begins an edit, if this is one.
fn opening(line: &str) -> Option<Opening> {
    NAMES.iter().find_map(|(mark, name, end_mark, end_name)| {
        let length = marked(line, *mark, name)?;
        Some(Opening {
            length,
            end_mark: *end_mark,
            end_name,
        })
    })
}

/// How many marks stand before a name, if a line is nothing else.
fn marked(line: &str, mark: u8, name: &str) -> Option<usize> {
    let length = leading_run(line, mark);
    let rest = line[length..].trim_end().strip_prefix(' ')?;
    let is_name = rest == name || rest.strip_suffix('>') == Some(name);
    (length >= *USUAL.start() && is_name).then_some(length)
}

impl Opening {
    fn ends(self, line: &str) -> bool {
        let names = [self.end_name, "REPLACE"];
        names.iter().any(|name| {
            let length = marked(line, self.end_mark, name).or_else(|| marked(line, b'>', name));
            length.is_some_and(|length| self.is_as_long(length))
        })
    }

    /// Whether so many marks belong to this opening: as many, or as few as usual where a model miscounts.
    fn is_as_long(self, length: usize) -> bool {
        length == self.length || (USUAL.contains(&length) && USUAL.contains(&self.length))
    }

    /// The lines that could be the divider.
    fn dividers(self, body: &[String]) -> Vec<usize> {
        let is_one = |line: &String| {
            let length = divider(line);
            length > 0 && self.is_as_long(length)
        };
        let found = body.iter().enumerate();
        found
            .filter(|(_, line)| is_one(line))
            .map(|(at, _)| at)
            .collect()
    }

    /// Whether a line begins another edit inside the one that begins so.
    fn is_nested(self, line: &str) -> bool {
        opening(line).is_some_and(|other| {
            // A conflict that git left stands in a text like any other; only its end tells it from the oldest edits.
            let is_clear = self.is_conflict_like() || !other.is_conflict_like();
            is_clear && self.is_as_long(other.length)
        })
    }

    fn is_conflict_like(self) -> bool {
        self.end_name == "updated"
    }
}

/// Whether a line begins an edit.
pub(crate) fn is_begin(line: &str) -> bool {
    opening(line).is_some()
}

/// Whether one of the first lines begins an edit: a path or a language may stand before it.
pub(crate) fn begin_near(lines: &[&str]) -> bool {
    let first = lines.iter().take(4);
    let mut inside = first.take_while(|line| CodeFence::of(line).is_none());
    inside.any(|line| is_begin(line))
}

/// Whether a line is a marker of an edit, or almost one, where none can stand.
pub(crate) fn is_stray(line: &str) -> bool {
    is_stray_end(line) || is_almost_begin(line)
}

fn is_stray_end(line: &str) -> bool {
    NAMES.iter().any(|(_, _, mark, name)| {
        let is_end = |mark| marked(line.trim_start(), mark, name).is_some();
        is_end(*mark) || is_end(b'>')
    })
}

/// Whether a line would begin an edit but for blanks before it, letter case, words behind it, or escapes of HTML.
fn is_almost_begin(line: &str) -> bool {
    let line = line.trim_start();
    let marks = [("<", NAMES[0].1), ("&lt;", NAMES[0].1), ("-", NAMES[1].1)];
    marks.iter().any(|(mark, name)| {
        let rest = line.trim_start_matches(mark);
        let word = rest.trim_start().get(..name.len());
        line.len() - rest.len() >= USUAL.start() * mark.len()
            && word.is_some_and(|word| word.eq_ignore_ascii_case(name))
    })
}

/// The problem of such a line.
pub(crate) fn stray(at: usize, line: &str) -> Problem {
    let (kind, what) = if is_stray_end(line) {
        (ProblemKind::Ambiguous, "ends an edit that has not begun")
    } else {
        (ProblemKind::Malformed, "almost begins an edit")
    };
    let reason = format!(
        "line {} of the reply ({}) {what}: begin each with the path of the file in a line of its own and then the \
         line '<<<<<<< SEARCH', without blanks before it",
        at + 1,
        quoted(line.trim())
    );
    Problem::new(kind, reason)
}

/// Takes the edit that begins with this line.
pub(crate) fn take(reader: &mut Reader, line: &str) -> Option<Item> {
    let opening = opening(line)?;
    let begin = reader.at + 1;
    let text = &reader.lines[begin..];
    let end = text
        .iter()
        .position(|line| opening.ends(line) || opening.is_nested(line));
    let Some(end) = end.filter(|end| opening.ends(text[*end])) else {
        return (!opening.is_conflict_like()).then(|| unfinished(reader, end));
    };
    reader.counted.edits += 1;
    let number = reader.counted.edits;
    let body: Vec<String> = text[..end].iter().map(|line| (*line).to_owned()).collect();
    let edit = Edit {
        number,
        line: begin,
        length: opening.length,
        dividers: opening.dividers(&body),
        body,
    };
    let mut item = Item::new(ReplyFormat::Edits, reader.at..begin + end + 1);
    let path = match path_above(reader) {
        Ok(path) => path,
        Err(why) => {
            item.problem = Some(edit.problem(ProblemKind::Malformed, &why));
            return Some(item);
        }
    };
    if edit.dividers.is_empty() {
        let why = " has no line '=======' between the old lines and the new";
        let problem = edit.problem(ProblemKind::Malformed, why);
        item.problem = Some(problem.of_block(number, &path));
    }
    let is_last = reader.is_in_fence()
        && reader.lines[item.lines.end..]
            .iter()
            .all(|line| line.trim().is_empty());
    if is_last {
        let why = " stands in a code fence that is never closed, so the reply may be cut off: close the fence";
        let problem = edit.problem(ProblemKind::Cut, why);
        item.unless_closed = Some(problem.of_block(number, &path));
    }
    reader.labels.used(&path);
    if path != EXAMPLE_PATH {
        item.parts.push(Part {
            number,
            path,
            content: Content::Edits(vec![edit]),
        });
    }
    Some(item)
}

/// The path of the edit that begins here: that of the label above it, else of the edit before.
///
/// A path in the sentence above is heeded if it is the only one and names a known file: without a label it says which
/// file is meant, and where it contradicts the edit before, nothing does.
fn path_above(reader: &mut Reader) -> Result<String, String> {
    let label = reader.labels.direct.take();
    let floor = reader.items.last().map_or(0, |item| item.lines.end);
    let above = reader.lines[floor..reader.at]
        .iter()
        .rev()
        .find(|line| !line.trim().is_empty() && CodeFence::of(line).is_none());
    let above = above.copied().unwrap_or_default();
    if let Some(path) = label.or_else(|| label::label(above, reader.terms)) {
        return Ok(path);
    }
    let mentioned = label::known_in(above, reader.terms);
    match (reader.labels.current.clone(), mentioned) {
        (Some(path), None) | (None, Some(path)) => Ok(path),
        (Some(path), Some(mentioned)) if path == mentioned => Ok(path),
        (Some(path), Some(mentioned)) => Err(format!(
            " could be one of {} or of {}: write the path in a line of its own before it",
            quoted(&path),
            quoted(&mentioned)
        )),
        (None, None) => {
            Err(" names no file: write its path in a line of its own before it".to_owned())
        }
    }
}

/// Passes over an edit that is not ended: the reply is cut off, or another edit begins in it.
fn unfinished(reader: &mut Reader, nested: Option<usize>) -> Item {
    reader.counted.edits += 1;
    let (kind, why) = match nested {
        Some(_) => (ProblemKind::Ambiguous, "is not ended where another begins"),
        None => (ProblemKind::Cut, "is never ended"),
    };
    let reason = format!(
        "edit {} (line {} of the reply) {why}: end each with the line '>>>>>>> REPLACE'",
        reader.counted.edits,
        reader.at + 1
    );
    let mut problem = Problem::new(kind, reason);
    problem.block = Some(reader.counted.edits);
    problem.path = path_above(reader).ok();
    reader.problems.push(problem);
    let until = nested.map_or(reader.lines.len(), |at| reader.at + 1 + at);
    Item::new(ReplyFormat::Edits, reader.at..until)
}
