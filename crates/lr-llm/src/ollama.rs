//! What only Ollama is asked and told: whether it is there, whether it has the model, how long the context is to be.
//!
//! Unless told, its context is far shorter than most models allow for, and a change of it loads the model again.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use lr_stage::say;
use lr_turn::Usage;
use serde_json::{Value, json};

use crate::exchange::TimeLimits;
use crate::failure::Failure;
use crate::http::{self, Target};
use crate::need::Need;
use crate::{local, pull, refusal};

/// The shortest context that is asked for.
const SHORTEST: u64 = 4096;

/// The most bytes of what is told about a model; its licence is part of it.
const MAX_BYTES: u64 = 16 << 20;

/// The least bytes of a prompt from which one that was cut can be told, and the most bytes that a token has then.
const LONG_PROMPT: u64 = 8 << 10;
const LONGEST_TOKEN: u64 = 12;

/// How long a server that runs may take to say so.
const SIGN_OF_LIFE: Duration = Duration::from_secs(3);

/// How long it may take to tell what it knows of a model.
const TELLING: Duration = Duration::from_secs(10);

/// How long loading a model may take at most, and how long it may be silent meanwhile, as when it is verified.
pub(crate) const LOADING: Duration = Duration::from_secs(24 * 3600);
const SILENCE: Duration = Duration::from_secs(600);

/// What is known of a server and its model.
#[derive(Debug, Default)]
pub(crate) struct Ollama {
    /// Whether it was started here.
    started: OnceLock<Result<bool, Failure>>,
    /// The longest context of the model, if the server said so.
    learned: OnceLock<Result<Option<u64>, Failure>>,
    /// The longest context that was asked for.
    asked: AtomicU64,
}

impl Ollama {
    /// Sees to it that there is a server, if it is to be on this machine; `is_alone`: nobody else looks for signals;
    /// `hidden`: the variables that it does not see. Gives whether it was started here.
    ///
    /// # Errors
    ///
    /// Why there is none.
    pub(crate) fn start(
        &self,
        target: &Target<'_>,
        is_alone: bool,
        hidden: &[String],
    ) -> Result<bool, Failure> {
        if !target.endpoint.is_loopback() {
            return Ok(false);
        }
        let start = || {
            let address = target.endpoint.address();
            let is_started = local::start(&address, hidden, &|| answers(target))?;
            if is_started && is_alone {
                local::end_on_signal();
            }
            Ok(is_started)
        };
        self.started.get_or_init(start).clone()
    }

    /// Learns what the model can take; one that is not there is loaded if `loading` says how long that may take.
    ///
    /// # Errors
    ///
    /// Why it could not be loaded. What else is wrong will be said of the request itself.
    pub(crate) fn learn(
        &self,
        target: &Target<'_>,
        model: &str,
        loading: Option<Duration>,
    ) -> Result<(), Failure> {
        let learn = || match (show(target, model), loading) {
            (Ok(Shown::Missing), Some(whole)) => {
                let limits = TimeLimits {
                    idle: SILENCE,
                    whole,
                    ..target.limits
                };
                let pulling = Target {
                    path: "/api/pull",
                    limits,
                    max_bytes: u64::MAX,
                    ..*target
                };
                pull::pull(&pulling, model)?;
                Ok(show(target, model).ok().and_then(Shown::longest))
            }
            (Ok(shown), _) => Ok(shown.longest()),
            (Err(_), _) => Ok(None),
        };
        self.learned.get_or_init(learn).clone().map(|_| ())
    }

    /// The length of the context for a request: enough for the prompt and the reply, as far as the model can, and no
    /// shorter than it was before.
    pub(crate) fn context(&self, need: Need) -> u64 {
        let limit = self.learned.get().and_then(|learned| learned.clone().ok()?);
        let context = context(need, limit);
        self.asked
            .fetch_max(context, Ordering::Relaxed)
            .max(context)
    }
}

