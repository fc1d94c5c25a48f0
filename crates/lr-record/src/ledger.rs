//! What a run has taken and come to, turn by turn: summed over the lines of its record.

use std::collections::BTreeMap;
use std::path::Path;

use lr_stage::{Error, Kind};
use lr_turn::{
    Apply, Charge, Check, CheckStatus, Commit, Outcome, Rank, ReadError, Reply, Turn, TurnError,
    Usage, microusd,
};
use serde::{Deserialize, Serialize};

use crate::finding_keys;
use crate::lines::{Moment, Program};
use crate::reading;

/// What one turn, or a whole run, has taken and come to.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Taken {
    /// The rank of the check at the beginning and at the end.
    pub rank: Span<Rank>,
    /// How many findings there were at the beginning and at the end.
    pub findings: Span<u64>,
    /// How often a model was called; calls in vain count.
    pub calls: u64,
    /// The tokens of all replies.
    pub usage: Usage,
    /// What the replies cost, in millionths of a US dollar, as far as that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost_microusd: Option<u64>,
    /// What counts against limits: more than `usage` and `cost_microusd` say where a call failed
    /// that may have to be paid for, or where nobody says what it took.
    pub charged: Charge,
    /// How many calls cost what is not known, and count as nothing.
    #[serde(skip_serializing_if = "is_zero")]
    pub unpriced: u64,
    /// How long the stages took, by their names.
    pub seconds: BTreeMap<String, f64>,
    /// The models that answered, in the order of their first answers.
    pub models: Vec<String>,
    /// The commits, in their order.
    pub commits: Vec<String>,
    /// How many replies came to what.
    pub outcomes: BTreeMap<String, u64>,
}

/// A value at the beginning and at the end; absent where no check gave it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span<T> {
    /// At the beginning.
    #[serde(default = "none", skip_serializing_if = "Option::is_none")]
    pub before: Option<T>,
    /// At the end.
    #[serde(default = "none", skip_serializing_if = "Option::is_none")]
    pub after: Option<T>,
}

fn none<T>() -> Option<T> {
    None
}

/// What one turn has taken and come to.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TurnTaken {
    /// The number of the turn.
    pub turn: u64,
    /// What it has taken and come to.
    #[serde(flatten)]
    pub taken: Taken,
}

/// What a run has taken and come to, turn by turn.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ledger {
    turns: BTreeMap<u64, Taken>,
    /// What the checks at the beginning of each turn said.
    checks: BTreeMap<u64, Checked>,
    /// The step of which lines were added last: its program, turn and time.
    last: Option<(String, u64, String)>,
}

/// What a check said, over all its parts.
#[derive(Clone, Debug, Default, PartialEq)]
struct Checked {
    is_trouble: bool,
    findings: u64,
    rank: Option<Rank>,
}

impl Ledger {
    /// Counts the record in the folder of a run, as far as its steps are complete.
    ///
    /// # Errors
    ///
    /// `io` when there is no record that can be read.
    pub fn read(folder: &Path) -> Result<Self, Error> {
        let known = reading::read(folder).map_err(|error| {
            let message = format!("cannot read the record in '{}'", folder.display());
            Error::new(Kind::Io, message).because(error)
        })?;
        Ok(known.ledger)
    }

    /// Adds one line of `turns.jsonl`.
    ///
    /// # Errors
    ///
    /// A section is not of its form.
    pub fn add(&mut self, line: &Turn) -> Result<(), ReadError> {
        let turn = line.id()?.turn.unwrap_or(1);
        let program = line.get::<Program>()?.map_or_else(String::new, |it| it.0);
        let moment = line.get::<Moment>()?.map_or_else(String::new, |it| it.0);
        let step = Some((program, turn, moment));
        let goes_on = self.last == step;
        let program = match &step {
            Some((program, ..)) => program.as_str(),
            None => "",
        };
        match program {
            "lr-check" => self.add_check(turn, line, goes_on)?,
            "lr-llm" => self.turns.entry(turn).or_default().add_reply(line)?,
            _ => self.turns.entry(turn).or_default().add_change(line)?,
        }
        self.last = step;
        Ok(())
    }

    /// Notes that the check at the beginning of a turn ended with trouble, whatever it wrote.
    pub fn add_trouble(&mut self, turn: u64) {
        self.checks.entry(turn).or_default().is_trouble = true;
    }

    /// Adds how long a stage took.
    pub fn add_seconds(&mut self, turn: u64, stage: &str, seconds: f64) {
        // A check ends the turn before it, but for the first.
        let turn = if stage == "check" {
            turn.max(2) - 1
        } else {
            turn
        };
        let taken = self.turns.entry(turn).or_default();
        let sum = taken.seconds.entry(stage.to_owned()).or_default();
        *sum = rounded(*sum + seconds);
    }

