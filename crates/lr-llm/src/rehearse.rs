//! What would be asked, and what that would take: `--dry-run` and `--estimate`. Nothing is sent.

use lr_stage::input::TurnReader;
use lr_stage::output::Output;
use lr_stage::turns::{self, Ready};
use lr_stage::{Error, Form, Kind, Status, say};
use lr_turn::{Function, Message, Prompt, ReplyFormat, Turn};
use serde_json::Value;

use crate::estimate::Sum;
use crate::session::Session;
use crate::stage;
use crate::terms::Question;

/// Prints the request for a question; as text only the command of curl that sends it.
///
/// # Errors
///
/// When no model can be chosen.
pub(crate) fn request(
    session: &Session,
    messages: &[Message],
    tools: &[Function],
    stream: bool,
    form: Option<Form>,
) -> Result<Status, Error> {
    let question = Question {
        messages,
        tools,
        stream,
        place: None,
    };
    let unable = |error| Error::new(Kind::Io, "cannot write the request").because(error);
    let request = session.request(question)?;
    let mut text = match (form, &request["curl"]) {
        (Some(Form::Text), Value::String(command)) => command.clone(),
        _ => serde_json::to_string_pretty(&request).map_err(unable)?,
    };
    text.push('\n');
    Output::new(None, Form::Text).text(&text)?;
    Ok(Status::Done)
}

/// Prints the requests for turns, one after the other.
///
/// # Errors
///
/// As [`request`], and what is wrong with a turn.
pub(crate) fn requests(
    session: &Session,
    turns: TurnReader,
    form: Option<Form>,
) -> Result<Status, Error> {
    for turn in turns {
        if let Some(prompt) = asked(&turn?)? {
            request(session, &prompt.messages, &prompt.tools, false, form)?;
        }
    }
    Ok(Status::Done)
}

/// Says what a question would take.
///
/// # Errors
///
/// When it cannot be written.
pub(crate) fn estimate(
    session: &Session,
    messages: &[Message],
    form: Option<Form>,
) -> Result<Status, Error> {
    let mut turn = Turn::new();
    turn.set(&session.estimate(messages, &[], ReplyFormat::Blocks));
    let mut output = Output::new(form, Form::Text);
    write(&mut output, &turn, &mut Sum::default())?;
    Ok(Status::Done)
}

/// Adds to each turn that would be asked about what that would take; a page also says it of all together.
///
/// # Errors
///
/// What is wrong with a turn, and when it cannot be written.
pub(crate) fn estimates(
    session: &Session,
    turns: TurnReader,
    form: Option<Form>,
) -> Result<Status, Error> {
    let mut output = Output::new(form, Form::Turn);
    let mut sum = Sum::default();
    let mut status = Status::Done;
    for turn in turns {
        let mut turn = turn?;
        if let Some(prompt) = asked(&turn)? {
            turn.set(&session.estimate(&prompt.messages, &prompt.tools, prompt.format));
        }
        status = status.max(turns::passed_error(&turn).unwrap_or(Status::Done));
        write(&mut output, &turn, &mut sum)?;
    }
    if output.form == Form::Text {
        output.text(&sum.line())?;
    }
    Ok(status)
}

/// The prompt of a turn that would be asked about.
fn asked(turn: &Turn) -> Result<Option<Prompt>, Error> {
    if turns::passed_error(turn).is_some() || stage::ready(turn)? != Ready::Work {
        return Ok(None);
    }
    Ok(turn.get()?)
}

/// Writes a turn that may have an estimate; for a person only that.
fn write(output: &mut Output, turn: &Turn, sum: &mut Sum) -> Result<(), Error> {
    if output.form == Form::Turn {
        return output.turn(turn);
    }
    match turn.get()? {
        Some(estimate) => output.text(&say::clean(&sum.add(&turn.id()?, &estimate))),
        None => Ok(()),
    }
}
