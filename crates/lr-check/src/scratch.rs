//! A folder for the time of one call.

use std::fs::DirBuilder;
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

static COUNT: AtomicU64 = AtomicU64::new(0);

/// A folder that only this user can read, removed with all that is in it.
pub(crate) struct Scratch {
    path: PathBuf,
}

impl Scratch {
    /// Makes a folder where temporary files go.
    ///
    /// # Errors
    ///
    /// Why that is not possible.
    pub(crate) fn new() -> io::Result<Self> {
        loop {
            let number = COUNT.fetch_add(1, Ordering::Relaxed);
            let name = format!("lr-check-{}-{number}", std::process::id());
            let path = std::env::temp_dir().join(name);
            match DirBuilder::new().mode(0o700).create(&path) {
                Ok(()) => return Ok(Self { path }),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Returns the path of the folder.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the path of a file in the folder.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What cannot be removed is left to the system.
        let _ = std::fs::remove_dir_all(&self.path);
    }
}
