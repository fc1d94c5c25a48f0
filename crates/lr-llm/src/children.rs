//! The programs that run for us. They end no later than we do, and by our doing if they have to.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use lr_exec::{Finished, Program, StartError, Watcher, signals};
use lr_turn::Kind;

use crate::failure::Failure;
use crate::wire::complaint::one_line;

/// How often a program that runs is asked about.
const TICK: Duration = Duration::from_millis(20);

/// The signal of Ctrl-C.
const SIGINT: i32 = 2;

static CHILDREN: Mutex<Children> = Mutex::new(Children {
    running: 0,
    is_over: false,
});

static ENDED: Condvar = Condvar::new();

struct Children {
    running: usize,
    /// Nothing is to run any more.
    is_over: bool,
}

/// Runs a program to its end, which [`end_all`] brings about as well.
pub(crate) fn run(program: Program) -> Result<Finished, StartError> {
    lock().running += 1;
    let _running = Running;
    program.run_watched(&mut Onlooker)
}

/// Ends all programs that still run, and waits until nothing of them is left. None can be started any more.
pub(crate) fn end_all() {
    let mut children = lock();
    children.is_over = true;
    while children.running > 0 {
        children = ENDED.wait(children).unwrap_or_else(PoisonError::into_inner);
    }
}

/// Counts as running while it lives.
struct Running;

impl Drop for Running {
    fn drop(&mut self) {
        lock().running -= 1;
        ENDED.notify_all();
    }
}

struct Onlooker;

impl Watcher for Onlooker {
    fn every(&self) -> Duration {
        TICK
    }

    fn tick(&mut self) {}

    fn stderr(&mut self, _: &[u8]) {}

    fn has_enough(&self) -> bool {
        lock().is_over
    }
}

fn lock() -> MutexGuard<'static, Children> {
    CHILDREN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The last line that a program wrote to its standard error, as the end of a sentence about it.
pub(crate) fn last_words(stderr: &str) -> String {
    let mut lines = stderr.lines().rev().filter(|line| !line.trim().is_empty());
    lines
        .next()
        .map_or_else(String::new, |line| format!(": {}", one_line(line)))
}

/// What it is called that the program is asked to end.
pub(crate) fn interrupted() -> Failure {
    match signals::interrupted() {
        Some(SIGINT) | None => Failure::new(Kind::Interrupted, "interrupted"),
        Some(_) => Failure::new(Kind::Terminated, "terminated"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_line_of_what_it_said_counts() {
        assert_eq!(last_words("warning\nno key\n\n"), ": no key");
        assert_eq!(last_words(" \n"), "");
    }
}
