//! One call of a checker of the catalogue, from its command line to its result.

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::Path;

use lr_exec::End;
use lr_stage::say;
use lr_turn::{CheckResult, CheckStatus, Finding, Location, Severity, Tool, Weight};

use crate::added;
use crate::calls::Call;
use crate::catalogue::{Checker, Stream};
use crate::findings::{self, Complaint, Context, Found, digest};
use crate::installed::program;
use crate::run::{Ended, LONGEST_READ, Runner};
use crate::said;
use crate::scratch::Scratch;
use crate::sources::Sources;
use crate::text::argument;
use crate::verdict::{Verdict, is_only_a_launcher, judge, saw_no_file};

/// What stands in the shown command line for the path of a report.
const SHOWN_REPORT: &str = "report.xml";

/// The name of the file for the stream that findings are read from.
const OUTPUT: &str = "output";

/// Makes a call; `None` when it was interrupted.
pub(crate) fn run(call: &Call<'_>, runner: &Runner, sources: &Sources) -> Option<CheckResult> {
    let result = unanswered(call, sources);
    let begun = Scratch::new().and_then(|scratch| {
        let copy = File::create(scratch.file(OUTPUT))?;
        Ok((scratch, copy))
    });
    let (scratch, copy) = match begun {
        Ok(begun) => begun,
        Err(error) => {
            let why = format!("cannot make a folder for its report: {error}");
            return Some(with_verdict(result, Verdict::broken(why)));
        }
    };
    let argv = argv(call, &runner.directory, scratch.path());
    match runner.run_to_read(&argv, call.checker.stream, copy) {
        Ok(ended) => judged(call, runner, sources, (ended, &scratch), result),
        Err(error) => {
            let why = said::clean(&error.to_string(), &runner.directory);
            Some(with_verdict(result, Verdict::broken(why)))
        }
    }
}

/// Returns the result of a call as far as it is known before the call is made.
pub(crate) fn unanswered(call: &Call<'_>, sources: &Sources) -> CheckResult {
    let directory = sources.root().path();
    CheckResult {
        checker: Some(call.checker.name.clone()),
        argv: argv(call, directory, Path::new(""))
            .iter()
            .map(|word| said::clean(word, directory))
            .collect(),
        files: some(&call.files, sources),
        ..CheckResult::default()
    }
}

/// Completes the result of a call that has ended; `None` when it was interrupted.
fn judged(
    call: &Call<'_>,
    runner: &Runner,
    sources: &Sources,
    (ended, scratch): (Ended, &Scratch),
    mut result: CheckResult,
) -> Option<CheckResult> {
    ended.note(&mut result);
    let verdict = match ended.end {
        End::Interrupted => return None,
        End::TimedOut if call.checker.runs_the_code() => {
            result.findings = vec![too_slow(call, runner)];
            Verdict::plain(CheckStatus::TimedOut)
        }
        End::TimedOut => Verdict::broken(time_is_up(runner)),
        End::Signalled(_) => Verdict::broken(ended.end.to_string()),
        End::Exited(127) if is_only_a_launcher(&call.checker.argv, &ended.stderr.text()) => {
            Verdict::not_installed(call.named)
        }
        End::Exited(exit) => {
            let answer = Answer {
                exit,
                output: || output(call.checker, &ended, scratch).map(BufReader::new),
                stdout: &ended.stdout.text(),
                stderr: &ended.stderr.text(),
            };
            let (found, mut verdict) = weigh(call, sources, answer);
            result.findings = found.findings;
            if found.elsewhere > 0 {
                let count = found.elsewhere;
                let name = &call.checker.name;
                say::detail(1, &format!("{name}: left out {count} about other files"));
            }
            if !found.configuration.is_empty() && verdict.why.is_none() {
                verdict.why = Some("it complains about its configuration".to_owned());
            }
            let remarks = &found.configuration;
            runner.remarks.tell(&call.checker.name, remarks);
            verdict
        }
    };
    if needs_output(call.checker, verdict.status) {
        runner.keep_output(&ended, &mut result);
    }
    Some(with_verdict(result, verdict))
}