/// Warns of a prompt that the server has cut, which it should have refused instead.
pub(crate) fn check(need: Need, usage: Option<Usage>) {
    let read = usage.map_or(0, |usage| usage.input);
    if was_cut(need.input.saturating_mul(3), read) {
        say::warn(&format!(
            "the server has read only {read} tokens: it may have cut off the beginning of the prompt"
        ));
    }
}

fn answers(target: &Target<'_>) -> bool {
    let limits = TimeLimits {
        connect: SIGN_OF_LIFE,
        first_byte: SIGN_OF_LIFE,
        whole: SIGN_OF_LIFE,
        ..target.limits
    };
    http::get(&Target {
        path: "/api/version",
        limits,
        ..*target
    })
    .is_ok()
}

/// What a server knows of a model.
enum Shown {
    /// It does not have it.
    Missing,
    /// The longest context, if it says so.
    Known(Option<u64>),
}

impl Shown {
    fn longest(self) -> Option<u64> {
        match self {
            Shown::Missing => None,
            Shown::Known(longest) => longest,
        }
    }
}

fn show(target: &Target<'_>, model: &str) -> Result<Shown, Failure> {
    let limits = TimeLimits {
        whole: target.limits.whole.min(TELLING),
        ..target.limits
    };
    let target = &Target {
        path: "/api/show",
        limits,
        max_bytes: MAX_BYTES,
        ..*target
    };
    let response = http::post(target, json!({"model": model}).to_string().as_bytes())?;
    match response.status {
        200..300 => {
            let shown: Value = serde_json::from_reader(response.body).unwrap_or_default();
            Ok(Shown::Known(longest(&shown)))
        }
        404 => Ok(Shown::Missing),
        _ => Err(refusal::of(response, target)),
    }
}

/// The longest context of a model; its architecture is part of the field's name.
fn longest(shown: &Value) -> Option<u64> {
    let info = shown.get("model_info")?.as_object()?;
    let length = info
        .iter()
        .find(|(key, _)| key.ends_with(".context_length"));
    length?.1.as_u64()
}

/// In steps, since every other length loads the model again.
fn context(need: Need, limit: Option<u64>) -> u64 {
    let wanted = need.tokens().max(SHORTEST);
    let step = wanted.checked_next_power_of_two().unwrap_or(wanted);
    limit
        .filter(|&limit| limit > 0)
        .map_or(step, |limit| step.min(limit))
}

/// Whether a server has read fewer tokens than a prompt of so many bytes can have; 0 is not known.
fn was_cut(bytes: u64, read: u64) -> bool {
    read > 0 && bytes >= LONG_PROMPT && read.saturating_mul(LONGEST_TOKEN) < bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(input: u64, output: u64, limit: Option<u64>, expected: u64) {
        assert_eq!(context(Need { input, output }, limit), expected);
    }

    #[test]
    fn the_context_holds_prompt_and_reply() {
        check(10, 100, None, 4096);
        check(4000, 4096, Some(131_072), 8192);
        check(6000, 4096, Some(131_072), 16_384);
        check(6000, 4096, Some(8192), 8192);
        check(6000, 4096, Some(0), 16_384);
        check(u64::MAX, 1, Some(32_768), 32_768);
    }

    #[test]
    fn a_context_does_not_shrink() {
        let ollama = Ollama::default();
        let short = Need {
            input: 10,
            output: 10,
        };
        let long = Need {
            input: 9000,
            ..short
        };
        assert_eq!(ollama.context(short), 4096);
        assert_eq!(ollama.context(long), 16_384);
        assert_eq!(ollama.context(short), 16_384);
    }

    #[test]
    fn a_prompt_that_was_cut_is_told_by_what_was_read() {
        assert!(was_cut(60_000, 4096));
        assert!(!was_cut(60_000, 15_000));
        assert!(!was_cut(60_000, 0));
        assert!(!was_cut(4_000, 10));
    }

    #[test]
    fn the_longest_context_is_found() {
        let shown = json!({"model_info": {"general.architecture": "gptoss", "gptoss.context_length": 131_072}});
        assert_eq!(longest(&shown), Some(131_072));
        assert_eq!(longest(&json!({})), None);
    }
}
