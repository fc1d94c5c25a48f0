//! Runs checkers over sources, and writes what they found as a turn.
//!
//! What to check is collected ([`sources`]), what to run is planned ([`plan`]) from the catalogue
//! ([`catalogue`]) or a command of the user's ([`script`]), the calls are made ([`schedule`],
//! [`checker`]), their output is read into findings ([`findings`]) and judged ([`verdict`]), and
//! all results make one answer ([`sum`]).
//!
//! Deliberately absent: repairing anything, and any knowledge of models. What a checker says is
//! data; nothing in it is obeyed.

mod added;
mod args;
mod belonging;
mod calls;
mod carried;
mod carry_out;
mod catalogue;
mod changed;
mod checker;
mod detect;
mod fail_fast;
mod findings;
mod from;
mod installed;
mod inventory;
mod list;
mod named;
mod own_files;
mod own_paths;
mod own_table;
mod plan;
mod previous;
mod remarks;
mod remember;
mod report;
mod run;
mod said;
#[cfg(test)]
mod samples;
mod schedule;
mod scratch;
mod script;
mod script_text;
mod selftest;
mod sources;
mod sum;
mod text;
mod unchecked;
mod verdict;
mod volatile;
mod watch;

use std::num::NonZeroUsize;
use std::path::Path;
use std::time::Duration;

use lr_config::{Config, Settings};
use lr_exec::signals;
use lr_files::Root;
use lr_stage::output::Output;
use lr_stage::{Error, Form, Kind, Status, clock, environment, exit_zero, input, say};
use lr_turn::{Check, CheckResult, Id, Rank, Turn};
use serde::Deserialize;

pub use args::Args;
use catalogue::Catalogue;
use changed::Changed;
use detect::Detector;
pub use from::ReportFrom;
use plan::Choice;
use previous::Before;
use remarks::Remarks;
pub use report::{ColourWhen, ReportForm};
use run::Runner;
use script::Command;
use sources::{Sources, Taste};

/// How long a checker may take unless the user says otherwise.
const TIMEOUT: Duration = Duration::from_secs(300);

/// The table `[check]` of the configuration.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct CheckSettings {
    /// The checkers to run, which must then be there.
    linters: Vec<String>,
    /// How long a checker may take, in seconds.
    timeout: Option<f64>,
    /// How many programs run at once.
    jobs: Option<NonZeroUsize>,
}

impl Settings for CheckSettings {
    const TABLE: &'static str = "check";
}

/// Runs `lr-check`.
///
/// # Errors
///
/// What keeps it from giving an answer at all; a checker that does not work is an answer.
pub fn run(mut args: Args) -> Result<Status, Error> {
    // Nothing between two commas, or an empty variable, names no checker.
    for names in [&mut args.linters, &mut args.skip] {
        names.retain(|name| !name.is_empty());
    }
    if args.list || args.selftest {
        return inventory::run(&args);
    }
    let changed = name_sources(&mut args)?;
    signals::install()
        .map_err(|error| Error::new(Kind::Io, "cannot listen for signals").because(error))?;
    let form = args.format.map(ReportForm::form);
    let mut output = Output::new(form, Form::Turn);
    let config = Config::load(&args.common)?;
    let settings: CheckSettings = config.settings()?;
    let before = match &args.previous {
        Some(path) => Before::read(&input::read_file(path)?)?,
        None => Before::default(),
    };
    if args.previous.is_some() {
        named::leave_out_deleted(&mut args.sources);
    }
    let catalogue = Catalogue::load(&config)?;
    let (sources, results) = if let Some(form) = args.from {
        from::read(form, &args.sources, &catalogue)?
    } else {
        let (sources, results) = run_checkers(&args, &settings, &catalogue, changed, &output)?;
        let Some(mut results) = results else {
            return nothing_changed(&mut output, &args, &sources, before);
        };
        before.said.carry(&mut results);
        (sources, results)
    };
    let check = sum::up(results);
    if !sum::anything_checked(&check) {
        let why = || unchecked::why(&args, &catalogue);
        return Err(report::nothing_checked(&check, why));
    }
    report::trouble(&check);
    report::write(
        &mut output,
        (args.format, args.color),
        (&check, &sources),
        || turn(&check, &sources, before),
    )?;
    Ok(exit_zero(sum::status(&check), args.exit_zero))
}

