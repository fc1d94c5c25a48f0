//! Checkers one after the other, each only about files that no checker before it has complained of.

use std::collections::BTreeSet;

use lr_turn::{CheckResult, CheckStatus};

use crate::calls::Call;
use crate::catalogue::Unit;
use crate::checker;
use crate::plan::Step;
use crate::run::Runner;
use crate::sources::Sources;

/// The files with which something is wrong.
#[derive(Default)]
pub(crate) struct Failed {
    files: BTreeSet<String>,
}

impl Failed {
    /// Notes the files that the result of a step complains of; all of its files where it did not
    /// work or says of none in particular.
    pub(crate) fn note(&mut self, step: &Step<'_>, result: &CheckResult) {
        if matches!(
            result.status(),
            CheckStatus::Clean | CheckStatus::Skipped | CheckStatus::Missing
        ) {
            return;
        }
        let paths = result.findings.iter().map(|finding| &finding.location.path);
        let named: Vec<&String> = paths.filter(|path| !path.is_empty()).collect();
        if named.is_empty() {
            let own = step.files().iter().map(|file| (*file).to_owned());
            self.files.extend(own);
            self.files.extend(result.files.iter().cloned());
        } else {
            self.files.extend(named.into_iter().cloned());
        }
    }

    /// Runs a step for those of its files with which nothing is wrong yet; a whole project only if
    /// nothing is wrong with any of them. `None` when it was interrupted.
    pub(crate) fn run(
        &self,
        step: &Step<'_>,
        runner: &Runner,
        sources: &Sources,
    ) -> Option<CheckResult> {
        let (call, known) = match step {
            Step::Checker(call) => (call, None),
            Step::Known(call, result) => (call, Some(result)),
            Step::Script(_) | Step::NotRun(_) => return step.run(runner, sources),
        };
        let is_fine = |file: &&str| !self.files.contains(*file);
        let files: Vec<&str> = call.files.iter().copied().filter(is_fine).collect();
        let any_failed = files.len() < call.files.len() || !self.files.is_empty();
        if files.is_empty() || (call.checker.unit == Unit::Project && any_failed) {
            let why = "another checker has found something (--fail-fast)".to_owned();
            return Some(checker::not_run(call.checker, CheckStatus::Skipped, why));
        }
        if let Some(result) = known {
            return Some(about(&files, result.clone(), sources));
        }
        let call = Call {
            checker: call.checker,
            files,
            named: call.named,
        };
        checker::run(&call, runner, sources)
    }
}

/// Leaves of what is known that which is about these files.
fn about(files: &[&str], mut result: CheckResult, sources: &Sources) -> CheckResult {
    let is_of_them = |path: &str| path.is_empty() || files.contains(&path);
    result
        .findings
        .retain(|finding| is_of_them(&finding.location.path));
    if result.findings.is_empty() && result.status() == CheckStatus::Findings {
        result.status = Some(CheckStatus::Clean);
    }
    result.files = checker::some(files, sources);
    result
}

/// Divides steps into those of one checker each.
pub(crate) fn by_checker<'s, 'a>(steps: &'s [Step<'a>]) -> Vec<&'s [Step<'a>]> {
    steps
        .chunk_by(|one, other| one.name().is_some() && one.name() == other.name())
        .collect()
}
