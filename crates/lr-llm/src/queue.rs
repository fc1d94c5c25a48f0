//! Asking about a stream of turns, several at once.
//!
//! One thread reads turns, no further ahead than a few for each that is asked about; each question has a thread of
//! its own while it is asked; this one starts questions in the order of the turns and writes every turn that was read.
//! When somebody asks the program to end, it does not wait for replies: what came back is written, and what did not
//! is written as interrupted.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;

use lr_exec::signals;
use lr_stage::input::TurnReader;
use lr_stage::output::Output;
use lr_stage::turns::{self, Ready};
use lr_stage::{Error, Kind, Status, say};
use lr_turn::{Prompt, Reply, Turn};

use crate::purse::Bill;
use crate::session::{self, Session};
use crate::stage;
use crate::window::Window;

/// How many turns are held for each that is asked about, so that a slow one does not make the others wait.
const HELD_PER_JOB: usize = 4;

/// The most turns that are held.
const MOST_HELD: usize = 1024;

/// The signal of Ctrl-C.
const SIGINT: i32 = 2;

/// What the other threads report.
enum Event {
    /// A turn was read, or cannot be.
    Read(Box<Result<Turn, Error>>),
    /// There are no more turns.
    End,
    /// A question was asked to its end.
    Asked(usize, Box<Result<Reply, Error>>),
    /// The program is asked to end.
    Signal(i32),
}

/// A turn that was read.
struct Held {
    turn: Turn,
    bill: Arc<Bill>,
}

/// Works on a stream of turns.
pub(crate) struct Queue {
    session: Arc<Session>,
    output: Output,
    window: Window<Held>,
    /// The turns that are to be asked about.
    waiting: VecDeque<usize>,
    /// How many are being asked about.
    running: usize,
    status: Status,
    events: Sender<Event>,
    /// Allows for one more turn to be read.
    permits: Sender<()>,
}

/// Asks about each turn that needs it and writes all of them.
///
/// The status is the highest of the turns'. A turn that carries `error` is passed on and counts as that error; one
/// that cannot be asked about gets `error`, and the others go on.
///
/// # Errors
///
/// What concerns the stream as a whole: input that breaks, output that cannot be written, and `reader_gone`.
pub(crate) fn run(
    turns: TurnReader,
    output: Output,
    session: Session,
    unordered: bool,
) -> Result<Status, Error> {
    let (events, reports) = mpsc::channel();
    let (permits, permitted) = mpsc::channel();
    for _ in 0..session.jobs().saturating_mul(HELD_PER_JOB).min(MOST_HELD) {
        // The reader is still here.
        let _ = permits.send(());
    }
    let reader = events.clone();
    spawn(move || read(turns, &permitted, &reader))?;
    let (watch, hold) = (events.clone(), signals::hold());
    spawn(move || {
        if let Some(signal) = signals::wait() {
            let _ = watch.send(Event::Signal(signal));
        }
        // The next signal ends the program at once, even if nobody takes what it writes.
        drop(hold);
    })?;
    let mut queue = Queue {
        session: Arc::new(session),
        output,
        window: Window::new(unordered),
        waiting: VecDeque::new(),
        running: 0,
        status: Status::Done,
        events,
        permits,
    };
    let result = queue.work(&reports);
    if result.is_err() {
        queue.wait_for_recordings(&reports);
    }
    result
}

fn spawn(work: impl FnOnce() + Send + 'static) -> Result<(), Error> {
    let thread = thread::Builder::new().spawn(work);
    let unable = |error| Error::new(Kind::Io, "cannot start a thread").because(error);
    thread.map(drop).map_err(unable)
}

/// Reads turns as far as it may, until there are no more.
fn read(mut turns: TurnReader, permitted: &Receiver<()>, events: &Sender<Event>) {
    while permitted.recv().is_ok() {
        let (event, is_last) = match turns.next() {
            None => (Event::End, true),
            Some(turn) => {
                let is_last = turn.is_err();
                (Event::Read(Box::new(turn)), is_last)
            }
        };
        if events.send(event).is_err() || is_last {
            return;
        }
    }
}

