//! What checkers print, made fit for a turn.

use std::borrow::Cow;
use std::path::Path;
use std::sync::LazyLock;

use regex::Regex;

/// Sequences by which programs colour text and steer terminals.
static ESCAPES: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[PX^_][^\x1b]*(?:\x1b\\)?|[ -/]*[0-~])").ok()
});

/// Where an interpreter is installed: what stands before its library in an absolute path, and a
/// character before that.
static INSTALLED: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(^|[^\w./~…-])(?:/[^\s/'\x22`,:;()<>]+)+/(lib(?:32|64)?/(?:python|pypy)[0-9.]*|site-packages|dist-packages)/").ok()
});

/// Removes escape sequences, the path of the working directory where it begins a path, and the
/// place where an interpreter is installed, so that what is left is the same on every machine.
/// Control characters that JSON does not escape are replaced: some terminals obey them, too.
pub(crate) fn clean(text: &str, directory: &Path) -> String {
    let text = without_escapes(text);
    let text = if text.contains(is_raw_in_json) {
        Cow::Owned(text.replace(is_raw_in_json, "\u{fffd}"))
    } else {
        text
    };
    let text = without_directory(&text, &directory.to_string_lossy());
    match INSTALLED.as_ref() {
        Some(installed) if text.contains("/lib") || text.contains("-packages/") => {
            installed.replace_all(&text, "$1…/$2/").into_owned()
        }
        _ => text,
    }
}

/// Removes escape sequences.
pub(crate) fn without_escapes(text: &str) -> Cow<'_, str> {
    match ESCAPES.as_ref() {
        Some(escapes) if text.contains('\x1b') => {
            Cow::Owned(escapes.replace_all(text, "").replace('\x1b', ""))
        }
        _ => Cow::Borrowed(text),
    }
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

fn is_raw_in_json(character: char) -> bool {
    matches!(character, '\u{7f}'..='\u{9f}')
}

fn is_part_of_a_name(character: char) -> bool {
    character.is_alphanumeric() || "_-.".contains(character)
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
    fn controls_of_eight_bits_are_replaced() {
        check("a\u{9b}2Jb\u{9d}c\x7f\n", "a\u{fffd}2Jb\u{fffd}c\u{fffd}\n");
    }

    #[test]
    fn paths_become_relative() {
        check("/home/me/it/src/a.py:3", "src/a.py:3");
        check("in '/home/me/it'", "in '.'");
        check("/home/me/it/", "./");
        check("file:///home/me/it/a", "file://a");
    }

    #[test]
    fn interpreters_are_installed_anywhere() {
        check(
            "/root/.pyenv/versions/3.11.7/lib/python3.11/importlib/__init__.py:126: in x",
            "…/lib/python3.11/importlib/__init__.py:126: in x",
        );
        check(
            "File \"/opt/v/lib/python3.11/site-packages/_pytest/a.py\", line 3\n/usr/lib/python3/dist-packages/b",
            "File \"…/site-packages/_pytest/a.py\", line 3\n…/dist-packages/b",
        );
        check("/home/me/it/venv/lib/python3.11/a", "venv/lib/python3.11/a");
        check("http://x/lib/python3.11/a", "http://x/lib/python3.11/a");
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
}
