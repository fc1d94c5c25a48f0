//! Differences between a file and how a formatter would write it: one finding for each hunk, with
//! the edits that make the change.

use std::borrow::Cow;
use std::io::Read;

use lr_turn::Applicability;

use super::few::MOST;
use super::{Complaint, Edit, Place};

/// How long a quoted line may be, in characters.
const LONGEST_QUOTE: usize = 60;

/// Reads a unified diff, with or without folders `a/` and `b/` before the paths.
pub(super) fn read(output: impl Read) -> Result<Vec<Complaint>, String> {
    let text = super::text(output)?;
    let mut lines = text.split('\n').peekable();
    let mut complaints = Vec::new();
    let mut path = String::new();
    while complaints.len() <= MOST
        && let Some(line) = lines.next()
    {
        if let Some(old) = line.strip_prefix("--- ")
            && let Some(new) = lines.peek().and_then(|next| next.strip_prefix("+++ "))
        {
            path = path_of(old, new);
        } else if let Some(begin) = line.strip_prefix("@@ -") {
            let mut hunk = Hunk::begin(begin).ok_or_else(|| format!("not a hunk: '{line}'"))?;
            while hunk.is_open()
                && let Some(line) = lines.next()
            {
                hunk.take(line)?;
            }
            if lines.peek().is_some_and(|next| next.starts_with('\\')) {
                hunk.take("\\")?;
            }
            complaints.extend(hunk.complaint(&path));
        }
    }
    Ok(complaints)
}

/// Reads what `rustfmt --check` prints: `Diff in PATH:LINE:`, then the lines as in a diff.
pub(super) fn read_rustfmt(output: impl Read) -> Result<Vec<Complaint>, String> {
    let text = super::text(output)?;
    let mut complaints = Vec::new();
    let mut current: Option<(String, Hunk)> = None;
    for line in text.split('\n') {
        if let Some((path, number)) = rustfmt_heading(line) {
            complaints.extend(
                current
                    .take()
                    .and_then(|(path, hunk)| hunk.complaint(&path)),
            );
            if complaints.len() > MOST {
                break;
            }
            current = Some((path.to_owned(), Hunk::at(number)));
        } else if let Some((_, hunk)) = &mut current
            && line.starts_with([' ', '+', '-'])
        {
            hunk.take(line)?;
        }
    }
    complaints.extend(current.and_then(|(path, hunk)| hunk.complaint(&path)));
    Ok(complaints)
}

/// Reads `Diff in PATH:LINE:`, and `Diff in PATH at line LINE:` of older versions.
fn rustfmt_heading(line: &str) -> Option<(&str, u64)> {
    let rest = line.strip_prefix("Diff in ")?.strip_suffix(':')?;
    let (path, number) = rest
        .rsplit_once(" at line ")
        .or_else(|| rest.rsplit_once(':'))?;
    Some((path, number.parse().ok()?))
}

/// Returns the path that the heading of a file's hunks names.
fn path_of(old: &str, new: &str) -> String {
    let plain = |name: &str| {
        name.split('\t')
            .next()
            .unwrap_or(name)
            .trim_end()
            .to_owned()
    };
    let (old, new) = (plain(old), plain(new));
    match (old.strip_prefix("a/"), new.strip_prefix("b/")) {
        (Some(_), Some(new)) => new.to_owned(),
        _ if new == "/dev/null" => old,
        _ => new,
    }
}

/// Lines that stand together in a difference.
struct Hunk {
    /// The next line of the old text, from 1.
    line: u64,
    /// How many lines of the old and of the new text are still to come, where that is known.
    left: Option<(u64, u64)>,
    changes: Vec<Change>,
    /// The mark of the line before.
    last: char,
}

/// Lines that are replaced by others.
struct Change {
    line: u64,
    old: Side,
    new: Side,
}

/// What stands on one side of a change.
#[derive(Default)]
struct Side {
    text: String,
    /// How many lines that are.
    lines: u64,
}

impl Side {
    fn push(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
        self.lines += 1;
    }

    /// Returns the first line that says something, made fit for a message.
    fn words(&self) -> Option<Cow<'_, str>> {
        let mut lines = self.text.lines().map(str::trim);
        let line = lines.find(|line| !line.is_empty())?;
        Some(lr_report::short(line, LONGEST_QUOTE))
    }
}

impl Hunk {
    fn at(line: u64) -> Self {
        Self {
            line,
            left: None,
            changes: Vec::new(),
            last: ' ',
        }
    }

    /// Reads what follows `@@ -`: `LINE,COUNT +LINE,COUNT @@`.
    fn begin(text: &str) -> Option<Self> {
        let (old, rest) = text.split_once(" +")?;
        let (new, _) = rest.split_once(" @@")?;
        let numbers = |text: &str| {
            let (line, count) = text.split_once(',').unwrap_or((text, "1"));
            Some((line.parse::<u64>().ok()?, count.parse::<u64>().ok()?))
        };
        let (line, old) = numbers(old)?;
        let (_, new) = numbers(new)?;
        // Nothing of the old text is shown: what is new stands behind this line.
        let line = if old == 0 { line + 1 } else { line };
        Some(Self {
            left: Some((old, new)),
            ..Self::at(line)
        })
    }

    fn is_open(&self) -> bool {
        self.left.is_some_and(|left| left != (0, 0))
    }

