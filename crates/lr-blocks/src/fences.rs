//! The format `fences`: complete new versions of files in Markdown code fences that have a label.
//!
//! A label is the info string, a line just above, or the heading above the prose before the fence. A fence without
//! one is part of the explanation. Fences inside the text of a file must be shorter than the one around it: where one
//! could also be read as nested or as closing early, the reply is refused.

use lr_turn::ReplyFormat;

use crate::blocks::text_of;
use crate::fence::leading_run;
use crate::info::in_info;
use crate::label::{self, Announced};
use crate::markdown::CodeFence;
use crate::other_format::{begins_other_format, is_change};
use crate::problem::quoted;
use crate::read::{Item, Part, Reader};
use crate::talk;
use crate::{Content, EXAMPLE_PATH, Problem, ProblemKind, Whole};

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
    /// The section and the language of old code that was shown.
    old_code: Option<(Option<String>, String)>,
    /// Whether its closing line may be the opening line of a fence within the file.
    is_doubtful: bool,
}

/// Takes the labelled code fence that begins with this line.
pub(crate) fn take(reader: &mut Reader, line: &str) -> Option<Item> {
    let opening = opening(reader, line)?;
    let in_info = in_info(line.trim_start(), reader.terms);
    let language = language(line);
    let direct = reader.labels.direct.clone();
    let direct = in_info.or_else(|| direct.filter(|_| reader.labels.announced != Announced::Other));
    let is_direct = direct.is_some();
    let Some(path) = direct.or_else(|| reader.labels.section.clone()) else {
        return closed_too_early(reader, language);
    };
    let is_talk = TALK.contains(&language) && !(is_direct && path_has_ending(&path, language));
    if is_talk || begins_other_format(reader, reader.at + 1) {
        return None;
    }
    if !is_direct {
        if let Some(item) = closed_too_early(reader, language) {
            return Some(item);
        }
        let shown = Some((reader.labels.section.clone(), language.to_owned()));
        if reader.labels.announced == Announced::Other {
            reader.last_fence.old_code = shown;
            return None;
        }
        if is_other_than_file(reader, language) {
            return None;
        }
        // Below old code stands what takes its place, which need not be the whole file.
        let is_in_place =
            reader.last_fence.old_code == shown && reader.labels.announced != Announced::New;
        if is_second_of_section(reader) || is_in_place {
            let problem = second_of_section(reader);
            forget(reader);
            return Some(problem_item(reader, problem));
        }
    }
    let is_part = is_part(reader, line, &path, is_direct);
    let mut item = read(reader, opening, path);
    if let Some(path) = is_part
        .then(|| item.parts.first())
        .flatten()
        .map(|part| part.path.clone())
    {
        let problem = only_a_part(reader.counted.fences, &path, item.lines.start + 1);
        item.problem = item.problem.or(Some(problem));
    }
    Some(item)
}

/// Whether the label of a fence, or the line just above, says that it holds only a part of the file.
fn is_part(reader: &Reader, line: &str, path: &str, is_direct: bool) -> bool {
    let labels = &reader.labels;
    let info = CodeFence::info(line.trim_start()).unwrap_or_default();
    if in_info(line.trim_start(), reader.terms).is_some() {
        return talk::names_part(&info.replace(path, ""));
    }
    labels.of_part.as_deref() == Some(path) || (!is_direct && labels.announced == Announced::Part)
}

fn only_a_part(number: usize, path: &str, line: usize) -> Problem {
    let reason = format!(
        "code fence {number} ({}, line {line} of the reply) is said to hold only a part of the file: give the complete \
         text, or the change as a SEARCH/REPLACE edit",
        quoted(path)
    );
    Problem::new(ProblemKind::Elided, reason).of_block(number, path)
}

/// The fence that a line opens. Below a label in a list it may be indented further than elsewhere.
fn opening(reader: &Reader, line: &str) -> Option<CodeFence> {
    const DEEPEST: usize = 8;
    let is_listed = reader.labels.direct.is_some() && leading_run(line, b' ') <= DEEPEST;
    CodeFence::of(if is_listed { line.trim_start() } else { line })
}

fn problem_item(reader: &Reader, problem: Problem) -> Item {
    let mut item = Item::new(ReplyFormat::Fences, reader.at..reader.at + 1);
    item.problem = Some(problem);
    item
}

