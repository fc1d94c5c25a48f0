//! What is to be run: which checkers on which files.

use std::path::Path;

use lr_config::closest;
use lr_stage::{Error, Kind, say};
use lr_turn::{CheckResult, CheckStatus};

use crate::catalogue::{Catalogue, Checker};
use crate::checker;
use crate::detect::{Appetite, Detector};
use crate::run::Runner;
use crate::script::{self, Command};
use crate::sources::Sources;

/// What the user wants to be run.
pub(crate) struct Choice<'a> {
    checkers: Vec<&'a Checker>,
    /// Whether the checkers were named, so that each must be there.
    named: bool,
    command: Option<Command>,
}

/// One step of the plan, which gives one result.
pub(crate) enum Step<'a> {
    /// A checker of the catalogue is called.
    Checker(checker::Call<'a>),
    /// A command of the user's is called.
    Script(script::Call<'a>),
    /// A checker is not called, for a reason.
    NotRun(CheckResult),
}

impl<'a> Choice<'a> {
    /// Takes the checkers that were named, else the command, else the usual checkers.
    ///
    /// # Errors
    ///
    /// `usage` for a name that is not in the catalogue.
    pub(crate) fn new(
        catalogue: &'a Catalogue,
        names: &[String],
        command: Option<Command>,
    ) -> Result<Self, Error> {
        if names.is_empty() {
            let usual = |checker: &&Checker| checker.default && command.is_none();
            return Ok(Self {
                checkers: catalogue.checkers().filter(usual).collect(),
                named: false,
                command,
            });
        }
        if let Some(unknown) = names.iter().find(|name| catalogue.find(name).is_none()) {
            return Err(unknown_checker(catalogue, unknown));
        }
        let is_named = |checker: &&Checker| names.contains(&checker.name);
        Ok(Self {
            checkers: catalogue.checkers().filter(is_named).collect(),
            named: true,
            command,
        })
    }

    /// Returns the languages that the checkers are for; `None` where a command takes any file.
    pub(crate) fn languages(&self) -> Option<Vec<&'a str>> {
        if self.command.is_some() {
            return None;
        }
        let all = self.checkers.iter().flat_map(|checker| &checker.languages);
        Some(all.map(String::as_str).collect())
    }

    /// Returns the path of the script in the directory that the command runs, if it is there.
    pub(crate) fn own_file(&self, directory: &Path) -> Option<String> {
        self.command.as_ref()?.own_file(directory)
    }

    /// Plans the steps for the sources, in the order of the catalogue, the command last.
    ///
    /// # Errors
    ///
    /// `config` for an entry of the catalogue that cannot be used.
    pub(crate) fn plan<'s>(
        &self,
        detector: &Detector,
        sources: &'s Sources,
    ) -> Result<Vec<Step<'s>>, Error>
    where
        'a: 's,
    {
        let files: Vec<(&str, &str)> = sources
            .files()
            .iter()
            .filter_map(|file| {
                let language = detector.language(&file.path, file.text())?;
                Some((file.path.as_str(), language))
            })
            .collect();
        let mut steps = Vec::new();
        for checker in &self.checkers {
            steps.extend(self.steps_of(checker, &files, sources)?);
        }
        if let Some(command) = &self.command {
            steps.extend(command.calls(sources).into_iter().map(Step::Script));
        }
        Ok(steps)
    }

    fn steps_of<'s>(
        &self,
        checker: &'a Checker,
        files: &[(&'s str, &str)],
        sources: &Sources,
    ) -> Result<Vec<Step<'s>>, Error>
    where
        'a: 's,
    {
        let not_run =
            |status, why: String| Ok(vec![Step::NotRun(checker::not_run(checker, status, why))]);
        let appetite = Appetite::of(checker).map_err(|error| {
            let message = format!("cannot use the entry of checker '{}'", checker.name);
            Error::new(Kind::Config, message).because(error)
        })?;
        let taken: Vec<&str> = files
            .iter()
            .filter(|(path, language)| appetite.takes(path, language))
            .map(|(path, _)| *path)
            .collect();
        let program = checker.argv.first().map_or("", String::as_str);
        let directory = sources.root().path();
        let installed = lr_exec::find(program, Some(directory)).is_some();
        match (installed, self.named) {
            (false, true) => not_run(CheckStatus::Missing, missing(checker)),
            _ if taken.is_empty() => not_run(CheckStatus::Skipped, nothing_for(checker)),
            (false, false) => {
                if let Some(file) = configured_in(checker, directory) {
                    say::warn(&format!(
                        "'{}' is configured in '{file}', but not installed",
                        checker.name
                    ));
                }
                not_run(CheckStatus::Skipped, "not installed".to_owned())
            }
            (true, _) => Ok(checker::calls(checker, &taken, self.named)
                .into_iter()
                .map(Step::Checker)
                .collect()),
        }
    }
}

