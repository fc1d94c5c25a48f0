//! The list of checkers: which are installed, and which would run on the sources.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use lr_files::Root;
use lr_stage::{Error, Kind};
use serde::Serialize;

use crate::catalogue::{Checker, CheckerKind};
use crate::detect::{Appetite, Detector};
use crate::installed;
use crate::inventory::table;
use crate::plan::Choice;
use crate::said;
use crate::schedule;
use crate::sources::{Sources, Taste};

/// What there is to know about a checker.
#[derive(Serialize)]
pub(crate) struct Row {
    name: String,
    kind: CheckerKind,
    languages: Vec<String>,
    installed: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<String>,
    /// Why it does not run although it is installed.
    #[serde(skip_serializing_if = "Option::is_none")]
    trouble: Option<String>,
    /// Whether it runs where no checker is named.
    runs: bool,
    /// How many of the sources it takes.
    files: usize,
    /// Where the project configures it.
    #[serde(skip_serializing_if = "Option::is_none")]
    configured_in: Option<String>,
    /// What it cannot do without and the project does not have: one of these.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    needs: Vec<String>,
    install: Vec<String>,
}

/// Finds out about checkers.
///
/// # Errors
///
/// What keeps the sources from being collected.
pub(crate) fn rows(
    (checkers, detector): (&[&Checker], &Detector),
    usual: &Choice<'_>,
    named: &[PathBuf],
    jobs: Option<NonZeroUsize>,
) -> Result<Vec<Row>, Error> {
    let languages = checkers.iter().flat_map(|checker| &checker.languages);
    let taste = Taste::Languages(detector, languages.map(String::as_str).collect());
    let here = [PathBuf::from(".")];
    let named = if named.is_empty() { &here } else { named };
    let root =
        Root::open(Path::new(".")).map_err(|error| Error::new(Kind::Io, error.to_string()))?;
    let sources = Sources::collect(root, named, &taste)?;
    let jobs = jobs.map_or(4, NonZeroUsize::get);
    let rows = schedule::in_parallel(
        checkers,
        jobs,
        |_| 0.0,
        |checker| Some(row(checker, usual, detector, &sources)),
    );
    Ok(rows.unwrap_or_default())
}

fn row(checker: &Checker, usual: &Choice<'_>, detector: &Detector, sources: &Sources) -> Row {
    let directory = sources.root().path();
    let takes = |path: &str, text: &str| {
        let appetite = Appetite::of(checker).ok();
        let language = detector.language(path, text);
        appetite
            .is_some_and(|appetite| language.is_some_and(|language| appetite.takes(path, language)))
    };
    let files = sources.files().iter();
    let files = files.filter(|file| takes(&file.path, file.text())).count();
    let is_installed = installed::is_there(checker, directory);
    let version = if is_installed {
        installed::version(checker, directory)
    } else {
        Ok(None)
    };
    let trouble = version
        .as_ref()
        .err()
        .map(|why| said::clean(why, directory));
    let lacks = installed::configured_in(&checker.needs, directory).is_none();
    let configured_in = installed::configured_in(&checker.configured_by, directory);
    Row {
        name: checker.name.clone(),
        kind: checker.kind,
        languages: checker.languages.clone(),
        installed: is_installed,
        version: version.unwrap_or_default(),
        trouble,
        runs: files > 0 && usual.has(checker),
        files,
        configured_in: configured_in.map(str::to_owned),
        needs: if lacks {
            checker.needs.clone()
        } else {
            Vec::new()
        },
        install: checker.install.clone(),
    }
}

/// Writes the list for people.
pub(crate) fn page(rows: &[Row]) -> String {
    let heading = ["checker", "kind", "version", "here", "install"];
    let mut cells = vec![heading.map(str::to_owned).to_vec()];
    cells.extend(rows.iter().map(line));
    table(&cells)
}

fn line(row: &Row) -> Vec<String> {
    let kind = serde_json::to_value(row.kind).unwrap_or_default();
    let version = match (&row.version, row.installed) {
        _ if row.trouble.is_some() => "DOES NOT RUN",
        (Some(version), _) => version.as_str(),
        (None, true) => "installed",
        (None, false) => "-",
    };
    let ending = if row.files == 1 { "" } else { "s" };
    let here = match (row.runs, row.files) {
        (true, files) => format!("runs on {files} file{ending}"),
        (false, 0) => "no files for it".to_owned(),
        (false, _) if !row.needs.is_empty() => format!("needs {}", row.needs[0]),
        (false, files) => format!("by name, on {files} file{ending}"),
    };
    let install = match row.install.first() {
        Some(command) if !row.installed => command.as_str(),
        _ => "",
    };
    [
        &row.name,
        kind.as_str().unwrap_or_default(),
        version,
        &here,
        install,
    ]
    .map(str::to_owned)
    .to_vec()
}
