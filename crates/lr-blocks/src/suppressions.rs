//! Suppressions: remarks in a text that silence a checker, and tests that are skipped or gone.
//!
//! A new version that has more of them than the old one may have become clean without having become better. Only known
//! words count, where they begin and end as words do. What has moved is not new, and neither is a suppression that was
//! there and now covers more.

use std::collections::{BTreeMap, HashMap};

/// Words that silence something in a comment, and what that is called. A blank stands for any number of blanks, and for
/// none behind a colon.
const IN_COMMENTS: &[(&str, &str)] = &[
    ("noqa", "noqa"),
    ("NOQA", "noqa"),
    ("type: ignore", "type: ignore"),
    ("pyright: ignore", "type: ignore"),
    ("pyre-ignore", "type: ignore"),
    ("mypy: ignore-errors", "type: ignore"),
    ("pylint: disable", "pylint: disable"),
    ("pylint: disable-next", "pylint: disable"),
    ("pylint: skip-file", "pylint: disable"),
    ("pragma: no cover", "pragma: no cover"),
    ("nosec", "nosec"),
    ("fmt: off", "fmt: off"),
    ("fmt: skip", "fmt: off"),
    ("isort: skip", "isort: skip"),
    ("isort: skip_file", "isort: skip"),
    ("eslint-disable", "eslint-disable"),
    ("eslint-disable-line", "eslint-disable"),
    ("eslint-disable-next-line", "eslint-disable"),
    ("tslint:disable", "eslint-disable"),
    ("biome-ignore", "biome-ignore"),
    ("@ts-ignore", "@ts-ignore"),
    ("@ts-expect-error", "@ts-expect-error"),
    ("@ts-nocheck", "@ts-nocheck"),
    ("prettier-ignore", "prettier-ignore"),
    ("stylelint-disable", "stylelint-disable"),
    ("stylelint-disable-line", "stylelint-disable"),
    ("stylelint-disable-next-line", "stylelint-disable"),
    ("istanbul ignore", "istanbul ignore"),
    ("nolint", "nolint"),
    ("NOLINT", "nolint"),
    ("NOLINTNEXTLINE", "nolint"),
    ("NOLINTBEGIN", "nolint"),
    ("lint:ignore", "nolint"),
    ("cppcheck-suppress", "cppcheck-suppress"),
    ("rubocop:disable", "rubocop:disable"),
    ("rubocop:todo", "rubocop:disable"),
    ("shellcheck disable", "shellcheck disable"),
    ("hadolint ignore", "hadolint ignore"),
    ("yamllint disable", "yamllint disable"),
    ("yamllint disable-line", "yamllint disable"),
    ("markdownlint-disable", "markdownlint-disable"),
    ("markdownlint-disable-line", "markdownlint-disable"),
    ("markdownlint-disable-next-line", "markdownlint-disable"),
    ("phpcs:ignore", "phpcs:ignore"),
    ("phpcs:disable", "phpcs:ignore"),
    ("@phpstan-ignore", "@phpstan-ignore"),
    ("@phpstan-ignore-line", "@phpstan-ignore"),
    ("@phpstan-ignore-next-line", "@phpstan-ignore"),
    ("swiftlint:disable", "swiftlint:disable"),
];

