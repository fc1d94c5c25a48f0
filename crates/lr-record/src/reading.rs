//! Reading the files of a run, as far as they can be trusted.

use std::fs;
use std::io;
use std::path::Path;

use lr_turn::Turn;

use crate::ledger::Ledger;
use crate::record::{STEPS, TURNS};
use crate::steps::{Log, Step};

/// What the files of a run say.
#[derive(Debug, Default)]
pub(crate) struct Known {
    pub(crate) log: Log,
    pub(crate) ledger: Ledger,
    /// How many bytes of `turns.jsonl` belong to complete steps.
    pub(crate) turns_length: u64,
    /// How many bytes of `steps.jsonl` can be understood.
    pub(crate) steps_length: u64,
}

/// Reads the files of a run. Steps behind one that is missing, or whose file is not as long as it
/// was, are not complete.
///
/// # Errors
///
/// A file cannot be read.
pub(crate) fn read(folder: &Path) -> io::Result<Known> {
    let turns = fs::read(folder.join(TURNS))?;
    let steps = fs::read(folder.join(STEPS))?;
    let (mut log, steps_length) = Log::read(&String::from_utf8_lossy(&steps));
    let is_there = |step: &Step| {
        let length = fs::metadata(folder.join(&step.file)).map(|file| file.len());
        length.is_ok_and(|length| length == step.bytes) && step.record <= turns.len() as u64
    };
    let holds = (1..).zip(&log.steps);
    let good = holds.take_while(|(number, step)| step.step == *number && is_there(step));
    let last_good = good.last().map_or(0, |(number, _)| number);
    log.set_aside(last_good, false);
    let all = || {
        log.steps
            .iter()
            .chain(log.aside.iter().map(|(step, _)| step))
    };
    let ends = all().map(|step| step.record);
    let turns_length = ends.filter(|end| *end <= turns.len() as u64).max();
    let turns_length = turns_length.unwrap_or(0);
    let mut ledger = Ledger::default();
    let kept = usize::try_from(turns_length).unwrap_or(usize::MAX);
    let text = String::from_utf8_lossy(&turns[..kept.min(turns.len())]);
    for line in text.lines() {
        // A line that is no turn is nothing that this version can count.
        if let Ok(turn) = Turn::parse(line) {
            let _ = ledger.add(&turn);
        }
    }
    for step in all() {
        ledger.add_seconds(step.turn, &step.stage, step.seconds);
    }
    let is_trouble = |step: &&Step| step.stage == "check" && step.status == 2;
    for step in log.steps.iter().filter(is_trouble) {
        ledger.add_trouble(step.turn);
    }
    Ok(Known {
        log,
        ledger,
        turns_length,
        steps_length,
    })
}
