//! What checkers said, in the forms that people and other tools read: a page with source lines,
//! SARIF, rdjsonl, the commands of GitHub's workflows, and the XML of `JUnit`.
//!
//! Each form is a function from a [`Report`] to text. A checker that did not work is told in every
//! form: nobody who reads one of them takes it for one that found nothing.
//!
//! Deliberately absent: running anything, reading files, and reading the forms back.

mod excerpt;
mod github;
mod junit;
mod page;
mod paint;
mod rdjsonl;
mod sarif;
mod texts;
mod trouble;

use lr_turn::{Check, CheckResult};

pub use github::{github, github_summary};
pub use junit::junit;
pub use page::{page, plural};
pub use paint::Colours;
pub use rdjsonl::rdjsonl;
pub use sarif::sarif;
pub use texts::Texts;
pub use trouble::{reason, short, telling_line};

/// What is to be told.
pub struct Report<'a> {
    /// What the checkers said.
    pub check: &'a Check,
    /// The texts of the sources as they were checked.
    pub texts: Texts<'a>,
}

/// Returns the name under which people know a checker: its own, or that of a script.
pub fn name(result: &CheckResult) -> &str {
    match (&result.checker, &result.script) {
        (Some(name), _) => name,
        (None, Some(script)) => &script.path,
        (None, None) => result.argv.first().map_or("script", String::as_str),
    }
}

/// Returns the results by checker, in the order in which the checkers come up.
fn by_checker(check: &Check) -> Vec<(&str, Vec<&CheckResult>)> {
    let mut groups: Vec<(&str, Vec<&CheckResult>)> = Vec::new();
    for result in &check.results {
        let name = name(result);
        match groups.iter_mut().find(|(known, _)| *known == name) {
            Some((_, results)) => results.push(result),
            None => groups.push((name, vec![result])),
        }
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The turn that the forms are tested with: findings with and without places and fixes, and
    /// checkers that did not work.
    pub(crate) const CHECK: &str = r#"{"clean":false,"results":[
        {"checker":"ruff","argv":["ruff","check","--","b.py"],"status":"findings","exit":1,"seconds":0.04,"findings":[
          {"message":"`os` imported but unused","location":{"path":"b.py","range":{"start":{"line":2,"column":8},"end":{"line":2,"column":10}}},
           "severity":"WARNING","source":{"name":"ruff"},"code":{"value":"F401","url":"https://docs/F401"},"key":"k1",
           "suggestions":[{"range":{"start":{"line":2,"column":1},"end":{"line":3,"column":1}},"text":"","applicability":"safe","replaces":"import os\n"}]},
          {"message":"é\u001b[31m: 100%, no","location":{"path":"b.py","range":{"start":{"line":1,"column":8}}},"severity":"ERROR","code":{"value":"E1"},"key":"k2"}]},
        {"checker":"pylint","argv":["pylint","b.py"],"status":"clean","exit":0,"cached":true},
        {"checker":"pytest","argv":["pytest","test_a.py"],"status":"findings","exit":1,"seconds":1.2,"stdout":"F\n1 failed\n","findings":[
          {"message":"assert 1 == 2","location":{"path":"test_a.py","range":{"start":{"line":1}}},"severity":"ERROR","weight":"test","code":{"value":"test_a.py::test_b"},"key":"k3"}]},
        {"checker":"mypy","argv":["mypy","b.py"],"status":"broken","exit":2,"seconds":0.3,"why":"it ended with exit status 2","stderr":"mypy: error: no such option\n"},
        {"checker":"flake8","status":"skipped","why":"not installed"},
        {"argv":["./tidy.sh","b.py"],"status":"findings","exit":3,"seconds":0.01,"findings":[
          {"message":"./tidy.sh b.py: exit status 3","location":{"path":""},"severity":"ERROR","key":"k4"}]}]}"#;

    /// The file `b.py` of [`CHECK`].
    pub(crate) const B: &str = "s = 'é'; é\nimport os\nprint(s)\n";

    pub(crate) fn check() -> Check {
        serde_json::from_str(CHECK).unwrap()
    }

    pub(crate) fn report(check: &Check) -> Report<'_> {
        let texts = [("b.py", B), ("test_a.py", "assert 1 == 2\n")];
        Report {
            check,
            texts: Texts::of(texts),
        }
    }
}
