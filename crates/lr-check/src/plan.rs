//! What is to be run: which checkers on which files.

use std::collections::HashSet;
use std::path::Path;

use lr_config::closest;
use lr_stage::{Error, Kind, say};
use lr_turn::{CheckResult, CheckStatus};

use crate::belonging;
use crate::calls::{Call, calls};
use crate::catalogue::{Catalogue, Checker};
use crate::checker;
use crate::detect::{Appetite, Detector};
use crate::installed::{self, configured_in};
use crate::own_files;
use crate::remember::{Divided, Memory};
use crate::run::Runner;
use crate::script::{self, Command};
use crate::sources::Sources;

/// What the user wants to be run.
pub(crate) struct Choice<'a> {
    checkers: Vec<&'a Checker>,
    /// Checkers that are not run because the project configures others of their kind, with these.
    set_back: Vec<(&'a Checker, &'a str)>,
    /// Whether the checkers were named, so that each must be there.
    named: bool,
    command: Option<Command>,
}

/// What a plan is made with.
pub(crate) struct Means<'a> {
    /// What is known of the project; `None` where nothing can be kept.
    pub(crate) memory: Option<&'a Memory<'a>>,
    /// Whether answers that are known are used instead of asking again.
    pub(crate) recalls: bool,
    /// How many programs run at once.
    pub(crate) jobs: usize,
}

/// One step of the plan, which gives one result.
pub(crate) enum Step<'a> {
    /// A checker of the catalogue is called.
    Checker(Call<'a>),
    /// A command of the user's is called.
    Script(script::Call<'a>),
    /// A checker is not called, because what it said of these files is known.
    Known(Call<'a>, CheckResult),
    /// A checker is not called, for a reason.
    NotRun(CheckResult),
}

impl<'a> Choice<'a> {
    /// Takes the checkers that were named, else the command, else the usual checkers of all
    /// languages and those that the directory configures; in any case without those to skip.
    ///
    /// # Errors
    ///
    /// `usage` for a name that is not in the catalogue.
    pub(crate) fn new(
        catalogue: &'a Catalogue,
        (names, skip): (&[String], &[String]),
        command: Option<Command>,
        directory: &Path,
    ) -> Result<Self, Error> {
        let is_unknown = |name: &&String| catalogue.find(name).is_none();
        if let Some(unknown) = names.iter().chain(skip).find(is_unknown) {
            return Err(unknown_checker(catalogue, unknown));
        }
        let are_named = !names.is_empty();
        let is_chosen = |checker: &&Checker| {
            let by_itself = command.is_none() && installed::is_set_up(checker, directory);
            let chosen = if are_named {
                names.contains(&checker.name)
            } else {
                by_itself
            };
            chosen && !skip.contains(&checker.name)
        };
        let mut checkers: Vec<&Checker> = catalogue.checkers().filter(is_chosen).collect();
        let mut set_back = Vec::new();
        if !are_named {
            let usual = checkers.clone();
            checkers.retain(|checker| {
                let others = usual.iter().copied();
                let preferred = installed::preferred(checker, others, directory);
                set_back.extend(preferred.map(|other| (*checker, other)));
                preferred.is_none()
            });
        }
        Ok(Self {
            checkers,
            set_back,
            named: are_named,
            command,
        })
    }

    /// Tells whether a checker was chosen.
    pub(crate) fn has(&self, checker: &Checker) -> bool {
        self.checkers
            .iter()
            .any(|chosen| chosen.name == checker.name)
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
        means: &Means<'_>,
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
            steps.extend(self.steps_of(checker, &files, sources, means)?);
        }
        for (checker, other) in &self.set_back {
            let mut languages = files.iter().map(|(_, language)| *language);
            if languages.any(|language| checker.languages.iter().any(|own| own == language)) {
                let why = format!("the project configures '{other}' instead");
                let result = checker::not_run(checker, CheckStatus::Skipped, why);
                steps.push(Step::NotRun(result));
            }
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
        sources: &'s Sources,
        means: &Means<'_>,
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
        let mut taken: Vec<&str> = files
            .iter()
            .filter(|(path, language)| appetite.takes(path, language))
            .map(|(path, _)| *path)
            .collect();
        if taken.is_empty() && checker.runs_the_code() {
            taken = belonging::tests(checker, files, sources);
        }
        let directory = sources.root().path();
        let left_out = own_files::keep_wanted(checker, directory, &mut taken);
        let of_its_languages = |(_, language): &(&str, &str)| {
            let mut languages = checker.languages.iter();
            languages.any(|own| own == language)
        };
        let installed = installed::is_there(checker, directory);
        match (installed, self.named) {
            (false, true) => not_run(CheckStatus::Missing, missing(checker)),
            (_, false) if taken.is_empty() && !files.iter().any(of_its_languages) => Ok(Vec::new()),
            _ if taken.is_empty() => {
                let why = left_out.unwrap_or_else(|| nothing_for(checker));
                not_run(CheckStatus::Skipped, why)
            }
            (false, false) => {
                if let Some(place) = configured_in(&checker.configured_by, directory) {
                    let file = place.split(':').next().unwrap_or(place);
                    say::warn(&format!(
                        "'{}' is configured in '{file}', but not installed",
                        checker.name
                    ));
                }
                not_run(CheckStatus::Skipped, "not installed".to_owned())
            }
            (true, _) => Ok(means.steps(checker, &taken, sources, self.named)),
        }
    }
}

impl Means<'_> {
    /// Returns the steps for the files of a checker: what is known of them already, and the calls
    /// for the others.
    fn steps<'s>(
        &self,
        checker: &'s Checker,
        files: &[&'s str],
        sources: &Sources,
        named: bool,
    ) -> Vec<Step<'s>> {
        let divided = match self.memory {
            Some(memory) if self.recalls => memory.divide(checker, files),
            _ => Divided {
                known: None,
                rest: files.to_vec(),
            },
        };
        let groups = match self.memory {
            Some(memory) => memory.groups(checker, &divided.rest),
            None => vec![divided.rest],
        };
        let bytes = |file: &str| sources.text(file).map_or(0, str::len);
        let calls = calls(checker, &groups, bytes, named, self.jobs);
        let known = divided.known.map(|result| {
            let asked: HashSet<&str> = groups.into_iter().flatten().collect();
            let files = files.iter().copied();
            let files = files.filter(|file| !asked.contains(file)).collect();
            let call = Call {
                checker,
                files,
                named,
            };
            Step::Known(call, result)
        });
        known
            .into_iter()
            .chain(calls.into_iter().map(Step::Checker))
            .collect()
    }
}

