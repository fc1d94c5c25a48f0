//! One question to one model over the network: attempts, waits and limits.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::io::{BufReader, Read};
use std::thread;
use std::time::{Duration, Instant};

use lr_stage::{Error, Kind, say};
use lr_turn::{Message, Reply};
use serde_json::Value;

use crate::answer::{self, Listener, MAX_STREAM_BYTES, Stop};
use crate::choose::Choice;
use crate::exchange::{Answer, TimeLimits, Wishes};
use crate::failure::{self, Failure, Retry};
use crate::http::{self, Target};
use crate::key::{self, Key};
use crate::retry::{self, Budget, Decision};
use crate::wire::{chat, complaint};

/// The most bytes of a list of models.
const MAX_LIST_BYTES: u64 = 16 << 20;

/// The most bytes of an error's body that are looked at.
const MAX_ERROR_BYTES: u64 = 64 << 10;

const MORE_CALLS: &str = "'--max-calls N' allows for more";

/// What bounds the requests of a program.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) time: TimeLimits,
    /// Attempts for one question, at least 1.
    pub(crate) max_attempts: u32,
    /// Requests that may still be sent; `None` is without limit.
    pub(crate) calls_left: Option<u64>,
}

/// One model at one endpoint.
#[derive(Debug)]
pub(crate) struct Client {
    choice: Choice,
    key: Option<Key>,
    wishes: Wishes,
    limits: Limits,
}

impl Client {
    /// A client that has not sent anything yet.
    pub(crate) fn new(choice: Choice, key: Option<Key>, wishes: Wishes, limits: Limits) -> Self {
        Client {
            choice,
            key,
            wishes,
            limits,
        }
    }

    /// The model's name; asks the server for its newest model when none is named.
    pub(crate) fn model(&mut self) -> Result<String, Error> {
        if let Some(model) = &self.choice.model {
            return Ok(model.clone());
        }
        let model = self.newest_model().map_err(|failure| self.error(failure))?;
        let host = &self.choice.endpoint;
        say::detail(1, &format!("the newest model of '{host}' is '{model}'"));
        self.choice.model = Some(model.clone());
        Ok(model)
    }

    /// The request that a question becomes, without its key.
    pub(crate) fn request(&mut self, messages: &[Message], stream: bool) -> Result<Value, Error> {
        let model = self.model()?;
        let names = self.choice.provider.field_names();
        let body = chat::request(&model, messages, &self.wishes, names, stream);
        let mut request = serde_json::json!({
            "method": "POST",
            "url": self.choice.endpoint.url(chat::PATH),
            "headers": {"content-type": "application/json"},
            "body": body,
        });
        if self.key.is_some() {
            request["headers"]["authorization"] = "Bearer [redacted]".into();
        }
        Ok(request)
    }

    /// Asks until there is an answer or no hope for one. The text also goes to `listener` as it comes.
    ///
    /// # Errors
    ///
    /// What the last attempt failed of, without the key; and what `listener` fails of.
    pub(crate) fn ask(
        &mut self,
        messages: &[Message],
        stream: bool,
        listener: &mut dyn Listener,
    ) -> Result<Reply, Error> {
        let mut attempts = 0;
        self.ask_until_answered(messages, stream, listener, &mut attempts)
            .map_err(|error| error.after_attempts(attempts.into(), None))
    }

    /// Asks, and counts the attempts.
    fn ask_until_answered(
        &mut self,
        messages: &[Message],
        stream: bool,
        listener: &mut dyn Listener,
        attempts: &mut u32,
    ) -> Result<Reply, Error> {
        let start = Instant::now();
        let model = self.model()?;
        let names = self.choice.provider.field_names();
        let body = chat::request(&model, messages, &self.wishes, names, stream).to_string();
        let (host, length) = (&self.choice.endpoint, body.len());
        say::detail(1, &format!("asking '{model}' at '{host}', {length} bytes"));
        loop {
            self.count_call()?;
            *attempts += 1;
            let time_left = self.limits.time.whole.saturating_sub(start.elapsed());
            let failure = match self.attempt(body.as_bytes(), time_left, listener) {
                Ok(answer) => return Ok(self.reply(model, answer, *attempts, start.elapsed())),
                Err(Stop::Listener(error)) => return Err(error),
                Err(Stop::Failed(failure)) if listener.has_shown() => failure.retry(Retry::Never),
                Err(Stop::Failed(failure)) => failure,
            };
            let budget = Budget {
                attempts: *attempts,
                max_attempts: self.limits.max_attempts,
                time_left: self.limits.time.whole.saturating_sub(start.elapsed()),
            };
            match retry::decide(&failure, budget, chance()) {
                Decision::Wait(_) if self.limits.calls_left == Some(0) => {
                    let message = format!("{}; the limit on calls is reached", failure.message);
                    let spent = Failure::new(Kind::Calls, message).hint(MORE_CALLS);
                    return Err(self.error(spent));
                }
                Decision::Wait(wait) => {
                    self.wait(&failure, wait, budget);
                    listener.still_there()?;
                }
                Decision::GiveUp(reason) => {
                    let reason = reason.map_or(String::new(), |reason| format!("; {reason}"));
                    let message = format!("{}{reason}", failure.message);
                    return Err(self.error(Failure { message, ..failure }));
                }
            }
        }
    }

