//! The texts of the sources, with their lines.

use std::collections::HashMap;

use lr_turn::Position;

/// The texts of the sources, by path.
#[derive(Debug, Default)]
pub struct Texts<'a> {
    texts: HashMap<&'a str, Lines<'a>>,
}

/// One text, and where its lines begin.
#[derive(Debug)]
pub(crate) struct Lines<'a> {
    text: &'a str,
    starts: Vec<usize>,
}

impl<'a> Texts<'a> {
    /// Makes them of pairs of path and text.
    pub fn of(texts: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let texts = texts.into_iter();
        Self {
            texts: texts.map(|(path, text)| (path, Lines::new(text))).collect(),
        }
    }

    /// Returns how many there are.
    pub fn count(&self) -> usize {
        self.texts.len()
    }

    /// Returns the text of a path, if it is a source.
    pub(crate) fn get(&self, path: &str) -> Option<&Lines<'a>> {
        self.texts.get(path)
    }

    /// Returns the column of a place in characters; where the text is not known, as it is.
    pub(crate) fn column_in_characters(&self, path: &str, position: Position) -> Option<u64> {
        let column = position.column?;
        let Some(lines) = self.get(path) else {
            return Some(column);
        };
        let line = lines.get(position.line)?;
        let before = usize::try_from(column.saturating_sub(1)).unwrap_or(usize::MAX);
        let end = boundary(line, before);
        Some(line[..end].chars().count() as u64 + 1)
    }
}

impl<'a> Lines<'a> {
    fn new(text: &'a str) -> Self {
        let breaks = text.match_indices('\n').map(|(at, _)| at + 1);
        Self {
            text,
            starts: std::iter::once(0).chain(breaks).collect(),
        }
    }

    /// Returns a line by its number from 1, without its line break.
    pub(crate) fn get(&self, number: u64) -> Option<&'a str> {
        let index = usize::try_from(number).ok()?.checked_sub(1)?;
        let start = *self.starts.get(index)?;
        let end = self.starts.get(index + 1).copied();
        let line = &self.text[start..end.unwrap_or(self.text.len())];
        Some(line.trim_end_matches(['\n', '\r']))
    }

    /// Returns where a line begins, by its number from 1.
    pub(crate) fn offset(&self, number: u64) -> Option<usize> {
        let index = usize::try_from(number).ok()?.checked_sub(1)?;
        self.starts.get(index).copied()
    }

    /// Returns the text from the first to the last of these lines, and where it begins.
    pub(crate) fn between(&self, first: u64, last: u64) -> (&'a str, usize) {
        let start = self.offset(first).unwrap_or(self.text.len());
        let end = self.offset(last + 1).unwrap_or(self.text.len());
        (&self.text[start..end.max(start)], start)
    }
}

/// Returns the nearest place between characters at or before this many bytes.
pub(crate) fn boundary(line: &str, bytes: usize) -> usize {
    let most = bytes.min(line.len());
    let mut places = (0..=most).rev();
    places
        .find(|at| line.is_char_boundary(*at))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters() {
        let texts = Texts::of([("a", "xé𐐀y\r\nz")]);
        let column = |path, line, column| {
            let column = Some(column);
            texts.column_in_characters(path, Position { line, column })
        };
        assert_eq!(column("a", 1, 8), Some(4));
        assert_eq!(column("a", 1, 3), Some(2));
        assert_eq!(column("a", 1, 99), Some(5));
        assert_eq!(column("a", 9, 1), None);
        assert_eq!(column("b", 1, 8), Some(8));
    }
}
