//! What became of the turn before, as the next turn tells it: `--previous FILE`.

use std::collections::{HashMap, HashSet};

use lr_stage::Error;
use lr_turn::{
    Apply, Check, Commit, Finding, Id, Previous, PreviousPart, Prompt, Reply, Source, SourceRole,
    Turn, TurnError,
};

use crate::carried::Said;

/// The turns before, read.
#[derive(Default)]
pub(crate) struct Before {
    parts: Vec<PreviousPart>,
    /// The keys of the findings that a free fix was meant to remove, now or earlier.
    tried: Vec<String>,
    /// The findings at that time, by their keys.
    known: HashMap<String, Known>,
    /// What scripts said at that time.
    pub(crate) said: Said,
    /// The run the turns are of.
    pub(crate) run: Option<String>,
    /// Their number in the run.
    pub(crate) turn: Option<u64>,
}

/// What tells a finding from another one with the same key.
struct Known {
    /// The edits of its fix, each as the text it replaces and the new one.
    fix: Vec<(Option<String>, String)>,
    line: Option<u64>,
}

impl Known {
    fn of(finding: &Finding) -> Self {
        let edits = finding.suggestions.iter();
        Self {
            fix: edits
                .map(|edit| (edit.replaces.clone(), edit.text.clone()))
                .collect(),
            line: finding.location.range.map(|range| range.start.line),
        }
    }
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

    /// Returns the section for a turn with this check; `None` where there was no turn.
    ///
    /// A fix that worked may reveal a finding with the same key, which was not tried then: it has
    /// another fix, or stands at another line while all in all there are fewer findings. (Without
    /// that a fix that only moves its finding would be made for ever.)
    pub(crate) fn section(self, check: &Check) -> Option<Previous> {
        let found: HashMap<&str, Known> = check
            .findings()
            .map(|finding| (finding.key.as_str(), Known::of(finding)))
            .collect();
        let is_better = found.len() < self.known.len();
        let is_the_same = |then: &Known, now: &Known| {
            then.fix == now.fix && (then.line == now.line || !is_better)
        };
        let mut told = HashSet::new();
        let tried = self
            .tried
            .iter()
            .filter(|key| {
                let then = self.known.get(key.as_str());
                found
                    .get(key.as_str())
                    .is_some_and(|now| then.is_none_or(|then| is_the_same(then, now)))
                    && told.insert(key.as_str())
            })
            .cloned()
            .collect();
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
        if let Some(check) = turn.get::<Check>()? {
            self.said.note(&check);
            let known = check.findings();
            self.known
                .extend(known.map(|finding| (finding.key.clone(), Known::of(finding))));
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

    /// A check with a finding for each key, the text its fix replaces, and its line.
    fn check_of(findings: &[(&str, &str, u64)]) -> String {
        let findings: Vec<String> = findings
            .iter()
            .map(|(key, old, line)| {
                let range = format!(r#"{{"start":{{"line":{line}}}}}"#);
                format!(
                    r#"{{"message":"m","key":"{key}","location":{{"path":"a","range":{range}}},
                       "suggestions":[{{"range":{range},"text":"","replaces":"{old}"}}]}}"#
                )
            })
            .collect();
        let findings = findings.join(",");
        format!(r#"{{"clean":false,"results":[{{"findings":[{findings}]}}]}}"#)
    }

    #[test]
    fn a_finding_that_a_fix_revealed_was_not_tried() {
        let turn = format!(
            r#"{{"lr":1,"previous":{{"tried":["l"]}},"check":{},"reply":{{"text":"","fixes":["k"]}}}}"#,
            check_of(&[("k", "else", 3), ("l", "x", 9), ("m", "y", 5)])
        );
        let check = |found: &[(&str, &str, u64)], expected: &[&str]| {
            let before = Before::read(&[Turn::parse(&turn).unwrap()]).unwrap();
            let check: Check = serde_json::from_str(&check_of(found)).unwrap();
            assert_eq!(before.section(&check).unwrap().tried, expected, "{found:?}");
        };
        check(&[("k", "else", 3), ("l", "x", 9)], &["l", "k"]);
        check(&[("k", "    else", 3), ("l", "x", 9)], &["l"]);
        check(&[("k", "else", 3), ("l", "z", 9)], &["k"]);
        check(&[("k", "else", 1), ("l", "x", 9)], &["l"]);
        let as_many = [("k", "else", 1), ("l", "x", 9), ("n", "y", 5)];
        check(&as_many, &["l", "k"]);
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
