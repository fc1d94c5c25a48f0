//! The XML of `JUnit`: one finding for each test that failed or could not be collected.
//!
//! A test names its file and line in attributes, as pytest does with `junit_family=xunit1`, or the
//! words about its failure do. Linters write this form as eslint does: a suite is a file.

use std::io::Read;
use std::sync::LazyLock;

use regex::Regex;
use roxmltree::Node;

use super::few::MOST;
use super::{Complaint, Place};

/// The code of a finding about tests that could not be collected at all.
const COLLECTION_ERROR: &str = "collection error";

/// A line of a file, in the words about a failure.
static LINE_OF_FILE: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r#"([^\s:()<>"'`]+\.[A-Za-z]\w*):(\d+)"#).ok());

/// A place, in the words of a linter.
static LINE_AND_COLUMN: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"^\s*line (\d+), col (\d+)").ok());

/// Reads the failed tests, in order; one test that failed twice, in its body and in its teardown,
/// is two findings.
pub(super) fn read(output: impl Read) -> Result<Vec<Complaint>, String> {
    let text = super::text(output)?;
    let document = super::xml(&text)?;
    let root = document.root_element();
    if !root.has_tag_name("testsuites") && !is_suite(&root) {
        let name = root.tag_name().name();
        return Err(format!("it holds '{name}', and not test suites"));
    }
    let cases = root
        .descendants()
        .filter(|node| node.has_tag_name("testcase"));
    let complaints: Vec<Complaint> = cases
        .flat_map(|case| {
            case.children()
                .filter(|child| child.has_tag_name("failure") || child.has_tag_name("error"))
                .map(move |trouble| complaint(case, trouble))
        })
        .take(MOST + 1)
        .collect();
    if complaints.is_empty() && root.descendants().any(|node| counts_failures(&node)) {
        return Err("it counts failures, and tells none".to_owned());
    }
    Ok(complaints)
}

/// Returns the name of the linter that wrote a report; `None` for one about tests.
pub(crate) fn linter(text: &str) -> Option<String> {
    let document = super::xml(text).ok()?;
    let mut names = document.descendants().filter_map(linter_of);
    names.next().map(str::to_owned)
}

fn is_suite(node: &Node<'_, '_>) -> bool {
    node.has_tag_name("testsuite")
}

fn counts_failures(node: &Node<'_, '_>) -> bool {
    let is_some = |name| node.attribute(name).is_some_and(|count| count != "0");
    is_suite(node) && (is_some("failures") || is_some("errors"))
}

/// Returns the name behind `org.` in the package of a suite, where linters write theirs.
fn linter_of<'a>(suite: Node<'a, '_>) -> Option<&'a str> {
    let package = suite.attribute("package").filter(|_| is_suite(&suite))?;
    let name = package.strip_prefix("org.")?;
    (!name.contains('.')).then_some(name)
}

