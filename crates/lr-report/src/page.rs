//! The page for people: findings by file, under the lines they are about, then what did not simply
//! run clean, then a total with counts and times.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use lr_stage::say;
use lr_turn::{Check, CheckResult, CheckStatus, Finding};

use crate::excerpt::{self, Mark};
use crate::paint::{Colours, Style, harmless, painted};
use crate::trouble::short;
use crate::{Report, by_checker, name};

/// How many lines of each end of what a checker printed are shown.
const MOST_LINES: usize = 40;

/// How long a shown line of it may be, in characters.
const LONGEST_LINE: usize = 200;

/// How a message of cargo for programs begins.
const MESSAGE: &str = "{\"reason\":\"";

/// One line of the table of a file's findings.
struct Row<'a> {
    place: String,
    code: &'a str,
    message: &'a str,
    checker: &'a str,
}

/// Writes the page. Control characters in what checkers and files say are made visible.
pub fn page(report: &Report<'_>, colours: Colours) -> String {
    let mut page = String::new();
    for (path, findings) in by_file(report.check) {
        file(&mut page, report, (path, &findings), colours);
    }
    let mut remarks = String::new();
    for (name, results) in by_checker(report.check) {
        remark(&mut remarks, name, &results, colours);
    }
    if !remarks.is_empty() {
        page.push_str(&remarks);
        page.push('\n');
    }
    page.push_str(&total(report, colours));
    page
}

type Found<'a> = (&'a CheckResult, &'a Finding);

fn by_file(check: &Check) -> BTreeMap<&str, Vec<Found<'_>>> {
    let mut files: BTreeMap<&str, Vec<Found<'_>>> = BTreeMap::new();
    for result in &check.results {
        for finding in &result.findings {
            let found = files.entry(&finding.location.path).or_default();
            found.push((result, finding));
        }
    }
    for found in files.values_mut() {
        found.sort_by_key(|(_, finding)| {
            let start = finding.location.range.map(|range| range.start);
            let line = start.map_or(0, |start| start.line);
            (line, start.and_then(|start| start.column).unwrap_or(0))
        });
    }
    files
}

