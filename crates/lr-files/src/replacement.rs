//! What is to be replaced, and whether it may be.

use std::collections::BTreeSet;

use rustix::fs::{Access, AtFlags};

use crate::disk;
use crate::error::{FileError, FileErrorKind as Kind};
use crate::path::relative_path;
use crate::record::{Entry, Record, is_version};
use crate::root::{Place, Root, State, refusal};
use crate::source::sha256_hex;

/// One file of a set that is replaced as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replacement {
    /// The path beneath the root, as [`relative_path`] cleans it.
    pub path: String,
    /// The SHA-256, in hex, of the version to be replaced; `None`: there must be no such file.
    pub before: Option<String>,
    /// The complete new content; `None`: the file is deleted.
    pub after: Option<Vec<u8>>,
}

/// Tells what would keep [`Journal::replace`](crate::Journal::replace) from replacing a set; changes
/// nothing.
///
/// # Errors
///
/// The first obstacle, such as a hard link, a symbolic link on the way, or another version.
pub fn check_replacements(root: &Root, set: &[Replacement]) -> Result<(), FileError> {
    plan(root, String::new(), set).map(|_| ())
}

/// Checks every replacement against the disk and names the temporary files; changes nothing.
pub(crate) fn plan(root: &Root, base: String, set: &[Replacement]) -> Result<Record, FileError> {
    let mut paths = BTreeSet::new();
    let mut directories = Vec::new();
    let mut entries = Vec::new();
    for replacement in set {
        check_request(root, replacement)?;
        let path = &replacement.path;
        if !paths.insert(path) {
            return Err(FileError::new(Kind::Conflict, "given twice:", path));
        }
        add_missing_directories(root, path, &mut directories)?;
        if let Some(place) = root.place(path)? {
            check_target(root, &place, replacement)?;
        } else if replacement.before.is_some() {
            return Err(changed(path, "it is gone"));
        }
        entries.push(Entry {
            path: path.clone(),
            before: replacement.before.clone(),
            after: replacement.after.as_deref().map(sha256_hex),
            temporary: disk::temporary_name(),
        });
    }
    Ok(Record::new(base, directories, entries))
}

/// Requires that a place holds the version with the hash `before` (`None`: nothing) and that
/// replacing its name replaces all of it.
pub(crate) fn require_version(
    root: &Root,
    place: &Place<'_>,
    path: &str,
    before: Option<&str>,
) -> Result<(), FileError> {
    let state = root.state_at(place, path)?;
    match &state {
        State::File(file) if before.is_some() && file.links > 1 => {
            let error = FileError::new(Kind::HardLink, "cannot replace", path);
            Err(error.because(&format!(
                "it has {} names (hard links), and the others would keep the old content",
                file.links
            )))
        }
        state if is_version(state, before) => Ok(()),
        State::Other(what) => Err(refusal(what, path)),
        State::Absent => Err(changed(path, "it is gone")),
        State::File(_) if before.is_none() => {
            Err(FileError::new(Kind::Exists, "cannot create", path).because("it exists already"))
        }
        State::File(_) => Err(changed(path, "it has changed since it was read")),
    }
}

/// Checks what can be told without the disk.
fn check_request(root: &Root, replacement: &Replacement) -> Result<(), FileError> {
    let path = &replacement.path;
    let cleaned = relative_path(path).map_err(|problem| FileError::of_path(problem, path))?;
    if cleaned != *path {
        let error = FileError::new(Kind::Outside, "cannot use", path);
        return Err(error.because(&format!("it should be written '{cleaned}'")));
    }
    let size = replacement.after.as_ref().map_or(0, Vec::len);
    if size as u64 > root.size_limit() {
        let error = FileError::new(Kind::TooLarge, "cannot write", path);
        return Err(error.because("the new version is larger than any file that is read"));
    }
    Ok(())
}

fn check_target(
    root: &Root,
    place: &Place<'_>,
    replacement: &Replacement,
) -> Result<(), FileError> {
    let path = &replacement.path;
    require_version(root, place, path, replacement.before.as_deref())?;
    if replacement.before.is_some() {
        // Replacing needs no leave from the file itself, but who took it away meant it.
        rustix::fs::accessat(
            &place.directory,
            place.name,
            Access::WRITE_OK,
            AtFlags::empty(),
        )
        .map_err(|errno| FileError::os("write", path, &errno.into()))?;
    }
    Ok(())
}

/// Adds the directories on the way to `path` that are missing; refuses other repositories.
fn add_missing_directories(
    root: &Root,
    path: &str,
    directories: &mut Vec<String>,
) -> Result<(), FileError> {
    for (end, _) in path.match_indices('/') {
        let parent = path.get(..end).unwrap_or_default();
        match root.descend(parent)? {
            None if directories.iter().any(|known| known == parent) => {}
            None => directories.push(parent.to_owned()),
            Some(directory) => {
                let git = rustix::fs::statat(directory, ".git", AtFlags::SYMLINK_NOFOLLOW);
                if git.is_ok() {
                    return Err(FileError::new(Kind::Protected, "cannot write", path)
                        .because(&format!("'{parent}' is a repository of its own")));
                }
            }
        }
    }
    Ok(())
}

fn changed(path: &str, why: &str) -> FileError {
    FileError::new(Kind::Changed, "cannot replace", path)
        .because(why)
        .with_hint("check the file again and ask for a new answer")
}
