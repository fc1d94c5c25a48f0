//! The models that a server offers.

use std::io::BufReader;

use lr_stage::output::Output;
use lr_stage::{Error, Form, Status, say};

use crate::failure::Failure;
use crate::http::{self, Target};
use crate::refusal;
use crate::session::Session;
use crate::wire::Model;

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
