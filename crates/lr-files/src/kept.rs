//! Keeping texts that would be lost, a bounded number of them, in a folder of `.lr`.

use std::io;
use std::os::fd::AsFd;

use crate::disk;
use crate::error::FileError;
use crate::root::Root;
use crate::store::{ignore_itself, open_or_make};

/// Writes a text to `.lr/FOLDER/NAME` beneath the project, for its owner only, and removes the files there whose names
/// come first in order until at most `n_kept` are left.
///
/// # Errors
///
/// Whatever hinders writing it.
pub fn keep_text(
    project: &Root,
    folder: &str,
    name: &str,
    text: &str,
    n_kept: usize,
) -> Result<(), FileError> {
    let path = format!(".lr/{folder}/{name}");
    let keep = || -> io::Result<()> {
        let lr = open_or_make(project.directory(), ".lr")?;
        ignore_itself(lr.as_fd())?;
        let directory = open_or_make(lr.as_fd(), folder)?;
        let file = disk::create(&directory, name, 0o600)?;
        disk::write(&file, text.as_bytes())?;
        disk::sync(&file)?;
        let mut names = project
            .names_in(&format!(".lr/{folder}"))
            .unwrap_or_default();
        names.sort_unstable();
        let n_old = names.len().saturating_sub(n_kept);
        for old in names.iter().take(n_old) {
            disk::remove(&directory, old)?;
        }
        Ok(())
    };
    keep().map_err(|error| FileError::os("write", &path, &error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bounded_number_of_texts_is_kept_where_git_does_not_look() {
        let folder = tempfile::tempdir().unwrap();
        let root = Root::open(folder.path()).unwrap();
        for name in ["1.txt", "2.txt", "3.txt"] {
            keep_text(&root, "refused", name, name, 2).unwrap();
        }
        let mut names = root.names_in(".lr/refused").unwrap();
        names.sort_unstable();
        assert_eq!(names, ["2.txt", "3.txt"]);
        let read = |path: &str| std::fs::read_to_string(folder.path().join(path)).unwrap();
        assert_eq!(read(".lr/refused/3.txt"), "3.txt");
        assert_eq!(read(".lr/.gitignore"), "*\n");
        let again = keep_text(&root, "refused", "3.txt", "other", 2).unwrap_err();
        assert!(again.to_string().contains(".lr/refused/3.txt"), "{again}");
    }

    #[test]
    fn a_link_in_the_place_of_the_folder_is_not_followed() {
        let (folder, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        std::os::unix::fs::symlink(elsewhere.path(), folder.path().join(".lr")).unwrap();
        let root = Root::open(folder.path()).unwrap();
        assert!(keep_text(&root, "refused", "1.txt", "x", 2).is_err());
        assert_eq!(elsewhere.path().read_dir().unwrap().count(), 0);
    }
}
