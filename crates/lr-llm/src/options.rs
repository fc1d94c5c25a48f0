//! From flags and configuration to decisions, in one place.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use lr_config::{Config, Settings};
use lr_stage::environment::var;
use lr_stage::{Error, Kind, say};
use serde::Deserialize;

use crate::args::{Args, BudgetArguments, LimitArguments, ModelArguments};
use crate::choose::{Told, Wanted};
use crate::command;
use crate::exchange::TimeLimits;
use crate::key::KeySource;
use crate::ledger::Ceiling;
use crate::price::Flat;
use crate::record::Recordings;
use crate::rerun::Rerun;
use crate::retry::Limits;
use crate::terms::Terms;
use crate::wishes::{self, Settled};

/// How long a server that goes away after a request has reached it is waited for, unless told.
const RESTART: Duration = Duration::from_secs(60);

/// The most seconds that a limit can have: a year, which no clock overflows at.
const LONGEST: f64 = 31_536_000.0;

/// How many turns are asked about at once, unless the user says so.
const JOBS: usize = 4;

/// The table `[llm]` of the configuration.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
struct LlmSettings {
    model: Option<String>,
    fallback: Vec<String>,
    provider: Option<String>,
    base_url: Option<String>,
    api_key_env: Option<String>,
    api_key_file: Option<PathBuf>,
    api_key_cmd: Option<String>,
    temperature: Option<f64>,
    max_tokens: Option<u64>,
    seed: Option<i64>,
    connect_timeout: Option<f64>,
    first_byte_timeout: Option<f64>,
    idle_timeout: Option<f64>,
    timeout: Option<f64>,
    retries: Option<u32>,
    outage: Option<f64>,
    max_calls: Option<u64>,
    max_total_tokens: Option<u64>,
    max_cost: Option<f64>,
    max_time: Option<f64>,
    price: Option<String>,
    jobs: Option<NonZeroUsize>,
}

impl Settings for LlmSettings {
    const TABLE: &'static str = "llm";
    const USER_ONLY: &'static [&'static str] = &[
        "provider",
        "base-url",
        "api-key-env",
        "api-key-file",
        "api-key-cmd",
    ];

    fn check(&self, is_project: bool) -> Result<(), String> {
        let mut models = self.model.iter().chain(&self.fallback);
        match models.find(|model| command::line(model).is_some()) {
            Some(model) if is_project => Err(format!(
                "a project may not name a program as its model ('{model}'): set it in your own config.toml"
            )),
            _ => Ok(()),
        }
    }
}

/// Where replies are kept.
#[derive(Debug)]
pub(crate) enum Tape {
    /// Nowhere.
    None,
    /// Answers are written here.
    Record(Recordings),
    /// Answers come from here.
    Replay(Recordings),
    /// Answers come from the record of a run.
    Rerun(Rerun),
}

/// What was decided.
#[derive(Debug)]
pub(crate) struct Options {
    pub(crate) wanted: Wanted,
    /// The models that stand in for the one that is wanted, in their order.
    pub(crate) fallbacks: Vec<String>,
    pub(crate) key: KeySource,
    pub(crate) terms: Terms,
    pub(crate) ceiling: Ceiling,
    /// Time for everything.
    pub(crate) max_time: Option<Duration>,
    pub(crate) tape: Tape,
    /// How many turns are asked about at once.
    pub(crate) jobs: usize,
}

impl Options {
    /// Lays the flags over the configuration.
    ///
    /// # Errors
    ///
    /// `usage` for values that make no sense, `config` for a configuration that cannot be used.
    pub(crate) fn decide(args: &Args) -> Result<Options, Error> {
        let settings: LlmSettings = Config::load(&args.common)?.settings()?;
        let flags = &args.model;
        let key = key_source(flags, &settings);
        let max_time = args.budget.max_time.or(settings.max_time);
        Ok(Options {
            terms: Terms {
                wishes: wishes::decide(
                    &args.request,
                    args.reply.schema.as_deref(),
                    Settled {
                        temperature: settings.temperature,
                        max_tokens: settings.max_tokens,
                        seed: settings.seed,
                    },
                )?,
                limits: limits(&args.limits, &settings)?,
                price: price(&args.budget, &settings)?,
                is_local: flags.local.is_some(),
                hidden: hidden(&key),
            },
            key,
            ceiling: ceiling(&args.budget, &settings)?,
            max_time: match max_time {
                Some(_) => Some(seconds("max-time", max_time, LONGEST)?),
                None => None,
            },
            tape: tape(args),
            fallbacks: fallbacks(&flags.fallback, &settings),
            jobs: args.jobs.or(settings.jobs).map_or(JOBS, NonZeroUsize::get),
            wanted: wanted(args, settings),
        })
    }
}

/// The strongest layer that names a place decides about the place, the strongest that names a model about the model.
fn wanted(args: &Args, settings: LlmSettings) -> Wanted {
    let given = |flag: &Option<String>| flag.clone().filter(|text| !text.is_empty());
    let flags = &args.model;
    let layers = [
        (
            given(&flags.model).or_else(|| given(&flags.local)),
            given(&flags.provider),
            given(&flags.base_url),
            flags.local.is_some(),
        ),
        (
            var("LR_MODEL"),
            var("LR_PROVIDER"),
            var("LR_BASE_URL"),
            false,
        ),
        (settings.model, settings.provider, settings.base_url, false),
    ];
    let mut wanted = Wanted::default();
    let mut has_place = false;
    for (position, (model, provider, base_url, local)) in layers.into_iter().enumerate() {
        if position == 2 {
            // What follows is settled for all questions, not told for this one.
            wanted.told = Told {
                model: wanted.model.is_some(),
                place: has_place,
            };
        }
        let names_place = provider.is_some() || base_url.is_some() || local;
        if wanted.model.is_none() {
            wanted.model_is_weaker = has_place;
            wanted.model = model;
        }
        if names_place && !has_place {
            has_place = true;
            (wanted.provider, wanted.base_url, wanted.local) = (provider, base_url, local);
        }
    }
    wanted
}

