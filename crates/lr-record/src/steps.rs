//! `steps.jsonl`: which steps of a run are complete, and where it was taken up again.

use serde::{Deserialize, Serialize};

use crate::lost::Lost;

/// A step that is complete: one stage, run once.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// Its number in the run, from 1.
    pub step: u32,
    /// The turn it belongs to.
    pub turn: u64,
    /// The name of the stage.
    pub stage: String,
    /// The exit status of the stage.
    pub status: u8,
    /// The file in the run's folder that holds what the stage wrote.
    pub file: String,
    /// How long that file is.
    pub bytes: u64,
    /// How long `turns.jsonl` is with what the step added.
    pub record: u64,
    /// How long the stage took.
    pub seconds: f64,
    /// When it was done, in UTC.
    pub at: String,
}

/// That a run which had ended was taken up again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resumed {
    /// When, in UTC.
    pub resumed: String,
    /// Why the run had ended.
    pub ended: String,
    /// The last step that still holds; those behind it are set aside.
    pub after: u32,
    /// Whether replies of the steps set aside are used again instead of asking anew.
    pub keep: bool,
}

/// One line of `steps.jsonl`.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Line {
    Step(Step),
    Resumed(Resumed),
    Lost(Lost),
}

/// What `steps.jsonl` says, from its first line to its last.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Log {
    /// The complete steps that hold, the first of the run first.
    pub steps: Vec<Step>,
    /// The complete steps that were set aside, and whether their replies may be used again.
    pub aside: Vec<(Step, bool)>,
    /// Where the run was taken up again after it had ended.
    pub resumed: Vec<Resumed>,
    /// The calls of steps that are not complete, as far as they are counted.
    pub lost: Vec<Lost>,
}

impl Log {
    /// Reads the lines; what is cut off or cannot be understood ends them, because nothing behind
    /// it can be trusted. Returns also how many bytes were understood.
    pub fn read(text: &str) -> (Self, u64) {
        let mut log = Self::default();
        let mut read = 0;
        for line in text.split_inclusive('\n') {
            if !line.ends_with('\n') {
                break;
            }
            match serde_json::from_str(line) {
                Ok(Line::Step(step)) => log.add_step(step),
                Ok(Line::Resumed(resumed)) => log.add_resumed(resumed),
                Ok(Line::Lost(lost)) => log.add_lost(lost),
                Err(_) => break,
            }
            read += line.len() as u64;
        }
        (log, read)
    }

    /// Adds a step; one that does not follow on the last takes the place of all from its number on.
    pub(crate) fn add_step(&mut self, step: Step) {
        self.set_aside(step.step.saturating_sub(1), false);
        self.steps.push(step);
    }

    /// Adds that the run was taken up again.
    pub(crate) fn add_resumed(&mut self, resumed: Resumed) {
        self.set_aside(resumed.after, resumed.keep);
        self.resumed.push(resumed);
    }

    /// Adds calls whose replies were lost, as a step that was set aside.
    pub(crate) fn add_lost(&mut self, lost: Lost) {
        self.aside.push((lost.lost.clone(), false));
        self.lost.push(lost);
    }

    /// Sets the steps behind one aside.
    pub(crate) fn set_aside(&mut self, after: u32, keep: bool) {
        let aside = self.steps.iter().position(|it| it.step > after);
        if let Some(first) = aside {
            let aside = self.steps.drain(first..);
            self.aside.extend(aside.map(|step| (step, keep)));
        }
    }

    /// Tells whether the run was taken up again right behind a step.
    pub fn went_on_after(&self, step: u32) -> bool {
        self.resumed.iter().any(|it| it.after == step) || self.steps.iter().any(|it| it.step > step)
    }

    /// Returns the number that tells files of steps apart that were run anew: how often something
    /// was set aside.
    pub(crate) fn generation(&self) -> usize {
        self.resumed.len()
    }
}
