//! What a person reads after `lr-apply`.

use std::fmt::Write as _;

use lr_turn::{Apply, Change, ChangeKind, Outcome, Suppressed};

/// Returns the page of a section; for a dry run, the unified diff first.
pub(crate) fn of(apply: &Apply, dry_run: bool) -> String {
    let mut page = String::new();
    if dry_run {
        page.extend(apply.changes.iter().map(in_full));
    } else {
        page.push_str(&in_short(&apply.changes));
    }
    for Suppressed { path, kind, added } in &apply.suppressions {
        // Writing into a string cannot fail.
        let _ = writeln!(page, "silenced: {added} more of '{kind}' in {path}");
    }
    page.push_str(&refusals(apply));
    page.push_str(match apply.outcome {
        Outcome::NoChange => "no change: the files are so already\n",
        Outcome::NoEdits => "no change: the reply holds no new version\n",
        Outcome::Applied | Outcome::Refused => "",
    });
    if !dry_run && !apply.notes.is_empty() {
        let _ = write!(page, "\n{}\n", apply.notes.trim_end());
    }
    page
}

/// Returns why nothing was written, a line for each reason.
pub(crate) fn refusals(apply: &Apply) -> String {
    let line = |kind: &str, reason: &str| format!("refused ({kind}): {reason}\n");
    let refusals = apply.refusals.iter();
    refusals
        .map(|refusal| line(&refusal.kind, &refusal.reason))
        .collect()
}

fn in_full(change: &Change) -> String {
    match &change.diff {
        Some(diff) => diff.clone(),
        None => format!("{}{}\n", change.path, mark(change.kind)),
    }
}

/// A line for each file, and one for all of them.
fn in_short(changes: &[Change]) -> String {
    let widest = |number: fn(&Change) -> u64| {
        let numbers = changes.iter().map(number);
        numbers.max().unwrap_or_default().to_string().len()
    };
    let (added, removed) = (
        widest(|change| change.added),
        widest(|change| change.removed),
    );
    let mut lines = String::new();
    for change in changes {
        let (plus, minus) = (format!("+{}", change.added), format!("−{}", change.removed));
        let (path, mark) = (&change.path, mark(change.kind));
        let _ = writeln!(
            lines,
            "{plus:>width$} {minus:>room$}  {path}{mark}",
            width = added + 1,
            room = removed + 1
        );
    }
    if changes.len() > 1 {
        let sum = |number: fn(&Change) -> u64| changes.iter().map(number).sum::<u64>();
        let (added, removed) = (sum(|change| change.added), sum(|change| change.removed));
        let _ = writeln!(lines, "{} files, +{added} −{removed}", changes.len());
    }
    lines
}

fn mark(kind: ChangeKind) -> &'static str {
    match kind {
        ChangeKind::Modified => "",
        ChangeKind::Added => " (new)",
        ChangeKind::Deleted => " (deleted)",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(path: &str, kind: ChangeKind, added: u64, removed: u64) -> Change {
        Change {
            path: path.to_owned(),
            kind,
            before: None,
            after: None,
            added,
            removed,
            diff: None,
        }
    }

    #[test]
    fn counts_lines_by_file_and_in_all() {
        let changes = [
            change("a.py", ChangeKind::Modified, 1, 12),
            change("b.py", ChangeKind::Added, 10, 0),
            change("c.py", ChangeKind::Deleted, 0, 3),
        ];
        assert_eq!(
            in_short(&changes),
            " +1 −12  a.py\n+10  −0  b.py (new)\n +0  −3  c.py (deleted)\n3 files, +11 −15\n"
        );
        assert_eq!(in_short(&changes[..1]), "+1 −12  a.py\n");
    }
}
