//! Lines of what a program says, which comes in pieces.

/// The longest line that is kept together, in bytes.
const LONGEST_LINE: usize = 64 * 1024;

/// What a program has said of a line so far.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    begun: Vec<u8>,
}

impl Lines {
    /// Takes a piece and hands on each line that ends in it, without its end.
    pub(crate) fn take(&mut self, bytes: &[u8], mut each: impl FnMut(&str)) {
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            self.begun.extend_from_slice(piece);
            let is_whole = self.begun.last() == Some(&b'\n');
            if is_whole {
                self.begun.pop();
            }
            if is_whole || self.begun.len() > LONGEST_LINE {
                self.hand_on(&mut each);
            }
        }
    }

    /// Hands on what is left, if there is anything.
    pub(crate) fn end(mut self, mut each: impl FnMut(&str)) {
        if !self.begun.is_empty() {
            self.hand_on(&mut each);
        }
    }

    fn hand_on(&mut self, each: &mut impl FnMut(&str)) {
        each(&String::from_utf8_lossy(&self.begun));
        self.begun.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_put_together_and_none_grows_without_end() {
        let mut lines = Lines::default();
        let mut said: Vec<String> = Vec::new();
        for piece in ["a", "b\n\nc", "\n"] {
            lines.take(piece.as_bytes(), |line| said.push(line.to_owned()));
        }
        assert_eq!(said, ["ab", "", "c"]);
        let mut lengths: Vec<usize> = Vec::new();
        lines.take(&vec![b'x'; LONGEST_LINE + 1], |line| {
            lengths.push(line.len());
        });
        lines.take(b"rest", |_| panic!("it has no end yet"));
        lines.end(|line| lengths.push(line.len()));
        assert_eq!(lengths, [LONGEST_LINE + 1, 4]);
    }
}
