//! What a reply says outside its blocks.

use crate::markdown::CodeFence;
use crate::printable;

/// The lines outside blocks, as they are read, with the places where blocks stood.
#[derive(Debug, Default)]
pub(crate) struct Remarks<'t> {
    pieces: Vec<Piece<'t>>,
    has_content: bool,
}

#[derive(Clone, Copy, Debug)]
enum Piece<'t> {
    Line(&'t str),
    /// A line that is nothing but the path of what follows.
    Label(&'t str),
    /// Something the reply says about files, by its number.
    Item(usize),
    /// A place where a block stood.
    Block,
}

impl<'t> Remarks<'t> {
    /// Adds a line. Of several blank lines in a row only the first counts.
    pub(crate) fn line(&mut self, line: &'t str) {
        if !line.trim().is_empty() {
            self.has_content = true;
            self.pieces.push(Piece::Line(line));
        } else if matches!(self.pieces.last(), Some(Piece::Line(last) | Piece::Label(last)) if !last.is_empty())
        {
            self.pieces.push(Piece::Line(""));
        }
    }

    /// Adds a line that is nothing but a path: with the item it labels it goes.
    pub(crate) fn label(&mut self, line: &'t str) {
        self.has_content = true;
        self.pieces.push(Piece::Label(line));
    }

    /// Notes that an item stands here.
    pub(crate) fn item(&mut self, number: usize) {
        self.has_content = true;
        self.pieces.push(Piece::Item(number));
    }

    /// Forgets everything so far: it was reasoning.
    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }

    /// Whether there was neither a block nor a line that is not blank.
    pub(crate) fn is_empty(&self) -> bool {
        !self.has_content
    }

    /// The remarks as one text, see [`crate::Reply::notes`].
    ///
    /// `lines` gives those of an item that is a remark after all, and `None` for one that was understood.
    pub(crate) fn into_text(mut self, lines: &dyn Fn(usize) -> Option<&'t [&'t str]>) -> String {
        let mut settled = Self::default();
        let mut label = None;
        for piece in std::mem::take(&mut self.pieces) {
            match piece {
                Piece::Label(line) => {
                    label = Some(settled.pieces.len());
                    settled.pieces.push(Piece::Line(line));
                }
                Piece::Line(line) => {
                    let is_between = line.is_empty() || CodeFence::of(line).is_some();
                    label = label.filter(|_| is_between);
                    settled.pieces.push(piece);
                }
                Piece::Item(number) => {
                    if let Some(lines) = lines(number) {
                        for line in lines {
                            settled.line(line);
                        }
                        continue;
                    }
                    if let Some(at) = label.take() {
                        settled.pieces[at] = Piece::Block;
                    }
                    settled.pieces.push(Piece::Block);
                }
                Piece::Block => settled.pieces.push(piece),
            }
        }
        settled.unwrap_blocks();
        settled.joined()
    }

    fn joined(self) -> String {
        let mut text = String::new();
        for piece in self.pieces {
            match piece {
                Piece::Line(line) if !line.is_empty() => {
                    text.push_str(line.trim_end());
                    text.push('\n');
                }
                _ => {
                    if !text.is_empty() && !text.ends_with("\n\n") {
                        text.push('\n');
                    }
                }
            }
        }
        printable::neutralised(text.trim_end())
    }

    /// Removes the line just above a block that opens a second code fence in the one around both.
    fn unwrap_inner(&mut self, block: usize) {
        if let Some(Piece::Line(above)) = block.checked_sub(1).map(|at| self.pieces[at])
            && CodeFence::of(above).is_some()
        {
            self.pieces[block - 1] = Piece::Block;
        }
    }

    /// Removes code fences that were put around blocks: without the blocks they enclose nothing.
    fn unwrap_blocks(&mut self) {
        let mut open: Option<(usize, CodeFence)> = None;
        let mut encloses_block = false;
        for index in 0..self.pieces.len() {
            let Piece::Line(line) = self.pieces[index] else {
                if let Some((opened_at, _)) = open {
                    self.pieces[opened_at] = Piece::Block;
                    self.unwrap_inner(index);
                    encloses_block = true;
                }
                continue;
            };
            match (CodeFence::of(line), open) {
                (Some(fence), None) => {
                    open = Some((index, fence));
                    encloses_block = false;
                }
                (Some(fence), Some((_, opening))) if fence.closes(opening) => {
                    open = None;
                    if encloses_block {
                        self.pieces[index] = Piece::Block;
                    }
                }
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `@` stands for a block.
    fn check(lines: &[&str], expected: &str) {
        let mut remarks = Remarks::default();
        for line in lines {
            match *line {
                "@" => remarks.item(0),
                line => remarks.line(line),
            }
        }
        assert_eq!(remarks.into_text(&|_| None), expected);
    }

    #[test]
    fn blocks_leave_a_paragraph_break() {
        check(&["First.", "@", "Second."], "First.\n\nSecond.");
        check(&["", "@", "", "@", "  Indented.", "@", ""], "  Indented.");
        check(&["@"], "");
    }

    #[test]
    fn fences_around_blocks_go_and_others_stay() {
        check(&["A.", "```text", "@", "@", "```", "B."], "A.\n\nB.");
        check(
            &["```sh", "ls", "```", "@", "```", "x", "```"],
            "```sh\nls\n```\n\n```\nx\n```",
        );
        check(&["```", "@", "```", "```", "@", "```"], "");
        check(&["```", "@"], "");
    }

    #[test]
    fn control_characters_are_neutralised() {
        check(&["a\u{1b}[2Jb"], "a\u{fffd}[2Jb");
    }
}
