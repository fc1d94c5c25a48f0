//! One question to one model over the network: attempts, waits and limits.

mod prepare;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use lr_stage::{Error, Kind, say};
use lr_turn::{Charge, Reply};
use serde_json::Value;

use crate::answer::{self, Listener, MAX_STREAM_BYTES, Stop};
use crate::choose::Choice;
use crate::exchange::{Answer, Spent, TimeLimits};
use crate::failure::{Failure, Retry};
use crate::http::{self, Target};
use crate::key::Key;
use crate::ollama::{self, Ollama};
use crate::price::Price;
use crate::purse::{Bill, Purse};
use crate::redact::{Redactor, redact};
use crate::request::{Request, amount};
use crate::retry::{self, Budget, Decision};
use crate::terms::{Question, Terms};
use crate::wire::Model;
use crate::{models, refusal};

/// One model at one endpoint. Several questions may be asked at the same time.
#[derive(Debug)]
pub(crate) struct Client {
    pub(crate) choice: Choice,
    key: Option<Key>,
    terms: Terms,
    purse: Arc<Purse>,
    /// The model's name, once it is known.
    model: Mutex<Option<String>>,
    price: OnceLock<Price>,
    /// Whether a request has reached the server.
    was_reached: AtomicBool,
    /// What is known of its server, if that is an Ollama.
    ollama: Ollama,
    /// Set once it was said what is left out of requests.
    left_out: OnceLock<()>,
}

impl Client {
    /// A client that has not sent anything yet.
    pub(crate) fn new(choice: Choice, key: Option<Key>, terms: Terms, purse: Arc<Purse>) -> Self {
        Client {
            model: Mutex::new(choice.model.clone()),
            price: OnceLock::new(),
            left_out: OnceLock::new(),
            ollama: Ollama::default(),
            was_reached: AtomicBool::new(false),
            choice,
            key,
            terms,
            purse,
        }
    }

    /// What the model is called, as far as it is known without asking.
    pub(crate) fn name(&self) -> String {
        let host = || format!("the newest of {}", self.choice.endpoint);
        self.choice.model.clone().unwrap_or_else(host)
    }

    /// The model's name; asks the server for its newest model when none is named.
    fn model(&self) -> Result<String, Error> {
        let mut known = self.model.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(model) = &*known {
            return Ok(model.clone());
        }
        let newest = models::newest(&self.choice, || self.models());
        let model = newest.map_err(|failure| self.error(failure))?;
        let host = &self.choice.endpoint;
        say::detail(1, &format!("the newest model of '{host}' is '{model}'"));
        Ok(known.insert(model).clone())
    }

    /// What is known of the server, if it is one of those that load models when they are asked for.
    fn loader(&self) -> Option<&Ollama> {
        let loads = self.choice.provider.protocol.loads_models();
        loads.then_some(&self.ollama)
    }

    /// Starts the server, if it is one to be started and is not there. Gives whether that was needed.
    fn start(&self, is_alone: bool) -> Result<bool, Error> {
        let Some(server) = self.loader().filter(|_| self.terms.is_local) else {
            return Ok(false);
        };
        let headers = self.choice.provider.headers_for("");
        let target = self.target(&headers, self.longest());
        let started = server.start(&target, is_alone, &self.terms.hidden);
        started.map_err(|failure| self.error(failure))
    }

    /// Sees to it that an Ollama is there with its model, and learns what that can take.
    fn make_ready(&self, is_alone: bool) -> Result<(), Error> {
        let Some(server) = self.loader() else {
            return Ok(());
        };
        self.start(is_alone)?;
        let model = self.model()?;
        let headers = self.choice.provider.headers_for(&model);
        let target = self.target(&headers, self.longest());
        let time = self.purse.time_left().unwrap_or(ollama::LOADING);
        let loading = self.terms.is_local.then_some(time);
        let learned = server.learn(&target, &model, loading);
        learned.map_err(|failure| self.error(failure))
    }

    /// Starts the server as for a question. Gives its address, and whether it was started here.
    pub(crate) fn serve(&self) -> Result<(String, bool), Error> {
        let is_started = self.start(false)?;
        Ok((self.choice.endpoint.url(""), is_started))
    }

