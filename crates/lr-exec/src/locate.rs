//! Finding a program, and seeing beforehand whether it can be run.
//!
//! The system tells a missing program from a missing interpreter only by the same error number, and
//! the C library hands a script without a `#!` line to `sh` unasked. So a program is looked at first.

use std::ffi::OsStr;
use std::fs::File;
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use rustix::fs::Access;

use crate::environment::{self, Environment, Variables};
use crate::start_error::StartError;

/// As much of a file as the system reads to learn how to execute it.
const HEADER_SIZE: u64 = 256;

/// Finds the program that `name` stands for: in `PATH`, or, if it has a slash, relative to `dir`
/// (else the working directory). `None` if there is none that may be executed.
pub fn find(name: &str, dir: Option<&Path>) -> Option<PathBuf> {
    if name.contains('/') {
        let path = beneath(dir, Path::new(name));
        return (path.is_file() && may_execute(&path)).then_some(path);
    }
    let variables = Environment::default().resolve(environment::inherited());
    in_path(OsStr::new(name), environment::search_path(&variables))
}

/// Finds the file to execute for `program` in a child with these variables, run in `dir`.
pub(crate) fn locate(
    program: &OsStr,
    dir: Option<&Path>,
    variables: &Variables,
) -> Result<PathBuf, StartError> {
    let search_path = environment::search_path(variables);
    let file = if program.as_bytes().contains(&b'/') {
        PathBuf::from(program)
    } else {
        in_path(program, search_path).ok_or_else(|| StartError::Missing {
            program: shown(program),
        })?
    };
    inspect(&beneath(dir, &file), shown(program), |name| {
        find_interpreter(name, dir, search_path)
    })?;
    Ok(file)
}

/// A program's name as it stands in messages.
pub(crate) fn shown(program: &OsStr) -> String {
    program.to_string_lossy().into_owned()
}

fn beneath(dir: Option<&Path>, path: &Path) -> PathBuf {
    dir.map_or_else(|| path.to_owned(), |dir| dir.join(path))
}

fn in_path(name: &OsStr, search_path: &OsStr) -> Option<PathBuf> {
    which::which_in(name, Some(search_path), "/").ok()
}

fn find_interpreter(name: &OsStr, dir: Option<&Path>, search_path: &OsStr) -> bool {
    if name.as_bytes().contains(&b'/') {
        let path = beneath(dir, Path::new(name));
        path.is_file() && may_execute(&path)
    } else {
        in_path(name, search_path).is_some()
    }
}

/// Refuses what could not be run, with the reason; `has_program` looks for interpreters.
fn inspect(
    path: &Path,
    program: String,
    has_program: impl Fn(&OsStr) -> bool,
) -> Result<(), StartError> {
    let Ok(metadata) = path.metadata() else {
        return Err(StartError::Missing { program });
    };
    if metadata.is_dir() {
        return Err(StartError::Directory { program });
    }
    if !metadata.is_file() || !may_execute(path) {
        return Err(StartError::NotExecutable { program });
    }
    let Ok(header) = header(path) else {
        return Ok(()); // It may be executed without being readable.
    };
    match Form::of(&header) {
        Form::Machine => Ok(()),
        Form::Text => Err(StartError::NoInterpreter { program }),
        Form::TornScript => Err(StartError::CarriageReturn { program }),
        Form::Script(interpreters) => {
            match interpreters.into_iter().find(|name| !has_program(name)) {
                None => Ok(()),
                Some(missing) => Err(StartError::BadInterpreter {
                    program,
                    interpreter: shown(missing),
                }),
            }
        }
    }
}

fn may_execute(path: &Path) -> bool {
    rustix::fs::access(path, Access::EXEC_OK).is_ok()
}

fn header(path: &Path) -> std::io::Result<Vec<u8>> {
    let mut header = Vec::new();
    File::open(path)?
        .take(HEADER_SIZE)
        .read_to_end(&mut header)?;
    Ok(header)
}

/// What the first bytes of a program say about how it is run.
#[derive(Debug, PartialEq)]
enum Form<'a> {
    /// By the system itself, or by a handler it knows.
    Machine,
    /// By these programs: the one in the `#!` line, and the one `env` is to look for.
    Script(Vec<&'a OsStr>),
    /// A script whose `#!` line ends with a carriage return.
    TornScript,
    /// Text without a `#!` line, or nothing at all.
    Text,
}

impl<'a> Form<'a> {
    fn of(header: &'a [u8]) -> Self {
        let Some(rest) = header.strip_prefix(b"#!") else {
            return if header.contains(&0) {
                Self::Machine
            } else {
                Self::Text
            };
        };
        let line = rest.split(|byte| *byte == b'\n').next().unwrap_or_default();
        if line.ends_with(b"\r") {
            return Self::TornScript;
        }
        let mut words = line
            .split(|byte| matches!(byte, b' ' | b'\t'))
            .filter(|word| !word.is_empty())
            .map(OsStr::from_bytes);
        let Some(interpreter) = words.next() else {
            return Self::Text;
        };
        let looked_up = words.next().filter(|word| {
            Path::new(interpreter).file_name() == Some(OsStr::new("env"))
                && !word.as_bytes().starts_with(b"-")
                && !word.as_bytes().contains(&b'=')
        });
        Self::Script([interpreter].into_iter().chain(looked_up).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_bytes_say_how_a_program_is_run() {
        let check = |header: &[u8], expected: Form| assert_eq!(Form::of(header), expected);
        let script = |names: &[&'static str]| {
            Form::Script(names.iter().map(|name| OsStr::new(*name)).collect())
        };
        check(b"\x7fELF\x02\x01\x01\0\0", Form::Machine);
        check(b"#!/bin/sh\necho", script(&["/bin/sh"]));
        check(b"#! /bin/sh -e", script(&["/bin/sh"]));
        check(
            b"#!/usr/bin/env python3\n",
            script(&["/usr/bin/env", "python3"]),
        );
        check(b"#!/usr/bin/env -S python3 -u\n", script(&["/usr/bin/env"]));
        check(b"#!/usr/bin/env A=b sh\n", script(&["/usr/bin/env"]));
        check(b"#!/bin/sh\r\necho\r\n", Form::TornScript);
        check(b"#!/bin/sh -e\r\n", Form::TornScript);
        check(b"#!\n", Form::Text);
        check(b"echo hello\n", Form::Text);
        check(b"", Form::Text);
    }

    #[test]
    fn finds_programs_in_path_and_beneath_a_directory() {
        assert_eq!(find("/bin/sh", None).as_deref(), Some(Path::new("/bin/sh")));
        assert!(find("sh", None).unwrap().ends_with("sh"));
        assert_eq!(find("no-such-program-here", None), None);
        assert_eq!(
            find("./sh", Some(Path::new("/bin"))).as_deref(),
            Some(Path::new("/bin/./sh"))
        );
        assert_eq!(find("./bin", Some(Path::new("/"))), None);
    }
}
