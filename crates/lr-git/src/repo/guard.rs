//! One lr-git at a time in a repository, its linked work trees included.

use std::fs::{File, TryLockError};
use std::io::{Read as _, Seek as _, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant, UNIX_EPOCH};

use lr_exec::signals;
use lr_stage::{Error, say};
use lr_turn::Kind;

use super::Repo;

/// The name of the lock file in the common git directory. It stays; only the lock on it counts,
/// so nothing is left over when a program is killed.
const NAME: &str = "lr-git";

/// How the line begins that names the lock on an index which this program has taken.
const LOCK: &str = "lock ";

/// How long to wait for another lr-git: one whose loop was killed may still be at its end.
const PATIENCE: Duration = Duration::from_secs(5);

/// How often to look whether it has ended.
const PAUSE: Duration = Duration::from_millis(20);

/// The right to be the only lr-git at work in a repository, until it is dropped.
pub(crate) struct Guard {
    _file: File,
}

impl Repo {
    /// Takes the right to be the only lr-git at work; waits a little for one that is.
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
        match lock(&file, PATIENCE) {
            Ok(()) => {}
            Err(TryLockError::Error(error)) => return Err(failed(error)),
            Err(TryLockError::WouldBlock) => {
                let mut owner = String::new();
                let _ = file.read_to_string(&mut owner);
                return Err(Error::new(
                    Kind::Locked,
                    format!(
                        "another lr-git is at work in this repository: {}",
                        owner.lines().next().unwrap_or_default()
                    ),
                )
                .hint("wait for it, or work in a clone of your own"));
            }
        }
        let mut before = String::new();
        if file.read_to_string(&mut before).is_ok() {
            remove_left_over(&before);
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

/// Takes the lock on a file as soon as it is free, within `patience`.
fn lock(file: &File, patience: Duration) -> Result<(), TryLockError> {
    let until = Instant::now() + patience;
    loop {
        match file.try_lock() {
            Err(TryLockError::WouldBlock)
                if Instant::now() < until && signals::interrupted().is_none() =>
            {
                thread::sleep(PAUSE);
            }
            other => return other,
        }
    }
}

/// Writes down that a lock on an index was taken, so that the next lr-git knows it for ours if
/// this one is killed. Where that cannot be told, the lock is like any other.
pub(super) fn note_lock(repo: &Repo, lock: &Path) {
    let path = repo.gix.common_dir().join(NAME);
    let (Some(birth), Some(name)) = (birth(lock), lock.to_str()) else {
        return;
    };
    let file = File::options().append(true).open(path);
    let _ = file.and_then(|mut file| file.write_all(format!("{LOCK}{birth} {name}\n").as_bytes()));
}

/// Removes the lock that an lr-git noted which is no longer there: it is the very file, told by
/// when it was made.
fn remove_left_over(noted: &str) {
    let locks = noted.lines().filter_map(|line| line.strip_prefix(LOCK));
    for (known, lock) in locks.filter_map(|line| line.split_once(' ')) {
        let lock = Path::new(lock);
        if birth(lock).as_deref() == Some(known) && std::fs::remove_file(lock).is_ok() {
            say::note(&format!(
                "removed the lock '{}', which an lr-git that was killed has left",
                lock.display()
            ));
        }
    }
}

/// Tells a file from every other that has ever had its name.
fn birth(path: &Path) -> Option<String> {
    let data = path.symlink_metadata().ok()?;
    let made = data.created().ok()?.duration_since(UNIX_EPOCH).ok()?;
    Some(format!("{}:{}:{}", data.dev(), data.ino(), made.as_nanos()))
}
