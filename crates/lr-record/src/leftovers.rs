//! What is left of a step that was cut short or set aside: the replies in it are paid for.

use std::fs;
use std::path::{Path, PathBuf};

use lr_stage::{Error, Kind};
use lr_turn::Turn;

use crate::record::Record;
use crate::whole;

/// A turn with a reply that was paid for in an earlier try of a step.
#[derive(Clone, Debug)]
pub struct Leftover {
    /// The turn.
    pub turn: Turn,
    /// Whether its reply stands in `turns.jsonl` already.
    pub is_recorded: bool,
}

impl Record {
    /// Returns the replies that earlier tries of a step have brought, the newest first.
    pub fn leftovers(&self, number: u32, turn: u64, stage: &str) -> Vec<Leftover> {
        let is_complete = |file: &PathBuf| {
            let steps = self.log().steps.iter();
            let aside = self.log().aside.iter().map(|(step, _)| step);
            let name = file.file_name().map(|name| name.to_string_lossy());
            steps
                .chain(aside)
                .any(|step| Some(&*step.file) == name.as_deref())
        };
        let tries = (0..=self.log().generation()).rev();
        let unfinished = tries
            .map(|again| self.file_of_try(number, stage, again))
            .filter(|file| !is_complete(file))
            .collect::<Vec<_>>();
        let mut found: Vec<Leftover> = unfinished
            .iter()
            .flat_map(|file| replies_of_try(file))
            .map(|turn| Leftover {
                turn,
                is_recorded: false,
            })
            .collect();
        for (step, keep) in self.log().aside.iter().rev() {
            if *keep && step.turn == turn && step.stage == stage {
                let turns = replies(&self.folder().join(&step.file));
                found.extend(turns.into_iter().map(|turn| Leftover {
                    turn,
                    is_recorded: true,
                }));
            }
        }
        found
    }

    /// Puts the replies that a step need not ask for again where its next try, should this one be
    /// cut short as well, finds them.
    ///
    /// # Errors
    ///
    /// `io` when they cannot be written.
    pub fn keep(&self, number: u32, stage: &str, turns: &[&Turn]) -> Result<(), Error> {
        let file = kept_file(&self.step_file(number, stage));
        write_turns(&file, turns)
    }

    /// Returns what was paid for in steps that were set aside and is not used again.
    pub fn spent(&self, stage: &str) -> Vec<Turn> {
        let aside = self.log().aside.iter();
        let steps = aside.filter(|(step, _)| step.stage == stage);
        let turns = steps.flat_map(|(step, keep)| {
            let turns = turns(&self.folder().join(&step.file)).into_iter();
            turns.filter(|turn| !(*keep && is_answered(turn)))
        });
        turns.collect()
    }
}

/// Writes turns as a file of a record, as a whole.
///
/// # Errors
///
/// `io` when that fails.
pub fn write_turns(file: &Path, turns: &[&Turn]) -> Result<(), Error> {
    let lines: String = turns.iter().map(|turn| turn.to_line() + "\n").collect();
    whole::write(file, &lines).map_err(|error| {
        Error::new(Kind::Io, format!("cannot write '{}'", file.display())).because(error)
    })
}

/// The file with the replies that a step need not ask for again.
fn kept_file(file: &Path) -> PathBuf {
    file.with_extension("kept.jsonl")
}

/// The replies of a step that is not complete: those that its tries before had left, and its own.
pub(crate) fn replies_of_try(file: &Path) -> Vec<Turn> {
    let mut turns = replies(&kept_file(file));
    turns.extend(replies(file));
    turns
}

fn replies(file: &Path) -> Vec<Turn> {
    let mut turns = turns(file);
    turns.retain(is_answered);
    turns
}

fn is_answered(turn: &Turn) -> bool {
    turn.has("reply") && !turn.has("error")
}

/// Reads the complete lines of a file; none where there is no such file.
fn turns(file: &Path) -> Vec<Turn> {
    let bytes = fs::read(file).unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    let complete = text.rfind('\n').map_or("", |end| &text[..end]);
    complete.lines().flat_map(Turn::parse).collect()
}
