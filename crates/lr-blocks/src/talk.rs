//! Words by which a reply says that what it shows next is no new version: how something is used, or how it was before.

/// Words that announce something else than a new version.
const OTHER: [&str; 27] = [
    "before",
    "command",
    "commands",
    "current",
    "currently",
    "demo",
    "example",
    "examples",
    "excerpt",
    "existing",
    "install",
    "offending",
    "old",
    "original",
    "originally",
    "output",
    "outputs",
    "previous",
    "previously",
    "prints",
    "problem",
    "problematic",
    "run",
    "running",
    "snippet",
    "unchanged",
    "usage",
];

/// Words that announce a new version, whatever else is said.
const NEW: [&str; 15] = [
    "becomes",
    "complete",
    "corrected",
    "entire",
    "fixed",
    "full",
    "improved",
    "new",
    "now",
    "refactored",
    "revised",
    "rewritten",
    "updated",
    "version",
    "whole",
];

/// Whether the last sentence of a line announces something else than a new version.
pub(crate) fn announces_other(line: &str) -> bool {
    let (mut is_other, mut after_no) = (false, false);
    for word in words_of_last_sentence(line) {
        is_other |= is_in(&OTHER, word) || (after_no && is_in(&["change", "changes"], word));
        after_no = is_in(&["no"], word);
    }
    is_other && !announces_new(line)
}

/// Whether the last sentence of a line announces a new version.
pub(crate) fn announces_new(line: &str) -> bool {
    words_of_last_sentence(line).any(|word| is_in(&NEW, word))
}

fn words_of_last_sentence(line: &str) -> impl Iterator<Item = &str> {
    let sentence = line.rsplit(". ").next().unwrap_or(line);
    sentence.split(|c: char| !c.is_alphanumeric())
}

fn is_in(list: &[&str], word: &str) -> bool {
    list.iter().any(|known| word.eq_ignore_ascii_case(known))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &str, expected: bool) {
        assert_eq!(announces_other(line), expected, "{line:?}");
    }

    #[test]
    fn uses_and_old_texts_are_announced() {
        check("Usage:", true);
        check("**Example usage**", true);
        check("Run it like this:", true);
        check("The current code is:", true);
        check("### Before", true);
        check("No changes needed for this file.", true);
        check("I fixed the import. Before, it said:", true);
    }

    #[test]
    fn new_versions_are_announced_too() {
        check("Here is the file:", false);
        check("The complete file, with the problem fixed:", false);
        check("It runs again.", false);
        check("The problem is gone. Here it is:", false);
        check("I made these changes:", false);
        check("", false);
    }
}
