//! What the loop reads of the turns, over all parts of one.

use std::collections::BTreeSet;

use lr_record::finding_keys;
use lr_turn::{
    Apply, Charge, Check, CheckStatus, Outcome, Rank, ReadError, Reply, Source, Turn, TurnError,
    Usage,
};

use crate::stop::{Reason, Stop};

/// The name of the stage whose replies cost nothing.
const FREE: &str = "lr-fix";

/// What the checkers said, over all turns of one check.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Checked {
    /// Whether every turn is clean.
    pub(crate) clean: bool,
    /// Why the check itself failed.
    pub(crate) trouble: Option<Stop>,
    /// How far from clean, over all turns; `None` where the check itself failed. A foreign check
    /// without a rank counts its findings.
    pub(crate) rank: Option<Rank>,
    /// The number of findings; a failing result without findings counts as one.
    pub(crate) findings: u64,
    /// The keys of the findings.
    pub(crate) keys: BTreeSet<String>,
    /// Path and hash of every source; `None` where a hash is not known.
    pub(crate) sources: Option<BTreeSet<(String, String)>>,
}

impl Checked {
    /// Reads the turns of one check.
    pub(crate) fn read(turns: &[Turn]) -> Result<Self, ReadError> {
        let mut all = Self {
            clean: !turns.is_empty(),
            sources: Some(BTreeSet::new()),
            rank: Some(Rank::default()),
            ..Self::default()
        };
        for turn in turns {
            let trouble = all.add(turn)?;
            all.trouble = all.trouble.or(trouble);
        }
        if turns.is_empty() || all.trouble.is_some() {
            all.rank = None;
        }
        Ok(all)
    }

    /// How many findings hide others, as far as that is known.
    pub(crate) fn hiding(&self) -> u64 {
        self.rank.map_or(0, |rank| rank[0])
    }

    fn add(&mut self, turn: &Turn) -> Result<Option<Stop>, ReadError> {
        let sources: Vec<Source> = turn.get()?.unwrap_or_default();
        let hashed = sources.into_iter().map(|it| Some((it.path, it.sha256?)));
        self.sources = self
            .sources
            .take()
            .and_then(|all| all.into_iter().map(Some).chain(hashed).collect());
        let check: Option<Check> = turn.get()?;
        let error: Option<TurnError> = turn.get()?;
        let reason = match (&check, error.as_ref().map(|error| error.kind.as_str())) {
            (_, Some("missing")) => Some(Reason::MISSING),
            (_, Some("broken")) => Some(Reason::BROKEN),
            (None, _) | (_, Some(_)) => Some(Reason::STAGE_FAILED),
            (Some(check), None) => trouble(check),
        };
        let check = check.unwrap_or_default();
        let keys = finding_keys(&check);
        self.clean &= check.clean;
        let findings = keys.len() as u64;
        self.findings += findings;
        let rank = check.rank.unwrap_or([0, 0, findings, 0, 0]);
        self.rank = self
            .rank
            .map(|all| std::array::from_fn(|at| all[at] + rank[at]));
        self.keys.extend(keys);
        Ok(reason.map(|reason| Stop { reason, error }))
    }
}

/// Tells whether checkers did not do their work, although none of them said so in an error.
fn trouble(check: &Check) -> Option<Reason> {
    let has = |status| check.results.iter().any(|it| it.status() == status);
    if check.clean {
        None
    } else if has(CheckStatus::Missing) {
        Some(Reason::MISSING)
    } else {
        has(CheckStatus::Broken).then_some(Reason::BROKEN)
    }
}

/// What became of one part of a turn.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Answer {
    /// Whether there is a reply, and it was free.
    pub(crate) free: bool,
    /// What became of the reply.
    pub(crate) outcome: Option<Outcome>,
    /// Whether the reply declared that nothing is left to improve.
    pub(crate) declared_done: bool,
    /// How many reasons there were to refuse it.
    pub(crate) refusals: usize,
    /// What the reply said outside its blocks.
    pub(crate) notes: String,
    /// Why there is no reply, or nothing became of it.
    pub(crate) error: Option<TurnError>,
    /// The keys of the findings it was about.
    pub(crate) asked: BTreeSet<String>,
}