/// Code that silences a checker or skips a test, and what that is called.
const IN_CODE: &[(&str, &str)] = &[
    ("#[allow(", "#[allow]"),
    ("#![allow(", "#[allow]"),
    ("#[expect(", "#[expect]"),
    ("#![expect(", "#[expect]"),
    ("#[rustfmt::skip]", "#[rustfmt::skip]"),
    ("@SuppressWarnings", "@SuppressWarnings"),
    ("@Suppress(", "@SuppressWarnings"),
    ("@no_type_check", "type: ignore"),
    ("#pragma GCC diagnostic ignored", "diagnostic ignored"),
    ("#pragma clang diagnostic ignored", "diagnostic ignored"),
    ("#[ignore", SKIPPED),
    ("pytest.mark.skip", SKIPPED),
    ("pytest.mark.skipif", SKIPPED),
    ("pytest.skip(", SKIPPED),
    ("pytest.importorskip(", SKIPPED),
    ("unittest.skip", SKIPPED),
    ("unittest.skipIf", SKIPPED),
    ("unittest.skipUnless", SKIPPED),
    ("@skip", SKIPPED),
    ("@skipIf", SKIPPED),
    ("@skipUnless", SKIPPED),
    ("self.skipTest(", SKIPPED),
    ("it.skip(", SKIPPED),
    ("it.todo(", SKIPPED),
    ("test.skip(", SKIPPED),
    ("test.todo(", SKIPPED),
    ("describe.skip(", SKIPPED),
    ("xit(", SKIPPED),
    ("xtest(", SKIPPED),
    ("xdescribe(", SKIPPED),
    ("it.only(", ONLY_SOME),
    ("test.only(", ONLY_SOME),
    ("describe.only(", ONLY_SOME),
    ("fdescribe(", ONLY_SOME),
    ("t.Skip(", SKIPPED),
    ("t.Skipf(", SKIPPED),
    ("t.SkipNow(", SKIPPED),
    ("GTEST_SKIP(", SKIPPED),
    ("@Disabled", SKIPPED),
    ("@Ignore", SKIPPED),
    ("pytest.mark.xfail", EXPECTED),
    ("pytest.xfail(", EXPECTED),
    ("unittest.expectedFailure", EXPECTED),
    ("@expectedFailure", EXPECTED),
    ("it.failing(", EXPECTED),
    ("test.failing(", EXPECTED),
    ("test.fails(", EXPECTED),
];

const SKIPPED: &str = "skipped test";
const EXPECTED: &str = "expected failure";
const ONLY_SOME: &str = "only some tests";
const DELETED: &str = "deleted test";

/// How a line begins that is, or announces, a test.
const TESTS: &[&str] = &[
    "def test_",
    "async def test_",
    "#[test]",
    "#[tokio::test",
    "func Test",
    "@Test",
    "it(",
    "test(",
    "it.each(",
    "test.each(",
];

/// What stands before a remark in some language.
const COMMENT_SIGNS: &[&str] = &["#", "//", "/*", "*", "--", "<!--", "%", ";"];

/// How many suppressions of a kind a new version has more than the old one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suppression {
    /// What it is called, such as `noqa` or `skipped test`.
    pub kind: &'static str,
    /// How many more there are; less than 0 if there are fewer.
    pub added: i64,
    /// The line of the new version that has the first new one, from 1, unless something is missing instead.
    pub line: Option<usize>,
}

/// Counts the suppressions of two versions of a file (empty if there is none), in time linear in both.
///
/// Returns the kinds of which there are more or fewer, sorted.
pub fn suppressions(old: &str, new: &str) -> Vec<Suppression> {
    let words = Words::all();
    let mut lines = HashMap::new();
    let (old_found, new_found) = (words.find(old, &mut lines), words.find(new, &mut lines));
    let mut known: HashMap<(&str, usize), i64> = HashMap::new();
    let mut kinds: BTreeMap<&'static str, (i64, Option<usize>)> = BTreeMap::new();
    for found in &old_found {
        *known.entry((found.kind, found.content)).or_default() += 1;
        kinds.entry(found.kind).or_default().0 -= 1;
    }
    for found in &new_found {
        let entry = kinds.entry(found.kind).or_default();
        entry.0 += 1;
        let left = known.entry((found.kind, found.content)).or_default();
        *left -= 1;
        if *left < 0 && entry.1.is_none() {
            entry.1 = Some(found.line);
        }
    }
    let gone = n_tests(old) - n_tests(new);
    if gone != 0 {
        kinds.insert(DELETED, (gone, None));
    }
    let different = kinds.into_iter().filter(|(_, (added, _))| *added != 0);
    different
        .map(|(kind, (added, line))| Suppression { kind, added, line })
        .collect()
}

fn n_tests(text: &str) -> i64 {
    let is_test = |line: &&str| {
        let line = line.trim_start();
        TESTS.iter().any(|begin| line.starts_with(begin))
    };
    i64::try_from(text.lines().filter(is_test).count()).unwrap_or(i64::MAX)
}

/// A suppression in a text.
struct Found {
    kind: &'static str,
    /// A number for what its line says, the blanks around it aside.
    content: usize,
    line: usize,
}

