//! Whether each checker still finds something in a file that is known to be bad.
//!
//! A mistyped option in a configuration, or a new version, can turn a checker off without a word: it
//! then calls everything clean. The files come from the checker's entry and are checked in a folder
//! of their own, so that nothing of the project's matters but which program it has installed.

use std::num::NonZeroUsize;
use std::path::Path;

use lr_exec::signals;
use lr_files::Root;
use lr_stage::{Error, Kind, Status};
use lr_turn::{CheckResult, CheckStatus};
use serde::Serialize;

use crate::TIMEOUT;
use crate::args::Args;
use crate::calls::calls;
use crate::carry_out::interrupted;
use crate::catalogue::Checker;
use crate::checker;
use crate::detect::{Appetite, Detector};
use crate::installed;
use crate::inventory::table;
use crate::remarks::Remarks;
use crate::run::Runner;
use crate::schedule;
use crate::scratch::Scratch;
use crate::sources::{Sources, Taste};

/// How a checker did.
#[derive(Serialize)]
pub(crate) struct Row {
    name: String,
    /// Whether it found something.
    bites: bool,
    /// What it did instead.
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<String>,
}

/// Tries the checkers that are installed.
///
/// # Errors
///
/// `nothing_checked` where none is installed, and what keeps it from trying any.
pub(crate) fn rows(
    (checkers, detector): (&[&Checker], &Detector),
    args: &Args,
    jobs: Option<NonZeroUsize>,
) -> Result<Vec<Row>, Error> {
    signals::install()
        .map_err(|error| Error::new(Kind::Io, "cannot listen for signals").because(error))?;
    let root =
        Root::open(Path::new(".")).map_err(|error| Error::new(Kind::Io, error.to_string()))?;
    let here = root.path();
    let can_be_tried =
        |checker: &&Checker| !checker.selftest.is_empty() && installed::is_there(checker, here);
    let checkers: Vec<Checker> = checkers
        .iter()
        .copied()
        .filter(can_be_tried)
        .map(|checker| with_the_program_of(checker, here))
        .collect();
    if checkers.is_empty() {
        return Err(Error::new(Kind::NothingChecked, "no checker is installed")
            .hint("lr-check --list says how to install them"));
    }
    let jobs = jobs
        .or_else(|| std::thread::available_parallelism().ok())
        .map_or(1, NonZeroUsize::get);
    let rows = schedule::in_parallel(
        &checkers,
        jobs,
        |_| 0.0,
        |checker| {
            let result = attempt(checker, args, detector)
                .unwrap_or_else(|why| Some(checker::not_run(checker, CheckStatus::Broken, why)))?;
            Some(row(checker, &result))
        },
    );
    rows.ok_or_else(interrupted)
}

/// Returns the checker with its program's absolute path where the project has it.
fn with_the_program_of(checker: &Checker, project: &Path) -> Checker {
    let mut checker = checker.clone();
    let program = installed::program(&checker, project);
    if program.contains('/') && !program.starts_with('/') {
        let path = project.join(program).to_string_lossy().into_owned();
        if let Some(first) = checker.argv.first_mut() {
            *first = path;
        }
    }
    checker.local.clear();
    checker
}

/// Checks the bad files of a checker; `None` when it was interrupted.
fn attempt(
    checker: &Checker,
    args: &Args,
    detector: &Detector,
) -> Result<Option<CheckResult>, String> {
    let scratch = Scratch::new().map_err(|error| format!("cannot make a folder: {error}"))?;
    let mut names = Vec::new();
    for (name, text) in &checker.selftest {
        let path = scratch.file(name);
        let written = path
            .parent()
            .map_or(Ok(()), std::fs::create_dir_all)
            .and_then(|()| std::fs::write(&path, text));
        written.map_err(|error| format!("cannot write its file: {error}"))?;
        names.push(name.into());
    }
    let root = Root::open(scratch.path()).map_err(|error| error.to_string())?;
    let sources = Sources::collect(root, &names, &Taste::TextsBut(None))
        .map_err(|error| error.to_string())?;
    let appetite = Appetite::of(checker)?;
    let takes = |path: &str, text: &str| {
        let language = detector.language(path, text);
        language.is_some_and(|language| appetite.takes(path, language))
    };
    let files = sources.files().iter();
    let files = files.filter(|file| takes(&file.path, file.text()));
    let files: Vec<&str> = files.map(|file| file.path.as_str()).collect();
    let runner = Runner {
        directory: sources.root().path().to_path_buf(),
        timeout: args.timeout.unwrap_or(TIMEOUT),
        keep_env: args.env.clone(),
        remarks: Remarks::default(),
    };
    let calls = calls(checker, &[files], |_| 0, true, 1);
    let call = calls.first().ok_or("its files are none that it takes")?;
    Ok(checker::run(call, &runner, &sources))
}

fn row(checker: &Checker, result: &CheckResult) -> Row {
    let bites = result.status() == CheckStatus::Findings;
    let why = match (bites, &result.why, result.status()) {
        (true, ..) => None,
        (false, Some(why), _) => Some(why.clone()),
        (false, None, CheckStatus::Clean) => Some("it found nothing".to_owned()),
        (false, None, _) => Some("it did not work".to_owned()),
    };
    Row {
        name: checker.name.clone(),
        bites,
        why,
    }
}

/// Returns the exit status: trouble where one of them did not bite.
pub(crate) fn status(rows: &[Row]) -> Status {
    if rows.iter().all(|row| row.bites) {
        Status::Done
    } else {
        Kind::Broken.status()
    }
}

/// Writes for people how all did.
pub(crate) fn page(rows: &[Row]) -> String {
    let line = |row: &Row| {
        let word = match &row.why {
            None => "bites".to_owned(),
            Some(why) => format!("DOES NOT BITE: {why}"),
        };
        vec![row.name.clone(), word]
    };
    table(&rows.iter().map(line).collect::<Vec<_>>())
}
