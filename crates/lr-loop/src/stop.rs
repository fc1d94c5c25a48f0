//! When the loop stops: a pure state machine that is told what each turn came to.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use lr_stage::{Error, Kind, Status};
use lr_turn::{Outcome, TurnError};

use crate::plan::Stage;
use crate::reading::{Answer, Checked};

/// How many refused turns in a row end the loop.
const MOST_REFUSED: u64 = 3;

/// How many free turns in a row end the loop, in case a fixer never comes to an end.
const MOST_FREE: u64 = 100;

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
    pub(crate) const LIMIT: Self = Self::new("limit", Status::Limit, "a limit is reached, findings may remain");
    pub(crate) const INTERRUPTED: Self = Self::new("interrupted", Status::Interrupted, "asked to stop");
    pub(crate) const TERMINATED: Self = Self::new("interrupted", Status::Terminated, "asked to stop");

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

/// The limits that the user sets.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// In how many turns a model may be asked.
    pub(crate) iterations: u64,
    /// How often a model may be called.
    pub(crate) max_calls: Option<u64>,
    /// How many turns in a row may remove nothing they were asked to.
    pub(crate) patience: u64,
}

/// A state of the sources: what they hold, and what is found in them.
type State = (BTreeSet<(String, String)>, BTreeSet<String>);

/// Decides whether the loop goes on.
#[derive(Debug)]
pub(crate) struct Judge {
    limits: Limits,
    names_model: bool,
    seen: Vec<State>,
    iterations: u64,
    calls: u64,
    /// Turns in a row.
    stalled: u64,
    refused: u64,
    free: u64,
}

impl Judge {
    /// Begins a run; `names_model` tells whether the user named a model to ask.
    pub(crate) fn new(limits: Limits, names_model: bool) -> Self {
        Self {
            limits,
            names_model,
            seen: Vec::new(),
            iterations: 0,
            calls: 0,
            stalled: 0,
            refused: 0,
            free: 0,
        }
    }

    /// Looks at the first check.
    pub(crate) fn begin(&mut self, check: &Checked) -> Flow {
        self.seen.extend(state(check));
        at_end(check)
    }

    /// Tells how many calls are left before a model is asked; `None` when there is no limit.
    pub(crate) fn may_ask(&self) -> Flow<Option<u64>> {
        if self.iterations >= self.limits.iterations {
            return Flow::Break(Reason::ITERATIONS.into());
        }
        let max = self.limits.max_calls;
        match max.map(|max| max.saturating_sub(self.calls)) {
            Some(0) => Flow::Break(Reason::CALLS.into()),
            left => Flow::Continue(left),
        }
    }

    /// Notes that a model was asked, with so many calls.
    pub(crate) fn asked(&mut self, calls: u64) {
        self.iterations += 1;
        self.calls += calls;
        self.free = 0;
    }

    /// Looks at what was built to be shown: a part that failed is the reason to stop.
    pub(crate) fn built(&self, answers: &[Answer]) -> Flow {
        match worst_error(answers) {
            None => Flow::Continue(()),
            Some(error) => Flow::Break(self.because(error)),
        }
    }

    /// Looks at what became of the replies. The turn goes on to its check when files may have
    /// changed, when the model has to learn why it was refused, and when a free fix had no effect,
    /// so that it is not offered again.
    pub(crate) fn answered(&mut self, answers: &[Answer]) -> Flow {
        let any = |outcome| Answer::any(answers, outcome);
        let free = answers.iter().any(|it| it.free && it.outcome.is_some());
        if any(Outcome::Applied) || any(Outcome::Refused) || free {
            return Flow::Continue(());
        }
        if let Some(error) = worst_error(answers) {
            return Flow::Break(self.because(error));
        }
        let reason = if !answers.is_empty() && answers.iter().all(|it| it.declared_done) {
            Reason::DECLARED_DONE
        } else if any(Outcome::NoChange) && !any(Outcome::NoEdits) {
            Reason::NO_CHANGE
        } else {
            Reason::NO_EDITS
        };
        Flow::Break(reason.into())
    }

    /// Looks at the check after a turn.
    pub(crate) fn rechecked(&mut self, answers: &[Answer], check: &Checked) -> Flow {
        at_end(check)?;
        if let Some(error) = worst_error(answers).filter(|it| it.status() != Status::NoReply) {
            return Flow::Break(self.because(error));
        }
        let applied = Answer::any(answers, Outcome::Applied);
        let refused = !applied && Answer::any(answers, Outcome::Refused);
        if applied {
            self.note_state(check)?;
        }
        count(&mut self.refused, refused);
        let free = answers.iter().all(|it| it.free);
        let gone = answers.iter().any(|it| !it.asked.is_subset(&check.keys));
        // What is free renews no patience, or a model that makes work for it would never stall.
        let says_nothing = refused || (free && gone);
        if !says_nothing {
            count(&mut self.stalled, !gone);
        }
        count(&mut self.free, free);
        if self.refused >= MOST_REFUSED {
            return Flow::Break(Reason::REFUSED.into());
        }
        if self.stalled >= self.limits.patience || self.free >= MOST_FREE {
            return Flow::Break(Reason::STALLED.into());
        }
        Flow::Continue(())
    }

