//! Where replies come from: a model, chosen when the first reply is needed, or recordings.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, PoisonError};

use lr_stage::{Error, environment, say};
use lr_turn::{Charge, Estimate, Function, Message, Reply, ReplyFormat};
use serde_json::Value;

use crate::answer::Listener;
use crate::backend::Backend;
use crate::book::Book;
use crate::connect;
use crate::curl;
use crate::estimate::estimate;
use crate::exchange::Schema;
use crate::fallback::Failures;
use crate::history::Speaker;
use crate::options::{Options, Tape};
use crate::purse::{Bill, Purse};
use crate::record::Recordings;
use crate::schema;
use crate::terms::Question;
use crate::wire::Model;

/// Answers the questions of one run of the program, several at a time.
#[derive(Debug)]
pub(crate) struct Session {
    options: Options,
    purse: Arc<Purse>,
    /// Those that are connected, by their position: the first model, then those that stand in for it.
    clients: Mutex<BTreeMap<usize, Arc<Backend>>>,
}

impl Session {
    /// Looks for nothing yet: neither a model nor a key.
    pub(crate) fn new(options: Options) -> Self {
        Session {
            purse: Arc::new(
                Purse::new(options.ceiling, options.max_time).with_book(Book::of_run()),
            ),
            clients: Mutex::default(),
            options,
        }
    }

    /// Goes on with the model that a conversation was with, as far as no other is wanted.
    ///
    /// # Errors
    ///
    /// As [`connect::go_on_with`].
    pub(crate) fn go_on_with(&mut self, speaker: &Speaker) -> Result<(), Error> {
        if matches!(self.options.tape, Tape::None | Tape::Record(_)) {
            connect::go_on_with(&mut self.options, speaker)?;
        }
        Ok(())
    }

    /// How many questions are asked at once.
    pub(crate) fn jobs(&self) -> usize {
        self.options.jobs
    }

    /// What replies must be instances of.
    pub(crate) fn schema(&self) -> Option<&Schema> {
        self.options.terms.wishes.schema.as_ref()
    }

    /// Whether replies are recorded.
    pub(crate) fn records(&self) -> bool {
        matches!(self.options.tape, Tape::Record(_))
    }

    /// Answers a question; `listener` gets the text as it comes, and `bill` what it takes.
    ///
    /// # Errors
    ///
    /// Why there is no reply, or what `listener` fails of.
    pub(crate) fn ask(
        &self,
        question: Question<'_>,
        listener: &mut dyn Listener,
        bill: &Bill,
    ) -> Result<Reply, Error> {
        let recorded = match &self.options.tape {
            Tape::Replay(recordings) => Some(self.recorded(recordings, question.messages)?),
            Tape::Rerun(run) => Some(run.find(question.place)?),
            Tape::Record(_) | Tape::None => None,
        };
        if let Some(reply) = recorded {
            listener.text(&reply.text)?;
            return Ok(reply);
        }
        if let Tape::Record(recordings) = &self.options.tape {
            recordings.prepare()?;
        }
        let reply = match self.ask_models(question, listener, bill) {
            Ok(reply) => charged(reply, bill),
            Err(error) => return Err(in_vain(error, bill)),
        };
        if let Tape::Record(recordings) = &self.options.tape {
            let model = reply.model.as_deref().unwrap_or_default();
            // The reply is paid for, so it is handed on in any case.
            recordings
                .record(model, question.messages, &reply)
                .unwrap_or_else(|error| say::warn(&error.to_string()));
        }
        Ok(reply)
    }

    /// Asks one model after the other until one gives a whole reply. One that is not whole is better than none.
    fn ask_models(
        &self,
        question: Question<'_>,
        listener: &mut dyn Listener,
        bill: &Bill,
    ) -> Result<Reply, Error> {
        let mut failures = Failures::default();
        let mut position = 0;
        loop {
            let (name, result) = match self.client(position) {
                Ok(client) => {
                    let told = self.told(&client, question);
                    let question = told.question(question);
                    (client.name(), client.ask(question, listener, bill))
                }
                Err(error) => (self.name(position), Err(error)),
            };
            let next = self.options.fallbacks.get(position);
            let next = next.filter(|_| !listener.has_shown());
            match failures.take(&name, result, next.map(String::as_str)) {
                ControlFlow::Continue(note) => say::note(&note),
                ControlFlow::Break(result) => return result,
            }
            position += 1;
        }
    }

