//! Letting one new version take the place of the old one, and taking that back.
//!
//! The two versions exchange names, so the old one is still there, under the temporary name,
//! until the whole set is finished. That makes it possible to see what really came off (an edit
//! made in the last instant is put back, not lost) and to undo the swaps of a set that fails
//! half-way. File systems that cannot exchange get a plain rename.

use crate::disk::{self, Exchanged};
use crate::error::{FileError, FileErrorKind as Kind};
use crate::record::{COMMIT, Entry, is_version};
use crate::replacement::require_version;
use crate::root::{Place, Root, State};
use crate::stage::{required_place, temporary_path};

const NEITHER: &str = "it is neither the old nor the new version";

/// How far the swap of one entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Progress {
    /// The target is the old version; the new one is ready to be swapped in.
    Old,
    /// The target is the old version, and the new one is gone.
    Lost,
    /// The target is the new version.
    New,
}

/// Puts the new version in place.
///
/// # Errors
///
/// When the target is not the old version any more, or the system refuses; the target is then
/// as it was.
pub(crate) fn swap(root: &Root, entry: &Entry) -> Result<(), FileError> {
    let path = &entry.path;
    let before = entry.before.as_deref();
    let place = required_place(root, path)?;
    require_version(root, &place, path, before)?;
    let exchanged = move_in(&place, entry).map_err(|error| FileError::os("write", path, &error))?;
    if before.is_none() || exchanged == Exchanged::Replaced {
        return Ok(());
    }
    let came_off = Place {
        directory: place.directory,
        name: &entry.temporary,
    };
    require_version(root, &came_off, path, before).or_else(|changed| {
        let place = required_place(root, path)?;
        move_out(&place, entry).map_err(|error| FileError::os("put back", path, &error))?;
        Err(changed)
    })
}

/// Puts the old version back in place, after [`swap`].
///
/// # Errors
///
/// When the target is not the new version any more, or the old one is gone.
pub(crate) fn put_back(root: &Root, entry: &Entry) -> Result<(), FileError> {
    let path = &entry.path;
    let place = required_place(root, path)?;
    require_version(root, &place, path, entry.after.as_deref())?;
    let old = Place {
        directory: place.directory,
        name: &entry.temporary,
    };
    require_version(root, &old, &temporary_path(entry), entry.before.as_deref())?;
    move_out(&required_place(root, path)?, entry)
        .map_err(|error| FileError::os("put back", path, &error))
}

/// Looks how far an interrupted swap came.
///
/// # Errors
///
/// A conflict, when there is anything that is neither the old nor the new version.
pub(crate) fn progress(root: &Root, entry: &Entry) -> Result<Progress, FileError> {
    let (before, after) = (entry.before.as_deref(), entry.after.as_deref());
    let (target, temporary) = both_states(root, entry)?;
    if is_version(&target, after) {
        let is_known = [None, before, after]
            .iter()
            .any(|&version| is_version(&temporary, version));
        return if is_known {
            Ok(Progress::New)
        } else {
            Err(conflict(&temporary_path(entry), NEITHER))
        };
    }
    if !is_version(&target, before) {
        return Err(conflict(&entry.path, NEITHER));
    }
    Ok(if is_version(&temporary, after) {
        Progress::Old
    } else {
        Progress::Lost
    })
}

/// The error for a change that can neither be finished nor taken back.
pub(crate) fn conflict(path: &str, why: &str) -> FileError {
    FileError::new(Kind::Conflict, "cannot finish an interrupted change of", path)
        .because(why)
        .with_hint(format!(
            "put either version back and run again, or remove '.lr/journal/{COMMIT}' to leave all files as they are"
        ))
}

/// What stands at the target and at its temporary file.
fn both_states(root: &Root, entry: &Entry) -> Result<(State, State), FileError> {
    let Some(place) = root.place(&entry.path)? else {
        return Ok((State::Absent, State::Absent));
    };
    let target = root.state_at(&place, &entry.path)?;
    let beside = Place {
        directory: place.directory,
        name: &entry.temporary,
    };
    Ok((target, root.state_at(&beside, &temporary_path(entry))?))
}

fn move_in(place: &Place<'_>, entry: &Entry) -> std::io::Result<Exchanged> {
    let (directory, name, temporary) = (&place.directory, place.name, entry.temporary.as_str());
    match (&entry.before, &entry.after) {
        (Some(_), Some(_)) => return disk::exchange(directory, temporary, name),
        (None, Some(_)) => disk::rename_new(directory, temporary, name)?,
        (Some(_), None) => disk::rename_new(directory, name, temporary)?,
        (None, None) => {}
    }
    Ok(Exchanged::Both)
}

fn move_out(place: &Place<'_>, entry: &Entry) -> std::io::Result<()> {
    let (directory, name, temporary) = (&place.directory, place.name, entry.temporary.as_str());
    match (&entry.before, &entry.after) {
        (Some(_), Some(_)) => disk::exchange(directory, temporary, name).map(|_| ()),
        (None, Some(_)) => disk::rename_new(directory, name, temporary),
        (Some(_), None) => disk::rename_new(directory, temporary, name),
        (None, None) => Ok(()),
    }
}
