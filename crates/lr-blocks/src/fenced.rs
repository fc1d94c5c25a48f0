//! The first code block of a text in Markdown, for those who want only that.

use crate::fence::leading_run;
use crate::markdown::CodeFence;

/// Returns what stands in the first code fence of a text that is closed; `None` if there is none.
///
/// Its lines lose as many blanks as the fence is indented by. In a fence for Markdown itself, fences nest as models nest
/// them: one with an info string opens, a bare one closes.
pub fn first_fenced(text: &str) -> Option<String> {
    let mut lines = text.lines();
    loop {
        let line = lines.next()?;
        let Some(opening) = CodeFence::of(line) else {
            continue;
        };
        let info = CodeFence::info(line).unwrap_or_default();
        let nests = ["md", "markdown"].contains(&info.to_ascii_lowercase().as_str());
        return inside(lines, opening, nests, leading_run(line, b' '));
    }
}

fn inside<'t>(
    lines: impl Iterator<Item = &'t str>,
    opening: CodeFence,
    nests: bool,
    indent: usize,
) -> Option<String> {
    let mut block = String::new();
    let mut depth = 1_usize;
    for line in lines {
        match CodeFence::of(line) {
            Some(fence) if fence.closes(opening) => depth -= 1,
            Some(_) if nests && CodeFence::begins_like(line, opening) => depth += 1,
            _ => {}
        }
        if depth == 0 {
            return Some(block);
        }
        block.push_str(&line[leading_run(line, b' ').min(indent)..]);
        block.push('\n');
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Option<&str>) {
        assert_eq!(first_fenced(text).as_deref(), expected, "{text:?}");
    }

    #[test]
    fn takes_the_first_block_and_nothing_else() {
        check("Here:\n```sh\nls\n```\nor\n```sh\nrm\n```\n", Some("ls\n"));
        check("~~~\n```\n~~~\n", Some("```\n"));
        check("````\n```\nx\n```\n````", Some("```\nx\n```\n"));
        check("```\n```\n", Some(""));
        check(
            "1. so\n   ```py\n   if x:\n       y\n   ```\n",
            Some("if x:\n    y\n"),
        );
        check("```py\r\nx = 1\r\n```\r\n", Some("x = 1\n"));
    }

    #[test]
    fn fences_nest_in_markdown_only() {
        check(
            "```md\n# A\n```sh\nls\n```\nend\n```\n",
            Some("# A\n```sh\nls\n```\nend\n"),
        );
        check("```text\na\n```sh\nb\n```\nc\n```\n", Some("a\n```sh\nb\n"));
    }

    #[test]
    fn a_block_that_is_not_closed_is_none() {
        check("", None);
        check("no block, but `code`\n", None);
        check("```sh\nls\n", None);
        check("```md\n```sh\nls\n```\n", None);
    }
}
