//! Starting one program: the only code that meets duct.
//!
//! duct opens the streams and starts the process. Its capture has no limit and waits for everybody
//! who holds a pipe, and its kill reaches one process, so [`run`](crate::run) does these itself.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::PathBuf;
use std::process::{Command, ExitStatus};
use std::sync::Once;

use duct::{Expression, Handle};
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions};

use crate::capture::FileCopy;
use crate::environment::{self, Variables};
use crate::locate;
use crate::program::{End, Input, Program};
use crate::pump::{Drain, Feed, Pump};
use crate::session::{MARK, Mark, Session};
use crate::start_error::StartError;
use crate::sys;

/// A program that was started and has not been collected.
#[derive(Debug)]
pub(crate) struct Child {
    handle: Handle,
    process: Pid,
    exit_event: Option<OwnedFd>,
}

impl Child {
    fn new(handle: Handle) -> io::Result<(Pid, Self)> {
        let id = handle.pids().first().and_then(|id| i32::try_from(*id).ok());
        let process = id.and_then(Pid::from_raw).ok_or(io::ErrorKind::NotFound)?;
        Ok((
            process,
            Self {
                handle,
                process,
                exit_event: sys::exit_event(process),
            },
        ))
    }

    /// Whether the program has exited. It stays uncollected, so that its id stays its own.
    pub(crate) fn has_exited(&self) -> bool {
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        !matches!(
            rustix::process::waitid(WaitId::Pid(self.process), options),
            Ok(None)
        )
    }

    /// Becomes readable when the program exits; `None` where one has to look again and again.
    pub(crate) fn exit_event(&self) -> Option<BorrowedFd<'_>> {
        self.exit_event.as_ref().map(AsFd::as_fd)
    }

    /// Collects the program and says how it ended; `None` if it is still running.
    pub(crate) fn collect(&self) -> io::Result<Option<End>> {
        Ok(self.handle.try_wait()?.map(|output| end_of(output.status)))
    }
}

fn end_of(status: ExitStatus) -> End {
    match (status.code(), status.signal()) {
        (Some(code), _) => End::Exited(code),
        (None, signal) => End::Signalled(signal.unwrap_or_default()),
    }
}

/// Starts the program, and holds the other ends of its streams.
pub(crate) fn start(mut program: Program) -> Result<(Session, Child, Pump), StartError> {
    prepare();
    if program.argv.is_empty() {
        return Err(StartError::Unnamed);
    }
    let name = program.argv.remove(0);
    if let Some(directory) = program
        .directory
        .as_ref()
        .filter(|directory| !directory.is_dir())
    {
        return Err(StartError::WorkingDirectory {
            directory: directory.clone(),
        });
    }
    let mark = Mark::new();
    let variables = marked(program.environment.resolve(environment::inherited()), &mark);
    let file = locate::locate(&name, program.directory.as_deref(), &variables)?;
    let refused = |error| StartError::from_system(locate::shown(&name), error);

    let command = duct::cmd(file.into_os_string(), program.argv)
        .full_env(variables)
        .unchecked();
    let command = finish_with(
        &command,
        name.clone(),
        program.directory,
        program.death_signal,
    );
    let outputs = Outputs {
        file: program.output,
        shows_stderr: program.shows_stderr,
        capture_limit: program.capture_limit,
        stdout_copy: program.stdout_copy,
        stderr_copy: program.stderr_copy,
    };
    let (command, pump) = connect(&command, program.input, outputs).map_err(refused)?;
    let (session, child) =
        Session::start(mark, || Child::new(command.start()?)).map_err(refused)?;
    Ok((session, child, pump))
}

/// Does what must be done once in a process before it starts programs.
fn prepare() {
    static PREPARED: Once = Once::new();
    PREPARED.call_once(|| {
        sys::notice_children();
        sys::adopt_orphans();
    });
}

fn marked(mut variables: Variables, mark: &Mark) -> Variables {
    let own = variables
        .get(OsStr::new(MARK))
        .map(|own| own.to_string_lossy().into_owned());
    variables.insert(MARK.into(), mark.beneath(own.as_deref()).into());
    variables
}

/// Adds what duct has no words for: the name the program sees as its own, the directory (duct would
/// look for the program in ours), and the session.
fn finish_with(
    command: &Expression,
    name: OsString,
    directory: Option<PathBuf>,
    death_signal: Signal,
) -> Expression {
    command.before_spawn(move |command: &mut Command| {
        command.arg0(&name);
        if let Some(directory) = &directory {
            command.current_dir(directory);
        }
        sys::detach(command, death_signal);
        Ok(())
    })
}

/// Where the output goes that is not captured, and how what is captured is kept.
struct Outputs {
    file: Option<File>,
    shows_stderr: bool,
    capture_limit: usize,
    stdout_copy: Option<FileCopy>,
    stderr_copy: Option<FileCopy>,
}

/// Connects the program's streams with a pump, as far as they do not go elsewhere.
fn connect(command: &Expression, input: Input, outputs: Outputs) -> io::Result<(Expression, Pump)> {
    let (command, feed) = match input {
        Input::Nothing => (command.stdin_null(), None),
        Input::File(file) => (command.stdin_file(file), None),
        Input::Bytes(bytes) => {
            let (reader, writer) = io::pipe()?;
            (command.stdin_file(reader), Some(Feed::new(writer, bytes)?))
        }
    };
    let (command, stdout) = if let Some(file) = outputs.file {
        (command.stdout_file(file), None)
    } else {
        let (reader, writer) = io::pipe()?;
        (command.stdout_file(writer), Some(reader))
    };
    let (command, stderr) = if outputs.shows_stderr {
        (command, None)
    } else {
        let (reader, writer) = io::pipe()?;
        (command.stderr_file(writer), Some(reader))
    };
    let limit = outputs.capture_limit;
    let stdout = Drain::new(stdout, limit, outputs.stdout_copy);
    let stderr = Drain::new(stderr, limit, outputs.stderr_copy);
    Ok((command, Pump::new(feed, stdout, stderr)))
}
