//! One run, from the flags to the exit status.

use lr_exec::signals;
use lr_record::{Lock, Record};
use lr_stage::output::Output;
use lr_stage::{Error, Form, Kind, Status, clock, environment, say};

use crate::apart::Apart;
use crate::args::Args;
use crate::plan::{Plan, Stage};
use crate::resume::{self, Beginning};
use crate::rounds::Rounds;
use crate::stage::Runner;
use crate::summary::Summary;
use crate::{configuration, print, recorded, summary};

/// Runs the loop that the flags describe, and says how it ended.
///
/// # Errors
///
/// Only what keeps the loop from beginning, and that its result cannot be written. Whatever
/// happens in the loop is a reason to stop, and its exit status the `Ok` value.
pub fn run(args: Args) -> Result<Status, Error> {
    let mut output = Output::new(args.format, Form::Turn);
    if let Some(file) = &args.init_config {
        configuration::begin(file, &mut output)?;
        return Ok(Status::Done);
    }
    if args.show_config {
        configuration::show(&mut output)?;
        return Ok(Status::Done);
    }
    let Beginning {
        args,
        words,
        taken_up,
    } = resume::beginning(args)?;
    let run_dir = args.run_dir.clone();
    let (prints, in_worktree) = (args.print, args.worktree);
    let plan = Plan::new(args)?;
    if prints {
        output.text(&print::script(&plan))?;
        return Ok(Status::Done);
    }
    signals::install()
        .map_err(|error| Error::new(Kind::Io, "cannot listen for signals").because(error))?;
    let _until_the_end_is_told = signals::hold();
    let run = match &taken_up {
        None => run_id()?,
        Some(taken_up) => taken_up.run.clone(),
    };
    let _alone = match plan.stop_after {
        None => Some(Lock::take(&run)?),
        Some(_) => None,
    };
    let (mut record, before) = match &taken_up {
        None => {
            let record = Record::create(&run, run_dir.as_deref())?;
            record.begun(recorded::options(&run, words, plan.api_key.as_deref()))?;
            (record, None)
        }
        Some(taken_up) => resume::open(taken_up)?,
    };
    let apart = in_worktree.then(|| apart(&run, &mut record, before.as_ref()));
    let apart = apart.transpose()?.flatten();
    let is_over = in_worktree && apart.is_none();
    if taken_up.is_some() {
        resume::go_on(&run, &mut record, before.as_ref(), is_over)?;
    }
    let mut summary = Summary::of_run(run.clone(), before, in_worktree);
    summary.record(&record);
    let rounds = Rounds::new(&plan, Runner::new(&plan, run, record), &mut summary);
    let (stop, record) = rounds.run();
    summary.end(stop, &record);
    if let Some(apart) = apart {
        apart.leave(summary.status() == Status::Done);
    }
    match report(&summary, &mut output) {
        // The work is done, whether or not somebody still listens.
        Err(error) if error.kind != Kind::ReaderGone => Err(error),
        _ => Ok(summary.status()),
    }
}

/// Enters the work tree of a run, unless that has nothing left to do there.
fn apart(
    run: &str,
    record: &mut Record,
    before: Option<&lr_record::Summary>,
) -> Result<Option<Apart>, Error> {
    if before.is_some_and(|it| it.status == Some(0)) && Apart::is_over(run)? {
        return Ok(None);
    }
    record.anchor()?;
    Apart::enter(run, record.has_step(Stage::START.name)).map(Some)
}

/// Returns the name of the run, which whoever starts many may choose.
fn run_id() -> Result<String, Error> {
    let Some(run) = environment::var("LR_RUN") else {
        return Ok(clock::run_id());
    };
    let is_plain = |it: char| it.is_ascii_alphanumeric() || it == '-' || it == '_';
    if run.chars().all(is_plain) {
        return Ok(run);
    }
    Err(
        Error::new(Kind::Usage, format!("cannot name a run '{run}'"))
            .hint("LR_RUN may hold letters, digits, '-' and '_'"),
    )
}

/// Writes the summary as one turn or as a page, or instead what `--stop-after` asked for. Where
/// standard output holds no page, people find it on standard error; of it, `-q` leaves the last line.
fn report(summary: &Summary, output: &mut Output) -> Result<(), Error> {
    let explanations = summary.explanations();
    let line = summary.ending().line();
    if output.form == Form::Text && summary.built.is_empty() {
        let explanations = if say::is_quiet() { "" } else { &explanations };
        return output.text(&say::clean(&format!("{explanations}{line}\n")));
    }
    explanations.lines().for_each(say::note);
    say::always(&line);
    match output.form {
        Form::Text if !summary.estimate.is_empty() => output.text(&say::clean(&summary.estimate)),
        Form::Text => output.text(&say::clean(&summary::built_text(&summary.built)?)),
        Form::Turn if summary.built.is_empty() => output.turn(&summary.to_turn()),
        Form::Turn => summary.built.iter().try_for_each(|turn| output.turn(turn)),
    }
}
