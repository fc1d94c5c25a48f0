//! The format `fences`: complete new versions of files in Markdown code fences that have a label.
//!
//! A label is the info string, a line just above, or the heading above the prose before the fence. A fence without
//! one is part of the explanation. Fences inside the text of a file must be shorter than the one around it: where one
//! could also be read as nested or as closing early, the reply is refused.

use lr_turn::ReplyFormat;

use crate::blocks::text_of;
use crate::diff;
use crate::fence::{Marker, leading_run};
use crate::label::{self, in_info};
use crate::markdown::CodeFence;
use crate::problem::quoted;
use crate::read::{Item, Part, Reader};
use crate::{Content, EXAMPLE_PATH, Problem, ProblemKind, Whole, edits, patch};

/// Languages of what is shown to a reader, never a file unless its label says so itself.
const TALK: [&str; 12] = [
    "bash",
    "console",
    "diff",
    "fish",
    "output",
    "patch",
    "sh",
    "shell",
    "shell-session",
    "text",
    "txt",
    "zsh",
];

/// The fence of a file that was read last, as far as it matters for the next one.
#[derive(Debug, Default)]
pub(crate) struct LastFence {
    /// The label of its section.
    section: Option<String>,
    /// Its language.
    language: String,
    /// Whether text follows its closing line at once.
    is_glued: bool,
}

/// Takes the labelled code fence that begins with this line.
pub(crate) fn take(reader: &mut Reader, line: &str) -> Option<Item> {
    let opening = CodeFence::of(line)?;
    let begin = reader.at + 1;
    let in_info = in_info(line, reader.terms);
    let language = language(line);
    let is_direct = in_info.is_some() || reader.labels.direct.is_some();
    let label = in_info.or_else(|| reader.labels.direct.clone());
    let label = label.or_else(|| reader.labels.section.clone());
    let Some(path) = label else {
        return unlabelled(reader, language);
    };
    let is_talk = TALK.contains(&language) && !(is_direct && path_has_ending(&path, language));
    if is_talk || holds_another_format(reader, begin) {
        return None;
    }
    if let (false, Some(problem)) = (is_direct, second_of_section(reader, language)) {
        let mut item = Item::new(ReplyFormat::Fences, reader.at..begin);
        item.problem = Some(problem);
        return Some(item);
    }
    Some(read(reader, opening, path))
}

/// Whether a file of this path may be in this language of talk: a script, a text.
fn path_has_ending(path: &str, language: &str) -> bool {
    let ending = path.rsplit('.').next().unwrap_or_default();
    ending == language
        || (ending == "sh" && ["bash", "shell"].contains(&language))
        || (ending == "txt" && language == "text")
        || !path.rsplit('/').next().unwrap_or(path).contains('.')
        || (["md", "rst", "cfg", "ini", "toml"].contains(&ending)
            && ["text", "txt"].contains(&language))
}

fn language(line: &str) -> &str {
    let info = CodeFence::info(line).unwrap_or_default();
    info.split([' ', ':', '{', ',']).next().unwrap_or_default()
}

/// Passes a fence without label on as part of the explanation, unless that is doubtful.
fn unlabelled(reader: &mut Reader, language: &str) -> Option<Item> {
    let last = &reader.last_fence;
    let is_doubtful = last.is_glued && language.is_empty();
    if !is_doubtful {
        return None;
    }
    let reason = format!(
        "line {} of the reply opens a code fence, but the one before seems to be closed too early: put a longer fence \
         around a text that has fences in it",
        reader.at + 1
    );
    let mut item = Item::new(ReplyFormat::Fences, reader.at..reader.at + 1);
    item.problem = Some(Problem::new(ProblemKind::Ambiguous, reason));
    Some(item)
}

/// The problem of a second fence under one heading, in the same language as the first.
fn second_of_section(reader: &Reader, language: &str) -> Option<Problem> {
    let last = &reader.last_fence;
    let is_second = last.section.is_some() && last.section == reader.labels.section;
    let reason = format!(
        "line {} of the reply opens a second code fence under the heading of {}: it is not clear which of them is the \
         new version; give one for each file, with its path in the line above",
        reader.at + 1,
        quoted(last.section.as_deref().unwrap_or_default())
    );
    (is_second && last.language == language).then(|| Problem::new(ProblemKind::Ambiguous, reason))
}