/// A flag counts more than the configuration, whichever it is.
fn key_source(flags: &ModelArguments, settings: &LlmSettings) -> KeySource {
    let given = flags.api_key.clone().filter(|key| !key.is_empty());
    if given.is_some() {
        say::warn(
            "others can see the key given with '--api-key' in the list of processes; a variable or '--api-key-file' hides it",
        );
    }
    let source = KeySource {
        given,
        file: flags.api_key_file.clone(),
        command: flags.api_key_cmd.clone(),
        variable: flags.api_key_env.clone(),
        kept: None,
    };
    if source.is_named() {
        return source;
    }
    KeySource {
        file: settings.api_key_file.clone(),
        command: settings.api_key_cmd.clone(),
        variable: settings.api_key_env.clone(),
        ..source
    }
}

/// The variables that hold keys because the user says so.
fn hidden(key: &KeySource) -> Vec<String> {
    let configured = lr_config::keys::variables().iter();
    configured.chain(&key.variable).cloned().collect()
}

fn fallbacks(flags: &[String], settings: &LlmSettings) -> Vec<String> {
    let variable = || {
        let list = var("LR_FALLBACK")?;
        Some(list.split(',').map(str::to_owned).collect())
    };
    let models = if flags.is_empty() {
        variable().unwrap_or_else(|| settings.fallback.clone())
    } else {
        flags.to_vec()
    };
    let names = models.iter().map(|model| model.trim());
    names
        .filter(|name| !name.is_empty())
        .map(str::to_owned)
        .collect()
}

/// Flags count more than variables, so that a recording can be made where replies are usually replayed.
fn tape(args: &Args) -> Tape {
    let record = |folder: PathBuf| Tape::Record(Recordings::new(&folder));
    let replay = |folder: PathBuf| match Rerun::in_folder(&folder) {
        Some(run) => Tape::Rerun(run),
        None => Tape::Replay(Recordings::new(&folder)),
    };
    let variable = |name| var(name).map(PathBuf::from);
    let recording = args.record.clone().map(record);
    recording
        .or_else(|| args.replay.clone().map(replay))
        .or_else(|| variable("LR_REPLAY").map(replay))
        .or_else(|| variable("LR_RECORD").map(record))
        .unwrap_or(Tape::None)
}

fn limits(flags: &LimitArguments, settings: &LlmSettings) -> Result<Limits, Error> {
    let time = TimeLimits {
        connect: seconds(
            "connect-timeout",
            flags.connect_timeout.or(settings.connect_timeout),
            10.0,
        )?,
        first_byte: seconds(
            "first-byte-timeout",
            flags.first_byte_timeout.or(settings.first_byte_timeout),
            300.0,
        )?,
        idle: seconds(
            "idle-timeout",
            flags.idle_timeout.or(settings.idle_timeout),
            120.0,
        )?,
        whole: seconds("timeout", flags.timeout.or(settings.timeout), 900.0)?,
    };
    let retries = flags.retries.or(settings.retries).unwrap_or(3);
    let outage = flags.outage.or(settings.outage);
    Ok(Limits {
        time,
        max_attempts: retries.saturating_add(1),
        outage: match outage {
            None | Some(0.0) => Duration::ZERO,
            outage => seconds("outage", outage, LONGEST)?,
        },
        restart: match (outage, retries) {
            (None, 1..) => RESTART,
            _ => Duration::ZERO,
        },
    })
}

fn ceiling(flags: &BudgetArguments, settings: &LlmSettings) -> Result<Ceiling, Error> {
    let max_cost = flags.max_cost.or(settings.max_cost);
    if max_cost.is_some_and(|cost| !cost.is_finite() || cost < 0.0) {
        return Err(Error::new(
            Kind::Usage,
            "'max-cost' is an amount of US dollars from 0 on",
        ));
    }
    Ok(Ceiling {
        calls: flags.max_calls.or(settings.max_calls),
        tokens: flags.max_total_tokens.or(settings.max_total_tokens),
        microusd: max_cost.map(lr_turn::microusd),
    })
}

fn price(flags: &BudgetArguments, settings: &LlmSettings) -> Result<Option<Flat>, Error> {
    let Some(text) = flags.price.as_ref().or(settings.price.as_ref()) else {
        return Ok(None);
    };
    let price = Flat::parse(text).ok_or_else(|| {
        Error::new(Kind::Usage, format!("'{text}' is no price"))
            .hint("'--price 0.15,0.60': a million tokens in cost 0.15 USD, a million out 0.60")
    })?;
    Ok(Some(price))
}

fn seconds(name: &str, value: Option<f64>, default: f64) -> Result<Duration, Error> {
    let value = value.unwrap_or(default);
    if value > 0.0 && value.is_finite() {
        return Ok(Duration::from_secs_f64(value.min(LONGEST)));
    }
    Err(Error::new(
        Kind::Usage,
        format!("'{name}' must be more than 0 seconds"),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_setting_is_listed() {
        assert_eq!(lr_config::unlisted::<LlmSettings>(), Vec::<String>::new());
    }
}
