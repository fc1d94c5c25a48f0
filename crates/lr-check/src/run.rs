//! One call of a program, within the limits that hold for all of them.

use std::fs::File;
use std::path::PathBuf;
use std::time::Duration;

use lr_exec::{Captured, End, Finished, Program, StartError};
use lr_turn::CheckResult;

use crate::catalogue::Stream;
use crate::remarks::Remarks;
use crate::said;

/// How much of each end of a stream is kept where it is for people and prompts, in bytes.
const KEPT: usize = 64 * 1024;

/// How long an output may be that findings are read from, in bytes. It goes to a file, not into
/// memory.
pub(crate) const LONGEST_READ: u64 = 128 * 1024 * 1024;

/// What holds for every call.
pub(crate) struct Runner {
    /// Where programs run.
    pub(crate) directory: PathBuf,
    /// How long each may take.
    pub(crate) timeout: Duration,
    /// Variables that programs see although their names look like those of keys.
    pub(crate) keep_env: Vec<String>,
    /// Tells what they complain about in their configuration.
    pub(crate) remarks: Remarks,
}

/// How a call that was started ended.
pub(crate) struct Ended {
    /// How, in the operating system's terms.
    pub(crate) end: End,
    /// What was printed.
    pub(crate) stdout: Captured,
    /// What was printed on standard error.
    pub(crate) stderr: Captured,
    seconds: f64,
}

impl Runner {
    /// Runs a command line, and copies the stream that findings are read from to a file.
    ///
    /// # Errors
    ///
    /// Why the program could not be started.
    pub(crate) fn run_to_read(
        &self,
        argv: &[String],
        stream: Stream,
        copy: File,
    ) -> Result<Ended, StartError> {
        let program = self.program(argv);
        run(match stream {
            Stream::Stdout => program.copy_stdout(copy, LONGEST_READ),
            Stream::Stderr => program.copy_stderr(copy, LONGEST_READ),
            Stream::Report => program,
        })
    }

    /// Runs a command line, with as much of its output as people and prompts need.
    ///
    /// # Errors
    ///
    /// Why the program could not be started.
    pub(crate) fn run_to_show(
        &self,
        argv: &[String],
        stdin: Option<&[u8]>,
    ) -> Result<Ended, StartError> {
        let program = self.program(argv);
        run(match stdin {
            Some(bytes) => program.stdin_bytes(bytes),
            None => program,
        })
    }

    fn program(&self, argv: &[String]) -> Program {
        Program::new(argv)
            .current_dir(&self.directory)
            .timeout(self.timeout)
            .capture_limit(KEPT)
            .drop_env(lr_config::keys::variables())
            .keep_env(&self.keep_env)
    }

    /// Keeps in a result what was printed, as far as people and prompts need it: without escape
    /// sequences, and without the path of the working directory.
    pub(crate) fn keep_output(&self, ended: &Ended, result: &mut CheckResult) {
        result.stdout = Some(said::clean(&ended.stdout.text(), &self.directory));
        result.stderr = Some(said::clean(&ended.stderr.text(), &self.directory));
        result.dropped_bytes = ended.stdout.dropped + ended.stderr.dropped;
    }
}

fn run(program: Program) -> Result<Ended, StartError> {
    let Finished {
        end,
        stdout,
        stderr,
        seconds,
    } = program.run()?;
    Ok(Ended {
        end,
        stdout,
        stderr,
        seconds,
    })
}

impl Ended {
    /// Notes in a result how the call ended and how long it took.
    pub(crate) fn note(&self, result: &mut CheckResult) {
        match self.end {
            End::Exited(status) => result.exit = Some(status),
            End::Signalled(signal) => result.signal = Some(signal),
            End::TimedOut | End::Interrupted => {}
        }
        result.seconds = Some((self.seconds * 1000.0).round() / 1000.0);
    }
}