impl Answer {
    /// Reads the turns after they were applied.
    pub(crate) fn read(turns: &[Turn]) -> Result<Vec<Self>, ReadError> {
        turns.iter().map(Self::of).collect()
    }

    /// Tells whether one of them came to this.
    pub(crate) fn any(answers: &[Self], outcome: Outcome) -> bool {
        answers.iter().any(|it| it.outcome == Some(outcome))
    }

    /// Reads one turn after it was applied.
    pub(crate) fn of(turn: &Turn) -> Result<Self, ReadError> {
        let apply: Option<Apply> = turn.get()?;
        let apply = apply.as_ref();
        Ok(Self {
            free: turn.get()?.is_some_and(|reply| is_free(&reply)),
            outcome: apply.map(|apply| apply.outcome),
            declared_done: apply.is_some_and(|apply| apply.declared_done),
            refusals: apply.map_or(0, |apply| apply.refusals.len()),
            notes: apply.map_or_else(String::new, |apply| apply.notes.clone()),
            error: turn.get()?,
            asked: finding_keys(&turn.get()?.unwrap_or_default())
                .into_iter()
                .collect(),
        })
    }
}

/// What asking a model took.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Taken {
    /// The model, by the provider's name for it.
    pub(crate) model: Option<String>,
    pub(crate) calls: u64,
    pub(crate) usage: Usage,
    pub(crate) cost_usd: Option<f64>,
    /// How many of the calls cost what is not known, and count as nothing.
    pub(crate) unpriced: u64,
    /// Whether a model answered.
    pub(crate) is_answer: bool,
    /// What counts against the limits.
    pub(crate) charge: Charge,
}

impl Taken {
    /// Reads what one turn took that came back from the model's stage; nothing for a free reply.
    pub(crate) fn read(turn: &Turn) -> Result<Self, ReadError> {
        let error: Option<TurnError> = turn.get()?;
        Ok(match turn.get::<Reply>()? {
            None => {
                let calls = error.as_ref().map_or(0, |error| error.attempts);
                let charge = error.and_then(|error| error.charged);
                Self {
                    calls,
                    unpriced: charge.map_or(0, |charge| unpriced(charge, calls)),
                    charge: charge.unwrap_or_default(),
                    ..Self::default()
                }
            }
            Some(reply) if is_free(&reply) => Self::default(),
            Some(reply) => Self {
                charge: reply.charge(),
                unpriced: unpriced(reply.charge(), reply.attempts.unwrap_or(1)),
                is_answer: true,
                model: reply.model,
                calls: reply.attempts.unwrap_or(1),
                usage: reply.usage.unwrap_or_default(),
                cost_usd: reply.cost_usd,
            },
        })
    }
}

/// Tells how many of so many calls have no price.
fn unpriced(charge: Charge, calls: u64) -> u64 {
    match charge.cost_microusd {
        Some(_) => 0,
        None => calls,
    }
}

