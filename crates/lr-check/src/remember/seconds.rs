//! How long checkers took, so that the slowest are begun first.

use std::collections::BTreeMap;

use lr_files::Root;
use lr_stage::say;
use serde::{Deserialize, Serialize};

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

    /// Returns how long a checker will take for so many files; for ever, where nobody knows.
    pub(crate) fn expected(&self, checker: &str, n_files: usize) -> f64 {
        let Some(took) = self.by_checker.get(checker) else {
            return f64::INFINITY;
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

    #[test]
    fn what_took_long_will_take_long() {
        let folder = tempfile::tempdir().unwrap();
        let root = Root::open(folder.path()).unwrap();
        let calls = [("pylint", 2.0, 10), ("pylint", 2.0, 10), ("ruff", 0.1, 20)];
        Seconds::read(&root).note(&root, calls.into_iter());
        let known = Seconds::read(&root);
        assert!(known.expected("pylint", 20) > known.expected("ruff", 20));
        assert!(known.expected("pylint", 20) > known.expected("pylint", 10));
        assert!(known.expected("mypy", 1).is_infinite());
    }
}
