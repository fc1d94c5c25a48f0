//! The loop itself, as the listing in `scripts/loop.sh` has it.

use std::convert::Infallible;
use std::ops::ControlFlow;

use lr_record::Record;
use lr_stage::{Error, say};
use lr_turn::{Commit, Outcome, TurnError};

use crate::args::{Condition, Keep, StopAfter};
use crate::estimate;
use crate::outcome::Ran;
use crate::plan::{Plan, Stage};
use crate::reading::{Answer, Checked, Taken};
use crate::replay;
use crate::resume;
use crate::stage::Runner;
use crate::stop::{Flow, Judge, Reason, Stop};
use crate::summary::Summary;

/// One run of the loop.
pub(crate) struct Rounds<'a> {
    pub(crate) plan: &'a Plan,
    pub(crate) runner: Runner<'a>,
    pub(crate) summary: &'a mut Summary,
    pub(crate) judge: Judge,
    /// The number of the present turn, from 1.
    turn: u64,
    /// Whether a model has answered.
    pub(crate) has_answer: bool,
    /// Whether the reason for which the run once ended here does not hold any more.
    goes_past: bool,
}

impl<'a> Rounds<'a> {
    /// Makes a run that notes in `summary` what it comes to.
    pub(crate) fn new(plan: &'a Plan, runner: Runner<'a>, summary: &'a mut Summary) -> Self {
        Self {
            plan,
            runner,
            summary,
            judge: Judge::new(plan.limits, plan.names_model),
            turn: 1,
            has_answer: false,
            goes_past: false,
        }
    }

    /// Runs the loop until there is a reason to stop.
    pub(crate) fn run(mut self) -> (Stop, Record) {
        let ControlFlow::Break(stop) = self.until_stopped();
        if self.plan.keep == Keep::Best && may_restore(&stop) && !self.runner.has_gap() {
            // Why that failed is said, and why the loop stopped stays what is told.
            let _ = self.restore(&stop);
        }
        self.summary.add_best(self.judge.best());
        let stop = self.judge.settle(stop);
        let mut record = self.runner.into_record();
        if let Err(error) = resume::count_lost(&mut record) {
            say::warn(&error.to_string());
        }
        (stop, record)
    }

    fn until_stopped(&mut self) -> Flow<Infallible> {
        let spent = self.runner.record().spent(Stage::LLM.name);
        let spent = spent.iter().map(Taken::read).collect();
        self.judge.spent(&or_stop::<Vec<Taken>>(Stage::LLM, spent)?);
        let (mut check, found) = self.check(None)?;
        if let Some(folder) = &self.plan.replayed {
            replay::compare(folder, &found);
        }
        self.judge.begin(&found)?;
        if let Some(last) = self.plan.stop_after {
            return self.build(&check, last);
        }
        if self.plan.git {
            let started = self.stage(Stage::START, Some(&check), &[])?;
            let answers = or_stop(Stage::START, Answer::read(&started.turns))?;
            repository(answers.into_iter().find_map(|it| it.error))?;
            self.summary.started();
            self.summary.record(self.runner.record());
        }
        loop {
            check = match self.round(&check) {
                ControlFlow::Break(stop) if self.runner.goes_on_with(Stage::RESTORE) => {
                    self.go_on_restored(stop)?
                }
                round => round?,
            };
        }
    }

    /// One turn: from a check that is not clean to the next check.
    fn round(&mut self, check: &Ran) -> Flow<Ran> {
        self.warn();
        if !self.runner.goes_on_recorded() {
            self.judge.in_time()?;
        }
        let replied = self.reply(check)?;
        let applied = self.stage(Stage::APPLY, Some(&replied), &[])?;
        let answers = or_stop(Stage::APPLY, Answer::read(&applied.turns))?;
        self.judge.answered(&answers)?;
        let (next, put_back) = self.recheck(&applied, &answers)?;
        if !put_back {
            self.summary.add_notes(self.turn, &answers);
        }
        let (next, found) = next?;
        self.turn += 1;
        self.summary.record(self.runner.record());
        let judged = self.judge.rechecked(&answers, put_back, &found);
        let went_on = self.runner.went_on() && !self.runner.goes_on_with(Stage::RESTORE);
        if judged.is_break() && went_on {
            self.judge.renew(&found);
            return ControlFlow::Continue(next);
        }
        judged?;
        ControlFlow::Continue(next)
    }

