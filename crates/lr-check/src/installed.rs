//! Which checkers are installed, and how the project configures them.
//!
//! Some are installed in the project (`node_modules/.bin`), and are preferred there as they are by
//! those who work on it. To run a checker is to run the project's code in any case: it imports the
//! project's modules, plugins and configuration.

use std::path::Path;
use std::sync::LazyLock;
use std::time::Duration;

use lr_exec::{End, Program};
use regex::Regex;

use crate::catalogue::Checker;

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
/// path of the one that the project has.
pub(crate) fn program(checker: &Checker, directory: &Path) -> String {
    let name = checker.argv.first().map_or("", String::as_str);
    let local = checker
        .local
        .iter()
        .map(|folder| format!("{folder}/{name}"));
    local
        .into_iter()
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
    can_work && (checker.default || has(&checker.configured_by))
}

/// Returns the first of the places, each a file or `file:table`, that a directory has.
pub(crate) fn configured_in<'a>(places: &'a [String], directory: &Path) -> Option<&'a str> {
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

/// Tells whether the directory has a file whose name begins and ends like this.
fn has_file_between((begin, end): (&str, &str), directory: &Path) -> bool {
    let entries = std::fs::read_dir(directory);
    entries.into_iter().flatten().flatten().any(|entry| {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        name.len() >= begin.len() + end.len() && name.starts_with(begin) && name.ends_with(end)
    })
}

/// Tells whether a file has a table of this name: `[table]` or below it, in JSON a key of the
/// whole document.
fn has_table(path: &Path, table: &str) -> bool {
    let Ok(text) = std::fs::read_to_string(path) else {
        return false;
    };
    if path.extension().is_some_and(|ending| ending == "json") {
        let document: Option<serde_json::Value> = serde_json::from_str(&text).ok();
        return document.is_some_and(|document| document.get(table).is_some());
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
    }
}
