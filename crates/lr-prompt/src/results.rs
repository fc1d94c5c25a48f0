//! What kind of answer a checker's result is, and how its command line is shown.

use lr_turn::{CheckResult, CheckStatus};

/// How a result is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shown {
    /// Not at all: nothing was found, or the checker did not work.
    Not,
    /// As it was printed, with its command line and the script that was run.
    Raw,
    /// As it was printed, condensed around what failed.
    Condensed,
    /// As findings, one per line.
    Findings,
}

/// Decides how a result is shown.
///
/// A script's output, and that of a checker without a name, is shown as it is; what was parsed is
/// shown as findings; and tests are shown by their output, because a finding says too little.
pub(crate) fn shown(result: &CheckResult) -> Shown {
    match result.status() {
        CheckStatus::Findings | CheckStatus::TimedOut => {}
        _ => return Shown::Not,
    }
    let printed = printed(result);
    let is_foreign = result.script.is_some() || result.checker.is_none();
    if is_foreign && (printed || result.findings.is_empty()) {
        Shown::Raw
    } else if printed
        && result
            .findings
            .iter()
            .all(|finding| finding.weight.is_some())
    {
        Shown::Condensed
    } else {
        Shown::Findings
    }
}

/// Tells whether the output of a result is there.
fn printed(result: &CheckResult) -> bool {
    [&result.stdout, &result.stderr]
        .into_iter()
        .flatten()
        .any(|text| !text.trim().is_empty())
}

/// Returns the complete command line of a result.
pub(crate) fn command(result: &CheckResult) -> String {
    shell_words::join(&result.argv)
}

/// Joins each of the results with the others of its checker, as if it had been called once: several
/// calls, or an answer that was remembered, are nothing that a model needs to know.
pub(crate) fn joined<'r>(
    results: impl Iterator<Item = &'r CheckResult>,
    all: &[CheckResult],
) -> Vec<CheckResult> {
    let mut joined: Vec<CheckResult> = Vec::new();
    for result in results {
        let same = |other: &CheckResult| {
            other.checker.is_some()
                && other.checker == result.checker
                && other.argv.first() == result.argv.first()
        };
        if joined.iter().any(same) {
            continue;
        }
        let mut whole = CheckResult {
            argv: result.argv.clone(),
            checker: result.checker.clone(),
            status: result.status,
            exit: result.exit,
            signal: result.signal,
            ..CheckResult::default()
        };
        for other in all.iter().filter(|other| same(other)) {
            let new = other.argv.iter().filter(|word| !whole.argv.contains(word));
            let new: Vec<String> = new.cloned().collect();
            whole.argv.extend(new);
            // Where the status is a set of bits, one call would have had all of them.
            whole.exit = whole.exit.zip(other.exit).map(|(one, other)| one | other);
        }
        joined.push(whole);
    }
    joined
}

/// Returns the command line of a known checker without its options and with its files counted:
/// `ruff check … (3 files)`.
pub(crate) fn short_command(result: &CheckResult, sources: &[&str]) -> String {
    let is_file = |word: &&String| sources.contains(&word.as_str());
    let files: Vec<&String> = result.argv.iter().filter(is_file).collect();
    let words = result
        .argv
        .iter()
        .take_while(|word| !word.starts_with('-') && !is_file(word));
    let mut short = shell_words::join(words);
    let n_words = short.split_whitespace().count();
    if n_words + files.len().min(1) < result.argv.len() {
        short.push_str(" …");
    }
    match files[..] {
        [] => short,
        [file] => format!("{short} {file}"),
        _ => format!("{short} ({} files)", files.len()),
    }
}

/// Says how a result's command ended.
pub(crate) fn ending(result: &CheckResult) -> String {
    match (result.status(), result.exit, result.signal) {
        (CheckStatus::TimedOut, ..) => "stopped because it took too long".to_owned(),
        (_, Some(exit), _) => format!("with exit status {exit}"),
        (_, None, Some(signal)) => format!("ended by signal {signal}"),
        (_, None, None) => "with an unknown exit status".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn result(argv: &[&str]) -> CheckResult {
        CheckResult {
            argv: argv.iter().map(|word| (*word).to_owned()).collect(),
            exit: Some(1),
            ..CheckResult::default()
        }
    }

    fn check_short(argv: &[&str], expected: &str) {
        assert_eq!(short_command(&result(argv), &["a.py", "b.py"]), expected);
    }

    #[test]
    fn options_and_many_files_are_left_out_of_a_known_command() {
        check_short(
            &["ruff", "check", "-q", "--", "a.py", "b.py"],
            "ruff check … (2 files)",
        );
        check_short(&["ruff", "check", "-q", "a.py"], "ruff check … a.py");
        check_short(&["ruff", "a.py"], "ruff a.py");
        check_short(&["cargo", "check", "-q"], "cargo check …");
        check_short(&["make"], "make");
        check_short(&[], "");
    }

    #[test]
    fn a_command_line_can_be_pasted_into_a_shell() {
        assert_eq!(command(&result(&["./c.sh", "a b.py"])), "./c.sh 'a b.py'");
    }

    #[test]
    fn the_end_of_a_command_is_told_as_it_was() {
        let mut timed_out = result(&[]);
        timed_out.status = Some(CheckStatus::TimedOut);
        assert_eq!(ending(&timed_out), "stopped because it took too long");
        assert_eq!(ending(&result(&[])), "with exit status 1");
    }

    #[test]
    fn several_calls_of_a_checker_are_told_as_one() {
        let call = |checker: &str, argv: &[&str], exit| CheckResult {
            checker: Some(checker.to_owned()),
            exit: Some(exit),
            ..result(argv)
        };
        let calls = [
            call("pylint", &["pylint", "-x", "a.py"], 4),
            call("ruff", &["ruff", "a.py"], 1),
            call("pylint", &["pylint", "-x", "b.py"], 16),
        ];
        let joined = joined(calls.iter().take(2), &calls);
        assert_eq!(joined.len(), 2);
        assert_eq!(joined[0].argv, ["pylint", "-x", "a.py", "b.py"]);
        assert_eq!(ending(&joined[0]), "with exit status 20");
    }

    #[test]
    fn what_did_not_work_is_not_shown() {
        for exit in [0, 126, 127] {
            let result = CheckResult {
                exit: Some(exit),
                stdout: Some("x".to_owned()),
                ..CheckResult::default()
            };
            assert_eq!(shown(&result), Shown::Not, "{exit}");
        }
        assert_eq!(shown(&result(&["./c.sh"])), Shown::Raw);
    }
}
