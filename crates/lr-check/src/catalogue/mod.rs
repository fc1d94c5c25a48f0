//! The checkers that are known, as data: one TOML file each under `checkers/`.
//!
//! An entry says which files a checker takes, how it is called, and how its exit status and output
//! are to be understood. A new checker is a new entry and a recorded sample, no code, as long as
//! its output is of a family in [`crate::findings`] already.
//!
//! Deliberately absent: looking for installed programs and running anything.

mod codes;
mod entry;
mod flat;
mod languages;

use std::fs;
use std::path::Path;

use lr_config::{CheckerTable, Config};
use lr_stage::{Error, Kind, environment};

use crate::findings;

pub(crate) use entry::{
    Checker, CheckerKind, Columns, Exits, Fallback, OutputFamily, Scope, Search, Stream, Unit,
};
pub(crate) use languages::Languages;

/// Makes the list of the built-in entries.
macro_rules! built_in {
    ($($name:literal)*) => {
        &[$(($name, include_str!(concat!("../../checkers/", $name, ".toml")))),*]
    };
}

/// The built-in entries, in the order in which their results are reported.
const BUILT_IN: &[(&str, &str)] = built_in![
    "ruff" "flake8" "pylint" "mypy" "pyright" "bandit" "py-compile" "black" "ruff-format"
    "doctest" "pytest"
    "shellcheck" "bash-syntax" "shfmt"
    "clippy" "cargo-check" "rustfmt" "cargo-test"
    "go-vet" "golangci-lint" "gofmt" "go-test"
    "eslint" "eslint-legacy" "tsc" "biome" "prettier"
    "rubocop" "clang-tidy"
    "json-tool" "jq" "jsonlint" "yamllint" "actionlint" "markdownlint" "sqlfluff" "hadolint"
];

/// All known checkers, in the order in which their results are reported.
#[derive(Debug)]
pub(crate) struct Catalogue {
    checkers: Vec<Checker>,
}

impl Catalogue {
    /// Reads the built-in entries.
    ///
    /// # Errors
    ///
    /// Which entry is not of its form, and why.
    pub(crate) fn built_in() -> Result<Self, String> {
        let checkers = BUILT_IN
            .iter()
            .map(|(name, text)| Checker::parse(name, text))
            .collect::<Result<_, _>>()?;
        Ok(Self { checkers })
    }

    /// Reads the built-in entries, those of the user's, which lie in `checkers/` of the configuration
    /// folder, and the tables `[checker.NAME]` of the configuration files: one with the name of an
    /// earlier entry replaces it.
    ///
    /// # Errors
    ///
    /// Which entry cannot be read or is not of its form, and why.
    pub(crate) fn load(config: &Config) -> Result<Self, Error> {
        let unusable = |problem| Error::new(Kind::Config, problem);
        let folder = environment::config_folder();
        let mut catalogue = Self::with_folder(folder.as_deref()).map_err(unusable)?;
        for CheckerTable {
            path,
            is_project,
            name,
            table,
        } in config.checkers()?
        {
            let checker = Checker::from_table(name, table).and_then(usable);
            let mut checker = checker.map_err(|problem| {
                unusable(format!("cannot use '{}': {problem}", path.display()))
            })?;
            // What a project brings is meant to run there.
            checker.default |= is_project && !table.contains_key("default");
            if let Some(program) = checker.argv.first_mut() {
                *program = seen_from_here(program, path);
            }
            catalogue.put(checker);
        }
        Ok(catalogue)
    }

    /// Reads the built-in entries and those in `checkers/` of a configuration folder.
    fn with_folder(configuration: Option<&Path>) -> Result<Self, String> {
        let mut catalogue = Self::built_in()?;
        let folder = configuration.map(|folder| folder.join("checkers"));
        let entries = folder.and_then(|folder| fs::read_dir(folder).ok());
        let mut paths: Vec<_> = entries
            .into_iter()
            .flatten()
            .filter_map(|entry| Some(entry.ok()?.path()))
            .filter(|path| path.extension().is_some_and(|ending| ending == "toml"))
            .collect();
        paths.sort();
        for path in paths {
            let name = path.file_stem().unwrap_or_default().to_string_lossy();
            let text = fs::read_to_string(&path)
                .map_err(|error| format!("cannot read '{}': {error}", path.display()))?;
            let checker = Checker::from_text(&name, &text)
                .and_then(usable)
                .map_err(|problem| format!("cannot use '{}': {problem}", path.display()))?;
            catalogue.put(checker);
        }
        Ok(catalogue)
    }

    /// Puts an entry in the place of the one of its name, else behind all others.
    fn put(&mut self, checker: Checker) {
        let place = self
            .checkers
            .iter_mut()
            .find(|known| known.name == checker.name);
        match place {
            Some(known) => *known = checker,
            None => self.checkers.push(checker),
        }
    }

    /// Returns all checkers, in order.
    pub(crate) fn checkers(&self) -> impl Iterator<Item = &Checker> {
        self.checkers.iter()
    }

    /// Returns by which names the checkers know files of a language.
    pub(crate) fn names_of(&self, language: &str) -> Vec<String> {
        let is_of_it = |checker: &&Checker| checker.languages.iter().any(|own| own == language);
        let checkers = self.checkers.iter().filter(is_of_it);
        checkers.flat_map(|checker| checker.globs.clone()).collect()
    }

