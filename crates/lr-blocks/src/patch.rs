//! The format `patch`: files between `*** Begin Patch` and `*** End Patch`.
//!
//! ```text
//! *** Begin Patch
//! *** Update File: src/a.py
//! @@ def f():
//! -    return 1
//! +    return 2
//! *** End Patch
//! ```
//!
//! The envelope must be closed. Lines behind `@@` are anchors: the hunk is the first behind them that fits.

use lr_turn::ReplyFormat;

use crate::hunks::{Hunk, Mark};
use crate::problem::quoted;
use crate::read::{Item, Part, Reader};
use crate::{Content, EXAMPLE_PATH, Problem, ProblemKind, path};

const BEGIN: &str = "*** Begin Patch";
const END: &str = "*** End Patch";
const END_OF_FILE: &str = "*** End of File";
const ADD: &str = "*** Add File: ";
const UPDATE: &str = "*** Update File: ";
const DELETE: &str = "*** Delete File: ";
const MOVE: &str = "*** Move to: ";

/// So many anchors of a hunk are followed at most.
const MOST_ANCHORS: usize = 20;

/// Whether a line begins a patch.
pub(crate) fn is_begin(line: &str) -> bool {
    line.trim_end() == BEGIN
}

/// Takes the patch that begins with this line.
pub(crate) fn take(reader: &mut Reader, line: &str) -> Option<Item> {
    if !is_begin(line) {
        return is_stray(line).then(|| stray(reader, line));
    }
    let begin = reader.at + 1;
    let text = &reader.lines[begin..];
    let end = text.iter().position(|line| is_end(line) || is_begin(line));
    let Some(end) = end.filter(|end| is_end(text[*end])) else {
        let reason = format!(
            "the patch that begins in line {begin} of the reply is not closed: end it with the line '{END}'"
        );
        reader.problems.push(Problem::new(ProblemKind::Cut, reason));
        let end = end.unwrap_or(text.len());
        return Some(Item::new(ReplyFormat::Patch, reader.at..begin + end));
    };
    let mut item = Item::new(ReplyFormat::Patch, reader.at..begin + end + 1);
    let mut sections = Sections {
        parts: Vec::new(),
        begin,
        n_hunks: reader.counted.hunks,
        n_blank: 0,
    };
    for (at, line) in text[..end].iter().enumerate() {
        if let Err(reason) = sections.line(at, line) {
            let reason = format!(
                "line {} of the reply ({}) {reason}",
                begin + at + 1,
                quoted(line)
            );
            let kind = if line.starts_with(MOVE) {
                ProblemKind::Unsupported
            } else {
                ProblemKind::Malformed
            };
            item.problem = Some(Problem::new(kind, reason));
            break;
        }
    }
    reader.counted.hunks = sections.n_hunks;
    for part in &mut sections.parts {
        if let Content::Hunks(hunks) = &mut part.content {
            hunks.iter_mut().for_each(Hunk::trim);
        }
    }
    let lacks_hunks = |part: &&Part| matches!(&part.content, Content::Hunks(hunks) if hunks.iter().all(Hunk::is_idle));
    if let (None, Some(part)) = (&item.problem, sections.parts.iter().find(lacks_hunks)) {
        let reason = format!(
            "the patch of {} changes no line: mark lines with '-' and '+'",
            quoted(&part.path)
        );
        item.problem = Some(Problem::new(ProblemKind::Malformed, reason));
    }
    sections.parts.retain(|part| part.path != EXAMPLE_PATH);
    item.parts = sections.parts;
    Some(item)
}

fn is_end(line: &str) -> bool {
    line.trim_end() == END
}

/// Whether a line can only stand in a patch.
fn is_stray(line: &str) -> bool {
    let marks = [BEGIN, END, ADD, UPDATE, DELETE];
    marks.iter().any(|mark| line.trim_start().starts_with(mark))
}

fn stray(reader: &mut Reader, line: &str) -> Item {
    let reason = format!(
        "line {} of the reply ({}) belongs to a patch that has not begun: begin it with a line that is just '{BEGIN}'",
        reader.at + 1,
        quoted(line.trim())
    );
    reader
        .problems
        .push(Problem::new(ProblemKind::Ambiguous, reason));
    Item::new(ReplyFormat::Patch, reader.at..reader.at + 1)
}

/// The files of a patch, as far as they are read.
struct Sections {
    parts: Vec<Part>,
    /// The line of the reply where the text of the patch begins, from 0.
    begin: usize,
    n_hunks: usize,
    /// Blank lines without a mark since the last line of a new file; none may follow them.
    n_blank: usize,
}

