//! Names of findings that survive moved and rewritten lines.
//!
//! A key is made of the checker, the code, the path, and the message without volatile words and
//! without the numbers of lines; of a failing test the message does not count, because it fails
//! still when it fails otherwise. What is the same in all of these is told apart by its number:
//! `-2` is the second one in the file. So a finding whose line was rewritten is the same finding,
//! and where one of several equal ones is gone, the last name is gone.

use std::collections::HashMap;

use lr_files::sha256_hex;
use regex::Regex;

use crate::volatile::settle_places;

/// Gives out keys, each only once.
#[derive(Default)]
pub(crate) struct Keys {
    given: HashMap<String, u64>,
}

impl Keys {
    /// Returns `base`, with a number where it was given out before.
    pub(crate) fn unique(&mut self, base: String) -> String {
        let times = self.given.entry(base.clone()).or_insert(0);
        *times += 1;
        match *times {
            1 => base,
            number => format!("{base}-{number}"),
        }
    }
}

/// Returns 16 hexadecimal digits that stand for the words together.
pub(crate) fn digest(words: &[&str]) -> String {
    let mut bytes = Vec::new();
    for word in words {
        bytes.extend_from_slice(word.as_bytes());
        bytes.push(0);
    }
    let mut digits = sha256_hex(&bytes);
    digits.truncate(16);
    digits
}

/// What a key of a finding is made of.
pub(super) struct Parts<'a> {
    pub(super) checker: &'a str,
    pub(super) code: &'a str,
    pub(super) path: &'a str,
    pub(super) message: &'a str,
}

/// Returns a key that may be the same for two findings; see [`Keys::unique`].
pub(super) fn base(parts: &Parts<'_>, volatile: &[Regex]) -> String {
    digest(&[
        parts.checker,
        parts.code,
        parts.path,
        &settle_places(parts.message, volatile),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(message: &str) -> String {
        let parts = Parts {
            checker: "ruff",
            code: "F401",
            path: "a.py",
            message,
        };
        base(&parts, &[])
    }

    #[test]
    fn moved_lines_keep_the_key() {
        assert_eq!(key("unused (line 3)"), key("unused (line 9)"));
    }

    #[test]
    fn another_message_is_another_finding() {
        assert_ne!(key("'os' unused"), key("'re' unused"));
    }

    #[test]
    fn equal_findings_are_numbered() {
        let mut keys = Keys::default();
        let given = ["a", "b", "a", "a"].map(|base| keys.unique(base.to_owned()));
        assert_eq!(given, ["a", "b", "a-2", "a-3"]);
    }

    #[test]
    fn words_do_not_run_into_each_other() {
        assert_ne!(digest(&["ab", "c"]), digest(&["a", "bc"]));
        assert_eq!(digest(&["ab"]).len(), 16);
    }
}