    fn add_check(&mut self, turn: u64, line: &Turn, goes_on: bool) -> Result<(), ReadError> {
        let check: Option<Check> = line.get()?;
        let is_trouble = line.has("error") || check.as_ref().is_none_or(is_trouble);
        let check = check.unwrap_or_default();
        let checked = self.checks.entry(turn).or_default();
        if !goes_on {
            *checked = Checked {
                rank: Some(Rank::default()),
                ..Checked::default()
            };
        }
        checked.is_trouble |= is_trouble;
        checked.findings += finding_keys(&check).len() as u64;
        checked.rank = checked.rank.zip(check.rank).map(|(sum, more)| {
            let mut sum = sum;
            sum.iter_mut()
                .zip(more)
                .for_each(|(sum, more)| *sum += more);
            sum
        });
        Ok(())
    }

    /// Returns what each turn has taken, the first first: all in which there was a reply, or a model
    /// was called.
    pub fn turns(&self) -> Vec<TurnTaken> {
        let turn = |(turn, taken): (&u64, &Taken)| {
            // A turn that changed nothing, after which nothing was checked, ends as it began.
            let is_over = taken.has_changes() || self.checks.contains_key(&(turn + 1));
            let last = turn + u64::from(is_over);
            TurnTaken {
                turn: *turn,
                taken: Taken {
                    rank: self.span(*turn, last, |check| check.rank),
                    findings: self.span(*turn, last, |check| Some(check.findings)),
                    ..taken.clone()
                },
            }
        };
        let counted = self.turns.iter().filter(|(_, taken)| taken.is_turn());
        counted.map(turn).collect()
    }

    fn span<T>(&self, first: u64, last: u64, value: impl Fn(&Checked) -> Option<T>) -> Span<T> {
        let at = |turn: u64| self.checks.get(&turn).filter(|it| !it.is_trouble);
        Span {
            before: at(first).and_then(&value),
            after: at(last).and_then(&value),
        }
    }

    /// Returns what the run has taken as a whole.
    pub fn totals(&self) -> Taken {
        let mut all = Taken::default();
        for taken in self.turns.values() {
            all.add(taken);
        }
        let said: Vec<&Checked> = self.checks.values().filter(|it| !it.is_trouble).collect();
        let findings = |check: &&Checked| check.findings;
        all.findings = Span {
            before: said.first().map(findings),
            after: said.last().map(findings),
        };
        all.rank = Span {
            before: said.first().and_then(|check| check.rank),
            after: said.last().and_then(|check| check.rank),
        };
        all
    }

    /// Returns how many turns there were.
    pub fn turn_count(&self) -> u64 {
        self.turns.values().filter(|taken| taken.is_turn()).count() as u64
    }
}

impl Taken {
    /// Tells whether it is that of a turn, and not only of a check and of what came to nothing.
    fn is_turn(&self) -> bool {
        self.calls > 0 || !self.models.is_empty() || !self.outcomes.is_empty()
    }

    /// Tells whether a reply was applied in it.
    fn has_changes(&self) -> bool {
        let applied = outcome_name(Outcome::Applied);
        self.outcomes.contains_key(&applied)
    }

    fn add_reply(&mut self, line: &Turn) -> Result<(), ReadError> {
        if let Some(error) = line.get::<TurnError>()? {
            self.calls += error.attempts;
            // Calls that brought nothing cost nothing, unless they may have to be paid for.
            if let Some(charge) = error.charged {
                self.add_charge(charge, error.attempts);
            }
        }
        let Some(reply) = line.get::<Reply>()? else {
            return Ok(());
        };
        let calls = reply.attempts.unwrap_or(1);
        self.calls += calls;
        self.add_charge(reply.charge(), calls);
        self.add_usage(&reply.usage.unwrap_or_default());
        if let Some(cost) = reply.cost_usd {
            self.add_cost(microusd(cost));
        }
        push_new(&mut self.models, reply.model);
        Ok(())
    }

    fn add_change(&mut self, line: &Turn) -> Result<(), ReadError> {
        if let Some(apply) = line.get::<Apply>()? {
            let name = outcome_name(apply.outcome);
            *self.outcomes.entry(name).or_default() += 1;
        }
        if let Some(commit) = line.get::<Commit>()? {
            push_new(&mut self.commits, commit.fix);
            push_new(&mut self.commits, commit.fixes);
            push_new(&mut self.commits, commit.restore);
        }
        Ok(())
    }

    fn add(&mut self, other: &Self) {
        self.calls += other.calls;
        self.add_usage(&other.usage);
        if let Some(cost) = other.cost_microusd {
            self.add_cost(cost);
        }
        self.add_charge(other.charged, 0);
        self.unpriced += other.unpriced;
        for (stage, seconds) in &other.seconds {
            let sum = self.seconds.entry(stage.clone()).or_default();
            *sum = rounded(*sum + seconds);
        }
        for (outcome, count) in &other.outcomes {
            *self.outcomes.entry(outcome.clone()).or_default() += count;
        }
        for model in &other.models {
            push_new(&mut self.models, Some(model.clone()));
        }
        self.commits.extend_from_slice(&other.commits);
    }