/// Writes what was found in a file: first what has no line that can be shown, then the lines.
fn file(
    page: &mut String,
    report: &Report<'_>,
    (path, found): (&str, &[Found<'_>]),
    colours: Colours,
) {
    let heading = if path.is_empty() {
        "several files"
    } else {
        path
    };
    let _ = writeln!(page, "{}", painted(heading, Style::Heading, colours));
    let lines = report.texts.get(path);
    let (mut rows, mut marks) = (Vec::new(), Vec::new());
    for (result, finding) in found {
        let row = row(result, finding);
        match lines.and_then(|lines| excerpt::span(lines, finding)) {
            Some(_) => marks.push(Mark {
                finding,
                label: label(&row),
            }),
            None => rows.push(row),
        }
    }
    table(page, &rows);
    if let Some(lines) = lines {
        let drawn = excerpt::draw(lines, &marks, colours);
        page.push_str(&harmless(&drawn, colours));
    }
    page.push('\n');
}

/// Returns what stands beside the mark under a line; what checkers say behind the first line of a
/// message is in the turn.
fn label(row: &Row<'_>) -> String {
    let mut label = String::new();
    if !row.code.is_empty() {
        let _ = write!(label, "{}: ", row.code);
    }
    let first = row.message.lines().next().unwrap_or_default();
    let _ = write!(label, "{first} [{}]", row.checker);
    say::clean(&label).into_owned()
}

fn row<'a>(result: &'a CheckResult, finding: &'a Finding) -> Row<'a> {
    let start = finding.location.range.map(|range| range.start);
    let place = match start.map(|start| (start.line, start.column)) {
        Some((line, Some(column))) => format!("{line}:{column}"),
        Some((line, None)) => line.to_string(),
        None => String::new(),
    };
    let code = finding.code.as_ref().map_or("", |code| code.value.as_str());
    let path = &finding.location.path;
    Row {
        place,
        // A test's name begins with the path that stands above the table already.
        code: code
            .strip_prefix(path.as_str())
            .and_then(|rest| rest.strip_prefix("::"))
            .unwrap_or(code),
        message: &finding.message,
        checker: name(result),
    }
}

fn table(page: &mut String, rows: &[Row<'_>]) {
    let width = |cell: fn(&Row<'_>) -> usize| rows.iter().map(cell).max().unwrap_or(0);
    let places = width(|row| row.place.chars().count());
    let codes = width(|row| row.code.chars().count()).min(24);
    for row in rows {
        let mut line = String::from("  ");
        if places > 0 {
            let _ = write!(line, "{:>places$}  ", row.place);
        }
        if codes > 0 {
            let _ = write!(line, "{:<codes$}  ", row.code);
        }
        let message = row.message.replace('\n', "\n      ");
        let _ = write!(line, "{message}  [{}]", row.checker);
        let _ = writeln!(page, "{}", say::clean(&line));
    }
}

/// Says of a checker that did not simply run clean, or found something, how it went: once for all
/// its calls that went the same way.
fn remark(page: &mut String, name: &str, results: &[&CheckResult], colours: Colours) {
    let mut said: Vec<String> = Vec::new();
    let n_findings: usize = results.iter().map(|result| result.findings.len()).sum();
    for result in results {
        let line = match result.status() {
            CheckStatus::Clean => continue,
            CheckStatus::Findings => format!("{name}: {}", plural(n_findings, "finding")),
            CheckStatus::Broken => with_reason(name, "broken", result),
            CheckStatus::Missing => with_reason(name, "missing", result),
            CheckStatus::TimedOut => with_reason(name, "timed out", result),
            CheckStatus::Skipped => with_reason(name, "skipped", result),
        };
        if !said.contains(&line) {
            let shown = match result.status() {
                CheckStatus::Broken | CheckStatus::Missing | CheckStatus::TimedOut => {
                    painted(&line, Style::Trouble, colours)
                }
                _ => say::clean(&line).into_owned(),
            };
            let _ = writeln!(page, "{shown}");
            said.push(line);
        }
        for output in [&result.stdout, &result.stderr].into_iter().flatten() {
            quote(page, output);
        }
    }
}

fn with_reason(name: &str, word: &str, result: &CheckResult) -> String {
    match &result.why {
        Some(why) => format!("{name}: {word}: {why}"),
        None => format!("{name}: {word}"),
    }
}

/// Quotes what was printed, without the middle of many lines and the end of long ones, and without
/// what cargo writes for programs between the words of the tests.
fn quote(page: &mut String, output: &str) {
    let lines = output.lines();
    let lines: Vec<&str> = lines.filter(|line| !line.starts_with(MESSAGE)).collect();
    let left_out = lines.len().saturating_sub(2 * MOST_LINES);
    for (number, line) in lines.iter().enumerate() {
        if left_out > 0 && number == MOST_LINES {
            let _ = writeln!(page, "  [… {left_out} lines …]");
        }
        if number < MOST_LINES || number >= MOST_LINES + left_out {
            let _ = writeln!(page, "  | {}", say::clean(&short(line, LONGEST_LINE)));
        }
    }
}

/// Says in one line what was found, and by whom.
pub(crate) fn total(report: &Report<'_>, colours: Colours) -> String {
    let check = report.check;
    let n_findings = check.findings().count();
    let found = match (n_findings, check.rank) {
        (0, None) => "no answer".to_owned(),
        (0, Some(_)) => "clean".to_owned(),
        (count, _) => format!("{} ({})", plural(count, "finding"), by_weight(check)),
    };
    let style = if check.clean {
        Style::Good
    } else {
        Style::Trouble
    };
    let found = painted(&found, style, colours);
    let files = plural(report.texts.count(), "file");
    let ran = |result: &&CheckResult| {
        !matches!(result.status(), CheckStatus::Skipped | CheckStatus::Missing)
    };
    let checkers: Vec<String> = by_checker(check)
        .into_iter()
        .filter(|(_, results)| results.iter().any(ran))
        .map(|(name, results)| match time(&results) {
            Some(time) => format!("{name} ({time})"),
            None => name.to_owned(),
        })
        .collect();
    if checkers.is_empty() {
        return format!("{found} in {files}\n");
    }
    let checkers = checkers.join(", ");
    format!("{found} in {files}, checked by {}\n", say::clean(&checkers))
}

/// Counts findings by what a rank tells apart.
fn by_weight(check: &Check) -> String {
    let mut counts = [0_usize; 5];
    for finding in check.findings() {
        counts[finding.place_in_rank()] += 1;
    }
    let words = ["blocker", "failing test", "error", "warning", "note"];
    let counted = counts.iter().zip(words).filter(|(count, _)| **count > 0);
    let counted: Vec<String> = counted.map(|(count, word)| plural(*count, word)).collect();
    counted.join(", ")
}

/// Says how long a checker took in all its calls; `None` where nobody knows.
fn time(results: &[&CheckResult]) -> Option<String> {
    let ran = results.iter().filter_map(|result| result.seconds);
    let seconds: Vec<f64> = ran.collect();
    let remembered = results.iter().any(|result| result.cached);
    match (seconds.is_empty(), remembered) {
        (true, true) => Some("remembered".to_owned()),
        (true, false) => None,
        (false, true) => Some(format!(
            "{:.2} s, partly remembered",
            seconds.iter().sum::<f64>()
        )),
        (false, false) => Some(format!("{:.2} s", seconds.iter().sum::<f64>())),
    }
}

/// Returns a number with its word.
pub fn plural(count: usize, word: &str) -> String {
    let ending = if count == 1 { "" } else { "s" };
    format!("{count} {word}{ending}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{tests, texts::Texts};

    #[test]
    fn findings_stand_under_their_lines() {
        let mut check = tests::check();
        check.rank = None;
        let expected = "\
several files
  ./tidy.sh b.py: exit status 3  [./tidy.sh]

b.py
  |
1 | s = 'é'; é
  |       ^ E1: é\\u{1b}[31m: 100%, no [ruff]
2 | import os
  |        ^^ F401: `os` imported but unused [ruff]

test_a.py
  |
1 | assert 1 == 2
  | ^^^^^^^^^^^^^ test_b: assert 1 == 2 [pytest]

ruff: 2 findings
pytest: 1 finding
  | F
  | 1 failed
mypy: broken: it ended with exit status 2
  | mypy: error: no such option
flake8: skipped: not installed
./tidy.sh: 1 finding

4 findings (1 failing test, 2 errors, 1 warning) in 2 files, checked by ruff (0.04 s), pylint (remembered), \
pytest (1.20 s), mypy (0.30 s), ./tidy.sh (0.01 s)
";
        assert_eq!(page(&tests::report(&check), Colours::Plain), expected);
    }

    #[test]
    fn what_cargo_says_to_programs_is_left_out() {
        let mut shown = String::new();
        quote(
            &mut shown,
            "{\"reason\":\"build-finished\",\"success\":true}\nrunning 1 test\n",
        );
        assert_eq!(shown, "  | running 1 test\n");
    }

    #[test]
    fn colours_are_all_that_a_terminal_is_told() {
        let check = tests::check();
        let coloured = page(&tests::report(&check), Colours::Terminal);
        for piece in [
            "\u{1b}[1mb.py\u{1b}[0m\n",
            "\u{1b}[1;31mmypy: broken: it ended with exit status 2\u{1b}[0m\n",
            "\u{1b}[1;31m4 findings (1 failing test, 2 errors, 1 warning)\u{1b}[0m in 2 files",
            "E1: é\\u{1b}[31m: 100%, no [ruff]",
        ] {
            assert!(coloured.contains(piece), "{piece}\n{coloured}");
        }
        let mut plain = String::new();
        let mut rest = coloured.as_str();
        while let Some((before, after)) = rest.split_once("\u{1b}[") {
            plain.push_str(before);
            rest = after.split_once('m').unwrap().1;
        }
        plain.push_str(rest);
        let expected = page(&tests::report(&check), Colours::Plain);
        assert_eq!(plain, expected);
    }

    #[test]
    fn long_output_loses_its_middle() {
        let mut page = String::new();
        quote(&mut page, &"line\n".repeat(83));
        assert_eq!(page.lines().count(), 81);
        assert_eq!(page.lines().nth(40), Some("  [… 3 lines …]"));
    }

    #[test]
    fn clean_is_one_line() {
        let check: Check = serde_json::from_str(
            r#"{"clean":true,"rank":[0,0,0,0,0],"results":[{"argv":["./x.sh","a"],"status":"clean","seconds":0.5}]}"#,
        )
        .unwrap();
        let texts = Texts::of([("a", "")]);
        let report = Report {
            check: &check,
            texts,
        };
        assert_eq!(
            page(&report, Colours::Plain),
            "clean in 1 file, checked by ./x.sh (0.50 s)\n"
        );
    }
}