impl Sections {
    fn line(&mut self, at: usize, line: &str) -> Result<(), &'static str> {
        if let Some(begun) = self.header(line) {
            return begun;
        }
        let line_number = self.begin + at + 1;
        let Some(part) = self.parts.last_mut() else {
            return if line.trim().is_empty() {
                Ok(())
            } else {
                Err("stands before the first file of the patch")
            };
        };
        match &mut part.content {
            Content::Created(_) if line.is_empty() => {
                self.n_blank += 1;
                Ok(())
            }
            Content::Created(text) => {
                if self.n_blank > 0 {
                    return Err("follows a line of a new file that does not begin with '+'");
                }
                let line = line
                    .strip_prefix('+')
                    .ok_or("belongs to a new file, but does not begin with '+'")?;
                text.push_str(line);
                text.push('\n');
                Ok(())
            }
            Content::Hunks(hunks) => {
                let before = hunks.len();
                let done = in_update(hunks, line, line_number, self.n_hunks + 1);
                self.n_hunks += hunks.len() - before;
                done
            }
            _ if line.trim().is_empty() => Ok(()),
            _ => Err("follows a file that is deleted"),
        }
    }

    /// Begins a file, if the line does.
    fn header(&mut self, line: &str) -> Option<Result<(), &'static str>> {
        if !line.starts_with("*** ") || line.trim_end() == END_OF_FILE {
            return None;
        }
        self.n_blank = 0;
        let named = |mark: &str| {
            line.strip_prefix(mark)
                .map(path::undecorated)
                .filter(|path| !path.is_empty())
        };
        let (path, content) = if let Some(path) = named(ADD) {
            (path, Content::Created(String::new()))
        } else if let Some(path) = named(UPDATE) {
            (path, Content::Hunks(Vec::new()))
        } else if let Some(path) = named(DELETE) {
            (path, Content::Deleted(None))
        } else if line.starts_with(MOVE) {
            return Some(Err(
                "renames a file, which is not done: add the new file and delete the old one",
            ));
        } else {
            return Some(Err("is no line that a patch can have"));
        };
        self.parts.push(Part {
            number: self.parts.len() + 1,
            path,
            content,
        });
        Some(Ok(()))
    }
}

/// Takes a line of a file that is changed.
fn in_update(
    hunks: &mut Vec<Hunk>,
    line: &str,
    line_number: usize,
    number: usize,
) -> Result<(), &'static str> {
    let is_open = hunks.last().is_some_and(|hunk| !hunk.is_at_end);
    if line.trim_end() == END_OF_FILE {
        let hunk = hunks
            .last_mut()
            .ok_or("stands before any line of the file")?;
        hunk.is_at_end = true;
        return Ok(());
    }
    if let Some(anchor) = line.strip_prefix("@@") {
        let anchor = anchor.trim();
        // Anchors without a line between them narrow one place down.
        let narrows = hunks
            .last()
            .is_some_and(|hunk| hunk.lines.is_empty() && !hunk.anchors.is_empty());
        if !narrows {
            hunks.push(Hunk {
                number,
                line: line_number,
                ..Hunk::default()
            });
        }
        let anchor = without_ranges(anchor);
        if let Some(hunk) = hunks.last_mut().filter(|_| !anchor.is_empty()) {
            hunk.anchors.push(anchor.to_owned());
            if hunk.anchors.len() > MOST_ANCHORS {
                return Err("stands behind too many lines '@@' to narrow a place down");
            }
        }
        return Ok(());
    }
    let (mark, text) =
        Mark::of(line).ok_or("has no mark: begin each line of a file with ' ', '-' or '+'")?;
    if !is_open {
        if line.trim().is_empty() && !hunks.is_empty() {
            return Ok(());
        }
        hunks.push(Hunk {
            number,
            line: line_number,
            ..Hunk::default()
        });
    }
    if let Some(hunk) = hunks.last_mut() {
        hunk.lines.push((mark, text.to_owned()));
    }
    Ok(())
}

/// The anchor, unless it is `-3,4 +3,5 @@ def f():` as diffs have it: that line may stand anywhere before the hunk.
fn without_ranges(anchor: &str) -> &str {
    let is_range = anchor.starts_with('-') && anchor.contains(" +");
    if is_range {
        ""
    } else {
        anchor.trim_end_matches("@@").trim_end()
    }
}
