//! Where lines and columns are in a text.

use std::ops::Range;

use lr_turn::Position;

/// A text in which places are looked up.
pub(crate) struct Places<'t> {
    text: &'t str,
    line_starts: Vec<usize>,
}

impl<'t> Places<'t> {
    /// Finds the lines of a text.
    pub(crate) fn new(text: &'t str) -> Self {
        let behind_breaks = text.match_indices('\n').map(|(at, _)| at + 1);
        Self {
            text,
            line_starts: std::iter::once(0).chain(behind_breaks).collect(),
        }
    }

    /// Returns the bytes of a place where this text must stand.
    ///
    /// # Errors
    ///
    /// Why the place cannot be meant.
    pub(crate) fn of(
        &self,
        place: lr_turn::Range,
        expected: &str,
    ) -> Result<Range<usize>, &'static str> {
        let end = place.end.ok_or("it does not say where it ends")?;
        let range = self.offset(place.start)?..self.offset(end)?;
        if self.text.get(range.clone()) != Some(expected) {
            return Err("another text stands there");
        }
        Ok(range)
    }

    /// Returns the byte a position names; without a column it is the start of the line. Behind a
    /// last line that does not end, the start of the next one is the end of the text.
    fn offset(&self, position: Position) -> Result<usize, &'static str> {
        let behind_all = position.line == self.line_starts.len() as u64 + 1;
        if behind_all && position.column.unwrap_or(1) == 1 && !self.text.ends_with('\n') {
            return Ok(self.text.len());
        }
        let before = |number: u64| number.checked_sub(1).and_then(|n| usize::try_from(n).ok());
        let offset = || {
            let line = before(position.line)?;
            let start = self.line_starts.get(line)?;
            let offset = start.checked_add(before(position.column.unwrap_or(1))?)?;
            let end = match self.line_starts.get(line + 1) {
                Some(next) => next - 1,
                None => self.text.len(),
            };
            (offset <= end).then_some(offset)
        };
        offset().ok_or("the file has no such place")
    }
}
