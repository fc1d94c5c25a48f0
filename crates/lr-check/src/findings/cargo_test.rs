//! What `cargo test --message-format=json` prints: the compiler's messages as JSON, of which only
//! errors count here, and between them what the tests say in words.

use std::io::BufRead;
use std::sync::LazyLock;

use lr_turn::Severity;
use regex::Regex;

use super::cargo_json::{self, Once};
use super::{Complaint, Place};

/// The heading of what a failed test printed.
static HEADING: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"^---- (?P<name>.+?) stdout ----$").ok());

/// Where a test panicked, in the words of new and old versions.
static PANIC: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"panicked at (?:'(?P<old>.*)', )?(?P<path>[^:]+):(?P<line>\d+):(?P<column>\d+):?$")
        .ok()
});

/// The name of an example in a document: `src/lib.rs - f (line 3)`.
static EXAMPLE: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"^(?P<path>\S+) - .*\(line (?P<line>\d+)\)").ok());

/// Lines that end what a test says about its failure.
const ENDS: [&str; 3] = ["stack backtrace:", "note: run with", "failures:"];

/// Reads the failed tests, and what keeps tests from being built.
pub(super) fn read(output: impl BufRead) -> Result<Vec<Complaint>, String> {
    let mut once = Once::default();
    let mut words = String::new();
    for line in output.split(b'\n') {
        let line = line.map_err(|error| error.to_string())?;
        let line = String::from_utf8_lossy(&line);
        match cargo_json::message(&line)? {
            Some(complaint) if complaint.severity == Some(Severity::Error) => {
                once.extend([complaint]);
            }
            Some(_) => {}
            None if line.starts_with("{\"reason\"") => {}
            None => {
                words.push_str(&line);
                words.push('\n');
            }
        }
        if once.is_enough() {
            break;
        }
    }
    once.extend(failures(&words));
    once.extend(unfinished(&words));
    Ok(once.complaints)
}

/// Returns a complaint for every program of tests that began and did not come to its result: a
/// test may end all of them, even with the status of success.
fn unfinished(words: &str) -> Vec<Complaint> {
    let (mut is_open, mut in_failures) = (false, false);
    let mut count = 0;
    for line in words.lines() {
        if line.starts_with("test result: ") {
            (is_open, in_failures) = (false, false);
        } else if line == "failures:" {
            in_failures = true;
        } else if !in_failures && is_begin(line) {
            count += usize::from(is_open);
            is_open = true;
        }
    }
    count += usize::from(is_open);
    let complaint = Complaint {
        code: "aborted".to_owned(),
        message: "the tests ended before all of them had run".to_owned(),
        ..Complaint::default()
    };
    vec![complaint; count]
}

/// Tells whether a line is "running 3 tests".
fn is_begin(line: &str) -> bool {
    let rest = line.strip_prefix("running ");
    let number = rest.and_then(|rest| {
        rest.strip_suffix(" tests")
            .or_else(|| rest.strip_suffix(" test"))
    });
    number.is_some_and(|number| number.parse::<u64>().is_ok())
}

fn failures(words: &str) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    // A test, and where what it said begins.
    let mut current: Option<(&str, usize)> = None;
    let mut end = 0;
    for line in words.split_inclusive('\n') {
        let begin = end;
        end += line.len();
        let line = line.trim_end_matches(['\r', '\n']);
        let heading = HEADING.as_ref().and_then(|heading| heading.captures(line));
        let name = heading.and_then(|found| found.name("name"));
        if name.is_some() || line == "failures:" {
            let before = current.take();
            complaints.extend(before.map(|(name, from)| failure(name, &words[from..begin])));
            current = name.map(|name| (name.as_str(), end));
        }
    }
    complaints.extend(current.map(|(name, from)| failure(name, &words[from..])));
    complaints
}

