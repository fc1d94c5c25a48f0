//! Every single change made to the disk, one small function for each system call.
//!
//! They stand together so that the tests can stop or fail at each of them (see `fault`).

use std::fs::File;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::io::{self, Write};
use std::os::fd::{AsFd, OwnedFd};

use rustix::fs::{AtFlags, Mode, OFlags, RenameFlags};
use rustix::io::Errno;

use crate::attributes;
use crate::root::OpenFile;

/// How far an exchange got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exchanged {
    /// The two files have swapped names.
    Both,
    /// The file system cannot exchange; the new file replaced the old one, which is gone.
    Replaced,
}

/// Makes a name for a temporary file that is very likely free.
pub(crate) fn temporary_name() -> String {
    format!(".lr-{:016x}", RandomState::new().build_hasher().finish())
}

/// Creates a file that must not exist yet.
pub(crate) fn create(directory: impl AsFd, name: &str, mode: u32) -> io::Result<File> {
    fault::point()?;
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let fd = rustix::fs::openat(directory, name, flags, Mode::from_raw_mode(mode as _))?;
    Ok(File::from(fd))
}

/// Writes all of `bytes`.
pub(crate) fn write(mut file: &File, bytes: &[u8]) -> io::Result<()> {
    fault::point()?;
    file.write_all(bytes)
}

/// Gives a new file the attributes of the one it is to replace.
pub(crate) fn set_attributes(old: &OpenFile, new: &File) -> io::Result<()> {
    fault::point()?;
    attributes::carry_over(&old.file, &old.metadata, new)
}

/// Brings a file's content and attributes to the disk.
pub(crate) fn sync(file: &File) -> io::Result<()> {
    fault::point()?;
    file.sync_all()
}

/// Brings a directory's entries to the disk, where the file system can do so.
pub(crate) fn sync_directory(directory: impl AsFd) -> io::Result<()> {
    fault::point()?;
    match rustix::io::retry_on_intr(|| rustix::fs::fsync(directory.as_fd())) {
        Err(Errno::INVAL | Errno::NOTSUP) => Ok(()),
        other => Ok(other?),
    }
}

/// Gives a file another name, replacing what has it.
pub(crate) fn rename(directory: impl AsFd, from: &str, to: &str) -> io::Result<()> {
    fault::point()?;
    Ok(rustix::fs::renameat(
        directory.as_fd(),
        from,
        directory.as_fd(),
        to,
    )?)
}

/// Gives a file another name, which must be free.
pub(crate) fn rename_new(directory: impl AsFd, from: &str, to: &str) -> io::Result<()> {
    fault::point()?;
    match rename_with(directory.as_fd(), from, to, RenameFlags::NOREPLACE) {
        Err(error) if is_unsupported(error) => rename(directory, from, to),
        other => Ok(other?),
    }
}

/// Lets `new` and `old` swap names, so that no content is lost whatever `old` has become.
pub(crate) fn exchange(directory: impl AsFd, new: &str, old: &str) -> io::Result<Exchanged> {
    fault::point()?;
    match rename_with(directory.as_fd(), new, old, RenameFlags::EXCHANGE) {
        Err(error) if is_unsupported(error) => {
            rename(directory, new, old).map(|()| Exchanged::Replaced)
        }
        other => Ok(other.map(|()| Exchanged::Both)?),
    }
}

/// Removes a file; says whether it was there.
pub(crate) fn remove(directory: impl AsFd, name: &str) -> io::Result<bool> {
    fault::point()?;
    match rustix::fs::unlinkat(directory, name, AtFlags::empty()) {
        Err(Errno::NOENT) => Ok(false),
        other => Ok(other.map(|()| true)?),
    }
}

/// Makes a directory that must not exist yet.
pub(crate) fn make_directory(directory: impl AsFd, name: &str) -> io::Result<()> {
    fault::point()?;
    Ok(rustix::fs::mkdirat(
        directory,
        name,
        Mode::from_raw_mode(0o777),
    )?)
}

/// Removes a directory if it is empty; says whether it was removed.
pub(crate) fn remove_directory(directory: impl AsFd, name: &str) -> io::Result<bool> {
    fault::point()?;
    match rustix::fs::unlinkat(directory, name, AtFlags::REMOVEDIR) {
        Err(Errno::NOENT | Errno::NOTEMPTY | Errno::EXIST) => Ok(false),
        other => Ok(other.map(|()| true)?),
    }
}

/// Opens a directory beneath another one, never through a symbolic link.
pub(crate) fn open_directory(directory: impl AsFd, name: &str) -> rustix::io::Result<OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    rustix::fs::openat(directory, name, flags, Mode::empty())
}

fn rename_with(
    directory: impl AsFd,
    from: &str,
    to: &str,
    flags: RenameFlags,
) -> rustix::io::Result<()> {
    if fault::plain_rename_only() {
        return Err(Errno::INVAL);
    }
    rustix::fs::renameat_with(directory.as_fd(), from, directory.as_fd(), to, flags)
}

fn is_unsupported(error: Errno) -> bool {
    matches!(error, Errno::INVAL | Errno::NOSYS | Errno::NOTSUP)
}

/// No faults are injected outside tests.
#[cfg(not(test))]
mod fault {
    #[expect(clippy::unnecessary_wraps, reason = "the same shape as in tests")]
    pub(super) const fn point() -> std::io::Result<()> {
        Ok(())
    }

    pub(super) const fn plain_rename_only() -> bool {
        false
    }
}

/// Injects a fault at the n-th change to the disk, per thread.
#[cfg(test)]
pub(crate) mod fault {
    use std::cell::{Cell, RefCell};
    use std::io;
    use std::panic::resume_unwind;
    use std::rc::Rc;

    /// What happens at the chosen point, before the change is made.
    #[derive(Clone)]
    pub(crate) enum Fault {
        /// The process ends there: the stack unwinds and no clean-up code runs.
        Crash,
        /// The system call fails with this number, once.
        Error(i32),
        /// Somebody else does something meanwhile.
        Meanwhile(Rc<dyn Fn()>),
    }

    thread_local! {
        static ARMED: RefCell<Option<(usize, Fault)>> = const { RefCell::new(None) };
        static PLAIN: Cell<bool> = const { Cell::new(false) };
    }

    /// Arms a fault for the change number `point`, from 0.
    pub(crate) fn arm(point: usize, fault: Fault) {
        ARMED.set(Some((point, fault)));
    }

    /// Disarms; says whether the fault had been waiting still.
    pub(crate) fn disarm() -> bool {
        ARMED.take().is_some()
    }

    /// Behaves like a file system without exchanging and no-replace renames.
    pub(crate) fn set_plain_rename_only(plain: bool) {
        PLAIN.set(plain);
    }

    pub(super) fn plain_rename_only() -> bool {
        PLAIN.get()
    }

    pub(super) fn point() -> io::Result<()> {
        match ARMED.take() {
            None => {}
            Some((0, Fault::Crash)) => resume_unwind(Box::new("crash")),
            Some((0, Fault::Error(number))) => return Err(io::Error::from_raw_os_error(number)),
            Some((0, Fault::Meanwhile(event))) => event(),
            Some((left, fault)) => ARMED.set(Some((left - 1, fault))),
        }
        Ok(())
    }
}
