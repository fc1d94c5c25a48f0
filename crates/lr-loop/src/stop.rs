//! When the loop stops: a pure state machine that is told what each turn came to.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use lr_stage::{Error, Kind, Status};
use lr_turn::{Outcome, TurnError};

use crate::plan::Stage;
use crate::reading::{Answer, Checked, Trouble};

/// How many refused turns in a row end the loop.
const MOST_REFUSED: u64 = 3;

/// How many free turns in a row end the loop, in case a fixer never comes to an end.
const MOST_FREE: u64 = 100;

/// Why the loop stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reason {
    /// Every checker is content.
    Clean,
    /// What `--stop-after` names was built.
    StopAfter,
    /// The model declared that nothing is left to improve, and changed nothing.
    DeclaredDone,
    /// The reply held no versions.
    NoEdits,
    /// The reply's versions are what is there already.
    NoChange,
    /// A change led back to an earlier state.
    Seen,
    /// Several turns in a row removed nothing they were asked to.
    Stalled,
    /// Several replies in a row were refused.
    Refused,
    /// Nobody named a model, and what is free is done.
    NoModel,
    /// A checker did not work.
    Broken,
    /// A checker that was asked for is not there.
    Missing,
    /// No checker ran.
    NothingChecked,
    /// The repository cannot be used as it is.
    Repository,
    /// A stage could not be run or did not keep to the contract.
    StageFailed,
    /// A model was asked for and gave no usable reply.
    ModelFailed,
    /// The limit on turns with a model was reached.
    Iterations,
    /// The limit on calls was reached.
    Calls,
    /// A limit of a stage was reached.
    Limit,
    /// Asked to end.
    Interrupted(Status),
}

impl Reason {
    /// The name that stands in `loop.reason`.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Clean => "clean",
            Self::StopAfter => "stop_after",
            Self::DeclaredDone => "declared_done",
            Self::NoEdits => "no_edits",
            Self::NoChange => "no_change",
            Self::Seen => "seen",
            Self::Stalled => "stalled",
            Self::Refused => "refused",
            Self::NoModel => "no_model",
            Self::Broken => "broken",
            Self::Missing => "missing",
            Self::NothingChecked => "nothing_checked",
            Self::Repository => "repository",
            Self::StageFailed => "stage_failed",
            Self::ModelFailed => "model_failed",
            Self::Iterations => "iterations",
            Self::Calls => "calls",
            Self::Limit => "limit",
            Self::Interrupted(_) => "interrupted",
        }
    }

    /// What it means, for people.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Clean => "the checks are clean",
            Self::StopAfter => "stopped as asked, nothing was changed",
            Self::DeclaredDone => "the model declares that nothing is left to improve",
            Self::NoEdits => "the reply holds no new versions",
            Self::NoChange => "the reply changes nothing",
            Self::Seen => "the changes led back to an earlier state",
            Self::Stalled => "no turn removes any more what it is asked to",
            Self::Refused => "the replies are refused again and again",
            Self::NoModel => "no model is configured, and what is free is done",
            Self::Broken => "a checker did not work",
            Self::Missing => "a checker is missing",
            Self::NothingChecked => "nothing was checked",
            Self::Repository => "the repository cannot be used",
            Self::StageFailed => "a stage failed",
            Self::ModelFailed => "the model gave no usable reply",
            Self::Iterations => "the limit on turns is reached, findings may remain",
            Self::Calls => "the limit on calls is reached, findings may remain",
            Self::Limit => "a limit is reached, findings may remain",
            Self::Interrupted(_) => "interrupted",
        }
    }

    /// The exit status that it counts as.
    pub(crate) fn status(self) -> Status {
        match self {
            Self::Clean | Self::StopAfter => Status::Done,
            Self::DeclaredDone
            | Self::NoEdits
            | Self::NoChange
            | Self::Seen
            | Self::Stalled
            | Self::Refused
            | Self::NoModel => Status::No,
            Self::Broken
            | Self::Missing
            | Self::NothingChecked
            | Self::Repository
            | Self::StageFailed => Status::Trouble,
            Self::ModelFailed => Status::NoReply,
            Self::Iterations | Self::Calls | Self::Limit => Status::Limit,
            Self::Interrupted(status) => status,
        }
    }
}

