//! Words by which a reply says that what it shows next is no new version: how something is used, how it was before, or
//! only a part of the file.

/// Words that announce something else than a new version.
const OTHER: [&str; 29] = [
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
    "try",
    "unchanged",
    "usage",
    "verify",
];

/// Those of them for what a program prints, which it may do "now".
const PRINTED: [&str; 3] = ["output", "outputs", "prints"];

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
    let is_printed = words(last_sentence(line)).any(|word| is_in(&PRINTED, word));
    let is_new = |word: &str| is_in(&NEW, word) && !(is_printed && is_in(&["now"], word));
    is_other && !words_of_last_sentence(line).any(is_new)
}

/// Whether a text has a word that announces something else than a new version.
pub(crate) fn mentions_other(text: &str) -> bool {
    words(text).any(|word| is_in(&OTHER, word))
}

/// Whether the last sentence of a line announces a new version.
pub(crate) fn announces_new(line: &str) -> bool {
    words_of_last_sentence(line).any(|word| is_in(&NEW, word))
}

/// What a model calls a piece of a file.
const PIECES: [&str; 16] = [
    "block",
    "class",
    "definition",
    "function",
    "functions",
    "import",
    "imports",
    "line",
    "lines",
    "method",
    "methods",
    "part",
    "parts",
    "portion",
    "section",
    "sections",
];

/// What it says of a piece that it shows without the rest.
const SINGLED_OUT: [&str; 6] = [
    "affected",
    "changed",
    "corresponding",
    "modified",
    "only",
    "relevant",
];

/// Whether a text has a word for a piece of a file.
pub(crate) fn names_piece(text: &str) -> bool {
    words(text).any(|word| is_in(&PIECES, word))
}

/// Whether a label, without its path, says that only a part of the file follows.
pub(crate) fn names_part(label: &str) -> bool {
    const PARTIAL: [&str; 6] = [
        "excerpt",
        "fragment",
        "partial",
        "partially",
        "snippet",
        "snippets",
    ];
    let words: Vec<&str> = words(label).collect();
    words.iter().any(|word| is_in(&PARTIAL, word)) || singles_out(&words) || has_range(&words)
}

/// Whether the last sentence of a line says that only a part of the file follows: it asks for a change to be made in
/// the file, or names lines of it.
pub(crate) fn announces_part(line: &str) -> bool {
    let sentence = last_sentence(line);
    let all: Vec<&str> = words(sentence).collect();
    if all
        .iter()
        .any(|word| is_in(&["complete", "entire", "full", "whole"], word))
    {
        return false;
    }
    let Some((first, rest)) = all.split_first() else {
        return false;
    };
    let goes_on = |endings: &[&str]| rest.iter().any(|word| is_in(endings, word));
    let is_order = match first.to_ascii_lowercase().as_str() {
        "replace" => goes_on(&["by", "with"]),
        "change" => goes_on(&["to"]),
        "add" | "append" | "insert" => goes_on(&["following", "these", "this"]),
        // A file of one class is shown as "the class".
        "below" | "fix" | "here" | "modify" | "update" => rest
            .last()
            .is_some_and(|word| is_in(&PIECES, word) && !is_in(&["class"], word)),
        _ => false,
    };
    is_order || singles_out(&all) || (is_in(&["line", "lines"], first) && has_range(&all))
}

/// Whether the words have a piece of a file that is shown without the rest: "relevant part", "only the function".
fn singles_out(words: &[&str]) -> bool {
    let is_article = |word: &str| is_in(&["the", "this", "these", "changed"], word);
    words.iter().enumerate().any(|(at, word)| {
        let rest = &words[at + 1..];
        let skipped = usize::from(rest.first().is_some_and(|word| is_article(word)));
        is_in(&SINGLED_OUT, word) && rest.get(skipped).is_some_and(|word| is_in(&PIECES, word))
    })
}

/// Whether the words have a range of lines: "lines 6 to 9", "lines 6-9", "L6-L9".
fn has_range(words: &[&str]) -> bool {
    let is_number = |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit());
    let is_line = |word: &str| word.strip_prefix(['L', 'l']).is_some_and(is_number);
    let is_joint = |word: &str| is_in(&["and", "through", "to", "until"], word);
    words.windows(3).any(|words| {
        let is_named = is_in(&["line", "lines"], words[0]) && is_number(words[1]);
        is_named && (is_number(words[2]) || is_joint(words[2]))
    }) || words
        .windows(2)
        .any(|words| is_line(words[0]) && is_line(words[1]))
}

/// The words of a text, without the signs between them.
pub(crate) fn words(text: &str) -> impl Iterator<Item = &str> {
    let words = text.split(|c: char| !c.is_alphanumeric() && c != '_');
    words.filter(|word| !word.is_empty())
}

fn last_sentence(line: &str) -> &str {
    line.rsplit(". ").next().unwrap_or(line)
}

fn words_of_last_sentence(line: &str) -> impl Iterator<Item = &str> {
    last_sentence(line).split(|c: char| !c.is_alphanumeric())
}

/// Whether a list has a word, in whichever case.
pub(crate) fn is_in(list: &[&str], word: &str) -> bool {
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

    #[test]
    fn parts_of_a_file_are_named() {
        for label in [
            ", lines 6 to 9",
            "(lines 6-9)",
            "lines 6–9:",
            "#L6-L9",
            "(partial)",
            "(excerpt)",
            "updated snippet of ",
            "(only the changed function)",
            "(relevant parts)",
            "– changed part",
            "python title=\"\" lines=\"6-9\"",
        ] {
            assert!(names_part(label), "{label:?}");
        }
        for label in [
            "",
            "(updated)",
            "(new file)",
            "Changes to ",
            "(only file changed)",
            "Part 1: ",
            "python title=\"\" hl_lines=\"6-9\"",
            "(fixed line 6)",
            "(lines removed: 6)",
        ] {
            assert!(!names_part(label), "{label:?}");
        }
    }

    #[test]
    fn changes_to_be_made_by_hand_are_announced() {
        for line in [
            "Replace the function `f` with:",
            "The loop is slow. Replace it by this:",
            "Change lines 6–9 to:",
            "Add this import at the top:",
            "Insert the following before `g`:",
            "Lines 6 to 9:",
            "Only this part changes:",
            "Here is the relevant section:",
            "Here is the corrected function:",
            "Update the `f` function:",
        ] {
            assert!(announces_part(line), "{line:?}");
        }
        for line in [
            "I replaced the loop with a comprehension:",
            "Replace the whole file with:",
            "Add type hints:",
            "I removed lines 6 to 9, which nobody used.",
            "The only change is in `f`.",
            "Change the name",
            "Here is the class:",
            "I added a docstring to the function:",
            "",
        ] {
            assert!(!announces_part(line), "{line:?}");
        }
    }
}
