//! A program in place of a model: the prompt on its standard input, the reply on its standard output.

use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use lr_exec::{End, Finished, Program};
use lr_stage::{Error, say};
use lr_turn::{Charge, Finish, Kind, Message, Reply, Role, ToolCall};
use serde_json::{Value, json};

use crate::answer::Listener;
use crate::children;
use crate::exchange::{Spent, Wishes};
use crate::failure::Failure;
use crate::key::OWN_VARIABLE;
use crate::need::Need;
use crate::price::{self, Price};
use crate::purse::{Bill, Purse};
use crate::request::Request;
use crate::terms::{Question, Terms};
use crate::wire::FieldNames;

/// How the name of such a model begins; its command line follows.
const PREFIX: &str = "command:";

/// The most bytes of a reply.
const MAX_BYTES: usize = 16 << 20;

/// The command line that a model's name holds, if it means a program.
pub(crate) fn line(model: &str) -> Option<&str> {
    model.strip_prefix(PREFIX)
}

/// A program that answers.
#[derive(Debug)]
pub(crate) struct Command {
    /// The name of the model.
    name: String,
    words: Vec<String>,
    terms: Terms,
    purse: Arc<Purse>,
    /// Set once it was said what it cannot be told.
    said: OnceLock<()>,
}

impl Command {
    /// Takes a command line apart; no shell is involved.
    ///
    /// # Errors
    ///
    /// `usage` when that is not possible.
    pub(crate) fn new(line: &str, terms: Terms, purse: Arc<Purse>) -> Result<Command, Failure> {
        let unusable = |reason: &str| {
            let message = format!("cannot use model '{PREFIX}{line}': {reason}");
            let failure = Failure::new(Kind::Usage, message);
            failure.hint("a program and its arguments follow: -m \"command:claude -p\"")
        };
        let words = lr_exec::words(line).ok_or_else(|| unusable("a quote is not closed"))?;
        if words.is_empty() {
            return Err(unusable("it names no program"));
        }
        Ok(Command {
            name: format!("{PREFIX}{line}"),
            words,
            terms,
            purse,
            said: OnceLock::new(),
        })
    }

    /// What the model is called.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// What would be run, and with which input.
    pub(crate) fn request(&self, question: Question<'_>) -> Value {
        json!({"program": self.words, "stdin": prompt(question.messages)})
    }

    /// Runs the program once. It is not run again if it fails, because it may have done all its work.
    ///
    /// # Errors
    ///
    /// Why there is no reply, and what `listener` fails of.
    pub(crate) fn ask(
        &self,
        question: Question<'_>,
        listener: &mut dyn Listener,
        bill: &Bill,
    ) -> Result<Reply, Error> {
        let start = Instant::now();
        let left_out = left_out(&self.terms.wishes);
        self.said.get_or_init(|| {
            for option in left_out {
                say::warn(&format!("a program is not told of '{option}'"));
            }
        });
        let request = self.prepare(question)?;
        let account = self.purse.open(request.place, request.most, bill)?;
        let result = self.run(question.messages);
        let was_sent = !matches!(&result, Err(failure) if failure.spent.is_none());
        let given = self.price();
        let spent = Spent::default();
        let taken = request.taken(was_sent.then_some(&spent), || &given);
        account.close(taken, was_sent);
        let text = result?;
        listener.text(&text)?;
        Ok(Reply {
            provider: Some("command".to_owned()),
            model: Some(self.name.clone()),
            finish: Some(Finish::Stop),
            seconds: Some((start.elapsed().as_secs_f64() * 1000.0).round() / 1000.0),
            ..Reply::by("lr-llm", text)
        })
    }

    /// What running it may take, which is only guessed, since nobody counts tokens.
    fn prepare(&self, question: Question<'_>) -> Result<Request, Error> {
        let names = FieldNames {
            max_tokens: "max_tokens",
            seed: "seed",
        };
        let need = Need::of_messages(question.messages, &[], &self.terms.wishes, names);
        let mut most = Charge {
            tokens: need.tokens(),
            cost_microusd: None,
        };
        if self.purse.needs_price() {
            let cost = self.price().microusd(&self.name, &need.usage());
            most.cost_microusd = Some(cost.ok_or_else(|| price::unknown("a program"))?);
        }
        Ok(Request {
            // A program is not told of tools.
            has_tools: false,
            model: self.name.clone(),
            body: Value::Null,
            headers: std::collections::BTreeMap::new(),
            place: question.place,
            need,
            most,
        })
    }

    fn price(&self) -> Price {
        self.terms.price.map_or(Price::Unknown, Price::Given)
    }