/// The words by their first byte, the longest first.
struct Words(HashMap<u8, Vec<Word>>);

#[derive(Clone, Copy)]
struct Word {
    text: &'static str,
    kind: &'static str,
    is_comment: bool,
}

impl Words {
    fn all() -> Self {
        let comments = IN_COMMENTS.iter().map(|word| (word, true));
        let code = IN_CODE.iter().map(|word| (word, false));
        let mut words: HashMap<u8, Vec<Word>> = HashMap::new();
        for ((text, kind), is_comment) in comments.chain(code) {
            let begin = text.bytes().next().unwrap_or_default();
            let word = Word {
                text,
                kind,
                is_comment,
            };
            words.entry(begin).or_default().push(word);
        }
        for list in words.values_mut() {
            list.sort_by_key(|word| std::cmp::Reverse(word.text.len()));
        }
        Self(words)
    }

    /// Finds the words in a text; equal lines get equal numbers from `contents`.
    fn find<'t>(&self, text: &'t str, contents: &mut HashMap<&'t str, usize>) -> Vec<Found> {
        let mut found = Vec::new();
        for (index, line) in text.lines().enumerate() {
            let mut at = 0;
            let mut content = None;
            while let Some((kind, end)) = self.next(line, at) {
                let content = *content.get_or_insert_with(|| {
                    let next = contents.len();
                    *contents.entry(line.trim()).or_insert(next)
                });
                found.push(Found {
                    kind,
                    content,
                    line: index + 1,
                });
                at = end;
            }
        }
        found
    }

    /// The next word in a line from a place on: its kind, and where it ends.
    fn next(&self, line: &str, from: usize) -> Option<(&'static str, usize)> {
        let bytes = line.as_bytes();
        for at in from..bytes.len() {
            let Some(words) = self.0.get(&bytes[at]) else {
                continue;
            };
            let before = at.checked_sub(1).map(|before| bytes[before]);
            if before.is_some_and(|byte| is_word(byte) || matches!(byte, b'.' | b'-')) {
                continue;
            }
            let rest = &bytes[at..];
            let word = words
                .iter()
                .find_map(|word| Some((*word, length_of(word.text, rest)?)));
            if let Some((word, length)) = word
                && (!word.is_comment || is_in_comment(&line[..at], word.text))
            {
                return Some((word.kind, at + length));
            }
        }
        None
    }
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || !byte.is_ascii()
}

/// How much of a text is a word, if it begins with it.
fn length_of(word: &str, text: &[u8]) -> Option<usize> {
    let mut at = 0;
    let mut last = b' ';
    for byte in word.bytes() {
        if byte == b' ' {
            let blanks = text[at..]
                .iter()
                .take_while(|byte| matches!(byte, b' ' | b'\t'));
            let n_blanks = blanks.count();
            if n_blanks == 0 && last != b':' {
                return None;
            }
            at += n_blanks;
        } else if text.get(at) == Some(&byte) {
            at += 1;
        } else {
            return None;
        }
        last = byte;
    }
    let is_open = is_word(last);
    let goes_on = text
        .get(at)
        .is_some_and(|byte| is_word(*byte) || *byte == b'-');
    (!is_open || !goes_on).then_some(at)
}

