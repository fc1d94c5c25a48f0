//! The page for people: findings by file, then what did not simply run clean, then a total.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use lr_stage::say;
use lr_turn::{Check, CheckResult, CheckStatus, Finding};

use crate::said;

/// How many lines of each end of what a checker printed are shown.
const MOST_LINES: usize = 40;

/// How long a shown line of it may be, in characters.
const LONGEST_LINE: usize = 200;

/// One line of the table of a file's findings.
struct Row<'a> {
    place: String,
    code: &'a str,
    message: &'a str,
    checker: &'a str,
}

/// Writes the page. Control characters in what checkers and files say are made visible.
pub(crate) fn page(check: &Check, n_sources: usize) -> String {
    let mut page = String::new();
    for (path, rows) in by_file(check) {
        table(&mut page, path, &rows);
    }
    let mut remarks = String::new();
    for result in &check.results {
        remark(&mut remarks, result);
    }
    if !remarks.is_empty() {
        page.push_str(&remarks);
        page.push('\n');
    }
    page.push_str(&total(check, n_sources));
    page
}

fn by_file(check: &Check) -> BTreeMap<&str, Vec<Row<'_>>> {
    let mut files: BTreeMap<&str, Vec<(u64, u64, Row<'_>)>> = BTreeMap::new();
    for result in &check.results {
        for finding in &result.findings {
            let start = finding.location.range.map(|range| range.start);
            let line = start.map_or(0, |start| start.line);
            let column = start.and_then(|start| start.column).unwrap_or(0);
            let rows = files.entry(&finding.location.path).or_default();
            rows.push((line, column, row(result, finding)));
        }
    }
    files
        .into_iter()
        .map(|(path, mut rows)| {
            rows.sort_by_key(|(line, column, _)| (*line, *column));
            (path, rows.into_iter().map(|(_, _, row)| row).collect())
        })
        .collect()
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

fn table(page: &mut String, path: &str, rows: &[Row<'_>]) {
    let width = |cell: fn(&Row<'_>) -> usize| rows.iter().map(cell).max().unwrap_or(0);
    let places = width(|row| row.place.chars().count());
    let codes = width(|row| row.code.chars().count()).min(24);
    let heading = if path.is_empty() {
        "several files"
    } else {
        path
    };
    let _ = writeln!(page, "{}", say::clean(heading));
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
    page.push('\n');
}

/// Says of a checker that did not simply run clean, or found something, how it went.
fn remark(page: &mut String, result: &CheckResult) {
    let (word, count) = match result.status() {
        CheckStatus::Clean => return,
        CheckStatus::Findings => ("findings", result.findings.len()),
        CheckStatus::Broken => ("broken", 0),
        CheckStatus::Missing => ("missing", 0),
        CheckStatus::TimedOut => ("timed out", 0),
        CheckStatus::Skipped => ("skipped", 0),
    };
    let mut line = format!("{}: ", name(result));
    if count > 0 {
        let _ = write!(line, "{count} ");
    }
    line.push_str(if count == 1 { "finding" } else { word });
    if let Some(why) = &result.why {
        let _ = write!(line, ": {why}");
    }
    let _ = writeln!(page, "{}", say::clean(&line));
    for output in [&result.stdout, &result.stderr].into_iter().flatten() {
        quote(page, output);
    }
}

/// Quotes what was printed, without the middle of many lines and the end of long ones.
fn quote(page: &mut String, output: &str) {
    let lines: Vec<&str> = output.lines().collect();
    let left_out = lines.len().saturating_sub(2 * MOST_LINES);
    for (number, line) in lines.iter().enumerate() {
        if left_out > 0 && number == MOST_LINES {
            let _ = writeln!(page, "  [… {left_out} lines …]");
        }
        if number < MOST_LINES || number >= MOST_LINES + left_out {
            let _ = writeln!(page, "  | {}", say::clean(&said::short(line, LONGEST_LINE)));
        }
    }
}

fn total(check: &Check, n_sources: usize) -> String {
    let n_findings = check.findings().count();
    let ran = |result: &&CheckResult| {
        !matches!(result.status(), CheckStatus::Skipped | CheckStatus::Missing)
    };
    let mut names: Vec<&str> = check.results.iter().filter(ran).map(name).collect();
    names.dedup();
    let found = match (n_findings, check.rank) {
        (0, None) => "no answer".to_owned(),
        (0, Some(_)) => "clean".to_owned(),
        (count, _) => plural(count, "finding"),
    };
    let files = plural(n_sources, "file");
    if names.is_empty() {
        return format!("{found} in {files}\n");
    }
    format!("{found} in {files}, checked by {}\n", names.join(", "))
}

pub(super) fn plural(count: usize, word: &str) -> String {
    let ending = if count == 1 { "" } else { "s" };
    format!("{count} {word}{ending}")
}

/// Returns the checker's name, or that of a script.
pub(crate) fn name(result: &CheckResult) -> &str {
    match (&result.checker, &result.script) {
        (Some(name), _) => name,
        (None, Some(script)) => &script.path,
        (None, None) => result.argv.first().map_or("script", String::as_str),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn findings_stand_by_file_and_place() {
        let check: Check = serde_json::from_str(
            r#"{"clean":false,"rank":[0,1,0,1,0],"results":[
            {"checker":"ruff","status":"findings","findings":[
              {"message":"unused","location":{"path":"b.py","range":{"start":{"line":12,"column":3}}},"code":{"value":"F401"}},
              {"message":"\u001b[31mred","location":{"path":"b.py","range":{"start":{"line":2,"column":1}}},"code":{"value":"E1"}}]},
            {"checker":"pylint","status":"clean"},
            {"checker":"pytest","status":"findings","stdout":"F\n1 failed\n","findings":[
              {"message":"assert 1","location":{"path":"test_a.py","range":{"start":{"line":7}}},"code":{"value":"test_a.py::test_b"}}]},
            {"checker":"flake8","status":"skipped","why":"not installed"}]}"#,
        )
        .unwrap();
        let expected = "\
b.py
   2:1  E1    \\u{1b}[31mred  [ruff]
  12:3  F401  unused  [ruff]

test_a.py
  7  test_b  assert 1  [pytest]

ruff: 2 findings
pytest: 1 finding
  | F
  | 1 failed
flake8: skipped: not installed

3 findings in 2 files, checked by ruff, pylint, pytest
";
        assert_eq!(page(&check, 2), expected);
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
            r#"{"clean":true,"rank":[0,0,0,0,0],"results":[{"argv":["./x.sh","a"],"status":"clean"}]}"#,
        )
        .unwrap();
        assert_eq!(page(&check, 1), "clean in 1 file, checked by ./x.sh\n");
    }
}
