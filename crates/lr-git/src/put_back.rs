//! Putting files back to what they were before a change that made nothing better.

use lr_files::{Replacement, sha256_hex};
use lr_stage::{Error, Kind, say};
use lr_turn::Change;

use crate::files::{self, Receipt};
use crate::message::count;
use crate::repo::{Repo, View};

/// Puts the files of all changes back together. Files that are back already stay as they are.
///
/// # Errors
///
/// [`Kind::Changed`] if `HEAD` does not have the version from before the change, or if somebody
/// changed a file since; then nothing is put back.
pub(crate) fn all(repo: &Repo, changes: &[&Change]) -> Result<(), Error> {
    let mut view = repo.view()?;
    let mut set = Vec::new();
    for change in changes {
        let on_disk = view.bytes(&change.path)?.as_deref().map(sha256_hex);
        if on_disk == change.before {
            continue;
        }
        set.push(Replacement {
            path: change.path.clone(),
            before: change.after.clone(),
            after: original(&mut view, change)?,
        });
    }
    if !set.is_empty() {
        files::replace(&repo.directory(), &set, Receipt::Forget)?;
    }
    for change in changes {
        if let Some(version) = view.committed(&change.path)? {
            view.restore_mode(&change.path, version)?;
        }
    }
    say::note(&format!(
        "nothing got better: put {} back",
        count(changes.len(), "file")
    ));
    Ok(())
}

/// Returns the bytes that a file had before a change; none if it was not there.
fn original(view: &mut View<'_>, change: &Change) -> Result<Option<Vec<u8>>, Error> {
    let path = &change.path;
    let Some(before) = &change.before else {
        return Ok(None);
    };
    let bytes = match view.committed(path)? {
        Some(version) => view.checked_out(path, version, before)?,
        None => None,
    };
    match bytes {
        Some(bytes) => Ok(Some(bytes)),
        None => Err(Error::new(
            Kind::Changed,
            format!("cannot put '{path}' back: the last commit does not have it as it was"),
        )
        .hint("'git diff' shows what was changed")),
    }
}
