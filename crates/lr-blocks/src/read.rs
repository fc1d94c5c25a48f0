//! Reading a reply: its lines are passed once, what each format can say is recognised, and one format is settled on.
//!
//! Every format has a module that knows how its items begin and takes one. What lies between the items is remarks.
//! Nothing is decided before all has been seen: [`settle`](crate::settle) does that.

use std::ops::Range;

use lr_turn::ReplyFormat;

use crate::fences::LastFence;
use crate::label::Labels;
use crate::markdown::CodeFence;
use crate::problem::quoted;
use crate::reasoning::{self, Tag};
use crate::remarks::Remarks;
use crate::{Content, DONE, Fence, Problem, ProblemKind, Reply, Terms};
use crate::{almost, blocks, diff, edits, fences, other_format, patch, settle};

/// So many problems are reported at most: a model that has to read more has lost the thread.
pub(crate) const MOST_PROBLEMS: usize = 20;

/// Reads a reply in whichever format it is written, or in the one that `terms` name.
///
/// Reasoning is removed, items about the example path are passed over, a path given twice with the same text counts
/// once.
///
/// # Errors
///
/// Everything that makes the reply ambiguous or incomplete, in the order it was found; the list is never empty.
pub fn read_reply(text: &str, terms: &Terms) -> Result<Reply, Vec<Problem>> {
    let lines: Vec<&str> = text
        .strip_prefix('\u{feff}')
        .unwrap_or(text)
        .lines()
        .collect();
    let mut reader = Reader::new(&lines, terms);
    reader.ends_with_line_end = text.ends_with('\n');
    while reader.at < lines.len() && reader.problems.len() < MOST_PROBLEMS {
        reader.step();
    }
    reader.finish()
}

/// Something in a reply that says what becomes of files, in one of the formats.
#[derive(Debug)]
pub(crate) struct Item {
    pub(crate) format: ReplyFormat,
    /// The lines of the reply it takes up, from 0.
    pub(crate) lines: Range<usize>,
    /// What becomes of which files; nothing if it is an example.
    pub(crate) parts: Vec<Part>,
    /// What is wrong with it, if the reply is in its format.
    pub(crate) problem: Option<Problem>,
    /// What is wrong with it unless it stands in a code fence that is closed.
    pub(crate) unless_closed: Option<Problem>,
    /// What is wrong with it if the reply is in another format: a change in that one stands within it.
    pub(crate) unless_primary: Option<Problem>,
    /// The code fence around it, counted from 0.
    pub(crate) fence: Option<usize>,
}

/// What becomes of one file.
#[derive(Clone, Debug)]
pub(crate) struct Part {
    /// The number of the item or of the part of it, by which people and models find it.
    pub(crate) number: usize,
    pub(crate) path: String,
    pub(crate) content: Content,
}

impl Item {
    /// An item without anything in it yet.
    pub(crate) fn new(format: ReplyFormat, lines: Range<usize>) -> Self {
        Self {
            format,
            lines,
            parts: Vec::new(),
            problem: None,
            unless_closed: None,
            unless_primary: None,
            fence: None,
        }
    }
}

/// What has been understood up to a line.
pub(crate) struct Reader<'r, 't> {
    pub(crate) lines: &'r [&'t str],
    /// The line that comes next, from 0.
    pub(crate) at: usize,
    /// Whether the last line has a line end, so that nothing of it is missing.
    pub(crate) ends_with_line_end: bool,
    pub(crate) terms: &'r Terms<'r>,
    pub(crate) marks: Fence,
    pub(crate) items: Vec<Item>,
    pub(crate) labels: Labels,
    pub(crate) problems: Vec<Problem>,
    /// How many blocks, edits and so on were begun.
    pub(crate) counted: Counted,
    pub(crate) last_fence: LastFence,
    pub(crate) remarks: Remarks<'t>,
    /// The code fence that is open, and its number.
    open_fence: Option<(CodeFence, usize)>,
    /// For every code fence whether it was closed.
    pub(crate) closed_fences: Vec<bool>,
    /// The first line that looks like the marker of a block and is none, from 0.
    pub(crate) short_marker: Option<usize>,
    reasoning: Option<OpenReasoning>,
}

/// How many of each have begun.
#[derive(Debug, Default)]
pub(crate) struct Counted {
    pub(crate) blocks: usize,
    pub(crate) fences: usize,
    pub(crate) edits: usize,
    pub(crate) hunks: usize,
}

struct OpenReasoning {
    tag: Tag,
    line: usize,
}