impl Step<'_> {
    /// Runs the step; `None` when it was interrupted.
    pub(crate) fn run(&self, runner: &Runner, sources: &Sources) -> Option<CheckResult> {
        match self {
            Self::Checker(call) => checker::run(call, runner, sources),
            Self::Script(call) => script::run(call, runner, sources),
            Self::Known(_, result) | Self::NotRun(result) => Some(result.clone()),
        }
    }

    /// Returns the name under which the step is known to people; `None` where nothing is run.
    pub(crate) fn name(&self) -> Option<&str> {
        match self {
            Self::Checker(call) => Some(&call.checker.name),
            Self::Script(call) => Some(call.name()),
            Self::Known(..) | Self::NotRun(_) => None,
        }
    }

    /// Tells whether the step runs what the project says, and not only a program that reads it.
    pub(crate) fn runs_the_code(&self) -> bool {
        match self {
            Self::Checker(call) => call.checker.runs_the_code(),
            Self::Script(_) => true,
            Self::Known(..) | Self::NotRun(_) => false,
        }
    }

    /// Returns the call of a checker of the catalogue that the step makes.
    pub(crate) fn call(&self) -> Option<&Call<'_>> {
        match self {
            Self::Checker(call) => Some(call),
            Self::Script(_) | Self::Known(..) | Self::NotRun(_) => None,
        }
    }

    /// Returns the files that the step hands to a program.
    pub(crate) fn files(&self) -> &[&str] {
        match self {
            Self::Checker(call) => &call.files,
            Self::Script(call) => &call.files,
            Self::Known(..) | Self::NotRun(_) => &[],
        }
    }
}

/// Returns the error for a name that no checker has.
pub(crate) fn unknown_checker(catalogue: &Catalogue, name: &str) -> Error {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn choose(
        catalogue: &Catalogue,
        names: &[&str],
        skip: &[&str],
        directory: &Path,
    ) -> Result<Vec<String>, Error> {
        let owned = |names: &[&str]| -> Vec<String> {
            names.iter().map(|name| (*name).to_owned()).collect()
        };
        let choice = Choice::new(catalogue, (&owned(names), &owned(skip)), None, directory)?;
        let names = choice.checkers.iter().map(|known| known.name.clone());
        Ok(names.collect())
    }

    #[test]
    fn a_misspelt_checker_is_an_error_with_a_suggestion() {
        let catalogue = Catalogue::built_in().unwrap();
        let error = choose(&catalogue, &["pylnt"], &[], Path::new("/nonexistent")).unwrap_err();
        assert_eq!(error.to_string(), "no checker is called 'pylnt'");
        assert_eq!(error.hint.as_deref(), Some("did you mean 'pylint'?"));
    }

    #[test]
    fn checkers_keep_the_order_of_the_catalogue() {
        let catalogue = Catalogue::built_in().unwrap();
        let chosen = choose(
            &catalogue,
            &["pytest", "ruff"],
            &[],
            Path::new("/nonexistent"),
        );
        assert_eq!(chosen.unwrap(), ["ruff", "pytest"]);
    }

    #[test]
    fn the_project_adds_checkers_to_the_usual_ones_and_some_need_it() {
        let catalogue = Catalogue::built_in().unwrap();
        let directory = tempfile::tempdir().unwrap();
        let usual = choose(&catalogue, &[], &[], directory.path()).unwrap();
        for expected in ["ruff", "flake8", "pylint", "pytest", "shellcheck"] {
            assert!(usual.iter().any(|name| name == expected), "{expected}");
        }
        for name in ["mypy.ini", "eslint.config.js"] {
            std::fs::write(directory.path().join(name), "").unwrap();
        }
        let mut more = choose(&catalogue, &[], &["ruff"], directory.path()).unwrap();
        more.retain(|name| !usual.contains(name));
        assert_eq!(more, ["mypy", "eslint"]);
    }

    #[test]
    fn what_is_to_be_skipped_must_be_known() {
        let catalogue = Catalogue::built_in().unwrap();
        let chosen = choose(&catalogue, &["ruff"], &["ruf"], Path::new("/nonexistent"));
        assert_eq!(
            chosen.unwrap_err().to_string(),
            "no checker is called 'ruf'"
        );
    }
}