fn failure(name: &str, said: &str) -> Complaint {
    let panic = said.lines().enumerate().find_map(|(at, line)| {
        let found = PANIC.as_ref()?.captures(line)?;
        Some((at, found))
    });
    let place = |line: &str, column: Option<&str>| {
        Some(Place {
            line: line.parse().ok()?,
            column: column.and_then(|column| column.parse().ok()),
        })
    };
    let mut complaint = Complaint {
        code: name.to_owned(),
        ..Complaint::default()
    };
    if let Some(found) = EXAMPLE.as_ref().and_then(|example| example.captures(name)) {
        found["path"].clone_into(&mut complaint.path);
        complaint.start = place(&found["line"], None);
    } else if let Some((_, found)) = &panic {
        found["path"].clone_into(&mut complaint.path);
        complaint.start = place(
            &found["line"],
            found.name("column").map(|group| group.as_str()),
        );
    }
    let message = match &panic {
        Some((_, found)) if found.name("old").is_some() => found["old"].to_owned(),
        Some((at, _)) => telling(said.lines().skip(at + 1)),
        None => telling(said.lines()),
    };
    complaint.message = if message.is_empty() {
        "the test failed".to_owned()
    } else {
        message
    };
    complaint
}

/// Returns the lines up to what is the same for every failure.
fn telling<'a>(lines: impl Iterator<Item = &'a str>) -> String {
    let lines = lines.skip_while(|line| line.trim().is_empty());
    let lines = lines.take_while(|line| !ENDS.iter().any(|end| line.starts_with(end)));
    lines.collect::<Vec<_>>().join("\n").trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[(&str, &str, Option<u64>, &str)]) {
        let read = read(text.as_bytes()).unwrap();
        let read: Vec<_> = read
            .iter()
            .map(|one| {
                let line = one.start.map(|start| start.line);
                (&*one.code, &*one.path, line, &*one.message)
            })
            .collect();
        assert_eq!(read, expected);
    }

    #[test]
    fn a_failure_is_where_the_test_panicked() {
        check(
            "running 2 tests\n\nfailures:\n\n---- tests::a stdout ----\nprinted\n\n\
             thread 'tests::a' (77) panicked at src/lib.rs:12:14:\nassertion `left == right` failed\n  \
             left: 1\n right: 2\nnote: run with `RUST_BACKTRACE=1`\n\n---- old stdout ----\n\
             thread 'old' panicked at 'no', src/a.rs:3:5\n\n\nfailures:\n    tests::a\n    old\n\n\
             test result: FAILED. 0 passed; 2 failed\n",
            &[
                (
                    "tests::a",
                    "src/lib.rs",
                    Some(12),
                    "assertion `left == right` failed\n  left: 1\n right: 2",
                ),
                ("old", "src/a.rs", Some(3), "no"),
            ],
        );
    }

    #[test]
    fn a_test_may_fail_without_a_panic_and_an_example_names_its_line() {
        check(
            "---- returns stdout ----\nError: \"no\"\n\n---- src/lib.rs - f (line 3) stdout ----\n\
             Test executable failed (exit status: 101).\n\nstderr:\n\n\
             thread 'main' panicked at src/lib.rs:5:1:\nboom\n\nfailures:\n",
            &[
                ("returns", "", None, "Error: \"no\""),
                ("src/lib.rs - f (line 3)", "src/lib.rs", Some(3), "boom"),
            ],
        );
    }

    #[test]
    fn tests_that_do_not_come_to_their_result_are_told() {
        check(
            "\nrunning 2 tests\n\nrunning 1 test\n.\ntest result: ok. 1 passed\n",
            &[(
                "aborted",
                "",
                None,
                "the tests ended before all of them had run",
            )],
        );
        check(
            "running 1 test\nF\nfailures:\n\n---- a stdout ----\nrunning 3 tests\nno\n\nfailures:\n    a\n\n\
             test result: FAILED. 0 passed; 1 failed\n",
            &[("a", "", None, "running 3 tests\nno")],
        );
    }

    #[test]
    fn tests_that_pass_are_no_findings() {
        check("running 1 test\n.\ntest result: ok. 1 passed\n", &[]);
    }
}
