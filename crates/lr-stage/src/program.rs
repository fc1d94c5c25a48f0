//! From the command line to the exit status.

use std::ffi::OsString;
use std::process::ExitCode;

use clap::builder::Resettable;
use clap::{ArgMatches, Command, Parser};

use crate::{Common, Error, Kind, Status, environment, say};

/// Runs a program: parses its command line, changes to the directory of `-C`, and turns the
/// result into words on standard error and an exit status.
pub fn main<A>(run: impl FnOnce(A) -> Result<Status, Error>) -> ExitCode
where
    A: Parser + AsRef<Common>,
{
    let arguments = match parse::<A>(std::env::args_os()) {
        Ok(arguments) => arguments,
        Err(error) => return usage(&error),
    };
    let common = arguments.as_ref().clone();
    say::begin(A::command().get_name(), &common);
    let result = enter(&common).and_then(|()| run(arguments));
    let status = result.unwrap_or_else(|error| {
        if error.kind != Kind::ReaderGone {
            say::error(&error);
        }
        error.kind.status()
    });
    ExitCode::from(status.code())
}

/// Reads a command line, program first.
///
/// # Errors
///
/// What clap has to say about it, which may also be the help that was asked for.
pub fn parse<A: Parser>(words: impl IntoIterator<Item = OsString>) -> Result<A, clap::Error> {
    let format = |error: clap::Error| error.format(&mut A::command());
    A::from_arg_matches_mut(&mut matches::<A>(words)?).map_err(format)
}

/// Takes a command line apart, program first, so that flags can be told from variables.
///
/// # Errors
///
/// As [`parse`].
pub fn matches<A: Parser>(
    words: impl IntoIterator<Item = OsString>,
) -> Result<ArgMatches, clap::Error> {
    without_empty_variables(A::command()).try_get_matches_from(words)
}

/// An empty variable counts as absent, as everywhere else.
fn without_empty_variables(command: Command) -> Command {
    command
        .mut_args(|argument| match argument.get_env() {
            Some(name) if environment::is_empty(name) => argument.env(Resettable::Reset),
            _ => argument,
        })
        .mut_subcommands(without_empty_variables)
}

/// Prints help and versions on standard output, and complaints on standard error.
fn usage(error: &clap::Error) -> ExitCode {
    let _ = error.print();
    let status = if error.use_stderr() {
        Status::Trouble
    } else {
        Status::Done
    };
    ExitCode::from(status.code())
}

fn enter(common: &Common) -> Result<(), Error> {
    let Some(directory) = &common.directory else {
        return Ok(());
    };
    std::env::set_current_dir(directory).map_err(|error| {
        let message = format!("cannot work in '{}'", directory.display());
        Error::new(Kind::Usage, message).because(error)
    })
}