    fn attempt(
        &self,
        body: &[u8],
        time_left: Duration,
        listener: &mut dyn Listener,
    ) -> Result<Answer, Stop> {
        let target = self.target(chat::PATH, time_left, MAX_STREAM_BYTES);
        let response = http::post(&target, body)?;
        if (200..300).contains(&response.status) {
            return answer::read(response.body, &target, listener);
        }
        Err(refusal(response, &target).into())
    }

    fn target<'a>(&'a self, path: &'a str, time_left: Duration, max_bytes: u64) -> Target<'a> {
        Target {
            endpoint: &self.choice.endpoint,
            path,
            key: self.key.as_ref(),
            limits: TimeLimits {
                whole: time_left,
                ..self.limits.time
            },
            max_bytes,
        }
    }

    fn newest_model(&self) -> Result<String, Failure> {
        let target = self.target(chat::MODELS_PATH, self.limits.time.whole, MAX_LIST_BYTES);
        let response = http::get(&target)?;
        if !(200..300).contains(&response.status) {
            return Err(refusal(response, &target));
        }
        let list: Option<Value> = serde_json::from_reader(BufReader::new(response.body)).ok();
        list.as_ref().and_then(chat::newest_model).ok_or_else(|| {
            Failure::new(
                Kind::NoModel,
                format!("'{}' offers no model", self.choice.endpoint),
            )
            .hint("name one with -m; Ollama gets one by 'ollama pull gpt-oss:20b'")
        })
    }

    fn count_call(&mut self) -> Result<(), Error> {
        match &mut self.limits.calls_left {
            None => Ok(()),
            Some(0) => {
                Err(Error::new(Kind::Calls, "the limit on calls is reached").hint(MORE_CALLS))
            }
            Some(left) => {
                *left -= 1;
                Ok(())
            }
        }
    }

    fn wait(&self, failure: &Failure, wait: Duration, budget: Budget) {
        let message = format!(
            "{}; attempt {} of {} in {:.1} s",
            failure.message,
            budget.attempts + 1,
            budget.max_attempts,
            wait.as_secs_f64()
        );
        say::note(&key::redact(self.key.as_ref(), message));
        thread::sleep(wait);
    }

    fn reply(&self, model: String, answer: Answer, attempts: u32, took: Duration) -> Reply {
        let seconds = (took.as_secs_f64() * 1000.0).round() / 1000.0;
        if let Some(usage) = answer.usage {
            let (input, output) = (usage.input, usage.output);
            say::detail(1, &format!("{input} tokens in, {output} out, {seconds} s"));
        }
        Reply {
            provider: Some(self.choice.provider.name.clone()),
            model: Some(model),
            finish: answer.finish,
            usage: answer.usage,
            cost_usd: answer.cost_usd,
            seconds: Some(seconds),
            attempts: Some(attempts.into()),
            ..Reply::by("lr-llm", answer.text)
        }
    }

    /// The failure as an error of the program, in which the key does not stand.
    fn error(&self, failure: Failure) -> Error {
        let redact = |text| key::redact(self.key.as_ref(), text);
        Failure {
            message: redact(failure.message),
            hint: failure.hint.map(redact),
            ..failure
        }
        .into()
    }
}

/// Understands a response whose status is not a success.
fn refusal(response: http::Response, target: &Target<'_>) -> Failure {
    let mut body = Vec::new();
    // What could be read of it is enough.
    let _ = response.body.take(MAX_ERROR_BYTES).read_to_end(&mut body);
    let complaint = complaint::from_body(&String::from_utf8_lossy(&body));
    failure::of_status(
        &target.endpoint.to_string(),
        response.status,
        &complaint,
        &response.hints,
    )
}

/// A number from 0 to 1 that nobody can foresee.
fn chance() -> f64 {
    let random = RandomState::new().build_hasher().finish();
    f64::from((random >> 32) as u32) / f64::from(u32::MAX)
}
