//! What became of the turn before, as the next turn tells it: `--previous FILE`.

use std::collections::HashSet;

use lr_stage::Error;
use lr_turn::{
    Apply, Check, Commit, Id, Previous, PreviousPart, Prompt, Reply, Source, SourceRole, Turn,
    TurnError,
};

/// The turns before, read.
#[derive(Default)]
pub(crate) struct Before {
    parts: Vec<PreviousPart>,
    /// The keys of the findings that a free fix was meant to remove, now or earlier.
    tried: Vec<String>,
    /// The run the turns are of.
    pub(crate) run: Option<String>,
    /// Their number in the run.
    pub(crate) turn: Option<u64>,
}

impl Before {
    /// Reads the parts of the turn before.
    ///
    /// # Errors
    ///
    /// Which section is not of its form.
    pub(crate) fn read(turns: &[Turn]) -> Result<Self, Error> {
        let mut before = Self::default();
        for turn in turns {
            before.add(turn)?;
        }
        Ok(before)
    }

    /// Returns the section for a turn that found these keys; `None` where there was no turn.
    pub(crate) fn section(self, check: &Check) -> Option<Previous> {
        let found: HashSet<&str> = check.findings().map(|finding| &*finding.key).collect();
        let mut told = HashSet::new();
        let tried = self
            .tried
            .into_iter()
            .filter(|key| found.contains(key.as_str()) && told.insert(key.clone()))
            .collect::<Vec<_>>();
        let previous = Previous {
            parts: self.parts,
            tried,
        };
        (previous != Previous::default()).then_some(previous)
    }

    fn add(&mut self, turn: &Turn) -> Result<(), Error> {
        let Id {
            run, turn: number, ..
        } = turn.id()?;
        self.run = self.run.take().or(run);
        self.turn = self.turn.max(number);
        if let Some(previous) = turn.get::<Previous>()? {
            self.tried.extend(previous.tried);
        }
        let reply = turn.get::<Reply>()?;
        let apply = turn.get::<Apply>()?;
        let error = turn.get::<TurnError>()?;
        if reply.is_none() && apply.is_none() && error.is_none() {
            return Ok(());
        }
        let paths = paths(turn, apply.as_ref())?;
        if let Some(reply) = &reply {
            self.tried.extend(reply.fixes.iter().cloned());
        }
        let answered_by = reply.and_then(|reply| reply.by);
        let outcome = apply.as_ref().map(|apply| apply.outcome);
        let (refusals, declared_done) = apply.map_or_else(Default::default, |apply| {
            (apply.refusals, apply.declared_done)
        });
        self.parts.push(PreviousPart {
            paths,
            answered_by,
            outcome,
            put_back: turn.get::<Commit>()?.is_some_and(|commit| commit.put_back),
            refusals,
            declared_done,
            error,
        });
        Ok(())
    }
}

/// Returns the files that a turn was about: those offered to the model, else those in the answer,
/// else those that may be changed.
fn paths(turn: &Turn, apply: Option<&Apply>) -> Result<Vec<String>, Error> {
    if let Some(prompt) = turn.get::<Prompt>()? {
        return Ok(prompt.offered.into_iter().map(|file| file.path).collect());
    }
    let mut paths: Vec<String> = Vec::new();
    if let Some(apply) = apply {
        let changed = apply.changes.iter().map(|change| &change.path);
        let refused = apply
            .refusals
            .iter()
            .filter_map(|refusal| refusal.path.as_ref());
        for path in changed.chain(refused) {
            if !paths.contains(path) {
                paths.push(path.clone());
            }
        }
    }
    if paths.is_empty() {
        let sources = turn.get::<Vec<Source>>()?.unwrap_or_default();
        let editable = sources
            .into_iter()
            .filter(|source| source.role == SourceRole::Edit);
        paths = editable.map(|source| source.path).collect();
    }
    Ok(paths)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(turns: &[&str], found: &[&str], expected: &str) {
        let turns: Vec<Turn> = turns
            .iter()
            .map(|line| Turn::parse(line).unwrap())
            .collect();
        let before = Before::read(&turns).unwrap();
        let findings = found
            .iter()
            .map(|key| format!(r#"{{"message":"m","location":{{"path":"a"}},"key":"{key}"}}"#))
            .collect::<Vec<_>>()
            .join(",");
        let check = format!(r#"{{"clean":false,"results":[{{"findings":[{findings}]}}]}}"#);
        let check: Check = serde_json::from_str(&check).unwrap();
        let section = before.section(&check);
        assert_eq!(serde_json::to_string(&section).unwrap(), expected);
    }

    #[test]
    fn a_refusal_is_told() {
        check(
            &[
                r#"{"lr":1,"sources":[{"path":"a.py"},{"path":"b.py","role":"read"}],"reply":{"text":"","by":"lr-llm"},
                   "apply":{"outcome":"refused","refusals":[{"kind":"unclosed","reason":"cut"}]}}"#,
            ],
            &[],
            r#"{"parts":[{"paths":["a.py"],"answered_by":"lr-llm","outcome":"refused","refusals":[{"kind":"unclosed","reason":"cut"}]}]}"#,
        );
    }

    #[test]
    fn a_free_fix_without_effect_is_told_while_the_finding_is_there() {
        check(
            &[
                r#"{"lr":1,"previous":{"tried":["k1","k2"]},"reply":{"text":"","by":"lr-fix","fixes":["k3","k4","k2"]},
                   "apply":{"outcome":"applied","changes":[{"path":"a.py","kind":"modified","added":1,"removed":1}]}}"#,
            ],
            &["k2", "k3", "k9"],
            r#"{"parts":[{"paths":["a.py"],"answered_by":"lr-fix","outcome":"applied"}],"tried":["k2","k3"]}"#,
        );
    }

    #[test]
    fn a_part_without_an_answer_is_told_with_its_error() {
        check(
            &[
                r#"{"lr":1,"sources":[{"path":"a.py"}],"error":{"stage":"lr-llm","kind":"network","message":"no"}}"#,
            ],
            &[],
            r#"{"parts":[{"paths":["a.py"],"error":{"stage":"lr-llm","kind":"network","message":"no"}}]}"#,
        );
    }

    #[test]
    fn what_nobody_answered_needs_no_word() {
        check(
            &[r#"{"lr":1,"run":"r","turn":4,"sources":[{"path":"a.py"}]}"#],
            &[],
            "null",
        );
    }
}
