//! Working on a stream of turns: every turn that was read is written.

use lr_turn::{Turn, TurnError};

use crate::input::TurnReader;
use crate::output::Output;
use crate::{Error, Form, Status, say};

/// What a stage does with turns.
pub trait Worker {
    /// Tells whether the stage works on a turn: the section it reads is there, and the one it
    /// writes is not.
    ///
    /// # Errors
    ///
    /// When the section it reads is not of its form.
    fn ready(&self, turn: &Turn) -> Result<Ready, Error>;

    /// Does the stage's work on one turn and writes its section.
    ///
    /// # Errors
    ///
    /// The error becomes the turn's `error`.
    fn work(&mut self, turn: &mut Turn) -> Result<Status, Error>;

    /// Hands over the turns that come behind the last one that was worked on, because the work has
    /// split it into parts; there are none after an error.
    fn further_parts(&mut self) -> Vec<Turn> {
        Vec::new()
    }

    /// Returns what a person wants to read of a turn after the work.
    fn page(&self, turn: &Turn) -> String;

    /// Tells whether the page is also input for other programs, and so is written as it is,
    /// except to a terminal.
    fn page_is_data(&self) -> bool {
        false
    }
}

/// Whether a stage works on a turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ready {
    /// It does.
    Work,
    /// It does not: the turn goes through as it came.
    Pass,
    /// It does not, for a reason the user may not expect and is told.
    PassSaying(&'static str),
}

/// Hands each turn to the worker and writes it, as soon as it is done.
///
/// The status is the highest of the turns'. A turn that carries `error` is passed on and counts
/// as that error; one on which the worker fails gets `error`, and the others go on.
///
/// # Errors
///
/// What concerns the stream as a whole: input that breaks, output that cannot be written, and
/// `reader_gone`.
pub fn run(
    turns: TurnReader,
    output: &mut Output,
    worker: &mut impl Worker,
) -> Result<Status, Error> {
    let mut status = Status::Done;
    for turn in turns {
        let mut turn = turn?;
        status = status.max(step(&mut turn, output, worker)?);
        write(&turn, output, worker)?;
        for part in worker.further_parts() {
            write(&part, output, worker)?;
        }
    }
    Ok(status)
}

/// Writes a turn in the form of the output.
///
/// # Errors
///
/// As [`Output::turn`].
pub fn write(turn: &Turn, output: &mut Output, worker: &impl Worker) -> Result<(), Error> {
    match output.form {
        Form::Turn => output.turn(turn),
        Form::Text if worker.page_is_data() && !output.is_terminal() => {
            output.text(&worker.page(turn))
        }
        Form::Text => output.text(&say::clean(&worker.page(turn))),
    }
}

fn step(turn: &mut Turn, output: &Output, worker: &mut impl Worker) -> Result<Status, Error> {
    if let Some(status) = passed_error(turn) {
        return Ok(status);
    }
    match worker.ready(turn) {
        Ok(Ready::Pass) => Ok(Status::Done),
        Ok(Ready::PassSaying(reason)) => {
            say::note(reason);
            Ok(Status::Done)
        }
        Ok(Ready::Work) => {
            output.check_reader()?;
            worker.work(turn).or_else(|error| fail(turn, error))
        }
        Err(error) => fail(turn, error),
    }
}

/// Returns the status of the `error` that a turn carries from a stage before.
pub fn passed_error(turn: &Turn) -> Option<Status> {
    if !turn.has("error") {
        return None;
    }
    match turn.get::<TurnError>() {
        Ok(error) => error.map(|error| error.status()),
        Err(_) => Some(Status::Trouble),
    }
}

/// Says why a stage failed on a turn, writes that into the turn, and returns the status.
///
/// # Errors
///
/// `reader_gone`, which is not the turn's fault, is handed back.
pub fn fail(turn: &mut Turn, error: Error) -> Result<Status, Error> {
    if error.kind == crate::Kind::ReaderGone {
        return Err(error);
    }
    say::error(&error);
    turn.set(&error.to_section(say::program()));
    Ok(error.kind.status())
}
