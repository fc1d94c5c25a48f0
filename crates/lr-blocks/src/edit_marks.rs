//! The markers of an edit in the format `edits`, and writing one.

use crate::fence::leading_run;

/// The length of the three marker lines of an edit.
///
/// It is chosen by [`EditMarks::clear_of`] so that no line of a text shown can be taken for a marker. A reply says
/// itself how long its markers are, by the line that opens each edit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EditMarks {
    /// How many `<`, `=` or `>` a marker line has.
    pub length: usize,
}

impl Default for EditMarks {
    /// `<<<<<<< SEARCH`, `=======` and `>>>>>>> REPLACE`.
    fn default() -> Self {
        Self { length: 7 }
    }
}

impl EditMarks {
    /// Chooses the shortest markers, not below the default, that no line of these texts can be mistaken for.
    ///
    /// A line collides if it begins with as many `<` or `>`, or consists of as many `=`, blanks at its end aside.
    pub fn clear_of<'a>(texts: impl IntoIterator<Item = &'a str>) -> Self {
        let lines = texts.into_iter().flat_map(str::lines);
        let length = lines.fold(Self::default().length, |length, line| {
            length.max(longest_run(line) + 1)
        });
        Self { length }
    }

    /// The line before the lines to look for.
    pub fn search_line(self) -> String {
        "<".repeat(self.length) + " SEARCH"
    }

    /// The line between the lines to look for and those to put in their place.
    pub fn divider_line(self) -> String {
        "=".repeat(self.length)
    }

    /// The line behind the lines to put in their place.
    pub fn replace_line(self) -> String {
        ">".repeat(self.length) + " REPLACE"
    }
}

/// How long the marker is that a line could be taken for, or the beginning of.
fn longest_run(line: &str) -> usize {
    let n_equal = leading_run(line, b'=');
    let divider = if line[n_equal..].trim().is_empty() {
        n_equal
    } else {
        0
    };
    leading_run(line, b'<')
        .max(leading_run(line, b'>'))
        .max(divider)
}

/// Appends the edit of a file that puts `replace` in the place of `search`, each empty or whole lines.
///
/// A last line without an end gets one, so that the marker lines stand alone. The texts are written as they are:
/// `marks` must be clear of them (see [`EditMarks::clear_of`]), and `path` must be a single line.
pub fn write_edit(out: &mut String, path: &str, search: &str, replace: &str, marks: EditMarks) {
    let (search_line, divider_line) = (marks.search_line(), marks.divider_line());
    for text in [path, &search_line, search, &divider_line, replace] {
        out.push_str(text);
        if !text.is_empty() && !text.ends_with('\n') {
            out.push('\n');
        }
    }
    out.push_str(&marks.replace_line());
    out.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_clear_of(texts: &[&str], length: usize) {
        let marks = EditMarks::clear_of(texts.iter().copied());
        assert_eq!(marks.length, length, "{texts:?}");
    }

    fn check(search: &str, replace: &str, expected: &str) {
        let mut out = String::new();
        write_edit(&mut out, "a.py", search, replace, EditMarks::default());
        assert_eq!(out, expected);
    }

    #[test]
    fn ordinary_texts_get_the_short_markers() {
        check_clear_of(&[], 7);
        check_clear_of(&["<<<<<< x\n======\n>>> f()\n", "a ======= b\n"], 7);
        check_clear_of(&[" <<<<<<<\n =======\n======= title\n"], 7);
    }

    #[test]
    fn are_one_longer_than_the_longest_collision_of_any_text() {
        check_clear_of(&["<<<<<<< HEAD\n", "x"], 8);
        check_clear_of(&["Title\n==========\n"], 11);
        check_clear_of(&["======= \t\r\n"], 8);
        check_clear_of(&[">>>>>>>> mail"], 9);
        check_clear_of(&["=======", "<<<<<<<<<"], 10);
    }

    #[test]
    fn writes_the_path_on_the_line_before() {
        check(
            "x = 1\n",
            "x = 2\n",
            "a.py\n<<<<<<< SEARCH\nx = 1\n=======\nx = 2\n>>>>>>> REPLACE\n",
        );
    }

    #[test]
    fn a_last_line_without_an_end_gets_one() {
        check(
            "x",
            "y\n\nz",
            "a.py\n<<<<<<< SEARCH\nx\n=======\ny\n\nz\n>>>>>>> REPLACE\n",
        );
    }

    #[test]
    fn lines_can_be_removed() {
        check(
            "x\n",
            "",
            "a.py\n<<<<<<< SEARCH\nx\n=======\n>>>>>>> REPLACE\n",
        );
    }
}
