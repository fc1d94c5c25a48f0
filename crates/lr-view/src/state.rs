//! What is known of one run.

use std::path::{Path, PathBuf};

use lr_record::{Ledger, Options, Summary};
use lr_stage::{Error, Kind};
use serde::Serialize;

/// What is known of one run.
#[derive(Debug)]
pub(crate) struct Known {
    /// The folder of its record.
    pub(crate) folder: PathBuf,
    /// What it came to so far, counted from the record.
    pub(crate) summary: Summary,
    /// In how many turns there was a reply, or a model was called.
    pub(crate) turns: u64,
    /// How it stands.
    pub(crate) state: State,
    /// How it was begun, if the record says so.
    pub(crate) options: Option<Options>,
}

/// How a run stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum State {
    /// It is at work.
    Running,
    /// It ended, for the reason that the summary has.
    Ended,
    /// It was killed.
    Killed,
}

/// The line of a run in the list.
#[derive(Serialize)]
struct Line<'a> {
    lr: u64,
    run: &'a str,
    state: State,
    reason: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u8>,
    started: &'a str,
    seconds: f64,
    turns: u64,
    totals: &'a lr_record::Taken,
    #[serde(skip_serializing_if = "Option::is_none")]
    branch: Option<&'a str>,
    folder: String,
}

/// All that is known of a run.
#[derive(Serialize)]
struct All<'a> {
    #[serde(flatten)]
    summary: &'a Summary,
    state: State,
    #[serde(skip_serializing_if = "Option::is_none")]
    args: Option<&'a [String]>,
}

impl Known {
    /// Reads the record of a run.
    ///
    /// # Errors
    ///
    /// It cannot be read, or a newer lr wrote it.
    pub(crate) fn read(folder: &Path) -> Result<Self, Error> {
        let name = folder.file_name().unwrap_or_default().to_string_lossy();
        let mut summary = Summary::read(folder).unwrap_or_default();
        if summary.lr > lr_turn::VERSION {
            let message = format!("the run '{name}' was recorded by a newer lr");
            return Err(Error::new(Kind::Newer, message)
                .hint("use an lr that is at least as new as the one that made the run"));
        }
        if summary.run.is_empty() {
            summary.run = name.into_owned();
        }
        let ledger = Ledger::read(folder)?;
        summary.turns = ledger.turns();
        summary.totals = ledger.totals();
        let state = match (
            summary.has_ended() && !summary.reason.is_empty(),
            summary.pid,
        ) {
            (true, _) => State::Ended,
            (false, pid) if pid > 0 && lr_record::is_at_work(&summary.run, pid) => State::Running,
            _ => State::Killed,
        };
        if state == State::Killed {
            "killed".clone_into(&mut summary.reason);
        }
        Ok(Self {
            folder: folder.to_path_buf(),
            turns: ledger.turn_count(),
            summary,
            state,
            options: Options::read(folder).ok(),
        })
    }

    /// Returns the run as a line of JSON for the list.
    pub(crate) fn line(&self) -> String {
        let summary = &self.summary;
        let line = Line {
            lr: lr_turn::VERSION,
            run: &summary.run,
            state: self.state,
            reason: &summary.reason,
            status: summary.status,
            started: &summary.started,
            seconds: summary.seconds,
            turns: self.turns,
            totals: &summary.totals,
            branch: summary.branch.as_deref(),
            folder: self.folder.display().to_string(),
        };
        serde_json::to_string(&line).unwrap_or_default() + "\n"
    }

    /// Returns all that is known of the run as JSON.
    pub(crate) fn json(&self) -> String {
        let all = All {
            summary: &self.summary,
            state: self.state,
            args: self.options.as_ref().map(|options| &options.args[..]),
        };
        serde_json::to_string(&all).unwrap_or_default() + "\n"
    }
}
