//! Why the loop stops, as data and in words.

use std::ops::ControlFlow;

use lr_stage::{Error, Kind, Status};
use lr_turn::TurnError;

use crate::plan::Stage;

/// Why the loop stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Reason {
    /// The name that stands in `loop.reason`.
    pub(crate) name: &'static str,
    /// The exit status that it counts as.
    pub(crate) status: Status,
    /// What it means, for people.
    pub(crate) words: &'static str,
}

#[rustfmt::skip]
impl Reason {
    pub(crate) const CLEAN: Self = Self::new("clean", Status::Done, "the checks are clean");
    pub(crate) const STOP_AFTER: Self = Self::new("stop_after", Status::Done, "stopped as asked, nothing was changed");
    pub(crate) const DRY_RUN: Self = Self::new("dry_run", Status::Done, "nothing was asked and nothing was changed");
    pub(crate) const DECLARED_DONE: Self = Self::new("declared_done", Status::No, "the model declares that nothing is left to improve");
    pub(crate) const NO_EDITS: Self = Self::new("no_edits", Status::No, "the reply holds no new versions");
    pub(crate) const NO_CHANGE: Self = Self::new("no_change", Status::No, "the reply changes nothing");
    pub(crate) const SEEN: Self = Self::new("seen", Status::No, "the changes led back to an earlier state");
    pub(crate) const STALLED: Self = Self::new("stalled", Status::No, "turn after turn removes nothing it is asked to");
    pub(crate) const REFUSED: Self = Self::new("refused", Status::No, "the replies are refused again and again");
    pub(crate) const NO_MODEL: Self = Self::new("no_model", Status::No, "no model is configured, and what is free is done");
    pub(crate) const BROKEN: Self = Self::new("broken", Status::Trouble, "a checker did not work");
    pub(crate) const MISSING: Self = Self::new("missing", Status::Trouble, "a checker is missing");
    pub(crate) const REPOSITORY: Self = Self::new("repository", Status::Trouble, "the repository cannot be used");
    pub(crate) const STAGE_FAILED: Self = Self::new("stage_failed", Status::Trouble, "a stage failed");
    pub(crate) const MODEL_FAILED: Self = Self::new("model_failed", Status::NoReply, "the model gave no usable reply");
    pub(crate) const ITERATIONS: Self = Self::new("iterations", Status::Limit, "the limit on turns is reached, findings may remain");
    pub(crate) const CALLS: Self = Self::new("calls", Status::Limit, "the limit on calls is reached, findings may remain");
    pub(crate) const TOKENS: Self = Self::new("tokens", Status::Limit, "the limit on tokens is reached, findings may remain");
    pub(crate) const COST: Self = Self::new("cost", Status::Limit, "the limit on cost is reached, findings may remain");
    pub(crate) const TIME: Self = Self::new("time", Status::Limit, "the limit on time is reached, findings may remain");
    pub(crate) const LIMIT: Self = Self::new("limit", Status::Limit, "a limit is reached, findings may remain");
    pub(crate) const INTERRUPTED: Self = Self::new("interrupted", Status::Interrupted, "asked to stop");
    pub(crate) const TERMINATED: Self = Self::new("interrupted", Status::Terminated, "asked to stop");

    /// The same reason where it is what was wanted.
    pub(crate) fn done(self) -> Self {
        Self { status: Status::Done, ..self }
    }

    const fn new(name: &'static str, status: Status, words: &'static str) -> Self {
        Self { name, status, words }
    }
}

/// That the loop stops, why, and what a stage said about it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Stop {
    pub(crate) reason: Reason,
    pub(crate) error: Option<TurnError>,
}

/// Goes on with a value, or stops.
pub(crate) type Flow<T = ()> = ControlFlow<Stop, T>;

impl Stop {
    /// Stops because a stage failed as a whole.
    pub(crate) fn failed(stage: Stage, error: &Error) -> Self {
        let reason = match (stage, error.kind) {
            (_, Kind::Interrupted) => Reason::INTERRUPTED,
            (_, Kind::Terminated) => Reason::TERMINATED,
            (Stage::START | Stage::COMMIT, _) => Reason::REPOSITORY,
            _ if error.kind.status() == Status::NoReply => Reason::MODEL_FAILED,
            _ => Reason::STAGE_FAILED,
        };
        let is_asked_for = matches!(error.kind, Kind::Interrupted | Kind::Terminated);
        Self {
            reason,
            error: (!is_asked_for).then(|| error.to_section(stage.program)),
        }
    }
}

impl From<Reason> for Stop {
    fn from(reason: Reason) -> Self {
        Self {
            reason,
            error: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stage_that_fails_as_a_whole_has_its_reason() {
        let table = [
            (Stage::CHECK, Kind::Stage, Reason::STAGE_FAILED),
            (Stage::START, Kind::Stage, Reason::REPOSITORY),
            (Stage::COMMIT, Kind::Stage, Reason::REPOSITORY),
            (Stage::LLM, Kind::Provider, Reason::MODEL_FAILED),
            (Stage::APPLY, Kind::Io, Reason::STAGE_FAILED),
            (Stage::LLM, Kind::Terminated, Reason::TERMINATED),
            (Stage::START, Kind::Interrupted, Reason::INTERRUPTED),
        ];
        for (stage, kind, expected) in table {
            let stop = Stop::failed(stage, &Error::new(kind, "m"));
            assert_eq!(stop.reason, expected, "{stage:?} {kind:?}");
        }
    }
}
