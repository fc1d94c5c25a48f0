//! Locks of other programs: named with their age, and never removed.

use std::path::{Path, PathBuf};
use std::time::Duration;

use lr_stage::Error;
use lr_turn::Kind;

use super::Repo;

/// How long a lock may be held by a program that is at work before it is reported.
const LOCK_PATIENCE: Duration = Duration::from_millis(600);

/// Refuses while somebody else holds a lock that a commit needs, naming it with its age.
///
/// A lock is never removed: whether its owner is still alive cannot be known here.
pub(super) fn check(repo: &Repo) -> Result<(), Error> {
    let started = std::time::Instant::now();
    loop {
        let Some(lock) = held_locks(repo)?.into_iter().next() else {
            return Ok(());
        };
        if started.elapsed() >= LOCK_PATIENCE {
            return Err(Error::new(Kind::Locked, format!("another program holds the lock '{}', {}", lock.display(), age(&lock)))
                .hint("wait for it to end; if no git is running, the lock is left over: look at 'git status', then remove the file"));
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn held_locks(repo: &Repo) -> Result<Vec<PathBuf>, Error> {
    let git_dir = repo.gix.git_dir();
    let common = repo.gix.common_dir();
    let mut locks = vec![
        with_lock_suffix(&repo.gix.index_path()),
        git_dir.join("HEAD.lock"),
        common.join("packed-refs.lock"),
    ];
    if let Some(branch) = repo.head()?.branch {
        locks.push(common.join(format!("refs/heads/{branch}.lock")));
    }
    let mut folders = vec![common.join("refs/heads/lr"), common.join("refs/lr")];
    folders.extend(entries(&common.join("refs/lr")));
    for folder in folders {
        let paths = entries(&folder).into_iter();
        locks.extend(paths.filter(|path| path.extension().is_some_and(|end| end == "lock")));
    }
    locks.retain(|lock| lock.symlink_metadata().is_ok());
    Ok(locks)
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten();
    entries.flatten().map(|entry| entry.path()).collect()
}

fn with_lock_suffix(path: &Path) -> PathBuf {
    let mut path = path.as_os_str().to_owned();
    path.push(".lock");
    path.into()
}

fn age(path: &Path) -> String {
    let modified = path.symlink_metadata().and_then(|data| data.modified());
    let age = modified.ok().and_then(|time| time.elapsed().ok());
    match age.unwrap_or_default().as_secs() {
        0..120 => "made just now".to_owned(),
        seconds @ 120..7_200 => format!("made {} minutes ago", seconds / 60),
        seconds @ 7_200..172_800 => format!("made {} hours ago", seconds / 3_600),
        seconds => format!("made {} days ago", seconds / 86_400),
    }
}
