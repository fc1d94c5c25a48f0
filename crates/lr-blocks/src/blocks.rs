//! The format `blocks`: complete new versions of files between markers.
//!
//! ```text
//! What I changed, and why.
//! <<<< src/a.py <<<<
//! the complete text
//! >>>>>>>>
//! ```
//!
//! Strict about structure, because a mistake there loses work: a block that is not closed, one that begins inside
//! another, or a closing line without a block refuses the whole reply. Of a reply that is cut off between two blocks,
//! the blocks before the cut are read: they are complete. Cut anywhere else, it is refused or has no blocks.

use std::collections::HashMap;

use crate::fence::Marker;
use crate::problem::quoted;
use crate::reasoning::{self, Tag};
use crate::remarks::Remarks;
use crate::{Block, Content, DONE, EXAMPLE_PATH, Fence, Problem, ProblemKind, Reply, Terms, Whole};
use crate::{path, reply};

/// So many problems are reported at most: a model that has to read more has lost the thread.
const MOST_PROBLEMS: usize = 20;

/// Reads a reply in the format `blocks`.
///
/// Reasoning is
/// removed, blocks of the example path are passed over, a path given twice with the same text counts once.
///
/// # Errors
///
/// Everything that makes the reply ambiguous or incomplete, in the order it was found; the list is never empty.
pub fn read_reply(text: &str, terms: &Terms) -> Result<Reply, Vec<Problem>> {
    let mut reader = Reader::new(terms.fence.at_least_default());
    for line in text.strip_prefix('\u{feff}').unwrap_or(text).lines() {
        if reader.problems.len() == MOST_PROBLEMS {
            break;
        }
        reader.take(line);
    }
    reader.finish()
}

/// What has been understood up to a line.
struct Reader<'t> {
    fence: Fence,
    /// The number of the line being read, from 1.
    line: usize,
    open: Option<Open>,
    reasoning: Option<OpenReasoning>,
    n_blocks: usize,
    blocks: Vec<Block>,
    index_by_path: HashMap<String, usize>,
    remarks: Remarks<'t>,
    problems: Vec<Problem>,
}

/// The block that is being read.
enum Open {
    File(OpenFile),
    /// A block whose text does not matter: the example, or one that has been reported already.
    Skipped,
}

struct OpenFile {
    number: usize,
    path: String,
    /// The line of the reply that opened it.
    line: usize,
    text: String,
}

struct OpenReasoning {
    tag: Tag,
    line: usize,
}

impl<'t> Reader<'t> {
    fn new(fence: Fence) -> Self {
        Self {
            fence,
            line: 0,
            open: None,
            reasoning: None,
            n_blocks: 0,
            blocks: Vec::new(),
            index_by_path: HashMap::new(),
            remarks: Remarks::default(),
            problems: Vec::new(),
        }
    }

    fn take(&mut self, line: &'t str) {
        self.line += 1;
        match self.open.take() {
            Some(Open::File(file)) => self.take_in_file(file, line),
            Some(Open::Skipped) => self.take_skipped(line),
            None => {
                if let Some(line) = self.without_reasoning(line) {
                    self.take_outside(line);
                }
            }
        }
    }

    fn take_in_file(&mut self, mut file: OpenFile, line: &str) {
        match self.fence.marker(line) {
            None => {
                file.text.push_str(line);
                file.text.push('\n');
                self.open = Some(Open::File(file));
            }
            Some(Marker::Close) => self.keep(file),
            Some(_) => {
                self.problems.push(self.still_open(&file));
                self.open = Some(Open::Skipped);
            }
        }
    }

    fn take_skipped(&mut self, line: &'t str) {
        match self.fence.marker(line) {
            None => self.open = Some(Open::Skipped),
            Some(Marker::Close) => {}
            Some(_) => self.take_outside(line),
        }
    }

    fn take_outside(&mut self, line: &'t str) {
        match self.fence.marker(line) {
            None => self.remarks.line(line),
            Some(Marker::Open(header)) => self.begin(header),
            Some(Marker::Nameless | Marker::Unfinished) => self.skip_malformed(line),
            Some(Marker::Close) => self.problems.push(self.nothing_to_close()),
        }
    }

