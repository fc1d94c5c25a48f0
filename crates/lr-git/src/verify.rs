//! Whether a change may be committed as it lies there.

use lr_files::sha256_hex;
use lr_stage::{Error, Kind, say};
use lr_turn::Change;

use crate::repo::Repo;

/// Refuses changes that are not the whole difference between `HEAD` and the work tree.
pub(crate) fn check_changes(repo: &Repo, changes: &[Change]) -> Result<(), Error> {
    let mut view = repo.view()?;
    for change in changes {
        let path = &change.path;
        let committed = view.committed(path)?;
        if committed.is_none() {
            repo.refuse_nested(path)?;
        }
        let is_as_committed = match (committed, &change.before) {
            (None, None) => true,
            (Some(version), Some(before)) => view.checked_out(path, version, before)?.is_some(),
            _ => false,
        };
        if !is_as_committed {
            return Err(Error::new(
                Kind::Changed,
                format!("'{path}' was not as the last commit has it before it was changed"),
            )
            .hint(
                "its other changes would be committed along: commit them first, then run again",
            ));
        }
        let staged = view.staged(path);
        if staged != committed && staged != view.on_disk(path)? {
            return Err(Error::new(
                Kind::Changed,
                format!("'{path}' is staged in a version of its own, which would be lost"),
            )
            .hint("commit that first, or take it out of the index with 'git reset'"));
        }
        let on_disk = view.bytes(path)?.as_deref().map(sha256_hex);
        if on_disk != change.after {
            return Err(Error::new(
                Kind::Changed,
                format!("'{path}' is not what lr-apply wrote"),
            )
            .hint("somebody changed it since: look at 'git diff'"));
        }
    }
    Ok(())
}

/// Refuses changes that git could not store, because a filter of the user's fails.
pub(crate) fn check_filters(repo: &Repo, changes: &[Change]) -> Result<(), Error> {
    let mut view = repo.view()?;
    for change in changes {
        if view.has_foreign_filter(&change.path)? {
            view.on_disk(&change.path)?;
        }
    }
    Ok(())
}

/// Says which files a hook changed while they were committed.
pub(crate) fn report_hook_edits(repo: &Repo, changes: &[Change]) -> Result<(), Error> {
    let view = repo.view()?;
    for change in changes {
        if view.bytes(&change.path)?.as_deref().map(sha256_hex) != change.after {
            say::warn(&format!("a hook changed '{}'", change.path));
        }
    }
    Ok(())
}
