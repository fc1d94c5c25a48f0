//! What a workflow of GitHub shows: commands that put findings beside the lines of a change, and the summary of a step.

use std::fmt::Write as _;

use lr_stage::say;
use lr_turn::{Finding, Severity};

use crate::page::total;
use crate::trouble::no_answer;
use crate::{Colours, Report, name, page};

/// The bytes that the summaries of a step may have.
const LONGEST_SUMMARY: usize = 1024 * 1024;

/// Writes one command for each checker that gave no answer, then for each finding: of each kind GitHub shows the first ten.
pub fn github(report: &Report<'_>) -> String {
    let mut text = String::new();
    for result in &report.check.results {
        if let Some(why) = no_answer(result) {
            let title = property(name(result));
            let _ = writeln!(text, "::error title={title}::{}", data(&why));
        }
    }
    for result in &report.check.results {
        for finding in &result.findings {
            command(&mut text, report, finding, name(result));
        }
    }
    text
}

/// Writes the page for people as Markdown, for the summary of a step that has so many bytes already. What does not fit is
/// left out from the end, which is said; `None` where not even that fits.
pub fn github_summary(report: &Report<'_>, already: u64) -> Option<String> {
    let page = page(report, Colours::Plain);
    let fence = say::code_fence(&page);
    let total = total(report, Colours::Plain);
    let around = |text: &str, rest: &str| {
        let total = total.trim_end();
        format!("### lr-check: {total}\n\n{fence}text\n{text}{fence}\n{rest}")
    };
    let left_out = "\nThe rest did not fit into this summary; it stands in the log.\n";
    let room = LONGEST_SUMMARY.checked_sub(usize::try_from(already).ok()?)?;
    let whole = around(&page, "");
    if whole.len() <= room {
        return Some(whole);
    }
    let room = room.checked_sub(around("", left_out).len())?;
    let fitting = page.as_bytes().get(..room)?;
    let end = fitting.iter().rposition(|byte| *byte == b'\n')?;
    Some(around(&page[..=end], left_out))
}

fn command(text: &mut String, report: &Report<'_>, finding: &Finding, checker: &str) {
    let level = match finding.severity {
        Severity::Error => "error",
        Severity::Warning | Severity::Unknown => "warning",
        Severity::Info => "notice",
    };
    let code = finding.code.as_ref().map_or("", |code| &code.value);
    let title = format!("{checker} {code}");
    let _ = write!(text, "::{level} title={}", property(title.trim_end()));
    let path = &finding.location.path;
    if !path.is_empty() {
        let _ = write!(text, ",file={}", property(path));
    }
    if let Some(range) = finding.location.range {
        let column = |position| report.texts.column_in_characters(path, position);
        let _ = write!(text, ",line={}", range.start.line);
        if let Some(end) = range.end {
            let _ = write!(text, ",endLine={}", end.line);
        }
        if let Some(start) = column(range.start) {
            let _ = write!(text, ",col={start}");
        }
        // A column at the end is only understood within one line, and counts to the last one.
        if let Some(end) = range.end.filter(|end| end.line == range.start.line)
            && let Some(column) = column(end)
        {
            let _ = write!(text, ",endColumn={}", column.saturating_sub(1).max(1));
        }
    }
    let _ = writeln!(text, "::{}", data(&finding.message));
}

fn data(text: &str) -> String {
    say::clean(
        &text
            .replace('%', "%25")
            .replace('\r', "%0D")
            .replace('\n', "%0A"),
    )
    .into_owned()
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests;

    #[test]
    fn nothing_in_a_message_is_a_command() {
        let check = tests::check();
        let expected = "\
::error title=mypy::checker 'mypy' gave no answer: it ended with exit status 2; it says: mypy: error: no such option
::warning title=ruff F401,file=b.py,line=2,endLine=2,col=8,endColumn=9::`os` imported but unused
::error title=ruff E1,file=b.py,line=1,col=7::é\\u{1b}[31m: 100%25, no
::error title=pytest test_a.py%3A%3Atest_b,file=test_a.py,line=1::assert 1 == 2
::error title=./tidy.sh::./tidy.sh b.py: exit status 3
";
        assert_eq!(github(&tests::report(&check)), expected);
        assert_eq!(data("a\n::error::b"), "a%0A::error::b");
    }

    #[test]
    fn a_summary_is_the_page_in_a_fence_that_nothing_in_it_closes() {
        let mut check = tests::check();
        check.results[0].findings[0].message = "```` no".into();
        let report = tests::report(&check);
        let summary = github_summary(&report, 0).unwrap();
        let (heading, rest) = summary.split_once("\n\n`````text\n").unwrap();
        assert_eq!(
            heading,
            format!(
                "### lr-check: {}",
                total(&report, Colours::Plain).trim_end()
            )
        );
        assert_eq!(rest, format!("{}`````\n", page(&report, Colours::Plain)));
    }

    #[test]
    fn a_summary_never_grows_beyond_what_github_takes() {
        let check = tests::check();
        let report = tests::report(&check);
        let whole = github_summary(&report, 0).unwrap();
        for less in 0..whole.len() + 9 {
            let already = LONGEST_SUMMARY - whole.len() + less;
            let cut = github_summary(&report, already as u64);
            assert!(
                cut.as_ref()
                    .is_none_or(|cut| cut.len() + already <= LONGEST_SUMMARY)
            );
            assert_eq!(
                cut.is_some_and(|cut| !cut.contains("did not fit")),
                less == 0
            );
        }
        assert_eq!(github_summary(&report, u64::MAX), None);
    }
}