/// What a checker answered.
pub(crate) struct Answer<'a, Output> {
    /// Its exit status.
    pub(crate) exit: i32,
    /// Opens what findings are usually read from.
    pub(crate) output: Output,
    /// What it printed on standard output, as far as people need it.
    pub(crate) stdout: &'a str,
    /// What it printed on standard error.
    pub(crate) stderr: &'a str,
}

/// Makes findings of an answer, and judges them together with the exit status.
///
/// Complaints about nothing but the checker's configuration do not spoil a clean answer: there is
/// nothing to repair in the sources, and the user is told.
pub(crate) fn weigh<Read: BufRead>(
    call: &Call<'_>,
    sources: &Sources,
    answer: Answer<'_, impl FnOnce() -> Result<Read, String>>,
) -> (Found, Verdict) {
    let Call { checker, files, .. } = call;
    let exit = answer.exit;
    let admission = findings::first_match(&checker.broken_when, answer.stderr);
    let says = |text| findings::first_match(&checker.none_when, text).is_some();
    let saw_none = says(answer.stderr) || says(answer.stdout);
    let read = read(checker, answer);
    let context = Context {
        sources,
        checker,
        only: match files.as_slice() {
            [only] => Some(only),
            _ => None,
        },
    };
    let found = read.map(|complaints| findings::finish(&context, complaints));
    let count = found.as_ref().map(Found::count).map_err(Clone::clone);
    let found = found.unwrap_or_default();
    let mut verdict = if saw_none && !matches!(count, Ok(1..)) {
        saw_no_file(&checker.exit, exit)
    } else {
        judge(&checker.exit, exit, count)
    };
    if let Some(line) = admission {
        let line = said::clean(&line, sources.root().path());
        verdict = Verdict::broken(format!(
            "it did not do its work (exit status {exit}): {line}"
        ));
    }
    if verdict.status == CheckStatus::Findings && found.findings.is_empty() {
        return (found, Verdict::plain(CheckStatus::Clean));
    }
    (found, verdict)
}

/// Reads the complaints of an answer: from the usual output, from standard error, or both, where
/// what standard error says takes the place of complaints under the same code.
fn read<Read: BufRead>(
    checker: &Checker,
    answer: Answer<'_, impl FnOnce() -> Result<Read, String>>,
) -> Result<Vec<Complaint>, String> {
    let mut complaints = Vec::new();
    let fallback = checker.fallback_for(answer.exit);
    if fallback.is_none_or(|fallback| fallback.beside) {
        complaints = findings::read(checker, (answer.output)()?)?;
    }
    if let Some(fallback) = fallback {
        let better = findings::read_fallback(fallback, answer.stderr)?;
        if !better.is_empty() {
            complaints.retain(|complaint| complaint.code() != fallback.code);
        }
        complaints.extend(better);
    }
    Ok(complaints)
}

/// Returns the files for a result, where absent means all sources; tests that are no sources
/// themselves are about all of them.
pub(crate) fn some(files: &[&str], sources: &Sources) -> Vec<String> {
    let is_source = |file: &&&str| sources.text(file).is_some();
    let own: Vec<String> = files
        .iter()
        .filter(is_source)
        .map(|file| (*file).to_owned())
        .collect();
    if own.len() == sources.files().len() {
        return Vec::new();
    }
    own
}

/// Returns the result for a checker that is not run.
pub(crate) fn not_run(checker: &Checker, status: CheckStatus, why: String) -> CheckResult {
    CheckResult {
        checker: Some(checker.name.clone()),
        status: Some(status),
        why: Some(why),
        ..CheckResult::default()
    }
}

fn with_verdict(mut result: CheckResult, verdict: Verdict) -> CheckResult {
    if verdict.status == CheckStatus::Broken {
        result.findings.clear();
    }
    result.status = Some(verdict.status);
    result.why = verdict.why;
    result
}