/// That the loop stops, why, and what a stage said about it.
#[derive(Debug, PartialEq)]
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
            (_, Kind::Interrupted | Kind::Terminated) => Reason::Interrupted(error.kind.status()),
            (Stage::Start | Stage::Commit, _) => Reason::Repository,
            (_, Kind::NothingChecked) => Reason::NothingChecked,
            (Stage::Check, Kind::Broken) => Reason::Broken,
            _ if error.kind.status() == Status::NoReply => Reason::ModelFailed,
            _ => Reason::StageFailed,
        };
        Self {
            reason,
            error: Some(error.to_section(stage.program())),
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
            return Flow::Break(Reason::Iterations.into());
        }
        match self
            .limits
            .max_calls
            .map(|max| max.saturating_sub(self.calls))
        {
            Some(0) => Flow::Break(Reason::Calls.into()),
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
        let goes_on = answers.iter().any(|answer| {
            matches!(answer.outcome, Some(Outcome::Applied | Outcome::Refused))
                || (answer.free && answer.outcome.is_some())
        });
        if goes_on {
            return Flow::Continue(());
        }
        if let Some(error) = worst_error(answers) {
            return Flow::Break(self.because(error));
        }
        let any = |outcome| answers.iter().any(|it| it.outcome == Some(outcome));
        let reason = if !answers.is_empty() && answers.iter().all(|it| it.declared_done) {
            Reason::DeclaredDone
        } else if any(Outcome::NoChange) && !any(Outcome::NoEdits) {
            Reason::NoChange
        } else {
            Reason::NoEdits
        };
        Flow::Break(reason.into())
    }

    /// Looks at the check after a turn.
    pub(crate) fn rechecked(&mut self, answers: &[Answer], check: &Checked) -> Flow {
        at_end(check)?;
        if let Some(error) = worst_error(answers).filter(|it| it.status() != Status::NoReply) {
            return Flow::Break(self.because(error));
        }
        let applied = answers
            .iter()
            .any(|it| it.outcome == Some(Outcome::Applied));
        let refused = answers
            .iter()
            .any(|it| it.outcome == Some(Outcome::Refused));
        if applied {
            self.note_state(check)?;
        }
        self.refused = if refused && !applied {
            self.refused + 1
        } else {
            0
        };
        if applied || !refused {
            let gone = answers.iter().any(|it| !it.asked.is_subset(&check.keys));
            self.stalled = if gone { 0 } else { self.stalled + 1 };
        }
        self.free = if answers.iter().all(|it| it.free) {
            self.free + 1
        } else {
            0
        };
        if self.refused >= MOST_REFUSED {
            return Flow::Break(Reason::Refused.into());
        }
        if self.stalled >= self.limits.patience || self.free >= MOST_FREE {
            return Flow::Break(Reason::Stalled.into());
        }
        Flow::Continue(())
    }

    fn note_state(&mut self, check: &Checked) -> Flow {
        let Some(state) = state(check) else {
            return Flow::Continue(());
        };
        if self.seen.contains(&state) {
            return Flow::Break(Reason::Seen.into());
        }
        self.seen.push(state);
        Flow::Continue(())
    }

    fn because(&self, error: &TurnError) -> Stop {
        let reason = match (error.kind.as_str(), error.status()) {
            ("no_model", _) if !self.names_model => Reason::NoModel,
            ("calls", _) => Reason::Calls,
            ("repository", _) => Reason::Repository,
            (_, Status::NoReply) => Reason::ModelFailed,
            (_, Status::Limit) => Reason::Limit,
            (_, status @ (Status::Interrupted | Status::Terminated)) => Reason::Interrupted(status),
            _ => Reason::StageFailed,
        };
        Stop {
            reason,
            error: Some(error.clone()),
        }
    }
}

