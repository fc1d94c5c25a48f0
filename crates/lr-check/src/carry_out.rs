//! Carries a plan out: makes its calls at once, notices what changes meanwhile, and remembers the answers.

use std::num::NonZeroUsize;

use lr_exec::signals;
use lr_stage::output::Output;
use lr_stage::{Error, Kind};
use lr_turn::CheckResult;

use crate::args::Args;
use crate::detect::Detector;
use crate::fail_fast::{self, Failed};
use crate::plan::{Choice, Means, Step};
use crate::remember::Memory;
use crate::run::Runner;
use crate::sources::Sources;
use crate::watch::Watch;
use crate::{CheckSettings, changed, report, schedule, verdict};

/// The number of the signal that Ctrl-C sends.
const SIGINT: i32 = 2;

/// Plans what is to be run and runs it, but for what is known from before.
pub(crate) fn answers(
    args: &Args,
    settings: &CheckSettings,
    (choice, detector): (&Choice<'_>, &Detector),
    (runner, output): (&Runner, &Output),
    sources: &Sources,
) -> Result<Vec<CheckResult>, Error> {
    let jobs = args.jobs.or(settings.jobs);
    let jobs = jobs.or_else(|| std::thread::available_parallelism().ok());
    let memory = Memory::of(sources, runner);
    let means = Means {
        memory: memory.as_ref(),
        recalls: !args.no_cache,
        jobs: jobs.map_or(1, NonZeroUsize::get),
    };
    let steps = choice.plan(detector, sources, &means)?;
    let head = head(&steps, runner);
    let mut results = make_calls(&steps, (runner, output), sources, &means, args.fail_fast)?;
    if head.is_some() && self::head(&steps, runner) != head {
        // Git was asked in vain where that was ended, too.
        if signals::interrupted().is_some() {
            return Err(interrupted());
        }
        let mut answers = steps.iter().zip(&mut results);
        if let Some((_, result)) = answers.rfind(|(step, _)| step.runs_the_code()) {
            verdict::head_has_moved(result);
        }
    }
    let said = || {
        let answered = steps.iter().zip(&results);
        answered.filter_map(|(step, result)| Some((step.call()?, result)))
    };
    // Where the first failure ends all, a call may not have been about all its files.
    let forgets = args.no_cache || args.fail_fast;
    if let (Some(memory), false, true) = (&memory, forgets, said().next().is_some()) {
        if let Some(now) = Memory::of(sources, runner) {
            memory.learn(&now, said());
        }
        memory.note_seconds(said());
    }
    Ok(results)
}

/// Makes all calls, and notes which sources changed meanwhile.
fn make_calls(
    steps: &[Step<'_>],
    (runner, output): (&Runner, &Output),
    sources: &Sources,
    means: &Means<'_>,
    fail_fast: bool,
) -> Result<Vec<CheckResult>, Error> {
    let seconds = means.memory.map(Memory::seconds).unwrap_or_default();
    let expected = |step: &Step<'_>| match step.call() {
        Some(call) => seconds.expected(call.checker, call.files.len()),
        None => f64::INFINITY,
    };
    let hold = signals::hold();
    let watch = Watch::begin(sources);
    let rounds = if fail_fast {
        fail_fast::by_checker(steps)
    } else {
        vec![steps]
    };
    let mut failed = Failed::default();
    let mut results = Some(Vec::new());
    for round in rounds {
        let done = schedule::in_parallel(round, means.jobs, expected, |step| {
            if signals::interrupted().is_some() || output.check_reader().is_err() {
                return None;
            }
            report::begins(step);
            let mut result = failed.run(step, runner, sources)?;
            report::progress(&result);
            result.modified = watch.changed(sources, step.files().iter().copied());
            Some(result)
        });
        let Some(done) = done else {
            results = None;
            break;
        };
        if fail_fast {
            let pairs = round.iter().zip(&done);
            pairs.for_each(|(step, result)| failed.note(step, result));
        }
        results.get_or_insert_default().extend(done);
    }
    let all = sources.files().iter().map(|file| file.path.as_str());
    let late = watch.changed(sources, all);
    drop(hold);
    let Some(mut results) = results else {
        if signals::interrupted().is_none() {
            output.check_reader()?;
        }
        return Err(interrupted());
    };
    if let (false, Some(last)) = (late.is_empty(), results.last_mut()) {
        last.modified.extend(late);
    }
    results.iter().for_each(report::modified);
    Ok(results)
}

/// Returns what is checked out, where something is run that could change it.
fn head(steps: &[Step<'_>], runner: &Runner) -> Option<String> {
    let may_move = steps.iter().any(Step::runs_the_code);
    may_move.then(|| changed::head(&runner.directory)).flatten()
}

/// Returns the error for a signal that ended the work.
pub(crate) fn interrupted() -> Error {
    match signals::interrupted() {
        Some(SIGINT) | None => Error::new(Kind::Interrupted, "interrupted"),
        Some(_) => Error::new(Kind::Terminated, "terminated"),
    }
}
