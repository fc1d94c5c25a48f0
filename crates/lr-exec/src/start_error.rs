//! Why a program could not be started.

use std::error::Error;
use std::fmt;
use std::io;
use std::path::PathBuf;

/// Why a program could not be started.
///
/// Its text names the program; [`StartError::hint`] says what to do next.
#[derive(Debug)]
#[non_exhaustive]
pub enum StartError {
    /// No program was named.
    Unnamed,
    /// The program is not in `PATH`, or there is no such file.
    Missing {
        /// The program as it was named.
        program: String,
    },
    /// The program is a directory.
    Directory {
        /// The program as it was named.
        program: String,
    },
    /// The program is not a file that may be executed.
    NotExecutable {
        /// The program as it was named.
        program: String,
    },
    /// The program is a script for an interpreter that is not there.
    BadInterpreter {
        /// The program as it was named.
        program: String,
        /// The interpreter its first line names.
        interpreter: String,
    },
    /// The program is a script whose `#!` line ends with a carriage return, which is taken for a
    /// part of the interpreter's name or argument.
    CarriageReturn {
        /// The program as it was named.
        program: String,
    },
    /// The program is neither machine code nor a script with a `#!` line.
    ///
    /// A shell would guess that it is meant for itself; an empty or half-written file would then
    /// pass as a program that found nothing.
    NoInterpreter {
        /// The program as it was named.
        program: String,
    },
    /// The directory to run in is not there or is no directory.
    WorkingDirectory {
        /// The directory as it was named.
        directory: PathBuf,
    },
    /// The arguments and the environment are longer than the system allows.
    TooLong {
        /// The program as it was named.
        program: String,
    },
    /// The system refused for another reason.
    Other {
        /// The program as it was named.
        program: String,
        /// What the system said.
        source: io::Error,
    },
}

impl StartError {
    /// Says what to do next, where something can be done.
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::NotExecutable { program } => format!("make it executable: chmod +x {program}"),
            Self::CarriageReturn { program } => {
                format!("save '{program}' with LF line ends instead of CRLF")
            }
            Self::NoInterpreter { program } => format!(
                "begin '{program}' with a line such as '#!/bin/sh', or run it as 'sh {program}'"
            ),
            Self::TooLong { .. } => "run it on fewer files at once".to_owned(),
            _ => return None,
        })
    }

    /// Sorts what the system said when it refused to start `program`.
    pub(crate) fn from_system(program: String, source: io::Error) -> Self {
        if source.raw_os_error() == Some(libc::E2BIG) {
            Self::TooLong { program }
        } else {
            Self::Other { program, source }
        }
    }
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unnamed => write!(f, "cannot run '': no program is named"),
            Self::Missing { program } if program.contains('/') => {
                write!(f, "cannot run '{program}': no such file")
            }
            Self::Missing { program } => write!(f, "cannot run '{program}': not found in PATH"),
            Self::Directory { program } => write!(f, "cannot run '{program}': is a directory"),
            Self::NotExecutable { program } => {
                write!(f, "cannot run '{program}': not an executable file")
            }
            Self::BadInterpreter {
                program,
                interpreter,
            } => write!(
                f,
                "cannot run '{program}': its first line asks for '{interpreter}', which is not there"
            ),
            Self::CarriageReturn { program } => write!(
                f,
                "cannot run '{program}': its first line ends with a carriage return"
            ),
            Self::NoInterpreter { program } => write!(
                f,
                "cannot run '{program}': neither machine code nor a script with a '#!' line"
            ),
            Self::WorkingDirectory { directory } => {
                write!(
                    f,
                    "cannot run in '{}': not a directory",
                    directory.display()
                )
            }
            Self::TooLong { program } => {
                write!(f, "cannot run '{program}': the argument list is too long")
            }
            Self::Other { program, source } => write!(f, "cannot run '{program}': {source}"),
        }
    }
}

impl Error for StartError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Other { source, .. } => Some(source),
            _ => None,
        }
    }
}