impl Queue {
    fn work(&mut self, reports: &Receiver<Event>) -> Result<Status, Error> {
        let mut end = None;
        while end.is_none() || !self.window.is_empty() {
            // This thread holds a sender itself, so there is always something to wait for.
            match reports.recv() {
                Err(_) | Ok(Event::End) => end = Some(Ok(())),
                Ok(Event::Read(turn)) => match *turn {
                    Ok(turn) => self.take(turn)?,
                    Err(error) => end = Some(Err(error)),
                },
                Ok(Event::Asked(number, result)) => {
                    self.running -= 1;
                    self.close(number, *result)?;
                }
                Ok(Event::Signal(signal)) => return self.interrupt(signal),
            }
            self.start()?;
            self.write()?;
        }
        // The signal may have come just before the end, and not be told yet.
        match signals::interrupted() {
            Some(signal) => self.interrupt(signal),
            None => end.unwrap_or(Ok(())).map(|()| self.status),
        }
    }

    /// Takes in a turn, and decides what becomes of it.
    fn take(&mut self, turn: Turn) -> Result<(), Error> {
        let passed = turns::passed_error(&turn);
        let ready = stage::ready(&turn);
        let number = self.window.push(Held {
            turn,
            bill: Arc::default(),
        });
        match (passed, ready) {
            (Some(status), _) => self.status = self.status.max(status),
            (None, Ok(Ready::Work)) => {
                self.waiting.push_back(number);
                return Ok(());
            }
            (None, Ok(Ready::Pass)) => {}
            (None, Ok(Ready::PassSaying(reason))) => say::note(reason),
            (None, Err(error)) => return self.close(number, Err(error)),
        }
        self.window.done(number);
        Ok(())
    }

    /// Asks about as many turns as may be asked about at once.
    fn start(&mut self) -> Result<(), Error> {
        while self.running < self.session.jobs() {
            let Some(number) = self.waiting.pop_front() else {
                break;
            };
            self.output.check_reader()?;
            self.ask(number)?;
        }
        Ok(())
    }

    fn ask(&mut self, number: usize) -> Result<(), Error> {
        let Some(held) = self.window.get_mut(number) else {
            return Ok(());
        };
        let asked = held.turn.get::<Prompt>().and_then(|prompt| {
            let place = held.turn.id()?.into();
            Ok(prompt.map(|prompt| (prompt, place)))
        });
        let (prompt, place) = match asked {
            Ok(Some(asked)) => asked,
            Ok(None) => {
                self.window.done(number);
                return Ok(());
            }
            Err(error) => return self.close(number, Err(error.into())),
        };
        let (session, events) = (Arc::clone(&self.session), self.events.clone());
        let bill = Arc::clone(&held.bill);
        self.running += 1;
        spawn(move || {
            let result = stage::ask(&session, &prompt, place, &bill);
            // Nobody waits for it any more when the program ends.
            let _ = events.send(Event::Asked(number, Box::new(result)));
        })
    }

    /// Puts what came of asking into its turn.
    fn close(&mut self, number: usize, result: Result<Reply, Error>) -> Result<(), Error> {
        if let Some(held) = self.window.get_mut(number) {
            let status = stage::close(&mut held.turn, result)?;
            self.status = self.status.max(status);
        }
        self.window.done(number);
        Ok(())
    }

    /// Writes what is to be written, and lets as many turns be read.
    fn write(&mut self) -> Result<(), Error> {
        while let Some(held) = self.window.pop() {
            stage::write(&held.turn, &mut self.output)?;
            // The reader may have come to the end.
            let _ = self.permits.send(());
        }
        Ok(())
    }

    /// Waits for replies that nobody reads any more, where they are recorded.
    fn wait_for_recordings(&mut self, reports: &Receiver<Event>) {
        while self.running > 0 && self.session.records() {
            match reports.recv() {
                Ok(Event::Asked(..)) => self.running -= 1,
                Ok(Event::Signal(_)) | Err(_) => return,
                Ok(_) => {}
            }
        }
    }

    /// Writes every turn that was read, without waiting for replies.
    fn interrupt(&mut self, signal: i32) -> Result<Status, Error> {
        let kind = if signal == SIGINT {
            Kind::Interrupted
        } else {
            Kind::Terminated
        };
        for (mut held, is_done) in self.window.drain() {
            if !is_done {
                let error = Error::new(kind, format!("{kind} before there was a reply"));
                let error = session::in_vain(error.retryable(), &held.bill);
                held.turn.set(&error.to_section(say::program()));
            }
            stage::write(&held.turn, &mut self.output)?;
        }
        let error = Error::new(kind, kind.name());
        say::error(&error);
        Ok(kind.status())
    }
}