impl<'r, 't> Reader<'r, 't> {
    fn new(lines: &'r [&'t str], terms: &'r Terms<'r>) -> Self {
        Self {
            lines,
            at: 0,
            ends_with_line_end: false,
            terms,
            marks: terms.fence.at_least_default(),
            items: Vec::new(),
            labels: Labels::default(),
            problems: Vec::new(),
            counted: Counted::default(),
            last_fence: LastFence::default(),
            remarks: Remarks::default(),
            open_fence: None,
            closed_fences: Vec::new(),
            short_marker: None,
            reasoning: None,
        }
    }

    /// Whether items of a format are looked for.
    pub(crate) fn wants(&self, format: ReplyFormat) -> bool {
        self.terms.format.is_none_or(|wanted| wanted == format)
    }

    /// Whether the line stands inside a code fence that was taken for no file.
    pub(crate) fn is_in_fence(&self) -> bool {
        self.open_fence.is_some()
    }

    /// Passes the next line, or the item that begins there.
    fn step(&mut self) {
        if self.lines[self.at].is_empty() && self.reasoning.is_none() {
            self.remarks.line("");
            self.at += 1;
            return;
        }
        let Some(line) = self.without_reasoning(self.lines[self.at]) else {
            self.at += 1;
            return;
        };
        let item = self.item(line);
        let Some(mut item) = item else {
            self.pass(line);
            self.at += 1;
            return;
        };
        item.fence = self.open_fence.map(|(_, number)| number);
        self.at = item.lines.end.max(self.at + 1);
        self.remarks.item(self.items.len());
        self.items.push(item);
    }

    /// The item that begins with this line.
    fn item(&mut self, line: &'t str) -> Option<Item> {
        if self.wants(ReplyFormat::Edits)
            && let Some(item) = edits::take(self, line)
        {
            return Some(item);
        }
        if self.wants(ReplyFormat::Blocks)
            && let Some(item) = blocks::take(self, line)
        {
            return Some(item);
        }
        if self.wants(ReplyFormat::Patch)
            && let Some(item) = patch::take(self, line)
        {
            return Some(item);
        }
        if self.wants(ReplyFormat::Diff)
            && let Some(item) = diff::take(self, line)
        {
            return Some(item);
        }
        (self.wants(ReplyFormat::Fences) && !self.is_in_fence())
            .then(|| fences::take(self, line))
            .flatten()
    }

    /// Passes a line that begins no item.
    fn pass(&mut self, line: &'t str) {
        if edits::is_stray(line) && self.wants(ReplyFormat::Edits) {
            self.problems.push(edits::stray(self.at, line));
        }
        if self.short_marker.is_none() && almost::is_short_marker(line, self.marks) {
            self.short_marker = Some(self.at).filter(|_| self.wants(ReplyFormat::Blocks));
        }
        let may_be_label = self.open_fence.is_none() || other_format::edit_follows(self);
        match (CodeFence::of(line), self.open_fence) {
            (Some(fence), Some((opening, number))) if fence.closes(opening) => {
                self.open_fence = None;
                self.closed_fences[number] = true;
            }
            (Some(fence), None) => {
                self.open_fence = Some((fence, self.closed_fences.len()));
                self.closed_fences.push(false);
                self.labels.fence(line, self.terms);
            }
            _ if may_be_label && self.labels.line(line, self.terms) => {
                self.remarks.label(line);
                return;
            }
            _ => {}
        }
        self.remarks.line(line);
    }

    /// What is left of a line outside items when reasoning is taken out of it.
    fn without_reasoning(&mut self, mut line: &'t str) -> Option<&'t str> {
        let is_blank = line.trim().is_empty();
        loop {
            if let Some(reasoning) = &self.reasoning {
                line = reasoning::after_end(line, reasoning.tag)?;
                self.reasoning = None;
            }
            let Some((tag, rest)) = reasoning::begin(line, self.remarks.is_empty()) else {
                break;
            };
            self.reasoning = Some(OpenReasoning {
                tag,
                line: self.at + 1,
            });
            line = rest;
        }
        if let Some(rest) = reasoning::end_without_begin(line) {
            if !self.items.is_empty() {
                self.problems.push(self.late_end_of_reasoning());
            }
            self.remarks.clear();
            self.labels = Labels::default();
            self.open_fence = None;
            line = rest;
        }
        (is_blank || !line.trim().is_empty()).then_some(line)
    }

    fn finish(mut self) -> Result<Reply, Vec<Problem>> {
        if let Some(reasoning) = &self.reasoning {
            self.problems.push(endless_reasoning(reasoning));
        }
        if self.problems.is_empty() && self.remarks.is_empty() {
            self.problems.push(nothing_said());
        }
        settle::settle(self)
    }

    fn late_end_of_reasoning(&self) -> Problem {
        let reason = format!(
            "line {} of the reply ends reasoning that never began, after {} block(s): it is not clear which blocks \
             are meant; give blocks only after the reasoning",
            self.at + 1,
            self.items.len()
        );
        Problem::new(ProblemKind::Ambiguous, reason)
    }
}

fn endless_reasoning(reasoning: &OpenReasoning) -> Problem {
    let reason = format!(
        "the reply ends inside the reasoning that begins in line {}: end it with '{}' and answer after it",
        reasoning.line, reasoning.tag.end
    );
    Problem::new(ProblemKind::Cut, reason)
}

fn nothing_said() -> Problem {
    let reason = format!(
        "the reply is empty: give the complete new version of each file to change, or write the line {}",
        quoted(DONE)
    );
    Problem::new(ProblemKind::Empty, reason)
}