/// Whether a file of this path may be in this language of talk: a script, a text.
fn path_has_ending(path: &str, language: &str) -> bool {
    const SHELLS: [&str; 5] = ["bash", "fish", "sh", "shell", "zsh"];
    let name = path.rsplit('/').next().unwrap_or(path);
    let ending = name.rsplit('.').next().unwrap_or_default();
    let is_text = ["cfg", "ini", "md", "rst", "toml", "txt"].contains(&ending);
    ending == language
        || (SHELLS.contains(&ending) && SHELLS.contains(&language))
        || (is_text && ["text", "txt"].contains(&language))
        || name.starts_with('.')
        || !name.contains('.')
}

fn language(line: &str) -> &str {
    let info = CodeFence::info(line.trim_start()).unwrap_or_default();
    info.split([' ', ':', '{', ',']).next().unwrap_or_default()
}

/// Forgets what the next fence could be doubtful for: one slip is one problem.
fn forget(reader: &mut Reader) {
    reader.last_fence = LastFence::default();
    reader.labels.section = None;
}

/// The problem of a bare fence without a label of its own, if the fence of the file before may go on there.
fn closed_too_early(reader: &mut Reader, language: &str) -> Option<Item> {
    if !reader.last_fence.is_doubtful || !language.is_empty() {
        return None;
    }
    forget(reader);
    let reason = format!(
        "line {} of the reply opens a code fence, but the one before seems to be closed too early: put a longer fence \
         around a text that has fences in it",
        reader.at + 1
    );
    let problem = Problem::new(ProblemKind::Ambiguous, reason);
    Some(problem_item(reader, problem))
}

fn is_second_of_section(reader: &Reader) -> bool {
    let last = &reader.last_fence;
    last.section.is_some() && last.section == reader.labels.section
}

/// Whether a second fence under one heading is in a language that the file is not in.
fn is_other_than_file(reader: &Reader, language: &str) -> bool {
    let last = &reader.last_fence;
    is_second_of_section(reader)
        && !last.language.is_empty()
        && !language.is_empty()
        && last.language != language
}

fn second_of_section(reader: &Reader) -> Problem {
    let reason = format!(
        "line {} of the reply opens a second code fence under the heading of {}: it is not clear which of them is the \
         new version; give one for each file, with its path in the line above",
        reader.at + 1,
        quoted(reader.labels.section.as_deref().unwrap_or_default())
    );
    Problem::new(ProblemKind::Ambiguous, reason)
}