    /// The text that the program writes. It sees the keys of our environment, one of which may be its own, except
    /// those that are only for us.
    fn run(&self, messages: &[Message]) -> Result<String, Failure> {
        let whole = self.terms.limits.time.whole;
        let limit = self.purse.time_left().map_or(whole, |left| left.min(whole));
        let program = Program::new(&self.words)
            .keep_keys()
            .drop_env(&[OWN_VARIABLE])
            .drop_env(&self.terms.hidden)
            .stdin_bytes(prompt(messages))
            .timeout(limit)
            .capture_limit(MAX_BYTES / 2);
        let finished = children::run(program).map_err(|error| {
            let failure = Failure::new(Kind::NoModel, error.to_string());
            match error.hint() {
                Some(hint) => failure.hint(hint),
                None => failure,
            }
        })?;
        self.text(&finished, limit)
            .map_err(|failure| failure.having_spent(Spent::default()))
    }

    /// Judges what came of the program.
    fn text(&self, finished: &Finished, limit: Duration) -> Result<String, Failure> {
        let program = self.words.first().map_or("", String::as_str);
        let malformed =
            |what: &str| Failure::new(Kind::Malformed, format!("the reply of '{program}' {what}"));
        match finished.end {
            End::Exited(0) => {}
            End::Interrupted => return Err(children::interrupted()),
            End::TimedOut if self.purse.time_left() == Some(Duration::ZERO) => {
                return Err(self.purse.out_of_time(None));
            }
            End::TimedOut => {
                let message = format!("'{program}' was not done within {} s", limit.as_secs_f64());
                let failure = Failure::new(Kind::TimedOut, message);
                return Err(failure.hint("'--timeout SECONDS' gives it more time"));
            }
            end => {
                let said = children::last_words(&finished.stderr.text());
                return Err(Failure::new(
                    Kind::Provider,
                    format!("'{program}' failed ({end}){said}"),
                ));
            }
        }
        if finished.stdout.dropped > 0 {
            return Err(malformed(&format!(
                "is larger than {} MiB",
                MAX_BYTES >> 20
            )));
        }
        if !finished.stdout.is_utf8() {
            return Err(malformed("is not UTF-8"));
        }
        let text = finished.stdout.text();
        let text = text.trim_end_matches(['\n', '\r']);
        if text.trim().is_empty() {
            let said = children::last_words(&finished.stderr.text());
            return Err(Failure::new(
                Kind::Empty,
                format!("the reply of '{program}' is empty{said}"),
            ));
        }
        Ok(text.to_owned())
    }
}

/// The messages as one text. Where the model has spoken before, it is said who says what.
fn prompt(messages: &[Message]) -> String {
    let is_talk = messages
        .iter()
        .any(|message| message.role == Role::Assistant);
    let part = |message: &Message| match message.role {
        Role::User if is_talk => format!("User: {}", message.content),
        Role::Assistant => format!("Assistant: {}{}", message.content, calls(message)),
        Role::Tool => format!("Result: {}", message.content),
        _ => message.content.clone(),
    };
    let (system, others): (Vec<_>, Vec<_>) = messages
        .iter()
        .partition(|message| message.role == Role::System);
    let parts: Vec<String> = system.into_iter().chain(others).map(part).collect();
    parts.join("\n\n")
}

/// The calls of tools in a message, a line for each.
fn calls(message: &Message) -> String {
    let line = |call: &ToolCall| format!("\n{}({})", call.name, call.arguments);
    message.tool_calls.iter().map(line).collect()
}

/// The options that a program is not told of.
fn left_out(wishes: &Wishes) -> impl Iterator<Item = &'static str> {
    let options = [
        ("--temperature", wishes.temperature.is_some()),
        ("--max-tokens", wishes.max_tokens.is_some()),
        ("--seed", wishes.seed.is_some()),
        ("--stop", !wishes.stop.is_empty()),
        ("--effort", wishes.effort.is_some()),
        ("--schema", wishes.schema.is_some()),
        ("--extra-body", !wishes.extra.is_empty()),
        ("-o", !wishes.options.is_empty()),
        ("--extra-header", !wishes.headers.is_empty()),
    ];
    options
        .into_iter()
        .filter_map(|(name, is_set)| is_set.then_some(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(role: Role, content: &str) -> Message {
        Message::new(role, content)
    }

    #[test]
    fn the_rules_stand_before_the_question() {
        let system = message(Role::System, "rules");
        let user = message(Role::User, "question");
        let reply = message(Role::Assistant, "answer");
        assert_eq!(prompt(&[user.clone(), system.clone()]), "rules\n\nquestion");
        assert_eq!(
            prompt(&[system, user.clone(), reply, user]),
            "rules\n\nUser: question\n\nAssistant: answer\n\nUser: question"
        );
    }
}
