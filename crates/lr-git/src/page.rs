//! What a person reads of a turn.

use std::fmt::Write as _;

use lr_turn::{Apply, Commit, Turn};

use crate::findings::Findings;
use crate::message::short;

/// Says on a page what became of a turn.
pub(crate) fn of_turn(turn: &Turn, commit: Option<&Commit>, recheck: Option<&Findings>) -> String {
    let Some(commit) = commit else {
        return "nothing to commit\n".to_owned();
    };
    let changes = turn
        .get::<Apply>()
        .ok()
        .flatten()
        .map(|apply| apply.changes)
        .unwrap_or_default();
    let mut page = match (&commit.fix, &commit.branch) {
        (Some(fix), Some(branch)) => format!("{} on '{branch}'\n", short(fix)),
        (Some(fix), None) => format!("{}\n", short(fix)),
        (None, _) if !commit.put_back => "written down, and not committed\n".to_owned(),
        (None, _) => "put back, because nothing got better\n".to_owned(),
    };
    for change in &changes {
        let _ = writeln!(
            page,
            "  {}  +{} -{}",
            change.path, change.added, change.removed
        );
    }
    let asked = Findings::of(turn).unwrap_or_default();
    let outcome = match recheck {
        Some(after) => asked.compare(&asked, after, None),
        None => asked.asked_for(),
    };
    for (title, lines) in outcome.lists() {
        let _ = writeln!(page, "{title}:");
        for line in lines {
            let _ = writeln!(page, "  {line}");
        }
    }
    page
}