fn read(reader: &mut Reader, opening: CodeFence, path: String) -> Item {
    let begin = reader.at + 1;
    reader.counted.fences += 1;
    let number = reader.counted.fences;
    let indent = leading_run(reader.lines[reader.at], b' ');
    let (mut odd, mut change, mut end) = (None, None, None);
    for (at, line) in reader.lines.iter().enumerate().skip(begin) {
        let unindented = &line[leading_run(line, b' ').min(indent)..];
        if CodeFence::of(unindented).is_some_and(|fence| fence.closes(opening)) {
            end = Some(at);
            break;
        }
        change = change.or_else(|| is_change(reader, at).then(|| change_within(at, line)));
        odd = odd.or_else(|| odd_line(reader, at, opening, indent).or_else(|| change.clone()));
    }
    let lines = &reader.lines[begin..end.unwrap_or(reader.lines.len())];
    let text = text(lines, indent);
    let range = reader.at..end.map_or(reader.lines.len(), |end| end + 1);
    let mut item = Item::new(ReplyFormat::Fences, range);
    odd = odd.or_else(|| end.and_then(|end| closed_by_label(reader, &path, end)));
    odd = odd.or_else(|| end.and_then(|end| goes_on(reader, &path, end)));
    item.problem = problem(number, &path, begin, end.is_none(), odd);
    item.unless_primary =
        change.map(|why| in_fence(ProblemKind::Ambiguous, number, &path, begin, &why));
    reader.last_fence = LastFence {
        section: reader.labels.section.clone(),
        language: language(reader.lines[reader.at]).to_owned(),
        is_doubtful: end.is_some_and(|end| is_doubtful(reader, &path, end)),
        ..LastFence::default()
    };
    if item.problem.is_some() {
        forget(reader);
    }
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

/// What is odd about a line within a fence.
fn odd_line(reader: &Reader, at: usize, opening: CodeFence, indent: usize) -> Option<String> {
    let line = reader.lines[at];
    let depth = leading_run(line, b' ');
    if depth < indent && !line.trim().is_empty() {
        return Some(format!(
            "is indented further than line {} in it: begin the lines of a fence where their text begins in the file",
            at + 1
        ));
    }
    // A line that only begins as a closing one: a reply cut right there would read as closed.
    if CodeFence::begins_like(&line[indent.min(depth)..], opening) {
        return Some(format!(
            "has another fence in it (line {} of the reply): put a longer fence around a text that has fences in it",
            at + 1
        ));
    }
    None
}

fn change_within(at: usize, line: &str) -> String {
    format!(
        "has something in it that reads as a change of its own (line {} of the reply, {}): give the complete text of \
         the file only",
        at + 1,
        quoted(line)
    )
}

/// What is odd about a closing line below a label: it may open the fence of that label.
fn closed_by_label(reader: &Reader, path: &str, end: usize) -> Option<String> {
    let last = reader.lines[..end]
        .iter()
        .rev()
        .find(|line| !line.trim().is_empty())?;
    let goes_on = reader.lines.get(end + 1);
    let is_glued = goes_on.is_some_and(|line| !line.trim().is_empty());
    let label = label::label(last, reader.terms)?;
    (is_glued || label == path).then(|| {
        format!(
            "seems never to be closed: the next one begins in line {} of the reply below {}",
            end + 1,
            quoted(last)
        )
    })
}

/// What is odd about text that follows the fence of a Markdown file at once: it may belong to it.
fn goes_on(reader: &Reader, path: &str, end: usize) -> Option<String> {
    (is_markdown(path) && is_glued(reader, end + 1)).then(|| {
        format!(
            "seems to be closed too early, in line {} of the reply: put a longer fence around a text that has fences \
             in it, and a blank line behind it",
            end + 1
        )
    })
}

/// Whether the line that closes a fence could as well open one within the file.
fn is_doubtful(reader: &Reader, path: &str, end: usize) -> bool {
    let last = reader.lines[end - 1];
    is_markdown(path) || is_glued(reader, end + 1) || last.trim().is_empty()
}

fn is_markdown(path: &str) -> bool {
    let ending = path.rsplit('.').next().unwrap_or_default();
    ["md", "mdx", "markdown", "qmd", "rmd"].contains(&&*ending.to_ascii_lowercase())
}

/// Lines without the blanks that the fence is indented by.
fn text(lines: &[&str], indent: usize) -> String {
    if indent == 0 {
        return text_of(lines);
    }
    let without = |line: &&str| leading_run(line, b' ').min(indent);
    let lines: Vec<&str> = lines.iter().map(|line| &line[without(line)..]).collect();
    text_of(&lines)
}

/// Whether text follows the line of a closing fence at once: it may belong to the file.
fn is_glued(reader: &Reader, next: usize) -> bool {
    let Some(line) = reader.lines.get(next) else {
        return false;
    };
    let is_talk = line.trim().is_empty() || CodeFence::of(line).is_some();
    !is_talk && label::label(line, reader.terms).is_none()
}

fn problem(
    number: usize,
    path: &str,
    begin: usize,
    is_cut: bool,
    odd: Option<String>,
) -> Option<Problem> {
    let cut = "is never closed: close it, and if the reply gets too long, give the new versions of fewer files";
    let (kind, why) = match odd {
        _ if is_cut => (ProblemKind::Cut, cut.to_owned()),
        Some(why) => (ProblemKind::Ambiguous, why),
        None => return None,
    };
    Some(in_fence(kind, number, path, begin, &why))
}

fn in_fence(kind: ProblemKind, number: usize, path: &str, begin: usize, why: &str) -> Problem {
    let reason = format!(
        "code fence {number} ({}, line {begin} of the reply) {why}",
        quoted(path)
    );
    Problem::new(kind, reason).of_block(number, path)
}

/// The problem of a reply in which a code fence of the explanation is never closed.
pub(crate) fn never_closed(closed: &[bool]) -> Option<Problem> {
    let reason =
        "a code fence of the reply is never closed: the reply may be cut off; close every fence";
    closed
        .contains(&false)
        .then(|| Problem::new(ProblemKind::Cut, reason))
}