    /// The provider, and the models that its server offers.
    pub(crate) fn offered(&self) -> Result<(String, Vec<Model>), Error> {
        self.start(true)?;
        let models = self.models().map_err(|failure| self.error(failure))?;
        Ok((self.choice.provider.name.clone(), models))
    }

    /// The request that a question becomes, without its key.
    pub(crate) fn request(&self, question: Question<'_>) -> Result<Value, Error> {
        let provider = &self.choice.provider;
        let url = self.choice.endpoint.url(provider.protocol.path());
        let key_header = self
            .key
            .as_ref()
            .map(|key| key.header(provider.key_header()));
        Ok(self.prepare(question)?.shown(&url, key_header))
    }

    /// Asks until there is an answer or no hope for one. The text also goes to `listener` as it comes.
    ///
    /// # Errors
    ///
    /// What the last attempt failed of, without the key; and what `listener` fails of.
    pub(crate) fn ask(
        &self,
        question: Question<'_>,
        listener: &mut dyn Listener,
        bill: &Bill,
    ) -> Result<Reply, Error> {
        self.make_ready(question.place.is_none())?;
        let start = Instant::now();
        let request = self.prepare(question)?;
        let (model, host, tokens) = (&request.model, &self.choice.endpoint, request.need.input);
        say::detail(
            1,
            &format!("asking '{model}' at '{host}', at most {tokens} tokens"),
        );
        let mut attempts = 0;
        let mut down_since = None;
        loop {
            attempts += 1;
            let result = self.attempt(&request, start, listener, bill);
            let failure = match result {
                Ok(answer) => return Ok(self.reply(request, answer, start.elapsed())),
                Err(Stop::Listener(error)) => return Err(error),
                Err(Stop::Failed(failure)) if listener.has_shown() => failure.retry(Retry::Never),
                Err(Stop::Failed(failure)) => failure,
            };
            let down_since = down_since.get_or_insert_with(Instant::now);
            let was_reached = self.was_reached.load(Ordering::Relaxed);
            let limits = &self.terms.limits;
            let budget = Budget {
                outage_left: limits
                    .outage(&failure, was_reached)
                    .saturating_sub(down_since.elapsed()),
                attempts,
                max_attempts: limits.max_attempts,
                time_left: self.time_left(start),
            };
            let wait = self.before_next(&failure, budget, request.most);
            let wait = wait.map_err(|failure| self.error(failure))?;
            let announcement = retry::announcement(&failure, wait, budget);
            say::note(&self.redact(announcement));
            thread::sleep(wait);
            listener.still_there()?;
        }
    }

    /// Sends a request as soon as the limits of the program allow for it, and settles what it took.
    fn attempt(
        &self,
        request: &Request,
        start: Instant,
        listener: &mut dyn Listener,
        bill: &Bill,
    ) -> Result<Answer, Stop> {
        let account = self.purse.open(request.place, request.most, bill)?;
        let time_left = self.time_left(start).min(self.longest());
        let result = self.send(request, time_left, listener);
        let price = || self.price(&request.model);
        let taken = match &result {
            Ok(answer) => request.taken(Some(&answer.spent), price),
            Err(Stop::Failed(failure)) => request.taken(failure.spent.as_deref(), price),
            Err(Stop::Listener(_)) => request.most,
        };
        let was_sent = !matches!(&result, Err(Stop::Failed(failure)) if failure.is_unsent());
        self.was_reached.fetch_or(was_sent, Ordering::Relaxed);
        account.close(taken, was_sent);
        result
    }

    fn send(
        &self,
        request: &Request,
        time_left: Duration,
        listener: &mut dyn Listener,
    ) -> Result<Answer, Stop> {
        let target = Target {
            path: self.choice.provider.protocol.path(),
            max_bytes: MAX_STREAM_BYTES,
            has_tools: request.has_tools,
            ..self.target(&request.headers, time_left)
        };
        let response = http::post(&target, request.body.to_string().as_bytes())?;
        if (200..300).contains(&response.status) {
            return answer::read(response.body, &target, listener);
        }
        Err(refusal::of(response, &target).into())
    }

