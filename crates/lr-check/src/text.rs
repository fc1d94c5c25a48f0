//! Lines, columns and words of a text.

use lr_turn::{Position, Range};

/// A text and where its lines begin.
pub(crate) struct Lines<'a> {
    text: &'a str,
    starts: Vec<usize>,
}

impl<'a> Lines<'a> {
    /// Finds the lines of a text.
    pub(crate) fn new(text: &'a str) -> Self {
        let breaks = text.match_indices('\n').map(|(at, _)| at + 1);
        Self {
            text,
            starts: std::iter::once(0).chain(breaks).collect(),
        }
    }

    /// Returns a line by its number from 1, without its line break; empty where there is none.
    pub(crate) fn get(&self, number: u64) -> &'a str {
        let Some(range) = self.line_range(number) else {
            return "";
        };
        let line = &self.text[range];
        line.strip_suffix("\r\n")
            .or_else(|| line.strip_suffix('\n'))
            .unwrap_or(line)
    }

    /// Returns the text of a range; `None` where it does not begin and end between characters.
    pub(crate) fn between(&self, range: Range) -> Option<&'a str> {
        let end = range.end.unwrap_or(range.start);
        self.text.get(self.offset(range.start)?..self.offset(end)?)
    }

    /// Returns the position of a byte; behind the end it is the end.
    pub(crate) fn position_of_byte(&self, offset: u64) -> Position {
        let offset = usize::try_from(offset).map_or(self.text.len(), |at| at.min(self.text.len()));
        let line = self.starts.partition_point(|start| *start <= offset);
        Position {
            line: line as u64,
            column: Some((offset - self.starts[line - 1]) as u64 + 1),
        }
    }

    /// Returns the position of a unit of UTF-16, counted without a byte order mark.
    pub(crate) fn position_of_utf16(&self, offset: u64) -> Position {
        let text = self.text.strip_prefix('\u{feff}').unwrap_or(self.text);
        let mark = self.text.len() - text.len();
        self.position_of_byte((mark + utf16_to_byte(text, offset)) as u64)
    }

    /// Tells whether nothing stands behind a position.
    pub(crate) fn is_end(&self, position: Position) -> bool {
        self.offset(position) == Some(self.text.len())
    }

    fn offset(&self, position: Position) -> Option<usize> {
        let behind_all = position.line == self.starts.len() as u64 + 1;
        if behind_all && position.column.is_none_or(|column| column == 1) {
            return Some(self.text.len());
        }
        let line = self.line_range(position.line)?;
        let column = usize::try_from(position.column.unwrap_or(1)).ok()?;
        let offset = line.start + column.checked_sub(1)?;
        (offset <= line.end).then_some(offset)
    }

    fn line_range(&self, number: u64) -> Option<std::ops::Range<usize>> {
        let index = usize::try_from(number).ok()?.checked_sub(1)?;
        let start = *self.starts.get(index)?;
        let end = self.starts.get(index + 1).copied();
        Some(start..end.unwrap_or(self.text.len()))
    }
}

/// Turns a column from 1 in characters into one in bytes; behind the end it stays at the end.
pub(crate) fn char_column_to_byte(line: &str, column: u64) -> u64 {
    let before = usize::try_from(column.saturating_sub(1)).unwrap_or(usize::MAX);
    let bytes: usize = line.chars().take(before).map(char::len_utf8).sum();
    bytes as u64 + 1
}

/// The same for a column in units of UTF-16.
pub(crate) fn utf16_column_to_byte(line: &str, column: u64) -> u64 {
    utf16_to_byte(line, column.saturating_sub(1)) as u64 + 1
}

/// Returns how many bytes stand before a unit of UTF-16.
fn utf16_to_byte(text: &str, offset: u64) -> usize {
    let mut units = 0;
    text.chars()
        .take_while(|character| {
            units += character.len_utf16() as u64;
            units <= offset
        })
        .map(char::len_utf8)
        .sum()
}

