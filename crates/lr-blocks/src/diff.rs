//! The format `diff`: unified diffs, with or without the header that git writes, in a code fence or without one.
//!
//! Line numbers may be wrong and counts as well, if a closed code fence shows that nothing is cut off; a diff outside
//! any fence must have the right counts. Changes of modes, renames and binary contents are not done.

use std::ops::Range;

use lr_turn::ReplyFormat;

use crate::diff_header::Header;
use crate::hunks::{Hunk, Mark};
use crate::problem::quoted;
use crate::read::{Item, Reader};
use crate::{EXAMPLE_PATH, Problem, ProblemKind};

/// Whether the header of a diff begins at a line.
pub(crate) fn begins(lines: &[&str], at: usize) -> bool {
    let is = |at: usize, mark: &str| lines.get(at).is_some_and(|line| line.starts_with(mark));
    is(at, "diff --git ") || (is(at, "--- ") && is(at + 1, "+++ "))
}

/// Whether a line begins a hunk.
fn is_hunk(line: &str) -> bool {
    line.starts_with("@@") && (line.trim_end() == "@@" || line.starts_with("@@ "))
}

/// Takes the diff of one file that begins with this line.
pub(crate) fn take(reader: &mut Reader, line: &str) -> Option<Item> {
    let is_headless = reader.is_in_fence() && is_hunk(line) && reader.labels.current.is_some();
    if !is_headless && !begins(reader.lines, reader.at) {
        return None;
    }
    let mut header = Header::default();
    let begin = reader.at;
    let mut at = begin;
    if is_headless {
        header = Header::of_label(reader.labels.current.clone());
    } else {
        at = header.read(reader.lines, begin);
    }
    let mut item = Item::new(ReplyFormat::Diff, begin..at);
    let mut hunks = Vec::new();
    while let Some(read) = reader
        .lines
        .get(at)
        .and_then(|line| Body::read(line, reader.lines, at + 1))
    {
        reader.counted.hunks += 1;
        let doubt = read.doubt(reader, at);
        item.unless_closed = item.unless_closed.or(doubt);
        item.problem = item.problem.or_else(|| read.junk(reader, at));
        at = read.end;
        hunks.push(Hunk {
            number: reader.counted.hunks,
            line: read.line,
            hint: read.hint,
            lines: read.lines,
            ..Hunk::default()
        });
    }
    item.lines.end = at;
    match header.part(hunks, reader.terms) {
        Ok(part) => {
            reader.labels.used(&part.path);
            item.parts
                .extend(Some(part).filter(|part| part.path != EXAMPLE_PATH));
        }
        Err((kind, why)) => {
            let reason = format!("the diff in line {} of the reply {why}", begin + 1);
            item.problem = Some(Problem::new(kind, reason));
        }
    }
    Some(item)
}

/// A hunk as it stands in a reply.
struct Body {
    line: usize,
    end: usize,
    hint: Option<usize>,
    lines: Vec<(Mark, String)>,
    /// Whether the counts in its header are right.
    is_counted: bool,
}

impl Body {
    /// Reads the hunk with this header; its lines begin at `begin`.
    fn read(header: &str, lines: &[&str], begin: usize) -> Option<Self> {
        if !is_hunk(header) {
            return None;
        }
        let ranges = ranges(header);
        if let Some((old, new)) = &ranges
            && let Some(end) = counted(lines, begin, old.len(), new.len())
        {
            return Some(Self::new(lines, begin..end, Some(old.start), true));
        }
        let mut end = begin;
        while lines.get(end).is_some_and(|line| belongs(line)) && !is_over(lines, end) {
            end += 1;
        }
        // Blank lines behind a hunk belong to the text around it as well as to the hunk.
        while end > begin && lines[end - 1].is_empty() {
            end -= 1;
        }
        Some(Self::new(
            lines,
            begin..end,
            ranges.map(|(old, _)| old.start),
            false,
        ))
    }

