//! The file whose whole new version a sentence announces: "Here is the complete, corrected `src/a.py`:".
//!
//! Strict, since prose often mentions files: the sentence must end in a colon, speak of the file as a whole or of a
//! new version of it, name no piece of it and no other file, and the file must be a known one.

use crate::Terms;
use crate::label::known_in;
use crate::talk;

/// Words for all of a file.
const WHOLE: [&str; 4] = ["complete", "entire", "full", "whole"];

/// Words for a version that takes the place of the one before. "New" is none: new code may come beside the old.
const REPLACING: [&str; 8] = [
    "corrected",
    "final",
    "fixed",
    "improved",
    "refactored",
    "revised",
    "rewritten",
    "updated",
];

/// What is shown where a file as a whole is meant.
const THINGS: [&str; 8] = [
    "code",
    "content",
    "contents",
    "file",
    "implementation",
    "module",
    "script",
    "version",
];

/// How a sentence begins that shows something, unless it begins with a word for it.
const BEGINNINGS: [&str; 5] = ["below", "following", "here", "the", "this"];

/// Words before a path by which it is only the place of something.
const PLACES: [&str; 8] = ["at", "from", "in", "inside", "into", "on", "to", "within"];

/// The file whose whole new version a line announces.
pub(crate) fn whole_version(line: &str, terms: &Terms) -> Option<String> {
    let text = line.trim().trim_end_matches('*').strip_suffix(':')?;
    let path = known_in(text, terms)?;
    let rest = text.replace(path.as_str(), "");
    if talk::mentions_other(&rest) || talk::announces_part(line) || talk::names_part(&rest) {
        return None;
    }
    // What stands before a colon is the last sentence; a full stop within a path does not end one.
    let sentence = text.rsplit(". ").next().unwrap_or(text);
    let first = talk::words(sentence).next().unwrap_or_default();
    if ![&BEGINNINGS[..], &WHOLE, &REPLACING]
        .iter()
        .any(|list| talk::is_in(list, first))
    {
        return None;
    }
    let (before, after) = match sentence.split_once(path.as_str()) {
        Some(around) => around,
        None if text.contains(path.as_str()) => return names_all(sentence).then_some(path),
        None => return None,
    };
    let before: Vec<&str> = talk::words(before).collect();
    let is_place = before.last().is_some_and(|word| talk::is_in(&PLACES, word));
    let is_announced = before
        .iter()
        .any(|word| talk::is_in(&WHOLE, word) || talk::is_in(&REPLACING, word));
    let names_piece = talk::names_piece(sentence);
    let goes_on = talk::words(after).any(|word| talk::is_in(&PLACES, word));
    (is_announced && !is_place && !names_piece && !goes_on).then_some(path)
}

/// Whether a sentence speaks of a file as a whole without naming it: "here is the full file".
fn names_all(sentence: &str) -> bool {
    let mut words = talk::words(sentence);
    let is_whole = words.any(|word| talk::is_in(&WHOLE, word));
    is_whole && words.any(|word| talk::is_in(&THINGS, word)) && !talk::names_piece(sentence)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &str, expected: bool) {
        let is_known = |path: &str| path == "src/a.py" || path == "b.py";
        let terms = Terms {
            is_known: &is_known,
            ..Terms::default()
        };
        let expected = expected.then(|| "src/a.py".to_owned());
        assert_eq!(whole_version(line, &terms), expected, "{line}");
    }

    #[test]
    fn a_sentence_announces_the_whole_file() {
        check("Here is the updated `src/a.py`:", true);
        check(
            "Here's the complete, corrected version of `src/a.py`:",
            true,
        );
        check("Below is the full code for src/a.py:", true);
        check("**Updated `src/a.py`:**", true);
        check("I fixed `src/a.py`. Here's the full file:", true);
        check("It was wrong. Here is the fixed `src/a.py` file:", true);
    }

    #[test]
    fn a_sentence_that_only_mentions_the_file_announces_nothing() {
        check("Here is the updated `src/a.py`.", false);
        check("Here is the new code for `src/a.py`:", false);
        check("Here is the updated function of `src/a.py`:", false);
        check("Here is the updated code in `src/a.py`:", false);
        check("Add the corrected import to `src/a.py`:", false);
        check("The relevant part of the updated `src/a.py`:", false);
        check("Here are the updated `src/a.py` and `b.py`:", false);
        check("The old, full `src/a.py`:", false);
        check("The original `src/a.py`:", false);
        check("Run the updated `src/a.py`:", false);
        check("I fixed `src/a.py`. The output:", false);
        check("Here is the updated `src/c.py`:", false);
    }
}
