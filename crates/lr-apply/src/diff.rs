//! The unified diff of two versions of a text.

use std::fmt::Write as _;
use std::ops::Range;

use lr_files::shared_lines;

/// How many lines around a change are shown.
const CONTEXT: usize = 3;

/// What one version has more, and less, than another.
pub(crate) struct Diff {
    /// The number of lines added.
    pub(crate) added: usize,
    /// The number of lines removed.
    pub(crate) removed: usize,
    /// The hunks of a unified diff; empty if the versions are equal.
    pub(crate) hunks: String,
}

/// Some lines that were replaced by others.
struct Edit {
    old: Range<usize>,
    new: Range<usize>,
}

impl Diff {
    /// Compares two versions in time linear in both.
    pub(crate) fn of(old: &str, new: &str) -> Self {
        let old: Vec<&str> = old.split_inclusive('\n').collect();
        let new: Vec<&str> = new.split_inclusive('\n').collect();
        let edits = edits(&old, &new);
        let mut hunks = String::new();
        for edits in edits.chunk_by(|one, next| next.old.start - one.old.end <= 2 * CONTEXT) {
            write_hunk(&mut hunks, edits, &old, &new);
        }
        Self {
            added: edits.iter().map(|edit| edit.new.len()).sum(),
            removed: edits.iter().map(|edit| edit.old.len()).sum(),
            hunks,
        }
    }
}

fn edits(old: &[&str], new: &[&str]) -> Vec<Edit> {
    let mut edits = Vec::new();
    let (mut from_old, mut from_new) = (0, 0);
    let runs = shared_lines(old, new);
    let runs = runs.iter().map(|run| (run.old, run.new, run.len));
    for (at_old, at_new, len) in runs.chain([(old.len(), new.len(), 0)]) {
        let edit = Edit {
            old: from_old..at_old,
            new: from_new..at_new,
        };
        if !edit.old.is_empty() || !edit.new.is_empty() {
            edits.push(edit);
        }
        (from_old, from_new) = (at_old + len, at_new + len);
    }
    edits
}

fn write_hunk(hunks: &mut String, edits: &[Edit], old: &[&str], new: &[&str]) {
    let (Some(first), Some(last)) = (edits.first(), edits.last()) else {
        return;
    };
    let before = first.old.start.min(CONTEXT);
    let after = (old.len() - last.old.end).min(CONTEXT);
    let in_old = first.old.start - before..last.old.end + after;
    let in_new = first.new.start - before..last.new.end + after;
    // Writing into a string cannot fail.
    let _ = writeln!(hunks, "@@ -{} +{} @@", place(&in_old), place(&in_new));
    let mut at = in_old.start;
    for edit in edits {
        write_lines(hunks, ' ', &old[at..edit.old.start]);
        write_lines(hunks, '-', &old[edit.old.clone()]);
        write_lines(hunks, '+', &new[edit.new.clone()]);
        at = edit.old.end;
    }
    write_lines(hunks, ' ', &old[at..in_old.end]);
}

/// The first line and the number of lines, as a diff writes them.
fn place(lines: &Range<usize>) -> String {
    match lines.len() {
        0 => format!("{},0", lines.start),
        1 => format!("{}", lines.start + 1),
        n => format!("{},{n}", lines.start + 1),
    }
}

fn write_lines(hunks: &mut String, sign: char, lines: &[&str]) {
    for line in lines {
        hunks.push(sign);
        hunks.push_str(line);
        if !line.ends_with('\n') {
            hunks.push_str("\n\\ No newline at end of file\n");
        }
    }
}

/// A path as it stands in the header of a diff: in quotes, as git writes it, where it would be
/// misunderstood.
pub(crate) fn header_name(path: &str) -> String {
    if path.contains(['"', '\\']) {
        format!("\"{}\"", path.replace('\\', "\\\\").replace('"', "\\\""))
    } else {
        path.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(old: &str, new: &str, expected: &str) {
        let diff = Diff::of(old, new);
        assert_eq!(diff.hunks, expected);
        let count = |sign| {
            expected
                .lines()
                .filter(|line| line.starts_with(sign))
                .count()
        };
        assert_eq!((diff.added, diff.removed), (count('+'), count('-')));
    }

    #[test]
    fn shows_changes_with_three_lines_around_them() {
        check("a\n", "a\n", "");
        check(
            "a\nb\nc\nd\ne\nf\n",
            "a\nb\nc\nd\nx\nf\n",
            "@@ -2,5 +2,5 @@\n b\n c\n d\n-e\n+x\n f\n",
        );
    }

    #[test]
    fn changes_that_are_near_stand_in_one_hunk_and_others_do_not() {
        let text = |at: &[usize]| {
            let line = |n: &usize| {
                if at.contains(n) {
                    "x\n".to_owned()
                } else {
                    format!("{n}\n")
                }
            };
            (1..=30)
                .collect::<Vec<_>>()
                .iter()
                .map(line)
                .collect::<String>()
        };
        let near = Diff::of(&text(&[]), &text(&[5, 12]));
        assert_eq!(near.hunks.matches("@@ -").count(), 1);
        let far = Diff::of(&text(&[]), &text(&[5, 13]));
        assert_eq!(far.hunks.matches("@@ -").count(), 2);
        assert!(far.hunks.contains("@@ -10,7 +10,7 @@\n"), "{}", far.hunks);
    }

    #[test]
    fn shows_new_and_deleted_texts_and_missing_line_ends() {
        check("", "a\nb\n", "@@ -0,0 +1,2 @@\n+a\n+b\n");
        check("a\n", "", "@@ -1 +0,0 @@\n-a\n");
        let expected = "@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+a\n";
        check("a", "a\n", expected);
        check("a\r\n", "a\n", "@@ -1 +1 @@\n-a\r\n+a\n");
    }

    #[test]
    fn names_that_would_be_misunderstood_are_quoted() {
        assert_eq!(header_name("a/b c.py"), "a/b c.py");
        assert_eq!(header_name("a/b\"c.py"), "\"a/b\\\"c.py\"");
    }
}
