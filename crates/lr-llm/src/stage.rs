//! Turn mode: answers the turns that have a prompt and no reply.

use lr_stage::output::Output;
use lr_stage::turns::{Ready, Worker};
use lr_stage::{Error, Form, Status, say};
use lr_turn::{Check, Prompt, Reply, Turn};

use crate::answer::Listener;
use crate::finish;
use crate::session::Session;

/// Answers turns, one after the other.
pub(crate) struct Answerer {
    pub(crate) session: Session,
}

impl Worker for Answerer {
    fn ready(&self, turn: &Turn) -> Result<Ready, Error> {
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

    fn work(&mut self, turn: &mut Turn) -> Result<Status, Error> {
        let Some(prompt) = turn.get::<Prompt>()? else {
            return Ok(Status::Done);
        };
        let reply = self.session.ask(&prompt.messages, false, &mut Silent)?;
        turn.set(&reply);
        match finish::objection(&reply) {
            Some(objection) => {
                say::error(&objection);
                Ok(objection.kind.status())
            }
            None => Ok(Status::Done),
        }
    }

    fn page(&self, turn: &Turn) -> String {
        match turn.get::<Reply>() {
            Ok(Some(reply)) => format!("{}\n", reply.text.trim_end()),
            _ => String::new(),
        }
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
