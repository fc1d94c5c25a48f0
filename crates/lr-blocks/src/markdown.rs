//! Code fences of Markdown, as far as replies are concerned.

use crate::fence::leading_run;

/// A line that opens or closes a fenced code block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CodeFence {
    mark: u8,
    length: usize,
    bare: bool,
}

impl CodeFence {
    /// Reads a line as a code fence by the rules of `CommonMark`.
    pub(crate) fn of(line: &str) -> Option<Self> {
        if leading_run(line, b' ') > 3 {
            return None;
        }
        let line = line.trim();
        let mark = line.bytes().next().filter(|byte| b"`~".contains(byte))?;
        let length = leading_run(line, mark);
        let info = &line[length..];
        let is_code_span = mark == b'`' && info.contains('`');
        (length >= 3 && !is_code_span).then_some(Self {
            mark,
            length,
            bare: info.is_empty(),
        })
    }

    /// The info string of a line that opens a code block; `None` if it is no such line or has none.
    pub(crate) fn info(line: &str) -> Option<&str> {
        let fence = Self::of(line)?;
        (!fence.bare).then(|| line.trim()[fence.length..].trim())
    }

    /// Whether a line begins as one does that closes the code block that `opening` opened.
    pub(crate) fn begins_like(line: &str, opening: Self) -> bool {
        let indent = leading_run(line, b' ');
        indent <= 3 && leading_run(&line[indent..], opening.mark) >= opening.length
    }

    /// Whether this line closes the code block that `opening` opened.
    pub(crate) fn closes(self, opening: Self) -> bool {
        self.bare && self.reaches(opening)
    }

    fn reaches(self, opening: Self) -> bool {
        self.mark == opening.mark && self.length >= opening.length
    }
}

/// Whether the last code block of a text is never closed.
pub(crate) fn ends_inside_fence(text: &str) -> bool {
    let mut open: Option<CodeFence> = None;
    for fence in text.lines().filter_map(CodeFence::of) {
        open = match open {
            Some(opening) if fence.closes(opening) => None,
            Some(opening) => Some(opening),
            None => Some(fence),
        };
    }
    open.is_some()
}

/// What stands inside the one code fence around a whole text, if there is one; blank lines around it do not matter.
///
/// Fences inside the text may nest as models nest them: one with an info string opens, a bare one closes. A text that
/// has left its first fence before its last line is not hugged by it.
pub(crate) fn inside_fence(text: &str) -> Option<&str> {
    let whole = text.trim();
    let (first, rest) = whole.split_once('\n')?;
    let opening = CodeFence::of(first)?;
    let last = rest.rsplit('\n').next()?;
    let inside = &rest[..rest.len() - last.len()];
    let mut depth = 1_usize;
    for fence in inside.lines().filter_map(CodeFence::of) {
        if fence.closes(opening) {
            depth -= 1;
        } else if fence.reaches(opening) {
            depth += 1;
        }
        if depth == 0 {
            return None;
        }
    }
    let is_closed = CodeFence::of(last)?.closes(opening) && depth == 1;
    is_closed.then_some(inside)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_inside(text: &str, expected: Option<&str>) {
        assert_eq!(inside_fence(text), expected, "{text:?}");
    }

    #[test]
    fn one_fence_around_everything_hugs_it() {
        check_inside("```python\nx = 1\n```\n", Some("x = 1\n"));
        check_inside("\n~~~\nx = 1\n~~~~\n\n", Some("x = 1\n"));
        check_inside("```\n```\n", Some(""));
        check_inside("````md\n```\nx\n```\n````\n", Some("```\nx\n```\n"));
        check_inside(
            "```md\n# A\n```sh\nls\n```\n```\n",
            Some("# A\n```sh\nls\n```\n"),
        );
    }

    #[test]
    fn fences_that_end_early_or_never_do_not_hug() {
        check_inside("", None);
        check_inside("```\n", None);
        check_inside("x = 1\n", None);
        check_inside("```python\nx = 1\n", None);
        check_inside("```python\nx = 1\n~~~\n", None);
        check_inside("```\na\n```\ntext\n```\nb\n```\n", None);
        check_inside("```sh\na\n```sh\nb\n```\n", None);
    }

    #[test]
    fn code_spans_and_indented_lines_are_no_fences() {
        assert_eq!(CodeFence::of("```a``` b"), None);
        assert_eq!(CodeFence::of("    ```"), None);
        assert_eq!(CodeFence::of("``"), None);
        assert!(CodeFence::of("~~~ a`b").is_some());
    }

    #[test]
    fn sees_an_unclosed_code_block() {
        assert!(ends_inside_fence("x = 1\n```\n"));
        assert!(!ends_inside_fence("```\nx\n```\n"));
        assert!(!ends_inside_fence("x = 1\n"));
    }
}