impl Step<'_> {
    /// Runs the step; `None` when it was interrupted.
    pub(crate) fn run(&self, runner: &Runner, sources: &Sources) -> Option<CheckResult> {
        match self {
            Self::Checker(call) => checker::run(call, runner, sources),
            Self::Script(call) => script::run(call, runner, sources),
            Self::NotRun(result) => Some(result.clone()),
        }
    }

    /// Returns the name under which the step is known to people; `None` where nothing is run.
    pub(crate) fn name(&self) -> Option<&str> {
        match self {
            Self::Checker(call) => Some(&call.checker.name),
            Self::Script(call) => Some(call.name()),
            Self::NotRun(_) => None,
        }
    }

    /// Returns the files the step is about.
    pub(crate) fn files(&self) -> &[&str] {
        match self {
            Self::Checker(call) => &call.files,
            Self::Script(call) => &call.files,
            Self::NotRun(_) => &[],
        }
    }
}

fn unknown_checker(catalogue: &Catalogue, name: &str) -> Error {
    let names: Vec<&str> = catalogue.checkers().map(|known| &*known.name).collect();
    let error = Error::new(Kind::Usage, format!("no checker is called '{name}'"));
    match closest(name, &names) {
        Some(close) => error.hint(format!("did you mean '{close}'?")),
        None => error.hint(format!("the checkers are: {}", names.join(", "))),
    }
}

fn missing(checker: &Checker) -> String {
    match checker.install.first() {
        Some(command) => format!("not installed; one way is '{command}'"),
        None => "not installed".to_owned(),
    }
}

fn nothing_for(checker: &Checker) -> String {
    if checker.runs_the_code() {
        "no tests among the sources".to_owned()
    } else {
        format!(
            "no {} files among the sources",
            checker.languages.join(", ")
        )
    }
}

/// Returns the file in which the project configures a checker.
fn configured_in<'a>(checker: &'a Checker, directory: &Path) -> Option<&'a str> {
    checker.configured_by.iter().find_map(|place| {
        let (file, table) = match place.split_once(':') {
            Some((file, table)) => (file, Some(table)),
            None => (place.as_str(), None),
        };
        let text = std::fs::read_to_string(directory.join(file)).ok()?;
        let begins_table = |line: &str, table: &str| {
            line.trim_start()
                .strip_prefix('[')
                .and_then(|rest| rest.strip_prefix(table))
                .is_some_and(|rest| rest.starts_with([']', '.']))
        };
        table
            .is_none_or(|table| text.lines().any(|line| begins_table(line, table)))
            .then_some(file)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_checker_is_an_error_with_a_suggestion() {
        let catalogue = Catalogue::built_in().unwrap();
        let error = Choice::new(&catalogue, &["pylnt".to_owned()], None)
            .err()
            .unwrap();
        assert_eq!(error.to_string(), "no checker is called 'pylnt'");
        assert_eq!(error.hint.as_deref(), Some("did you mean 'pylint'?"));
    }

    #[test]
    fn checkers_keep_the_order_of_the_catalogue() {
        let catalogue = Catalogue::built_in().unwrap();
        let names = ["pytest", "ruff"].map(str::to_owned);
        let choice = Choice::new(&catalogue, &names, None).unwrap();
        let names: Vec<&str> = choice.checkers.iter().map(|known| &*known.name).collect();
        assert_eq!(names, ["ruff", "pytest"]);
    }

    #[test]
    fn a_project_configures_a_checker_by_file_or_table() {
        let directory = tempfile::tempdir().unwrap();
        let text = "[project]\n[tool.ruff.lint]\n[tool.pylintish]\n";
        std::fs::write(directory.path().join("pyproject.toml"), text).unwrap();
        std::fs::write(directory.path().join(".flake8"), "").unwrap();
        let catalogue = Catalogue::built_in().unwrap();
        let check = |name: &str, expected| {
            let checker = catalogue.find(name).unwrap();
            assert_eq!(configured_in(checker, directory.path()), expected, "{name}");
        };
        check("ruff", Some("pyproject.toml"));
        check("flake8", Some(".flake8"));
        check("pylint", None);
    }
}
