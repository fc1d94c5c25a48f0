//! Text mode: a question in, the reply out as it comes, or what is wanted of it.

use std::fs::File;
use std::io;
use std::os::fd::AsFd;
use std::os::unix::fs::FileTypeExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use lr_exec::signals;
use lr_stage::output::Output;
use lr_stage::{Error, Form, Kind, Status, say};
use lr_turn::{Message, Reply, Section, Turn};

use crate::args::{Args, is_stdin};
use crate::conversation::Conversation;
use crate::failure::Failure;
use crate::files::Shown;
use crate::printer::Printer;
use crate::purse::Bill;
use crate::session::Session;
use crate::terms::Question;
use crate::{children, files, finish, question, schema, spent};

/// Whether something was piped or redirected to standard input, as far as can be told without reading it.
/// Anything else, such as what a scheduler or an editor hands down, might never end.
pub(crate) fn is_piped_or_file() -> bool {
    let duplicate = io::stdin().as_fd().try_clone_to_owned();
    let metadata = duplicate.and_then(|descriptor| File::from(descriptor).metadata());
    metadata.is_ok_and(|metadata| metadata.is_file() || metadata.file_type().is_fifo())
}

/// The question of a command line and what was piped; `None` if there is none.
///
/// # Errors
///
/// When a file cannot be read as text.
pub(crate) fn question(args: &Args, piped: Option<String>) -> Result<Option<String>, Error> {
    let mut piped = piped;
    let mut files = Vec::new();
    for path in &args.file {
        files.push(if is_stdin(path) {
            let text = piped.take().ok_or_else(|| {
                Error::new(Kind::Usage, "'--file -' takes standard input only once")
            })?;
            Shown {
                name: String::new(),
                text,
            }
        } else {
            Shown::read(path)?
        });
    }
    warn_of_files_among_words(args);
    let instruction = args.prompt.join(" ");
    Ok(question::compose(&files, &instruction, piped.as_deref()))
}

/// Warns of names of files that a shell has put behind `--file`, which takes only one.
fn warn_of_files_among_words(args: &Args) {
    if args.file.is_empty() || args.prompt.len() < 2 {
        return;
    }
    if let Some(word) = args.prompt.iter().find(|word| files::is_file(word)) {
        say::warn(&format!(
            "'{word}' is taken for a word of the question; '-f {word}' shows the file"
        ));
    }
}

/// Keeps and exports a conversation as it is, without a question.
///
/// # Errors
///
/// When it cannot be written.
pub(crate) fn hand_over(conversation: &Conversation) -> Result<Status, Error> {
    if let Some(text) = conversation.keep(None)? {
        Printer::new(Output::new(None, Form::Text), true, false).show(&text)?;
    }
    Ok(Status::Done)
}

/// Asks and prints, and keeps what was said.
///
/// # Errors
///
/// Why there is no reply, or why what was printed is not all of one or not what was wanted.
pub(crate) fn run(
    args: &Args,
    session: &Session,
    conversation: &Conversation,
    messages: &[Message],
) -> Result<Status, Error> {
    let is_turn = args.format == Some(Form::Turn);
    let stream = !args.no_stream && !is_turn;
    let takes_part = takes_part(args, conversation)?;
    let output = Output::new(args.format, Form::Text);
    let reasons = args.reply.reasoning && !is_turn;
    let mut printer = Printer::new(output, stream && !takes_part, reasons);
    printer.output.check_reader()?;
    conversation.check()?;
    let question = Question {
        messages,
        tools: &[],
        stream,
        place: None,
    };
    let reply = ask(session, question, &mut printer, is_turn)?;
    let objection = finish::objection(&reply);
    let wanted = if printer.shows || (conversation.is_printed() && objection.is_none()) {
        Ok(None)
    } else if takes_part && objection.is_some() {
        say::pass_on(reply.text.trim_end());
        Ok(None)
    } else {
        part(args, session, &reply)
    };
    match &wanted {
        Ok(_) if is_turn => printer.output.turn(&turn(&reply))?,
        Err(error) if is_turn => tell(error, &mut printer.output)?,
        Ok(Some(text)) => printer.show(text)?,
        Ok(None) | Err(_) => {}
    }
    printer.end()?;
    if args.reply.usage {
        say::pass_on(&spent::line(&reply));
    } else {
        say::detail(1, &spent::line(&reply));
    }
    if objection.is_none()
        && let Some(text) = conversation.keep(Some(&reply))?
    {
        printer.show(&text)?;
    }
    match objection {
        Some(objection) => Err(objection),
        None => wanted.map(|_| Status::Done),
    }
}

/// Asks, and says what went wrong where a turn is wanted.
fn ask(
    session: &Session,
    question: Question<'_>,
    printer: &mut Printer,
    is_turn: bool,
) -> Result<Reply, Error> {
    say_what_is_partial(Arc::clone(&printer.is_partial));
    let reply = session.ask(question, printer, &Bill::default());
    printer.is_partial.store(false, Ordering::Relaxed);
    if let Err(error) = &reply {
        printer.end()?;
        if is_turn {
            tell(error, &mut printer.output)?;
        }
    }
    reply
}

/// Writes what went wrong as a turn.
fn tell(error: &Error, output: &mut Output) -> Result<(), Error> {
    output.turn(&turn(&error.to_section(say::program())))
}

/// Says of a reply that was printed in part that it is not complete, when somebody asks the program to end.
fn say_what_is_partial(is_partial: Arc<AtomicBool>) {
    let hold = signals::hold();
    thread::spawn(move || {
        let Some(signal) = signals::wait() else {
            return;
        };
        if is_partial.load(Ordering::Relaxed) {
            if say::can_draw() {
                say::draw("\n");
            }
            let Failure { kind, message, .. } = children::interrupted();
            let message = format!("{message}: the reply is not complete");
            say::error(&Error::new(kind, message));
        }
        drop(hold);
        signals::repeat(signal);
    });
}

/// Whether something else than the whole reply is printed: a part of it, or the conversation.
fn takes_part(args: &Args, conversation: &Conversation) -> Result<bool, Error> {
    let reply = &args.reply;
    let takes_part = reply.extract || reply.schema.is_some();
    if conversation.is_printed() && (takes_part || args.format == Some(Form::Turn)) {
        let message = "'--export-conversation -' prints the conversation, and something else is to be printed too";
        return Err(Error::new(Kind::Usage, message));
    }
    Ok(takes_part || conversation.is_printed())
}

/// What of a reply is printed. A reply that is not what was wanted may have been paid for, so it is said.
fn part(args: &Args, session: &Session, reply: &Reply) -> Result<Option<String>, Error> {
    let part = if args.reply.extract {
        lr_blocks::first_fenced(&reply.text).ok_or_else(|| {
            let message = "the reply has no code fence, or none that is closed";
            Error::new(Kind::Malformed, message)
        })
    } else if let Some(schema) = session.schema() {
        schema::instance(schema, &reply.text)
    } else {
        Ok(reply.text.clone())
    };
    if part.is_err() {
        say::pass_on(reply.text.trim_end());
    }
    part.map(Some)
}

fn turn<S: Section>(section: &S) -> Turn {
    let mut turn = Turn::new();
    turn.set(section);
    turn
}
