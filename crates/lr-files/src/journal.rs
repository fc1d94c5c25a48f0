//! Replacing a set of files as a whole or not at all, whatever is killed when.
//!
//! The journal lies in `.lr/journal` at the project's root. A change goes through these steps:
//!
//! 1. check every target, then write the record as `intent.json`: it names all temporary files;
//! 2. write the new versions beside their targets and bring them to the disk;
//! 3. rename the record to `commit.json`: **the commit point**;
//! 4. swap each new version with the old one;
//! 5. rename the record to `done.json`, the receipt, and remove the old versions.
//!
//! An error before step 5 takes everything back. After a crash, [`Journal::recover`] cleans up
//! what stopped before the commit point and finishes what stopped after it.

use std::fmt;
use std::path::Path;
use std::time::Duration;

use crate::error::{FileError, FileErrorKind as Kind};
use crate::path::relative_path;
use crate::record::{COMMIT, DONE, INTENT, Receipt, Record};
use crate::replacement::{Replacement, plan};
use crate::root::Root;
use crate::stage::{remove_directories, remove_temporaries, stage, sync_directories};
use crate::store::Store;
use crate::swap::{Progress, conflict, progress, put_back, swap};

/// How long to wait for another process that is writing in the same project.
const PATIENCE: Duration = Duration::from_secs(5);

/// The journal of a project.
///
/// Every change and every recovery takes a lock of its own, so that the stages of a pipe can each
/// keep a journal open.
#[derive(Debug)]
pub struct Journal {
    project: Root,
    store: Store,
}

/// What [`Journal::recover`] did. Prints as a sentence for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recovered {
    /// An interrupted change was finished; these files, relative to the project's root, have
    /// their new versions.
    Finished(Vec<String>),
    /// An interrupted change was given up before any of these files was touched.
    CleanedUp(Vec<String>),
}

impl Journal {
    /// Opens the journal of the project at `project_root`, making `.lr` if need be.
    ///
    /// # Errors
    ///
    /// Whatever hinders writing in the project, such as a read-only file system.
    pub fn open(project_root: &Path) -> Result<Self, FileError> {
        let project = Root::open(project_root)?.with_size_limit(u64::MAX);
        let store = Store::open(&project)?;
        Ok(Self { project, store })
    }

    /// Tells whether an interrupted change waits for [`recover`](Self::recover); never writes.
    pub fn is_pending(project_root: &Path) -> bool {
        let journal = project_root.join(".lr").join("journal");
        [INTENT, COMMIT]
            .iter()
            .any(|name| journal.join(name).symlink_metadata().is_ok())
    }

    /// Settles what an interrupted run left behind: finishes a change that had reached its commit
    /// point, cleans up after one that had not. `None`: there was nothing to do.
    ///
    /// # Errors
    ///
    /// [`Conflict`](Kind::Conflict) when a file is neither the old nor the new version, or the
    /// record is damaged; then nothing is touched, and nothing is lost. [`Busy`](Kind::Busy) when
    /// another process goes on writing in the project.
    pub fn recover(&self) -> Result<Option<Recovered>, FileError> {
        let _held = self.store.lock(PATIENCE)?;
        self.settle()
    }

    /// Replaces a set of files beneath `root`, all or nothing, and keeps `receipt`, the caller's
    /// own text, with it, beside those of the `earlier` changes that belong to this one. Recovers
    /// from an earlier interruption first.
    ///
    /// # Errors
    ///
    /// Refuses the whole set when one target is not its `before` version, not a regular file with
    /// one name, write-protected, or inside another repository. After any error the tree is as it
    /// was, but for the one that says that the change is half made and the next run finishes it.
    pub fn replace(
        &self,
        root: &Root,
        set: &[Replacement],
        receipt: &str,
        earlier: Vec<Receipt>,
    ) -> Result<(), FileError> {
        let _held = self.store.lock(PATIENCE)?;
        let record = self.prepare(root, set)?;
        let mut receipts = earlier;
        receipts.push(record.receipt(receipt));
        self.carry_out(root, set, &record.with_receipts(receipts))
    }

    /// As [`replace`](Self::replace), but the receipts of the changes before stay.
    ///
    /// For changes that accompany another one, such as a log of it.
    ///
    /// # Errors
    ///
    /// As [`replace`](Self::replace).
    pub fn replace_keeping_receipt(
        &self,
        root: &Root,
        set: &[Replacement],
    ) -> Result<(), FileError> {
        let _held = self.store.lock(PATIENCE)?;
        let record = self.prepare(root, set)?;
        self.carry_out(root, set, &record.with_receipts(self.receipts()))
    }

    /// The receipts of the last finished change, its own last, kept until the next one.
    pub fn receipts(&self) -> Vec<Receipt> {
        let record = self.store.load(DONE).ok().flatten();
        record.map(Record::into_receipts).unwrap_or_default()
    }

    /// What [`recover`](Self::recover) does, under the lock.
    fn settle(&self) -> Result<Option<Recovered>, FileError> {
        if let Some(record) = self.store.load(COMMIT)? {
            return self.roll_forward(&record).map(Some);
        }
        if let Some(text) = self.store.read(INTENT)? {
            // A record that was cut off was never followed by a temporary file.
            return match Record::parse(&text) {
                Ok(record) => self.clean_up(&record),
                Err(_) => self.store.remove(INTENT).map(|()| None),
            };
        }
        self.remove_old_versions();
        Ok(None)
    }

    fn prepare(&self, root: &Root, set: &[Replacement]) -> Result<Record, FileError> {
        self.settle()?;
        plan(root, self.base_of(root)?, set)
    }

