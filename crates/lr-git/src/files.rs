//! The few files that lr-git itself writes: FIXES.md, and versions that are brought back.

use std::path::Path;

use lr_files::{FileError, FileErrorKind, Journal, Replacement, Root};
use lr_stage::{Error, project, say};
use lr_turn::Kind;

/// What becomes of the journal's receipt, from which lr-apply answers when it is run again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Receipt {
    /// What lr-apply wrote stays.
    Keep,
    /// What lr-apply wrote is taken back.
    Forget,
}

/// Finishes or takes back a change of files that was interrupted, so that what lies on the disk
/// is what somebody wanted there.
pub(crate) fn recover(directory: &Path) -> Result<(), Error> {
    let project = project::root(directory);
    if !Journal::is_pending(&project) {
        return Ok(());
    }
    let recovered = Journal::open(&project).and_then(|journal| journal.recover());
    if let Some(recovered) = recovered.map_err(|error| file_error(&error))? {
        say::note(&recovered.to_string());
    }
    Ok(())
}

/// Refuses a project in which no journal can be written, because something else has its name.
pub(crate) fn check_journal(directory: &Path) -> Result<(), Error> {
    let folder = project::root(directory).join(".lr");
    let is_in_the_way = folder.symlink_metadata().is_ok_and(|found| !found.is_dir());
    if is_in_the_way {
        return Err(Error::new(
            Kind::Io,
            format!("'{}' is not a directory", folder.display()),
        )
        .hint("lr keeps its journal there: rename what has its name"));
    }
    Ok(())
}

/// Replaces a set of files, all or nothing. Directories that become empty go with the last file in them.
pub(crate) fn replace(
    directory: &Path,
    set: &[Replacement],
    receipt: Receipt,
) -> Result<(), Error> {
    let replaced = || {
        let root = Root::open(directory)?;
        let journal = Journal::open(&project::root(directory))?;
        match receipt {
            Receipt::Keep => journal.replace_keeping_receipt(&root, set),
            Receipt::Forget => journal.replace(&root, set, "", Vec::new()),
        }?;
        for gone in set.iter().filter(|replacement| replacement.after.is_none()) {
            // An empty directory that stays harms nobody.
            let _ = root.remove_emptied(&gone.path);
        }
        Ok(())
    };
    replaced().map_err(|error| file_error(&error))
}

/// Turns an error about a file into one of the stage.
pub(crate) fn file_error(error: &FileError) -> Error {
    let kind = match error.kind() {
        FileErrorKind::Busy => Kind::Locked,
        FileErrorKind::Changed | FileErrorKind::Exists => Kind::Changed,
        FileErrorKind::Conflict => Kind::Recovery,
        _ => Kind::Io,
    };
    let stage_error = Error::new(kind, error.to_string());
    match error.hint() {
        Some(hint) => stage_error.hint(hint),
        None => stage_error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_taken_back_takes_its_directories_along() {
        let folder = tempfile::tempdir().unwrap();
        let directory = folder.path().canonicalize().unwrap();
        let version = |before: Option<&[u8]>, after: Option<&[u8]>| Replacement {
            path: "new/deep/a.py".to_owned(),
            before: before.map(lr_files::sha256_hex),
            after: after.map(<[u8]>::to_vec),
        };
        replace(&directory, &[version(None, Some(b"x"))], Receipt::Keep).unwrap();
        assert!(directory.join("new/deep/a.py").is_file());
        replace(&directory, &[version(Some(b"x"), None)], Receipt::Forget).unwrap();
        assert!(!directory.join("new").exists());
    }
}
