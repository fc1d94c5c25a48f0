//! Bringing the new versions to the disk beside their targets, and removing what is left over.

use std::collections::BTreeSet;
use std::io;
use std::os::fd::AsFd;

use crate::disk;
use crate::error::{FileError, FileErrorKind as Kind};
use crate::record::{Entry, Record};
use crate::replacement::Replacement;
use crate::root::{Place, Root, open_file_at};

/// Makes the missing directories and writes every new version to its temporary file, all of it
/// safely on the disk when this returns.
pub(crate) fn stage(root: &Root, record: &Record, set: &[Replacement]) -> Result<(), FileError> {
    for path in &record.directories {
        let place = required_place(root, path)?;
        disk::make_directory(&place.directory, place.name)
            .or_else(|error| match error.kind() {
                io::ErrorKind::AlreadyExists => Ok(()),
                _ => Err(error),
            })
            .map_err(|error| FileError::os("make the directory", path, &error))?;
    }
    for (entry, replacement) in record.entries.iter().zip(set) {
        if let Some(bytes) = &replacement.after {
            write_temporary(root, entry, bytes)?;
        }
    }
    sync_directories(root, record)
}

/// Removes the temporary files that are there; says how many. Goes on after an error and returns
/// the first one.
pub(crate) fn remove_temporaries(root: &Root, record: &Record) -> Result<usize, FileError> {
    let mut removed = 0;
    let mut outcome = Ok(());
    for entry in &record.entries {
        let result = root.place(&entry.path).and_then(|place| match place {
            Some(place) => disk::remove(&place.directory, &entry.temporary)
                .map_err(|error| FileError::os("remove", &temporary_path(entry), &error)),
            None => Ok(false),
        });
        match result {
            Ok(found) => removed += usize::from(found),
            Err(error) => outcome = outcome.and(Err(error)),
        }
    }
    outcome.map(|()| removed)
}

/// Removes the directories that were made for new files, where they are empty.
pub(crate) fn remove_directories(root: &Root, record: &Record) -> Result<(), FileError> {
    for path in record.directories.iter().rev() {
        if let Some(place) = root.place(path)? {
            disk::remove_directory(&place.directory, place.name)
                .map_err(|error| FileError::os("remove the directory", path, &error))?;
        }
    }
    Ok(())
}

/// Brings the entries of every directory that the record touches to the disk.
pub(crate) fn sync_directories(root: &Root, record: &Record) -> Result<(), FileError> {
    let targets = record.entries.iter().map(|entry| &entry.path);
    let parents: BTreeSet<&str> = targets
        .chain(&record.directories)
        .map(|path| path.rsplit_once('/').map_or("", |(parent, _)| parent))
        .collect();
    for parent in parents {
        if let Some(directory) = root.descend(parent)? {
            disk::sync_directory(directory)
                .map_err(|error| FileError::os("write the directory", parent, &error))?;
        }
    }
    Ok(())
}

/// The place of a path whose directory must be there.
pub(crate) fn required_place<'path>(
    root: &Root,
    path: &'path str,
) -> Result<Place<'path>, FileError> {
    root.place(path)?.ok_or_else(|| {
        FileError::new(Kind::NotFound, "cannot write", path).because("its directory is gone")
    })
}

/// The path of an entry's temporary file.
pub(crate) fn temporary_path(entry: &Entry) -> String {
    match entry.path.rsplit_once('/') {
        Some((parent, _)) => format!("{parent}/{}", entry.temporary),
        None => entry.temporary.clone(),
    }
}

fn write_temporary(root: &Root, entry: &Entry, bytes: &[u8]) -> Result<(), FileError> {
    let path = &entry.path;
    let place = required_place(root, path)?;
    let old = match entry.before {
        Some(_) => Some(open_file_at(&place, path)?),
        None => None,
    };
    // The attributes come last, so that the content is never more open than they allow. A new file
    // gets what the user's mask leaves of the usual mode.
    let mode = if old.is_some() { 0o600 } else { 0o666 };
    let write = || -> io::Result<()> {
        let file = disk::create(&place.directory, &entry.temporary, mode)?;
        disk::write(&file, bytes)?;
        if let Some(old) = &old {
            disk::set_attributes(old, &file)?;
        }
        disk::sync(&file)
    };
    write().map_err(|error| explain(&error, path, &place.directory))
}

/// Names the file, and the free space where there is too little of it.
fn explain(error: &io::Error, path: &str, directory: impl AsFd) -> FileError {
    let plain = FileError::os("write", path, error);
    if plain.kind() != Kind::NoSpace {
        return plain;
    }
    match rustix::fs::fstatvfs(directory) {
        Ok(disk) => {
            let free = disk.f_bavail.saturating_mul(disk.f_frsize) / 1024;
            plain.with_hint(format!("{free} KiB are free; make room and run it again"))
        }
        Err(_) => plain,
    }
}