    fn take(&mut self, line: &str) -> Result<(), String> {
        let mark = line.chars().next().unwrap_or(' ');
        let text = line.get(1..).unwrap_or_default();
        match mark {
            '\\' => self.without_newline(),
            '-' => {
                self.change().old.push(text);
                self.line += 1;
            }
            '+' => self.change().new.push(text),
            ' ' => self.line += 1,
            _ => return Err(format!("not a line of a diff: '{line}'")),
        }
        if mark != '\\' {
            self.last = mark;
        }
        if let Some((old, new)) = &mut self.left {
            *old = old.saturating_sub(u64::from(matches!(mark, ' ' | '-')));
            *new = new.saturating_sub(u64::from(matches!(mark, ' ' | '+')));
        }
        Ok(())
    }

    /// Returns the change that the next changed line belongs to.
    fn change(&mut self) -> &mut Change {
        if self.last == ' ' || self.changes.is_empty() {
            self.changes.push(Change {
                line: self.line,
                old: Side::default(),
                new: Side::default(),
            });
        }
        let last = self.changes.len() - 1;
        &mut self.changes[last]
    }

    /// Takes the line break from the line before, which ends its text.
    fn without_newline(&mut self) {
        let Some(change) = self.changes.last_mut() else {
            return;
        };
        match self.last {
            '-' => change.old.text.pop(),
            '+' => change.new.text.pop(),
            _ => None,
        };
    }

    fn complaint(self, path: &str) -> Option<Complaint> {
        let first = self.changes.first()?;
        let last = self.changes.last()?;
        let place = |line| Place {
            line,
            column: Some(1),
        };
        let (start, end) = (place(first.line), place(last.line + last.old.lines));
        let message = first.message();
        let edits = self.changes.into_iter().map(|change| {
            let (start, end) = (place(change.line), place(change.line + change.old.lines));
            Edit {
                replaces: Some(change.old.text),
                ..Edit::between(start, end, change.new.text)
            }
        });
        Some(Complaint {
            path: path.to_owned(),
            start: Some(start),
            end: Some(end),
            message,
            edits: edits.collect(),
            applicability: Some(Applicability::Safe),
            ..Complaint::default()
        })
    }
}

impl Change {
    fn message(&self) -> String {
        match (self.old.words(), self.new.words()) {
            (Some(old), Some(new)) if old == new => format!("formatted otherwise: '{old}'"),
            (Some(old), Some(new)) => format!("formatted otherwise: '{old}' becomes '{new}'"),
            (None, Some(new)) => format!("formatted otherwise: '{new}' is missing"),
            (Some(old), None) => format!("formatted otherwise: '{old}' is too much"),
            (None, None) if self.old.lines < self.new.lines => "a blank line is missing".to_owned(),
            (None, None) => "a blank line is too much".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The path, the line, and the edits as line, lines replaced, and both texts.
    type Read<'a> = (&'a str, u64, Vec<(u64, &'a str, &'a str)>);

    fn check(complaints: &[Complaint], expected: &[Read<'_>]) {
        let read: Vec<Read<'_>> = complaints
            .iter()
            .map(|complaint| {
                let edits = complaint.edits.iter().map(|edit| {
                    let super::super::Point::Place(start) = edit.start else {
                        panic!("a place")
                    };
                    (start.line, edit.replaces.as_deref().unwrap(), &*edit.text)
                });
                let start = complaint.start.unwrap();
                (&*complaint.path, start.line, edits.collect())
            })
            .collect();
        assert_eq!(read, expected);
    }

    #[test]
    fn a_hunk_is_a_finding_with_the_edits_that_make_it() {
        let diff = "--- a.py\t2026-01-01\n+++ a.py\t2026-01-01\n@@ -1,4 +1,5 @@\n-x=1\n+x = 1\n import os\n---y\n+--z\n+\n last\n@@ -9 +10,2 @@\n-a\n+b\n+c\n";
        check(
            &read(diff.as_bytes()).unwrap(),
            &[
                (
                    "a.py",
                    1,
                    vec![(1, "x=1\n", "x = 1\n"), (3, "--y\n", "--z\n\n")],
                ),
                ("a.py", 9, vec![(9, "a\n", "b\nc\n")]),
            ],
        );
    }

    #[test]
    fn lines_are_inserted_and_removed_and_the_last_may_lack_its_break() {
        let diff = "--- a/d/x.go\n+++ b/d/x.go\n@@ -0,0 +1 @@\n+new\n@@ -5,2 +6 @@\n old\n-\n@@ -8 +8 @@\n-end\n\\ No newline at end of file\n+end\n";
        check(
            &read(diff.as_bytes()).unwrap(),
            &[
                ("d/x.go", 1, vec![(1, "", "new\n")]),
                ("d/x.go", 6, vec![(6, "\n", "")]),
                ("d/x.go", 8, vec![(8, "end", "end\n")]),
            ],
        );
    }

    #[test]
    fn rustfmt_has_headings_of_its_own() {
        let text = "Diff in /x/src/lib.rs:4:\n     let a;\n }\n-pub fn g()   {}\n+pub fn g() {}\n \nDiff in /x/src/lib.rs at line 9:\n-a\n";
        check(
            &read_rustfmt(text.as_bytes()).unwrap(),
            &[
                (
                    "/x/src/lib.rs",
                    6,
                    vec![(6, "pub fn g()   {}\n", "pub fn g() {}\n")],
                ),
                ("/x/src/lib.rs", 9, vec![(9, "a\n", "")]),
            ],
        );
    }

    #[test]
    fn what_is_no_diff_has_no_findings() {
        check(&read("--- a\nhello\n".as_bytes()).unwrap(), &[]);
    }
}
