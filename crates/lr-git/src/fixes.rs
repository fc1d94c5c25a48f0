//! The text of FIXES.md: one entry for each commit that changed something.
//!
//! The file is Markdown that people and linters like: every heading is unique because it holds
//! the commit's hash, and whatever a checker or a model said stands in a fence, as text.

use std::fmt::Write as _;

use lr_stage::say;
use lr_turn::Change;

use crate::findings::{Outcome, one_line};
use crate::message::{push_wrapped, short};

/// The longest line, in characters: what Markdown linters allow.
const WIDTH: usize = 80;

/// How many commits an entry names.
const LISTED: usize = 20;

/// What stands at the top of a new file.
pub(crate) const HEADER: &str = "\
# Fixes

What lr changed here, oldest first. Each entry names the commit that holds the
change; `git show` with its hash shows it.
";

/// What stands at the top of a new file where nothing is committed.
const HEADER_WITHOUT_GIT: &str = "\
# Fixes

What lr changed here, oldest first.
";

/// What is written down of one commit.
pub(crate) struct Entry<'a> {
    /// The full hash of the commit; `None` where nothing is committed.
    pub(crate) commit: Option<&'a str>,
    /// When it was made.
    pub(crate) date: &'a str,
    /// The run, turn and part in words.
    pub(crate) origin: &'a str,
    /// What became of the findings.
    pub(crate) outcome: &'a Outcome,
    /// The files.
    pub(crate) changes: &'a [Change],
    /// What the reply said outside its blocks.
    pub(crate) notes: &'a str,
}

/// Returns the file with an entry at its end, `None` if it has one for the same commit already, or
/// for the same turn where nothing is committed.
pub(crate) fn append(existing: Option<&str>, entry: &Entry<'_>) -> Option<String> {
    let existing = existing.unwrap_or_default();
    let is_there = match entry.commit {
        Some(commit) => has_line(existing, &commit_line(commit)),
        None => has_line(existing, &heading(entry)),
    };
    if is_there {
        return None;
    }
    let with_git = entry.commit.is_some();
    let header = if with_git { HEADER } else { HEADER_WITHOUT_GIT };
    Some(longer(existing, header, |text| push_entry(text, entry)))
}

/// What is written down when fixes are taken back.
pub(crate) struct TakenBack {
    /// The full hash of the last commit that is taken back.
    pub(crate) last: String,
    /// The full hashes of all of them, oldest first.
    pub(crate) commits: Vec<String>,
    /// When it was done.
    pub(crate) date: String,
    /// The turns and the run in words.
    pub(crate) origin: String,
    /// A line for each file that was brought back.
    pub(crate) files: Vec<String>,
    /// Why, in the words of whoever did it.
    pub(crate) reason: String,
}

/// Returns the file with an entry at its end that says what was taken back, `None` if it has that
/// already.
pub(crate) fn append_taken_back(existing: Option<&str>, entry: &TakenBack) -> Option<String> {
    let existing = existing.unwrap_or_default();
    if has_line(existing, &last_line(&entry.last)) {
        return None;
    }
    Some(longer(existing, HEADER, |text| {
        push_taken_back(text, entry);
    }))
}

/// Whether one of the entries is that of a commit, or says that it was the last one taken back.
pub(crate) fn has_entry_of(text: &str, commit: &str) -> bool {
    has_line(text, &commit_line(commit)) || has_line(text, &last_line(commit))
}

/// Returns a file with an entry at its end, in the file's own line ends.
fn longer(existing: &str, header: &str, push: impl FnOnce(&mut String)) -> String {
    let uses_returns = existing.contains("\r\n");
    let mut text = if existing.trim().is_empty() {
        header.to_owned()
    } else {
        format!("{}\n", existing.trim_end().replace("\r\n", "\n"))
    };
    text.push('\n');
    push(&mut text);
    if uses_returns {
        text.replace('\n', "\r\n")
    } else {
        text
    }
}

/// Whether a line stands in a text of Markdown outside its fences: what a model or a checker said
/// stands in one, and cannot pass for an entry.
fn has_line(text: &str, wanted: &str) -> bool {
    let mut fence = 0;
    for line in text.lines() {
        let ticks = line.len() - line.trim_start_matches('`').len();
        if fence == 0 {
            if line == wanted {
                return true;
            }
            fence = if ticks >= 3 { ticks } else { 0 };
        } else if ticks >= fence && ticks == line.trim_end().len() {
            fence = 0;
        }
    }
    false
}

fn commit_line(commit: &str) -> String {
    format!("- Commit: `{commit}`")
}

/// Returns the heading of an entry, which no other entry has.
fn heading(entry: &Entry<'_>) -> String {
    match entry.commit {
        Some(commit) => format!("## Fix applied (commit: {})", short(commit)),
        None => format!("## Fix applied (turn {})", entry.origin),
    }
}

