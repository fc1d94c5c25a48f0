//! The models that a server offers.

use std::io::BufReader;

use lr_stage::output::Output;
use lr_stage::{Error, Form, Status, say};
use lr_turn::Kind;

use crate::choose::Choice;
use crate::failure::Failure;
use crate::http::{self, Target};
use crate::refusal;
use crate::session::Session;
use crate::wire::{self, Model};

/// The most bytes of a list of models.
pub(crate) const MAX_BYTES: u64 = 16 << 20;

/// Asks a server for its models, which it gives in its order; what is no list is an empty one.
pub(crate) fn offered(target: &Target<'_>) -> Result<Vec<Model>, Failure> {
    let response = http::get(target)?;
    if !(200..300).contains(&response.status) {
        return Err(refusal::of(response, target));
    }
    let list = serde_json::from_reader(BufReader::new(response.body)).ok();
    Ok(list.map_or_else(Vec::new, |list| target.protocol.models(&list)))
}

/// The newest model that a server offers, where none has to be named.
pub(crate) fn newest(
    choice: &Choice,
    models: impl FnOnce() -> Result<Vec<Model>, Failure>,
) -> Result<String, Failure> {
    let name = &choice.provider.name;
    if choice.provider.needs_model {
        let failure = Failure::new(Kind::NoModel, format!("'{name}' needs the name of a model"));
        return Err(failure.hint(format!(
            "-m {name}/NAME; '--list-models --provider {name}' lists them"
        )));
    }
    wire::newest(models()?).ok_or_else(|| {
        let message = format!("'{}' offers no model", choice.endpoint);
        Failure::new(Kind::NoModel, message).hint(
            "name one with -m; Ollama gets one by '-L gpt-oss:20b', or 'ollama pull gpt-oss:20b'",
        )
    })
}

/// Prints a line for each model, its parts between tabs: the name that `-m` takes, the most tokens of its context, and
/// the day from which it is not offered any more, as far as the server says so.
///
/// # Errors
///
/// Why the server's list cannot be had.
pub(crate) fn list(session: &Session) -> Result<Status, Error> {
    let (provider, models) = session.models()?;
    let mut output = Output::new(None, Form::Text);
    for model in models {
        let context = model
            .context
            .map_or_else(String::new, |tokens| tokens.to_string());
        let line = format!(
            "{provider}/{}\t{context}\t{}",
            model.name,
            model.ends.unwrap_or_default()
        );
        output.text(&format!("{}\n", say::clean(line.trim_end())))?;
    }
    Ok(Status::Done)
}
