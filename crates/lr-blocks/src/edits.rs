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

use crate::blocks::text_of;
use crate::fence::leading_run;
use crate::locate::Lines;
use crate::nearest::did_you_mean;
use crate::problem::quoted;
use crate::read::{Item, Part, Reader};
use crate::{Content, EXAMPLE_PATH, Problem, ProblemKind, suspicious};

/// One edit of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// The number of the edit in the reply, from 1.
    number: usize,
    /// The line of the reply where it begins, from 1.
    line: usize,
    /// What stands between the outer markers.
    body: Vec<String>,
    /// Which lines of the body could be the divider, from 0.
    dividers: Vec<usize>,
}

/// The marks that the lengths of markers are compared with where none was announced.
const USUAL: std::ops::RangeInclusive<usize> = 5..=9;

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

    fn dividers(self, body: &[String]) -> Vec<usize> {
        let lengths: Vec<usize> = body.iter().map(|line| divider(line)).collect();
        let of = |is_one: &dyn Fn(usize) -> bool| -> Vec<usize> {
            let found = lengths.iter().enumerate();
            found
                .filter(|(_, length)| is_one(**length))
                .map(|(at, _)| at)
                .collect()
        };
        let exact = of(&|length| length == self.length);
        if exact.is_empty() {
            of(&|length| length > 0 && self.is_as_long(length))
        } else {
            exact
        }
    }
}

/// The length of a line of `=` only; 0 for every other line.
fn divider(line: &str) -> usize {
    let length = leading_run(line, b'=');
    if line[length..].trim().is_empty() {
        length
    } else {
        0
    }
}

/// Whether a line begins an edit.
pub(crate) fn is_search(line: &str) -> bool {
    // A conflict that git left begins as the oldest edits did; only its end tells the two apart.
    opening(line).is_some_and(|opening| opening.end_name != "updated")
}

/// Whether a line ends an edit where none has begun.
pub(crate) fn is_stray(line: &str) -> bool {
    [b'>', b'+']
        .iter()
        .any(|mark| marked(line, *mark, "REPLACE").is_some())
}

/// The problem of such a line.
pub(crate) fn stray(at: usize) -> Problem {
    let reason = format!(
        "line {} of the reply ends an edit that has not begun: begin each with the path of the file in a line of its \
         own and then the line '<<<<<<< SEARCH'",
        at + 1
    );
    Problem::new(ProblemKind::Ambiguous, reason)
}

/// Takes the edit that begins with this line.
pub(crate) fn take(reader: &mut Reader, line: &str) -> Option<Item> {
    let opening = opening(line)?;
    let begin = reader.at + 1;
    let text = &reader.lines[begin..];
    let end = text.iter().position(|line| opening.ends(line));
    let nested = text[..end.unwrap_or(text.len())]
        .iter()
        .position(|line| is_search(line));
    let Some(end) = end.filter(|_| nested.is_none()) else {
        return (opening.end_name != "updated").then(|| unfinished(reader, nested));
    };
    reader.counted.edits += 1;
    let body: Vec<String> = text[..end].iter().map(|line| (*line).to_owned()).collect();
    let edit = Edit {
        number: reader.counted.edits,
        line: begin,
        dividers: opening.dividers(&body),
        body,
    };
    let mut item = Item::new(ReplyFormat::Edits, reader.at..begin + end + 1);
    let label = reader
        .labels
        .direct
        .take()
        .or_else(|| reader.labels.current.clone());
    let Some(path) = label else {
        let why = " names no file: write its path in a line of its own before it";
        item.problem = Some(edit.problem(ProblemKind::Malformed, why));
        return Some(item);
    };
    if edit.dividers.is_empty() {
        let why = " has no line '=======' between the old lines and the new";
        item.problem = Some(
            edit.problem(ProblemKind::Malformed, why)
                .of_block(edit.number, &path),
        );
    }
    reader.labels.used(&path);
    if path != EXAMPLE_PATH {
        item.parts.push(Part {
            number: edit.number,
            path,
            content: Content::Edits(vec![edit]),
        });
    }
    Some(item)
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
    let path = reader
        .labels
        .direct
        .take()
        .or_else(|| reader.labels.current.clone());
    let problem = Problem::new(kind, reason);
    reader
        .problems
        .push(problem.of_block(reader.counted.edits, &path.unwrap_or_default()));
    let until = nested.map_or(reader.lines.len(), |at| reader.at + 1 + at);
    Item::new(ReplyFormat::Edits, reader.at..until)
}

/// Makes edits in a text, one after the other.
///
/// # Errors
///
/// One problem for each edit that does not fit.
pub(crate) fn apply(edits: &[Edit], old: &str) -> Result<String, Vec<Problem>> {
    let mut lines = Lines::of(old);
    let problems: Vec<Problem> = edits
        .iter()
        .filter_map(|edit| edit.apply(&mut lines).err())
        .collect();
    if problems.is_empty() {
        Ok(lines.text())
    } else {
        Err(problems)
    }
}

