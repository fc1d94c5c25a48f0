//! Prints a reply as it comes; on a terminal, so that it cannot command it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use lr_stage::output::Output;
use lr_stage::{Error, say};

use crate::answer::Listener;

/// What begins and what ends dim text on a terminal.
const DIM: (&str, &str) = ("\u{1b}[2m", "\u{1b}[0m");

/// Standard output, for text.
pub(crate) struct Printer {
    pub(crate) output: Output,
    /// The text is printed as it comes.
    pub(crate) shows: bool,
    /// So is the reasoning, on a terminal.
    pub(crate) reasons: bool,
    /// What begins and what ends it.
    dim: (&'static str, &'static str),
    /// Some of a reply was printed that is not known to be whole.
    pub(crate) is_partial: Arc<AtomicBool>,
    /// The last character that was printed.
    last: Option<char>,
    /// The last character of reasoning since text was printed.
    last_thought: Option<char>,
}

impl Printer {
    pub(crate) fn new(output: Output, shows: bool, reasons: bool) -> Self {
        Printer {
            reasons: reasons && output.is_terminal(),
            dim: if output.takes_colours() {
                DIM
            } else {
                ("", "")
            },
            output,
            shows,
            is_partial: Arc::default(),
            last: None,
            last_thought: None,
        }
    }

    /// Prints a text.
    ///
    /// # Errors
    ///
    /// When it cannot be written.
    pub(crate) fn show(&mut self, text: &str) -> Result<(), Error> {
        self.end_thought()?;
        self.last = text.chars().next_back().or(self.last);
        if self.output.is_terminal() {
            return self.output.text(&say::clean(text));
        }
        self.output.text(text)
    }

    /// Ends the last line.
    ///
    /// # Errors
    ///
    /// When it cannot be written.
    pub(crate) fn end(&mut self) -> Result<(), Error> {
        self.end_thought()?;
        match self.last {
            None | Some('\n') => Ok(()),
            Some(_) => self.show("\n"),
        }
    }

    /// Leaves a blank line between the reasoning and the text.
    fn end_thought(&mut self) -> Result<(), Error> {
        match self.last_thought.take() {
            None => Ok(()),
            Some('\n') => self.output.text("\n"),
            Some(_) => self.output.text("\n\n"),
        }
    }
}

impl Listener for Printer {
    fn text(&mut self, text: &str) -> Result<(), Error> {
        if !self.shows {
            return Ok(());
        }
        self.is_partial.store(true, Ordering::Relaxed);
        self.show(text)
    }

    fn reasoning(&mut self, text: &str) -> Result<(), Error> {
        if !self.reasons || text.is_empty() {
            return Ok(());
        }
        self.last_thought = text.chars().next_back();
        let (begin, end) = self.dim;
        self.output
            .text(&format!("{begin}{}{end}", say::clean(text)))
    }

    fn has_shown(&self) -> bool {
        self.last.is_some()
    }

    fn still_there(&self) -> Result<(), Error> {
        self.output.check_reader()
    }
}
