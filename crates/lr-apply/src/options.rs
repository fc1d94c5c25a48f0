//! What the command line and the configuration say together.

use std::cell::RefCell;

use lr_blocks::MAX_SHRINK;
use lr_config::{Config, Settings};
use lr_files::Root;
use lr_guard::{Guard, Patterns, check_lifted};
use lr_stage::Error;
use serde::Deserialize;

use crate::args::{Args, LeaveArguments};
use crate::rules::Rules;

/// The table `[apply]` of the configuration.
///
/// A project may set all of it: it can thereby loosen only what may become of its own files. It lifts the protection of
/// single files only, and neither of what lr itself is steered by nor of what the user protects.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
struct ApplySettings {
    allow_new: Vec<String>,
    allow_delete: Vec<String>,
    max_shrink: Option<i64>,
    no_new_suppressions: bool,
    protect: Vec<String>,
}

impl Settings for ApplySettings {
    const TABLE: &'static str = "apply";
    const JOINED: &'static [&'static str] = &["protect"];

    fn check(&self, is_project: bool) -> Result<(), String> {
        if self
            .max_shrink
            .is_some_and(|percent| !(0..=100).contains(&percent))
        {
            return Err("'max-shrink' in [apply] is a number of percent, from 0 to 100".to_owned());
        }
        check_lifted(&self.protect, is_project)
    }
}

/// Decides what a reply may do in this working directory.
///
/// # Errors
///
/// `config` when the configuration cannot be used, `usage` when a pattern cannot.
pub(crate) fn rules(args: &Args, root: &Root) -> Result<Rules, Error> {
    let settings: ApplySettings = Config::load(&args.common)?.settings()?;
    let guard = Guard::new(root, &settings.protect)?;
    let LeaveArguments {
        allow_new,
        allow_delete,
        max_shrink,
        no_new_suppressions,
        ..
    } = &args.leave;
    let either = |flags: &[String], configured: &[String]| {
        if flags.is_empty() {
            Patterns::new(configured, guard.prefix())
        } else {
            Patterns::new(flags, "")
        }
    };
    let configured = settings
        .max_shrink
        .and_then(|percent| u8::try_from(percent).ok());
    Ok(Rules {
        new: either(allow_new, &settings.allow_new)?,
        delete: either(allow_delete, &settings.allow_delete)?,
        max_shrink: max_shrink.or(configured).unwrap_or(MAX_SHRINK),
        no_new_suppressions: *no_new_suppressions || settings.no_new_suppressions,
        guard,
        names: RefCell::default(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_setting_is_listed() {
        assert_eq!(lr_config::unlisted::<ApplySettings>(), Vec::<String>::new());
    }
}
