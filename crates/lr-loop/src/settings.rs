//! The table `[loop]` of a configuration file, and the limits that it and the flags set together.

use std::time::Duration;

use lr_config::Settings;
use lr_stage::{Error, Kind};
use serde::Deserialize;

use crate::args::{Asking, Condition, Keep, Stopping, Until};
use crate::money;
use crate::stop::{Amounts, Limits};

/// The table `[loop]` of a configuration file.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct LoopSettings {
    pub(crate) iterations: Option<u64>,
    pub(crate) max_calls: Option<u64>,
    pub(crate) max_total_tokens: Option<u64>,
    pub(crate) max_cost: Option<f64>,
    pub(crate) max_time: Option<f64>,
    pub(crate) patience: Option<u64>,
    pub(crate) until: Option<Until>,
    pub(crate) escalate: Option<String>,
    pub(crate) tries: Option<u64>,
    pub(crate) keep: Option<Keep>,
    #[serde(rename = "if")]
    pub(crate) condition: Option<Condition>,
}

impl Settings for LoopSettings {
    const TABLE: &'static str = "loop";

    fn check(&self, is_project: bool) -> Result<(), String> {
        let runs = |model: &&String| model.starts_with("command:");
        match self.escalate.as_ref().filter(runs) {
            Some(model) if is_project => Err(format!(
                "a project may not name a program as its model ('{model}'): set it in your own config.toml"
            )),
            _ => Ok(()),
        }
    }
}

/// Returns the limits: those of flags and variables, else those of the configuration.
pub(crate) fn limits(
    stopping: &Stopping,
    asking: &Asking,
    settings: &LoopSettings,
) -> Result<Limits, Error> {
    let has_another = asking.escalate.is_some() || settings.escalate.is_some();
    let tries = asking.tries.or(settings.tries).unwrap_or(2);
    let max_time = stopping.max_time.or(settings.max_time);
    let max_cost = stopping.max_cost.or(settings.max_cost);
    Ok(Limits {
        iterations: stopping.iterations.or(settings.iterations).unwrap_or(100),
        patience: stopping.patience.or(settings.patience).unwrap_or(3),
        until: stopping.until.or(settings.until).unwrap_or(Until::Clean),
        tries: has_another.then_some(tries),
        budget: Amounts {
            calls: stopping.max_calls.or(settings.max_calls),
            tokens: stopping.max_total_tokens.or(settings.max_total_tokens),
            microusd: amount("max-cost", max_cost, money::read)?,
            millis: amount("max-time", max_time, milliseconds)?,
        },
    })
}

/// Reads an amount with a point in it.
fn amount(
    name: &str,
    value: Option<f64>,
    read: fn(f64) -> Option<u64>,
) -> Result<Option<u64>, Error> {
    let Some(value) = value else { return Ok(None) };
    match read(value) {
        Some(amount) => Ok(Some(amount)),
        None => Err(Error::new(
            Kind::Usage,
            format!("{name} cannot be '{value}'"),
        )),
    }
}

fn milliseconds(seconds: f64) -> Option<u64> {
    let time = Duration::try_from_secs_f64(seconds).ok()?;
    u64::try_from(time.as_millis()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_setting_is_listed() {
        assert_eq!(lr_config::unlisted::<LoopSettings>(), Vec::<String>::new());
    }
}
