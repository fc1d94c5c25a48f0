//! One run per repository: the lock that a run holds as long as it lives.
//!
//! The system lets go of it when the process ends, however that happens, so no lock is ever stale.
//! What the file says about its holder is for people only.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use lr_stage::{Error, Kind, clock, say};
use rustix::fs::{FlockOperation, OFlags, flock};
use rustix::io::Errno;
use rustix::process::{Pid, test_kill_process};
use serde::{Deserialize, Serialize};

use crate::{folder, git_folder};

/// The lock of a repository, held while this lives.
#[derive(Debug)]
pub struct Lock {
    file: Option<File>,
}

/// Who holds a lock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Holder {
    pid: u32,
    run: String,
    path: String,
    since: String,
}

impl Lock {
    /// Takes the lock of the repository that the working directory belongs to, or of the project
    /// where there is none. Where the file system knows no locks, that is said and the run goes on.
    ///
    /// # Errors
    ///
    /// `locked` when another run holds it.
    pub fn take(run: &str) -> Result<Self, Error> {
        match place().and_then(|file| Self::of_file(&file, run)) {
            Ok(Ok(lock)) => Ok(lock),
            Ok(Err(error)) => Err(error),
            Err(error) => {
                say::warn(&format!(
                    "another run in this repository would not be noticed: {error}"
                ));
                Ok(Self { file: None })
            }
        }
    }

    fn of_file(path: &Path, run: &str) -> io::Result<Result<Self, Error>> {
        let no_link = i32::try_from(OFlags::NOFOLLOW.bits()).unwrap_or_default();
        let mut options = OpenOptions::new();
        let options = options.read(true).write(true).create(true).truncate(false);
        let mut file = options.custom_flags(no_link).open(path)?;
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Err(Errno::WOULDBLOCK) => return Ok(Err(held(&mut file))),
            locked => locked?,
        }
        let holder = Holder {
            pid: std::process::id(),
            run: run.to_owned(),
            path: std::env::current_dir()?.display().to_string(),
            since: format!("{:.0}", clock::now()),
        };
        file.set_len(0)?;
        file.write_all((serde_json::to_string(&holder)? + "\n").as_bytes())?;
        Ok(Ok(Self { file: Some(file) }))
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        if let Some(file) = &self.file {
            let _ = file.set_len(0);
        }
    }
}

/// The file that is locked.
fn place() -> io::Result<PathBuf> {
    match git_folder::common(Path::new(".")) {
        Some(git) => Ok(git.join("lr-loop")),
        None => Ok(folder::make_lr_folder()?.join("lock")),
    }
}

fn held(file: &mut File) -> Error {
    let mut text = String::new();
    let read = file.read_to_string(&mut text);
    let holder: Option<Holder> = read.ok().and_then(|_| serde_json::from_str(&text).ok());
    let Some(holder) = holder else {
        return Error::new(Kind::Locked, "another run is at work in this repository")
            .hint("wait for its end; lr-view shows how far it is");
    };
    let Holder {
        pid,
        run,
        path,
        since,
    } = holder;
    let message =
        format!("the run '{run}' is at work here: process {pid} in '{path}', since {since}");
    Error::new(Kind::Locked, message).hint(format!(
        "wait for its end (lr-view {run} shows how far it is), or stop it: kill {pid}"
    ))
}

/// Tells whether a process is at work on a run, as the lock of the repository says.
pub fn is_at_work(run: &str, pid: u32) -> bool {
    let text = place_to_read().and_then(|file| std::fs::read_to_string(file).ok());
    let holder: Option<Holder> = text.and_then(|text| serde_json::from_str(&text).ok());
    let is_holder = holder.is_some_and(|holder| holder.run == run && holder.pid == pid);
    let process = i32::try_from(pid).ok().and_then(Pid::from_raw);
    // A process of somebody else may not be signalled, but is there.
    let lives = process.is_some_and(|it| !matches!(test_kill_process(it), Err(Errno::SRCH)));
    is_holder && lives
}

fn place_to_read() -> Option<PathBuf> {
    let git = git_folder::common(Path::new(".")).map(|git| git.join("lr-loop"));
    git.or_else(|| Some(folder::lr_folder().ok()?.join("lock")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_run_is_told_who_holds_the_lock() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("lr-loop");
        let first = Lock::of_file(&file, "r1").unwrap().unwrap();
        let refused = Lock::of_file(&file, "r2").unwrap().unwrap_err();
        assert_eq!(refused.kind, Kind::Locked);
        let who = format!(
            "the run 'r1' is at work here: process {} in '",
            std::process::id()
        );
        assert!(refused.message.starts_with(&who), "{refused}");
        drop(first);
        assert!(Lock::of_file(&file, "r2").unwrap().is_ok());
    }

    #[test]
    fn a_file_that_was_left_over_is_no_lock() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("lr-loop");
        std::fs::write(&file, "{\"pid\":1").unwrap();
        assert!(Lock::of_file(&file, "r").unwrap().is_ok());
    }

    #[test]
    fn a_link_is_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("lock");
        std::os::unix::fs::symlink(folder.path().join("elsewhere"), &file).unwrap();
        assert!(Lock::of_file(&file, "r").is_err());
    }
}
