//! What happens when somebody asks this process to end.
//!
//! A stage that runs programs calls [`install`] once. From then on SIGINT, SIGTERM and SIGHUP
//!
//! * end this process at once, with the exit status 130 or 143, while no program is running;
//! * are noted while one is: the programs are ended, [`Program::run`] returns
//!   [`End::Interrupted`], no further program is started, and [`interrupted`] tells which signal it
//!   was. The next signal then ends the process at once again, so a second Ctrl-C always works.
//!
//! A stage that runs no programs calls [`exit_at_once`] instead. One that has to tidy up between programs holds the signals back with [`hold`].
//! A signal that whoever started us had set to be ignored (`nohup`, `&` in a script) stays ignored.
//!
//! [`Program::run`]: crate::Program::run
//! [`End::Interrupted`]: crate::End::Interrupted

use std::io::{self, PipeReader};
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use rustix::event::{PollFd, PollFlags, poll};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::{flag, low_level::pipe};

use crate::sys;

/// The last signal that was noted; 0 if none was.
static NOTED: AtomicUsize = AtomicUsize::new(0);

/// Whether nobody holds the signals back.
static IDLE: AtomicBool = AtomicBool::new(true);

/// How many hold the signals back; `IDLE` says whether it is 0, in a way that a handler can read.
static HOLDS: Mutex<usize> = Mutex::new(0);

/// Becomes readable with the first signal noted, and stays so, for everybody who waits.
static WAKE: OnceLock<PipeReader> = OnceLock::new();

/// Sets up what this module describes. Later calls change nothing.
///
/// # Errors
///
/// The system has no descriptor or no handler left.
pub fn install() -> io::Result<()> {
    let _alone = holds();
    if WAKE.get().is_some() {
        return Ok(());
    }
    let (reader, writer) = io::pipe()?;
    for signal in [SIGINT, SIGTERM, SIGHUP] {
        if sys::is_ignored(signal) {
            continue;
        }
        // The order matters: a handler first ends the process if it is idle, then notes, then wakes.
        flag::register_conditional_shutdown(signal, exit_status(signal), &IDLE)?;
        flag::register_usize(signal, &NOTED, usize::try_from(signal).unwrap_or_default())?;
        pipe::register(signal, writer.try_clone()?)?;
    }
    WAKE.get_or_init(|| reader);
    Ok(())
}

/// Sets up a stage that runs no programs: the signals end it at once, with the exit status 130
/// or 143. Where the system has no handler left, they do so as they do by default.
pub fn exit_at_once() {
    static ALWAYS: AtomicBool = AtomicBool::new(true);
    for signal in [SIGINT, SIGTERM, SIGHUP] {
        if !sys::is_ignored(signal) {
            let _ = flag::register_conditional_shutdown(signal, exit_status(signal), &ALWAYS);
        }
    }
}

/// The exit status that says that a signal ended this process: 130 when it was interrupted, 143
/// when it was asked to end or lost its terminal.
fn exit_status(signal: i32) -> i32 {
    if signal == SIGINT { 130 } else { 143 }
}

/// The signal that asked this process to end while programs ran or signals were held back.
pub fn interrupted() -> Option<i32> {
    match NOTED.load(Ordering::SeqCst) {
        0 => None,
        signal => i32::try_from(signal).ok(),
    }
}

/// Notes signals instead of letting them end the process, until the result is dropped.
///
/// Whoever holds them asks [`interrupted`] often, and lets go soon after.
pub fn hold() -> Hold {
    let mut holds = holds();
    *holds += 1;
    IDLE.store(false, Ordering::SeqCst);
    Hold { _private: () }
}

/// While this lives, signals are noted; see [`hold`].
#[derive(Debug)]
#[must_use = "signals are held back only while this lives"]
pub struct Hold {
    _private: (),
}

impl Drop for Hold {
    fn drop(&mut self) {
        let mut holds = holds();
        *holds -= 1;
        IDLE.store(*holds == 0, Ordering::SeqCst);
    }
}

/// Waits until a signal is noted, and returns it; `None` if that will never be, before [`install`].
pub fn wait() -> Option<i32> {
    let wake = wake()?;
    loop {
        if let Some(signal) = interrupted() {
            return Some(signal);
        }
        // An error is a signal that came in between, or will be one of the next call too.
        let _ = poll(&mut [PollFd::new(&wake, PollFlags::IN)], None);
    }
}

/// Sends a signal that was noted to this process again, which ends it at once unless signals are still held back.
pub fn repeat(signal: i32) {
    if let Some(signal) = rustix::process::Signal::from_named_raw(signal) {
        let _ = rustix::process::kill_process(rustix::process::getpid(), signal);
    }
}

/// What to watch while waiting; `None` before [`install`].
pub(crate) fn wake() -> Option<BorrowedFd<'static>> {
    WAKE.get().map(AsFd::as_fd)
}

fn holds() -> MutexGuard<'static, usize> {
    HOLDS.lock().unwrap_or_else(PoisonError::into_inner)
}
