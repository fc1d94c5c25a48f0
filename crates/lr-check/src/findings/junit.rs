//! The XML of `JUnit`: one finding for each test that failed or could not be collected.
//!
//! Written for what pytest writes with `junit_family=xunit1`, where a test case names its file and
//! line. Without them the class names the file, as well as it can.

use std::io::Read;

use roxmltree::Node;

use super::few::MOST;
use super::{Complaint, Place};

/// The code of a finding about tests that could not be collected at all.
const COLLECTION_ERROR: &str = "collection error";

/// Reads the failed tests, in order; one test that failed twice, in its body and in its teardown,
/// is two findings.
pub(super) fn read(output: impl Read) -> Result<Vec<Complaint>, String> {
    let text = super::text(output)?;
    let document = super::xml(&text)?;
    let cases = document
        .descendants()
        .filter(|node| node.has_tag_name("testcase"));
    Ok(cases
        .flat_map(|case| {
            case.children()
                .filter(|child| child.has_tag_name("failure") || child.has_tag_name("error"))
                .map(move |trouble| complaint(case, trouble))
        })
        .take(MOST + 1)
        .collect())
}

fn complaint(case: Node<'_, '_>, trouble: Node<'_, '_>) -> Complaint {
    let path = path_of(case);
    let text = trouble.text().unwrap_or_default();
    let said = trouble.attribute("message").unwrap_or_default();
    let collecting = said == "collection failure";
    let declared = case
        .attribute("line")
        .and_then(|line| line.parse::<u64>().ok())
        .map(|from_0| from_0 + 1);
    let line = last_line_in(&path, text).or(declared).unwrap_or(1);
    let message = if collecting || said.is_empty() {
        last_error(text).unwrap_or(said)
    } else {
        said
    };
    Complaint {
        start: Some(Place { line, column: None }),
        code: if collecting {
            COLLECTION_ERROR.to_owned()
        } else {
            node_id(&path, case)
        },
        message: first_line(message).to_owned(),
        path,
        ..Complaint::default()
    }
}

fn path_of(case: Node<'_, '_>) -> String {
    if let Some(file) = case.attribute("file") {
        return file.to_owned();
    }
    let class = case.attribute("classname").unwrap_or_default();
    format!("{}.py", class.replace('.', "/"))
}

/// Returns the name that pytest takes to run just this test: `tests/test_a.py::TestB::test_c`.
fn node_id(path: &str, case: Node<'_, '_>) -> String {
    let module = path.strip_suffix(".py").unwrap_or(path).replace('/', ".");
    let class = case.attribute("classname").unwrap_or_default();
    let classes = class
        .strip_prefix(&module)
        .unwrap_or_default()
        .trim_start_matches('.');
    let name = case.attribute("name").unwrap_or_default();
    let mut id = path.to_owned();
    for step in classes.split('.').filter(|step| !step.is_empty()) {
        id.push_str("::");
        id.push_str(step);
    }
    format!("{id}::{name}")
}

/// Returns the line of the last step of a short traceback that lies in the file.
fn last_line_in(path: &str, text: &str) -> Option<u64> {
    text.lines().rev().find_map(|step| {
        let (file, rest) = step.split_once(':')?;
        let (line, _) = rest.split_once(':')?;
        // The step is relative to the working directory, the path to pytest's root directory.
        is_tail(path, file).then(|| line.parse().ok()).flatten()
    })
}

/// Tells whether one of the paths is the other one without some of its first components.
fn is_tail(one: &str, other: &str) -> bool {
    let (long, short) = if one.len() > other.len() {
        (one, other)
    } else {
        (other, one)
    };
    long.strip_suffix(short)
        .is_some_and(|rest| !short.is_empty() && (rest.is_empty() || rest.ends_with('/')))
}

/// Returns the last line of the error that ends a short traceback: `E   NameError: …`.
fn last_error(text: &str) -> Option<&str> {
    text.lines()
        .rev()
        .find_map(|line| line.strip_prefix("E "))
        .map(str::trim)
}

fn first_line(text: &str) -> &str {
    text.trim()
        .lines()
        .next()
        .unwrap_or("the test failed")
        .trim_end()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(case: &str, expected: (&str, u64, &str, &str)) {
        let xml = format!("<testsuites><testsuite>{case}</testsuite></testsuites>");
        let read = read(xml.as_bytes()).unwrap();
        assert_eq!(read.len(), 1);
        let complaint = &read[0];
        let line = complaint.start.unwrap().line;
        assert_eq!(
            (
                &*complaint.path,
                line,
                &*complaint.code,
                &*complaint.message
            ),
            expected
        );
    }

    #[test]
    fn a_failure_is_at_the_assertion() {
        check(
            r#"<testcase classname="tests.test_a.TestB" name="test_c[1]" file="tests/test_a.py" line="8">
<failure message="AssertionError: assert 1 == 2&#10; + where">tests/test_a.py:10: in test_c
    assert helper() == 2
lib/h.py:5: in helper
E   AssertionError</failure></testcase>"#,
            (
                "tests/test_a.py",
                10,
                "tests/test_a.py::TestB::test_c[1]",
                "AssertionError: assert 1 == 2",
            ),
        );
    }

    #[test]
    fn a_failure_without_a_traceback_is_at_the_test() {
        check(
            r#"<testcase classname="test_a" name="test_x" file="test_a.py" line="21"><failure message="[XPASS(strict)] ">[XPASS(strict)] </failure></testcase>"#,
            ("test_a.py", 22, "test_a.py::test_x", "[XPASS(strict)]"),
        );
    }

    #[test]
    fn a_module_that_cannot_be_imported_is_a_collection_error() {
        check(
            r#"<testcase classname="" name="tests.test_i" file="tests/test_i.py"><error message="collection failure">ImportError while importing
tests/test_i.py:3: in &lt;module&gt;
    import nothing
E   ModuleNotFoundError: No module named 'nothing'</error></testcase>"#,
            (
                "tests/test_i.py",
                3,
                COLLECTION_ERROR,
                "ModuleNotFoundError: No module named 'nothing'",
            ),
        );
    }

    #[test]
    fn passed_and_skipped_tests_are_no_findings() {
        let xml = r#"<testsuite><testcase name="a"/><testcase name="b"><skipped message="no"/></testcase></testsuite>"#;
        assert_eq!(read(xml.as_bytes()), Ok(Vec::new()));
    }
}
