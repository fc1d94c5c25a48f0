//! The directory `.lr/journal`: the records in it, and the lock over them.

use std::fs::{File, TryLockError};
use std::io::{self, Read};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::thread;
use std::time::{Duration, Instant};

use rustix::fs::{Access, AtFlags, FlockOperation, Mode, OFlags};
use rustix::io::Errno;

use crate::disk;
use crate::error::{FileError, FileErrorKind as Kind};
use crate::record::{INTENT, Record};
use crate::root::Root;

/// The name of `.lr/.gitignore` until it is complete.
const NEW_IGNORE: &str = ".gitignore.new";

const LOCK_PAUSE: Duration = Duration::from_millis(20);

/// The open directory of the journal.
#[derive(Debug)]
pub(crate) struct Store {
    /// What errors call it.
    project: String,
    directory: OwnedFd,
}

impl Store {
    /// Opens `.lr/journal` beneath the project, making what is missing of it.
    pub(crate) fn open(project: &Root) -> Result<Self, FileError> {
        let name = project.path().to_string_lossy().into_owned();
        let directory = open_journal(project).map_err(|error| journal_error(&name, &error))?;
        Ok(Self {
            project: name,
            directory,
        })
    }

    /// Takes the lock, which is given back when the file is dropped; waits up to `patience` for
    /// another process.
    pub(crate) fn lock(&self, patience: Duration) -> Result<File, FileError> {
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let mode = Mode::from_raw_mode(0o644);
        let mut file = rustix::fs::openat(&self.directory, "lock", flags, mode)
            .map(File::from)
            .map_err(|errno| self.fail(&errno.into()))?;
        let until = Instant::now() + patience;
        loop {
            match file.try_lock() {
                Ok(()) => break,
                Err(TryLockError::WouldBlock) if Instant::now() < until => {
                    thread::sleep(LOCK_PAUSE);
                }
                Err(TryLockError::WouldBlock) => return Err(self.busy(&mut file)),
                Err(TryLockError::Error(error)) => return Err(self.fail(&error)),
            }
        }
        let holder = format!("process {} in {}", std::process::id(), self.project);
        file.set_len(0)
            .and_then(|()| disk::write(&file, holder.as_bytes()))
            .map_err(|error| self.fail(&error))?;
        Ok(file)
    }

    /// Writes a record as [`INTENT`], replacing an older one.
    pub(crate) fn write_intent(&self, record: &Record) -> Result<(), FileError> {
        let write = || -> io::Result<()> {
            let text = serde_json::to_vec(record)?;
            disk::remove(&self.directory, INTENT)?;
            // A receipt may quote files that only their owner may read.
            let file = disk::create(&self.directory, INTENT, 0o600)?;
            disk::write(&file, &text)?;
            disk::sync(&file)
        };
        write().map_err(|error| self.fail(&error))
    }

    /// Reads and checks a record, if it is there.
    pub(crate) fn load(&self, name: &str) -> Result<Option<Record>, FileError> {
        let Some(text) = self.read(name)? else {
            return Ok(None);
        };
        Record::parse(&text).map(Some).map_err(|why| {
            FileError::new(
                Kind::Conflict,
                "cannot read",
                &format!(".lr/journal/{name}"),
            )
            .because(&format!("it is damaged: {why}"))
            .with_hint("look at the files it names and remove it")
        })
    }

    /// Reads the text of a record, if it is there.
    pub(crate) fn read(&self, name: &str) -> Result<Option<Vec<u8>>, FileError> {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let mut file = match rustix::fs::openat(&self.directory, name, flags, Mode::empty()) {
            Ok(fd) => File::from(fd),
            Err(Errno::NOENT) => return Ok(None),
            Err(errno) => return Err(self.fail(&errno.into())),
        };
        let mut text = Vec::new();
        file.read_to_end(&mut text)
            .map_err(|error| self.fail(&error))?;
        Ok(Some(text))
    }

    /// Gives a record another name, replacing what has it.
    pub(crate) fn rename(&self, from: &str, to: &str) -> Result<(), FileError> {
        disk::rename(&self.directory, from, to).map_err(|error| self.fail(&error))
    }

    /// Removes a record if it is there.
    pub(crate) fn remove(&self, name: &str) -> Result<(), FileError> {
        disk::remove(&self.directory, name)
            .map(|_| ())
            .map_err(|error| self.fail(&error))
    }

    /// Brings the names of the records to the disk.
    pub(crate) fn sync(&self) -> Result<(), FileError> {
        disk::sync_directory(&self.directory).map_err(|error| self.fail(&error))
    }

    /// The error for a lock that another process holds.
    fn busy(&self, file: &mut File) -> FileError {
        let mut holder = String::new();
        // The holder's name only serves the message.
        let _ = file.read_to_string(&mut holder);
        FileError::new(Kind::Busy, "cannot lock the journal in", &self.project)
            .because(&format!("{holder} holds it"))
            .with_hint("wait until the other lr is done")
    }

    fn fail(&self, error: &io::Error) -> FileError {
        journal_error(&self.project, error)
    }
}

fn journal_error(project: &str, error: &io::Error) -> FileError {
    FileError::os("write the journal in", project, error)
}

fn open_journal(project: &Root) -> io::Result<OwnedFd> {
    let lr = open_or_make(project.directory(), ".lr")?;
    ignore_itself(lr.as_fd())?;
    open_or_make(lr.as_fd(), "journal")
}

/// Makes `.lr` ignore itself. The file appears complete, or not at all when this is killed; what
/// was begun then is removed by the next one.
///
/// # Errors
///
/// The folder cannot be written to.
pub fn ignore_itself(lr: BorrowedFd<'_>) -> io::Result<()> {
    let is_done =
        || rustix::fs::accessat(lr, ".gitignore", Access::EXISTS, AtFlags::empty()).is_ok();
    if is_done() {
        return Ok(());
    }
    // Two that begin at once take turns; the lock ends with the descriptor.
    rustix::io::retry_on_intr(|| rustix::fs::flock(lr, FlockOperation::LockExclusive))?;
    if is_done() {
        return Ok(());
    }
    disk::remove(lr, NEW_IGNORE)?;
    let file = disk::create(lr, NEW_IGNORE, 0o644)?;
    disk::write(&file, b"*\n")?;
    disk::rename(lr, NEW_IGNORE, ".gitignore")
}

/// Opens a directory beneath another one, never through a link, and makes it if it is not there.
pub(crate) fn open_or_make(directory: BorrowedFd<'_>, name: &str) -> io::Result<OwnedFd> {
    match disk::open_directory(directory, name) {
        Err(Errno::NOENT) => {}
        other => return Ok(other?),
    }
    match disk::make_directory(directory, name) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        _ => disk::sync_directory(directory)?,
    }
    Ok(disk::open_directory(directory, name)?)
}
