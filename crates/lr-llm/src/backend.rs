//! Who is asked: a model behind a server, or a program.

use lr_stage::{Error, Kind};
use lr_turn::Reply;
use serde_json::Value;

use crate::answer::Listener;
use crate::ask::Client;
use crate::command::Command;
use crate::provider::Refused;
use crate::purse::Bill;
use crate::terms::Question;
use crate::wire::Model;

/// Who answers questions.
#[derive(Debug)]
pub(crate) enum Backend {
    Server(Box<Client>),
    Program(Box<Command>),
}

impl Backend {
    /// What the model is called, as far as it is known without asking.
    pub(crate) fn name(&self) -> String {
        match self {
            Backend::Server(client) => client.name(),
            Backend::Program(command) => command.name().to_owned(),
        }
    }

    /// Whether a schema can be sent along, so that it need not be told in words.
    pub(crate) fn takes_schema(&self) -> bool {
        match self {
            Backend::Server(client) => {
                let model = client.choice.model.as_deref().unwrap_or_default();
                !client.choice.provider.refuses(Refused::Schema, model)
            }
            Backend::Program(_) => false,
        }
    }

    /// Asks until there is an answer or no hope for one. The text also goes to `listener` as it comes.
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
        match self {
            Backend::Server(client) => client.ask(question, listener, bill),
            Backend::Program(command) => command.ask(question, listener, bill),
        }
    }

    /// What a question becomes, without a key.
    ///
    /// # Errors
    ///
    /// When the model's name cannot be had.
    pub(crate) fn request(&self, question: Question<'_>) -> Result<Value, Error> {
        match self {
            Backend::Server(client) => client.request(question),
            Backend::Program(command) => Ok(command.request(question)),
        }
    }

    /// Starts the server, if that is needed. Gives its address, and whether it was started here.
    ///
    /// # Errors
    ///
    /// Why there is none.
    pub(crate) fn serve(&self) -> Result<(String, bool), Error> {
        match self {
            Backend::Server(client) => client.serve(),
            Backend::Program(_) => Err(Error::new(Kind::Usage, "a program is no server")),
        }
    }

    /// The provider, and the models that its server offers.
    ///
    /// # Errors
    ///
    /// Why the list cannot be had.
    pub(crate) fn offered(&self) -> Result<(String, Vec<Model>), Error> {
        match self {
            Backend::Server(client) => client.offered(),
            Backend::Program(_) => Err(Error::new(
                Kind::Usage,
                "a program offers no list of models",
            )),
        }
    }
}
