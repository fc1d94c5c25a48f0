//! Writing a file that is not a source, such as a patch, wherever the user wants it.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::fd::OwnedFd;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, Mode, OFlags, flock};
use rustix::io::retry_on_intr;

use crate::disk;
use crate::error::FileError;

/// Writes a file so that it is there complete or not at all; the one that was there before is
/// replaced.
///
/// What is not a regular file, such as a pipe or a device, is written to as it is. A symbolic link
/// leads to the file that is replaced.
///
/// # Errors
///
/// Whatever hinders writing it.
pub fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    let write = || match path.metadata() {
        Ok(metadata) if !metadata.is_file() && !metadata.is_dir() => {
            OpenOptions::new().write(true).open(path)?.write_all(bytes)
        }
        _ => replace(&target(path)?, bytes),
    };
    write().map_err(|error: io::Error| FileError::os("write", &path.to_string_lossy(), &error))
}

/// Writes a file as [`write_whole`] does, but for its owner only, and makes the folder it lies in, likewise.
///
/// It is given what the file holds, if there is one, and returns what it is to hold. Of several programs that do so at
/// the same time each is given what the one before has written. It does not wait for the disk: when the machine fails in
/// the next moments, the file may be lost.
///
/// # Errors
///
/// Whatever hinders writing it.
pub fn update_private(
    path: &Path,
    update: impl FnOnce(Option<Vec<u8>>) -> Vec<u8>,
) -> Result<(), FileError> {
    let write = || {
        make_private_place(path)?;
        let path = target(path)?;
        // The lock ends with the descriptor. Where a file system has none, the last one to write counts.
        let (folder, _) = place(&path)?;
        let _ = retry_on_intr(|| flock(&folder, FlockOperation::LockExclusive));
        let old = match fs::read(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            read => Some(read?),
        };
        let bytes = update(old);
        replace_with(&path, 0o600, |file| disk::write(file, &bytes)).map(drop)
    };
    write().map_err(|error: io::Error| FileError::os("write", &path.to_string_lossy(), &error))
}

/// Fails if [`update_private`] could not write this file; makes its folder, and changes nothing else.
///
/// # Errors
///
/// What would hinder writing it.
pub fn check_private(path: &Path) -> Result<(), FileError> {
    make_private_place(path)
        .map_err(|error| FileError::os("write", &path.to_string_lossy(), &error))?;
    check_whole(path)
}

/// Makes the folder of a file that is its owner's only. What is there and no file stays what it is.
fn make_private_place(path: &Path) -> io::Result<()> {
    if path.metadata().is_ok_and(|metadata| !metadata.is_file()) {
        return Err(io::Error::other("it is no regular file"));
    }
    match path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
    {
        Some(folder) => DirBuilder::new().recursive(true).mode(0o700).create(folder),
        None => Ok(()),
    }
}

/// Fails if [`write_whole`] could not write this file, and changes nothing.
///
/// # Errors
///
/// What would hinder writing it.
pub fn check_whole(path: &Path) -> Result<(), FileError> {
    let check = || match path.metadata() {
        Ok(metadata) if metadata.is_dir() => Err(io::ErrorKind::IsADirectory.into()),
        Ok(metadata) if !metadata.is_file() => Ok(()),
        _ => {
            let (directory, _) = place(&target(path)?)?;
            let temporary = disk::temporary_name();
            disk::create(&directory, &temporary, 0o666)?;
            disk::remove(&directory, &temporary).map(|_| ())
        }
    };
    check().map_err(|error: io::Error| FileError::os("write", &path.to_string_lossy(), &error))
}

/// Where a path leads, if there is something already.
fn target(path: &Path) -> io::Result<PathBuf> {
    match path.canonicalize() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(path.to_path_buf()),
        other => other,
    }
}