/// Whether what stands before a word makes it part of a comment.
fn is_in_comment(before: &str, word: &str) -> bool {
    let begins_comment = |before: &str| {
        let nearby = before.trim_end();
        COMMENT_SIGNS.iter().any(|sign| nearby.ends_with(sign))
    };
    // The name of a checker may stand between: "# ruff: noqa".
    let tagged = before.trim_end().strip_suffix(':');
    let is_name = |c: char| c.is_ascii_alphanumeric();
    begins_comment(before)
        || (matches!(word, "noqa" | "NOQA")
            && tagged.is_some_and(|before| begins_comment(before.trim_end_matches(is_name))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(old: &str, new: &str, expected: &[(&str, i64, Option<usize>)]) {
        let found = suppressions(old, new);
        let found: Vec<_> = found
            .iter()
            .map(|one| (one.kind, one.added, one.line))
            .collect();
        assert_eq!(found, expected, "{old:?} → {new:?}");
    }

    #[test]
    fn new_remarks_are_counted_by_kind() {
        check(
            "import os\n",
            "import os  # noqa: F401\n",
            &[("noqa", 1, Some(1))],
        );
        check(
            "",
            "x = f()  # type:ignore[attr]  # NOQA\n",
            &[("noqa", 1, Some(1)), ("type: ignore", 1, Some(1))],
        );
        check(
            "",
            "\n# ruff: noqa\n# pylint:  disable=all\n",
            &[("noqa", 1, Some(2)), ("pylint: disable", 1, Some(3))],
        );
        check(
            "",
            "/* eslint-disable */\n// eslint-disable-next-line no-var\n",
            &[("eslint-disable", 2, Some(1))],
        );
        check("", "// @ts-ignore\n", &[("@ts-ignore", 1, Some(1))]);
        check(
            "",
            "#[allow(dead_code)]\n#![expect(a)]\n",
            &[("#[allow]", 1, Some(1)), ("#[expect]", 1, Some(2))],
        );
        check(
            "",
            "x() //nolint:errcheck\ny(); // NOLINT(a)\n",
            &[("nolint", 2, Some(1))],
        );
        check(
            "",
            "# shellcheck disable=SC2086\n",
            &[("shellcheck disable", 1, Some(1))],
        );
        check(
            "",
            "<!-- markdownlint-disable MD013 -->\n",
            &[("markdownlint-disable", 1, Some(1))],
        );
    }

    #[test]
    fn skipped_tests_and_expected_failures_are_counted() {
        check(
            "",
            "@pytest.mark.skip\n@pytest.mark.skipif(a)\n",
            &[(SKIPPED, 2, Some(1))],
        );
        check(
            "",
            "@pytest.mark.xfail(reason='x')\n",
            &[(EXPECTED, 1, Some(1))],
        );
        check("", "    self.skipTest('x')\n", &[(SKIPPED, 1, Some(1))]);
        check("", "#[ignore = \"slow\"]\n", &[(SKIPPED, 1, Some(1))]);
        check(
            "",
            "xit('a', f)\ndescribe.skip('b', f)\ntest.only('c', f)\n",
            &[(ONLY_SOME, 1, Some(3)), (SKIPPED, 2, Some(1))],
        );
        check("", "\tt.Skip(\"x\")\n", &[(SKIPPED, 1, Some(1))]);
    }

    #[test]
    fn deleted_tests_are_counted() {
        check(
            "def test_a():\n    pass\ndef test_b():\n    pass\n",
            "def test_a():\n    pass\n",
            &[(DELETED, 1, None)],
        );
        check("#[test]\nfn a() {}\n", "", &[(DELETED, 1, None)]);
        check("def test_a():\n", "def test_renamed():\n", &[]);
        check("", "def test_a():\n", &[(DELETED, -1, None)]);
    }

    #[test]
    fn what_moved_is_not_new() {
        check("a  # noqa\nb\n", "b\na  # noqa\n", &[]);
        check("a  # noqa\nb\n", "b\n", &[("noqa", -1, None)]);
        check(
            "a  # noqa\n",
            "b  # noqa\na  # noqa\n",
            &[("noqa", 1, Some(1))],
        );
        check("x = 1  # noqa\n", "x = 2  # noqa\n", &[]);
    }

    #[test]
    fn other_words_do_not_count() {
        for text in [
            "nodnoqa = 1  # nodnoqa\n",
            "noqa = 1\n",
            "the word noqa in a text\n",
            "# about noqa remarks\n",
            "# noqa_like\n",
            "model.fit(x)\nexit(1)\nmyit.skip(1)\n",
            "mail@skip.example\n",
            "@skipping\n@Ignored\n",
            "type: ignored\n",
            "#[allowed]\n",
        ] {
            check("", text, &[]);
        }
    }

    #[test]
    fn a_long_line_of_suppressions_and_beginnings_of_them_is_read_once() {
        let bait = "# noq # no # type: # pylint: # noqa ".repeat(20_000);
        check("", &bait, &[("noqa", 20_000, Some(1))]);
        check(&bait, &bait, &[]);
    }
}
