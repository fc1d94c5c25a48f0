//! What became of the turn before, as the next turn tells it: `--previous FILE`.

use std::collections::{HashMap, HashSet};

use lr_stage::Error;
use lr_turn::{
    Apply, Check, Commit, Finding, Id, NewFinding, Previous, PreviousPart, Prompt, Rank, Reply,
    Source, SourceRole, Turn, TurnError,
};

use crate::carried::Said;

/// The turns before, read.
#[derive(Default)]
pub(crate) struct Before {
    parts: Vec<Part>,
    /// How far from clean it was.
    rank: Option<Rank>,
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

/// A part of the turn before.
struct Part {
    told: PreviousPart,
    /// The files that it changed, where the change was kept.
    changed: Vec<String>,
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
    pub(crate) fn section(mut self, check: &Check) -> Option<Previous> {
        self.tell_what_got_worse(check);
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
            parts: self.parts.into_iter().map(|part| part.told).collect(),
            tried,
        };
        (previous != Previous::default()).then_some(previous)
    }

    /// Tells each part the findings that its change caused, where the checks got worse. What hides
    /// others, and a failing test, may be found elsewhere than in a file that was changed; whose
    /// it is cannot be told where there are several parts.
    fn tell_what_got_worse(&mut self, check: &Check) {
        let is_worse = matches!((self.rank, check.rank), (Some(then), Some(now)) if now > then);
        if !is_worse {
            return;
        }
        let is_whole = self.parts.len() == 1;
        for part in self
            .parts
            .iter_mut()
            .filter(|part| !part.changed.is_empty())
        {
            let is_its_own = |finding: &&Finding| {
                let path = &finding.location.path;
                !self.known.contains_key(&finding.key)
                    && (part.changed.contains(path)
                        || is_whole && (finding.weight.is_some() || path.is_empty()))
            };
            part.told.new_findings = NewFinding::worst_of(check.findings().filter(is_its_own));
        }
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
            self.rank = check.rank;
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
        let commit = turn.get::<Commit>()?.unwrap_or_default();
        let answered_by = reply.and_then(|reply| reply.by);
        let outcome = apply.as_ref().map(|apply| apply.outcome);
        let (changes, refusals, declared_done) = apply.map_or_else(Default::default, |apply| {
            (apply.changes, apply.refusals, apply.declared_done)
        });
        let kept = changes.into_iter().filter(|_| !commit.put_back);
        self.parts.push(Part {
            changed: kept.map(|change| change.path).collect(),
            told: PreviousPart {
                paths,
                answered_by,
                outcome,
                put_back: commit.put_back,
                new_findings: commit.new_findings,
                refusals,
                declared_done,
                error,
            },
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

    /// Returns what the next turn tells of parts that were applied, when these findings are there
    /// then, each with its severity; `found` were there before.
    fn told(parts: &[&str], found: &[&str], then: &[(&str, &str, &str)]) -> Vec<Vec<String>> {
        let check = |findings: &[(&str, &str, &str)]| {
            let all = findings.iter().map(|(key, path, more)| {
                format!(
                    r#"{{"message":"{key}","key":"{key}","location":{{"path":"{path}"}}{more}}}"#
                )
            });
            let all = all.collect::<Vec<_>>().join(",");
            format!(
                r#"{{"clean":false,"rank":[0,0,0,{},0],"results":[{{"findings":[{all}]}}]}}"#,
                findings.len()
            )
        };
        let known: Vec<_> = found.iter().map(|key| (*key, "a", "")).collect();
        let turns: Vec<Turn> = parts
            .iter()
            .map(|part| {
                let text = format!(
                    r#"{{"lr":1,"check":{},"reply":{{"text":""}},{part}}}"#,
                    check(&known)
                );
                Turn::parse(&text).unwrap()
            })
            .collect();
        let check: Check = serde_json::from_str(&check(then)).unwrap();
        let previous = Before::read(&turns).unwrap().section(&check).unwrap();
        let keys = |part: &PreviousPart| {
            let new = part.new_findings.iter();
            new.map(|finding| finding.message.clone()).collect()
        };
        previous.parts.iter().map(keys).collect()
    }

    const CHANGES_A: &str = r#""apply":{"outcome":"applied","changes":[{"path":"a","kind":"modified","added":1,"removed":1}]}"#;
    const CHANGES_B: &str = r#""apply":{"outcome":"applied","changes":[{"path":"b","kind":"modified","added":1,"removed":1}]}"#;

    #[test]
    fn what_a_change_made_worse_is_told() {
        let then = [("k", "a", ""), ("l", "a", ""), ("m", "c", "")];
        assert_eq!(told(&[CHANGES_A], &["k"], &then), [["l"]]);
        let test = [("k", "a", ""), ("t", "c", r#","weight":"test""#)];
        assert_eq!(told(&[CHANGES_A], &["k"], &test), [["t"]]);
        let better = [("l", "a", "")];
        assert_eq!(told(&[CHANGES_A], &["k"], &better), [[""; 0]]);
    }

    #[test]
    fn each_part_is_told_of_its_own_files() {
        let then = [
            ("k", "a", ""),
            ("l", "a", ""),
            ("m", "b", ""),
            ("t", "c", r#","weight":"test""#),
        ];
        assert_eq!(told(&[CHANGES_A, CHANGES_B], &["k"], &then), [["l"], ["m"]]);
    }

    #[test]
    fn of_what_was_put_back_it_is_told_what_it_would_have_made_worse() {
        let part = format!(
            r#"{CHANGES_A},"commit":{{"put_back":true,"new_findings":[{{"path":"a","message":"x"}}]}}"#
        );
        let then = [("k", "a", ""), ("l", "a", "")];
        assert_eq!(told(&[&part], &["k"], &then), [["x"]]);
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