/// Stops where a check leaves nothing to do, or says nothing about the sources.
fn at_end(check: &Checked) -> Flow {
    let (reason, error) = match &check.trouble {
        None if check.clean => (Reason::Clean, None),
        None => return Flow::Continue(()),
        Some(Trouble::Broken) => (Reason::Broken, None),
        Some(Trouble::Missing) => (Reason::Missing, None),
        Some(Trouble::NothingChecked) => (Reason::NothingChecked, None),
        Some(Trouble::Failed(error)) => (Reason::StageFailed, error.clone()),
    };
    Flow::Break(Stop { reason, error })
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
            by_model: true,
            outcome: Some(outcome),
            asked: asked.iter().map(|key| (*key).to_owned()).collect(),
            ..Answer::default()
        }
    }

    fn free(outcome: Outcome, asked: &[&str]) -> Answer {
        Answer {
            by_model: false,
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
        let troubled = |trouble| Checked {
            trouble: Some(trouble),
            ..check("1", &["k"])
        };
        assert_eq!(begin(check("1", &["k"])), None);
        assert_eq!(begin(check("1", &[])), Some(Reason::Clean));
        assert_eq!(begin(troubled(Trouble::Broken)), Some(Reason::Broken));
        assert_eq!(begin(troubled(Trouble::Missing)), Some(Reason::Missing));
        let nothing = begin(troubled(Trouble::NothingChecked));
        assert_eq!(nothing, Some(Reason::NothingChecked));
        let no_turn = begin(troubled(Trouble::Failed(None)));
        assert_eq!(no_turn, Some(Reason::StageFailed));
    }

    #[test]
    fn a_check_in_trouble_is_never_clean() {
        let broken = Checked {
            trouble: Some(Trouble::Broken),
            ..check("1", &[])
        };
        assert_eq!(reason(judge().begin(&broken)), Some(Reason::Broken));
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
            (vec![answer(Outcome::NoEdits, &[])], Reason::NoEdits),
            (vec![answer(Outcome::NoChange, &[])], Reason::NoChange),
            (vec![declared(Outcome::NoEdits)], Reason::DeclaredDone),
            (vec![declared(Outcome::NoChange)], Reason::DeclaredDone),
            (
                vec![declared(Outcome::NoEdits), answer(Outcome::NoEdits, &[])],
                Reason::NoEdits,
            ),
            (
                vec![
                    answer(Outcome::NoChange, &[]),
                    answer(Outcome::NoEdits, &[]),
                ],
                Reason::NoEdits,
            ),
            (vec![Answer::default()], Reason::NoEdits),
            (vec![failed("network")], Reason::ModelFailed),
            (
                vec![failed("auth"), declared(Outcome::NoEdits)],
                Reason::ModelFailed,
            ),
            (vec![failed("no_key")], Reason::ModelFailed),
            (
                vec![failed("network"), failed("template")],
                Reason::ModelFailed,
            ),
            (vec![failed("template")], Reason::StageFailed),
            (vec![failed("foreign_kind")], Reason::StageFailed),
            (vec![failed("calls")], Reason::Calls),
            (vec![failed("tokens")], Reason::Limit),
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
        assert_eq!(answered(false), Some(Reason::NoModel));
        assert_eq!(answered(true), Some(Reason::ModelFailed));
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
            [Some(Reason::Clean)]
        );
    }

    #[test]
    fn a_change_that_leads_back_ends_the_loop() {
        let mut judge = judge();
        assert_eq!(reason(judge.begin(&check("1", &["k"]))), None);
        let turns = [applied("2", &["k"], &["l"]), applied("1", &["l"], &["k"])];
        assert_eq!(run(&mut judge, &turns), [None, Some(Reason::Seen)]);
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
            [None, None, Some(Reason::Stalled)]
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
        assert_eq!(ends, [None, None, None, None, Some(Reason::Stalled)]);
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
        assert_eq!(ends, [None, None, None, None, None, Some(Reason::Refused)]);
    }

    #[test]
    fn a_free_fix_without_effect_takes_patience() {
        let turn = || (free(Outcome::NoChange, &["k"]), check("1", &["k"]));
        let ends = run(&mut judge(), &[turn(), turn(), turn()]);
        assert_eq!(ends, [None, None, Some(Reason::Stalled)]);
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
        assert_eq!(ends.last(), Some(&Some(Reason::Stalled)));
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
        assert_eq!(rechecked("template"), Some(Reason::StageFailed));
        assert_eq!(rechecked("calls"), Some(Reason::Calls));
    }

    #[test]
    fn a_recheck_in_trouble_ends_the_loop() {
        let broken = Checked {
            trouble: Some(Trouble::Broken),
            ..check("2", &[])
        };
        let turn = (answer(Outcome::Applied, &["k"]), broken);
        assert_eq!(run(&mut judge(), &[turn]), [Some(Reason::Broken)]);
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
        assert_eq!(reason(judge.may_ask()), Some(Reason::Calls));
        let mut judge = Judge::new(
            Limits {
                iterations: 1,
                ..LIMITS
            },
            true,
        );
        assert_eq!(judge.may_ask(), Flow::Continue(None));
        judge.asked(1);
        assert_eq!(reason(judge.may_ask()), Some(Reason::Iterations));
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
            (Stage::Check, Kind::Stage, Reason::StageFailed),
            (Stage::Start, Kind::Stage, Reason::Repository),
            (Stage::Commit, Kind::Stage, Reason::Repository),
            (Stage::Llm, Kind::Provider, Reason::ModelFailed),
            (Stage::Apply, Kind::Io, Reason::StageFailed),
            (
                Stage::Llm,
                Kind::Terminated,
                Reason::Interrupted(Status::Terminated),
            ),
            (
                Stage::Start,
                Kind::Interrupted,
                Reason::Interrupted(Status::Interrupted),
            ),
        ];
        for (stage, kind, expected) in table {
            let stop = Stop::failed(stage, &Error::new(kind, "m"));
            assert_eq!(stop.reason, expected, "{stage:?} {kind:?}");
        }
    }
}
