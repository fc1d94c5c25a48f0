//! Taking a run up again: its arguments, and from where on it is run anew.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use lr_record::{Options, Record, Step, Summary, runs};
use lr_stage::{Error, Kind, input, say};
use lr_turn::{Source, Turn};

use crate::args::Args;
use crate::plan::Stage;
use crate::progress::plural;
use crate::reading::Checked;
use crate::recorded::Recorded;
use crate::replay;

/// The reasons after which a reply is asked for anew, because the one that is there ends the run.
const REPLY_ENDS: [&str; 3] = ["declared_done", "no_edits", "no_change"];

/// How a run begins.
#[derive(Debug)]
pub(crate) struct Beginning {
    /// The arguments; of a run that is taken up again, those it was begun with and those of now.
    pub(crate) args: Args,
    /// The words that they are made of, for the record.
    pub(crate) words: Vec<String>,
    /// The run that is taken up again.
    pub(crate) taken_up: Option<TakenUp>,
}

/// A run that is taken up again.
#[derive(Debug)]
pub(crate) struct TakenUp {
    /// Its name.
    pub(crate) run: String,
    /// How it is begun the next time.
    options: Options,
    /// Its folder.
    folder: PathBuf,
}

/// Looks for the run that `--resume` names and changes to its working directory.
///
/// # Errors
///
/// There is no such run, it was not made here, or its arguments do not go with those of now.
pub(crate) fn beginning(args: Args) -> Result<Beginning, Error> {
    let Some(name) = args.resume.clone() else {
        let (args, words) = replay::beginning(args)?;
        return Ok(Beginning {
            args,
            words,
            taken_up: None,
        });
    };
    if !args.sources.is_empty() {
        return Err(Error::new(
            Kind::Usage,
            "a run that is taken up again has its sources already",
        )
        .hint("lr-loop --resume ID, with flags but without sources"));
    }
    let folder = if name.is_empty() {
        runs::unfinished()?
    } else {
        runs::find(&name)?
    };
    let recorded = Recorded::read(&folder)?;
    let folder = folder.canonicalize().unwrap_or(folder);
    let here = recorded.enter()?;
    let (args, options) = recorded.with_more()?;
    let folder = folder.strip_prefix(&here).unwrap_or(&folder).to_path_buf();
    Ok(Beginning {
        args,
        words: options.args.clone(),
        taken_up: Some(TakenUp {
            run: options.run.clone(),
            options,
            folder,
        }),
    })
}

/// Opens the record of a run to go on with it, and returns what the run came to so far.
///
/// # Errors
///
/// The record cannot be read or written.
pub(crate) fn open(taken_up: &TakenUp) -> Result<(Record, Option<Summary>), Error> {
    let mut record = Record::resume(&taken_up.folder)?;
    count_lost(&mut record)?;
    record.begun(taken_up.options.clone())?;
    Ok((record, Summary::read(&taken_up.folder)))
}

/// Counts the calls to a model that were under way when the run was killed or interrupted, and says so.
///
/// # Errors
///
/// The record cannot be read or written.
pub(crate) fn count_lost(record: &mut Record) -> Result<(), Error> {
    let lost = record.count_lost(Stage::LLM.name, Stage::LLM.author())?;
    if lost > 0 {
        let calls = plural(lost, "call");
        say::note(&format!("{calls} whose reply was lost: charged in full"));
    }
    Ok(())
}

/// Sets aside what a run that had ended has to do anew; of one that is clean, and of one whose work
/// tree `is_over`, nothing is.
///
/// # Errors
///
/// The record cannot be read or written.
pub(crate) fn go_on(
    run: &str,
    record: &mut Record,
    before: Option<&Summary>,
    is_over: bool,
) -> Result<(), Error> {
    let ended = before.filter(|it| it.has_ended());
    let reason = ended.map_or("interrupted", |it| it.reason.as_str());
    if is_over {
        say::note(&format!("nothing to do: the run '{run}' has ended"));
        return Ok(());
    }
    if reason != "interrupted" {
        let Some(after) = last_that_holds(record, reason)? else {
            say::note(&format!("nothing to do: the run '{run}' is clean"));
            return Ok(());
        };
        let keep = !REPLY_ENDS.contains(&reason);
        record.take_up(reason, after, keep)?;
    }
    let last = record.log().steps.last().map_or(0, |step| step.step);
    say::note(&format!("going on with the run '{run}' behind step {last}"));
    Ok(())
}

/// Finds the last step that holds of a run that ended; `None` if there is nothing to do.
fn last_that_holds(record: &Record, reason: &str) -> Result<Option<u32>, Error> {
    let (folder, steps) = (record.folder(), &record.log().steps);
    if reason != "clean" {
        let before_failure = before_failure(folder, steps, reason)?;
        let last = steps.last().map_or(0, |step| step.step);
        return Ok(Some(before_failure.unwrap_or(last)));
    }
    let check = steps.iter().rfind(|step| step.stage == Stage::CHECK.name);
    let Some(check) = check else {
        return Ok(Some(0));
    };
    let untouched = is_untouched(&turns(folder, check)?);
    Ok((!untouched).then(|| check.step - 1))
}

/// Finds the step before the first that failed in the turn in which the run ended; `None` if none
/// failed.
fn before_failure(folder: &Path, steps: &[Step], reason: &str) -> Result<Option<u32>, Error> {
    let begin = steps.iter().rposition(|step| step.stage == Stage::FIX.name);
    let mut round = &steps[begin.unwrap_or(0)..];
    let mut is_complete = false;
    for (position, step) in round.iter().enumerate().rev() {
        if step.stage == Stage::CHECK.name && !has_failed(folder, step)? {
            round = &round[position + 1..];
            is_complete = true;
            break;
        }
    }
    for step in round {
        let ends = REPLY_ENDS.contains(&reason) && step.stage == Stage::LLM.name;
        let passes_on = is_complete && step.stage != Stage::COMMIT.name;
        if ends || (!passes_on && has_failed(folder, step)?) {
            return Ok(Some(step.step - 1));
        }
    }
    Ok(None)
}

/// Tells whether a step came to nothing, for all or for some of its turns.
fn has_failed(folder: &Path, step: &Step) -> Result<bool, Error> {
    let turns = turns(folder, step)?;
    Ok(match step.stage.as_str() {
        "check" => Checked::read(&turns)?.trouble.is_some() || step.status == 2,
        "commit" => turns.iter().any(|turn| {
            let error: Option<lr_turn::TurnError> = turn.get().ok().flatten();
            error.is_some_and(|error| error.stage == Stage::COMMIT.program)
        }),
        _ => turns.iter().any(|turn| turn.has("error")),
    })
}

fn turns(folder: &Path, step: &Step) -> Result<Vec<Turn>, Error> {
    input::read_file(&folder.join(&step.file))
}

/// Tells whether the sources of a check are still what they were.
fn is_untouched(turns: &[Turn]) -> bool {
    let mut sources = BTreeMap::new();
    for turn in turns {
        let Ok(of_turn) = turn.get::<Vec<Source>>() else {
            return false;
        };
        let of_turn = of_turn.unwrap_or_default().into_iter();
        sources.extend(of_turn.map(|source| (source.path, source.sha256)));
    }
    sources.into_iter().all(|(path, hash)| {
        let bytes = std::fs::read(path);
        bytes.is_ok_and(|bytes| Some(lr_files::sha256_hex(&bytes)) == hash)
    })
}