fn complaint(case: Node<'_, '_>, trouble: Node<'_, '_>) -> Complaint {
    let suite = case.ancestors().find(is_suite);
    if let Some((suite, linter)) = suite.and_then(|suite| Some((suite, linter_of(suite)?))) {
        return linted(case, trouble, (suite.attribute("name"), linter));
    }
    let text = trouble.text().unwrap_or_default();
    let (path, told) = path_of(case, text);
    let said = trouble.attribute("message").unwrap_or_default();
    let collecting = said == "collection failure";
    let line = last_line_in(&path, text)
        .or(told)
        .or_else(|| declared_line(case, &path))
        .unwrap_or(1);
    let message = if collecting || said.is_empty() {
        last_error(text).unwrap_or(if collecting { said } else { text })
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

/// Makes the complaint of a linter about a file.
fn linted(
    case: Node<'_, '_>,
    trouble: Node<'_, '_>,
    (file, linter): (Option<&str>, &str),
) -> Complaint {
    let text = trouble.text().unwrap_or_default();
    let said = LINE_AND_COLUMN
        .as_ref()
        .and_then(|place| place.captures(text));
    let number = |name, group: usize| {
        let in_words = || said.as_ref().map(|said| &said[group]);
        let number: u64 = case.attribute(name).or_else(in_words)?.parse().ok()?;
        Some(number.max(1))
    };
    let name = case.attribute("name").unwrap_or_default();
    let rule = name
        .strip_prefix("org.")
        .and_then(|name| name.strip_prefix(linter));
    Complaint {
        path: file.unwrap_or_default().to_owned(),
        start: number("line", 1).map(|line| Place {
            line,
            column: number("column", 2),
        }),
        code: rule.unwrap_or(name).trim_start_matches('.').to_owned(),
        message: first_line(trouble.attribute("message").unwrap_or(text)).to_owned(),
        ..Complaint::default()
    }
}

/// Returns the file of a failed test, and the line where the words about it say so.
fn path_of(case: Node<'_, '_>, text: &str) -> (String, Option<u64>) {
    if let Some(file) = case.ancestors().find_map(|node| node.attribute("file")) {
        return (file.to_owned(), None);
    }
    let class = case.attribute("classname").unwrap_or_default();
    let in_class = text
        .strip_prefix(class)
        .and_then(|rest| rest.strip_prefix(':')?.split(':').next()?.parse().ok());
    if let (false, Some(line)) = (class.is_empty(), in_class) {
        return (class.to_owned(), Some(line));
    }
    let told = LINE_OF_FILE.as_ref().map(|line| line.captures_iter(text));
    let told: Vec<(&str, Option<u64>)> = told
        .into_iter()
        .flatten()
        .map(|found| {
            let (_, [path, line]) = found.extract();
            (path, line.parse().ok())
        })
        .collect();
    let own = told.iter().find(|(path, _)| folders(path, class).is_some());
    let other = || {
        told.iter()
            .find(|(path, _)| !path.contains("node_modules/"))
    };
    match own.or_else(other) {
        Some((path, line)) if path.contains('/') => ((*path).to_owned(), *line),
        // The words name the file only; the folder is that of its package.
        Some((path, line)) => {
            let package = class.contains('/').then(|| class.to_owned());
            let folders = package.or_else(|| folders(path, class)).unwrap_or_default();
            let path = format!("{folders}/{path}");
            (path.trim_start_matches('/').to_owned(), *line)
        }
        None if class.is_empty() => (String::new(), None),
        None => (format!("{}.py", class.replace('.', "/")), None),
    }
}

/// Returns the folders of the module or class that is named for a file: those of `com.acme.ATest`
/// for `ATest.java`.
fn folders(path: &str, class: &str) -> Option<String> {
    let name = path.rsplit('/').next()?;
    let stem = name.split('.').next()?;
    let steps: Vec<&str> = class.split('.').collect();
    let at = steps.iter().position(|step| *step == stem)?;
    Some(steps[..at].join("/"))
}

/// Returns the line that a test case names. Only pytest counts them from 0.
fn declared_line(case: Node<'_, '_>, path: &str) -> Option<u64> {
    let line: u64 = case.attribute("line")?.parse().ok()?;
    let class = case.attribute("classname").unwrap_or_default();
    let suite = case.ancestors().find(is_suite);
    let suite = suite.and_then(|suite| suite.attribute("name"));
    let is_of_unittest = suite.is_some_and(|name| name.starts_with(class));
    let is_python = path.rsplit('.').next() == Some("py");
    let is_of_pytest = is_python && folders(path, class).is_some() && !is_of_unittest;
    Some(if is_of_pytest { line + 1 } else { line.max(1) })
}

/// Returns the name that pytest takes to run just this test: `tests/test_a.py::TestB::test_c`.
fn node_id(path: &str, case: Node<'_, '_>) -> String {
    let module = path.strip_suffix(".py").unwrap_or(path).replace('/', ".");
    let class = case.attribute("classname").unwrap_or_default();
    let classes = class
        .strip_prefix(&module)
        .filter(|_| class != path)
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
    fn the_words_about_a_failure_name_the_file() {
        for (case, expected) in [
            (
                "<testcase classname=\"tests.test_a.TestB\" name=\"t\"><failure message=\"no\">x\n\nlib/h.py:3: \n_ _\ntests/test_a.py:5: AssertionError</failure></testcase>",
                ("tests/test_a.py", 5, "tests/test_a.py::TestB::t", "no"),
            ),
            (
                r#"<testcase classname="com.acme.CartTest" name="adds"><failure message="expected: &lt;1>">at org.junit.Assert.fail(Assert.java:89) at com.acme.CartTest.adds(CartTest.java:12)</failure></testcase>"#,
                (
                    "com/acme/CartTest.java",
                    12,
                    "com/acme/CartTest.java::adds",
                    "expected: <1>",
                ),
            ),
            (
                r#"<testcase classname="example.org/m/sub" name="TestA"><failure message="Failed">    a_test.go:7: want 2</failure></testcase>"#,
                (
                    "example.org/m/sub/a_test.go",
                    7,
                    "example.org/m/sub/a_test.go::TestA",
                    "Failed",
                ),
            ),
            (
                r#"<testcase classname="sum adds" name="sum adds"><failure>Error: no
    at x (/home/ci/p/node_modules/y/index.js:3:1)
    at Object.&lt;anonymous> (/home/ci/p/sum.test.js:4:15)</failure></testcase>"#,
                (
                    "/home/ci/p/sum.test.js",
                    4,
                    "/home/ci/p/sum.test.js::sum adds",
                    "Error: no",
                ),
            ),
            (
                r#"<testcase classname="a b, c.py" name="F401:1:8"><failure message="no">a b, c.py:2:8: no</failure></testcase>"#,
                ("a b, c.py", 2, "a b, c.py::F401:1:8", "no"),
            ),
            (
                r#"<testcase classname="pylint" name="b:3:0" file="b.py" line="3"><failure message="no">C0103:no</failure></testcase>"#,
                ("b.py", 3, "b.py::b:3:0", "no"),
            ),
        ] {
            check(case, expected);
        }
    }

    #[test]
    fn linters_name_the_file_in_the_suite() {
        let xml = r#"<testsuites><testsuite package="org.eslint" name="/ci/a.js"><testcase name="org.eslint.no-undef" classname="/ci/a"><failure message="'x' is not defined."><![CDATA[line 2, col 7, Error - 'x' is not defined. (no-undef)]]></failure></testcase></testsuite></testsuites>"#;
        let expected = Complaint {
            path: "/ci/a.js".to_owned(),
            start: Some(Place {
                line: 2,
                column: Some(7),
            }),
            code: "no-undef".to_owned(),
            message: "'x' is not defined.".to_owned(),
            ..Complaint::default()
        };
        assert_eq!(read(xml.as_bytes()), Ok(vec![expected]));
        assert_eq!(linter(xml).as_deref(), Some("eslint"));
    }

    #[test]
    fn what_is_no_report_about_tests_or_hides_failures_is_not_read() {
        for xml in ["<checkstyle/>", "<testsuite failures='1'/>"] {
            assert!(read(xml.as_bytes()).is_err(), "{xml}");
        }
        let clean = "<testsuites tests='0' failures='0'><testsuite errors='0'/></testsuites>";
        assert_eq!(read(clean.as_bytes()), Ok(Vec::new()));
    }

    #[test]
    fn passed_and_skipped_tests_are_no_findings() {
        let xml = r#"<testsuite><testcase name="a"/><testcase name="b"><skipped message="no"/></testcase></testsuite>"#;
        assert_eq!(read(xml.as_bytes()), Ok(Vec::new()));
    }
}