    /// Checks what was applied and commits it; checks again where it was put back instead, which
    /// is told beside the check.
    fn recheck(&mut self, applied: &Ran, answers: &[Answer]) -> Flow<(Flow<(Ran, Checked)>, bool)> {
        let next = self.check(Some(applied));
        let stops = is_interrupted(&next) || self.runner.is_lost();
        if !Answer::any(answers, Outcome::Applied) || stops {
            return ControlFlow::Continue((next, false));
        }
        let rechecked = match &next {
            ControlFlow::Continue((next, _)) => Some(next),
            ControlFlow::Break(_) => None,
        };
        let (committed, put_back) = self.commit(applied, rechecked)?;
        ControlFlow::Continue(if put_back {
            (self.check(Some(&committed)), true)
        } else {
            (next, false)
        })
    }

    /// Brings the best state back with a commit of its own, where the present one is worse, and
    /// checks it.
    fn restore(&mut self, stop: &Stop) -> Flow<Option<(Ran, Checked)>> {
        let best = self.judge.best();
        let Some(better) = best.better() else {
            return ControlFlow::Continue(None);
        };
        // The turn that led to the present state ends with the check of the best one.
        self.turn = best.present() - 1;
        let why = if best.is_known() {
            format!("the checks were better when turn {better} began")
        } else {
            format!(
                "no check says how good the state is that came after the one in which turn {better} began"
            )
        };
        let why = format!("{why}, and the run ended: {}", stop.reason.words);
        let flags = ["--turn", &better.to_string(), "--reason", &why].map(str::to_owned);
        let restored = self.stage(Stage::RESTORE, None, &flags)?;
        for turn in &restored.turns {
            if let Some(error) = or_stop(Stage::RESTORE, turn.get::<TurnError>())? {
                say::warn(&format!(
                    "the best state was not brought back: {}",
                    error.message
                ));
                return ControlFlow::Continue(None);
            }
        }
        self.note_commits(&restored)?;
        let checked = self.check(Some(&restored))?;
        self.judge.restored(better);
        self.turn += 1;
        self.summary.record(self.runner.record());
        ControlFlow::Continue(Some(checked))
    }

    /// Stops where the run once ended by bringing the best state back, although it would go on by
    /// what holds now: it does so behind that.
    fn ended_here(&mut self, stage: Stage) -> Flow {
        if stage == Stage::RESTORE || !self.runner.goes_on_with(Stage::RESTORE) {
            return ControlFlow::Continue(());
        }
        self.goes_past = true;
        ControlFlow::Break(Reason::STOP_AFTER.into())
    }

    /// Goes on behind a restore in the record, or stops where the run ended with it.
    fn go_on_restored(&mut self, stop: Stop) -> Flow<Ran> {
        match self.restore(&stop)? {
            Some((check, found)) if self.goes_past || self.runner.went_on() => {
                self.goes_past = false;
                self.judge.renew(&found);
                ControlFlow::Continue(check)
            }
            _ => ControlFlow::Break(stop),
        }
    }

    /// Warns of limits that are nearly reached.
    pub(crate) fn warn(&mut self) {
        for warning in self.judge.warnings() {
            say::warn(&warning);
        }
    }

    /// Runs the checkers, at the end of a turn with what became of it.
    fn check(&mut self, applied: Option<&Ran>) -> Flow<(Ran, Checked)> {
        self.ended_here(Stage::CHECK)?;
        let turn = self.turn + u64::from(applied.is_some());
        let previous = file_flag("--previous", applied);
        self.runner.note(self.summary.numbers());
        self.judge.changed(turn);
        self.look()?;
        let ran = self.runner.run(Stage::CHECK, turn, applied, &previous);
        let ran = or_stop(Stage::CHECK, ran)?;
        self.judge.took(ran.took);
        let mut found = or_stop(Stage::CHECK, Checked::read(&ran.turns))?;
        if ran.status == 2 && found.trouble.is_none() {
            found.trouble = Some(Reason::BROKEN.into());
        }
        self.judge.checked(turn, &found);
        self.summary.add_check(turn, &found);
        ControlFlow::Continue((ran, found))
    }

    /// Commits what was applied, with what the check after it said where there was one. Tells
    /// whether it was put back instead.
    fn commit(&mut self, applied: &Ran, next: Option<&Ran>) -> Flow<(Ran, bool)> {
        let mut more = file_flag("--rechecked", next);
        if self.plan.condition == Some(Condition::Improved) && next.is_some() {
            more.extend(["--if", "improved"].map(str::to_owned));
        }
        if !self.plan.git {
            more.push("--no-git".to_owned());
        }
        let committed = self.stage(Stage::COMMIT, Some(applied), &more)?;
        let put_back = self.note_commits(&committed)?;
        let answers = or_stop(Stage::COMMIT, Answer::read(&committed.turns))?;
        let lost = |it: Answer| it.error.filter(|_| it.outcome == Some(Outcome::Applied));
        repository(answers.into_iter().find_map(lost))?;
        ControlFlow::Continue((committed, put_back))
    }

