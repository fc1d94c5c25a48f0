//! The judge: is told what each turn came to, and decides whether the loop goes on.

use std::collections::BTreeSet;
use std::time::Duration;

use lr_stage::Status;
use lr_turn::{Outcome, TurnError};

use super::best::Best;
use super::budget::{Amounts, Budget};
use super::patience::Patience;
use super::reason::{Flow, Reason, Stop};
use super::seen::Seen;
use super::tries::Tries;
use crate::args::Until;
use crate::reading::{Answer, Checked, Taken};

/// The limits that the user sets.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// In how many turns a model may be asked.
    pub(crate) iterations: u64,
    /// What all calls together may take.
    pub(crate) budget: Amounts<Option<u64>>,
    /// How many turns in a row may remove nothing they were asked to.
    pub(crate) patience: u64,
    /// How long a model is asked.
    pub(crate) until: Until,
    /// After how many turns a finding that is still there is left to another model; `None` where
    /// there is no other.
    pub(crate) tries: Option<u64>,
}

/// Decides whether the loop goes on.
#[derive(Debug)]
pub(crate) struct Judge {
    limits: Limits,
    names_model: bool,
    budget: Budget,
    iterations: u64,
    patience: Patience,
    tries: Tries,
    seen: Seen,
    best: Best,
    /// Whether the last check says that the present state is clean.
    clean: bool,
}

impl Judge {
    /// Begins a run; `names_model` tells whether the user named a model to ask.
    pub(crate) fn new(limits: Limits, names_model: bool) -> Self {
        Self {
            limits,
            names_model,
            budget: Budget::new(limits.budget),
            iterations: 0,
            patience: Patience::new(limits.patience),
            tries: Tries::new(limits.tries),
            seen: Seen::default(),
            best: Best::default(),
            clean: false,
        }
    }

    /// Notes that the sources may have changed, before the check with which `turn` begins.
    pub(crate) fn changed(&mut self, turn: u64) {
        self.best.changed(turn);
        self.clean = false;
    }

    /// Notes the check with which `turn` begins.
    pub(crate) fn checked(&mut self, turn: u64, check: &Checked) {
        self.best.checked(turn, check.rank);
        self.clean = check.clean && check.trouble.is_none();
    }

    /// Notes that the state came back in which a turn began.
    pub(crate) fn restored(&mut self, turn: u64) {
        self.best.restored(turn);
    }

    /// Remembers which state was the best.
    pub(crate) fn best(&self) -> &Best {
        &self.best
    }

    /// Looks at the first check.
    pub(crate) fn begin(&mut self, check: &Checked) -> Flow {
        self.seen.note(check);
        self.patience.begin(check);
        self.at_end(check)
    }

    /// Tells with which flags what is left is handed to the model's stage, before it is asked.
    pub(crate) fn may_ask(&self) -> Flow<Vec<String>> {
        if self.iterations >= self.limits.iterations {
            return Flow::Break(Reason::ITERATIONS.into());
        }
        self.in_time()?;
        match self.budget.used_up() {
            Some(reason) => Flow::Break(reason.into()),
            None => Flow::Continue(self.budget.flags()),
        }
    }

    /// Stops where the time is over.
    pub(crate) fn in_time(&self) -> Flow {
        match self.budget.used_up() {
            Some(Reason::TIME) => Flow::Break(Reason::TIME.into()),
            _ => Flow::Continue(()),
        }
    }

    /// Returns the flags that hand what is left to the model's stage, where it is asked once more in
    /// the same turn.
    pub(crate) fn limits_left(&self) -> Vec<String> {
        self.budget.flags()
    }

    /// Tells whether another model is to be asked about these findings.
    pub(crate) fn needs_another(&self, asked: &BTreeSet<String>) -> bool {
        self.tries.need_another(asked)
    }

    /// Notes that a model is asked in a turn.
    pub(crate) fn asked(&mut self) {
        self.iterations += 1;
        self.patience.asked();
    }

    /// Notes what asking took.
    pub(crate) fn spent(&mut self, taken: &[Taken]) {
        for taken in taken {
            self.budget.spend(taken);
        }
    }