/// Opens the directory of a file, and returns the file's name in it.
fn place(path: &Path) -> io::Result<(OwnedFd, &str)> {
    let name = path.file_name().and_then(|name| name.to_str());
    let name = name.ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
    let parent = path
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty());
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let directory = rustix::fs::open(parent.unwrap_or(Path::new(".")), flags, Mode::empty())?;
    Ok((directory, name))
}

fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let fill = |file: &File| disk::write(file, bytes).and_then(|()| disk::sync(file));
    disk::sync_directory(&replace_with(path, 0o666, fill)?)
}

/// Puts a new file in the place of another one, and returns the directory.
fn replace_with(
    path: &Path,
    mode: u32,
    fill: impl Fn(&File) -> io::Result<()>,
) -> io::Result<OwnedFd> {
    let (directory, name) = place(path)?;
    let temporary = disk::temporary_name();
    let replaced = disk::create(&directory, &temporary, mode)
        .and_then(|file| fill(&file))
        .and_then(|()| disk::rename(&directory, &temporary, name));
    if replaced.is_err() {
        // The first error is the one to tell.
        let _ = disk::remove(&directory, &temporary);
    }
    replaced.map(|()| directory)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disk::fault::{self, Fault};

    #[test]
    fn a_file_is_old_or_new_whichever_step_fails() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.patch");
        fs::write(&path, "old").unwrap();
        for point in 0.. {
            fault::arm(point, Fault::Error(5));
            let result = write_whole(&path, b"new");
            if fault::disarm() {
                assert!(result.is_ok());
                break;
            }
            let text = fs::read_to_string(&path).unwrap();
            assert!(text == "old" || text == "new", "{point}: {text}");
            assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "{point}");
        }
        assert_eq!(fs::read_to_string(&path).unwrap(), "new");
    }

    #[test]
    fn what_is_private_is_the_owners_only_and_so_is_its_folder() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new/a.jsonl");
        for text in ["old", "new"] {
            update_private(&path, |_| text.into()).unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), text);
        }
        let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));
        assert!(update_private(folder.path(), |_| b"new".into()).is_err());
        assert!(update_private(Path::new("/dev/null"), |_| b"new".into()).is_err());
        assert!(check_private(Path::new("/dev/null")).is_err());
        check_private(&folder.path().join("other/a.jsonl")).unwrap();
        assert_eq!(
            fs::read_dir(folder.path().join("other")).unwrap().count(),
            0
        );
    }

    #[test]
    fn updates_at_the_same_time_take_turns() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.jsonl");
        let longer = |old: Option<Vec<u8>>| {
            let old = old.unwrap_or_default();
            std::thread::yield_now();
            [old, b"x".to_vec()].concat()
        };
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| (0..20).for_each(|_| update_private(&path, longer).unwrap()));
            }
        });
        assert_eq!(fs::read(&path).unwrap().len(), 160);
    }

    #[test]
    fn devices_and_links_are_not_replaced() {
        write_whole(Path::new("/dev/null"), b"new").unwrap();
        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (folder.path().join("file"), folder.path().join("link"));
        fs::write(&file, "old").unwrap();
        std::os::unix::fs::symlink("file", &link).unwrap();
        write_whole(&link, b"new").unwrap();
        assert!(link.is_symlink());
        assert_eq!(fs::read_to_string(&file).unwrap(), "new");
    }

    #[test]
    fn a_file_that_cannot_be_written_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("gone/a.patch");
        let error = write_whole(&path, b"new").unwrap_err();
        assert!(
            error
                .to_string()
                .ends_with("a.patch': no such file or directory"),
            "{error}"
        );
        assert!(write_whole(folder.path(), b"new").is_err());
    }

    #[test]
    fn whether_a_file_can_be_written_is_known_before() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.patch");
        check_whole(&path).unwrap();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
        fs::write(&path, "old").unwrap();
        check_whole(&path).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "old");
        check_whole(Path::new("/dev/null")).unwrap();
        assert!(check_whole(folder.path()).is_err());
        assert!(check_whole(&folder.path().join("gone/a.patch")).is_err());
    }
}
