//! `summary.json`: what a run came to so far, written anew after each turn and at the end.

use std::fs;
use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::ledger::{Taken, TurnTaken};
use crate::whole;

/// The name of the file.
pub(crate) const SUMMARY: &str = "summary.json";

/// The reason of a run that has not ended.
pub const RUNNING: &str = "running";

/// What a run came to so far.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Summary {
    /// The version of the record.
    pub lr: u64,
    /// The name of the run.
    pub run: String,
    /// Why it ended; `running` before that, and for ever if it was killed.
    pub reason: String,
    /// The exit status, once it has ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u8>,
    /// The process that runs it, or ran it last.
    pub pid: u32,
    /// When it began, in UTC.
    pub started: String,
    /// How long it took, all times it was taken up together.
    pub seconds: f64,
    /// What each turn has taken and come to.
    pub turns: Vec<TurnTaken>,
    /// What the run has taken and come to as a whole.
    pub totals: Taken,
    /// The branch of the run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub branch: Option<String>,
    /// What to type next.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

impl Summary {
    /// Writes the file into the folder of a run.
    pub(crate) fn write(&self, folder: &Path) -> io::Result<()> {
        let text = serde_json::to_string(self)? + "\n";
        whole::write(&folder.join(SUMMARY), &text)
    }

    /// Reads the file in the folder of a run; `None` where there is none that can be understood.
    pub fn read(folder: &Path) -> Option<Self> {
        let text = fs::read_to_string(folder.join(SUMMARY)).ok()?;
        serde_json::from_str(&text).ok()
    }

    /// Tells whether the run has ended by itself, rather than being killed or going on.
    pub fn has_ended(&self) -> bool {
        self.reason != RUNNING
    }
}