    /// What is left of a line outside blocks when reasoning is taken out of it.
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
                line: self.line,
            });
            line = rest;
        }
        if let Some(rest) = reasoning::end_without_begin(line) {
            if self.n_blocks > 0 {
                self.problems.push(self.late_end_of_reasoning());
            }
            self.remarks.clear();
            line = rest;
        }
        (is_blank || !line.trim().is_empty()).then_some(line)
    }

    fn begin(&mut self, header: &'t str) {
        let path = path::undecorated(header);
        if path.is_empty() {
            return self.skip_malformed(header);
        }
        self.remarks.block();
        if path == EXAMPLE_PATH {
            self.open = Some(Open::Skipped);
            return;
        }
        self.n_blocks += 1;
        self.open = Some(Open::File(OpenFile {
            number: self.n_blocks,
            path,
            line: self.line,
            text: String::new(),
        }));
    }

    fn skip_malformed(&mut self, header: &str) {
        self.problems.push(self.malformed(header));
        self.remarks.block();
        self.open = Some(Open::Skipped);
    }

    /// Keeps a complete block, unless its path has been seen: the same text again adds nothing, another is a problem.
    fn keep(&mut self, file: OpenFile) {
        let block = Block {
            number: file.number,
            path: file.path,
            content: Content::Whole(Whole::new(file.text)),
        };
        let Some(earlier) = self
            .index_by_path
            .get(&block.path)
            .map(|at| &self.blocks[*at])
        else {
            self.index_by_path
                .insert(block.path.clone(), self.blocks.len());
            self.blocks.push(block);
            return;
        };
        if earlier.content != block.content {
            self.problems.push(two_versions(earlier, &block));
        }
    }

    fn finish(mut self) -> Result<Reply, Vec<Problem>> {
        if let Some(Open::File(file)) = &self.open {
            self.problems.push(self.cut_off(file));
        }
        if let Some(reasoning) = &self.reasoning {
            self.problems.push(endless_reasoning(reasoning));
        }
        if self.problems.is_empty() && self.remarks.is_empty() {
            self.problems.push(nothing_said());
        }
        if !self.problems.is_empty() {
            return Err(self.problems);
        }
        let notes = self.remarks.into_text();
        Ok(Reply {
            blocks: self.blocks,
            declared_done: reply::declares_done(&notes),
            notes,
        })
    }
}

/// The problems, in words for the model.
impl Reader<'_> {
    fn how_to_close(&self) -> String {
        format!(
            "end each block with the line '{}', nothing else in it and nothing before it",
            self.fence.closing_line()
        )
    }

    fn how_to_open(&self) -> String {
        format!(
            "begin each block with the line '{}', the path of the file in the place of 'path'",
            self.fence.opening_line("path")
        )
    }

    fn still_open(&self, file: &OpenFile) -> Problem {
        let reason = format!(
            "block {} ({}, line {} of the reply) is not closed where line {} seems to begin another: {}",
            file.number,
            quoted(&file.path),
            file.line,
            self.line,
            self.how_to_close()
        );
        Problem::new(ProblemKind::Ambiguous, reason).of_block(file.number, &file.path)
    }

    fn cut_off(&self, file: &OpenFile) -> Problem {
        let reason = format!(
            "the reply ends inside block {} ({}, line {} of the reply): {}, and if the reply gets too long, \
             give the new versions of fewer files",
            file.number,
            quoted(&file.path),
            file.line,
            self.how_to_close()
        );
        Problem::new(ProblemKind::Cut, reason).of_block(file.number, &file.path)
    }

    fn nothing_to_close(&self) -> Problem {
        let reason = format!(
            "line {} of the reply closes a block where none is open{}: {}, and close it once, after its complete text",
            self.line,
            match self.n_blocks {
                0 => String::new(),
                number => format!(" (block {number} is closed already)"),
            },
            self.how_to_open()
        );
        Problem::new(ProblemKind::Ambiguous, reason)
    }

    fn malformed(&self, header: &str) -> Problem {
        let reason = format!(
            "line {} of the reply ({}) looks like the beginning of a block but names no path, or is cut off: {}",
            self.line,
            quoted(header.trim_end()),
            self.how_to_open()
        );
        Problem::new(ProblemKind::Malformed, reason)
    }

    fn late_end_of_reasoning(&self) -> Problem {
        let reason = format!(
            "line {} of the reply ends reasoning that never began, after {} block(s): it is not clear which blocks \
             are meant; give blocks only after the reasoning",
            self.line, self.n_blocks
        );
        Problem::new(ProblemKind::Ambiguous, reason)
    }
}

