//! Words that a checker is given because of what stands in its own configuration.

use std::path::Path;

use serde::Deserialize;

use crate::catalogue::Checker;
use crate::own_table::OwnTable;

/// Stands in such a word for the path of the configuration.
const CONFIGURATION: &str = "{configuration}";

/// Words for the command line of a checker.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Added {
    words: Vec<String>,
    /// Keys of its configuration, of which one must be there.
    keys: Vec<String>,
    /// What the value of that must have in it.
    text: Option<String>,
    /// Whether it must be a list without items.
    #[serde(default)]
    is_empty: bool,
    /// Keys of which none may be there.
    #[serde(default)]
    unless: Vec<String>,
}

impl Added {
    fn is_for(&self, own: &OwnTable<'_>) -> bool {
        let mut keys = self.keys.iter();
        let is_there = keys.any(|key| match &self.text {
            Some(wanted) => own.texts(key).iter().any(|text| text.contains(wanted)),
            None if self.is_empty => own.is_empty_list(key),
            None => own.has(key),
        });
        is_there && !self.unless.iter().any(|key| own.has(key))
    }
}

/// Returns the words that a checker is given with files in a directory.
pub(crate) fn words(checker: &Checker, directory: &Path, files: &[&str]) -> Vec<String> {
    let own = (!checker.added.is_empty()).then(|| OwnTable::of(checker, directory, files));
    let Some(own) = own.flatten() else {
        return Vec::new();
    };
    let path = own.path();
    let path = path.to_string_lossy();
    let added = checker.added.iter().filter(|added| added.is_for(&own));
    added
        .flat_map(|added| &added.words)
        .map(|word| word.replace(CONFIGURATION, &path))
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
        assert_eq!(words(checker, folder.path(), &[]), expected, "{file}");
    }

    #[track_caller]
    fn check(file: &str, text: &str, expected: &[&str]) {
        check_for("pytest", (file, text), expected);
    }

    #[test]
    fn tsc_looks_into_the_projects_that_one_is_made_of_and_writes_nothing_into_one() {
        let of_others = "// all\n{\"files\": [], \"references\": [{\"path\": \"./a\"},]}";
        check_for("tsc", ("tsconfig.json", of_others), &["--build"]);
        let remembers = "{\"compilerOptions\": {\"incremental\": true, \"composite\": false}}";
        let elsewhere = ["--tsBuildInfoFile", "{scratch}/tsbuildinfo"];
        check_for("tsc", ("tsconfig.json", remembers), &elsewhere);
        let forgets = "{\"compilerOptions\": {\"incremental\": false}}";
        check_for("tsc", ("tsconfig.json", forgets), &[]);
        let own = "{\"files\": [\"a.ts\"]}";
        check_for("tsc", ("tsconfig.json", own), &[]);
    }

    #[test]
    fn cargo_is_asked_about_all_of_a_workspace() {
        let check = |text, expected: &[&str]| {
            for checker in ["clippy", "cargo-check", "cargo-test"] {
                check_for(checker, ("Cargo.toml", text), expected);
            }
        };
        check(
            "[package]\n[workspace]\nmembers = ['a']\n",
            &["--workspace"],
        );
        check(
            "[workspace]\nmembers = ['a']\ndefault-members = ['a']\n",
            &[],
        );
        check("[package]\nname = 'a'\n", &[]);
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
    fn bandit_is_told_of_the_file_that_it_finds_in_folders_alone() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().canonicalize().unwrap();
        let file = folder.join(".bandit");
        std::fs::write(&file, "[bandit]\nskips = B101\n").unwrap();
        let catalogue = Catalogue::built_in().unwrap();
        let words = words(catalogue.find("bandit").unwrap(), &folder, &[]);
        assert_eq!(words, ["--ini", file.to_str().unwrap()]);
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