/// Runs checkers over the sources; no results where nothing has changed that is to be checked.
fn run_checkers(
    args: &Args,
    settings: &CheckSettings,
    catalogue: &Catalogue,
    changed: Option<Changed>,
    output: &Output,
) -> Result<(Sources, Option<Vec<CheckResult>>), Error> {
    let choice = choose(args, settings, catalogue)?;
    let detector = Detector::of(catalogue).map_err(|text| Error::new(Kind::Config, text))?;
    let mut sources = collect(args, &choice, &detector)?;
    if let Some(changed) = changed {
        sources.keep_only(|path| changed.contains(path));
        if sources.files().is_empty() {
            return Ok((sources, None));
        }
    }
    let runner = runner(args, settings, &sources)?;
    let results = carry_out::answers(
        args,
        settings,
        (&choice, &detector),
        (&runner, output),
        &sources,
    )?;
    for path in results.iter().flat_map(|result| &result.modified) {
        sources.refresh(path);
    }
    Ok((sources, Some(results)))
}

/// Puts together what is named on the command line and in lists; returns what has changed, where
/// only that is to be checked.
fn name_sources(args: &mut Args) -> Result<Option<Changed>, Error> {
    if let Some(list) = &args.files_from {
        args.sources.extend(named::read_list(list, args.null)?);
    }
    let here = Path::new(".");
    let changed = match &args.only_changed {
        None => None,
        Some(word) => {
            let commit = changed::commit_or_source(here, word, &mut args.sources);
            if args.sources.is_empty() {
                args.sources.push(here.to_path_buf());
            }
            Some(Changed::since(here, &commit)?)
        }
    };
    if args.sources.is_empty() && args.from.is_none() {
        return Err(Error::new(Kind::Usage, "no sources are named").hint("lr-check ."));
    }
    Ok(changed)
}

/// Answers that nothing is wrong with no files: there is nothing that could be repaired.
fn nothing_changed(
    output: &mut Output,
    args: &Args,
    sources: &Sources,
    before: Before,
) -> Result<Status, Error> {
    say::note("no source has changed, so nothing was checked");
    let check = Check {
        clean: true,
        rank: Some(Rank::default()),
        results: Vec::new(),
    };
    report::write(output, (args.format, args.color), (&check, sources), || {
        turn(&check, sources, before)
    })?;
    Ok(Status::Done)
}

fn choose<'a>(
    args: &Args,
    settings: &CheckSettings,
    catalogue: &'a Catalogue,
) -> Result<Choice<'a>, Error> {
    let command = match &args.script {
        Some(script) => Some(Command::from_script(script, args.project, args.stdin)?),
        None if args.command.is_empty() => None,
        None => Some(Command::from_words(args.command.clone())),
    };
    let names = match (&command, args.linters.is_empty()) {
        (None, true) => &settings.linters,
        _ => &args.linters,
    };
    Choice::new(catalogue, (names, &args.skip), command, Path::new("."))
}

fn collect(args: &Args, choice: &Choice<'_>, detector: &Detector) -> Result<Sources, Error> {
    let root =
        Root::open(Path::new(".")).map_err(|error| Error::new(Kind::Io, error.to_string()))?;
    let taste = match choice.languages() {
        Some(languages) => Taste::Languages(detector, languages),
        None => Taste::TextsBut(choice.own_file(root.path())),
    };
    Sources::collect(root, &args.sources, &taste)
}

fn runner(args: &Args, settings: &CheckSettings, sources: &Sources) -> Result<Runner, Error> {
    let configured = settings
        .timeout
        .map(Duration::try_from_secs_f64)
        .transpose()
        .map_err(|error| Error::new(Kind::Config, "cannot use 'timeout'").because(error))?;
    Ok(Runner {
        directory: sources.root().path().to_path_buf(),
        timeout: args.timeout.or(configured).unwrap_or(TIMEOUT),
        keep_env: args.env.clone(),
        remarks: Remarks::default(),
    })
}

fn turn(check: &Check, sources: &Sources, before: Before) -> Turn {
    let mut turn = Turn::new();
    let counted = environment::var("LR_TURN").and_then(|text| text.parse().ok());
    turn.set_id(&Id {
        run: environment::var("LR_RUN")
            .or_else(|| before.run.clone())
            .or_else(|| Some(clock::run_id())),
        turn: before.turn.map(|number| number + 1).or(counted).or(Some(1)),
        ..Id::default()
    });
    turn.set(&sources.section());
    if let Some(previous) = before.section(check) {
        turn.set(&previous);
    }
    turn.set(check);
    turn
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_setting_is_listed() {
        assert_eq!(lr_config::unlisted::<CheckSettings>(), Vec::<String>::new());
    }
}
