//! What to run and how, and what came of it.

use std::ffi::OsString;
use std::fmt;
use std::fs::File;
use std::path::PathBuf;
use std::time::Duration;

use rustix::process::Signal;

use crate::capture::{Captured, FileCopy};
use crate::environment::Environment;
use crate::run;
use crate::start_error::StartError;
use crate::watch::Watcher;

/// How much of the start, and how much of the end, of each stream is kept by default: 1 MiB.
const CAPTURE_LIMIT: usize = 1 << 20;

/// How long a program may take to end itself by default.
const GRACE: Duration = Duration::from_millis(300);

/// A program that has not been started yet.
///
/// It cannot be printed: its environment and its input may hold keys.
#[must_use = "nothing runs before `run` is called"]
pub struct Program {
    pub(crate) argv: Vec<OsString>,
    pub(crate) directory: Option<PathBuf>,
    pub(crate) environment: Environment,
    pub(crate) input: Input,
    pub(crate) output: Option<File>,
    pub(crate) shows_stderr: bool,
    pub(crate) capture_limit: usize,
    pub(crate) stdout_copy: Option<FileCopy>,
    pub(crate) stderr_copy: Option<FileCopy>,
    pub(crate) timeout: Option<Duration>,
    pub(crate) grace: Duration,
    pub(crate) death_signal: Signal,
}

/// What a program reads on its standard input.
pub(crate) enum Input {
    Nothing,
    Bytes(Vec<u8>),
    File(File),
}

impl Program {
    /// Names the program and its arguments; no shell is involved.
    ///
    /// A name without a slash is looked for in `PATH`. One with a slash is relative to the
    /// directory the program runs in.
    pub fn new(argv: impl IntoIterator<Item = impl Into<OsString>>) -> Self {
        Self {
            argv: argv.into_iter().map(Into::into).collect(),
            directory: None,
            environment: Environment::default(),
            input: Input::Nothing,
            output: None,
            shows_stderr: false,
            capture_limit: CAPTURE_LIMIT,
            stdout_copy: None,
            stderr_copy: None,
            timeout: None,
            grace: GRACE,
            death_signal: Signal::KILL,
        }
    }

    /// Runs the program in this directory instead of our own.
    pub fn current_dir(mut self, directory: impl Into<PathBuf>) -> Self {
        self.directory = Some(directory.into());
        self
    }

