//! The XML of `JUnit`: one suite for each checker, in it one failed case for each finding, and one
//! that passed where nothing was found.
//!
//! There is no standard; what is written is valid by the schema that Jenkins holds reports to, which
//! knows no attributes for a file and its line: the class and the name of a case tell them.

use std::fmt::Write as _;

use lr_stage::say;
use lr_turn::{CheckResult, CheckStatus, Finding};

use crate::trouble::no_answer;
use crate::{Report, by_checker};

/// What was counted in one suite.
#[derive(Default)]
struct Counts {
    tests: usize,
    failures: usize,
    errors: usize,
    skipped: usize,
}

/// Writes the document.
pub fn junit(report: &Report<'_>) -> String {
    let mut suites = String::new();
    let mut all = Counts::default();
    let mut seconds = 0.0;
    for (name, results) in by_checker(report.check) {
        let mut cases = String::new();
        let mut counts = Counts::default();
        for result in &results {
            cases_of(&mut cases, &mut counts, name, result);
        }
        let ran = results.iter().filter_map(|result| result.seconds);
        let time = ran.fold(0.0, |sum, seconds| sum + seconds);
        let name = escaped(name);
        let numbers = counts.attributes(time);
        let skipped = counts.skipped;
        let _ = write!(
            suites,
            "  <testsuite name=\"{name}\"{numbers} skipped=\"{skipped}\">\n{cases}  </testsuite>\n"
        );
        all.add(&counts);
        seconds += time;
    }
    let numbers = all.attributes(seconds);
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <testsuites name=\"lr-check\"{numbers}>\n{suites}</testsuites>\n"
    )
}

impl Counts {
    fn add(&mut self, other: &Self) {
        self.tests += other.tests;
        self.failures += other.failures;
        self.errors += other.errors;
    }

    fn attributes(&self, seconds: f64) -> String {
        format!(
            " tests=\"{}\" failures=\"{}\" errors=\"{}\" time=\"{seconds:.3}\"",
            self.tests, self.failures, self.errors
        )
    }
}

fn cases_of(cases: &mut String, counts: &mut Counts, checker: &str, result: &CheckResult) {
    for finding in &result.findings {
        counts.tests += 1;
        counts.failures += 1;
        failure(cases, finding, checker);
    }
    if !result.findings.is_empty() {
        return;
    }
    counts.tests += 1;
    let name = escaped(checker);
    let _ = write!(cases, "    <testcase classname=\"{name}\" name=\"{name}\"");
    let why = escaped(result.why.as_deref().unwrap_or_default());
    if let Some(text) = no_answer(result) {
        counts.errors += 1;
        let text = escaped(&text);
        let printed = [&result.stdout, &result.stderr].map(|said| said.as_deref().unwrap_or(""));
        let printed = escaped(&printed.concat());
        let _ = writeln!(
            cases,
            "><error message=\"{why}\">{text}&#10;{printed}</error></testcase>"
        );
    } else if result.status() == CheckStatus::Skipped {
        counts.skipped += 1;
        let _ = writeln!(cases, "><skipped message=\"{why}\"/></testcase>");
    } else {
        cases.push_str("/>\n");
    }
}

fn failure(cases: &mut String, finding: &Finding, checker: &str) {
    let path = &finding.location.path;
    let class = if path.is_empty() { checker } else { path };
    let code = finding.code.as_ref().map_or(checker, |code| &code.value);
    let start = finding.location.range.map(|range| range.start);
    let place = match start.map(|start| (start.line, start.column)) {
        Some((line, Some(column))) => format!(":{line}:{column}"),
        Some((line, None)) => format!(":{line}"),
        None => String::new(),
    };
    let _ = write!(
        cases,
        "    <testcase classname=\"{}\" name=\"{}\"",
        escaped(class),
        escaped(&format!("{code}{place}"))
    );
    let message = escaped(&finding.message);
    let _ = writeln!(
        cases,
        "><failure type=\"{}\" message=\"{message}\">{}{}: {message}</failure></testcase>",
        escaped(code),
        escaped(class),
        escaped(&place),
    );
}

/// Writes text so that it may stand in an attribute or an element; what XML has no way to say is
/// made visible.
fn escaped(text: &str) -> String {
    let clean = say::clean(text);
    let mut escaped = String::with_capacity(clean.len());
    for character in clean.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\n' => escaped.push_str("&#10;"),
            '\t' => escaped.push_str("&#9;"),
            '\u{fffe}' | '\u{ffff}' => escaped.push('\u{fffd}'),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use roxmltree::Document;

    use super::*;
    use crate::tests;

    #[test]
    fn findings_fail_and_checkers_that_did_not_work_are_errors() {
        let check = tests::check();
        let expected = r#"<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="lr-check" tests="7" failures="4" errors="1" time="1.550">
  <testsuite name="ruff" tests="2" failures="2" errors="0" time="0.040" skipped="0">
    <testcase classname="b.py" name="F401:2:8"><failure type="F401" message="`os` imported but unused">b.py:2:8: `os` imported but unused</failure></testcase>
    <testcase classname="b.py" name="E1:1:8"><failure type="E1" message="é\u{1b}[31m: 100%, no">b.py:1:8: é\u{1b}[31m: 100%, no</failure></testcase>
  </testsuite>
  <testsuite name="pylint" tests="1" failures="0" errors="0" time="0.000" skipped="0">
    <testcase classname="pylint" name="pylint"/>
  </testsuite>
  <testsuite name="pytest" tests="1" failures="1" errors="0" time="1.200" skipped="0">
    <testcase classname="test_a.py" name="test_a.py::test_b:1"><failure type="test_a.py::test_b" message="assert 1 == 2">test_a.py:1: assert 1 == 2</failure></testcase>
  </testsuite>
  <testsuite name="mypy" tests="1" failures="0" errors="1" time="0.300" skipped="0">
    <testcase classname="mypy" name="mypy"><error message="it ended with exit status 2">checker 'mypy' gave no answer: it ended with exit status 2; it says: mypy: error: no such option&#10;mypy: error: no such option&#10;</error></testcase>
  </testsuite>
  <testsuite name="flake8" tests="1" failures="0" errors="0" time="0.000" skipped="1">
    <testcase classname="flake8" name="flake8"><skipped message="not installed"/></testcase>
  </testsuite>
  <testsuite name="./tidy.sh" tests="1" failures="1" errors="0" time="0.010" skipped="0">
    <testcase classname="./tidy.sh" name="./tidy.sh"><failure type="./tidy.sh" message="./tidy.sh b.py: exit status 3">./tidy.sh: ./tidy.sh b.py: exit status 3</failure></testcase>
  </testsuite>
</testsuites>
"#;
        let written = junit(&tests::report(&check));
        assert_eq!(written, expected);
        assert!(Document::parse(&written).is_ok());
    }

    proptest! {
        #[test]
        fn any_text_can_be_written(text in any::<String>()) {
            let xml = format!("<a b=\"{0}\">{0}</a>", escaped(&text));
            let document = Document::parse(&xml).unwrap();
            let element = document.root_element();
            let clean = say::clean(&text).replace(['\u{fffe}', '\u{ffff}'], "\u{fffd}");
            prop_assert_eq!(element.attribute("b").unwrap(), &clean);
            prop_assert_eq!(element.text().unwrap_or_default(), &clean);
        }
    }
}
