//! The markers around a block: how long they are, and which lines are markers.

/// The lengths of the markers around a block.
///
/// They are chosen by [`Fence::clear_of`] so that no line of a text shown can be taken for a marker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fence {
    /// How many `<` stand at least before and after the path in the line that opens a block.
    pub open: usize,
    /// How many `>` the line that closes a block has at least; it has nothing else.
    pub close: usize,
}

impl Default for Fence {
    /// `<<<< path <<<<` and `>>>>>>>>`.
    fn default() -> Self {
        Self { open: 4, close: 8 }
    }
}

impl Fence {
    /// Chooses the shortest fence, not below the default, that no line of these texts can be mistaken for.
    ///
    /// A line collides if it begins with as many `<` or `>`; the fence is then one longer than the longest of them.
    /// That only a line of nothing but `>` closes a block is not enough: a reply may be cut off in the middle of a line.
    pub fn clear_of<'a>(texts: impl IntoIterator<Item = &'a str>) -> Self {
        let mut fence = Self::default();
        for line in texts.into_iter().flat_map(str::lines) {
            fence.open = fence.open.max(leading_run(line, b'<') + 1);
            fence.close = fence.close.max(leading_run(line, b'>') + 1);
        }
        fence
    }

    /// The same fence, but in no part shorter than the default: no prompt announces less.
    pub(crate) fn at_least_default(self) -> Self {
        let default = Self::default();
        Self {
            open: self.open.max(default.open),
            close: self.close.max(default.close),
        }
    }

    /// The line that opens the block of `name`; without a name twice the marker.
    pub(crate) fn opening_line(self, name: &str) -> String {
        let mark = "<".repeat(self.open);
        if name.is_empty() {
            mark.repeat(2)
        } else {
            format!("{mark} {name} {mark}")
        }
    }

    /// The line that closes a block.
    pub(crate) fn closing_line(self) -> String {
        ">".repeat(self.close)
    }

    /// Says which marker a line is, if it is one. Blanks at its end do not matter, blanks at its start do.
    pub(crate) fn marker(self, line: &str) -> Option<Marker<'_>> {
        if closing_run(line) >= self.close {
            return Some(Marker::Close);
        }
        let line = line.trim_end();
        let head = leading_run(line, b'<');
        if head < self.open {
            return None;
        }
        let rest = &line[head..];
        let name = rest.trim_end_matches('<');
        let tail = rest.len() - name.len();
        match name.trim() {
            "" if head >= self.open.saturating_mul(2) => Some(Marker::Nameless),
            name if !name.is_empty() && tail >= self.open => Some(Marker::Open(name)),
            _ if head == self.open => Some(Marker::Unfinished),
            _ => None,
        }
    }
}

/// What a line of markers means.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Marker<'t> {
    /// Opens the block of what stands between the marks.
    Open(&'t str),
    /// Opens a block without a name, as prompts show a command line.
    Nameless,
    /// Begins as exactly an opening line does, but does not end as one: a slip, or a reply cut off right there.
    /// A longer run that is not a whole opening line is ordinary text, such as `<<<<<<< HEAD`.
    Unfinished,
    /// Closes the open block.
    Close,
}

/// How often `mark` stands at the start of the line.
pub(crate) fn leading_run(line: &str, mark: u8) -> usize {
    line.bytes().take_while(|byte| *byte == mark).count()
}

/// The length of a line of `>` only, blanks at its end aside; 0 for every other line.
fn closing_run(line: &str) -> usize {
    let run = leading_run(line, b'>');
    if line[run..].trim().is_empty() {
        run
    } else {
        0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_clear_of(texts: &[&str], open: usize, close: usize) {
        assert_eq!(
            Fence::clear_of(texts.iter().copied()),
            Fence { open, close }
        );
    }

    fn check_marker<'t>(line: &str, expected: impl Into<Option<Marker<'t>>>) {
        assert_eq!(Fence::default().marker(line), expected.into(), "{line:?}");
    }

    #[test]
    fn ordinary_texts_get_the_short_fence() {
        check_clear_of(&[], 4, 8);
        check_clear_of(&["x <<<<<< y\n>>> f()\n<<< z\n"], 4, 8);
        check_clear_of(&[" <<<<<<\n >>>>>>>>>>\n"], 4, 8);
    }

    #[test]
    fn is_one_longer_than_the_longest_collision_of_any_text() {
        check_clear_of(&["<<<< a <<<<\n", "<<<<<<< HEAD\n"], 8, 8);
        check_clear_of(&["<<<<"], 5, 8);
        check_clear_of(&[">>>>>>>>\n", ">>>>>>>>>>"], 4, 11);
        check_clear_of(&[">>>>>>>> \t\r\n"], 4, 9);
        check_clear_of(&[">>>>>>>> mail\n"], 4, 9);
    }

    #[test]
    fn opening_lines_name_a_path() {
        check_marker("<<<< a.py <<<<", Marker::Open("a.py"));
        check_marker("<<<<<< my file.py <<<<  \r", Marker::Open("my file.py"));
        check_marker("<<<<a.py<<<<", Marker::Open("a.py"));
        check_marker("<<<< <a <<<<", Marker::Open("<a"));
    }

    #[test]
    fn closing_lines_have_nothing_else() {
        check_marker(">>>>>>>>", Marker::Close);
        check_marker(">>>>>>>>>\t ", Marker::Close);
        check_marker(">>>>>>>", None);
        check_marker(" >>>>>>>>", None);
        check_marker(">>>>>>>> a.py", None);
    }

    #[test]
    fn half_an_opening_line_is_told_from_ordinary_text() {
        check_marker("<<<<", Marker::Unfinished);
        check_marker("<<<< a.py", Marker::Unfinished);
        check_marker("<<<< a.py <<<", Marker::Unfinished);
        check_marker("<<<<<<<<", Marker::Nameless);
        check_marker("<<<<<<< HEAD", None);
        check_marker("<<< a.py <<<", None);
        check_marker(" <<<< a.py <<<<", None);
        check_marker("", None);
    }

    #[test]
    fn no_announced_length_can_overflow() {
        let fence = Fence {
            open: usize::MAX,
            close: usize::MAX,
        };
        assert_eq!(fence.marker("<<<< a <<<<"), None);
    }
}
