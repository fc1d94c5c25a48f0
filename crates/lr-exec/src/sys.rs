//! The few system calls that no safe interface offers, and those that only Linux has.
//!
//! All unsafe code of lr is here.
#![expect(
    unsafe_code,
    reason = "code between fork and exec, and asking for a signal's disposition"
)]

use std::io;
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::ptr;

use rustix::process::{Pid, Signal};

/// Makes the child the leader of a session of its own, without a terminal, and has the system send
/// it `death_signal` when the thread that starts it ends, however it ends (Linux only). So that
/// thread must be the one that waits for it.
pub(crate) fn detach(command: &mut Command, death_signal: Signal) {
    let parent = rustix::process::getpid();
    let detach = move || -> io::Result<()> {
        rustix::process::setsid()?;
        follow(parent, death_signal)
    };
    // SAFETY: between fork and exec only async-signal-safe code may run. The closure makes system
    // calls and nothing else: it neither allocates nor takes a lock.
    unsafe {
        command.pre_exec(detach);
    }
}

#[cfg(target_os = "linux")]
fn follow(parent: Pid, death_signal: Signal) -> io::Result<()> {
    rustix::process::set_parent_process_death_signal(Some(death_signal))?;
    if rustix::process::getppid() == Some(parent) {
        Ok(())
    } else {
        Err(io::ErrorKind::BrokenPipe.into()) // The parent died before it could be followed.
    }
}

#[cfg(not(target_os = "linux"))]
fn follow(_parent: Pid, _death_signal: Signal) -> io::Result<()> {
    Ok(())
}

/// Makes processes whose parents have died our children, so that they can be found (Linux only).
pub(crate) fn adopt_orphans() {
    #[cfg(target_os = "linux")]
    let _ = rustix::process::set_child_subreaper(Some(rustix::process::getpid()));
}

/// A descriptor that becomes readable when the process exits, where the system has such a thing.
pub(crate) fn exit_event(process: Pid) -> Option<OwnedFd> {
    #[cfg(target_os = "linux")]
    return rustix::process::pidfd_open(process, rustix::process::PidfdFlags::empty()).ok();
    #[cfg(not(target_os = "linux"))]
    {
        let _ = process;
        None
    }
}

/// Whether whoever started us asked that this signal be ignored, as `nohup` does.
pub(crate) fn is_ignored(signal: i32) -> bool {
    let mut action = MaybeUninit::<libc::sigaction>::uninit();
    // SAFETY: the new action is absent, so nothing changes, and `action` is read only if it was
    // written.
    unsafe {
        libc::sigaction(signal, ptr::null(), action.as_mut_ptr()) == 0
            && action.assume_init().sa_sigaction == libc::SIG_IGN
    }
}

/// Lets us learn how our children end, even if whoever started us had asked not to be told.
pub(crate) fn notice_children() {
    if is_ignored(libc::SIGCHLD) {
        // SAFETY: the default disposition runs no code of ours.
        unsafe {
            libc::signal(libc::SIGCHLD, libc::SIG_DFL);
        }
    }
}
