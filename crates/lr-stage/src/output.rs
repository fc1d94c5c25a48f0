//! Standard output: one document, and nothing else.

use std::io::{self, BufWriter, IsTerminal, Write};

use lr_turn::Turn;

use crate::{Error, Form, Kind, environment};

/// Standard output, as turns or as text.
pub struct Output {
    writer: BufWriter<io::Stdout>,
    /// The form that is written.
    pub form: Form,
}

impl Output {
    /// Opens standard output in the form that the user named, else in `piped` form for pipes and
    /// files, and as text for a terminal.
    pub fn new(named: Option<Form>, piped: Form) -> Self {
        let stdout = io::stdout();
        let form = named.unwrap_or(if stdout.is_terminal() {
            Form::Text
        } else {
            piped
        });
        Self {
            writer: BufWriter::with_capacity(64 * 1024, stdout),
            form,
        }
    }

    /// Tells whether a person looks at standard output.
    pub fn is_terminal(&self) -> bool {
        self.writer.get_ref().is_terminal()
    }

    /// Tells whether standard output is a terminal that has colours, and the user wants them: `NO_COLOR` is not set.
    pub fn takes_colours(&self) -> bool {
        self.is_terminal()
            && environment::has_able_terminal()
            && environment::var("NO_COLOR").is_none()
    }

    /// Writes a turn as one line, at once.
    ///
    /// # Errors
    ///
    /// `reader_gone` when nobody reads any more, else `io`.
    pub fn turn(&mut self, turn: &Turn) -> Result<(), Error> {
        self.write(&[turn.to_line().as_bytes(), b"\n"])
    }

    /// Writes text as it is, at once.
    ///
    /// # Errors
    ///
    /// As [`Output::turn`].
    pub fn text(&mut self, text: &str) -> Result<(), Error> {
        self.write(&[text.as_bytes()])
    }

    fn write(&mut self, pieces: &[&[u8]]) -> Result<(), Error> {
        pieces
            .iter()
            .try_for_each(|piece| self.writer.write_all(piece))
            .and_then(|()| self.writer.flush())
            .map_err(|error| {
                if error.kind() == io::ErrorKind::BrokenPipe {
                    reader_gone()
                } else {
                    Error::new(Kind::Io, "cannot write to standard output").because(error)
                }
            })
    }

    /// Fails with `reader_gone` when the reader of a pipe has gone, so that no further work is
    /// begun for nobody.
    ///
    /// # Errors
    ///
    /// Only that one.
    pub fn check_reader(&self) -> Result<(), Error> {
        let mut state = [rustix::event::PollFd::new(
            self.writer.get_ref(),
            rustix::event::PollFlags::empty(),
        )];
        let now = rustix::event::Timespec {
            tv_sec: 0,
            tv_nsec: 0,
        };
        let gone = rustix::event::PollFlags::ERR | rustix::event::PollFlags::HUP;
        match rustix::event::poll(&mut state, Some(&now)) {
            Ok(1) if state[0].revents().intersects(gone) => Err(reader_gone()),
            _ => Ok(()),
        }
    }
}

fn reader_gone() -> Error {
    Error::new(Kind::ReaderGone, "nobody reads standard output any more")
}
