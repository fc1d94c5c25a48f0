//! Removing the directories that became empty when the last file in them went, as git does.

use crate::disk;
use crate::error::FileError;
use crate::root::Root;

impl Root {
    /// Removes the directory of a file that is gone, and those above it, as far as they are empty.
    ///
    /// # Errors
    ///
    /// Refuses what [`read`](Self::read) refuses of a path, and fails where a directory cannot be removed.
    pub fn remove_emptied(&self, path: &str) -> Result<(), FileError> {
        let mut path = path;
        while let Some((parent, _)) = path.rsplit_once('/') {
            let Some(place) = self.place(parent)? else {
                return Ok(());
            };
            let is_removed = disk::remove_directory(&place.directory, place.name)
                .map_err(|error| FileError::os("remove the directory", parent, &error))?;
            if !is_removed {
                return Ok(());
            }
            path = parent;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directories_are_removed_up_to_the_first_that_holds_something() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(folder.path().join("a/b/c")).unwrap();
        std::fs::write(folder.path().join("a/kept.py"), "").unwrap();
        let root = Root::open(folder.path()).unwrap();
        root.remove_emptied("a/b/c/gone.py").unwrap();
        assert_eq!(root.names_in("a").unwrap(), ["kept.py"]);
        root.remove_emptied("a/gone.py").unwrap();
        root.remove_emptied("gone.py").unwrap();
        root.remove_emptied("x/y/gone.py").unwrap();
        assert_eq!(root.names_in("").unwrap(), ["a"]);
    }

    #[test]
    fn a_link_in_the_place_of_a_directory_is_not_followed() {
        let (folder, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        std::fs::create_dir(elsewhere.path().join("b")).unwrap();
        std::os::unix::fs::symlink(elsewhere.path(), folder.path().join("a")).unwrap();
        let root = Root::open(folder.path()).unwrap();
        assert!(root.remove_emptied("a/b/gone.py").is_err());
        assert!(elsewhere.path().join("b").is_dir());
    }
}
