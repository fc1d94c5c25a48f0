//! Notices when a checker changes what it was given to check.
//!
//! After each call the files it was given are looked at; one that looks different, and is, is taken
//! to be changed by this call. Where several run at once that is a guess, but that something changed is
//! not.

use std::collections::HashMap;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use crate::sources::Sources;

/// What a file looks like without reading it: inode, size, and the time its inode last changed,
/// which no program can set back.
type Look = Option<(u64, u64, i64, i64)>;

/// Remembers what the sources look like.
pub(crate) struct Watch {
    directory: PathBuf,
    looks: Mutex<HashMap<String, Look>>,
}

impl Watch {
    /// Remembers what the sources look like now.
    pub(crate) fn begin(sources: &Sources) -> Self {
        let directory = sources.root().path().to_path_buf();
        let looks = sources
            .files()
            .iter()
            .map(|file| (file.path.clone(), look(&directory, &file.path)))
            .collect();
        Self {
            directory,
            looks: Mutex::new(looks),
        }
    }

    /// Returns those of the files that are different from the last time.
    pub(crate) fn changed<'a>(
        &self,
        sources: &Sources,
        paths: impl IntoIterator<Item = &'a str>,
    ) -> Vec<String> {
        let mut changed = self.look_again(paths);
        changed.retain(|path| sources.differs(path));
        changed
    }

    /// Returns those of the files that look different from the last time, and remembers what they
    /// look like now.
    fn look_again<'a>(&self, paths: impl IntoIterator<Item = &'a str>) -> Vec<String> {
        let mut looks = self.looks.lock().unwrap_or_else(PoisonError::into_inner);
        let mut changed = Vec::new();
        for path in paths {
            let now = look(&self.directory, path);
            if let Some(before) = looks.get_mut(path)
                && *before != now
            {
                *before = now;
                changed.push(path.to_owned());
            }
        }
        changed
    }
}

fn look(directory: &Path, path: &str) -> Look {
    let metadata = directory.join(path).symlink_metadata().ok()?;
    Some((
        metadata.ino(),
        metadata.size(),
        metadata.ctime(),
        metadata.ctime_nsec(),
    ))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_change_is_noticed_once() {
        let directory = tempfile::tempdir().unwrap();
        for name in ["a", "b", "c", "d"] {
            fs::write(directory.path().join(name), "x").unwrap();
        }
        let sources = Sources::of(directory.path());
        let watch = Watch::begin(&sources);
        fs::write(directory.path().join("b"), "y").unwrap();
        fs::remove_file(directory.path().join("c")).unwrap();
        fs::write(directory.path().join("d"), "x").unwrap();
        let changed = || watch.changed(&sources, ["a", "b", "c", "d", "unknown"]);
        assert_eq!(changed(), ["b", "c"]);
        assert_eq!(changed(), [""; 0]);
    }
}