fn two_versions(earlier: &Block, later: &Block) -> Problem {
    let reason = format!(
        "blocks {} and {} give different new versions of {}: give one complete version of each file",
        earlier.number,
        later.number,
        quoted(&later.path)
    );
    Problem::new(ProblemKind::Ambiguous, reason).of_block(later.number, &later.path)
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
        "the reply is empty: give the complete new version of each file to change, or write the line '{DONE}'"
    );
    Problem::new(ProblemKind::Empty, reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_reason(text: &str, expected: &[&str]) {
        let problems = read_reply(text, &Terms::default()).unwrap_err();
        let reasons: Vec<&str> = problems.iter().map(|problem| &*problem.reason).collect();
        assert_eq!(reasons, expected);
    }

    #[test]
    fn reasons_say_which_block_and_what_would_have_been_accepted() {
        check_reason(
            "<<<< a.py <<<<\nx\n",
            &[
                "the reply ends inside block 1 ('a.py', line 1 of the reply): end each block with the line '>>>>>>>>', \
               nothing else in it and nothing before it, and if the reply gets too long, give the new versions of \
               fewer files",
            ],
        );
        check_reason(
            "Hello\n<<<< a.py <<<<\n<<<< b.py <<<<\nx\n>>>>>>>>\n",
            &[
                "block 1 ('a.py', line 2 of the reply) is not closed where line 3 seems to begin another: end each \
               block with the line '>>>>>>>>', nothing else in it and nothing before it",
            ],
        );
        check_reason(
            "<<<< a.py <<<<\n>>>>>>>>\n>>>>>>>>\n",
            &[
                "line 3 of the reply closes a block where none is open (block 1 is closed already): begin each block \
               with the line '<<<< path <<<<', the path of the file in the place of 'path', and close it once, after \
               its complete text",
            ],
        );
        check_reason(
            "<<<< a\u{1b}.py\nx\n>>>>>>>>\n",
            &[
                "line 1 of the reply ('<<<< a\u{fffd}.py') looks like the beginning of a block but names no path, or \
               is cut off: begin each block with the line '<<<< path <<<<', the path of the file in the place of \
               'path'",
            ],
        );
    }

    #[test]
    fn problems_name_the_block_for_programs_too() {
        let text = "<<<< a <<<<\n1\n>>>>>>>>\n<<<< ./a <<<<\n2\n>>>>>>>>\n";
        let problems = read_reply(text, &Terms::default()).unwrap_err();
        assert_eq!(
            problems,
            [Problem {
                block: Some(2),
                path: Some("a".into()),
                kind: ProblemKind::Ambiguous,
                reason: "blocks 1 and 2 give different new versions of 'a': give one complete version of each file"
                    .into(),
            }]
        );
    }

    #[test]
    fn one_slip_is_one_problem_and_many_are_not_all_told() {
        let nested = "<<<< a <<<<\n".repeat(1000);
        assert_eq!(
            read_reply(&nested, &Terms::default()).unwrap_err().len(),
            20
        );
        let slip = "<<<< a\nx\n>>>>>>>>\n<<<< b <<<<\n>>>>>>>>\n";
        assert_eq!(read_reply(slip, &Terms::default()).unwrap_err().len(), 1);
    }

    #[test]
    fn a_fence_below_the_default_is_not_believed() {
        let none = Fence { open: 0, close: 0 };
        let reply = read_reply(
            "< a <\n>\n\n<<<< a <<<<\n>\n>>>>>>>>\n",
            &Terms::announced(none),
        )
        .unwrap();
        assert_eq!(reply.blocks[0].apply(None), Ok(Some(">\n".into())));
    }
}
