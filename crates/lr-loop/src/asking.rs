//! Getting a reply to every part of a turn: for free, from the usual model, or from another one.

use std::ops::ControlFlow;

use lr_turn::Turn;

use crate::outcome::Ran;
use crate::plan::Stage;
use crate::reading::{Answer, Taken};
use crate::rounds::{Rounds, or_stop};
use crate::stop::Flow;

impl Rounds<'_> {
    /// Gets a reply to every part: a free one if there is one, else a model's.
    pub(crate) fn reply(&mut self, check: &Ran) -> Flow<Ran> {
        let fixed = self.stage(Stage::FIX, Some(check), &[])?;
        let answered = |turn: &Turn| turn.has("reply") || turn.has("error");
        if fixed.turns.iter().all(answered) {
            return ControlFlow::Continue(fixed);
        }
        let limits = match self.judge.may_ask() {
            ControlFlow::Continue(limits) => limits,
            ControlFlow::Break(_) if fixed.turns.iter().any(answered) => {
                return ControlFlow::Continue(fixed);
            }
            // The limit was another when the model was asked.
            ControlFlow::Break(_) if self.runner.goes_on_recorded() => Vec::new(),
            ControlFlow::Break(stop) => return ControlFlow::Break(stop),
        };
        let prompted = self.stage(Stage::PROMPT, Some(&fixed), &[])?;
        self.ask(&prompted, &limits)
    }

    /// Asks a model about every part; another one about those with a finding that was asked about
    /// too often.
    pub(crate) fn ask(&mut self, prompted: &Ran, limits: &[String]) -> Flow<Ran> {
        self.judge.asked();
        let parts = or_stop(Stage::LLM, Answer::read(&prompted.turns))?;
        let is_open = |turn: &Turn| turn.has("prompt") && !turn.has("reply") && !turn.has("error");
        let parts = prompted.turns.iter().zip(&parts);
        let for_another: Vec<bool> = parts
            .map(|(turn, part)| is_open(turn) && self.judge.needs_another(&part.asked))
            .collect();
        if !for_another.contains(&true) {
            return self.ask_one(prompted, limits);
        }
        let flags = [limits, &self.plan.escalated()].concat();
        let open = prompted.turns.iter().filter(|turn| is_open(turn)).count();
        if for_another.iter().filter(|it| **it).count() == open {
            return self.ask_one(prompted, &flags);
        }
        self.ask_both(prompted, &for_another, limits)
    }

    /// Asks the usual model, then the other one about the parts that are marked, and puts the
    /// replies together.
    fn ask_both(&mut self, prompted: &Ran, for_another: &[bool], limits: &[String]) -> Flow<Ran> {
        let mut asked = Vec::new();
        for (name, wanted) in [("usual", false), ("other", true)] {
            let turns = prompted.turns.iter().zip(for_another);
            let turns = turns
                .filter(|(_, is)| **is == wanted)
                .map(|(turn, _)| turn.clone());
            let input = self.runner.put_together(name, turns.collect());
            let input = or_stop(Stage::LLM, input)?;
            let flags = if wanted {
                [self.judge.limits_left(), self.plan.escalated()].concat()
            } else {
                limits.to_vec()
            };
            let replied = self.ask_one(&input, &flags)?;
            if replied.turns.len() == prompted.turns.len() {
                // Recorded before another model was named.
                return ControlFlow::Continue(replied);
            }
            asked.push(replied.turns.into_iter());
        }
        let turns = for_another
            .iter()
            .filter_map(|is| asked[usize::from(*is)].next());
        let turns = turns.collect();
        or_stop(Stage::LLM, self.runner.put_together("all", turns))
    }

    /// Runs the model's stage, and counts what it took.
    fn ask_one(&mut self, prompted: &Ran, flags: &[String]) -> Flow<Ran> {
        // What is answered is on the disk at once; the runner puts it back into its order.
        let mut flags = [&["--unordered".to_owned()], flags].concat();
        if self.has_answer {
            flags.extend(self.plan.answered());
        }
        let replied = self.stage(Stage::LLM, Some(prompted), &flags)?;
        let taken = replied.turns.iter().map(Taken::read).collect();
        let taken: Vec<Taken> = or_stop(Stage::LLM, taken)?;
        for taken in &taken {
            self.summary.add_taken(taken);
            self.has_answer |= taken.is_answer;
        }
        self.judge.spent(&taken);
        self.warn();
        ControlFlow::Continue(replied)
    }
}
