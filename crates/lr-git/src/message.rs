//! Commit messages: what a change was for, and the trailers by which its commit is found again.

use std::fmt::{self, Write as _};

use lr_turn::Change;

use crate::findings::{Outcome, one_line};
use crate::subject;

/// The longest line of a commit message, in characters.
pub(crate) const WIDTH: usize = 72;

/// The lines at the end of a message that say which commit of which run it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Trailers {
    /// The run.
    pub(crate) run: String,
    /// The number of the turn.
    pub(crate) turn: u64,
    /// The number of the part.
    pub(crate) part: u64,
    /// What the commit is.
    pub(crate) kind: CommitKind,
}

/// What a commit of lr is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CommitKind {
    /// The change itself.
    Fix,
    /// The entry in FIXES.md.
    Log,
    /// The contents from before the run.
    Undo,
    /// The contents from before a turn; the commits from that turn on no longer count.
    Restore,
}

impl CommitKind {
    const ALL: [Self; 4] = [Self::Fix, Self::Log, Self::Undo, Self::Restore];

    fn name(self) -> &'static str {
        match self {
            Self::Fix => "fix",
            Self::Log => "log",
            Self::Undo => "undo",
            Self::Restore => "restore",
        }
    }

    fn has_turn(self) -> bool {
        self != Self::Undo
    }

    fn has_part(self) -> bool {
        matches!(self, Self::Fix | Self::Log)
    }
}

impl Trailers {
    /// Reads the trailers of a message, wherever a hook has moved them; `None` if it is not one
    /// of lr's.
    pub(crate) fn read(message: &str) -> Option<Self> {
        let value = |key: &str| {
            let lines = message.lines().rev();
            let mut values = lines.filter_map(|line| line.strip_prefix(key)?.strip_prefix(": "));
            values.next().map(str::trim)
        };
        let kind = value("Lr-Kind")?;
        let mut kinds = CommitKind::ALL.into_iter();
        let kind = kinds.find(|known| known.name() == kind)?;
        let number = |key: &str, is_there: bool| {
            let text = value(key).filter(|_| is_there);
            text.and_then(|text| text.parse().ok()).unwrap_or(0)
        };
        Some(Self {
            run: value("Lr-Run")?.to_owned(),
            turn: number("Lr-Turn", kind.has_turn()),
            part: number("Lr-Part", kind.has_part()),
            kind,
        })
    }
}

impl fmt::Display for Trailers {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(out, "Lr-Run: {}", self.run)?;
        if self.kind.has_turn() {
            writeln!(out, "Lr-Turn: {}", self.turn)?;
        }
        if self.kind.has_part() {
            writeln!(out, "Lr-Part: {}", self.part)?;
        }
        writeln!(out, "Lr-Kind: {}", self.kind.name())
    }
}

/// Returns the message of the commit of a change.
pub(crate) fn fix(
    outcome: &Outcome,
    changes: &[Change],
    by: Option<&str>,
    trailers: &Trailers,
) -> String {
    let mut text = format!("{}\n\n", subject::of(outcome, changes));
    for (title, lines) in outcome.lists() {
        let _ = writeln!(text, "{title}:");
        for line in lines {
            push_wrapped(&mut text, &line, WIDTH, ["- ", "  "]);
        }
        text.push('\n');
    }
    if let Some(by) = by {
        push_wrapped(
            &mut text,
            &format!("Written by {}.", one_line(by)),
            WIDTH,
            ["", ""],
        );
        text.push('\n');
    }
    text + &trailers.to_string()
}

/// Returns the message of the commit that writes a fix down.
pub(crate) fn log(file: &str, commit: &str, trailers: &Trailers) -> String {
    format!(
        "Update fix history: {file} for {}\n\n{trailers}",
        short(commit)
    )
}

/// Returns the message of the commit that brings back the contents from before a run.
pub(crate) fn undo(n_files: usize, n_commits: usize, trailers: &Trailers) -> String {
    format!(
        "Undo the fixes of a run: {}\n\nBrings back what {} changed.\n\n{trailers}",
        count(n_files, "file"),
        count(n_commits, "commit"),
    )
}