/// One way to read an edit that fits the file.
struct Reading<'e> {
    place: usize,
    search: Vec<&'e str>,
    replace: Vec<&'e str>,
}

impl Edit {
    /// Whether it has no lines to search for, so that it makes a new file.
    pub(crate) fn only_adds(&self) -> bool {
        self.dividers.first() == Some(&0)
    }

    fn apply<'e>(&'e self, lines: &mut Lines<'e>) -> Result<(), Problem> {
        let mut readings = Vec::new();
        let mut several = None;
        for at in &self.dividers {
            let (search, replace) = self.split(*at);
            if search.is_empty() && lines.is_empty() {
                lines.replace(0, 0, &replace);
                return Ok(());
            }
            let places = lines.find(&search);
            match places[..] {
                [] => {}
                [place] => readings.push(Reading {
                    place,
                    search,
                    replace,
                }),
                _ => several = several.or(Some(places)),
            }
        }
        let reading = match (readings.pop(), several) {
            (None, None) => return Err(self.nowhere(lines)),
            (None, Some(places)) => return Err(self.several(lines, &places)),
            (Some(_), _) if !readings.is_empty() => return Err(self.divided_twice()),
            (Some(reading), _) => reading,
        };
        self.check(&reading)?;
        lines.replace(reading.place, reading.search.len(), &reading.replace);
        Ok(())
    }

    fn split(&self, divider: usize) -> (Vec<&str>, Vec<&str>) {
        let search = self.body[..divider].iter().map(String::as_str).collect();
        let replace = self.body[divider + 1..]
            .iter()
            .map(String::as_str)
            .collect();
        (search, replace)
    }

    fn check(&self, reading: &Reading) -> Result<(), Problem> {
        let dividers = |lines: &[&str]| {
            lines
                .iter()
                .filter(|line| USUAL.contains(&divider(line)))
                .count()
        };
        if dividers(&reading.replace) > dividers(&reading.search) {
            return Err(self.divided_twice());
        }
        match suspicious::suspicious_edit(&text_of(&reading.search), &text_of(&reading.replace)) {
            Some(problem) => Err(self.problem(problem.kind, &format!(": {}", problem.reason))),
            None => Ok(()),
        }
    }

    fn problem(&self, kind: ProblemKind, why: &str) -> Problem {
        let reason = format!(
            "edit {} (line {} of the reply){why}",
            self.number, self.line
        );
        let mut problem = Problem::new(kind, reason);
        problem.block = Some(self.number);
        problem
    }

    fn divided_twice(&self) -> Problem {
        let why = " has more than one line '=======': it is not clear where the new lines begin; use longer marks, all \
                   three of the same length";
        self.problem(ProblemKind::Ambiguous, why)
    }

    fn several(&self, lines: &Lines, places: &[usize]) -> Problem {
        let mut numbers: Vec<usize> = places.iter().map(|place| lines.number(*place)).collect();
        numbers.sort_unstable();
        let numbers: Vec<String> = numbers.iter().take(5).map(ToString::to_string).collect();
        let why = format!(
            ": its SEARCH lines stand in the file more than once (lines {}): add lines around them until they are \
             found only once",
            numbers.join(", ")
        );
        self.problem(ProblemKind::Ambiguous, &why)
    }

    fn nowhere(&self, lines: &mut Lines) -> Problem {
        let (search, replace) = self.split(self.dividers[0]);
        if search.is_empty() {
            let why = " has no SEARCH lines, but the file is not empty: give the lines it shall replace or follow";
            return self.problem(ProblemKind::Ambiguous, why);
        }
        if !replace.is_empty() && !lines.find(&replace).is_empty() {
            let why = ": its SEARCH lines do not stand in the file, and what it would put there does already: leave it out";
            return self.problem(ProblemKind::AlreadySo, why);
        }
        let unnumbered: Vec<&str> = search
            .iter()
            .map(|line| suspicious::without_number(line))
            .collect();
        if unnumbered != search && !lines.find(&unnumbered).is_empty() {
            let why =
                ": its SEARCH lines have line numbers in front: write the text of the file only";
            return self.problem(ProblemKind::Numbered, why);
        }
        let text: Vec<&str> = lines.iter().collect();
        let why = format!(
            ": its SEARCH lines, which begin with {}, do not stand in the file exactly so{}",
            quoted(
                search
                    .iter()
                    .find(|line| !line.trim().is_empty())
                    .unwrap_or(&"")
            ),
            did_you_mean(&text, &search)
        );
        self.problem(ProblemKind::NoMatch, &why)
    }
}
