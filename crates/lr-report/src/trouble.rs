//! What is said of a checker that did not work.

use std::borrow::Cow;

use lr_turn::{CheckResult, CheckStatus};

/// How long a quoted line may be, in characters.
const LONGEST_QUOTE: usize = 200;

/// Returns the line of a failed program's words that tells most: the last one about an error, else
/// the last one that is no step of a stack.
pub fn telling_line(words: &str) -> Option<&str> {
    let lines = || words.lines().rev().map(str::trim);
    let is_error =
        |line: &&str| line.contains("rror:") || (line.contains("rror [") && line.contains("]: "));
    let is_step = |line: &&str| line.starts_with("at ") && line.ends_with(')');
    lines()
        .find(is_error)
        .or_else(|| lines().find(|line| !line.is_empty() && !is_step(line)))
        .or_else(|| lines().find(|line| !line.is_empty()))
}

/// Shortens a line to `limit` characters for people.
pub fn short(line: &str, limit: usize) -> Cow<'_, str> {
    match line.char_indices().nth(limit) {
        Some((end, _)) => Cow::Owned(format!("{}…", &line[..end])),
        None => Cow::Borrowed(line),
    }
}

/// Says of a checker that gave no answer why; `None` for one that gave one.
pub(crate) fn no_answer(result: &CheckResult) -> Option<String> {
    if !matches!(result.status(), CheckStatus::Broken | CheckStatus::Missing) {
        return None;
    }
    let why = result.why.as_deref().unwrap_or("it did not work");
    let mut text = format!("checker '{}' gave no answer: {why}", crate::name(result));
    let printed = result.stderr.as_deref().unwrap_or_default();
    if let Some(line) = telling_line(printed) {
        text.push_str("; it says: ");
        text.push_str(&short(line, LONGEST_QUOTE));
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_about_the_error_tells_most() {
        let usage = "usage: x\nx: error: unrecognized arguments: --nope\n  rootdir: .\n";
        let expected = "x: error: unrecognized arguments: --nope";
        assert_eq!(telling_line(usage), Some(expected));
        assert_eq!(telling_line("first\nlast\n\n"), Some("last"));
        assert_eq!(telling_line("\n"), None);
        let node = "Oops!\n\nError [ERR_X]: Cannot find package 'x'\n    at f (node:a:1:2)\n";
        let expected = "Error [ERR_X]: Cannot find package 'x'";
        assert_eq!(telling_line(node), Some(expected));
        assert_eq!(telling_line("Oops!\n  at f (x:1)\n"), Some("Oops!"));
    }

    #[test]
    fn long_lines_lose_their_end() {
        assert_eq!(short("ééé", 3), "ééé");
        assert_eq!(short("éééé", 3), "ééé…");
    }
}