    /// Notes the commits that were made, and tells whether a change was put back instead.
    fn note_commits(&mut self, committed: &Ran) -> Flow<bool> {
        let mut put_back = false;
        for turn in &committed.turns {
            if let Some(commit) = or_stop(Stage::COMMIT, turn.get::<Commit>())? {
                put_back |= commit.put_back;
                self.summary.add_commit(commit);
            }
        }
        ControlFlow::Continue(put_back)
    }

    /// Builds the first prompt or the first reply, and changes nothing.
    fn build(&mut self, check: &Ran, last: StopAfter) -> Flow<Infallible> {
        let fixed = match last {
            StopAfter::Estimate => self.stage(Stage::FIX, Some(check), &[])?.turns,
            _ => Vec::new(),
        };
        let mut built = self.stage(Stage::PROMPT, Some(check), &[])?;
        if last == StopAfter::Estimate {
            // A program in the place of lr-llm might ask.
            if self.plan.replacement(Stage::LLM).is_none() {
                let flags = ["--estimate".to_owned()];
                built = self.stage(Stage::LLM, Some(&built), &flags)?;
            }
            self.summary.estimate = or_stop(Stage::LLM, estimate::page(&fixed, &built.turns))?;
            self.summary.built = built.turns;
            return ControlFlow::Break(Reason::DRY_RUN.into());
        }
        if last == StopAfter::Llm {
            let limits = self.judge.may_ask()?;
            built = self.ask(&built, &limits)?;
        }
        let answers = or_stop(Stage::LLM, Answer::read(&built.turns))?;
        self.judge.built(&answers)?;
        self.summary.built = built.turns;
        ControlFlow::Break(Reason::STOP_AFTER.into())
    }

    /// Stops where a run that is taken up again cannot go on in this repository.
    fn look(&mut self) -> Flow {
        let turns = or_stop(Stage::START, self.runner.probe())?;
        let answers = or_stop(Stage::START, Answer::read(&turns.unwrap_or_default()))?;
        repository(answers.into_iter().find_map(|it| it.error))
    }

    pub(crate) fn stage(
        &mut self,
        stage: Stage,
        input: Option<&Ran>,
        more: &[String],
    ) -> Flow<Ran> {
        self.ended_here(stage)?;
        self.runner.note(self.summary.numbers());
        self.look()?;
        let ran = self.runner.run(stage, self.turn, input, more);
        let ran = or_stop(stage, ran)?;
        self.judge.took(ran.took);
        ControlFlow::Continue(ran)
    }
}

/// Goes on with what a stage did, or says why it failed and stops.
pub(crate) fn or_stop<T>(stage: Stage, result: Result<T, impl Into<Error>>) -> Flow<T> {
    match result {
        Ok(value) => ControlFlow::Continue(value),
        Err(error) => {
            let error = error.into();
            say::error(&error);
            ControlFlow::Break(Stop::failed(stage, &error))
        }
    }
}

/// Stops where lr-git says why it cannot use the repository.
fn repository(error: Option<TurnError>) -> Flow {
    match error {
        None => ControlFlow::Continue(()),
        error => ControlFlow::Break(Stop {
            reason: Reason::REPOSITORY,
            error,
        }),
    }
}

/// Returns the flag that names the file in which a stage left its turns, if there is one.
fn file_flag(flag: &str, ran: Option<&Ran>) -> Vec<String> {
    let words = ran.map(|ran| [flag.to_owned(), ran.file.display().to_string()]);
    words.into_iter().flatten().collect()
}

fn is_interrupted<T>(flow: &Flow<T>) -> bool {
    matches!(flow, ControlFlow::Break(stop) if asked_to_stop(stop))
}

fn asked_to_stop(stop: &Stop) -> bool {
    [Reason::INTERRUPTED, Reason::TERMINATED].contains(&stop.reason)
}

/// Tells whether the best state may be brought back after this: no stage is run once somebody
/// asked to stop, and none of lr-git's in a repository that cannot be used.
fn may_restore(stop: &Stop) -> bool {
    !asked_to_stop(stop) && stop.reason != Reason::REPOSITORY
}
