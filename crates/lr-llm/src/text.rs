//! Text mode: a question in, the reply out as it comes.

use std::fs::File;
use std::io;
use std::os::fd::AsFd;
use std::os::unix::fs::FileTypeExt;

use lr_stage::output::Output;
use lr_stage::{Error, Form, Status, say};
use lr_turn::{Message, Reply, Role, Turn};

use crate::answer::Listener;
use crate::args::Args;
use crate::finish;
use crate::purse::Bill;
use crate::session::Session;
use crate::terms::Question;

/// Whether something was piped or redirected to standard input, as far as can be told without reading it.
/// Anything else, such as what a scheduler or an editor hands down, might never end.
pub(crate) fn is_piped_or_file() -> bool {
    let duplicate = io::stdin().as_fd().try_clone_to_owned();
    let metadata = duplicate.and_then(|descriptor| File::from(descriptor).metadata());
    metadata.is_ok_and(|metadata| metadata.is_file() || metadata.file_type().is_fifo())
}

/// The messages of a question: the instruction first, then the piped text.
pub(crate) fn messages(args: &Args, piped: Option<String>) -> Vec<Message> {
    let instruction = Some(args.prompt.join(" ")).filter(|prompt| !prompt.is_empty());
    let parts: Vec<String> = instruction.into_iter().chain(piped).collect();
    let message = |role, content| Message { role, content };
    let system = args
        .system
        .clone()
        .map(|system| message(Role::System, system));
    let user = message(Role::User, parts.join("\n\n"));
    system.into_iter().chain([user]).collect()
}

/// Asks and prints.
///
/// # Errors
///
/// Why there is no reply, or why what was printed is not all of one.
pub(crate) fn run(args: &Args, session: &Session, messages: &[Message]) -> Result<Status, Error> {
    let stream = !args.no_stream && args.format != Some(Form::Turn);
    let mut printer = Printer {
        output: Output::new(args.format, Form::Text),
        shows: stream,
        last: None,
    };
    printer.output.check_reader()?;
    let question = Question {
        messages,
        tools: &[],
        stream,
        place: None,
    };
    let reply = session.ask(question, &mut printer, &Bill::default());
    if reply.is_err() {
        printer.end()?;
    }
    let reply = reply?;
    if args.format == Some(Form::Turn) {
        printer.output.turn(&turn(&reply))?;
    } else if !stream {
        printer.show(&reply.text)?;
    }
    printer.end()?;
    match finish::objection(&reply) {
        Some(objection) => Err(objection),
        None => Ok(Status::Done),
    }
}

fn turn(reply: &Reply) -> Turn {
    let mut turn = Turn::new();
    turn.set(reply);
    turn
}

/// Prints a text as it comes; on a terminal, so that it cannot command it.
struct Printer {
    output: Output,
    shows: bool,
    /// The last character that was printed.
    last: Option<char>,
}

impl Printer {
    fn show(&mut self, text: &str) -> Result<(), Error> {
        self.last = text.chars().next_back().or(self.last);
        if self.output.is_terminal() {
            return self.output.text(&say::clean(text));
        }
        self.output.text(text)
    }

    /// Ends the last line.
    fn end(&mut self) -> Result<(), Error> {
        match self.last {
            None | Some('\n') => Ok(()),
            Some(_) => self.show("\n"),
        }
    }
}

impl Listener for Printer {
    fn text(&mut self, text: &str) -> Result<(), Error> {
        if self.shows { self.show(text) } else { Ok(()) }
    }

    fn has_shown(&self) -> bool {
        self.last.is_some()
    }

    fn still_there(&self) -> Result<(), Error> {
        self.output.check_reader()
    }
}
