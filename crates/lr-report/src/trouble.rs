//! What is said of a checker that did not work.

use std::borrow::Cow;

use lr_turn::{CheckResult, CheckStatus};

/// How long a quoted line may be, in characters.
const LONGEST_QUOTE: usize = 200;

/// Returns the line by which a checker that gave no answer tells most about why.
pub fn reason(result: &CheckResult) -> Option<&str> {
    let told = result.stderr.as_deref().and_then(telling_line);
    // Some say it where their findings stand otherwise.
    told.or_else(|| lines(result.stdout.as_deref()?).find(is_error))
}

/// The lines of a failed program's words, the last one first.
fn lines(words: &str) -> impl Iterator<Item = &str> {
    words.lines().rev().map(str::trim)
}

fn is_error(line: &&str) -> bool {
    line.contains("rror:")
        || line.starts_with("error ")
        || (line.contains("rror [") && line.contains("]: "))
}

/// Returns the last line about an error, else the last one about what could not be done, else the
/// last one that is no step of a stack.
pub fn telling_line(words: &str) -> Option<&str> {
    let lines = || lines(words);
    let is_regret = |line: &&str| {
        ["couldn't ", "could not ", "cannot "]
            .iter()
            .any(|word| line.contains(word))
    };
    let is_step = |line: &&str| line.starts_with("at ") && line.ends_with(')');
    lines()
        .find(is_error)
        .or_else(|| lines().find(is_regret))
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
    if let Some(line) = reason(result) {
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
    fn what_could_not_be_done_tells_more_than_the_last_line() {
        let eslint = "Oops!\n\nESLint couldn't find a configuration.\n\nSee https://x\n";
        assert_eq!(
            telling_line(eslint),
            Some("ESLint couldn't find a configuration.")
        );
        let result = CheckResult {
            stdout: Some("error TS2688: Cannot find 'node'.\n  It is wanted.\n".to_owned()),
            stderr: Some(String::new()),
            ..CheckResult::default()
        };
        assert_eq!(reason(&result), Some("error TS2688: Cannot find 'node'."));
    }

    #[test]
    fn long_lines_lose_their_end() {
        assert_eq!(short("ééé", 3), "ééé");
        assert_eq!(short("éééé", 3), "ééé…");
    }
}