/// Tells whether a text names a path: the path stands in it, and is not a piece of a longer one.
pub(crate) fn names(text: &str, path: &str) -> bool {
    let is_word = |character: char| character.is_alphanumeric() || "_-".contains(character);
    text.match_indices(path).any(|(at, _)| {
        let before = &text[..at];
        let before = before.strip_suffix("./").unwrap_or(before);
        let after = &text[at + path.len()..];
        let continues = after.strip_prefix(['.', '/']).unwrap_or(after);
        !before.ends_with(|last: char| is_word(last) || "./".contains(last))
            && !continues.starts_with(is_word)
    })
}

/// Returns a path as an argument that no program takes for an option, even behind `--`.
pub(crate) fn argument(path: &str) -> String {
    if path.starts_with('-') {
        format!("./{path}")
    } else {
        path.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn position(line: u64, column: u64) -> Position {
        Position {
            line,
            column: Some(column),
        }
    }

    fn check_between(from: (u64, u64), to: (u64, u64), expected: Option<&str>) {
        let range = Range {
            start: position(from.0, from.1),
            end: Some(position(to.0, to.1)),
        };
        assert_eq!(Lines::new("ab\r\né\nlast").between(range), expected);
    }

    #[test]
    fn a_range_may_span_lines_and_end_behind_the_last() {
        check_between((1, 2), (2, 3), Some("b\r\né"));
        check_between((3, 1), (4, 1), Some("last"));
        check_between((1, 1), (1, 1), Some(""));
    }

    #[test]
    fn a_range_that_the_text_does_not_have_is_none() {
        check_between((2, 2), (2, 3), None);
        check_between((1, 1), (9, 1), None);
        check_between((0, 1), (1, 1), None);
        check_between((3, 9), (3, 9), None);
        check_between((2, 1), (1, 1), None);
    }

    proptest! {
        #[test]
        fn places_in_characters_find_the_same_text(text in "[aé𐐀\\r\n]{0,20}", one in 0..20usize, other in 0..20usize) {
            let characters: Vec<char> = text.chars().collect();
            let from = one.min(other).min(characters.len());
            let to = one.max(other).min(characters.len());
            let lines = Lines::new(&text);
            let place = |at: usize| {
                let before: String = characters[..at].iter().collect();
                let line = before.matches('\n').count() as u64 + 1;
                let column = before.rsplit('\n').next().unwrap().chars().count() as u64 + 1;
                let whole = text.split('\n').nth(before.matches('\n').count()).unwrap();
                position(line, char_column_to_byte(whole, column))
            };
            let range = Range { start: place(from), end: Some(place(to)) };
            let expected: String = characters[from..to].iter().collect();
            prop_assert_eq!(lines.between(range), Some(&*expected));
        }
    }

    #[test]
    fn lines_come_without_their_breaks() {
        let lines = Lines::new("ab\r\né\n");
        let all = [1, 2, 3, 4, 0].map(|number| lines.get(number));
        assert_eq!(all, ["ab", "é", "", "", ""]);
    }

    #[test]
    fn columns_in_characters_become_columns_in_bytes() {
        let line = "s = \"é𐐀\"; import os";
        assert_eq!(char_column_to_byte(line, 1), 1);
        assert_eq!(char_column_to_byte(line, 18), 22);
        assert_eq!(char_column_to_byte(line, 999), line.len() as u64 + 1);
    }

    #[test]
    fn places_in_utf16_become_places_in_bytes() {
        let line = "s = \"é𐐀\"; import os";
        assert_eq!(utf16_column_to_byte(line, 1), 1);
        assert_eq!(utf16_column_to_byte(line, 19), 22);
        assert_eq!(utf16_column_to_byte(line, 999), line.len() as u64 + 1);
        let lines = Lines::new("\u{feff}é\n𐐀x\n");
        let at = |offset| lines.position_of_utf16(offset);
        assert_eq!(at(0), position(1, 4));
        assert_eq!(at(4), position(2, 5));
        assert_eq!(at(99), position(3, 1));
    }

    #[test]
    fn a_path_is_named_as_a_whole() {
        for text in [
            "a.py:3: no",
            "in './a.py'",
            "a.py",
            "see a.py.",
            "x a.py/ y",
        ] {
            assert!(names(text, "a.py"), "{text}");
        }
        for text in [
            "aa.py:3", "src/a.py", "../a.py", "a.pyi", "a.py.bak", "a.py/b", "-a.py",
        ] {
            assert!(!names(text, "a.py"), "{text}");
        }
    }
}
