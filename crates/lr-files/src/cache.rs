//! Keeping what can be worked out again, in the folder `.lr/cache` of a project.

use std::io;
use std::os::fd::AsFd;

use crate::disk;
use crate::error::FileError;
use crate::root::Root;
use crate::store::{ignore_itself, open_or_make};

/// Writes `.lr/cache/NAME` beneath the project, for its owner only, so that readers see the old
/// file or the new one as a whole.
///
/// Nothing waits for the disk: what a crash takes away is worked out again.
///
/// # Errors
///
/// Whatever hinders writing it.
pub fn write_cache(project: &Root, name: &str, bytes: &[u8]) -> Result<(), FileError> {
    let write = || -> io::Result<()> {
        let lr = open_or_make(project.directory(), ".lr")?;
        ignore_itself(lr.as_fd())?;
        let cache = open_or_make(lr.as_fd(), "cache")?;
        let temporary = disk::temporary_name();
        let file = disk::create(&cache, &temporary, 0o600)?;
        let written =
            disk::write(&file, bytes).and_then(|()| disk::rename(&cache, &temporary, name));
        if written.is_err() {
            // The reason for the failure counts, not what became of the leftover.
            let _ = disk::remove(&cache, &temporary);
        }
        written
    };
    write().map_err(|error| FileError::os("write", &format!(".lr/cache/{name}"), &error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_new_file_takes_the_place_of_the_old_one() {
        let folder = tempfile::tempdir().unwrap();
        let root = Root::open(folder.path()).unwrap();
        for text in ["old", "new"] {
            write_cache(&root, "x.jsonl", text.as_bytes()).unwrap();
        }
        let read = |path: &str| std::fs::read_to_string(folder.path().join(path)).unwrap();
        assert_eq!(read(".lr/cache/x.jsonl"), "new");
        assert_eq!(read(".lr/.gitignore"), "*\n");
        assert_eq!(root.names_in(".lr/cache").unwrap(), ["x.jsonl"]);
    }

    #[test]
    fn a_link_in_the_place_of_the_folder_is_not_followed() {
        let (folder, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        std::os::unix::fs::symlink(elsewhere.path(), folder.path().join(".lr")).unwrap();
        let root = Root::open(folder.path()).unwrap();
        assert!(write_cache(&root, "x.jsonl", b"x").is_err());
        assert_eq!(elsewhere.path().read_dir().unwrap().count(), 0);
    }
}
