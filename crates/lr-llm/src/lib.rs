//! Asks a language model, as a stage or as a command by itself.
//!
//! With turns on standard input, [`run`] answers those that have a prompt and no reply; with text or a question, it
//! prints the reply as it comes. From the outside in:
//!
//! * `args`, `options` and `wishes`: what the user wants; `connect`, `choose`, `provider`: where that is to be had;
//!   `key`, `key_command`, `keys_file`: the key for it; `redact`: that it is never shown.
//! * `text` and `stage`: the two modes; `queue` and `window`: several turns at once, in their order.
//! * `question`, `files`, `conversation` and `history`: what a question is made of; `printer`, `schema`, `fields` and `spent`: what is printed of its reply.
//! * `backend`, `command`, `children`: a server or a program that answers, and the programs that run meanwhile.
//! * `ollama`, `local`, `pull`: an Ollama that is there, started for us, or lacks the model.
//! * `session`, `fallback`, `record` and `rerun`: answers from a model, from one that stands in for it, or recorded ones.
//! * `ask`, `terms` and `retry`: one question, its attempts and limits; `http` and `idle`: requests, within their time; `refusal`: why a
//!   server does not answer them.
//! * `purse` and `ledger`: limits that hold for all requests together; `need`, `price`, `request`: what one
//!   takes; `book`: what is known of them after a kill.
//! * `rehearse`, `curl` and `estimate`: what would be asked, and what it would take; `models`: who could be asked.
//! * `fit`: what of the wishes a provider takes; `answer`, `source`, `stream`, `think` and `wire`: from bytes to an answer; pure, but for where the bytes come from.
//! * `failure`: what every way of failing is called, and whether trying again can help.
//!
//! Deliberately absent: what prompts look like and what replies mean; lists of models.

mod answer;
mod args;
mod ask;
mod backend;
mod book;
mod children;
mod choose;
mod command;
mod connect;
mod conversation;
mod curl;
mod endpoint;
mod estimate;
mod exchange;
mod failure;
mod fallback;
mod fields;
mod files;
mod finish;
mod fit;
mod history;
mod http;
mod idle;
mod key;
mod key_command;
mod keys_file;
mod ledger;
mod local;
mod models;
mod need;
mod ollama;
mod options;
mod price;
mod printer;
mod provider;
mod pull;
mod purse;
mod question;
mod queue;
mod record;
mod redact;
mod refusal;
mod rehearse;
mod request;
mod rerun;
mod retry;
mod schema;
mod session;
mod source;
mod spent;
mod stage;
mod stream;
mod terms;
mod text;
mod think;
mod window;
mod wire;
mod wishes;

pub use args::Args;
use lr_exec::signals;
use lr_stage::input::{self, Input, TurnReader};
use lr_stage::output::Output;
use lr_stage::{Error, Form, Kind, Status};

use crate::conversation::Conversation;
use crate::options::Options;
use crate::session::Session;

/// Runs the program.
///
/// # Errors
///
/// Why there is no reply to a question, and what concerns a stream of turns as a whole; what concerns one turn is
/// written into it.
pub fn run(args: Args) -> Result<Status, Error> {
    signals::install()
        .map_err(|error| Error::new(Kind::Io, "cannot watch for signals").because(error))?;
    let mut args = args.settle(text::is_piped_or_file());
    if args.reply.json {
        args.format = Some(Form::Turn);
    }
    let session = Session::new(Options::decide(&args)?);
    let result = work(args, session);
    children::end_all();
    match result {
        Err(_) if signals::interrupted().is_some() => Err(children::interrupted().into()),
        result => result,
    }
}

fn work(args: Args, session: Session) -> Result<Status, Error> {
    if args.list_models {
        return models::list(&session);
    }
    if args.model.serve {
        return serve(&session);
    }
    let program = Program { args, session };
    let args = &program.args;
    let (asks, moves) = (args.asks(), args.conversation.moves());
    if args.imports_stdin() {
        if args.reads_stdin() {
            let message = "standard input cannot be a file and a conversation";
            return Err(Error::new(Kind::Usage, message));
        }
        return program.answer_text(None);
    }
    if (asks || moves) && !args.reads_stdin() && !text::is_piped_or_file() {
        return program.answer_text(None);
    }
    let form = args.input.or(args.reads_stdin().then_some(Form::Text));
    match input::read(form, "a prompt or turns") {
        Ok(Input::Turns(turns)) => program.answer_turns(turns),
        Ok(Input::Text(text)) => program.answer_text(Some(text)),
        Err(error) if error.kind == Kind::EmptyInput && moves && !asks => program.answer_text(None),
        Err(error) if error.kind == Kind::EmptyInput && asks => {
            Err(error.hint("did the program before fail? '< /dev/null' asks without it"))
        }
        Err(error) if error.kind == Kind::EmptyInput && !text::is_piped_or_file() => {
            Err(error.hint("lr-llm \"a question\"; 'lr-llm --help' says more"))
        }
        Err(error) => Err(error),
    }
}

/// Prints the address of a server, and keeps it until the program is told to end, if it was started here.
fn serve(session: &Session) -> Result<Status, Error> {
    let (address, is_started) = session.serve()?;
    Output::new(None, Form::Text).text(&format!("{address}\n"))?;
    if is_started && let Some(signal) = signals::wait() {
        children::end_all();
        signals::repeat(signal);
    }
    Ok(Status::Done)
}

struct Program {
    args: Args,
    session: Session,
}

impl Program {
    fn answer_text(self, piped: Option<String>) -> Result<Status, Error> {
        let Program { args, mut session } = self;
        let question = text::question(&args, piped)?;
        if question.is_none() && args.asks() {
            return Err(Error::new(Kind::EmptyInput, "the question is empty"));
        }
        let mut conversation = Conversation::open(&args.conversation, question.is_some())?;
        let Some(question) = question else {
            return text::hand_over(&conversation);
        };
        if let Some(speaker) = conversation.speaker() {
            session.go_on_with(speaker)?;
        }
        let system = args.system.clone().filter(|text| !text.is_empty());
        let messages = conversation.ask(system, question);
        if args.dry_run {
            return rehearse::request(&session, &messages, &[], !args.no_stream, args.format);
        }
        if args.estimate {
            return rehearse::estimate(&session, &messages, args.format);
        }
        text::run(&args, &session, &conversation, &messages)
    }

    fn answer_turns(self, turns: TurnReader) -> Result<Status, Error> {
        if !self.args.prompt.is_empty() || self.args.system.is_some() {
            return Err(Error::new(Kind::Usage, "turns bring their own prompts")
                .hint("'--input text' asks about the turns as a text"));
        }
        if let Some(flag) = self.args.only_for_a_question() {
            let message = format!("'{flag}' is for a question, not for turns");
            return Err(Error::new(Kind::Usage, message)
                .hint("'--input text' asks about the turns as a text"));
        }
        if self.args.dry_run {
            return rehearse::requests(&self.session, turns, self.args.format);
        }
        if self.args.estimate {
            return rehearse::estimates(&self.session, turns, self.args.format);
        }
        let output = Output::new(self.args.format, Form::Turn);
        queue::run(turns, output, self.session, self.args.unordered)
    }
}
