//! Names of scripts' findings that are carried on while nothing is gone of what the script said.
//!
//! What a script prints is one finding, named by its whole output. Where the next output holds all
//! the lines of the one before, in whatever order and however far they moved, it is the same
//! finding with more to it: nothing that anybody was asked to repair is gone.

use std::collections::HashMap;

use lr_turn::{Check, CheckResult, Finding};

use crate::volatile::settle_places;

/// What scripts said in the turn before, by their command lines.
#[derive(Default)]
pub(crate) struct Said(HashMap<Vec<String>, (String, Lines)>);

/// How often each line was printed.
type Lines = HashMap<String, usize>;

impl Said {
    /// Notes what the scripts of a check said.
    pub(crate) fn note(&mut self, check: &Check) {
        for result in &check.results {
            if let Some(finding) = only_finding(result) {
                let said = (finding.key.clone(), lines(result));
                self.0.insert(result.argv.clone(), said);
            }
        }
    }

    /// Gives findings of scripts the names they had, where nothing is gone.
    pub(crate) fn carry(&self, results: &mut [CheckResult]) {
        for result in results {
            let Some((key, before)) = self.0.get(&result.argv) else {
                continue;
            };
            if only_finding(result).is_none() {
                continue;
            }
            let now = lines(result);
            let is_there = |(line, times): (&String, &usize)| now.get(line) >= Some(times);
            if before.iter().all(is_there) {
                for finding in &mut result.findings {
                    finding.key.clone_from(key);
                }
            }
        }
    }
}

/// Returns the finding that stands for all that a script said.
fn only_finding(result: &CheckResult) -> Option<&Finding> {
    match result.findings.as_slice() {
        [only] if result.checker.is_none() && result.exit.is_some() => Some(only),
        _ => None,
    }
}

fn lines(result: &CheckResult) -> Lines {
    let mut lines = Lines::new();
    for text in [&result.stdout, &result.stderr].into_iter().flatten() {
        for line in settle_places(text, &[]).lines().map(str::trim) {
            if !line.is_empty() {
                *lines.entry(line.to_owned()).or_default() += 1;
            }
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the name of the finding of a script that said this.
    fn carried(before: &str, after: &str) -> String {
        let result = |key: &str, stdout: &str| -> CheckResult {
            let finding = serde_json::json!({"message": "m", "location": {"path": ""}, "key": key});
            let result = serde_json::json!({
                "argv": ["./x.sh"], "exit": 1, "findings": [finding], "stdout": stdout
            });
            serde_json::from_value(result).unwrap()
        };
        let mut said = Said::default();
        said.note(&Check {
            results: vec![result("old", before)],
            ..Check::default()
        });
        let mut results = [result("new", after)];
        said.carry(&mut results);
        results[0].findings[0].key.clone()
    }

    #[test]
    fn more_of_it_is_the_same_finding() {
        assert_eq!(
            carried("a.py:3: bad\n", "a.py:4: bad\na.py:9: worse\n"),
            "old"
        );
        assert_eq!(carried("x\ny\n", "y\n\nx\nx\n"), "old");
        assert_eq!(carried("", "x\n"), "old");
    }

    #[test]
    fn where_something_is_gone_it_is_another_finding() {
        assert_eq!(carried("x\ny\n", "x\nz\n"), "new");
        assert_eq!(carried("x\nx\n", "x\n"), "new");
        assert_eq!(carried("x\n", ""), "new");
    }
}
