//! Which checkers are installed, and how the project configures them.
//!
//! Some are installed in the project (`node_modules/.bin`), and are preferred there as they are by
//! those who work on it. To run a checker is to run the project's code in any case: it imports the
//! project's modules, plugins and configuration.

use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::time::Duration;

use lr_exec::{End, Program};
use lr_stage::project;
use regex::Regex;

use crate::catalogue::{Checker, CheckerKind};
use crate::own_table;

/// How long a checker may take to say which version it is.
const PATIENCE: Duration = Duration::from_secs(20);

/// What a version looks like.
static VERSION: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"\d+(?:\.\d+)+[\w.+-]*").ok());

/// Tells whether a checker can be run in a directory, as far as that can be seen.
pub(crate) fn is_there(checker: &Checker, directory: &Path) -> bool {
    let is_found = |program: &str| lr_exec::find(program, Some(directory)).is_some();
    is_found(&program(checker, directory)) && checker.requires.iter().all(|name| is_found(name))
}

/// Returns what the first word of a checker's command line is in a directory: its program, or the
/// path of the one that the project has there or above.
pub(crate) fn program(checker: &Checker, directory: &Path) -> String {
    let name = checker.argv.first().map_or("", String::as_str);
    if checker.local.is_empty() {
        return name.to_owned();
    }
    let folders = project::folders(directory);
    let above = (0..folders.len()).map(|level| "../".repeat(level));
    above
        .flat_map(|above| {
            let local = checker.local.iter();
            local.map(move |folder| format!("{above}{folder}/{name}"))
        })
        .find(|path| directory.join(path).is_file())
        .unwrap_or_else(|| name.to_owned())
}

/// Asks an installed checker which version it is: the first number with a dot that it says.
///
/// # Errors
///
/// Why it does not run at all.
pub(crate) fn version(checker: &Checker, directory: &Path) -> Result<Option<String>, String> {
    let mut argv = checker.version.clone();
    if argv.is_empty() {
        argv = vec![program(checker, directory), "--version".to_owned()];
    }
    let asked = Program::new(argv).current_dir(directory).timeout(PATIENCE);
    let finished = asked.run().map_err(|error| error.to_string())?;
    match finished.end {
        End::Exited(0) => {}
        End::Exited(status @ (126 | 127)) => {
            return Err(format!("it ended with exit status {status}"));
        }
        End::TimedOut => return Err(format!("it did not end within {} s", PATIENCE.as_secs())),
        End::Signalled(_) | End::Interrupted => return Err(finished.end.to_string()),
        // It does not know the question; a number in what it says may be any.
        End::Exited(_) => return Ok(None),
    }
    let printed = [finished.stdout.text(), finished.stderr.text()].concat();
    let found = VERSION.as_ref().and_then(|version| version.find(&printed));
    Ok(found.map(|version| version.as_str().to_owned()))
}

/// Tells whether a checker is one to run in a directory where none is named: one of the usual ones
/// of its languages, or one that the directory configures, and in both cases able to work there.
pub(crate) fn is_set_up(checker: &Checker, directory: &Path) -> bool {
    let has = |places: &[String]| configured_in(places, directory).is_some();
    let can_work = checker.needs.is_empty() || has(&checker.needs);
    let gives_way = !checker.unless.is_empty() && has(&checker.unless);
    can_work && !gives_way && (checker.default || has(&checker.configured_by))
}

/// Returns the first of the places, each a file or `file:table`, that a directory has, or the nearest
/// one above it in the project.
pub(crate) fn configured_in<'a>(places: &'a [String], directory: &Path) -> Option<&'a str> {
    configuration(places, directory).map(|(_, place)| place)
}

/// Returns the same with the folder that has it.
pub(crate) fn configuration<'a>(
    places: &'a [String],
    directory: &Path,
) -> Option<(PathBuf, &'a str)> {
    if places.is_empty() {
        return None;
    }
    let mut folders = project::folders(directory).into_iter();
    folders.find_map(|folder| {
        let place = place_in(places, &folder)?;
        Some((folder, place))
    })
}

