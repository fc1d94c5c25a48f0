//! How long checkers took, so that the slowest are begun first.

use std::collections::BTreeMap;

use lr_files::Root;
use lr_stage::say;
use serde::{Deserialize, Serialize};

use crate::catalogue::{Checker, CheckerKind, Unit};

/// The file in the cache.
const FILE: &str = "check-seconds.json";

/// How long checkers took when they last ran, by name.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Seconds {
    by_checker: BTreeMap<String, Took>,
}

/// What one checker took.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
struct Took {
    seconds: f64,
    files: usize,
}

impl Seconds {
    /// Reads what is known in a project.
    pub(crate) fn read(project: &Root) -> Self {
        let text = std::fs::read_to_string(project.path().join(".lr/cache").join(FILE));
        text.ok()
            .and_then(|text| serde_json::from_str(&text).ok())
            .unwrap_or_default()
    }

    /// Returns how long a checker will take for so many files. Where nobody knows that, tests are
    /// expected to take longest, then what looks at a whole project, then what is slow enough to
    /// have its files divided.
    pub(crate) fn expected(&self, checker: &Checker, n_files: usize) -> f64 {
        let Some(took) = self.by_checker.get(&checker.name) else {
            return match checker.unit {
                _ if checker.kind == CheckerKind::Test => f64::INFINITY,
                Unit::Project => f64::MAX,
                _ if checker.divide.is_some() => f64::MAX / 2.0,
                Unit::File | Unit::Files => f64::MAX / 4.0,
            };
        };
        let share = count(n_files) / count(took.files.max(1));
        // Half of the time is taken for what does not depend on the files.
        took.seconds * (0.5 + share / 2.0)
    }

    /// Notes how long checkers took: name, seconds and number of files of each call.
    pub(crate) fn note<'c>(
        mut self,
        project: &Root,
        calls: impl Iterator<Item = (&'c str, f64, usize)>,
    ) {
        let mut took: BTreeMap<String, Took> = BTreeMap::new();
        for (checker, seconds, files) in calls {
            let all = took.entry(checker.to_owned()).or_default();
            all.seconds += seconds;
            all.files += files;
        }
        if took.is_empty() {
            return;
        }
        self.by_checker.extend(took);
        let text = serde_json::to_string(&self).unwrap_or_default();
        if let Err(error) = lr_files::write_cache(project, FILE, text.as_bytes()) {
            say::detail(1, &format!("not remembered: {error}"));
        }
    }
}

fn count(files: usize) -> f64 {
    f64::from(u32::try_from(files).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::Catalogue;

    #[test]
    fn what_took_long_will_take_long() {
        let folder = tempfile::tempdir().unwrap();
        let root = Root::open(folder.path()).unwrap();
        let calls = [("pylint", 2.0, 10), ("pylint", 2.0, 10), ("ruff", 0.1, 20)];
        Seconds::read(&root).note(&root, calls.into_iter());
        let known = Seconds::read(&root);
        let catalogue = Catalogue::built_in().unwrap();
        let expected = |name: &str, n_files| known.expected(catalogue.find(name).unwrap(), n_files);
        assert!(expected("pylint", 20) > expected("ruff", 20));
        assert!(expected("pylint", 20) > expected("pylint", 10));
        assert!(expected("mypy", 1) > expected("pylint", 20));
    }

    #[test]
    fn of_what_is_not_known_tests_and_slow_checkers_come_first() {
        let catalogue = Catalogue::built_in().unwrap();
        let mut names = ["ruff", "flake8", "pylint", "pytest", "clippy"];
        let expected = |name: &str| Seconds::default().expected(catalogue.find(name).unwrap(), 9);
        names.sort_by(|one, other| expected(other).total_cmp(&expected(one)));
        assert_eq!(names, ["pytest", "clippy", "pylint", "ruff", "flake8"]);
    }
}
