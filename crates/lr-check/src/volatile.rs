//! Words that differ from run to run, put aside before output becomes part of a key.
//!
//! One short list for all checkers: durations, addresses, process numbers, dates, temporary paths.
//! An entry of the catalogue adds what is its own.

use std::sync::LazyLock;

use regex::Regex;

/// The words, and what stands in their place.
const WORDS: [(&str, &str); 6] = [
    (r"(?-u:\b)0x[0-9a-fA-F]{4,}(?-u:\b)", "0x…"),
    (
        r"(?-u:\b)[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2}(?:[.,][0-9]+)?(?:Z|[+-][0-9]{2}:?[0-9]{2})?",
        "<time>",
    ),
    (
        r"(?-u:\b)[0-9]+(?:\.[0-9]+)? ?(?:[nµum]?s|secs?|seconds?|min|minutes?)(?-u:\b)",
        "<duration>",
    ),
    (
        r"(?-u:\b)([pP]id|PID|[pP]rocess)([ =:]+)[0-9]+(?-u:\b)",
        "$1$2<number>",
    ),
    (
        r"(?:/private)?(?:/var/folders/[A-Za-z0-9_+-]+/[A-Za-z0-9_+-]+/T|/var/tmp|/tmp)/[A-Za-z0-9._/+@%~=-]+",
        "<temporary>",
    ),
    (r"(?-u:\b)pytest-[0-9]+(?-u:\b)", "pytest-<number>"),
];

static PATTERNS: LazyLock<Vec<(Regex, &str)>> = LazyLock::new(|| {
    WORDS
        .iter()
        .filter_map(|(pattern, instead)| Some((Regex::new(pattern).ok()?, *instead)))
        .collect()
});

static LINE_NUMBERS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let words = r"(?-u:\b)([lL]ines?|[cC]olumn|[cC]ol|[rR]ow)( |:|=|#)[0-9]+";
    let places = r":[0-9]+(?::[0-9]+)?(?-u:\b)|\[[0-9]+:[0-9]+\]|\([0-9]+,[0-9]+\)";
    // As `grep -n` and compilers that show the line write it.
    let margin = r"(?m:^[ \t]*[0-9]+(?:[:-]|[ \t]*\|))";
    Regex::new(&format!("{words}|{places}|{margin}")).ok()
});

/// Returns the text with every volatile word replaced by what it is.
pub(crate) fn settle(text: &str) -> String {
    PATTERNS
        .iter()
        .fold(text.to_owned(), |text, (pattern, instead)| {
            pattern.replace_all(&text, *instead).into_owned()
        })
}

/// Returns the text without volatile words, those of a checker's own included, and without the
/// numbers of lines and columns, so that it is the same when lines have moved.
pub(crate) fn settle_places(text: &str, own: &[Regex]) -> String {
    let text = own.iter().fold(text.to_owned(), |text, pattern| {
        pattern.replace_all(&text, "<…>").into_owned()
    });
    let text = settle(&text);
    match LINE_NUMBERS.as_ref() {
        Some(pattern) => pattern.replace_all(&text, "<place>").into_owned(),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        assert_eq!(settle(text), expected);
    }

    #[test]
    fn every_pattern_of_the_list_is_a_pattern() {
        assert_eq!(PATTERNS.len(), WORDS.len());
        assert!(LINE_NUMBERS.is_some());
    }

    #[test]
    fn durations_addresses_and_dates_are_put_aside() {
        check("2 failed in 0.03s", "2 failed in <duration>");
        check("took 12 ms", "took <duration>");
        check("<Foo object at 0x7f3a10>", "<Foo object at 0x…>");
        check("at 2026-11-21T03:56:35.238Z", "at <time>");
        check("pid 4711 died", "pid <number> died");
        check("open '/tmp/x1y2/a.txt'", "open '<temporary>'");
    }

    #[test]
    fn plain_numbers_stay() {
        check("assert 2 == 1", "assert 2 == 1");
        check("line too long (92 > 88)", "line too long (92 > 88)");
    }

    #[test]
    fn a_moved_line_is_the_same_place() {
        let settled = |text| settle_places(text, &[]);
        assert_eq!(
            settled("bad syntax (x, line 3)"),
            settled("bad syntax (x, line 17)")
        );
        assert_eq!(settled("a.py:3:1: no"), settled("a.py:14:2: no"));
        assert_eq!(settled("==a:[3:19]"), settled("==a:[14:30]"));
        assert_ne!(settled("a.py:3:1: no"), settled("b.py:3:1: no"));
        assert_eq!(settled("x\n3:bad"), settled("x\n14:bad"));
        assert_eq!(settled(" 3 | bad"), settled("14 | bad"));
        assert_eq!(settled("a.ts(3,5): no"), settled("a.ts(14,1): no"));
        assert_ne!(settled("2 problems"), settled("3 problems"));
    }
}