    fn carry_out(
        &self,
        root: &Root,
        set: &[Replacement],
        record: &Record,
    ) -> Result<(), FileError> {
        let staged = self
            .store
            .write_intent(record)
            .and_then(|()| stage(root, record, set))
            .and_then(|()| self.store.rename(INTENT, COMMIT))
            .and_then(|()| self.store.sync());
        if let Err(error) = staged {
            return Err(self.take_back(root, record, 0, error));
        }
        for (done, entry) in record.entries.iter().enumerate() {
            if let Err(error) = swap(root, entry) {
                return Err(self.take_back(root, record, done, error));
            }
        }
        let finished =
            sync_directories(root, record).and_then(|()| self.store.rename(COMMIT, DONE));
        if let Err(error) = finished {
            return Err(self.take_back(root, record, record.entries.len(), error));
        }
        // The change is made. Should the new name of the record be lost, the next run finds
        // nothing left to swap; an old version that cannot be removed now goes then, too.
        let _ = self.store.sync();
        let _ = remove_temporaries(root, record);
        Ok(())
    }

    fn roll_forward(&self, record: &Record) -> Result<Recovered, FileError> {
        let root = self.project.beneath(&record.base)?;
        let real = record
            .entries
            .iter()
            .filter(|entry| entry.before != entry.after);
        let states = real
            .map(|entry| Ok((entry, progress(&root, entry)?)))
            .collect::<Result<Vec<_>, FileError>>()?;
        if let Some((lost, _)) = states.iter().find(|(_, state)| *state == Progress::Lost) {
            if states.iter().any(|(_, state)| *state == Progress::New) {
                return Err(conflict(&lost.path, "its new version is gone"));
            }
            self.withdraw(&root, record)?;
            return Ok(Recovered::CleanedUp(full_paths(record)));
        }
        for (entry, _) in states.iter().filter(|(_, state)| *state == Progress::Old) {
            swap(&root, entry)?;
        }
        sync_directories(&root, record)?;
        self.store.rename(COMMIT, DONE)?;
        self.store.sync()?;
        remove_temporaries(&root, record)?;
        Ok(Recovered::Finished(full_paths(record)))
    }

    /// Undoes the first `done` swaps and everything before them; returns the error to report.
    fn take_back(&self, root: &Root, record: &Record, done: usize, error: FileError) -> FileError {
        for entry in record.entries.iter().take(done).rev() {
            if let Err(obstacle) = put_back(root, entry) {
                return half_made(&error, &obstacle);
            }
        }
        match self.withdraw(root, record) {
            Ok(_) => error,
            Err(obstacle) => half_made(&error, &obstacle),
        }
    }

    /// Removes what a change without any swapped target left; says how many temporary files.
    fn withdraw(&self, root: &Root, record: &Record) -> Result<usize, FileError> {
        sync_directories(root, record)?;
        if self.store.read(COMMIT)?.is_some() {
            self.store.rename(COMMIT, INTENT)?;
            self.store.sync()?;
        }
        let removed = remove_temporaries(root, record)?;
        remove_directories(root, record)?;
        self.store.remove(INTENT)?;
        Ok(removed)
    }

    fn clean_up(&self, record: &Record) -> Result<Option<Recovered>, FileError> {
        let removed = match self.project.beneath(&record.base) {
            Ok(root) => self.withdraw(&root, record)?,
            Err(error) if error.kind() == Kind::NotFound => {
                self.store.remove(INTENT).map(|()| 0)?
            }
            Err(error) => return Err(error),
        };
        Ok((removed > 0).then(|| Recovered::CleanedUp(full_paths(record))))
    }

    /// Removes what a crash between the receipt and the removal of the old versions left.
    fn remove_old_versions(&self) {
        if let Ok(Some(record)) = self.store.load(DONE)
            && let Ok(root) = self.project.beneath(&record.base)
        {
            // Litter that cannot be removed harms nobody.
            let _ = remove_temporaries(&root, &record);
        }
    }

    /// The working directory relative to the project, in which recovery will find the files.
    fn base_of(&self, root: &Root) -> Result<String, FileError> {
        let name = root.path().to_string_lossy();
        let outside =
            |why: &str| FileError::new(Kind::Outside, "cannot write in", &name).because(why);
        let base = root
            .path()
            .strip_prefix(self.project.path())
            .map_err(|_| outside("it is not in the project"))?
            .to_str()
            .ok_or_else(|| outside("its name is not UTF-8"))?;
        if base.is_empty() {
            return Ok(String::new());
        }
        relative_path(base).map_err(|problem| outside(&problem.to_string()))
    }
}

impl fmt::Display for Recovered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (what, paths) = match self {
            Self::Finished(paths) => ("finished an interrupted change of", paths),
            Self::CleanedUp(paths) => ("gave up an interrupted change of", paths),
        };
        write!(f, "{what} '{}'", paths.join("', '"))
    }
}

fn full_paths(record: &Record) -> Vec<String> {
    let prefix = match record.base.as_str() {
        "" => String::new(),
        base => format!("{base}/"),
    };
    let paths = record.entries.iter();
    paths
        .map(|entry| format!("{prefix}{}", entry.path))
        .collect()
}

fn half_made(error: &FileError, obstacle: &FileError) -> FileError {
    FileError::new(
        Kind::Conflict,
        "cannot take back the change of",
        error.path(),
    )
    .because(&obstacle.to_string())
    .because(&format!("taken back since {error}"))
    .with_hint("run again: an interrupted change is settled first")
}
