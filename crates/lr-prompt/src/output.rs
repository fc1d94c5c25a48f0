//! What a test run printed, condensed around what failed.
//!
//! Knows the shape of pytest's report: banners of `=`, headings of `_`, frames and `E` lines. Of
//! any other text what passed is left out ([`crate::passed`]), and blanks.

use lr_turn::CheckResult;

use crate::{passed, volatile};

/// From how many equal lines on they are told as one.
const FEW: usize = 4;

/// Returns what was printed about failures, without volatile words; it ends with a line end
/// unless it is empty.
pub(crate) fn condensed(result: &CheckResult) -> String {
    let stdout = result.stdout.as_deref().unwrap_or_default();
    let stderr = result.stderr.as_deref().unwrap_or_default();
    let failures = failures(stdout);
    if !failures.is_empty() {
        return volatile::settle(&failures);
    }
    let lines = stdout.lines().chain(stderr.lines());
    volatile::settle(&tidy(passed::left_out(lines)))
}

/// Returns the sections about failures and errors of pytest's report; empty for another report.
fn failures(text: &str) -> String {
    let mut is_inside = false;
    let mut report = Report::default();
    for line in text.lines().map(str::trim_end) {
        if let Some(banner) = between(line, "===") {
            is_inside = matches!(banner, "FAILURES" | "ERRORS");
        } else if is_inside {
            report.add(line);
        }
    }
    tidy(report.lines.iter().map(String::as_str))
}

/// Returns pytest's report without the sections of these tests, which are named as in their
/// findings: `tests/test_a.py::TestB::test_c`. A section of a test that is also in `kept` stays.
pub(crate) fn without_tests(text: &str, dropped: &[&str], kept: &[&str]) -> String {
    let title = |code: &&str| {
        let steps = code.split_once("::").map_or(*code, |(_, steps)| steps);
        steps.replace("::", ".")
    };
    let [dropped, kept] = [dropped, kept].map(|tests| tests.iter().map(title).collect::<Vec<_>>());
    let mut is_dropped = false;
    let mut rest = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        if let Some(heading) = between(line.trim_end(), "__") {
            let last = heading.rsplit(' ').next().unwrap_or(heading);
            let has =
                |tests: &[String]| tests.iter().any(|known| known == heading || known == last);
            is_dropped = has(&dropped) && !has(&kept);
        } else if line.starts_with("===") {
            is_dropped = false;
        }
        if !is_dropped {
            rest.push_str(line);
        }
    }
    rest
}

/// Returns the lines of an output that are about files which `is_kept` is true of, or about none:
/// a line is about the files it names, else about those of the line before.
pub(crate) fn about(
    text: &str,
    named: &dyn Fn(&str) -> Vec<usize>,
    is_kept: &dyn Fn(usize) -> bool,
) -> String {
    let mut is_shown = true;
    let mut rest = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        let named = named(line);
        if !named.is_empty() {
            is_shown = named.into_iter().any(is_kept);
        }
        if is_shown {
            rest.push_str(line);
        }
    }
    rest
}

/// The lines of the sections that are kept.
#[derive(Default)]
struct Report {
    lines: Vec<String>,
    /// The heading of the test that comes next.
    heading: Option<String>,
    /// Whether the lines belong to a frame outside the sources.
    is_foreign: bool,
}

impl Report {
    fn add(&mut self, line: &str) {
        if let Some(heading) = between(line, "__") {
            self.heading = Some(heading.to_owned());
            self.is_foreign = false;
            return;
        }
        if !line.starts_with([' ', '\t']) {
            self.is_foreign = is_foreign_frame(line);
        }
        let is_noise = ["", "E", "Traceback:"].contains(&line)
            || ["Hint: ", "E     ?"]
                .iter()
                .any(|mark| line.starts_with(mark));
        if self.is_foreign || is_noise {
            return;
        }
        if let Some(heading) = self.heading.take() {
            let says_the_same = line
                .rsplit_once(": in ")
                .is_some_and(|(_, function)| function == heading);
            if !says_the_same {
                self.lines.push(heading);
            }
        }
        self.lines.push(match line.strip_prefix("E   ") {
            Some(rest) => format!("E {rest}"),
            None => line.to_owned(),
        });
    }
}

/// Tells whether a line names a frame in a file outside the sources: `/usr/lib/x.py:3: in f`.
fn is_foreign_frame(line: &str) -> bool {
    let is_frame = line.contains(": in ");
    is_frame && (line.starts_with('/') || line.contains("site-packages/"))
}

/// Returns what a line has between its marks: `=== FAILURES ===`.
fn between<'l>(line: &'l str, mark: &str) -> Option<&'l str> {
    if !line.starts_with(mark) || !line.ends_with(mark) {
        return None;
    }
    let mark = |c: char| mark.starts_with(c);
    let title = line
        .trim_matches(mark)
        .strip_prefix(' ')?
        .strip_suffix(' ')?;
    (!title.is_empty()).then_some(title)
}