/// Returns the message of the commit that brings back the contents from before a turn: `turns` are
/// those that are taken back, in words.
pub(crate) fn restore(
    turns: &str,
    sizes: [usize; 2],
    reason: Option<&str>,
    trailers: &Trailers,
) -> String {
    let [n_files, n_commits] = sizes;
    let mut text = format!(
        "Take back {turns}: {}\n\nBrings back what {} changed.\n\n",
        count(n_files, "file"),
        count(n_commits, "commit"),
    );
    if let Some(reason) = reason {
        push_wrapped(&mut text, &one_line(reason), WIDTH, ["", ""]);
        text.push('\n');
    }
    text + &trailers.to_string()
}

/// Returns the first digits of a commit's hash.
pub(crate) fn short(commit: &str) -> &str {
    commit.get(..8).unwrap_or(commit)
}

/// Returns a number of things in words: `1 file`, `2 files`.
pub(crate) fn count(number: usize, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

/// Appends a line, broken between words where it is longer than `width` characters; `indents`
/// stand before its first and before its other lines.
pub(crate) fn push_wrapped(text: &mut String, line: &str, width: usize, indents: [&str; 2]) {
    let mut current = indents[0].to_owned();
    let mut is_empty = true;
    for word in line.split(' ') {
        if !is_empty && current.chars().count() + 1 + word.chars().count() > width {
            text.push_str(current.trim_end());
            text.push('\n');
            indents[1].clone_into(&mut current);
            is_empty = true;
        }
        if !is_empty {
            current.push(' ');
        }
        current.push_str(word);
        is_empty = false;
    }
    text.push_str(current.trim_end());
    text.push('\n');
}

/// Cuts a text to `width` characters, between two words where there is one to cut at.
pub(crate) fn cut(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    let kept: String = text.chars().take(width.saturating_sub(1)).collect();
    let is_between = text.chars().nth(kept.chars().count()) == Some(' ');
    let end = match kept.rfind(' ') {
        Some(end) if !is_between && end > kept.len() / 2 => end,
        _ => kept.len(),
    };
    format!("{}…", kept[..end].trim_end_matches([' ', ',', ':']))
}

#[cfg(test)]
mod tests {
    use lr_turn::{ChangeKind, Code, Finding, Location, Severity};
    use proptest::prelude::*;

    use super::*;

    fn finding(code: &str, message: &str) -> Finding {
        Finding {
            message: message.to_owned(),
            location: Location {
                path: "a.py".to_owned(),
                range: None,
            },
            severity: Severity::Warning,
            source: None,
            code: Some(Code {
                value: code.to_owned(),
                url: None,
            }),
            suggestions: Vec::new(),
            weight: None,
            bytes: None,
            key: code.to_owned(),
        }
    }

    fn change(path: &str) -> Change {
        Change {
            path: path.to_owned(),
            kind: ChangeKind::Modified,
            before: None,
            after: None,
            added: 1,
            removed: 1,
            diff: None,
        }
    }

    fn trailers() -> Trailers {
        Trailers {
            run: "r1".to_owned(),
            turn: 3,
            part: 1,
            kind: CommitKind::Fix,
        }
    }

    #[test]
    fn the_message_never_says_fixed_without_a_recheck() {
        let outcome = Outcome::AskedFor(vec![finding("F401", "`os` imported but unused")]);
        let text = fix(
            &outcome,
            &[change("a.py")],
            Some("lr-llm with m"),
            &trailers(),
        );
        let expected = "\
Apply fix: `os` imported but unused (F401) in a.py

Asked for:
- F401: 1 (a.py) `os` imported but unused

Written by lr-llm with m.

Lr-Run: r1
Lr-Turn: 3
Lr-Part: 1
Lr-Kind: fix
";
        assert_eq!(text, expected);
    }

    #[test]
    fn the_message_says_what_a_recheck_found() {
        let outcome = Outcome::Rechecked {
            fixed: vec![],
            hidden: vec![],
            changed: vec![],
            still_there: vec![finding("F401", "`os` imported but unused")],
            new: vec![finding("E999", "syntax error")],
            uncovered: vec![],
        };
        let text = fix(&outcome, &[change("a.py")], None, &trailers());
        let expected = "\
Apply fix: no finding gone yet in a.py

Still there:
- F401×1

New:
- E999: 1 (a.py) syntax error

Lr-Run: r1
Lr-Turn: 3
Lr-Part: 1
Lr-Kind: fix
";
        assert_eq!(text, expected);
    }

    #[test]
    fn the_message_claims_nothing_that_is_only_hidden() {
        let outcome = Outcome::Rechecked {
            fixed: vec![],
            hidden: vec![finding("F401", "`os` imported but unused")],
            changed: vec![],
            still_there: vec![],
            new: vec![finding("E999", "syntax error")],
            uncovered: vec![],
        };
        let text = fix(&outcome, &[change("a.py")], None, &trailers());
        let expected = "\
Apply fix: findings now hidden in a.py

No longer seen:
- F401: 1 (a.py) `os` imported but unused

New:
- E999: 1 (a.py) syntax error
";
        assert!(text.starts_with(expected), "{text}");
    }

    #[test]
    fn the_message_says_that_a_command_still_fails() {
        let mut failed = finding("X", "./my.sh {files}");
        failed.code = None;
        let outcome = Outcome::Rechecked {
            fixed: vec![],
            hidden: vec![],
            changed: vec![failed],
            still_there: vec![finding("F401", "`os` imported but unused")],
            new: vec![],
            uncovered: vec![],
        };
        let text = fix(&outcome, &[change("a.py")], None, &trailers());
        let expected = "\
Apply fix: ./my.sh {files} (still fails) in a.py

Fails in another way:
- ./my.sh {files}: 1 (a.py)

Still there:
- F401×1
";
        assert!(text.starts_with(expected), "{text}");
    }

    #[test]
    fn trailers_are_read_behind_those_that_a_hook_adds() {
        let text = format!("Subject\n\n{}\nSigned-off-by: A <a@b>\n", trailers());
        assert_eq!(Trailers::read(&text), Some(trailers()));
        assert_eq!(Trailers::read("Subject\n\nLr-Run: x\n"), None);
    }

    #[test]
    fn no_reason_can_forge_a_trailer() {
        let reason = "worse\n\nLr-Turn: 1\nLr-Part: 2\nLr-Kind: fix\nLr-Run: x";
        let trailers = Trailers {
            part: 0,
            kind: CommitKind::Restore,
            ..trailers()
        };
        let text = restore("turns 3 to 5", [1, 2], Some(reason), &trailers);
        let expected = "\
Take back turns 3 to 5: 1 file

Brings back what 2 commits changed.

worse Lr-Turn: 1 Lr-Part: 2 Lr-Kind: fix Lr-Run: x

Lr-Run: r1
Lr-Turn: 3
Lr-Kind: restore
";
        assert_eq!(text, expected);
        assert_eq!(Trailers::read(&text), Some(trailers));
    }

    proptest! {
        #[test]
        fn no_finding_can_forge_a_trailer_or_break_the_subject(message in "(\\PC|\n|\r|\u{1b}|Lr-Run: x|Lr-Kind: log){0,60}", path in "[a-z/]{1,90}") {
            let outcome = Outcome::AskedFor(vec![finding("X", &message)]);
            let text = fix(&outcome, &[change(&path)], None, &trailers());
            prop_assert!(text.lines().next().unwrap().chars().count() <= WIDTH);
            prop_assert_eq!(text.lines().nth(1), Some(""));
            prop_assert_eq!(Trailers::read(&text), Some(trailers()));
            let escapes = text.matches('\u{1b}').count();
            prop_assert_eq!(escapes, 0);
        }
    }
}