/// Returns the first of the places that a directory has itself.
fn place_in<'a>(places: &'a [String], directory: &Path) -> Option<&'a str> {
    places.iter().map(String::as_str).find(|place| {
        let (file, table) = match place.split_once(':') {
            Some((file, table)) => (file, Some(table)),
            None => (*place, None),
        };
        match (file.split_once('*'), table) {
            (Some(ends), _) => has_file_between(ends, directory),
            (None, None) => directory.join(file).is_file(),
            (None, Some(table)) => has_table(&directory.join(file), table),
        }
    })
}

/// Returns the checker of the same kind for the same languages that a project configures and has
/// installed, where it does not configure this one: what the project did not choose would complain
/// about what it wants.
pub(crate) fn preferred<'a>(
    checker: &Checker,
    all: impl Iterator<Item = &'a Checker>,
    directory: &Path,
) -> Option<&'a str> {
    let is_chosen = |one: &Checker| configured_in(&one.configured_by, directory).is_some();
    let could_be_chosen = checker.kind == CheckerKind::Lint && !checker.configured_by.is_empty();
    if !could_be_chosen || is_chosen(checker) {
        return None;
    }
    let is_alike = |other: &&Checker| {
        let mut languages = other.languages.iter();
        other.kind == checker.kind && languages.any(|own| checker.languages.contains(own))
    };
    let is_better = |other: &&Checker| is_set_up(other, directory) && is_there(other, directory);
    let mut others = all.filter(is_alike).filter(|other| is_chosen(other));
    others.find(is_better).map(|other| other.name.as_str())
}

/// Tells whether the directory has a file whose name begins and ends like this.
fn has_file_between((begin, end): (&str, &str), directory: &Path) -> bool {
    let entries = std::fs::read_dir(directory);
    entries.into_iter().flatten().flatten().any(|entry| {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        name.len() >= begin.len() + end.len() && name.starts_with(begin) && name.ends_with(end)
    })
}

