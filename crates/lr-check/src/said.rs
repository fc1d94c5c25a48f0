//! What checkers print, made fit for a turn.

use std::borrow::Cow;
use std::path::Path;
use std::sync::LazyLock;

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

/// Keeps the beginning and the end of a text, `limit` bytes of each, and says how much is missing
/// between them; returns it with the number of bytes left out.
pub(crate) fn bounded(text: String, limit: usize) -> (String, u64) {
    if text.len() <= 2 * limit {
        return (text, 0);
    }
    let head = boundary(&text, (0..=limit).rev());
    let tail = boundary(&text, text.len() - limit..=text.len());
    let dropped = tail - head;
    let bounded = format!(
        "{}\n[… {dropped} bytes dropped …]\n{}",
        &text[..head],
        &text[tail..]
    );
    (bounded, dropped as u64)
}

/// Returns the first of the offsets that lies between two characters.
fn boundary(text: &str, mut offsets: impl Iterator<Item = usize>) -> usize {
    offsets
        .find(|offset| text.is_char_boundary(*offset))
        .unwrap_or(0)
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

        #[test]
        fn bounded_text_is_bounded(text in "\\PC{0,80}", limit in 1..30usize) {
            let length = text.len();
            let (bounded, dropped) = bounded(text, limit);
            prop_assert!(bounded.len() <= 2 * limit + 40);
            prop_assert_eq!(dropped == 0, length <= 2 * limit);
        }
    }

    #[test]
    fn long_text_loses_its_middle() {
        assert_eq!(bounded("short".to_owned(), 4), ("short".to_owned(), 0));
        let (text, dropped) = bounded("éééééé".to_owned(), 3);
        assert_eq!(text, "é\n[… 8 bytes dropped …]\né");
        assert_eq!(dropped, 8);
    }
}