    fn new(lines: &[&str], range: Range<usize>, hint: Option<usize>, is_counted: bool) -> Self {
        let marked = lines[range.clone()]
            .iter()
            .filter_map(|line| Mark::of(line));
        Self {
            line: range.start,
            end: range.end,
            hint,
            lines: marked.map(|(mark, line)| (mark, line.to_owned())).collect(),
            is_counted,
        }
    }

    /// The problem of a hunk unless a closed code fence shows that nothing of it is missing.
    fn doubt(&self, reader: &Reader, header: usize) -> Option<Problem> {
        let may_be_cut = self.end == reader.lines.len() && !reader.ends_with_line_end;
        let why = if !self.is_counted {
            "has line counts that do not fit its lines, so it may be cut off: correct the '@@' line, or put the diff into \
             a code fence"
        } else if reader.is_in_fence() {
            "stands in a code fence that is never closed, so the reply may be cut off: close the fence"
        } else if may_be_cut {
            "ends in the last line of the reply without a line break, so it may be cut off: put the diff into a code \
             fence"
        } else {
            return None;
        };
        let reason = format!("the hunk in line {} of the reply {why}", header + 1);
        Some(Problem::new(ProblemKind::Cut, reason))
    }

    /// The problem of a hunk that is followed by a line that could belong to it, but has no mark.
    fn junk(&self, reader: &Reader, header: usize) -> Option<Problem> {
        let next = reader.lines.get(self.end).copied().unwrap_or_default();
        let ends_well = self.is_counted
            || next.trim().is_empty()
            || is_hunk(next)
            || is_over(reader.lines, self.end)
            || crate::markdown::CodeFence::of(next).is_some();
        let reason = format!(
            "line {} of the reply ({}) has no mark: begin each line of the hunk in line {} with ' ', '-' or '+'",
            self.end + 1,
            quoted(next),
            header + 1
        );
        (!ends_well).then(|| Problem::new(ProblemKind::Malformed, reason))
    }
}

/// Whether a hunk is over at a line although that could belong to it: another diff begins, or a mail ends with `-- `
/// and the version of git.
fn is_over(lines: &[&str], at: usize) -> bool {
    let next = lines.get(at + 1).copied().unwrap_or_default();
    let is_version = next.contains('.') && next.starts_with(|c: char| c.is_ascii_digit());
    begins(lines, at) || (lines.get(at).is_some_and(|line| line.trim_end() == "--") && is_version)
}

/// Whether a line can belong to a hunk.
fn belongs(line: &str) -> bool {
    Mark::of(line).is_some() || line.starts_with('\\')
}

/// Where a hunk ends that has so many old and new lines; `None` if the counts are wrong.
fn counted(lines: &[&str], begin: usize, mut old: usize, mut new: usize) -> Option<usize> {
    let mut end = begin;
    while old > 0 || new > 0 {
        let line = lines.get(end)?;
        end += 1;
        if line.starts_with('\\') {
            continue;
        }
        let (mark, _) = Mark::of(line)?;
        if mark != Mark::Put {
            old = old.checked_sub(1)?;
        }
        if mark != Mark::Take {
            new = new.checked_sub(1)?;
        }
    }
    while lines.get(end).is_some_and(|line| line.starts_with('\\')) {
        end += 1;
    }
    let next = lines.get(end).copied().unwrap_or_default();
    let goes_on = !next.is_empty() && Mark::of(next).is_some() && !is_over(lines, end);
    (!goes_on).then_some(end)
}

/// The lines of both sides that `@@ -3,4 +3,5 @@` names.
fn ranges(header: &str) -> Option<(Range<usize>, Range<usize>)> {
    let mut words = header.split_whitespace().skip(1);
    let old = range(words.next()?.strip_prefix('-')?)?;
    let new = range(words.next()?.strip_prefix('+')?)?;
    Some((old, new))
}

fn range(text: &str) -> Option<Range<usize>> {
    let (start, count) = text.split_once(',').unwrap_or((text, "1"));
    let (start, count): (usize, usize) = (start.parse().ok()?, count.parse().ok()?);
    Some(start..start.checked_add(count)?)
}
