//! Words that a checker is given because of what stands in its own configuration.

use std::path::Path;

use serde::Deserialize;

use crate::catalogue::Checker;
use crate::own_table::OwnTable;

/// Words for the command line of a checker.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Added {
    words: Vec<String>,
    /// Keys of its configuration, of which one must have the text, or be an empty list where there is none.
    keys: Vec<String>,
    text: Option<String>,
}

/// Returns the words that a checker is given in a directory, behind its program.
pub(crate) fn words<'a>(checker: &'a Checker, directory: &Path) -> Vec<&'a str> {
    let own = (!checker.added.is_empty()).then(|| OwnTable::of(checker, directory));
    let Some(own) = own.flatten() else {
        return Vec::new();
    };
    let has = |added: &&Added| {
        let mut keys = added.keys.iter();
        keys.any(|key| match &added.text {
            Some(wanted) => own.texts(key).iter().any(|text| text.contains(wanted)),
            None => own.is_empty_list(key),
        })
    };
    let added = checker.added.iter().filter(has);
    added
        .flat_map(|added| &added.words)
        .map(String::as_str)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::Catalogue;

    #[track_caller]
    fn check_for(checker: &str, (file, text): (&str, &str), expected: &[&str]) {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(file), text).unwrap();
        let catalogue = Catalogue::built_in().unwrap();
        let checker = catalogue.find(checker).unwrap();
        assert_eq!(words(checker, folder.path()), expected, "{file}");
    }

    #[track_caller]
    fn check(file: &str, text: &str, expected: &[&str]) {
        check_for("pytest", (file, text), expected);
    }

    #[test]
    fn tsc_looks_into_the_projects_that_one_is_made_of() {
        let of_others = "// all\n{\"files\": [], \"references\": [{\"path\": \"./a\"},]}";
        check_for("tsc", ("tsconfig.json", of_others), &["--build"]);
        let own = "{\"files\": [\"a.ts\"]}";
        check_for("tsc", ("tsconfig.json", own), &[]);
    }

    #[test]
    fn pytest_measures_no_coverage() {
        const NONE: &[&str] = &["--no-cov"];
        check("pytest.ini", "[pytest]\naddopts = -q\n  --cov=x\n", NONE);
        check(
            "setup.cfg",
            "[tool:pytest]\naddopts = --cov-fail-under=9\n",
            NONE,
        );
        check(
            "pyproject.toml",
            "[tool.pytest.ini_options]\naddopts = '--cov'\n",
            NONE,
        );
        check(
            "pyproject.toml",
            "[tool.pytest]\naddopts = ['-q', '--cov=x']\n",
            NONE,
        );
        check("pytest.toml", "[pytest]\naddopts = ['--cov=x']\n", NONE);
    }

    #[test]
    fn what_stands_elsewhere_adds_nothing() {
        check(
            "pyproject.toml",
            "[tool.x]\ny = 'pytest --cov'\n[tool.pytest.ini_options]\n",
            &[],
        );
        check(
            "tox.ini",
            "[pytest]\naddopts = -q\n[testenv]\naddopts = --cov\n",
            &[],
        );
        check("a.ini", "", &[]);
    }
}