/// Whether what stands in a fence begins as another format does.
fn holds_another_format(reader: &Reader, begin: usize) -> bool {
    let first = reader.lines[begin..]
        .iter()
        .position(|line| !line.trim().is_empty());
    let Some(at) = first.map(|at| begin + at) else {
        return false;
    };
    let line = reader.lines[at];
    let next = reader.lines.get(at + 1).copied().unwrap_or_default();
    let is_block = matches!(reader.marks.marker(line), Some(Marker::Open(_)));
    let is_edit = edits::begin_near(&reader.lines[at..]);
    (is_block && reader.wants(ReplyFormat::Blocks))
        || (is_edit && reader.wants(ReplyFormat::Edits))
        || ((patch::is_begin(line) || patch::is_begin(next)) && reader.wants(ReplyFormat::Patch))
        || ((diff::begins(reader.lines, at) || line.starts_with("@@ "))
            && reader.wants(ReplyFormat::Diff))
}

fn read(reader: &mut Reader, opening: CodeFence, path: String) -> Item {
    let begin = reader.at + 1;
    let language = language(reader.lines[reader.at]);
    reader.counted.fences += 1;
    let number = reader.counted.fences;
    let (mut nested, mut end) = (None, None);
    for (at, fence) in fences(&reader.lines[begin..]) {
        if fence.closes(opening) {
            end = Some(begin + at);
            break;
        }
        if fence.nests(opening) {
            nested = nested.or(Some(begin + at));
        }
    }
    let range = reader.at..end.map_or(reader.lines.len(), |end| end + 1);
    let mut item = Item::new(ReplyFormat::Fences, range);
    item.problem = problem(number, &path, begin, nested, end.is_some());
    let indent = leading_run(reader.lines[reader.at], b' ');
    let text = text(
        &reader.lines[begin..end.unwrap_or(reader.lines.len())],
        indent,
    );
    reader.last_fence = LastFence {
        section: reader.labels.section.clone(),
        language: language.to_owned(),
        is_glued: end.is_some_and(|end| is_glued(reader, end + 1)),
    };
    reader.labels.used(&path);
    if path != EXAMPLE_PATH {
        let content = Content::Whole(Whole::bare(text));
        item.parts.push(Part {
            number,
            path,
            content,
        });
    }
    item
}

fn fences<'l>(lines: &'l [&str]) -> impl Iterator<Item = (usize, CodeFence)> + 'l {
    let lines = lines.iter().enumerate();
    lines.filter_map(|(at, line)| Some((at, CodeFence::of(line)?)))
}

/// Lines without the blanks that the fence is indented by.
fn text(lines: &[&str], indent: usize) -> String {
    let without = |line: &&str| leading_run(line, b' ').min(indent);
    if indent == 0 {
        return text_of(lines);
    }
    let lines: Vec<&str> = lines.iter().map(|line| &line[without(line)..]).collect();
    text_of(&lines)
}

/// Whether text follows the line of a closing fence at once: it may belong to the file.
fn is_glued(reader: &Reader, next: usize) -> bool {
    let Some(line) = reader.lines.get(next) else {
        return false;
    };
    let is_talk =
        line.trim().is_empty() || line.starts_with(['#', '*']) || CodeFence::of(line).is_some();
    !is_talk && label::label(line, reader.terms).is_none()
}

fn problem(
    number: usize,
    path: &str,
    begin: usize,
    nested: Option<usize>,
    is_closed: bool,
) -> Option<Problem> {
    let of = |kind, why: String| {
        let reason = format!(
            "code fence {number} ({}, line {begin} of the reply) {why}",
            quoted(path)
        );
        Some(Problem::new(kind, reason).of_block(number, path))
    };
    if !is_closed {
        let why = "is never closed: close it, and if the reply gets too long, give the new versions of fewer files";
        return of(ProblemKind::Cut, why.to_owned());
    }
    let nested = nested?;
    let why = format!(
        "has another fence in it (line {} of the reply): put a longer fence around a text that has fences in it",
        nested + 1
    );
    of(ProblemKind::Ambiguous, why)
}

/// The problem of a reply in which a code fence of the explanation is never closed.
pub(crate) fn never_closed(closed: &[bool]) -> Option<Problem> {
    let reason =
        "a code fence of the reply is never closed: the reply may be cut off; close every fence";
    closed
        .contains(&false)
        .then(|| Problem::new(ProblemKind::Cut, reason))
}
