//! A turn made here, of files that are named on the command line and another program's report.

use std::fs::File;
use std::io;
use std::os::fd::AsFd;
use std::os::unix::fs::FileTypeExt;
use std::path::Path;

use lr_files::{FileErrorKind, Root};
use lr_stage::input::{self, Input};
use lr_stage::{Error, Form, Kind, environment, say};
use lr_turn::{Id, Source, Turn};

/// Makes a turn about these files.
///
/// It belongs to the run and turn that the environment names, or to none.
///
/// # Errors
///
/// `usage` for what is not a file beneath the working directory, `io` for what cannot be read.
pub(crate) fn turn(paths: &[String]) -> Result<Turn, Error> {
    let mut turn = Turn::new();
    turn.set_id(&Id {
        run: environment::var("LR_RUN"),
        turn: environment::var("LR_TURN").and_then(|number| number.parse().ok()),
        ..Id::default()
    });
    if paths.is_empty() {
        return Ok(turn);
    }
    let root = Root::open(".".as_ref()).map_err(|error| Error::new(Kind::Io, error.to_string()))?;
    let mut sources: Vec<Source> = Vec::new();
    for path in paths {
        let source = source(&root, path)?;
        if !sources.iter().any(|known| known.path == source.path) {
            sources.push(source);
        }
    }
    turn.set(&sources);
    Ok(turn)
}

fn source(root: &Root, path: &str) -> Result<Source, Error> {
    let file = root.read(root.inside(path)).map_err(|error| {
        let kind = match error.kind() {
            FileErrorKind::Io | FileErrorKind::Permission => Kind::Io,
            _ => Kind::Usage,
        };
        let message = Error::new(kind, error.to_string());
        match error.kind() {
            FileErrorKind::Outside => {
                message.hint("name files beneath the working directory, or use -C")
            }
            FileErrorKind::NotAFile => message.hint("name files; lr-check walks directories"),
            _ => message,
        }
    })?;
    Ok(Source {
        sha256: Some(file.sha256.clone()),
        bytes: Some(file.bytes().len() as u64),
        ..Source::new(file.path)
    })
}

/// Tells whether a file's name means standard input.
pub(crate) fn is_stdin(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// Reads another program's report from the file that is named, else, if `may_pipe`, from standard
/// input if that is a pipe or a file; empty where there is none.
///
/// # Errors
///
/// `io`, and `usage` if there are turns on standard input.
pub(crate) fn report(
    named: Option<&Path>,
    form: Option<Form>,
    may_pipe: bool,
) -> Result<String, Error> {
    match named {
        Some(path) if !is_stdin(path) => {
            let bytes = std::fs::read(path).map_err(|error| {
                let message = format!("cannot read '{}'", path.display());
                Error::new(Kind::Io, message).because(error)
            })?;
            Ok(plain(&String::from_utf8_lossy(&bytes)))
        }
        Some(_) => piped(form),
        None if may_pipe && is_piped() => piped(form),
        None => Ok(String::new()),
    }
}

/// Returns a report without the colours that its program may have written, and with LF at each
/// line's end.
pub(crate) fn plain(text: &str) -> String {
    let mut pieces = text.split("\u{1b}[");
    let mut plain = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let code = piece.find(|c: char| !(c.is_ascii_digit() || c == ';'));
        plain.push_str(code.map_or("", |end| {
            piece[end..].strip_prefix('m').unwrap_or(&piece[end..])
        }));
    }
    plain.replace("\r\n", "\n")
}

fn piped(form: Option<Form>) -> Result<String, Error> {
    match input::read(form, "another program's report") {
        Ok(Input::Text(text)) => Ok(plain(&text)),
        Ok(Input::Turns(_)) => Err(Error::new(
            Kind::Usage,
            "turns on standard input, and files on the command line",
        )
        .hint("leave out the files: a turn names its own")),
        Err(error) if error.kind == Kind::EmptyInput => {
            say::note("nothing on standard input; going on without a report");
            Ok(String::new())
        }
        Err(error) => Err(error),
    }
}

fn is_piped() -> bool {
    let stdin = io::stdin().as_fd().try_clone_to_owned().map(File::from);
    stdin
        .and_then(|stdin| stdin.metadata())
        .is_ok_and(|metadata| metadata.is_file() || metadata.file_type().is_fifo())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_read_without_its_colours() {
        let coloured = "a.py:1: \u{1b}[1;31mbad\u{1b}[0m\r\n\u{1b}[K\u{1b}[";
        assert_eq!(plain(coloured), "a.py:1: bad\nK");
    }
}
