//! The life of one program, from its start until nothing of it is left.

use std::io;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::capture::Captured;
use crate::program::{End, Finished, Program};
use crate::session::Session;
use crate::signals;
use crate::spawn::{self, Child};
use crate::start_error::StartError;
use crate::watch::{WatchedPump, Watcher};

/// How long those whom a program leaves behind may go on writing to the captured streams, as the
/// `tee` in `exec > >(tee log)` does.
const LAST_WORDS: Duration = Duration::from_millis(200);

/// How long we wait for a killed process to vanish. Only one that hangs in the system takes longer.
const VANISHING: Duration = Duration::from_secs(2);

/// How often we look for what we cannot wait for.
const TICK: Duration = Duration::from_millis(5);

/// Runs the program to its end; see [`Program::run`] and [`Program::run_watched`].
pub(crate) fn run(
    program: Program,
    watcher: Option<&mut dyn Watcher>,
) -> Result<Finished, StartError> {
    let _hold = signals::hold();
    let begin = Instant::now();
    if signals::interrupted().is_some() {
        return Ok(never_started());
    }
    let name = program.argv.first().cloned().unwrap_or_default();
    let deadline = program.timeout.and_then(|limit| begin.checked_add(limit));
    let grace = program.grace;

    let (session, child, pump) = spawn::start(program)?;
    let mut running = Running {
        child,
        session,
        pump: WatchedPump::new(pump, watcher),
    };
    let cut_off = running.wait(deadline);
    if cut_off.is_none() {
        running.hear_out();
    }
    running.end(grace);
    let end = running
        .collect(cut_off)
        .map_err(|error| StartError::from_system(name.to_string_lossy().into_owned(), error))?;
    let (stdout, stderr) = running.pump.finish();
    Ok(Finished {
        end,
        stdout,
        stderr,
        seconds: begin.elapsed().as_secs_f64(),
    })
}

fn never_started() -> Finished {
    Finished {
        end: End::Interrupted,
        stdout: Captured::default(),
        stderr: Captured::default(),
        seconds: 0.0,
    }
}

/// A program that has been started. The order matters: the child is dropped before the session
/// forgets it.
struct Running<'w> {
    child: Child,
    session: Session,
    pump: WatchedPump<'w>,
}

impl Running<'_> {
    /// Serves the program until it exits (`None`) or has to be ended (why).
    fn wait(&mut self, deadline: Option<Instant>) -> Option<End> {
        loop {
            if self.child.has_exited() {
                return None;
            }
            if signals::interrupted().is_some() || self.pump.is_enough() {
                return Some(End::Interrupted);
            }
            let left = deadline.map(until);
            if left == Some(Duration::ZERO) {
                return Some(End::TimedOut);
            }
            let exit_event = self.child.exit_event();
            let patience = if exit_event.is_some() {
                left
            } else {
                Some(left.unwrap_or(TICK).min(TICK))
            };
            let watched: Vec<_> = exit_event.into_iter().chain(signals::wake()).collect();
            self.pump.turn(&watched, patience);
        }
    }

    /// Lets those who still hold the streams of a program that has exited finish what they write.
    fn hear_out(&mut self) {
        self.pump.close_input();
        let deadline = Instant::now() + LAST_WORDS;
        while !self.pump.is_dry() && until(deadline) > Duration::ZERO {
            if signals::interrupted().is_some() {
                return;
            }
            self.pump.turn(&[], Some(until(deadline)));
        }
    }

    /// Ends everything that is left: asks, waits, kills.
    fn end(&mut self, grace: Duration) {
        if self.is_gone() {
            return;
        }
        self.session.signal(Signal::TERM);
        if !self.vanishes_within(grace, None) {
            self.vanishes_within(VANISHING, Some(Signal::KILL));
        }
    }

    /// Waits until nothing is left, sending the signal again and again to whoever has come up.
    fn vanishes_within(&mut self, limit: Duration, signal: Option<Signal>) -> bool {
        let deadline = Instant::now() + limit;
        loop {
            if let Some(signal) = signal {
                self.session.signal(signal);
            }
            self.pump.turn(&[], Some(TICK));
            if self.is_gone() {
                return true;
            }
            if until(deadline) == Duration::ZERO {
                return false;
            }
        }
    }

    fn is_gone(&self) -> bool {
        self.child.has_exited() && !self.session.has_orphans()
    }

    /// Collects the program and the rest of its output, and says how it ended.
    fn collect(&mut self, cut_off: Option<End>) -> io::Result<End> {
        self.session.signal_group(Signal::KILL); // Where orphans cannot be found, this is all we can do.
        self.pump.take_rest();
        let end = self.child.collect();
        match cut_off {
            Some(why) => Ok(why),
            None => end?.ok_or_else(|| io::ErrorKind::WouldBlock.into()),
        }
    }
}

/// The time that is left.
fn until(deadline: Instant) -> Duration {
    deadline.saturating_duration_since(Instant::now())
}