/// Joins lines without blanks at their ends and without runs of empty ones; a line that comes again
/// and again is told once, with how often.
fn tidy<'l>(lines: impl Iterator<Item = &'l str>) -> String {
    let lines: Vec<&str> = lines.map(str::trim_end).collect();
    let mut text = String::new();
    for run in lines.chunk_by(|one, next| one == next) {
        let shown = match run.len() {
            _ if run[0].is_empty() => usize::from(!text.is_empty()),
            FEW.. => 1,
            all => all,
        };
        for line in &run[..shown] {
            text.push_str(line);
            text.push('\n');
        }
        if shown < run.len() && !run[0].is_empty() {
            let more = run.len() - shown;
            let told = format!("(the same line {more} times more)\n");
            text.push_str(&told);
        }
    }
    text.truncate(text.trim_end().len());
    if !text.is_empty() {
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(stdout: &str, expected: &str) {
        let result = CheckResult {
            stdout: Some(stdout.to_owned()),
            ..CheckResult::default()
        };
        assert_eq!(condensed(&result), expected);
    }

    #[test]
    fn only_what_failed_is_kept_of_a_test_run() {
        check(
            "\
F..                                                  [100%]
=================================== FAILURES ===================================
___________________________ test_new ___________________________
tests/test_a.py:9: in test_new
    assert add(1) == 1
E   AssertionError: assert 2 == 1
E    +  where 2 = add(1)
E     
E     - -1.50
E     ?  ^
E     + -2.50
______________________________ test_p[0-1] ______________________________
tests/test_a.py:12: in test_p
    helper()
/usr/lib/python3/site-packages/lib/helper.py:3: in helper
    raise OSError(path)
E   OSError: /tmp/pytest-of-me/pytest-1/x0
=========================== short test summary info ============================
FAILED tests/test_a.py::test_new - AssertionError
2 failed, 1 passed in 0.04s
",
            "\
tests/test_a.py:9: in test_new
    assert add(1) == 1
E AssertionError: assert 2 == 1
E  +  where 2 = add(1)
E   - -1.50
E   + -2.50
test_p[0-1]
tests/test_a.py:12: in test_p
    helper()
E OSError: /tmp/…
",
        );
    }

    #[test]
    fn a_module_that_cannot_be_imported_is_told_by_its_own_lines() {
        check(
            "\
==================================== ERRORS ====================================
_______________________ ERROR collecting tests/test_i.py _______________________
ImportError while importing test module 'tests/test_i.py'.
Hint: make sure your test modules/packages have valid Python names.
Traceback:
/usr/lib/python3.11/importlib/__init__.py:126: in import_module
    return _bootstrap._gcd_import(name[level:], package, level)
           ^^^^^^^^^^^^^^^^^^^^^
tests/test_i.py:1: in <module>
    import nothing
E   ModuleNotFoundError: No module named 'nothing'
=========================== short test summary info ============================
ERROR tests/test_i.py
",
            "\
ERROR collecting tests/test_i.py
ImportError while importing test module 'tests/test_i.py'.
tests/test_i.py:1: in <module>
    import nothing
E ModuleNotFoundError: No module named 'nothing'
",
        );
    }

    #[test]
    fn sections_of_tests_can_be_left_out() {
        let text = "\
F.
=== FAILURES ===
__ test_a __
a
__ TestB.test_c[1] __
b
__ ERROR at setup of test_d __
d
=== short test summary info ===
FAILED
";
        let dropped = ["t.py::TestB::test_c[1]", "t.py::test_d", "t.py::test_a"];
        assert_eq!(
            without_tests(text, &dropped, &["u.py::test_a"]),
            "F.\n=== FAILURES ===\n__ test_a __\na\n=== short test summary info ===\nFAILED\n"
        );
    }

    #[test]
    fn an_output_can_be_shared_out_among_files() {
        let named = |line: &str| match line.split_once(':') {
            Some((file, _)) => vec![file.len()],
            None => vec![],
        };
        let text = "hello\na: x\n  more\nbb: y\n  more of it\na: z";
        assert_eq!(
            about(text, &named, &|file| file == 1),
            "hello\na: x\n  more\na: z"
        );
        assert_eq!(
            about(text, &named, &|file| file == 2),
            "hello\nbb: y\n  more of it\n"
        );
    }

    #[test]
    fn a_line_that_comes_again_and_again_is_told_once() {
        check("a\na\na\nb\n", "a\na\na\nb\n");
        check(
            "a\nb\nb \nb\nb\n\n\nc\n",
            "a\nb\n(the same line 3 times more)\n\nc\n",
        );
    }

    #[test]
    fn another_report_is_kept_but_for_blanks() {
        check("\n\nnot ok 1  \n\n\n\n=== x\n\n", "not ok 1\n\n=== x\n");
        check("", "");
    }
}
