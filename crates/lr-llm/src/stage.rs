//! Turn mode: which turns are asked about, and what becomes of one that is answered.

use lr_stage::output::Output;
use lr_stage::turns::{self, Ready};
use lr_stage::{Error, Form, Status, say};
use lr_turn::{Check, Prompt, Reply, Turn};

use crate::answer::Listener;
use crate::finish;
use crate::purse::Bill;
use crate::rerun::Place;
use crate::session::Session;
use crate::spent;
use crate::terms::Question;

/// Whether a turn is asked about: it has a prompt and no reply.
pub(crate) fn ready(turn: &Turn) -> Result<Ready, Error> {
    if turn.has("reply") {
        return Ok(Ready::Pass);
    }
    if turn.has("prompt") {
        return Ok(Ready::Work);
    }
    let unclean = turn.get::<Check>()?.is_some_and(|check| !check.clean);
    Ok(if unclean {
        Ready::PassSaying(
            "a turn with findings has no prompt and passes through; lr-prompt writes prompts",
        )
    } else {
        Ready::Pass
    })
}

/// The name under which all questions are told to lr-loop.
const ASKING: &str = "asking";

/// Asks a model about the prompt of a turn, and tells lr-loop.
///
/// # Errors
///
/// Why there is no reply.
pub(crate) fn ask(
    session: &Session,
    prompt: &Prompt,
    place: Place,
    bill: &Bill,
) -> Result<Reply, Error> {
    let question = Question {
        messages: &prompt.messages,
        tools: &prompt.tools,
        stream: false,
        place: Some(place),
    };
    say::job(ASKING, None, "");
    let result = session.ask(question, &mut Silent, bill);
    match &result {
        Ok(reply) => {
            say::detail(1, &spent::line(reply));
            say::job(ASKING, Some(tokens(reply)), "token");
        }
        Err(_) => say::job(ASKING, None, "some failed"),
    }
    result
}

fn tokens(reply: &Reply) -> usize {
    let usage = reply.usage.as_ref();
    let tokens = usage.map_or(0, |usage| usage.input.saturating_add(usage.output));
    usize::try_from(tokens).unwrap_or(usize::MAX)
}

/// Puts what came of asking into the turn, and says what is wrong with it.
///
/// # Errors
///
/// `reader_gone`.
pub(crate) fn close(turn: &mut Turn, result: Result<Reply, Error>) -> Result<Status, Error> {
    let reply = match result {
        Ok(reply) => reply,
        Err(error) => return turns::fail(turn, error),
    };
    turn.set(&reply);
    match finish::objection(&reply) {
        Some(objection) => {
            say::error(&objection);
            Ok(objection.kind.status())
        }
        None => Ok(Status::Done),
    }
}

/// Writes a turn in the form of the output: for a person only its reply.
///
/// # Errors
///
/// As [`Output::turn`].
pub(crate) fn write(turn: &Turn, output: &mut Output) -> Result<(), Error> {
    if output.form == Form::Turn {
        return output.turn(turn);
    }
    match turn.get::<Reply>() {
        Ok(Some(reply)) => output.text(&format!("{}\n", say::clean(reply.text.trim_end()))),
        _ => Ok(()),
    }
}

/// Wants the text only when it is complete.
struct Silent;

impl Listener for Silent {
    fn text(&mut self, _: &str) -> Result<(), Error> {
        Ok(())
    }

    fn has_shown(&self) -> bool {
        false
    }

    fn still_there(&self) -> Result<(), Error> {
        Output::new(None, Form::Turn).check_reader()
    }
}
