//! What the command line and the configuration say together.

use std::cell::RefCell;

use lr_blocks::MAX_SHRINK;
use lr_config::{Config, Settings};
use lr_files::Root;
use lr_stage::{Error, Kind, project};
use serde::Deserialize;

use crate::args::{Args, LeaveArguments};
use crate::patterns::Patterns;
use crate::protected::Protected;
use crate::rules::Rules;
use crate::work_tree::WorkTree;

/// The table `[apply]` of the configuration.
///
/// A project may set all of it: it can thereby loosen only what may become of its own files, and
/// neither lift what lr itself is steered by nor what the user protects.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
struct ApplySettings {
    allow_new: Vec<String>,
    allow_delete: Vec<String>,
    max_shrink: Option<u8>,
    no_new_suppressions: bool,
    protect: Vec<String>,
}

impl Settings for ApplySettings {
    const TABLE: &'static str = "apply";
    const JOINED: &'static [&'static str] = &["protect"];
}

/// Decides what a reply may do in this working directory.
///
/// # Errors
///
/// `config` when the configuration cannot be used, `usage` when a pattern cannot.
pub(crate) fn rules(args: &Args, root: &Root) -> Result<Rules, Error> {
    let settings: ApplySettings = Config::load(&args.common)?.settings()?;
    let work_tree = WorkTree::of(root.path(), &project::root(root.path()));
    let LeaveArguments {
        allow_new,
        allow_delete,
        max_shrink,
        no_new_suppressions,
        ..
    } = &args.leave;
    let either = |flags: &[String], configured: &[String]| {
        if flags.is_empty() {
            Patterns::new(configured, work_tree.prefix())
        } else {
            Patterns::new(flags, "")
        }
    };
    if settings.max_shrink.is_some_and(|percent| percent > 100) {
        let message =
            "cannot use 'max-shrink' in [apply]: it is a number of percent, from 0 to 100";
        return Err(Error::new(Kind::Config, message));
    }
    Ok(Rules {
        new: either(allow_new, &settings.allow_new)?,
        delete: either(allow_delete, &settings.allow_delete)?,
        protected: Protected::new(&settings.protect, &work_tree.hooks(), work_tree.prefix())?,
        max_shrink: max_shrink.or(settings.max_shrink).unwrap_or(MAX_SHRINK),
        no_new_suppressions: *no_new_suppressions || settings.no_new_suppressions,
        work_tree,
        names: RefCell::default(),
    })
}
