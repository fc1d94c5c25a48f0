//! What a stage wrote, and whether it did its work.

use std::path::PathBuf;
use std::time::Duration;

use lr_exec::{End, signals};
use lr_stage::{Error, Kind, input};
use lr_turn::Turn;

use crate::plan::Stage;

/// What a stage wrote.
#[derive(Debug)]
pub(crate) struct Ran {
    /// The turns.
    pub(crate) turns: Vec<Turn>,
    /// The file they stand in.
    pub(crate) file: PathBuf,
    /// The exit status of the stage.
    pub(crate) status: u8,
    /// How long the stage took.
    pub(crate) took: Duration,
}

/// Reads what a stage wrote, and tells a stage that failed from one whose turns say what happened.
pub(crate) fn outcome(stage: Stage, end: End, seconds: f64, file: PathBuf) -> Result<Ran, Error> {
    let status = match end {
        End::Interrupted => return Err(interrupted(signals::interrupted())),
        End::Exited(130) => return Err(interrupted(Some(2))),
        End::Exited(143) => return Err(interrupted(None)),
        End::Exited(status @ 0..=4) => u8::try_from(status).unwrap_or_default(),
        _ => return Err(failed(stage, end)),
    };
    let turns = match input::read_file(&file) {
        Ok(turns) => turns,
        Err(error) if error.kind == Kind::EmptyInput && status != 0 => {
            return Err(failed(stage, end));
        }
        Err(error) => {
            let message = format!("cannot understand what '{}' wrote", stage.program);
            return Err(Error::new(Kind::Stage, message).because(error));
        }
    };
    if status == 2 && stage != Stage::CHECK && !turns.iter().any(|turn| turn.has("error")) {
        return Err(failed(stage, end));
    }
    Ok(Ran {
        turns,
        file,
        status,
        took: Duration::try_from_secs_f64(seconds).unwrap_or_default(),
    })
}

fn failed(stage: Stage, end: End) -> Error {
    let kind = match (stage, end) {
        (Stage::LLM, End::Exited(3)) => Kind::Provider,
        _ => Kind::Stage,
    };
    Error::new(kind, format!("'{}' failed: {end}", stage.program))
}

fn interrupted(signal: Option<i32>) -> Error {
    match signal {
        Some(2) => Error::new(Kind::Interrupted, "interrupted"),
        _ => Error::new(Kind::Terminated, "terminated"),
    }
}
