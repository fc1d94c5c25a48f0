//! Changes in other formats within a code fence.

use lr_turn::ReplyFormat;

use crate::fence::Marker;
use crate::markdown::CodeFence;
use crate::read::Reader;
use crate::{diff, diff_header, edits, label, patch};

/// Whether what stands in a fence begins as another format does, blank lines and labels aside.
pub(crate) fn begins_other_format(reader: &Reader, begin: usize) -> bool {
    const LABELS: usize = 3;
    let lines = reader.lines[begin..].iter().enumerate();
    let lines = lines.filter(|(_, line)| !line.trim().is_empty());
    if reader.wants(ReplyFormat::Edits) && edits::begin_near(&reader.lines[begin..]) {
        return true;
    }
    for (at, line) in lines.take(LABELS) {
        if holds_other_format(reader, begin + at) || opens_edit(reader, begin + at) {
            return true;
        }
        let is_label = label::label(line, reader.terms).is_some()
            || line.trim_start().starts_with(['#', '/'])
            || diff_header::is_extended(line);
        if !is_label || CodeFence::of(line).is_some() {
            break;
        }
    }
    false
}

/// Whether an edit begins behind the line that comes next, perhaps in a code fence of its own.
pub(crate) fn edit_follows(reader: &Reader) -> bool {
    let next = reader.at + 1;
    let begins = |line: &&str| edits::is_begin(line);
    reader.lines.get(next).is_some_and(begins)
        || (next < reader.lines.len() && opens_edit(reader, next))
}

/// Whether a line opens a code fence of its own around an edit, as where the path stands in one of two fences.
fn opens_edit(reader: &Reader, at: usize) -> bool {
    let next = reader.lines.get(at + 1);
    CodeFence::info(reader.lines[at]).is_some()
        && next.is_some_and(|line| edits::is_begin(line))
        && reader.wants(ReplyFormat::Edits)
}

/// Whether an item of another format begins at a line.
fn holds_other_format(reader: &Reader, at: usize) -> bool {
    let is_diff = diff::begins(reader.lines, at) || reader.lines[at].starts_with("@@ ");
    is_change(reader, at) || (is_diff && reader.wants(ReplyFormat::Diff))
}

/// Whether an item of another format begins at a line, other than a diff, which may stand in a text like any other.
pub(crate) fn is_change(reader: &Reader, at: usize) -> bool {
    let line = reader.lines[at];
    let is_block = matches!(reader.marks.marker(line), Some(Marker::Open(_)));
    (is_block && reader.wants(ReplyFormat::Blocks))
        || (edits::is_begin(line) && reader.wants(ReplyFormat::Edits))
        || (patch::is_begin(line) && reader.wants(ReplyFormat::Patch))
}