    /// Notes how long a stage took.
    pub(crate) fn took(&mut self, time: Duration) {
        self.budget.pass(time);
    }

    /// Returns what the user should know about the limits, each thing once.
    pub(crate) fn warnings(&mut self) -> Vec<String> {
        self.budget.warnings()
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
            if self.patience.bears(answers) {
                return Flow::Continue(());
            }
            return Flow::Break(self.because(error));
        }
        let reason = if !answers.is_empty() && answers.iter().all(|it| it.declared_done) {
            Reason::DECLARED_DONE
        } else if any(Outcome::NoChange) && !any(Outcome::NoEdits) {
            Reason::NO_CHANGE
        } else {
            Reason::NO_EDITS
        };
        let asked = answers.iter().flat_map(|it| it.asked.clone()).collect();
        self.or_ask_another(reason, &asked)
    }

    /// Stops, unless there is another model that was not asked about these findings yet.
    fn or_ask_another(&mut self, reason: Reason, keys: &BTreeSet<String>) -> Flow {
        if !self.tries.give_up(keys) {
            return Flow::Break(reason.into());
        }
        self.patience.renew();
        Flow::Continue(())
    }

    /// Looks at the check after a turn. Where its changes were put back, the state is no new one.
    pub(crate) fn rechecked(
        &mut self,
        answers: &[Answer],
        put_back: bool,
        check: &Checked,
    ) -> Flow {
        self.at_end(check)?;
        if let Some(error) = worst_error(answers).filter(|it| it.status() != Status::NoReply) {
            return Flow::Break(self.because(error));
        }
        let hides_more = self.patience.hides_more(check);
        self.tries.note(answers, check, hides_more);
        let kept = Answer::any(answers, Outcome::Applied) && !put_back;
        let seen = kept && !self.seen.note(check);
        let reason = match self.patience.ends(answers, check) {
            _ if seen => Some(Reason::SEEN),
            reason => reason,
        };
        match reason {
            Some(reason) => self.or_ask_another(reason, &check.keys),
            None => Flow::Continue(()),
        }
    }

    /// Begins anew to count turns in a row, from a check on, because the run went on although there
    /// was a reason to stop.
    pub(crate) fn renew(&mut self, check: &Checked) {
        self.patience.renew();
        self.patience.begin(check);
        self.seen = Seen::default();
    }

    /// Stops where a check leaves nothing to do, or says nothing about the sources.
    fn at_end(&self, check: &Checked) -> Flow {
        match &check.trouble {
            Some(trouble) => Flow::Break(trouble.clone()),
            None if check.clean && self.limits.until == Until::Clean => {
                Flow::Break(Reason::CLEAN.into())
            }
            None => Flow::Continue(()),
        }
    }

    /// Returns the reason at the end of the run. Where a model was to be asked although the checks
    /// are clean, it is no failure that it has nothing more to say.
    pub(crate) fn settle(&self, stop: Stop) -> Stop {
        let has_no_more = [Reason::DECLARED_DONE, Reason::NO_EDITS, Reason::NO_CHANGE];
        let is_done =
            self.limits.until == Until::Done && self.clean && has_no_more.contains(&stop.reason);
        Stop {
            reason: if is_done {
                stop.reason.done()
            } else {
                stop.reason
            },
            ..stop
        }
    }

    fn because(&self, error: &TurnError) -> Stop {
        let reason = match (error.kind.as_str(), error.status()) {
            ("no_model", _) if !self.names_model => Reason::NO_MODEL,
            ("calls", _) => Reason::CALLS,
            ("tokens", _) => Reason::TOKENS,
            ("cost", _) => Reason::COST,
            ("time", _) => Reason::TIME,
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

fn worst_error(answers: &[Answer]) -> Option<&TurnError> {
    let errors = answers.iter().filter_map(|answer| answer.error.as_ref());
    errors.max_by_key(|error| error.status())
}

#[cfg(test)]
mod tests {
    use super::super::patience::MOST_FREE;
    use super::*;

    const LIMITS: Limits = Limits {
        iterations: 100,
        budget: Amounts {
            calls: None,
            tokens: None,
            microusd: None,
            millis: None,
        },
        patience: 3,
        until: Until::Clean,
        tries: None,
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
            rank: Some([0, 0, keys.len() as u64, 0, 0]),
            ..Checked::default()
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
            (vec![failed("tokens")], Reason::TOKENS),
            (vec![failed("cost")], Reason::COST),
            (vec![failed("time")], Reason::TIME),
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
            .map(|(answer, check)| {
                reason(judge.rechecked(std::slice::from_ref(answer), false, check))
            })
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

    /// A judge of a run in which a model is asked although the checks are clean.
    fn judge_until_done() -> Judge {
        let until = Until::Done;
        Judge::new(Limits { until, ..LIMITS }, true)
    }

    #[test]
    fn until_done_clean_checks_end_nothing_and_take_no_patience() {
        let mut judge = judge_until_done();
        assert_eq!(reason(judge.begin(&check("1", &[]))), None);
        let turns: Vec<_> = (2..9)
            .map(|hash| applied(&hash.to_string(), &[], &[]))
            .collect();
        assert_eq!(run(&mut judge, &turns), [None; 7]);
        let back = applied("1", &[], &[]);
        assert_eq!(run(&mut judge, &[back]), [Some(Reason::SEEN)]);
    }

    #[test]
    fn until_done_the_checks_judge_whether_that_is_a_success() {
        let settled = |keys: &[&str], reason: Reason| {
            let mut judge = judge_until_done();
            judge.checked(1, &check("1", keys));
            judge.settle(reason.into()).reason.status
        };
        for reason in [Reason::DECLARED_DONE, Reason::NO_EDITS, Reason::NO_CHANGE] {
            assert_eq!(settled(&[], reason), Status::Done);
            assert_eq!(settled(&["k"], reason), Status::No);
            assert_eq!(judge().settle(reason.into()).reason.status, Status::No);
        }
        assert_eq!(settled(&[], Reason::ITERATIONS), Status::Limit);
        assert_eq!(settled(&[], Reason::SEEN), Status::No);
    }

    #[test]
    fn another_model_is_asked_before_the_loop_gives_up() {
        let with_another = || {
            let tries = Some(2);
            Judge::new(Limits { tries, ..LIMITS }, true)
        };
        let keys: BTreeSet<String> = ["k".to_owned()].into();
        let mut judge = with_another();
        let turns = [applied("2", &["k"], &["k"]), applied("3", &["k"], &["k"])];
        assert_eq!(run(&mut judge, &turns[..1]), [None]);
        assert!(!judge.needs_another(&keys));
        assert_eq!(run(&mut judge, &turns[1..]), [None]);
        assert!(judge.needs_another(&keys));
        assert_eq!(
            run(&mut judge, &[applied("4", &["k"], &["k"])]),
            [Some(Reason::STALLED)]
        );

        let mut judge = with_another();
        let nothing = [answer(Outcome::NoEdits, &["k"])];
        assert_eq!(reason(judge.answered(&nothing)), None);
        assert!(judge.needs_another(&keys));
        assert_eq!(reason(judge.answered(&nothing)), Some(Reason::NO_EDITS));
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
    fn a_change_that_was_put_back_is_not_seen_but_takes_patience() {
        let mut judge = judge();
        assert_eq!(reason(judge.begin(&check("1", &["k"]))), None);
        let answers = [answer(Outcome::Applied, &["k"])];
        let mut turn = || reason(judge.rechecked(&answers, true, &check("1", &["k"])));
        assert_eq!(
            [turn(), turn(), turn()],
            [None, None, Some(Reason::STALLED)]
        );
    }

    #[test]
    fn a_longer_cycle_is_seen_as_well() {
        let mut judge = judge();
        assert_eq!(reason(judge.begin(&check("1", &["k"]))), None);
        let turns = [
            applied("2", &["k"], &["l"]),
            applied("3", &["l"], &["m"]),
            applied("2", &["m"], &["l"]),
        ];
        assert_eq!(run(&mut judge, &turns), [None, None, Some(Reason::SEEN)]);
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

    /// A turn that broke the file, so that nothing is found but that.
    fn broke(hash: &str, asked: &[&str]) -> (Answer, Checked) {
        let (answer, check) = applied(hash, asked, &["syntax"]);
        let rank = Some([1, 0, 0, 0, 0]);
        (answer, Checked { rank, ..check })
    }

    #[test]
    fn breaking_and_repairing_renews_no_patience() {
        let repaired = |hash, left| applied(hash, &["syntax"], left);
        let mut judge = judge();
        assert_eq!(reason(judge.begin(&check("1", &["k", "l"]))), None);
        let turns = [
            broke("2", &["k", "l"]),
            repaired("3", &["k", "l"]),
            broke("4", &["k", "l"]),
            // What is really gone in the end renews it.
            repaired("5", &["l"]),
            broke("6", &["l"]),
            repaired("7", &["l"]),
            broke("8", &["l"]),
            repaired("9", &["l"]),
            broke("10", &["l"]),
        ];
        let ends = run(&mut judge, &turns);
        assert_eq!(ends[..8], [None; 8]);
        assert_eq!(ends[8], Some(Reason::STALLED));
    }

    #[test]
    fn repairing_what_hid_others_at_the_beginning_is_progress() {
        let mut judge = judge();
        let (_, broken) = broke("1", &[]);
        assert_eq!(reason(judge.begin(&broken)), None);
        let turns = [
            broke("2", &["syntax"]),
            broke("3", &["syntax"]),
            applied("4", &["syntax"], &["k", "l"]),
            applied("5", &["k", "l"], &["k", "l"]),
            applied("6", &["k", "l"], &["k", "l"]),
        ];
        assert_eq!(run(&mut judge, &turns), [None; 5]);
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
    fn an_empty_reply_is_asked_for_again_and_the_third_one_ends_the_loop() {
        let empty = || Answer {
            asked: ["k".to_owned()].into(),
            ..failed("empty_reply")
        };
        let mut judge = judge();
        assert_eq!(reason(judge.begin(&check("1", &["k"]))), None);
        for _ in 0..2 {
            assert_eq!(reason(judge.answered(&[empty()])), None);
            let turn = (empty(), check("1", &["k"]));
            assert_eq!(run(&mut judge, &[turn]), [None]);
        }
        let failed_for_good = Some(Reason::MODEL_FAILED);
        assert_eq!(reason(judge.answered(&[empty()])), failed_for_good);
        // A turn that came to something makes up for those before it.
        assert_eq!(run(&mut judge, &[applied("2", &["k"], &["l"])]), [None]);
        assert_eq!(reason(judge.answered(&[empty()])), None);
        let network = [empty(), failed("network")];
        assert_eq!(reason(judge.answered(&network)), failed_for_good);
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
            reason(judge().rechecked(&answers, false, &check("2", &["l"])))
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
        let budget = Amounts {
            calls: Some(5),
            ..Amounts::default()
        };
        let mut judge = Judge::new(Limits { budget, ..LIMITS }, true);
        let calls = |calls| Taken {
            calls,
            ..Taken::default()
        };
        let left = |left: &str| Flow::Continue(vec!["--max-calls".to_owned(), left.to_owned()]);
        assert_eq!(judge.may_ask(), left("5"));
        judge.spent(&[calls(1), calls(1)]);
        assert_eq!(judge.may_ask(), left("3"));
        judge.spent(&[calls(4)]);
        assert_eq!(reason(judge.may_ask()), Some(Reason::CALLS));
        let mut judge = Judge::new(
            Limits {
                iterations: 1,
                ..LIMITS
            },
            true,
        );
        assert_eq!(judge.may_ask(), Flow::Continue(vec![]));
        judge.asked();
        assert_eq!(reason(judge.may_ask()), Some(Reason::ITERATIONS));
    }

    #[test]
    fn the_time_ends_between_turns() {
        let budget = Amounts {
            millis: Some(1000),
            calls: Some(0),
            ..Amounts::default()
        };
        let mut judge = Judge::new(Limits { budget, ..LIMITS }, true);
        judge.took(Duration::from_millis(999));
        assert_eq!(judge.in_time(), Flow::Continue(()));
        judge.took(Duration::from_millis(1));
        assert_eq!(reason(judge.in_time()), Some(Reason::TIME));
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
        assert_eq!(judge.may_ask(), Flow::Continue(vec![]));
    }
}
