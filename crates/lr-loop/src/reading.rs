//! What the loop reads of the turns: small views of the sections, nothing else.

use std::collections::BTreeSet;

use lr_turn::{Apply, CheckStatus, Outcome, ReadError, Reply, Turn, TurnError, Usage};
use serde::Deserialize;
use serde_json::value::RawValue;

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
            ..Self::default()
        };
        for turn in turns {
            let trouble = all.add(turn)?;
            all.trouble = all.trouble.or(trouble);
        }
        Ok(all)
    }

    fn add(&mut self, turn: &Turn) -> Result<Option<Stop>, ReadError> {
        for source in section::<Vec<SourceView>>(turn, "sources")?.unwrap_or_default() {
            self.sources = self
                .sources
                .take()
                .zip(source.sha256)
                .map(|(mut all, hash)| {
                    all.insert((source.path, hash));
                    all
                });
        }
        let check = section::<CheckView>(turn, "check")?;
        let error = turn.get::<TurnError>()?;
        let reason = match (&check, error.as_ref().map(|error| error.kind.as_str())) {
            (_, Some("missing")) => Some(Reason::MISSING),
            (_, Some("broken")) => Some(Reason::BROKEN),
            (None, _) | (_, Some(_)) => Some(Reason::STAGE_FAILED),
            (Some(check), None) => check.trouble(),
        };
        let check = check.unwrap_or_default();
        self.clean &= check.clean;
        for result in &check.results {
            let keys = result.keys();
            self.findings += keys.len() as u64;
            self.keys.extend(keys);
        }
        Ok(reason.map(|reason| Stop { reason, error }))
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

    /// Reads one turn after it was applied.
    pub(crate) fn of(turn: &Turn) -> Result<Self, ReadError> {
        let apply: Option<Apply> = turn.get()?;
        let check = section::<CheckView>(turn, "check")?.unwrap_or_default();
        Ok(Self {
            free: turn.get()?.is_some_and(|reply| is_free(&reply)),
            outcome: apply.as_ref().map(|apply| apply.outcome),
            declared_done: apply.as_ref().is_some_and(|apply| apply.declared_done),
            refusals: apply.as_ref().map_or(0, |apply| apply.refusals.len()),
            notes: apply.map(|apply| apply.notes).unwrap_or_default(),
            error: turn.get()?,
            asked: check.results.iter().flat_map(ResultView::keys).collect(),
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
}

impl Taken {
    /// Reads what one turn took that came back from the model's stage; nothing for a free reply,
    /// and for one that never reached a model.
    pub(crate) fn read(turn: &Turn) -> Result<Self, ReadError> {
        let Some(reply) = turn.get::<Reply>()? else {
            let error = turn.get::<TurnError>()?;
            return Ok(Self {
                calls: u64::from(error.is_some_and(|error| reached_a_model(&error))),
                ..Self::default()
            });
        };
        if is_free(&reply) {
            return Ok(Self::default());
        }
        Ok(Self {
            model: reply.model,
            calls: reply.attempts.unwrap_or(1),
            usage: reply.usage.unwrap_or_default(),
            cost_usd: reply.cost_usd,
        })
    }
}

/// Tells whether a reply cost nothing.
fn is_free(reply: &Reply) -> bool {
    reply.by.as_deref() == Some(FREE)
}

/// Tells whether an error came after a request was sent, as far as its kind says.
fn reached_a_model(error: &TurnError) -> bool {
    error.status() == lr_turn::Status::NoReply
        && !["no_model", "no_key", "not_recorded"].contains(&error.kind.as_str())
}

/// Reads the number of tokens of a prompt.
pub(crate) fn prompt_tokens(turn: &Turn) -> Result<Option<u64>, ReadError> {
    let prompt = section::<PromptView>(turn, "prompt")?;
    Ok(prompt.and_then(|prompt| prompt.tokens))
}

/// Reads a section as a view of it, `None` where it is absent.
fn section<'t, T: Deserialize<'t>>(
    turn: &'t Turn,
    key: &'static str,
) -> Result<Option<T>, ReadError> {
    let read = turn.raw(key).map(serde_json::from_str).transpose();
    read.map_err(|error| ReadError::Section {
        key,
        message: error.to_string(),
    })
}

#[derive(Deserialize)]
struct SourceView {
    path: String,
    sha256: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct CheckView<'t> {
    clean: bool,
    #[serde(borrow)]
    results: Vec<ResultView<'t>>,
}

impl CheckView<'_> {
    /// Whether checkers did not do their work, although none of them said so in an error.
    fn trouble(&self) -> Option<Reason> {
        let has = |status| self.results.iter().any(|it| it.status == Some(status));
        if self.clean {
            None
        } else if has(CheckStatus::Missing) {
            Some(Reason::MISSING)
        } else {
            has(CheckStatus::Broken).then_some(Reason::BROKEN)
        }
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct ResultView<'t> {
    status: Option<CheckStatus>,
    exit: Option<i32>,
    findings: Vec<FindingView>,
    #[serde(borrow)]
    argv: Option<&'t RawValue>,
    #[serde(borrow)]
    stdout: Option<&'t RawValue>,
    #[serde(borrow)]
    stderr: Option<&'t RawValue>,
}

impl ResultView<'_> {
    /// The keys of its findings. A failing result without findings is one finding, known by what
    /// was run and what it wrote.
    fn keys(&self) -> Vec<String> {
        let fails = self
            .status
            .map_or(self.exit.is_some_and(|exit| exit != 0), |status| {
                matches!(status, CheckStatus::Findings | CheckStatus::TimedOut)
            });
        if self.findings.is_empty() && fails {
            let raw = [self.argv, self.stdout, self.stderr];
            let words = raw.map(|raw| raw.map_or("", RawValue::get));
            return vec![words.join("\n")];
        }
        self.findings.iter().map(FindingView::key).collect()
    }
}

#[derive(Deserialize)]
struct FindingView {
    #[serde(default)]
    key: String,
    #[serde(default)]
    message: String,
    location: Option<LocationView>,
}

#[derive(Deserialize)]
struct LocationView {
    path: String,
}

impl FindingView {
    /// Its key; a foreign finding may have none and is then known by its file and message.
    fn key(&self) -> String {
        if !self.key.is_empty() {
            return self.key.clone();
        }
        let path = self.location.as_ref().map_or("", |location| &location.path);
        format!("{path}: {}", self.message)
    }
}

#[derive(Deserialize)]
struct PromptView {
    tokens: Option<u64>,
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
        assert_eq!(read.keys, ["[\"./my.sh\"]\n\"bad\"\n".to_owned()].into());
    }

    #[test]
    fn a_finding_without_a_key_is_known_by_file_and_message() {
        let read = checked(
            r#""check":{"clean":false,"results":[{"status":"findings","findings":[
                {"message":"m","location":{"path":"a"}},{"message":"n","key":"k"}]}]}"#,
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
        let free = r#"{"lr":1,"reply":{"text":"","by":"lr-fix"}}"#;
        assert_eq!(taken(free), Taken::default());
        let error = |kind: &str| {
            format!(r#"{{"lr":1,"error":{{"stage":"lr-llm","kind":"{kind}","message":"m"}}}}"#)
        };
        assert_eq!(taken(&error("network")).calls, 1);
        assert_eq!(taken(&error("no_model")).calls, 0);
        assert_eq!(taken(&error("calls")).calls, 0);
    }
}
