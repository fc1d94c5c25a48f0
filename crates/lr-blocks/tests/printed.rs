//! A change of a file, printed in each format that tells changes, is read back; and what is left of it when it is cut.

use std::fmt::Write as _;

use lr_blocks::{Terms, read_reply};
use proptest::collection::vec;
use proptest::prelude::*;

/// A change of one line of a file, whose lines are all different, into any lines.
#[derive(Debug)]
struct Change {
    old: Vec<String>,
    at: usize,
    new: Vec<String>,
}

/// Lines that look like marks of the formats, and lines of any kind.
fn line() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => "[ a-z(=]{0,12}",
        2 => "[-+ @*=<>]{0,3} ?[a-z]{0,3}",
        1 => prop::sample::select(vec![
            "```", "--- a/b.py", "+++ b/b.py", "@@ -1 +1 @@", "*** End Patch", "*** End of File", "=====", "<<<<<<< HEAD",
            ">>>>>>> main", "\\ No newline at end of file", "-- ", "",
        ]).prop_map(str::to_owned),
    ]
}

fn change() -> impl Strategy<Value = Change> {
    (
        vec(line(), 1..8),
        any::<prop::sample::Index>(),
        vec(line(), 0..4),
    )
        .prop_map(|(lines, at, new)| {
            let at = at.index(lines.len());
            let old = lines
                .into_iter()
                .enumerate()
                .map(|(n, line)| format!("{line} {n}"));
            Change {
                old: old.collect(),
                at,
                new,
            }
        })
}

impl Change {
    fn before(&self) -> String {
        self.old.iter().flat_map(|line| [line, "\n"]).collect()
    }

    fn after(&self) -> String {
        let (head, tail) = (&self.old[..self.at], &self.old[self.at + 1..]);
        let lines = head.iter().chain(&self.new).chain(tail);
        lines.flat_map(|line| [line, "\n"]).collect()
    }

    fn edits(&self) -> String {
        let new: String = self.new.iter().flat_map(|line| [line, "\n"]).collect();
        format!(
            "a.py\n<<<<<<< SEARCH\n{}\n=======\n{new}>>>>>>> REPLACE\n",
            self.old[self.at]
        )
    }

    /// The lines of a hunk with all lines of the file.
    fn hunk(&self) -> String {
        let mut hunk = String::new();
        for (n, line) in self.old.iter().enumerate() {
            let mark = if n == self.at { '-' } else { ' ' };
            let _ = writeln!(hunk, "{mark}{line}");
            for line in self.new.iter().filter(|_| n == self.at) {
                let _ = writeln!(hunk, "+{line}");
            }
        }
        hunk
    }

    fn diff(&self) -> String {
        let (n_old, n_new) = (self.old.len(), self.old.len() + self.new.len() - 1);
        format!(
            "--- a/a.py\n+++ b/a.py\n@@ -1,{n_old} +1,{n_new} @@\n{}",
            self.hunk()
        )
    }

    fn fenced(&self) -> String {
        format!("```diff\n{}```\n", self.diff())
    }

    fn patch(&self) -> String {
        format!(
            "*** Begin Patch\n*** Update File: a.py\n@@\n{}*** End Patch\n",
            self.hunk()
        )
    }
}

/// What becomes of the file; `None` if the reply changes nothing or is refused.
fn outcome(reply: &str, old: &str) -> Option<String> {
    let reply = read_reply(reply, &Terms::default()).ok()?;
    let block = reply.blocks.first()?;
    assert_eq!((block.path.as_str(), reply.blocks.len()), ("a.py", 1));
    block.apply(Some(old)).ok()?
}

/// What is read back is the change or nothing; a reply cut anywhere does the whole change or none.
fn check(reply: &str, change: &Change) -> bool {
    let (old, new) = (change.before(), change.after());
    for bytes in 0..reply.len() {
        let cut = String::from_utf8_lossy(&reply.as_bytes()[..bytes]);
        if let Some(text) = outcome(&cut, &old) {
            assert!(
                text == old || text == new,
                "cut after {bytes} bytes: {text:?}\n{reply}"
            );
        }
    }
    let read = outcome(reply, &old);
    assert!(
        read.is_none() || read.as_ref() == Some(&new),
        "{read:?}\n{reply}"
    );
    read.is_some()
}

proptest! {
    #[test]
    fn a_printed_change_is_the_change_or_refused(change in change()) {
        check(&change.edits(), &change);
        check(&change.diff(), &change);
        check(&change.fenced(), &change);
        check(&change.patch(), &change);
    }

    #[test]
    fn a_printed_change_of_ordinary_lines_is_read(
        words in vec("[a-z]{3,8}", 1..8), at in any::<prop::sample::Index>(), new in vec("[a-z]{3,8} = 1", 1..4),
    ) {
        let at = at.index(words.len());
        let old = words.into_iter().enumerate().map(|(n, word)| format!("{word}_{n}"));
        let change = Change { old: old.collect(), at, new };
        prop_assert!(check(&change.edits(), &change));
        prop_assert!(check(&change.diff(), &change));
        prop_assert!(check(&change.fenced(), &change));
        prop_assert!(check(&change.patch(), &change));
    }
}