    fn note_state(&mut self, check: &Checked) -> Flow {
        let state = state(check);
        if state.as_ref().is_some_and(|it| self.seen.contains(it)) {
            return Flow::Break(Reason::SEEN.into());
        }
        self.seen.extend(state);
        Flow::Continue(())
    }

    fn because(&self, error: &TurnError) -> Stop {
        let reason = match (error.kind.as_str(), error.status()) {
            ("no_model", _) if !self.names_model => Reason::NO_MODEL,
            ("calls", _) => Reason::CALLS,
            ("repository", _) => Reason::REPOSITORY,
            (_, Status::NoReply) => Reason::MODEL_FAILED,
            (_, Status::Limit) => Reason::LIMIT,
            (_, Status::Interrupted) => Reason::INTERRUPTED,
            (_, Status::Terminated) => Reason::TERMINATED,
            _ => Reason::STAGE_FAILED,
        };
        Stop {
            reason,
            error: Some(error.clone()),
        }
    }
}

/// Counts turns in a row.
fn count(turns: &mut u64, one_more: bool) {
    *turns = if one_more { *turns + 1 } else { 0 };
}

/// Stops where a check leaves nothing to do, or says nothing about the sources.
fn at_end(check: &Checked) -> Flow {
    match &check.trouble {
        Some(trouble) => Flow::Break(trouble.clone()),
        None if check.clean => Flow::Break(Reason::CLEAN.into()),
        None => Flow::Continue(()),
    }
}

fn state(check: &Checked) -> Option<State> {
    let sources = check.sources.clone()?;
    Some((sources, check.keys.clone()))
}