    fn add_cost(&mut self, cost: u64) {
        self.cost_microusd = Some(self.cost_microusd.unwrap_or_default() + cost);
    }

    /// Adds what counts for so many calls.
    fn add_charge(&mut self, charge: Charge, calls: u64) {
        self.charged.tokens += charge.tokens;
        match (charge.cost_microusd, &mut self.charged.cost_microusd) {
            (Some(cost), Some(sum)) => *sum += cost,
            (Some(cost), sum) => *sum = Some(cost),
            (None, _) => self.unpriced += calls,
        }
    }

    fn add_usage(&mut self, usage: &Usage) {
        self.usage.input += usage.input;
        self.usage.cached_input += usage.cached_input;
        self.usage.cache_write += usage.cache_write;
        self.usage.output += usage.output;
        self.usage.reasoning += usage.reasoning;
    }
}

fn outcome_name(outcome: Outcome) -> String {
    let name = serde_json::to_value(outcome).unwrap_or_default();
    name.as_str().unwrap_or_default().to_owned()
}

/// Tells whether checkers did not do their work.
fn is_trouble(check: &Check) -> bool {
    let failed = [CheckStatus::Missing, CheckStatus::Broken];
    !check.clean && check.results.iter().any(|it| failed.contains(&it.status()))
}

fn push_new(list: &mut Vec<String>, item: Option<String>) {
    list.extend(item.filter(|item| !list.contains(item)));
}

