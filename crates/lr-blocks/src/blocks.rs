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

use std::ops::Range;

use lr_turn::ReplyFormat;

use crate::fence::Marker;
use crate::label;
use crate::path;
use crate::problem::quoted;
use crate::read::{Item, Part, Reader};
use crate::{Content, EXAMPLE_PATH, Fence, Problem, ProblemKind, Terms, Whole};

/// Takes the block that begins with this line; a marker that begins none is a problem.
pub(crate) fn take(reader: &mut Reader, line: &str) -> Option<Item> {
    let header = match reader.marks.marker(line)? {
        Marker::Open(header) => header,
        Marker::Nameless | Marker::Unfinished => return Some(malformed(reader, line)),
        Marker::Close => {
            reader.problems.push(nothing_to_close(reader));
            return Some(item(reader.at..reader.at + 1));
        }
    };
    let path = meant(header, reader.terms);
    if path.is_empty() {
        return Some(malformed(reader, header));
    }
    if path == EXAMPLE_PATH {
        return Some(item(reader.at..end_of_skipped(reader, reader.at + 1)));
    }
    reader.counted.blocks += 1;
    let open = Open {
        number: reader.counted.blocks,
        path,
        line: reader.at + 1,
    };
    Some(read(reader, open))
}

/// The path in a header; other words in it are passed over where only that gives a known path.
fn meant(header: &str, terms: &Terms) -> String {
    let path = path::undecorated(header);
    let bare = label::whole(header);
    let is_known = |path: &str| (terms.is_known)(path);
    if is_known(&path) {
        path
    } else if is_known(&bare) {
        bare
    } else {
        label::known_alone(header, terms).unwrap_or(path)
    }
}

/// A block that has begun.
struct Open {
    number: usize,
    path: String,
    /// The line of the reply that opened it, from 1.
    line: usize,
}

fn read(reader: &mut Reader, open: Open) -> Item {
    let begin = open.line;
    let text = &reader.lines[begin..];
    let markers = text.iter().map(|line| reader.marks.marker(line));
    let end = markers
        .enumerate()
        .find_map(|(at, marker)| Some((begin + at, marker?)));
    match end {
        None => {
            reader.problems.push(cut_off(reader.marks, &open));
            item(reader.at..reader.lines.len())
        }
        Some((end, Marker::Close)) => {
            let text = &reader.lines[begin..end];
            let mut item = item(reader.at..end + 1);
            item.parts.push(Part {
                number: open.number,
                path: open.path,
                content: Content::Whole(Whole::new(text_of(text))),
            });
            item
        }
        Some((end, _)) => {
            reader
                .problems
                .push(still_open(reader.marks, &open, end + 1));
            item(reader.at..end_of_skipped(reader, end + 1))
        }
    }
}

/// Lines as a text.
pub(crate) fn text_of(lines: &[&str]) -> String {
    let mut text = String::with_capacity(lines.iter().map(|line| line.len() + 1).sum());
    for line in lines {
        text.push_str(line);
        text.push('\n');
    }
    text
}

/// Where a block ends whose text does not matter: behind its closing line, or where another marker stands.
fn end_of_skipped(reader: &Reader, begin: usize) -> usize {
    let markers = reader.lines[begin..]
        .iter()
        .map(|line| reader.marks.marker(line));
    let end = markers
        .enumerate()
        .find_map(|(at, marker)| Some((begin + at, marker?)));
    match end {
        Some((end, Marker::Close)) => end + 1,
        Some((end, _)) => end,
        None => reader.lines.len(),
    }
}

fn item(lines: Range<usize>) -> Item {
    Item::new(ReplyFormat::Blocks, lines)
}

fn malformed(reader: &mut Reader, header: &str) -> Item {
    let reason = format!(
        "line {} of the reply ({}) looks like the beginning of a block but names no path, or is cut off: {}",
        reader.at + 1,
        quoted(header.trim_end()),
        how_to_open(reader.marks)
    );
    reader
        .problems
        .push(Problem::new(ProblemKind::Malformed, reason));
    item(reader.at..end_of_skipped(reader, reader.at + 1))
}

fn how_to_close(marks: Fence) -> String {
    format!(
        "end each block with the line '{}', nothing else in it and nothing before it",
        marks.closing_line()
    )
}

fn how_to_open(marks: Fence) -> String {
    format!(
        "begin each block with the line '{}', the path of the file in the place of 'path'",
        marks.opening_line("path")
    )
}

fn still_open(marks: Fence, open: &Open, line: usize) -> Problem {
    let reason = format!(
        "block {} ({}, line {} of the reply) is not closed where line {line} seems to begin another: {}",
        open.number,
        quoted(&open.path),
        open.line,
        how_to_close(marks)
    );
    Problem::new(ProblemKind::Ambiguous, reason).of_block(open.number, &open.path)
}

fn cut_off(marks: Fence, open: &Open) -> Problem {
    let reason = format!(
        "the reply ends inside block {} ({}, line {} of the reply): {}, and if the reply gets too long, \
         give the new versions of fewer files",
        open.number,
        quoted(&open.path),
        open.line,
        how_to_close(marks)
    );
    Problem::new(ProblemKind::Cut, reason).of_block(open.number, &open.path)
}

fn nothing_to_close(reader: &Reader) -> Problem {
    let reason = format!(
        "line {} of the reply closes a block where none is open{}: {}, and close it once, after its complete text",
        reader.at + 1,
        match reader.counted.blocks {
            0 => String::new(),
            number => format!(" (block {number} is closed already)"),
        },
        how_to_open(reader.marks)
    );
    Problem::new(ProblemKind::Ambiguous, reason)
}

#[cfg(test)]
mod tests {
    use crate::{Fence, Problem, ProblemKind, Terms, read_reply};

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