fn worst_error(answers: &[Answer]) -> Option<&TurnError> {
    let errors = answers.iter().filter_map(|answer| answer.error.as_ref());
    errors.max_by_key(|error| error.status())
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits {
        iterations: 100,
        max_calls: None,
        patience: 3,
    };

    fn judge() -> Judge {
        Judge::new(LIMITS, true)
    }

    /// A check of one file that holds `hash`, with these findings.
    fn check(hash: &str, keys: &[&str]) -> Checked {
        Checked {
            clean: keys.is_empty(),
            keys: keys.iter().map(|key| (*key).to_owned()).collect(),
            findings: keys.len() as u64,
            sources: Some([("a.py".to_owned(), hash.to_owned())].into()),
            trouble: None,
        }
    }

    /// A model's answer that came to `outcome`, asked about these findings.
    fn answer(outcome: Outcome, asked: &[&str]) -> Answer {
        Answer {
            outcome: Some(outcome),
            asked: asked.iter().map(|key| (*key).to_owned()).collect(),
            ..Answer::default()
        }
    }

    fn free(outcome: Outcome, asked: &[&str]) -> Answer {
        Answer {
            free: true,
            ..answer(outcome, asked)
        }
    }

    fn declared(outcome: Outcome) -> Answer {
        Answer {
            declared_done: true,
            ..answer(outcome, &["k"])
        }
    }

    fn failed(kind: &str) -> Answer {
        Answer {
            error: Some(TurnError {
                stage: "lr-llm".to_owned(),
                kind: kind.to_owned(),
                message: "m".to_owned(),
                retryable: false,
                attempts: 0,
                charged: None,
            }),
            ..Answer::default()
        }
    }

    fn reason<T>(flow: Flow<T>) -> Option<Reason> {
        flow.break_value().map(|stop| stop.reason)
    }

    #[test]
    fn a_first_check_that_is_clean_or_in_trouble_ends_the_loop() {
        let begin = |check: Checked| reason(judge().begin(&check));
        let missing = Checked {
            trouble: Some(Reason::MISSING.into()),
            ..check("1", &["k"])
        };
        assert_eq!(begin(check("1", &["k"])), None);
        assert_eq!(begin(check("1", &[])), Some(Reason::CLEAN));
        assert_eq!(begin(missing), Some(Reason::MISSING));
    }

    #[test]
    fn a_check_in_trouble_is_never_clean() {
        let broken = Checked {
            trouble: Some(Reason::BROKEN.into()),
            ..check("1", &[])
        };
        assert_eq!(reason(judge().begin(&broken)), Some(Reason::BROKEN));
    }

    #[test]
    fn a_turn_goes_on_where_a_part_was_applied_or_refused() {
        let answered = |answers: &[Answer]| reason(judge().answered(answers));
        for goes_on in [
            answer(Outcome::Applied, &[]),
            answer(Outcome::Refused, &[]),
            declared(Outcome::Applied),
            free(Outcome::NoChange, &[]),
        ] {
            assert_eq!(answered(&[failed("network"), goes_on]), None);
        }
    }

    #[test]
    fn a_turn_that_came_to_nothing_ends_the_loop() {
        let table = [
            (vec![answer(Outcome::NoEdits, &[])], Reason::NO_EDITS),
            (vec![answer(Outcome::NoChange, &[])], Reason::NO_CHANGE),
            (vec![declared(Outcome::NoEdits)], Reason::DECLARED_DONE),
            (vec![declared(Outcome::NoChange)], Reason::DECLARED_DONE),
            (
                vec![declared(Outcome::NoEdits), answer(Outcome::NoEdits, &[])],
                Reason::NO_EDITS,
            ),
            (
                vec![
                    answer(Outcome::NoChange, &[]),
                    answer(Outcome::NoEdits, &[]),
                ],
                Reason::NO_EDITS,
            ),
            (vec![Answer::default()], Reason::NO_EDITS),
            (vec![failed("network")], Reason::MODEL_FAILED),
            (
                vec![failed("auth"), declared(Outcome::NoEdits)],
                Reason::MODEL_FAILED,
            ),
            (vec![failed("no_key")], Reason::MODEL_FAILED),
            (
                vec![failed("network"), failed("template")],
                Reason::MODEL_FAILED,
            ),
            (vec![failed("template")], Reason::STAGE_FAILED),
            (vec![failed("foreign_kind")], Reason::STAGE_FAILED),
            (vec![failed("calls")], Reason::CALLS),
            (vec![failed("tokens")], Reason::LIMIT),
        ];
        for (answers, expected) in table {
            assert_eq!(
                reason(judge().answered(&answers)),
                Some(expected),
                "{answers:?}"
            );
        }
    }

    #[test]
    fn without_a_model_that_is_no_failure_unless_the_user_named_one() {
        let answered =
            |names_model| reason(Judge::new(LIMITS, names_model).answered(&[failed("no_model")]));
        assert_eq!(answered(false), Some(Reason::NO_MODEL));
        assert_eq!(answered(true), Some(Reason::MODEL_FAILED));
    }

    /// Runs turns, each an answer and the check after it, and returns how each one ended.
    fn run(judge: &mut Judge, turns: &[(Answer, Checked)]) -> Vec<Option<Reason>> {
        let turns = turns.iter();
        turns
            .map(|(answer, check)| reason(judge.rechecked(std::slice::from_ref(answer), check)))
            .collect()
    }

    fn applied(hash: &str, asked: &[&str], left: &[&str]) -> (Answer, Checked) {
        (answer(Outcome::Applied, asked), check(hash, left))
    }

    fn refused(keys: &[&str]) -> (Answer, Checked) {
        (answer(Outcome::Refused, keys), check("1", keys))
    }

    #[test]
    fn a_clean_recheck_ends_the_loop() {
        assert_eq!(
            run(&mut judge(), &[applied("2", &["k"], &[])]),
            [Some(Reason::CLEAN)]
        );
    }

    #[test]
    fn a_change_that_leads_back_ends_the_loop() {
        let mut judge = judge();
        assert_eq!(reason(judge.begin(&check("1", &["k"]))), None);
        let turns = [applied("2", &["k"], &["l"]), applied("1", &["l"], &["k"])];
        assert_eq!(run(&mut judge, &turns), [None, Some(Reason::SEEN)]);
    }

    #[test]
    fn a_refused_turn_leads_nowhere_and_is_not_seen() {
        let mut judge = judge();
        assert_eq!(reason(judge.begin(&check("1", &["k"]))), None);
        assert_eq!(run(&mut judge, &[refused(&["k"])]), [None]);
    }

    #[test]
    fn sources_without_hashes_are_never_seen_again() {
        let mut judge = judge();
        let unknown = Checked {
            sources: None,
            ..check("1", &["k"])
        };
        assert_eq!(reason(judge.begin(&unknown)), None);
        let turn = (answer(Outcome::Applied, &["k"]), unknown);
        assert_eq!(run(&mut judge, &[turn]), [None]);
    }

    #[test]
    fn patience_ends_when_nothing_that_was_asked_is_gone() {
        let turns = [
            applied("2", &["k"], &["k"]),
            applied("3", &["k"], &["k", "l"]),
            applied("4", &["k", "l"], &["k", "l"]),
        ];
        assert_eq!(
            run(&mut judge(), &turns),
            [None, None, Some(Reason::STALLED)]
        );
    }

    #[test]
    fn a_finding_that_is_gone_renews_patience_whatever_came_instead() {
        let turns = [
            applied("2", &["k"], &["k"]),
            applied("3", &["k"], &["k"]),
            applied("4", &["k"], &["l", "m", "n"]),
            applied("5", &["l"], &["l", "m", "n"]),
            applied("6", &["l"], &["l", "m", "n"]),
        ];
        assert_eq!(run(&mut judge(), &turns), [None; 5]);
    }

    #[test]
    fn a_refused_turn_neither_takes_nor_renews_patience() {
        let turns = [
            applied("2", &["k"], &["k"]),
            refused(&["k"]),
            applied("3", &["k"], &["k"]),
            refused(&["k"]),
            applied("4", &["k"], &["k"]),
        ];
        let ends = run(&mut judge(), &turns);
        assert_eq!(ends, [None, None, None, None, Some(Reason::STALLED)]);
    }

    #[test]
    fn three_refused_turns_in_a_row_end_the_loop() {
        let turns = [
            refused(&["k"]),
            refused(&["k"]),
            applied("2", &["k"], &["l"]),
            refused(&["l"]),
            refused(&["l"]),
            refused(&["l"]),
        ];
        let ends = run(&mut judge(), &turns);
        assert_eq!(ends, [None, None, None, None, None, Some(Reason::REFUSED)]);
    }

    #[test]
    fn a_free_fix_without_effect_takes_patience() {
        let turn = || (free(Outcome::NoChange, &["k"]), check("1", &["k"]));
        let ends = run(&mut judge(), &[turn(), turn(), turn()]);
        assert_eq!(ends, [None, None, Some(Reason::STALLED)]);
    }

    #[test]
    fn a_free_fix_renews_no_patience() {
        let mess = |hash| applied(hash, &["k"], &["k", "l"]);
        let tidied = |hash| (free(Outcome::Applied, &["k", "l"]), check(hash, &["k"]));
        let turns = [mess("2"), tidied("3"), mess("4"), tidied("5"), mess("6")];
        let ends = run(&mut judge(), &turns);
        assert_eq!(ends, [None, None, None, None, Some(Reason::STALLED)]);
    }

    #[test]
    fn a_fixer_that_never_comes_to_an_end_is_stopped() {
        let mut judge = judge();
        let turns: Vec<_> = (0..MOST_FREE)
            .map(|number| {
                let keys = [number, number + 1].map(|number| number.to_string());
                let answer = free(Outcome::Applied, &[&keys[0]]);
                (answer, check(&keys[0], &[&keys[1]]))
            })
            .collect();
        let ends = run(&mut judge, &turns);
        assert_eq!(ends.last(), Some(&Some(Reason::STALLED)));
        assert!(ends[..ends.len() - 1].iter().all(Option::is_none));
    }

    #[test]
    fn a_part_without_a_reply_does_not_end_a_turn_but_trouble_does_after_its_check() {
        let rechecked = |kind: &str| {
            let answers = [answer(Outcome::Applied, &["k"]), failed(kind)];
            reason(judge().rechecked(&answers, &check("2", &["l"])))
        };
        assert_eq!(rechecked("network"), None);
        assert_eq!(rechecked("no_model"), None);
        assert_eq!(rechecked("template"), Some(Reason::STAGE_FAILED));
        assert_eq!(rechecked("calls"), Some(Reason::CALLS));
    }

    #[test]
    fn a_recheck_in_trouble_ends_the_loop() {
        let broken = Checked {
            trouble: Some(Reason::BROKEN.into()),
            ..check("2", &[])
        };
        let turn = (answer(Outcome::Applied, &["k"]), broken);
        assert_eq!(run(&mut judge(), &[turn]), [Some(Reason::BROKEN)]);
    }

    #[test]
    fn limits_are_tested_before_a_model_is_asked() {
        let mut judge = Judge::new(
            Limits {
                iterations: 3,
                max_calls: Some(5),
                patience: 3,
            },
            true,
        );
        assert_eq!(judge.may_ask(), Flow::Continue(Some(5)));
        judge.asked(2);
        assert_eq!(judge.may_ask(), Flow::Continue(Some(3)));
        judge.asked(4);
        assert_eq!(reason(judge.may_ask()), Some(Reason::CALLS));
        let mut judge = Judge::new(
            Limits {
                iterations: 1,
                ..LIMITS
            },
            true,
        );
        assert_eq!(judge.may_ask(), Flow::Continue(None));
        judge.asked(1);
        assert_eq!(reason(judge.may_ask()), Some(Reason::ITERATIONS));
    }

    #[test]
    fn free_turns_are_no_iterations() {
        let mut judge = Judge::new(
            Limits {
                iterations: 1,
                ..LIMITS
            },
            true,
        );
        let turn = (free(Outcome::Applied, &["k"]), check("2", &["l"]));
        assert_eq!(run(&mut judge, &[turn]), [None]);
        assert_eq!(judge.may_ask(), Flow::Continue(None));
    }

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
