//! Where replies come from: a model, chosen when the first reply is needed, or recordings.

use lr_stage::{Error, environment, say};
use lr_turn::{Message, Reply};
use serde_json::Value;

use crate::answer::Listener;
use crate::ask::Client;
use crate::choose::{self, Choice};
use crate::key;
use crate::options::{Options, Tape};
use crate::provider::{self, Provider};

/// Answers the questions of one run of the program.
#[derive(Debug)]
pub(crate) struct Session {
    options: Options,
    client: Option<Client>,
}

impl Session {
    /// Looks for nothing yet: neither a model nor a key.
    pub(crate) fn new(options: Options) -> Self {
        Session {
            options,
            client: None,
        }
    }

    /// Answers a question; `listener` gets the text as it comes.
    ///
    /// # Errors
    ///
    /// Why there is no reply, or what `listener` fails of.
    pub(crate) fn ask(
        &mut self,
        messages: &[Message],
        stream: bool,
        listener: &mut dyn Listener,
    ) -> Result<Reply, Error> {
        if let Tape::Replay(recordings) = &self.options.tape {
            let reply = recordings.find(self.configured_model().as_deref(), messages)?;
            listener.text(&reply.text)?;
            return Ok(reply);
        }
        if let Tape::Record(recordings) = &self.options.tape {
            recordings.prepare()?;
        }
        let reply = self.client()?.ask(messages, stream, listener)?;
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
    pub(crate) fn request(&mut self, messages: &[Message], stream: bool) -> Result<Value, Error> {
        self.client()?.request(messages, stream)
    }

    fn client(&mut self) -> Result<&mut Client, Error> {
        let client = match self.client.take() {
            Some(client) => client,
            None => connect(&self.options)?,
        };
        Ok(self.client.insert(client))
    }

    /// The model whose recordings count, by the provider's name for it; `None` if nobody named one.
    fn configured_model(&self) -> Option<String> {
        let named = self.options.wanted.model.clone()?;
        let choice = providers().and_then(|providers| choose(&self.options, &providers));
        choice.map_or(Some(named), |choice| choice.model)
    }
}

/// Chooses a provider, a model and a key.
fn connect(options: &Options) -> Result<Client, Error> {
    let providers = providers()?;
    let choice = choose(options, &providers)?;
    let key = key::find(&options.key, &choice, &environment::var)?;
    if let Some(key) = &key {
        key::refuse_stranger(key, &choice, &providers)?;
    }
    Ok(Client::new(
        choice,
        key,
        options.wishes.clone(),
        options.limits,
    ))
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