/// Returns seconds in thousandths, so that sums read like their parts.
pub(crate) fn rounded(seconds: f64) -> f64 {
    (seconds * 1000.0).round() / 1000.0
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde hands over a reference"
)]
fn is_zero(value: &u64) -> bool {
    *value == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ledger(lines: &[&str]) -> Ledger {
        let mut ledger = Ledger::default();
        for line in lines {
            ledger.add(&Turn::parse(line).unwrap()).unwrap();
        }
        ledger
    }

    const CHECK: &str = r#"{"lr":1,"turn":1,"stage":"lr-check","at":"1","check":{"clean":false,"rank":[0,0,1,1,0],"results":[{"findings":[{"message":"m","key":"k","location":{"path":"a"}},{"message":"n","key":"l","location":{"path":"a"}}]}]}}"#;
    const CLEAN: &str = r#"{"lr":1,"turn":2,"stage":"lr-check","at":"5","check":{"clean":true,"rank":[0,0,0,0,0],"results":[]}}"#;

    #[test]
    fn a_turn_runs_from_its_check_to_the_next() {
        let apply =
            r#"{"lr":1,"turn":1,"stage":"lr-apply","at":"3","apply":{"outcome":"applied"}}"#;
        let commit =
            r#"{"lr":1,"turn":1,"stage":"lr-git","at":"6","commit":{"fix":"a","fixes":"b"}}"#;
        let ledger = ledger(&[CHECK, apply, CLEAN, commit]);
        let turns = ledger.turns();
        let [turn] = &turns[..] else {
            panic!("{turns:?}")
        };
        assert_eq!(
            (turn.taken.findings.before, turn.taken.findings.after),
            (Some(2), Some(0))
        );
        assert_eq!(turn.taken.rank.before, Some([0, 0, 1, 1, 0]));
        assert_eq!(turn.taken.commits, ["a", "b"]);
        assert_eq!(turn.taken.outcomes, [("applied".to_owned(), 1)].into());
        assert_eq!(ledger.turn_count(), 1);
    }

    #[test]
    fn a_turn_that_changed_nothing_and_was_the_last_ends_as_it_began() {
        let end = |lines: &[&str]| ledger(lines).turns().remove(0).taken.findings.after;
        let apply = |outcome: &str| {
            format!(
                r#"{{"lr":1,"turn":1,"stage":"lr-apply","at":"3","apply":{{"outcome":"{outcome}"}}}}"#
            )
        };
        let failed = r#"{"lr":1,"turn":1,"stage":"lr-llm","at":"2","error":{"stage":"lr-llm","kind":"network","message":"m","attempts":1}}"#;
        let broken = r#"{"lr":1,"turn":2,"stage":"lr-check","at":"5","check":{"clean":false,"results":[{"status":"broken"}]}}"#;
        assert_eq!(end(&[CHECK, &apply("no_edits")]), Some(2));
        assert_eq!(end(&[CHECK, failed]), Some(2));
        assert_eq!(end(&[CHECK, &apply("applied")]), None);
        assert_eq!(end(&[CHECK, &apply("refused"), broken]), None);
        assert_eq!(end(&[CHECK, &apply("refused"), CLEAN]), Some(0));
    }

    #[test]
    fn a_turn_counts_from_its_first_call_or_reply() {
        let no_model = r#"{"lr":1,"turn":1,"stage":"lr-llm","at":"2","error":{"stage":"lr-llm","kind":"no_model","message":"m"}}"#;
        let failed = no_model.replace(r#""message":"m""#, r#""message":"m","attempts":1"#);
        let no_edits =
            r#"{"lr":1,"turn":1,"stage":"lr-apply","at":"3","apply":{"outcome":"no_edits"}}"#;
        for (lines, expected) in [
            (&[CHECK][..], 0),
            (&[CHECK, no_model], 0),
            (&[CHECK, &failed], 1),
            (&[CHECK, no_edits], 1),
        ] {
            let mut ledger = ledger(lines);
            ledger.add_seconds(1, "check", 0.1);
            assert_eq!(ledger.turn_count(), expected, "{lines:?}");
            assert_eq!(ledger.turns().len() as u64, expected);
            assert_eq!(ledger.totals().seconds, [("check".to_owned(), 0.1)].into());
        }
    }

    #[test]
    fn calls_in_vain_count_and_what_is_free_costs_nothing() {
        let failed = r#"{"lr":1,"turn":1,"stage":"lr-llm","at":"2","error":{"stage":"lr-llm","kind":"network","message":"m","attempts":4}}"#;
        let reply = r#"{"lr":1,"turn":1,"stage":"lr-llm","at":"3","reply":{"text":"","by":"lr-llm","model":"m","attempts":2,"usage":{"input":5,"output":1},"cost_usd":0.0015}}"#;
        let free =
            r#"{"lr":1,"turn":2,"stage":"lr-fix","at":"4","reply":{"text":"","by":"lr-fix"}}"#;
        let totals = ledger(&[failed, reply, free]).totals();
        assert_eq!((totals.calls, totals.usage.input), (6, 5));
        assert_eq!((totals.cost_microusd, totals.unpriced), (Some(1500), 0));
        assert_eq!(totals.models, ["m"]);
    }

    #[test]
    fn what_counts_against_limits_adds_up_replies_and_calls_in_vain() {
        let reply = r#"{"lr":1,"turn":1,"stage":"lr-llm","at":"1","reply":{"text":"","usage":{"input":5,"output":1},"cost_usd":0.0015}}"#;
        let empty = r#"{"lr":1,"turn":2,"stage":"lr-llm","at":"2","error":{"stage":"lr-llm","kind":"malformed","message":"m","attempts":1,"charged":{"tokens":9,"cost_microusd":20}}}"#;
        let unknown = r#"{"lr":1,"turn":3,"stage":"lr-llm","at":"3","reply":{"text":"","attempts":2,"charged":{"tokens":100}}}"#;
        let totals = ledger(&[reply, empty, unknown]).totals();
        assert_eq!((totals.usage.input, totals.usage.output), (5, 1));
        assert_eq!(totals.cost_microusd, Some(1500));
        assert_eq!(totals.charged.tokens, 6 + 9 + 100);
        assert_eq!(totals.charged.cost_microusd, Some(1520));
        assert_eq!(totals.unpriced, 2);
    }

    #[test]
    fn parts_of_one_check_add_up_and_a_later_check_of_the_turn_replaces_it() {
        let later = CHECK.replace(r#""at":"1""#, r#""at":"2""#);
        let findings = |lines: &[&str]| ledger(lines).totals().findings.after;
        assert_eq!(findings(&[CHECK, CHECK]), Some(4));
        assert_eq!(findings(&[CHECK, &later]), Some(2));
    }

    #[test]
    fn a_check_in_trouble_says_nothing_about_the_findings() {
        let broken = r#"{"lr":1,"turn":2,"stage":"lr-check","at":"5","check":{"clean":false,"results":[{"status":"broken"}]}}"#;
        let totals = ledger(&[CHECK, broken]).totals();
        assert_eq!(totals.findings.after, Some(2));
    }

    #[test]
    fn seconds_add_up_by_stage_and_the_check_after_a_turn_is_its_own() {
        let reply = r#"{"lr":1,"turn":1,"stage":"lr-llm","at":"3","reply":{"text":""}}"#;
        let mut ledger = ledger(&[CHECK, reply, CLEAN]);
        ledger.add_seconds(1, "check", 0.1);
        ledger.add_seconds(1, "llm", 1.5);
        ledger.add_seconds(2, "check", 0.2);
        let seconds = ledger.turns().remove(0).taken.seconds;
        let expected = [("check".to_owned(), 0.3), ("llm".to_owned(), 1.5)];
        assert_eq!(seconds, expected.into());
    }
}