/// Tells whether a file has a table of this name, or one below it: in JSON a key of the whole document, in TOML with
/// dots, and where that cannot be read, or is none of both, by `[table]`.
fn has_table(path: &Path, table: &str) -> bool {
    let Ok(text) = std::fs::read_to_string(path) else {
        return false;
    };
    if path.extension().is_some_and(|ending| ending == "json") {
        let document: Option<serde_json::Value> = serde_json::from_str(&text).ok();
        return document.is_some_and(|document| document.get(table).is_some());
    }
    let last = table.rsplit('.').next().unwrap_or(table);
    if path.extension().is_some_and(|ending| ending == "toml") && text.contains(last) {
        let document: Option<serde_json::Value> = toml::from_str(&text).ok();
        if let Some(document) = document {
            return own_table::at(&document, table).is_some();
        }
    }
    text.lines().any(|line| {
        line.trim_start()
            .strip_prefix('[')
            .and_then(|rest| rest.strip_prefix(table))
            .is_some_and(|rest| rest.starts_with([']', '.']))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::Catalogue;

    #[test]
    fn a_project_configures_a_checker_by_file_or_table() {
        let directory = tempfile::tempdir().unwrap();
        let text = "[project]\n[tool.ruff.lint]\n[tool.pylintish]\n";
        std::fs::write(directory.path().join("pyproject.toml"), text).unwrap();
        std::fs::write(directory.path().join(".flake8"), "").unwrap();
        let catalogue = Catalogue::built_in().unwrap();
        let check = |name: &str, expected| {
            let places = &catalogue.find(name).unwrap().configured_by;
            assert_eq!(configured_in(places, directory.path()), expected, "{name}");
        };
        check("ruff", Some("pyproject.toml:tool.ruff"));
        check("flake8", Some(".flake8"));
        check("pylint", None);
    }

    #[test]
    fn a_table_of_toml_may_be_written_in_many_ways() {
        let directory = tempfile::tempdir().unwrap();
        let check = |text: &str, expected: bool| {
            std::fs::write(directory.path().join("pyproject.toml"), text).unwrap();
            let places = ["pyproject.toml:tool.mypy".to_owned()];
            let found = configured_in(&places, directory.path());
            assert_eq!(found.is_some(), expected, "{text}");
        };
        check("tool.mypy = { strict = true }\n", true);
        check("[[tool.mypy.overrides]]\nmodule = 'a'\n", true);
        check("[tool]\nx = '''\n[tool.mypy]\n'''\n", false);
        check("[tool.mypyc]\n", false);
        check("[tool.mypy]\nx = [\n", true);
    }

    #[test]
    fn a_name_may_have_a_star_and_json_has_keys() {
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join("eslint.config.mjs"), "").unwrap();
        std::fs::write(directory.path().join("package.json"), r#"{"prettier":{}}"#).unwrap();
        let check = |place: &str, expected: bool| {
            let places = [place.to_owned()];
            let found = configured_in(&places, directory.path());
            assert_eq!(found.is_some(), expected, "{place}");
        };
        check("eslint.config.*", true);
        check("tslint.config.*", false);
        check("package.json:prettier", true);
        check("package.json:eslint", false);
    }

    #[test]
    fn the_program_of_the_project_comes_first() {
        let directory = tempfile::tempdir().unwrap();
        let mut checker = Catalogue::built_in().unwrap().find("ruff").unwrap().clone();
        checker.local = vec!["bin".to_owned()];
        assert_eq!(program(&checker, directory.path()), "ruff");
        std::fs::create_dir(directory.path().join("bin")).unwrap();
        std::fs::write(directory.path().join("bin/ruff"), "").unwrap();
        assert_eq!(program(&checker, directory.path()), "bin/ruff");
        let below = directory.path().join("a/b");
        std::fs::create_dir_all(&below).unwrap();
        assert_eq!(program(&checker, &below), "ruff");
        std::fs::write(directory.path().join("lr.toml"), "").unwrap();
        assert_eq!(program(&checker, &below), "../../bin/ruff");
    }

    #[test]
    fn a_directory_is_configured_by_those_above_it_in_the_project() {
        let directory = tempfile::tempdir().unwrap();
        let below = directory.path().join("a/b");
        std::fs::create_dir_all(&below).unwrap();
        std::fs::write(directory.path().join("mypy.ini"), "").unwrap();
        let places = ["mypy.ini".to_owned()];
        assert_eq!(configured_in(&places, &below), None);
        std::fs::write(directory.path().join("lr.toml"), "").unwrap();
        assert_eq!(configured_in(&places, &below), Some("mypy.ini"));
    }

    #[test]
    fn a_linter_that_the_project_configures_comes_before_those_it_does_not() {
        let directory = tempfile::tempdir().unwrap();
        let mut checkers: Vec<Checker> = Vec::new();
        for name in ["ruff", "pylint", "pytest", "shellcheck", "pylint"] {
            let mut checker = Catalogue::built_in().unwrap().find(name).unwrap().clone();
            if checkers.len() == 4 {
                // One that no project can configure.
                checker.configured_by.clear();
            }
            // A program that is there wherever this test runs.
            checker.argv = vec!["sh".to_owned()];
            checkers.push(checker);
        }
        let preferred = |at: usize| preferred(&checkers[at], checkers.iter(), directory.path());
        let all = || [0, 1, 2, 3, 4].map(preferred);
        assert_eq!(all(), [None; 5]);
        std::fs::write(directory.path().join("ruff.toml"), "").unwrap();
        assert_eq!(all(), [None, Some("ruff"), None, None, None]);
        std::fs::write(directory.path().join(".pylintrc"), "").unwrap();
        assert_eq!(all(), [None; 5]);
    }
}