    /// Ends the program after this time; without it there is no limit.
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.timeout = Some(limit);
        self
    }

    /// Gives the program these bytes on its standard input, which is empty otherwise.
    ///
    /// A program that does not read them is no error.
    pub fn stdin_bytes(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.input = Input::Bytes(bytes.into());
        self
    }

    /// Gives the program this file, from its present position, as its standard input.
    pub fn stdin_file(mut self, file: File) -> Self {
        self.input = Input::File(file);
        self
    }

    /// Lets the program write its standard output to this file instead of capturing it.
    pub fn stdout_file(mut self, file: File) -> Self {
        self.output = Some(file);
        self
    }

    /// Lets the program write to our own standard error instead of capturing it.
    pub fn stderr_inherit(mut self) -> Self {
        self.shows_stderr = true;
        self
    }

    /// Keeps the first `bytes` and the last `bytes` of each captured stream; 1 MiB by default.
    ///
    /// What lies between is read, counted and dropped.
    pub fn capture_limit(mut self, bytes: usize) -> Self {
        self.capture_limit = bytes;
        self
    }

    /// Copies the first `limit` bytes of the captured standard output to this file.
    ///
    /// The copy is whole if the file is as long as [`Captured::total`] says: what could not be
    /// written, and all behind it, is missing.
    pub fn copy_stdout(mut self, file: File, limit: u64) -> Self {
        self.stdout_copy = Some(FileCopy { file, room: limit });
        self
    }

    /// Copies the first `limit` bytes of the captured standard error to this file, as
    /// [`Program::copy_stdout`] does.
    pub fn copy_stderr(mut self, file: File, limit: u64) -> Self {
        self.stderr_copy = Some(FileCopy { file, room: limit });
        self
    }

    /// Sets a variable of the program's environment, whatever its name.
    pub fn env(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.environment.set(name.into(), value.into());
        self
    }

    /// Lets the program see these variables although their names look like those of keys.
    pub fn keep_env(mut self, names: &[impl AsRef<str>]) -> Self {
        self.environment.keep(names);
        self
    }

    /// Removes these variables besides those whose names look like those of keys.
    ///
    /// A name that is also kept is kept.
    pub fn drop_env(mut self, names: &[impl AsRef<str>]) -> Self {
        self.environment.drop(names);
        self
    }

    /// Lets the program see all keys: for programs that ask a model themselves.
    pub fn keep_keys(mut self) -> Self {
        self.environment.keep_keys();
        self
    }

    /// Says that the program ends its own children when it is told to terminate, as a stage does.
    ///
    /// It then gets `grace` instead of 300 ms before it is killed, and when this process itself is
    /// killed it is told to terminate, where others are killed.
    pub fn cleans_up(mut self, grace: Duration) -> Self {
        self.grace = grace;
        self.death_signal = Signal::TERM;
        self
    }

    /// Runs the program to its end and returns how it ended and what it wrote.
    ///
    /// Blocks the calling thread. Several threads may run programs at once. A process that the
    /// program leaves behind gets a moment (200 ms) to finish writing to the captured streams, is
    /// then told to terminate, and is killed if it does not.
    ///
    /// # Errors
    ///
    /// Only that the program could not be started, which says nothing about what it would have
    /// found. A program that fails is [`Finished`].
    pub fn run(self) -> Result<Finished, StartError> {
        run::run(self, None)
    }

    /// Runs the program as [`Program::run`] does, and lets `watcher` look on.
    ///
    /// Standard error is captured as well, within the limit.
    ///
    /// # Errors
    ///
    /// As [`Program::run`].
    pub fn run_watched(self, watcher: &mut dyn Watcher) -> Result<Finished, StartError> {
        run::run(self, Some(watcher))
    }
}

/// What came of a program that was started.
#[derive(Debug, Clone, PartialEq)]
pub struct Finished {
    /// How the program ended.
    pub end: End,
    /// What it wrote to its standard output; empty where that went to a file.
    pub stdout: Captured,
    /// What it wrote to its standard error; empty where that was shown.
    pub stderr: Captured,
    /// The time from before it was started until nothing of it was left, in seconds.
    pub seconds: f64,
}

impl Finished {
    /// Whether the program ended by itself and with status 0.
    pub fn succeeded(&self) -> bool {
        self.end == End::Exited(0)
    }
}

/// How a program ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// It exited with this status.
    Exited(i32),
    /// It was ended by this signal, which we did not send.
    Signalled(i32),
    /// It was ended because its time was up.
    TimedOut,
    /// It was ended, or not even started, because we were told to end (see [`signals`]), or because
    /// its [`Watcher`] had enough.
    ///
    /// [`signals`]: crate::signals
    Interrupted,
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Exited(status) => write!(f, "exit status {status}"),
            Self::Signalled(signal) => match signal_hook::low_level::signal_name(signal) {
                Some(name) => write!(f, "ended by {name}"),
                None => write!(f, "ended by signal {signal}"),
            },
            Self::TimedOut => f.write_str("timed out"),
            Self::Interrupted => f.write_str("interrupted"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_reads_as_words() {
        let check = |end: End, expected: &str| assert_eq!(end.to_string(), expected);
        check(End::Exited(7), "exit status 7");
        check(End::Signalled(11), "ended by SIGSEGV");
        check(End::Signalled(60), "ended by signal 60");
        check(End::TimedOut, "timed out");
        check(End::Interrupted, "interrupted");
    }
}