/// Tells whether a reply cost nothing.
fn is_free(reply: &Reply) -> bool {
    reply.by.as_deref() == Some(FREE)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn turns(lines: &[&str]) -> Vec<Turn> {
        lines
            .iter()
            .map(|line| Turn::parse(line).unwrap())
            .collect()
    }

    fn checked(check: &str) -> Checked {
        let line = format!(r#"{{"lr":1,"sources":[{{"path":"a","sha256":"1"}}],{check}}}"#);
        Checked::read(&turns(&[&line])).unwrap()
    }

    #[test]
    fn a_check_is_clean_when_every_turn_is() {
        let clean = r#"{"lr":1,"check":{"clean":true,"results":[]}}"#;
        let dirty = r#"{"lr":1,"check":{"clean":false,"results":[]}}"#;
        let read = |lines: &[&str]| Checked::read(&turns(lines)).unwrap().clean;
        assert!(read(&[clean, clean]));
        assert!(!read(&[clean, dirty]));
        assert!(!read(&[]));
    }

    #[test]
    fn a_failing_result_without_findings_is_one_finding() {
        let read = checked(
            r#""check":{"clean":false,"results":[
                {"argv":["./my.sh"],"exit":1,"stdout":"bad"},{"argv":["./ok.sh"],"exit":0}]}"#,
        );
        assert_eq!(read.findings, 1);
        assert_eq!(
            read.keys,
            [r#"(["./my.sh"], Some("bad"), None)"#.to_owned()].into()
        );
    }

    #[test]
    fn a_finding_without_a_key_is_known_by_file_and_message() {
        let read = checked(
            r#""check":{"clean":false,"results":[{"status":"findings","findings":[
                {"message":"m","location":{"path":"a"}},{"message":"n","key":"k","location":{"path":"a"}}]}]}"#,
        );
        assert_eq!(read.keys, ["a: m".to_owned(), "k".to_owned()].into());
    }

    #[test]
    fn tells_why_a_check_failed() {
        let check = |text: &str, expected: Option<Reason>| {
            let trouble = checked(text).trouble;
            assert_eq!(trouble.map(|stop| stop.reason), expected, "{text}");
        };
        let with = |status: &str| {
            format!(r#""check":{{"clean":false,"results":[{{"status":"{status}"}}]}}"#)
        };
        let error =
            |kind: &str| format!(r#""error":{{"stage":"lr-check","kind":"{kind}","message":"m"}}"#);
        check(&with("broken"), Some(Reason::BROKEN));
        check(&with("missing"), Some(Reason::MISSING));
        check(&with("timed_out"), None);
        let foreign = r#""check":{"clean":false,"results":[{"argv":["x"],"exit":127}]}"#;
        check(foreign, Some(Reason::BROKEN));
        check(&error("missing"), Some(Reason::MISSING));
        check(&error("nothing_checked"), Some(Reason::STAGE_FAILED));
        check(r#""x":1"#, Some(Reason::STAGE_FAILED));
    }

    #[test]
    fn sources_without_a_hash_have_no_state() {
        let line = r#"{"lr":1,"sources":[{"path":"a"}],"check":{"clean":true}}"#;
        assert_eq!(Checked::read(&turns(&[line])).unwrap().sources, None);
    }

    #[test]
    fn counts_what_a_model_took_and_nothing_for_a_free_reply() {
        let taken = |text: &str| Taken::read(&Turn::parse(text).unwrap()).unwrap();
        let reply =
            r#"{"lr":1,"reply":{"text":"","by":"lr-llm","attempts":2,"usage":{"input":5}}}"#;
        assert_eq!((taken(reply).calls, taken(reply).usage.input), (2, 5));
        assert_eq!(taken(reply).charge.tokens, 5);
        assert_eq!((taken(reply).unpriced, taken(reply).is_answer), (2, true));
        let free = r#"{"lr":1,"reply":{"text":"","by":"lr-fix"}}"#;
        assert_eq!(taken(free), Taken::default());
        let error =
            r#"{"lr":1,"error":{"stage":"lr-llm","kind":"network","message":"m","attempts":4}}"#;
        assert_eq!((taken(error).calls, taken(error).unpriced), (4, 0));
        let error = error.replace("}}", r#","charged":{"tokens":9}}}"#);
        assert_eq!(taken(&error).charge.tokens, 9);
        assert_eq!(
            (taken(&error).unpriced, taken(&error).is_answer),
            (4, false)
        );
        let error = r#"{"lr":1,"error":{"stage":"lr-llm","kind":"no_model","message":"m"}}"#;
        assert_eq!(taken(error).calls, 0);
    }
}