    /// What is to be said instead of a question where the schema cannot be sent along.
    fn told(&self, client: &Backend, question: Question<'_>) -> Told {
        let schema = self.schema().filter(|_| !client.takes_schema());
        Told(schema.map(|schema| schema::told(schema, question.messages)))
    }

    /// What a model is called that cannot be asked.
    fn name(&self, position: usize) -> String {
        connect::model(&self.options, position).unwrap_or_else(|| "the first model".to_owned())
    }

    /// The reply that was recorded, of the first model that has one.
    fn recorded(&self, recordings: &Recordings, messages: &[Message]) -> Result<Reply, Error> {
        let find = |position| {
            let model = connect::model(&self.options, position);
            recordings.find(model.as_deref(), messages)
        };
        let mut first = find(0);
        for position in 1..=self.options.fallbacks.len() {
            first = first.or_else(|error| find(position).map_err(|_| error));
        }
        first
    }

    /// The request that a question becomes, without its key, and the command of curl that sends it to a server.
    ///
    /// # Errors
    ///
    /// When no model can be chosen.
    pub(crate) fn request(&self, question: Question<'_>) -> Result<Value, Error> {
        let client = self.client(0)?;
        let told = self.told(&client, question);
        let mut request = client.request(told.question(question))?;
        // A program in place of a model is sent nothing that curl could.
        if request.get("url").is_some() {
            let provider = connect::choice(&self.options, 0)?.provider;
            let kept = connect::file_with_key(&provider.name)?;
            let source = &self.options.key;
            let key = curl::key_word(source, kept.as_deref(), &provider, &environment::var);
            request["curl"] = curl::command(&request, &key).into();
        }
        Ok(request)
    }

    /// Starts the server of the first model, if that is needed. Gives its address, and whether it was started here.
    ///
    /// # Errors
    ///
    /// Why there is none.
    pub(crate) fn serve(&self) -> Result<(String, bool), Error> {
        self.client(0)?.serve()
    }

    /// The provider of the first model, and the models that its server offers.
    pub(crate) fn models(&self) -> Result<(String, Vec<Model>), Error> {
        self.client(0)?.offered()
    }

    /// What asking about messages would take, and for which format of replies; nothing is sent, and no key is needed.
    pub(crate) fn estimate(
        &self,
        messages: &[Message],
        tools: &[Function],
        format: ReplyFormat,
    ) -> Estimate {
        let choice = connect::choice(&self.options, 0).ok();
        estimate(
            messages,
            tools,
            format,
            &self.options.terms,
            choice.as_ref(),
        )
    }

    fn client(&self, position: usize) -> Result<Arc<Backend>, Error> {
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = clients.get(&position) {
            return Ok(Arc::clone(client));
        }
        let purse = Arc::clone(&self.purse);
        let client = Arc::new(connect::connect(&self.options, position, purse)?);
        clients.insert(position, Arc::clone(&client));
        Ok(client)
    }
}

/// The messages that take the place of a question's, if any do.
struct Told(Option<Vec<Message>>);

impl Told {
    fn question<'a>(&'a self, question: Question<'a>) -> Question<'a> {
        let messages = self.0.as_deref().unwrap_or(question.messages);
        Question {
            messages,
            ..question
        }
    }
}

/// Adds to an error what was sent in vain.
pub(crate) fn in_vain(error: Error, bill: &Bill) -> Error {
    let charge = Some(bill.charge()).filter(|charge| *charge != Charge::default());
    error.after_attempts(bill.attempts(), charge)
}

/// Adds to a reply what was sent for it, and what counts against limits where its usage does not say so.
fn charged(mut reply: Reply, bill: &Bill) -> Reply {
    let charge = bill.charge();
    reply.attempts = Some(bill.attempts());
    reply.charged = Some(charge).filter(|charge| *charge != reply.charge());
    reply
}
