//! The commands by which a workflow of GitHub shows findings beside the lines of a change.

use std::fmt::Write as _;

use lr_stage::say;
use lr_turn::{Finding, Severity};

use crate::trouble::no_answer;
use crate::{Report, name};

/// Writes one command for each finding, and for each checker that gave no answer.
pub fn github(report: &Report<'_>) -> String {
    let mut text = String::new();
    for result in &report.check.results {
        for finding in &result.findings {
            command(&mut text, report, finding, name(result));
        }
        if let Some(why) = no_answer(result) {
            let title = property(name(result));
            let _ = writeln!(text, "::error title={title}::{}", data(&why));
        }
    }
    text
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
::warning title=ruff F401,file=b.py,line=2,endLine=2,col=8,endColumn=9::`os` imported but unused
::error title=ruff E1,file=b.py,line=1,col=7::é\\u{1b}[31m: 100%25, no
::error title=pytest test_a.py%3A%3Atest_b,file=test_a.py,line=1::assert 1 == 2
::error title=mypy::checker 'mypy' gave no answer: it ended with exit status 2; it says: mypy: error: no such option
::error title=./tidy.sh::./tidy.sh b.py: exit status 3
";
        assert_eq!(github(&tests::report(&check)), expected);
        assert_eq!(data("a\n::error::b"), "a%0A::error::b");
    }
}
