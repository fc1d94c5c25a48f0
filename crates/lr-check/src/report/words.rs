//! What lr-check says on standard error.

use lr_report::{name, plural, reason, short};
use lr_stage::{Error, Kind, say};
use lr_turn::{Check, CheckResult, CheckStatus};

use crate::plan::Step;

/// How the reason begins why a checker was not run that is not there.
const NOT_INSTALLED: &str = "not installed";

/// How long a quoted line may be, in characters.
const LONGEST_QUOTE: usize = 200;

/// Says with `-vv` that a call begins, and tells lr-loop.
pub(crate) fn begins(step: &Step<'_>) {
    if let Some(name) = step.name() {
        say::detail(2, &format!("{name}: running"));
        say::job(name, None, "");
    }
}

/// Says with `-v` how a call went, and tells lr-loop.
pub(crate) fn progress(result: &CheckResult) {
    let name = name(result);
    if result.seconds.is_some() || result.cached {
        match result.status() {
            CheckStatus::Broken | CheckStatus::Missing => say::job(name, None, "broken"),
            CheckStatus::TimedOut => say::job(name, None, "timed out"),
            _ => say::job(name, Some(count(result)), "finding"),
        }
    }
    let went = match (result.status(), result.seconds) {
        (_, None) if result.cached => {
            let findings = plural(count(result), "finding");
            format!("{findings}, remembered")
        }
        (_, None) => "not run".to_owned(),
        (CheckStatus::Clean, Some(seconds)) => format!("clean after {seconds} s"),
        (_, Some(seconds)) => {
            let findings = plural(count(result), "finding");
            format!("{findings} after {seconds} s")
        }
    };
    say::detail(1, &format!("{name}: {went}"));
}

/// A call that fails and names no finding is one.
fn count(result: &CheckResult) -> usize {
    let fails = result.status() == CheckStatus::Findings;
    result.findings.len().max(usize::from(fails))
}

/// Says which files a checker changed.
pub(crate) fn modified(result: &CheckResult) {
    if result.modified.is_empty() {
        return;
    }
    let files = result.modified.join("', '");
    say::warn(&format!(
        "checking changed '{files}' (noticed after {})",
        name(result)
    ));
}

/// Says which checkers did not work, the same only once.
pub(crate) fn trouble(check: &Check) {
    let mut said: Vec<String> = Vec::new();
    for error in check.results.iter().filter_map(error_of) {
        let text = error.to_string();
        if !said.contains(&text) {
            say::error(&error);
            said.push(text);
        }
    }
}

fn error_of(result: &CheckResult) -> Option<Error> {
    let kind = match result.status() {
        CheckStatus::Broken => Kind::Broken,
        CheckStatus::Missing => Kind::Missing,
        _ => return None,
    };
    let why = result.why.as_deref().unwrap_or("it did not work");
    let message = format!("checker '{}' gave no answer: {why}", name(result));
    let error = Error::new(kind, message);
    Some(match reason(result) {
        Some(line) => error.hint(format!("it says: {}", short(line, LONGEST_QUOTE))),
        None => error,
    })
}

/// Returns the error for results none of which is an answer; `why` tells the reason where there are
/// no results.
pub(crate) fn nothing_checked(check: &Check, why: impl FnOnce() -> String) -> Error {
    let error = Error::new(Kind::NothingChecked, "nothing was checked");
    let reasons: Vec<String> = check
        .results
        .iter()
        .filter_map(|result| Some(format!("{}: {}", name(result), result.why.as_ref()?)))
        .collect();
    if reasons.is_empty() {
        return error.hint(why());
    }
    let is_missing = |result: &CheckResult| {
        let why = result.why.as_deref().unwrap_or_default();
        why.starts_with(NOT_INSTALLED)
    };
    let install = if check.results.iter().any(is_missing) {
        "lr-check --list says how to install what is missing, and --script takes a checker of your own"
    } else {
        "use --script for a checker of your own"
    };
    error.hint(format!("{}; {install}", reasons.join("; ")))
}