    /// How long to wait before the next attempt, if there is to be one.
    fn before_next(
        &self,
        failure: &Failure,
        budget: Budget,
        most: Charge,
    ) -> Result<Duration, Failure> {
        let time_left = self.purse.time_left();
        let failure = &self.in_time(failure.clone());
        match retry::decide(failure, budget, retry::chance()) {
            Decision::GiveUp(reason) => {
                let reason = reason.map_or(String::new(), |reason| format!("; {reason}"));
                let message = format!("{}{reason}", failure.message);
                Err(Failure {
                    message,
                    ..failure.clone()
                })
            }
            Decision::Wait(wait) => {
                if let Some(shortage) = self.purse.shortage(amount(most)) {
                    let shortage = Failure::from(shortage);
                    let message = format!("{}; {}", failure.message, shortage.message);
                    return Err(Failure {
                        message,
                        ..shortage
                    });
                }
                if time_left.is_some_and(|left| wait >= left) {
                    return Err(self.purse.out_of_time(Some(failure)));
                }
                Ok(wait)
            }
        }
    }

    fn price(&self, model: &str) -> &Price {
        let find = || Price::of(self.terms.price, &self.choice.endpoint, model);
        self.price.get_or_init(find)
    }

    fn time_left(&self, start: Instant) -> Duration {
        let whole = self.terms.limits.time.whole;
        whole.saturating_sub(start.elapsed())
    }

    /// The longest that a request may take that is sent now.
    fn longest(&self) -> Duration {
        let whole = self.terms.limits.time.whole;
        self.purse.time_left().map_or(whole, |left| left.min(whole))
    }

    /// A failure for want of time, as the limit of the program's time if that is what has passed.
    fn in_time(&self, failure: Failure) -> Failure {
        if failure.kind == Kind::TimedOut && self.purse.time_left() == Some(Duration::ZERO) {
            return self.purse.out_of_time(Some(&failure));
        }
        failure
    }

    /// Where a list of models is to be had, unless it is changed to be for something else.
    fn target<'a>(
        &'a self,
        headers: &'a BTreeMap<String, String>,
        time_left: Duration,
    ) -> Target<'a> {
        let provider = &self.choice.provider;
        Target {
            endpoint: &self.choice.endpoint,
            path: provider.protocol.models_path(),
            protocol: provider.protocol,
            headers,
            key_header: provider.key_header(),
            key: self.key.as_ref(),
            limits: TimeLimits {
                whole: time_left,
                ..self.terms.limits.time
            },
            max_bytes: models::MAX_BYTES,
            has_tools: false,
        }
    }

    fn models(&self) -> Result<Vec<Model>, Failure> {
        let headers = self.choice.provider.headers_for("");
        let models = models::offered(&self.target(&headers, self.longest()));
        let mut models = models.map_err(|failure| self.in_time(failure))?;
        let mut redactor = Redactor::new(self.key.as_ref());
        for model in &mut models {
            model.name = redactor.whole(std::mem::take(&mut model.name));
        }
        Ok(models)
    }

    fn reply(&self, request: Request, mut answer: Answer, took: Duration) -> Reply {
        let Request {
            model,
            need,
            has_tools,
            ..
        } = request;
        if self.loader().is_some() {
            ollama::check(need, answer.spent.usage);
        }
        let seconds = (took.as_secs_f64() * 1000.0).round() / 1000.0;
        let Spent { usage, cost_usd } = answer.spent;
        let computed = || self.price(&model).cost(&model, &usage?);
        let tool_calls = answer.take_calls(has_tools, |text| self.redact(text));
        Reply {
            provider: Some(self.choice.provider.name.clone()),
            finish: answer.finish,
            tool_calls,
            usage,
            cost_usd: cost_usd.or_else(computed),
            seconds: Some(seconds),
            model: Some(model),
            ..Reply::by("lr-llm", answer.text)
        }
    }

    /// A text without the key.
    fn redact(&self, text: String) -> String {
        redact(self.key.as_ref(), text)
    }

    /// The failure as an error of the program, in which the key does not stand.
    fn error(&self, failure: Failure) -> Error {
        Failure {
            message: self.redact(failure.message),
            hint: failure.hint.map(|hint| self.redact(hint)),
            ..failure
        }
        .into()
    }
}
