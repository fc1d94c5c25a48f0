//! Everything that descends from one program, and how it is ended.
//!
//! The program leads a session, so its process group can be signalled at once. Processes that left
//! the group or the session become our children when their parents die (we are their subreaper).
//! Only children of ours are ever signalled one by one: an id cannot be used again before we have
//! collected the child, so a signal cannot hit a stranger.
//!
//! Several programs may run at once, so an adopted child must be told apart: by its session, or by
//! the [`MARK`] in its environment. What wears neither is left to the program that ends last. The
//! lr programs start no process in a foreign session but through this crate.

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rustix::process::{Pid, Signal, WaitOptions};

use crate::procfs::{self, Process};

/// The variable that says which program a process descends from: the marks of all programs it was
/// started beneath, outermost first, joined by `/`.
pub(crate) const MARK: &str = "LR_EXEC_MARK";

/// The programs that are running, by the ids of their sessions. Held while a program is started and
/// while children are listed, so that a child is always known as one or the other.
static RUNNING: Mutex<Vec<i32>> = Mutex::new(Vec::new());

/// What tells the descendants of one program from those of another.
#[derive(Debug)]
pub(crate) struct Mark(String);

impl Mark {
    /// Makes a mark that no running process wears.
    pub(crate) fn new() -> Self {
        static COUNT: AtomicU64 = AtomicU64::new(1);
        Self(format!(
            "{}.{}",
            std::process::id(),
            COUNT.fetch_add(1, Ordering::Relaxed)
        ))
    }

    /// The value of [`MARK`] for a child, given our own.
    pub(crate) fn beneath(&self, own: Option<&str>) -> String {
        own.map_or_else(|| self.0.clone(), |own| format!("{own}/{}", self.0))
    }

    fn is_worn_by(&self, process: i32) -> bool {
        procfs::variable(process, MARK)
            .is_some_and(|marks| marks.split('/').any(|mark| mark == self.0))
    }
}

/// The descendants of one running program.
#[derive(Debug)]
pub(crate) struct Session {
    leader: Pid,
    mark: Mark,
}

impl Session {
    /// Starts a program with `spawn`, which tells the id of the new process, and takes charge of
    /// its descendants.
    pub(crate) fn start<C>(
        mark: Mark,
        spawn: impl FnOnce() -> io::Result<(Pid, C)>,
    ) -> io::Result<(Self, C)> {
        let mut running = running();
        let (leader, child) = spawn()?;
        running.push(leader.as_raw_pid());
        Ok((Self { leader, mark }, child))
    }

    /// Sends the signal to the program's process group and to every other descendant that is a
    /// child of ours by now. The program must not have been collected yet.
    pub(crate) fn signal(&self, signal: Signal) {
        self.signal_group(signal);
        for orphan in self.orphans() {
            let sent = Pid::from_raw(orphan.group)
                .map(|group| rustix::process::kill_process_group(group, signal));
            if let (Some(Err(_)), Some(process)) = (sent, Pid::from_raw(orphan.id)) {
                let _ = rustix::process::kill_process(process, signal);
            }
        }
    }

    /// Sends the signal to the program's process group. The program must not have been collected.
    pub(crate) fn signal_group(&self, signal: Signal) {
        let _ = rustix::process::kill_process_group(self.leader, signal);
    }

    /// Whether descendants of the program are left that have become children of ours.
    pub(crate) fn has_orphans(&self) -> bool {
        !self.orphans().is_empty()
    }

    /// Lists the descendants of the program that are children of ours, and collects the dead.
    fn orphans(&self) -> Vec<Process> {
        let running = running();
        let adopted: Vec<i32> = procfs::children()
            .into_iter()
            .filter(|id| !running.contains(id))
            .collect();
        if adopted.is_empty() {
            return Vec::new();
        }
        let own_session = procfs::own_session();
        adopted
            .into_iter()
            .filter_map(procfs::process)
            .filter(|process| Some(process.session) != own_session)
            .filter(|process| !is_collected(process))
            .filter(|process| running.len() == 1 || self.owns(process))
            .collect()
    }

    fn owns(&self, process: &Process) -> bool {
        process.session == self.leader.as_raw_pid() || self.mark.is_worn_by(process.id)
    }
}

impl Drop for Session {
    /// Forgets the program, which must have been collected before: what is unknown is an orphan.
    fn drop(&mut self) {
        running().retain(|id| *id != self.leader.as_raw_pid());
    }
}

/// Whether the process had died and is now gone for good.
fn is_collected(process: &Process) -> bool {
    if process.is_zombie {
        let _ = rustix::process::waitpid(Pid::from_raw(process.id), WaitOptions::NOHANG);
    }
    process.is_zombie
}

fn running() -> MutexGuard<'static, Vec<i32>> {
    RUNNING.lock().unwrap_or_else(PoisonError::into_inner)
}
