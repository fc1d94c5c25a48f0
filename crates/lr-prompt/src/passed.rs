//! Lines of a test run that tell nothing about what failed: what passed, what was built, and frames
//! of tracebacks outside the sources.
//!
//! Knows what cargo, go, Python's doctest and unittest print. What is left out is left out for what
//! it is, never for its length.

use std::sync::LazyLock;

use regex::Regex;

/// Lines that are left out wherever they stand.
static NOISE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(concat!(
        // cargo and its test programs
        r"^test .* \.\.\. (?:ok|ignored(?:,.*)?)$",
        r"|^running \d+ tests?$",
        r"|^ +(?:Compiling|Checking|Finished|Running|Doc-tests|Downloaded|Downloading|Updating|Blocking|Locking|Fresh|Adding) ",
        r"|^note: run with `RUST_BACKTRACE=1` environment variable",
        r"|^note: Some details are omitted, run with `RUST_BACKTRACE=full`",
        r"|^stack backtrace:$",
        r"|^test result: ok\.",
        // what cargo says to programs, which lr-check asks for
        r#"|^\{"reason":""#,
        // go
        r"|^=== (?:RUN|PAUSE|CONT|NAME) ",
        r"|^ *--- (?:PASS|SKIP): ",
        r"|^ok  \t|^\?   \t|^PASS$",
        // unittest and doctest
        r"|^\S+ \(.*\) \.\.\. (?:ok|skipped.*)$",
        r"|^\*{10,}$",
    ))
    .ok()
});

/// The first line of a frame of a traceback of Python.
static PYTHON_FRAME: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r#"^( *)File "([^"]+)", line \d+"#).ok());

/// The first and the second line of a frame of a backtrace of Rust.
static RUST_FRAME: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"^ +\d+: |^ +at (?:/|\./|\S+\.rs:\d)").ok());

/// Returns the lines of a run that are not about what passed or lies outside the sources.
pub(crate) fn left_out<'t>(lines: impl Iterator<Item = &'t str>) -> impl Iterator<Item = &'t str> {
    let mut foreign: Option<usize> = None;
    lines.filter(move |line| {
        if let Some(depth) = foreign {
            let is_inside = !line.trim().is_empty() && indent(line) > depth;
            if is_inside {
                return false;
            }
            foreign = None;
        }
        if let Some(frame) = captures(&PYTHON_FRAME, line) {
            let path = &frame[2];
            if path.starts_with(['/', '…']) || path.contains("site-packages/") {
                foreign = Some(frame[1].len());
                return false;
            }
            return true;
        }
        !is_match(&NOISE, line) && !is_foreign_rust_frame(line)
    })
}

/// Tells whether a line belongs to a frame of a backtrace of Rust that is not about a source.
fn is_foreign_rust_frame(line: &str) -> bool {
    if !is_match(&RUST_FRAME, line) {
        return false;
    }
    let place = line.trim_start().strip_prefix("at ");
    place.is_none_or(|place| place.starts_with('/'))
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

fn is_match(pattern: &LazyLock<Option<Regex>>, line: &str) -> bool {
    pattern
        .as_ref()
        .is_some_and(|pattern| pattern.is_match(line))
}

fn captures<'l>(pattern: &LazyLock<Option<Regex>>, line: &'l str) -> Option<regex::Captures<'l>> {
    pattern.as_ref()?.captures(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        let left: Vec<&str> = left_out(text.lines()).collect();
        assert_eq!(left, expected.lines().collect::<Vec<_>>());
    }

    #[test]
    fn what_cargo_says_to_programs_is_left_out() {
        check(
            "{\"reason\":\"build-finished\",\"success\":true}\n{\"reasons\":1}\n",
            "{\"reasons\":1}\n",
        );
    }

    #[test]
    fn of_cargo_test_the_panics_stay() {
        check(
            "
   Compiling x v0.1.0
    Finished `test` profile in 0.5s
     Running unittests src/lib.rs (target/debug/deps/x-1f)

running 3 tests
test tests::one ... ok
test tests::slow ... ignored, too slow
test tests::two ... FAILED

failures:

---- tests::two stdout ----

thread 'tests::two' panicked at src/lib.rs:9:9:
assertion `left == right` failed
  left: 1
 right: 2
stack backtrace:
   0: core::panicking::panic_fmt
             at /rustc/59807/library/core/src/panicking.rs:80:14
   1: x::tests::two
             at ./src/lib.rs:9:9
note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace

failures:
    tests::two

test result: FAILED. 1 passed; 1 failed; 1 ignored
",
            "

test tests::two ... FAILED

failures:

---- tests::two stdout ----

thread 'tests::two' panicked at src/lib.rs:9:9:
assertion `left == right` failed
  left: 1
 right: 2
             at ./src/lib.rs:9:9

failures:
    tests::two

test result: FAILED. 1 passed; 1 failed; 1 ignored
",
        );
    }

    #[test]
    fn of_a_traceback_the_sources_own_frames_stay() {
        check(
            "\
test_a (tests.test_m.T.test_a) ... ok
test_b (tests.test_m.T.test_b) ... ERROR
Traceback (most recent call last):
  File \"src/m.py\", line 3, in f
    return json.loads(text)
           ^^^^^^^^^^^^^^^^
  File \"/usr/lib/python3.11/json/__init__.py\", line 346, in loads
    return _default_decoder.decode(s)
           ^^^^^^^^^^^^^^^^^^^^^^^^^^
  File \"…/site-packages/x.py\", line 1, in g
    raise
json.decoder.JSONDecodeError: Expecting value
",
            "\
test_b (tests.test_m.T.test_b) ... ERROR
Traceback (most recent call last):
  File \"src/m.py\", line 3, in f
    return json.loads(text)
           ^^^^^^^^^^^^^^^^
json.decoder.JSONDecodeError: Expecting value
",
        );
    }

    #[test]
    fn of_doctest_expected_and_got_stay() {
        let text = "\
**********************************************************************
File \"a.py\", line 3, in a.f
Failed example:
    f(1)
Expected:
    2
Got:
    3
";
        check(text, text.split_once('\n').unwrap().1);
    }

    #[test]
    fn of_go_test_the_failures_stay() {
        check(
            "=== RUN   TestA\n--- PASS: TestA (0.00s)\n=== RUN   TestB\n    b_test.go:7: got 1, want 2\n--- FAIL: TestB (0.00s)\nFAIL\nok  \tx/y\t0.1s\n",
            "    b_test.go:7: got 1, want 2\n--- FAIL: TestB (0.00s)\nFAIL\n",
        );
    }
}
