//! What a person reads after `lr-apply`.

use lr_turn::{Apply, Outcome};

/// Returns the page of a section; for a dry run, the unified diff first.
pub(crate) fn of(apply: &Apply, dry_run: bool) -> String {
    let mut lines = Vec::new();
    if dry_run {
        lines.extend(
            apply
                .changes
                .iter()
                .filter_map(|change| change.diff.clone()),
        );
    } else {
        for change in &apply.changes {
            lines.push(format!(
                "{}  +{} −{}\n",
                change.path, change.added, change.removed
            ));
        }
    }
    for refusal in &apply.refusals {
        lines.push(format!("refused ({}): {}\n", refusal.kind, refusal.reason));
    }
    match apply.outcome {
        Outcome::NoChange => lines.push("no change: the files are so already\n".to_owned()),
        Outcome::NoEdits => lines.push("no change: the reply holds no new version\n".to_owned()),
        Outcome::Applied | Outcome::Refused => {}
    }
    if !dry_run && !apply.notes.is_empty() {
        lines.push(format!("\n{}\n", apply.notes.trim_end()));
    }
    lines.concat()
}
