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
    Block,
}

impl<'t> Remarks<'t> {
    /// Adds a line. Of several blank lines in a row only the first counts.
    pub(crate) fn line(&mut self, line: &'t str) {
        if !line.trim().is_empty() {
            self.has_content = true;
            self.pieces.push(Piece::Line(line));
        } else if matches!(self.pieces.last(), Some(Piece::Line(last)) if !last.is_empty()) {
            self.pieces.push(Piece::Line(""));
        }
    }

    /// Notes that a block stands here.
    pub(crate) fn block(&mut self) {
        self.has_content = true;
        self.pieces.push(Piece::Block);
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
    pub(crate) fn into_text(mut self) -> String {
        self.unwrap_blocks();
        let mut text = String::new();
        for piece in self.pieces {
            match piece {
                Piece::Line(line) if !line.is_empty() => {
                    text.push_str(line.trim_end());
                    text.push('\n');
                }
                Piece::Line(_) | Piece::Block => {
                    if !text.is_empty() && !text.ends_with("\n\n") {
                        text.push('\n');
                    }
                }
            }
        }
        printable::neutralised(text.trim_end())
    }

    /// Removes code fences that were put around blocks: without the blocks they enclose nothing.
    fn unwrap_blocks(&mut self) {
        let mut open: Option<(usize, CodeFence)> = None;
        let mut encloses_block = false;
        for index in 0..self.pieces.len() {
            let Piece::Line(line) = self.pieces[index] else {
                if let Some((opened_at, _)) = open {
                    self.pieces[opened_at] = Piece::Block;
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
                "@" => remarks.block(),
                line => remarks.line(line),
            }
        }
        assert_eq!(remarks.into_text(), expected);
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
