//! Reads why a server refuses a request, and asks what it offers where it has no such model.

use std::io::Read;
use std::time::{Duration, SystemTime};

use lr_turn::Kind;

use crate::exchange::TimeLimits;
use crate::failure::{self, Failure};
use crate::http::{Response, Target};
use crate::models;
use crate::retry;
use crate::source::Source;
use crate::wire::complaint::{self, one_line};

/// The most bytes of an error's body that are looked at.
const MAX_BYTES: u64 = 64 << 10;

/// How long to wait for all of it.
const READING: Duration = Duration::from_secs(10);

/// How long to ask for the models that there are.
const ASKING: Duration = Duration::from_secs(3);

/// The most models that are named.
const MOST_NAMED: usize = 8;

/// Understands a response whose status is not a success.
pub(crate) fn of(mut response: Response, target: &Target<'_>) -> Failure {
    let mut body = Vec::new();
    response.body.wait_at_most(Some(READING));
    // What could be read of it is enough.
    let _ = response.body.take(MAX_BYTES).read_to_end(&mut body);
    let complaint = complaint::from_body(&String::from_utf8_lossy(&body));
    if response.status == 429
        && response
            .hints
            .retry_after
            .or(response.hints.reset)
            .is_none()
    {
        response.hints.retry_after = retry::in_words(&complaint.message, SystemTime::now());
    }
    let failure = failure::of_status(
        &target.endpoint.to_string(),
        response.status,
        &complaint,
        &response.hints,
    );
    let failure = match (response.status, failure.kind) {
        (404, Kind::BadRequest) => failure.hint(target.protocol.base_hint()),
        _ => failure,
    };
    let is_question = target.path == target.protocol.path();
    match (failure.kind == Kind::NotFound && is_question).then(|| offer(target)) {
        Some(Some(offer)) => failure.hint(offer),
        _ => failure,
    }
}

/// What the server offers, the newest first; `None` if it does not say so at once.
fn offer(target: &Target<'_>) -> Option<String> {
    let list = Target {
        path: target.protocol.models_path(),
        limits: TimeLimits {
            whole: target.limits.whole.min(ASKING),
            ..target.limits
        },
        max_bytes: models::MAX_BYTES,
        ..*target
    };
    let mut models = models::offered(&list).ok()?;
    models.sort_by(|one, other| other.made.cmp(&one.made));
    let named = models
        .iter()
        .take(MOST_NAMED)
        .map(|model| match &model.ends {
            Some(day) => format!("'{}' (until {})", one_line(&model.name), one_line(day)),
            None => format!("'{}'", one_line(&model.name)),
        });
    let named: Vec<String> = named.collect();
    let more = models.len() - named.len();
    let rest = if more > 0 {
        format!(" and {more} more, which --list-models lists")
    } else {
        String::new()
    };
    (!named.is_empty()).then(|| {
        format!(
            "name another model with -m; there are {}{rest}",
            named.join(", ")
        )
    })
}
