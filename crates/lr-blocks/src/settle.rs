//! From the items of a reply to what it says: one format, and one content for each path.
//!
//! If a reply has items in several formats, the others may only explain what one of them does: blocks first, then
//! edits, diffs or patches, then labelled code fences. Where they are about other files, it is not clear what is meant.

use std::collections::{BTreeSet, HashMap};

use lr_turn::ReplyFormat;

use crate::problem::quoted;
use crate::read::{Item, MOST_PROBLEMS, Part, Reader};
use crate::{Block, Content, Problem, ProblemKind, Reply, almost, fences, reply};

/// Decides what a reply says.
///
/// # Errors
///
/// What was wrong with its items, or that they contradict each other.
pub(crate) fn settle(reader: Reader) -> Result<Reply, Vec<Problem>> {
    let Reader {
        items,
        mut problems,
        remarks,
        closed_fences,
        lines,
        marks,
        terms,
        short_marker,
        ..
    } = reader;
    let format = match primary(&items) {
        Ok(format) => format,
        Err(problem) => {
            problems.push(problem);
            None
        }
    };
    for item in items.iter().filter(|item| Some(item.format) == format) {
        problems.extend(item.problem.clone());
        let is_closed = item.fence.is_some_and(|number| closed_fences[number]);
        problems.extend(item.unless_closed.clone().filter(|_| !is_closed));
    }
    let others = items.iter().filter(|item| Some(item.format) != format);
    problems.extend(others.filter_map(|item| item.unless_primary.clone()));
    match format {
        Some(ReplyFormat::Fences) if problems.is_empty() => {
            problems.extend(fences::never_closed(&closed_fences));
        }
        Some(ReplyFormat::Blocks) => problems.extend(fences_before(&items)),
        _ => {}
    }
    if let (None | Some(ReplyFormat::Blocks), Some(at)) = (format, short_marker) {
        problems.push(almost::short_marker(at, lines[at], marks));
    }
    let parts = items
        .iter()
        .filter(|item| Some(item.format) == format)
        .flat_map(|item| item.parts.clone());
    let blocks = merged(parts, &mut problems);
    if !problems.is_empty() {
        problems.truncate(MOST_PROBLEMS);
        return Err(problems);
    }
    let notes = remarks.into_text(&|number| {
        let item: &Item = &items[number];
        let is_remark = Some(item.format) != format && !item.parts.is_empty();
        is_remark.then(|| &lines[item.lines.clone()])
    });
    if format.is_none()
        && let Some(problem) = almost::change(&notes, marks, terms)
    {
        return Err(vec![problem]);
    }
    Ok(Reply {
        format,
        blocks,
        declared_done: reply::declares_done(&notes),
        notes,
    })
}

/// The format of the reply; `None` if it says nothing about files.
fn primary(items: &[Item]) -> Result<Option<ReplyFormat>, Problem> {
    const ORDER: [ReplyFormat; 5] = [
        ReplyFormat::Blocks,
        ReplyFormat::Edits,
        ReplyFormat::Patch,
        ReplyFormat::Diff,
        ReplyFormat::Fences,
    ];
    let says = |item: &&Item| !item.parts.is_empty() || item.problem.is_some();
    let of = |format| {
        items
            .iter()
            .filter(says)
            .filter(move |item| item.format == format)
    };
    let Some(format) = ORDER
        .into_iter()
        .find(|format| of(*format).next().is_some())
    else {
        return Ok(None);
    };
    let paths = |item: &'_ Item| {
        item.parts
            .iter()
            .map(|part| part.path.clone())
            .collect::<Vec<_>>()
    };
    let covered: BTreeSet<String> = of(format).flat_map(paths).collect();
    let others = items
        .iter()
        .filter(says)
        .filter(|item| item.format != format);
    let odd = others.flat_map(|item| item.parts.iter().map(move |part| (item, part)));
    let odd = odd.into_iter().find(|(item, part)| {
        let is_full = item.format != ReplyFormat::Fences && format != ReplyFormat::Blocks;
        is_full || !covered.contains(&part.path)
    });
    match odd {
        None => Ok(Some(format)),
        Some((item, part)) => Err(mixed(format, item, part)),
    }
}

/// The problems of files that are given as labelled code fences before blocks with another text: of a reply that is
/// cut off between the two, the fence would be all.
fn fences_before(items: &[Item]) -> Vec<Problem> {
    let mut given: HashMap<&str, (&Item, &Content)> = HashMap::new();
    let mut problems = Vec::new();
    let parts = items
        .iter()
        .flat_map(|item| item.parts.iter().map(move |part| (item, part)));
    for (item, part) in parts {
        match item.format {
            ReplyFormat::Fences => {
                given.insert(&part.path, (item, &part.content));
            }
            ReplyFormat::Blocks => {
                let fence = given.get(&*part.path);
                let other = fence.filter(|(_, content)| !content.is_same_text(&part.content));
                problems.extend(other.map(|(fence, _)| given_before(fence, part)));
            }
            _ => {}
        }
    }
    problems
}

fn given_before(fence: &Item, part: &Part) -> Problem {
    let reason = format!(
        "block {} gives another version of {} than the code fence in line {} of the reply: give one complete version \
         of each file, and other code without its path",
        part.number,
        quoted(&part.path),
        fence.lines.start + 1
    );
    Problem::new(ProblemKind::Ambiguous, reason).of_block(part.number, &part.path)
}

fn mixed(format: ReplyFormat, item: &Item, part: &Part) -> Problem {
    let reason = format!(
        "the reply mixes two ways to write changes: {} and, in line {} for {}, {}: use one of them for all files",
        in_words(format),
        item.lines.start + 1,
        quoted(&part.path),
        in_words(item.format)
    );
    Problem::new(ProblemKind::Ambiguous, reason).of_block(part.number, &part.path)
}

fn in_words(format: ReplyFormat) -> &'static str {
    match format {
        ReplyFormat::Blocks => "blocks between '<<<<' and '>>>>'",
        ReplyFormat::Fences => "a code fence with a path",
        ReplyFormat::Edits => "SEARCH and REPLACE",
        ReplyFormat::Diff => "a unified diff",
        ReplyFormat::Patch => "a patch after '*** Begin Patch'",
    }
}

/// One block for each path: the same content again adds nothing, edits come after one another.
fn merged(parts: impl Iterator<Item = Part>, problems: &mut Vec<Problem>) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut by_path: HashMap<String, usize> = HashMap::new();
    for part in parts {
        let Some(at) = by_path.get(&part.path) else {
            by_path.insert(part.path.clone(), blocks.len());
            blocks.push(Block {
                number: part.number,
                path: part.path,
                content: part.content,
            });
            continue;
        };
        let earlier = &mut blocks[*at];
        match (&mut earlier.content, part.content) {
            (Content::Edits(edits), Content::Edits(more)) => edits.extend(more),
            (Content::Hunks(hunks), Content::Hunks(more)) => hunks.extend(more),
            (content, again) if *content == again => {}
            _ => problems.push(two_versions(earlier.number, part.number, &part.path)),
        }
    }
    blocks
}

fn two_versions(earlier: usize, later: usize, path: &str) -> Problem {
    let reason = format!(
        "blocks {earlier} and {later} give different new versions of {}: give one complete version of each file",
        quoted(path)
    );
    Problem::new(ProblemKind::Ambiguous, reason).of_block(later, path)
}
