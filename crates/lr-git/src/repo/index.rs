//! The index, read and rewritten under its lock.

use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::Path;
use std::time::Duration;

use gix::index::entry::{Flags, Mode, Stat};
use gix::lock::acquire::Fail;
use lr_stage::Error;
use lr_turn::Kind;

use super::{Oid, Repo, guard, trouble};

/// How long to wait for a program that holds the lock for a moment.
const LOCK_PATIENCE: Duration = Duration::from_millis(500);

/// Racy entries are judged in whole seconds, because most builds of git compare no finer.
const RACY: gix::index::entry::stat::Options = gix::index::entry::stat::Options {
    trust_ctime: true,
    check_stat: true,
    use_nsec: false,
    use_stdev: false,
};

/// What the index is to hold of one file.
pub(super) struct Staged {
    /// The path from the top of the work tree.
    pub(super) path: String,
    /// The stored version, or none for a file that is gone.
    pub(super) version: Option<(Oid, Mode, Stat)>,
}

/// Returns the index as it was read last, or reads it; where there is no file, it is empty.
pub(super) fn shared(repo: &Repo) -> Result<gix::worktree::Index, Error> {
    repo.gix
        .index_or_empty()
        .map_err(|error| unreadable(repo, error))
}

/// Returns the index as it is now. Reading a large one takes long, above all its checksum, so that
/// one which was read before is taken if the checksum in the file is still the same.
fn present(repo: &Repo) -> Result<gix::index::File, Error> {
    let path = repo.gix.index_path();
    if path.symlink_metadata().is_err() {
        let state = gix::index::State::new(repo.gix.object_hash());
        return Ok(gix::index::File::from_state(state, path));
    }
    if let Ok(known) = repo.gix.index_or_empty()
        && let Some(checksum) = known.checksum().filter(|checksum| !checksum.is_null())
        && ends_with(&path, checksum.as_bytes()).unwrap_or(false)
    {
        return Ok(gix::index::File::clone(&known));
    }
    repo.gix
        .open_index()
        .map_err(|error| unreadable(repo, error))
}

fn unreadable(repo: &Repo, error: gix::Error) -> Error {
    let path = repo.gix.index_path();
    trouble(format!("cannot read the index '{}'", path.display()), error)
        .hint("'git status' says more; 'rm' of the index and 'git reset' make it anew")
}

/// Whether a file ends with these bytes.
fn ends_with(path: &Path, bytes: &[u8]) -> std::io::Result<bool> {
    let mut file = std::fs::File::open(path)?;
    file.seek(SeekFrom::End(-(i64::try_from(bytes.len()).unwrap_or(0))))?;
    let mut end = Vec::new();
    file.read_to_end(&mut end)?;
    Ok(end == bytes)
}

/// The index under its lock, so that nobody else writes it between reading and writing.
pub(super) struct LockedIndex {
    lock: gix::lock::File,
    index: gix::index::File,
}

impl LockedIndex {
    /// Takes the lock and reads the index.
    pub(super) fn open(repo: &Repo) -> Result<Self, Error> {
        let patience = Fail::AfterDurationWithBackoff(LOCK_PATIENCE);
        let path = repo.gix.index_path();
        let lock = gix::lock::File::acquire_to_update_resource(&path, patience, None, 0);
        let lock = lock.map_err(|error| {
            let message = format!("cannot lock the index '{}'", path.display());
            Error::new(Kind::Locked, message).because(error)
        })?;
        guard::note_lock(repo, lock.lock_path());
        Ok(Self {
            lock,
            index: present(repo)?,
        })
    }

    /// Takes over new versions of files and leaves all other entries as they are.
    pub(super) fn stage(&mut self, files: &[Staged]) {
        self.remove_conflicting(files);
        let n_entries = self.index.entries().len();
        for file in files {
            let path = file.path.as_str().into();
            let Some((id, mode, stat)) = file.version else {
                continue;
            };
            let known = self.index.entry_index_by_path_and_stage_bounded(
                path,
                gix::index::entry::Stage::Unconflicted,
                n_entries,
            );
            if let Some(position) = known {
                let entry = &mut self.index.entries_mut()[position];
                (entry.id, entry.mode, entry.stat) = (id, mode, stat);
                entry.flags.remove(Flags::INTENT_TO_ADD);
            } else {
                self.index
                    .dangerously_push_entry(stat, id, Flags::empty(), mode, path);
            }
        }
        self.index.sort_entries();
    }

    /// Removes the entries of files that are gone, and those that cannot be beside a new file:
    /// one under the name of its folder, or those in a folder of its name.
    fn remove_conflicting(&mut self, files: &[Staged]) {
        use std::collections::HashSet;

        let gone = files.iter().filter(|file| file.version.is_none());
        let mut removed: HashSet<&str> = gone.map(|file| file.path.as_str()).collect();
        let is_new = |file: &&Staged| {
            file.version.is_some()
                && self
                    .index
                    .entry_by_path(file.path.as_str().into())
                    .is_none()
        };
        let new: HashSet<&str> = files
            .iter()
            .filter(is_new)
            .map(|file| file.path.as_str())
            .collect();
        removed.extend(new.iter().flat_map(|path| parents(path)));
        if removed.is_empty() && new.is_empty() {
            return;
        }
        self.index.remove_entries(|_, path, _| {
            let Ok(path) = std::str::from_utf8(path) else {
                return false;
            };
            removed.contains(path) || parents(path).any(|parent| new.contains(parent))
        });
    }

    /// Writes the index into its lock file, where nobody sees it yet.
    pub(super) fn write(&mut self) -> Result<(), Error> {
        self.smudge_racy_entries();
        // The tree cache is written as it was read, so a later commit would take old folders
        // from it.
        self.index.remove_tree();
        let mut bytes = Vec::new();
        self.index
            .write_to(&mut bytes, gix::index::write::Options::default())
            .map_err(|error| trouble("cannot write the index", error))?;
        std::io::Write::write_all(&mut self.lock, &bytes)
            .map_err(|error| Error::new(Kind::Io, "cannot write the index").because(error))
    }

    /// Puts the written index in the place of the old one.
    pub(super) fn commit(self) -> Result<(), Error> {
        let committed = self.lock.commit();
        committed
            .map(|_| ())
            .map_err(|error| Error::new(Kind::Io, "cannot replace the index").because(error.error))
    }

    /// Makes git look at the contents of every file that may have been changed within the second
    /// in which the old index was written.
    ///
    /// git tells such a file by its time and the index's. A new index has a later time, so
    /// without this an edit of the same size in that second would never be seen.
    fn smudge_racy_entries(&mut self) {
        let timestamp = self.index.timestamp();
        for entry in self.index.entries_mut() {
            if entry.mode != Mode::COMMIT && entry.stat.is_racy(timestamp, RACY) {
                entry.stat.size = 0;
            }
        }
    }
}

/// The folders that a path lies in, nearest first.
fn parents(path: &str) -> impl Iterator<Item = &str> {
    path.rmatch_indices('/').map(|(end, _)| &path[..end])
}