    /// Finds a checker by its name.
    pub(crate) fn find(&self, name: &str) -> Option<&Checker> {
        self.checkers.iter().find(|checker| checker.name == name)
    }
}

/// Looks whether an entry of the user's can be used at all.
fn usable(checker: Checker) -> Result<Checker, String> {
    let name = &checker.name;
    if checker.languages.is_empty() {
        return Err(format!(
            "checker '{name}' is for no language: 'languages' is empty"
        ));
    }
    if checker.patterns.is_empty()
        && matches!(checker.output, OutputFamily::Lines | OutputFamily::Spans)
    {
        return Err(format!(
            "checker '{name}' has no 'patterns' to read its output by"
        ));
    }
    let fallback = checker
        .fallback
        .iter()
        .flat_map(|fallback| &fallback.patterns);
    let all = [
        &checker.patterns,
        &checker.broken_when,
        &checker.none_when,
        &checker.volatile,
    ];
    let all: Vec<String> = all.into_iter().flatten().chain(fallback).cloned().collect();
    match findings::unusable(&all) {
        Some(problem) => Err(format!("checker '{name}': {problem}")),
        None => Ok(checker),
    }
}

/// Returns the path of a program that a configuration file names: one like `./tools/check` lies beside that file.
fn seen_from_here(program: &str, file: &Path) -> String {
    let beside = program.strip_prefix("./").zip(file.parent());
    let from_here = beside.and_then(|(program, folder)| {
        let here = std::env::current_dir().ok()?;
        let below = here.strip_prefix(folder).ok()?.components().count();
        let up = "../".repeat(below);
        Some(format!("./{up}{program}"))
    });
    from_here.unwrap_or_else(|| program.to_owned())
}

#[cfg(test)]
mod tests {
    use lr_turn::{Severity, Weight};

    use super::*;

    fn ruff() -> Checker {
        Catalogue::built_in().unwrap().find("ruff").unwrap().clone()
    }

    #[test]
    fn every_file_in_the_folder_is_an_entry() {
        let mut files: Vec<_> = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/checkers"))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter_map(|name| name.strip_suffix(".toml").map(str::to_owned))
            .collect();
        files.sort();
        let mut names: Vec<_> = BUILT_IN.iter().map(|(name, _)| *name).collect();
        names.sort_unstable();
        assert_eq!(files, names);
    }

    #[test]
    fn every_entry_is_of_its_form_and_of_a_known_language() {
        let languages = Languages::built_in().unwrap();
        for checker in Catalogue::built_in().unwrap().checkers() {
            for language in &checker.languages {
                assert!(languages.iter().any(|(name, _)| name == language));
            }
            let family = checker.output;
            let by_pattern = matches!(family, OutputFamily::Lines | OutputFamily::Spans);
            assert_eq!(checker.patterns.is_empty(), !by_pattern, "{}", checker.name);
            assert!(!checker.selftest.is_empty(), "{}", checker.name);
            assert!(!checker.install.is_empty(), "{}", checker.name);
            assert!(!checker.verified.is_empty(), "{}", checker.name);
            assert_eq!(
                checker.argv.iter().any(|word| word.contains("{report}")),
                checker.stream == Stream::Report,
                "{}",
                checker.name
            );
        }
    }

    #[test]
    fn an_unknown_field_is_refused() {
        let text = include_str!("../../checkers/ruff.toml").replace("hides =", "hide =");
        assert!(Checker::parse("ruff", &text).is_err());
    }

    #[test]
    fn the_severity_is_found_by_the_beginning_of_the_code() {
        for (code, severity) in [
            ("F821", Severity::Error),
            ("F401", Severity::Warning),
            ("D100", Severity::Info),
            ("DTZ001", Severity::Warning),
            ("I001", Severity::Info),
            ("ICN001", Severity::Warning),
            ("invalid-syntax", Severity::Error),
        ] {
            assert_eq!(ruff().severity_of(code), severity, "{code}");
        }
    }

    #[test]
    fn what_cannot_be_parsed_hides_other_findings() {
        assert_eq!(ruff().weight_of("invalid-syntax"), Some(Weight::Hides));
        assert_eq!(ruff().weight_of("F401"), None);
    }

    #[test]
    fn an_entry_of_the_users_replaces_a_built_in_one_or_is_added() {
        let folder = tempfile::tempdir().unwrap();
        let entries = folder.path().join("checkers");
        fs::create_dir(&entries).unwrap();
        let text = include_str!("../../checkers/ruff.toml");
        let other = text.replace("\"ruff\", \"check\"", "\"rough\", \"check\"");
        fs::write(entries.join("ruff.toml"), other).unwrap();
        fs::write(entries.join("mine.toml"), text).unwrap();
        fs::write(entries.join("notes.txt"), "no entry").unwrap();
        let catalogue = Catalogue::with_folder(Some(folder.path())).unwrap();
        assert_eq!(catalogue.find("ruff").unwrap().argv[0], "rough");
        assert_eq!(catalogue.checkers().last().unwrap().name, "mine");
        fs::write(entries.join("mine.toml"), "kind = 3").unwrap();
        let problem = Catalogue::with_folder(Some(folder.path())).unwrap_err();
        assert!(problem.starts_with("cannot use '"), "{problem}");
        assert!(problem.contains("mine.toml': checker 'mine' is not of its form"));
    }
}