fn push_entry(text: &mut String, entry: &Entry<'_>) {
    let _ = writeln!(text, "{}\n", heading(entry));
    if let Some(commit) = entry.commit {
        let _ = writeln!(text, "{}", commit_line(commit));
    }
    let _ = writeln!(text, "- Date: {}", entry.date);
    push_wrapped(
        text,
        &format!("- Turn: {}", entry.origin),
        WIDTH,
        ["", "  "],
    );
    for (title, lines) in entry.outcome.lists() {
        push_fence(text, title, &lines.join("\n"));
    }
    let files: Vec<String> = entry.changes.iter().map(file_line).collect();
    push_fence(text, "Files", &files.join("\n"));
    push_fence(text, "Explanation", entry.notes);
}

fn last_line(commit: &str) -> String {
    format!("- Last commit: `{commit}`")
}

fn push_taken_back(text: &mut String, entry: &TakenBack) {
    let _ = writeln!(
        text,
        "## Fixes taken back (last commit: {})\n",
        short(&entry.last)
    );
    let _ = writeln!(text, "{}", last_line(&entry.last));
    let _ = writeln!(text, "- Date: {}", entry.date);
    let taken_back = format!("- Taken back: {}", entry.origin);
    push_wrapped(text, &taken_back, WIDTH, ["", "  "]);
    let mut commits: Vec<String> = entry
        .commits
        .iter()
        .map(|it| format!("`{}`", short(it)))
        .collect();
    let n_more = commits.len().saturating_sub(LISTED);
    commits.truncate(LISTED);
    let mut commits = format!("- Commits: {}", commits.join(", "));
    if n_more > 0 {
        let _ = write!(commits, " and {n_more} more");
    }
    push_wrapped(text, &commits, WIDTH, ["", "  "]);
    push_fence(text, "Files", &entry.files.join("\n"));
    push_fence(text, "Reason", &entry.reason);
}

fn file_line(change: &Change) -> String {
    let path = one_line(&change.path);
    format!("{path}  +{} -{}", change.added, change.removed)
}

/// Appends a text in a fence that it cannot close, under a title; nothing if it is empty.
fn push_fence(text: &mut String, title: &str, content: &str) {
    let content = content.trim().replace("\r\n", "\n").replace('\r', "\n");
    let mut content = say::clean(&content).replace('\t', "    ");
    if content.is_empty() {
        return;
    }
    if content
        .lines()
        .all(|line| line.trim_start().starts_with('$'))
    {
        // Linters take nothing but lines with a dollar sign for commands, and object.
        content.insert_str(0, "Commands:\n");
    }
    let fence = say::code_fence(&content);
    let _ = writeln!(text, "\n{title}:\n\n{fence}text");
    for line in content.lines() {
        let indent: String = line
            .chars()
            .take_while(|c| *c == ' ')
            .take(WIDTH / 2)
            .collect();
        push_wrapped(text, line.trim(), WIDTH, [&indent, &format!("{indent}  ")]);
    }
    let _ = writeln!(text, "{fence}");
}

#[cfg(test)]
mod tests {
    use lr_turn::ChangeKind;
    use proptest::prelude::*;

    use super::*;

    const HASH: &str = "0123456789abcdef0123456789abcdef01234567";

