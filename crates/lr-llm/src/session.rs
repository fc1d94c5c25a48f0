//! Where replies come from: a model, chosen when the first reply is needed, or recordings.

use std::sync::{Arc, Mutex, PoisonError};

use lr_stage::{Error, environment, say};
use lr_turn::{Charge, Message, Reply};
use serde_json::Value;

use crate::answer::Listener;
use crate::ask::Client;
use crate::choose::{self, Choice};
use crate::key;
use crate::options::{Options, Tape};
use crate::provider::{self, Provider};
use crate::purse::{Bill, Purse};

/// Answers the questions of one run of the program, several at a time.
#[derive(Debug)]
pub(crate) struct Session {
    options: Options,
    purse: Arc<Purse>,
    client: Mutex<Option<Arc<Client>>>,
}

impl Session {
    /// Looks for nothing yet: neither a model nor a key.
    pub(crate) fn new(options: Options) -> Self {
        Session {
            purse: Arc::new(Purse::new(options.ceiling, options.max_time)),
            client: Mutex::default(),
            options,
        }
    }

    /// How many questions are asked at once.
    pub(crate) fn jobs(&self) -> usize {
        self.options.jobs
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
        messages: &[Message],
        stream: bool,
        listener: &mut dyn Listener,
        bill: &Bill,
    ) -> Result<Reply, Error> {
        if let Tape::Replay(recordings) = &self.options.tape {
            let reply = recordings.find(self.configured_model().as_deref(), messages)?;
            listener.text(&reply.text)?;
            return Ok(reply);
        }
        if let Tape::Record(recordings) = &self.options.tape {
            recordings.prepare()?;
        }
        let answered = self
            .client()
            .and_then(|client| client.ask(messages, stream, listener, bill));
        let reply = match answered {
            Ok(reply) => charged(reply, bill),
            Err(error) => return Err(in_vain(error, bill)),
        };
        if let Tape::Record(recordings) = &self.options.tape {
            let model = reply.model.as_deref().unwrap_or_default();
            // The reply is paid for, so it is handed on in any case.
            recordings
                .record(model, messages, &reply)
                .unwrap_or_else(|error| say::warn(&error.to_string()));
        }
        Ok(reply)
    }

    /// The request that a question becomes, without its key.
    ///
    /// # Errors
    ///
    /// When no model can be chosen.
    pub(crate) fn request(&self, messages: &[Message], stream: bool) -> Result<Value, Error> {
        self.client()?.request(messages, stream)
    }

    fn client(&self) -> Result<Arc<Client>, Error> {
        let mut client = self.client.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = &*client {
            return Ok(Arc::clone(client));
        }
        let connected = connect(&self.options, Arc::clone(&self.purse))?;
        Ok(Arc::clone(client.insert(Arc::new(connected))))
    }

    /// The model whose recordings count, by the provider's name for it; `None` if nobody named one.
    fn configured_model(&self) -> Option<String> {
        let named = self.options.wanted.model.clone()?;
        let choice = providers().and_then(|providers| choose(&self.options, &providers));
        choice.map_or(Some(named), |choice| choice.model)
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

/// Chooses a provider, a model and a key.
fn connect(options: &Options, purse: Arc<Purse>) -> Result<Client, Error> {
    let providers = providers()?;
    let choice = choose(options, &providers)?;
    let key = key::find(&options.key, &choice, &environment::var)?;
    if let Some(key) = &key {
        key::refuse_stranger(key, &choice, &providers)?;
    }
    Ok(Client::new(choice, key, options.terms.clone(), purse))
}

fn providers() -> Result<Vec<Provider>, Error> {
    provider::load(environment::config_folder().as_deref())
}

/// Chooses a provider and a model; a key that was given as a flag stands for the variable of our own.
fn choose(options: &Options, providers: &[Provider]) -> Result<Choice, Error> {
    let variable = |name: &str| match &options.key.given {
        Some(key) if name == key::OWN_VARIABLE => Some(key.clone()),
        _ => environment::var(name),
    };
    Ok(choose::choose(&options.wanted, providers, &variable)?)
}