/// Returns the command line for a directory, with a folder for what the call writes.
pub(crate) fn argv(call: &Call<'_>, directory: &Path, scratch: &Path) -> Vec<String> {
    let report = scratch.join(SHOWN_REPORT);
    let (report, scratch) = (report.to_string_lossy(), scratch.to_string_lossy());
    let mut argv = Vec::with_capacity(call.checker.argv.len() + call.files.len());
    argv.push(program(call.checker, directory));
    let placed = |word: &str| {
        let word = word.replace("{report}", &report);
        word.replace("{scratch}", &scratch)
    };
    for word in call.checker.argv.iter().skip(1) {
        match word.as_str() {
            "{files}" | "{file}" => argv.extend(call.files.iter().map(|file| argument(file))),
            "{added}" => {
                let added = added::words(call.checker, directory, &call.files);
                argv.extend(added.iter().map(|word| placed(word)));
            }
            word => argv.push(placed(word)),
        }
    }
    argv
}

/// Opens the file that findings are read from.
fn output(checker: &Checker, ended: &Ended, scratch: &Scratch) -> Result<File, String> {
    let (name, written) = match checker.stream {
        Stream::Stdout => (OUTPUT, Some(ended.stdout.total())),
        Stream::Stderr => (OUTPUT, Some(ended.stderr.total())),
        Stream::Report => (SHOWN_REPORT, None),
    };
    let unreadable = |error: io::Error| format!("cannot read its report: {error}");
    // To open a pipe would take for ever, and a device may have no end.
    let path = scratch.file(name);
    if !path.symlink_metadata().map_err(unreadable)?.is_file() {
        return Err("its report is no file".to_owned());
    }
    let file = File::open(path).map_err(unreadable)?;
    let kept = file.metadata().map_err(unreadable)?.len();
    let written = written.unwrap_or(kept);
    if written > LONGEST_READ {
        return Err(format!("it is longer than {LONGEST_READ} bytes"));
    }
    if written > kept {
        return Err("it could not be kept: no space is left for temporary files".to_owned());
    }
    Ok(file)
}

/// Tells whether findings do not say all that was printed: by tests, and by what did not work.
fn needs_output(checker: &Checker, status: CheckStatus) -> bool {
    match status {
        CheckStatus::Clean | CheckStatus::Skipped => false,
        CheckStatus::Broken | CheckStatus::Missing => true,
        CheckStatus::Findings | CheckStatus::TimedOut => checker.runs_the_code(),
    }
}

/// Returns the finding for a checker that runs the code, and had to be ended.
fn too_slow(call: &Call<'_>, runner: &Runner) -> Finding {
    let name = &call.checker.name;
    let path = match call.files.as_slice() {
        [only] => (*only).to_owned(),
        _ => String::new(),
    };
    Finding {
        message: time_is_up(runner),
        key: digest(&[name, "timed out", &path]),
        location: Location { path, range: None },
        severity: Severity::Error,
        source: Some(Tool {
            name: name.clone(),
            url: None,
        }),
        code: None,
        suggestions: Vec::new(),
        weight: Some(Weight::Test),
        bytes: None,
    }
}

/// Says that a call was ended because it took too long.
pub(crate) fn time_is_up(runner: &Runner) -> String {
    format!("it did not end within {} s", runner.timeout.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::Catalogue;

    #[test]
    fn the_command_line_has_the_files_and_the_report() {
        let catalogue = Catalogue::built_in().unwrap();
        let call = Call {
            checker: catalogue.find("pytest").unwrap(),
            files: vec!["-test_a.py", "test b.py"],
            named: false,
        };
        let argv = argv(&call, Path::new("/y"), Path::new("/x"));
        assert_eq!(
            argv[argv.len() - 4..],
            [
                "--junitxml=/x/report.xml",
                "--",
                "./-test_a.py",
                "test b.py"
            ]
        );
    }
}