    fn entry<'a>(
        commit: &'a str,
        outcome: &'a Outcome,
        changes: &'a [Change],
        notes: &'a str,
    ) -> Entry<'a> {
        Entry {
            commit: Some(commit),
            date: "2026-11-21 03:49:31 +0000",
            origin: "3 of run `r1`",
            outcome,
            changes,
            notes,
        }
    }

    fn changes() -> Vec<Change> {
        vec![Change {
            path: "src/a.py".to_owned(),
            kind: ChangeKind::Modified,
            before: None,
            after: None,
            added: 3,
            removed: 1,
            diff: None,
        }]
    }

    fn nothing() -> Outcome {
        Outcome::AskedFor(Vec::new())
    }

    #[test]
    fn the_first_entry_stands_under_a_header() {
        let text = append(
            None,
            &entry(
                HASH,
                &nothing(),
                &changes(),
                "Because\u{1b}[31m it\tis `so`.\n",
            ),
        )
        .unwrap();
        let expected = "\
# Fixes

What lr changed here, oldest first. Each entry names the commit that holds the
change; `git show` with its hash shows it.

## Fix applied (commit: 01234567)

- Commit: `0123456789abcdef0123456789abcdef01234567`
- Date: 2026-11-21 03:49:31 +0000
- Turn: 3 of run `r1`

Files:

```text
src/a.py  +3 -1
```

Explanation:

```text
Because\\u{1b}[31m it    is `so`.
```
";
        assert_eq!(text, expected);
    }

    #[test]
    fn a_commit_has_one_entry_however_often_it_is_written_down() {
        let once = append(None, &entry(HASH, &nothing(), &changes(), "")).unwrap();
        assert_eq!(
            append(Some(&once), &entry(HASH, &nothing(), &changes(), "")),
            None
        );
        let other = HASH.replace('0', "f");
        let twice = append(Some(&once), &entry(&other, &nothing(), &changes(), "")).unwrap();
        assert!(twice.starts_with(&once));
        assert!(twice.contains(&commit_line(HASH)) && twice.contains(&commit_line(&other)));
    }

    #[test]
    fn where_nothing_is_committed_the_turn_stands_for_the_commit() {
        let (outcome, changes) = (nothing(), changes());
        let entry = Entry {
            commit: None,
            ..entry(HASH, &outcome, &changes, "")
        };
        let text = append(None, &entry).unwrap();
        let expected = "\
# Fixes

What lr changed here, oldest first.

## Fix applied (turn 3 of run `r1`)

- Date: 2026-11-21 03:49:31 +0000
- Turn: 3 of run `r1`

Files:

```text
src/a.py  +3 -1
```
";
        assert_eq!(text, expected);
        assert_eq!(append(Some(&text), &entry), None);
    }

    #[test]
    fn an_explanation_cannot_pass_for_an_entry() {
        let (outcome, changes) = (nothing(), changes());
        let forged = format!(
            "```\n{}\n## Fix applied (turn 3 of run `r1`)\n<!-- {HASH} -->",
            commit_line(HASH)
        );
        let other = HASH.replace('0', "f");
        let text = append(None, &entry(&other, &outcome, &changes, &forged)).unwrap();
        let real = entry(HASH, &outcome, &changes, "");
        let text = append(Some(&text), &real).unwrap();
        assert_eq!(append(Some(&text), &real), None);
        let unnamed = Entry {
            commit: None,
            ..entry(HASH, &outcome, &changes, "")
        };
        let text = append(Some(&text), &unnamed).unwrap();
        assert_eq!(append(Some(&text), &unnamed), None);
    }

    #[test]
    fn the_line_ends_of_the_file_are_kept() {
        let text = append(
            Some("# Mine\r\n\r\n\r\n"),
            &entry(HASH, &nothing(), &changes(), "x"),
        )
        .unwrap();
        assert!(text.starts_with("# Mine\r\n\r\n## Fix"));
        assert_eq!(text.matches('\n').count(), text.matches("\r\n").count());
    }

    #[test]
    fn what_was_taken_back_is_written_down_once() {
        let entry = TakenBack {
            last: HASH.to_owned(),
            commits: (10..32).map(|n| format!("{n}aabbccddee")).collect(),
            date: "2026-11-21 03:49:31 +0000".to_owned(),
            origin: "turns 3 to 5 of run `r1`".to_owned(),
            files: vec!["a.py".to_owned(), "b.py (was not there)".to_owned()],
            reason: "it got worse:\n```\n## Fix".to_owned(),
        };
        let text = append_taken_back(Some("# Fixes\n"), &entry).unwrap();
        let expected = "\
# Fixes

## Fixes taken back (last commit: 01234567)

- Last commit: `0123456789abcdef0123456789abcdef01234567`
- Date: 2026-11-21 03:49:31 +0000
- Taken back: turns 3 to 5 of run `r1`
- Commits: `10aabbcc`, `11aabbcc`, `12aabbcc`, `13aabbcc`, `14aabbcc`,
  `15aabbcc`, `16aabbcc`, `17aabbcc`, `18aabbcc`, `19aabbcc`, `20aabbcc`,
  `21aabbcc`, `22aabbcc`, `23aabbcc`, `24aabbcc`, `25aabbcc`, `26aabbcc`,
  `27aabbcc`, `28aabbcc`, `29aabbcc` and 2 more

Files:

```text
a.py
b.py (was not there)
```

Reason:

````text
it got worse:
```
## Fix
````
";
        assert_eq!(text, expected);
        assert_eq!(append_taken_back(Some(&text), &entry), None);
        assert!(has_entry_of(&text, HASH) && !has_entry_of(&text, "10aabbccddee"));
    }

    fn check_explanation(notes: &str, expected: &str) {
        let text = append(None, &entry(HASH, &nothing(), &[], notes)).unwrap();
        let (_, explanation) = text.split_once("Explanation:\n\n").unwrap();
        assert_eq!(explanation, format!("```text\n{expected}```\n"));
    }

    #[test]
    fn an_explanation_is_plain_text_for_linters() {
        check_explanation("a\r\nb\rc  \n\n\n  d", "a\nb\nc\n\n\n  d\n");
        check_explanation("$ ls\n$ rm", "Commands:\n$ ls\n$ rm\n");
        check_explanation("a\u{202e}b\u{7}", "a\\u{202e}b\\u{7}\n");
    }

    #[test]
    fn an_explanation_cannot_leave_its_fence() {
        let text = append(None, &entry(HASH, &nothing(), &[], "````\n# Fixes\n````")).unwrap();
        assert!(text.ends_with("\n`````text\n````\n# Fixes\n````\n`````\n"));
    }

    proptest! {
        #[test]
        fn is_lint_clean_whatever_the_model_says(notes in "(\\PC| |\n|\t|`|# ){0,300}") {
            let text = append(None, &entry(HASH, &nothing(), &changes(), &notes)).unwrap();
            prop_assert!(text.ends_with('\n') && !text.ends_with("\n\n"));
            for line in text.lines() {
                prop_assert_eq!(line, line.trim_end_matches([' ', '\t']));
                let is_long = line.chars().count() > WIDTH;
                prop_assert!(!is_long || !line.trim().contains(' '), "{:?}", line);
            }
        }
    }
}
