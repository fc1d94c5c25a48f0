//! Looking on while a program runs: what it says on standard error as it says it, and a regular tick; and having it ended.

use std::os::fd::BorrowedFd;
use std::time::{Duration, Instant};

use crate::capture::Captured;
use crate::pump::Pump;

/// Looks on while a program runs; see [`Program::run_watched`](crate::Program::run_watched).
///
/// Everything is called on the thread that runs the program, which waits meanwhile.
pub trait Watcher {
    /// How often [`Watcher::tick`] is to be called.
    fn every(&self) -> Duration;

    /// Is called about that often while the program runs.
    fn tick(&mut self);

    /// Takes what the program has just written to its standard error, unless that is inherited.
    fn stderr(&mut self, bytes: &[u8]);

    /// Whether the program is to be ended, asked after every tick. It then ends as if we had been told to end.
    fn has_enough(&self) -> bool {
        false
    }
}

/// A pump, and whoever looks on.
pub(crate) struct WatchedPump<'w> {
    pump: Pump,
    watcher: Option<&'w mut dyn Watcher>,
    next_tick: Option<Instant>,
}

impl<'w> WatchedPump<'w> {
    pub(crate) fn new(mut pump: Pump, watcher: Option<&'w mut dyn Watcher>) -> Self {
        if watcher.is_some() {
            pump.hand_over_stderr();
        }
        let next_tick = watcher.as_ref().and_then(|it| next(it.every()));
        Self {
            pump,
            watcher,
            next_tick,
        }
    }

    /// Waits and moves what can be moved, as [`Pump::turn`] does, and lets the watcher know.
    pub(crate) fn turn(&mut self, watched: &[BorrowedFd<'_>], timeout: Option<Duration>) {
        let until_tick = self
            .next_tick
            .map(|tick| tick.saturating_duration_since(Instant::now()));
        let timeout = match (timeout, until_tick) {
            (Some(timeout), Some(tick)) => Some(timeout.min(tick)),
            (timeout, tick) => timeout.or(tick),
        };
        self.pump.turn(watched, timeout);
        self.tell();
    }

    /// Takes what is left in the pipes, without waiting for more.
    pub(crate) fn take_rest(&mut self) {
        self.pump.take_rest();
        self.tell();
    }

    /// Whether the watcher wants the program ended.
    pub(crate) fn is_enough(&self) -> bool {
        let watcher = self.watcher.as_deref();
        watcher.is_some_and(Watcher::has_enough)
    }

    /// Gives up on input that was not read.
    pub(crate) fn close_input(&mut self) {
        self.pump.close_input();
    }

    /// Whether nobody can write to the captured streams any more.
    pub(crate) fn is_dry(&self) -> bool {
        self.pump.is_dry()
    }

    /// Returns standard output and standard error.
    pub(crate) fn finish(self) -> (Captured, Captured) {
        self.pump.finish()
    }

    fn tell(&mut self) {
        let Some(watcher) = &mut self.watcher else {
            return;
        };
        let fresh = self.pump.fresh_stderr();
        if !fresh.is_empty() {
            watcher.stderr(&fresh);
        }
        if self.next_tick.is_some_and(|tick| tick <= Instant::now()) {
            watcher.tick();
            self.next_tick = next(watcher.every());
        }
    }
}

/// The moment of the next tick; none where it is too far away to be told.
fn next(every: Duration) -> Option<Instant> {
    Instant::now().checked_add(every)
}
