//! What checkers print, made fit for a turn.

use std::borrow::Cow;
use std::path::Path;
use std::sync::LazyLock;

use lr_exec::Captured;
use regex::Regex;

/// Sequences by which programs colour text and steer terminals.
static ESCAPES: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[PX^_][^\x1b]*(?:\x1b\\)?|[ -/]*[0-~])").ok()
});

/// Removes escape sequences, and the path of the working directory where it begins a path, so
/// that what is left is the same on every machine.
pub(crate) fn clean(text: &str, directory: &Path) -> String {
    let text = match ESCAPES.as_ref() {
        Some(escapes) if text.contains('\x1b') => {
            Cow::Owned(escapes.replace_all(text, "").replace('\x1b', ""))
        }
        _ => Cow::Borrowed(text),
    };
    without_directory(&text, &directory.to_string_lossy())
}

fn without_directory(text: &str, directory: &str) -> String {
    if directory.len() < 2 || !text.contains(directory) {
        return text.to_owned();
    }
    let mut cleaned = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(directory) {
        let (before, from) = rest.split_at(at);
        let after = &from[directory.len()..];
        cleaned.push_str(before);
        let is_whole =
            !before.ends_with(is_part_of_a_name) && !after.starts_with(is_part_of_a_name);
        match after.strip_prefix('/') {
            _ if !is_whole => {
                cleaned.push_str(directory);
                rest = after;
            }
            Some(inside) if inside.starts_with(is_part_of_a_name) => rest = inside,
            Some(inside) => {
                cleaned.push_str("./");
                rest = inside;
            }
            None => {
                cleaned.push('.');
                rest = after;
            }
        }
    }
    cleaned.push_str(rest);
    cleaned
}

fn is_part_of_a_name(character: char) -> bool {
    character.is_alphanumeric() || "_-.".contains(character)
}

/// Keeps the beginning and the end of what was captured, `limit` bytes of each, as text with a
/// line that says how much is missing between them; returns it with that number of bytes.
pub(crate) fn bounded(captured: &Captured, limit: usize) -> (String, u64) {
    let bytes = captured.bytes();
    if bytes.len() <= 2 * limit {
        return (captured.text(), captured.dropped);
    }
    let (head, rest) = bytes.split_at(limit);
    let (middle, tail) = rest.split_at(rest.len() - limit);
    let dropped = captured.dropped + middle.len() as u64;
    let text = format!(
        "{}\n[… {dropped} bytes dropped …]\n{}",
        String::from_utf8_lossy(head),
        String::from_utf8_lossy(tail)
    );
    (text, dropped)
}

/// Returns the line of a failed program's words that tells most: the last one about an error, else
/// the last one.
pub(crate) fn telling_line(words: &str) -> Option<&str> {
    let lines = || words.lines().rev().map(str::trim);
    lines()
        .find(|line| line.contains("rror:"))
        .or_else(|| lines().find(|line| !line.is_empty()))
}

/// Shortens a line to `limit` characters for people.
pub(crate) fn short(line: &str, limit: usize) -> Cow<'_, str> {
    match line.char_indices().nth(limit) {
        Some((end, _)) => Cow::Owned(format!("{}…", &line[..end])),
        None => Cow::Borrowed(line),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(text: &str, expected: &str) {
        assert_eq!(clean(text, Path::new("/home/me/it")), expected);
    }

    #[test]
    fn colours_titles_and_cursors_are_removed() {
        check("\x1b[31mred\x1b[0m \x1b]0;title\x07x\x1b[2J\x1b(B", "red x");
        check("\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "link");
    }

    #[test]
    fn paths_become_relative() {
        check("/home/me/it/src/a.py:3", "src/a.py:3");
        check("in '/home/me/it'", "in '.'");
        check("/home/me/it/", "./");
        check("file:///home/me/it/a", "file://a");
    }

    #[test]
    fn other_paths_stay() {
        check("/home/me/item/a", "/home/me/item/a");
        check(
            "/home/me/it-2 /home/me/it.old",
            "/home/me/it-2 /home/me/it.old",
        );
    }

    proptest! {
        #[test]
        fn what_is_left_has_no_escapes(text in "[\x1b\\[\\]a0;m\x07\\\\P ]{0,30}") {
            prop_assert!(!clean(&text, Path::new("/")).contains('\x1b'));
        }
    }

    #[test]
    fn the_line_about_the_error_tells_most() {
        let usage = "usage: x\nx: error: unrecognized arguments: --nope\n  rootdir: .\n";
        let expected = "x: error: unrecognized arguments: --nope";
        assert_eq!(telling_line(usage), Some(expected));
        assert_eq!(telling_line("first\nlast\n\n"), Some("last"));
        assert_eq!(telling_line("\n"), None);
    }

    #[test]
    fn long_lines_lose_their_end() {
        assert_eq!(short("ééé", 3), "ééé");
        assert_eq!(short("éééé", 3), "ééé…");
    }

    #[test]
    fn long_text_loses_its_middle() {
        let printed = |text: &str| lr_exec::Program::new(["printf", "%s", text]).run().unwrap();
        let short = printed("short");
        assert_eq!(bounded(&short.stdout, 4), ("short".to_owned(), 0));
        let long = printed("first, second, third");
        let expected = "first\n[… 10 bytes dropped …]\nthird".to_owned();
        assert_eq!(bounded(&long.stdout, 5), (expected, 10));
    }
}
