//! One lr-git at a time in a repository, its linked work trees included.

use std::fs::{File, TryLockError};
use std::io::{Read as _, Seek as _, Write as _};

use lr_stage::Error;
use lr_turn::Kind;

use super::Repo;

/// The name of the lock file in the common git directory. It stays; only the lock on it counts,
/// so nothing is left over when a program is killed.
const NAME: &str = "lr-git";

/// The right to be the only lr-git at work in a repository, until it is dropped.
pub(crate) struct Guard {
    _file: File,
}

impl Repo {
    /// Takes the right to be the only lr-git at work.
    ///
    /// # Errors
    ///
    /// [`Kind::Locked`], naming the other one.
    pub(crate) fn guard(&self) -> Result<Guard, Error> {
        let path = self.gix.common_dir().join(NAME);
        let failed = |error| {
            Error::new(Kind::Io, format!("cannot write '{}'", path.display())).because(error)
        };
        let opened = File::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path);
        let mut file = opened.map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::Error(error)) => return Err(failed(error)),
            Err(TryLockError::WouldBlock) => {
                let mut owner = String::new();
                let _ = file.read_to_string(&mut owner);
                return Err(Error::new(
                    Kind::Locked,
                    format!(
                        "another lr-git is at work in this repository: {}",
                        owner.trim_end()
                    ),
                )
                .hint("wait for it, or work in a clone of your own"));
            }
        }
        let owner = format!(
            "process {} in '{}'\n",
            std::process::id(),
            self.directory().display()
        );
        file.set_len(0)
            .and_then(|()| file.rewind())
            .and_then(|()| file.write_all(owner.as_bytes()))
            .map_err(failed)?;
        Ok(Guard { _file: file })
    }
}
