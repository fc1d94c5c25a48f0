//! Calls to a model whose replies were lost when a run was killed: they count against its limits all the same.
//!
//! The model's stage writes each call down before it makes it, with the most that it may take, and afterwards what it
//! took. Where the step of these calls is not complete, each call without a reply that is used again goes into the
//! record as an error of its turn, with what it took, or may have taken.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use lr_stage::{Error, Kind};
use lr_turn::{Charge, Id, Turn, TurnError};
use serde::{Deserialize, Serialize};

use crate::leftovers::{replies_of_try, write_turns};
use crate::lines::Author;
use crate::options::Options;
use crate::record::Record;
use crate::steps::Step;

/// How the names of files with calls end.
const CALLS: &str = ".calls.jsonl";

/// That calls of a step that is not complete went into the record.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Lost {
    /// The file with the calls.
    pub calls: String,
    /// How much of it is counted.
    pub upto: u64,
    /// The errors as a step that was set aside.
    pub lost: Step,
}

/// One line of a file with calls.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Line {
    Begun {
        call: String,
        turn: u64,
        part: u64,
        most: Charge,
    },
    Ended {
        call: String,
        taken: Charge,
        sent: bool,
    },
}

/// What the calls for one part of a turn took.
#[derive(Debug, Default)]
struct Taken {
    calls: u64,
    charge: Charge,
}

impl Record {
    /// Counts the calls of steps that are not complete, as far as they are not counted yet and no reply to them is
    /// used again. Returns how many there were.
    ///
    /// # Errors
    ///
    /// `io` when the record cannot be read or written.
    pub fn count_lost(&mut self, stage: &str, author: Author<'_>) -> Result<u64, Error> {
        let unable = |error| Error::new(Kind::Io, "cannot read the record").because(error);
        let mut names = Vec::new();
        for entry in fs::read_dir(self.folder()).map_err(unable)? {
            let name = entry
                .map_err(unable)?
                .file_name()
                .to_string_lossy()
                .into_owned();
            names.extend(name.ends_with(CALLS).then_some(name));
        }
        names.sort();
        let mut count = 0;
        for name in names {
            count += self.count_lost_in(&name, stage, author)?;
        }
        Ok(count)
    }

    fn count_lost_in(
        &mut self,
        calls: &str,
        stage: &str,
        author: Author<'_>,
    ) -> Result<u64, Error> {
        let base = calls.trim_end_matches(CALLS);
        let output = format!("{base}.jsonl");
        let number = base
            .split('-')
            .next()
            .and_then(|number| number.parse().ok());
        let (Some(number), false) = (number, self.is_complete(&output)) else {
            return Ok(0);
        };
        let counted = self.log().lost.iter().filter(|it| it.calls == calls);
        let begin = counted.clone().map(|it| it.upto).max().unwrap_or(0);
        let again = counted.count();
        let bytes = fs::read(self.folder().join(calls)).unwrap_or_default();
        let end = bytes
            .iter()
            .rposition(|byte| *byte == b'\n')
            .map_or(0, |at| at + 1);
        let new = usize::try_from(begin)
            .ok()
            .and_then(|begin| bytes.get(begin..end));
        let mut taken = sum(&String::from_utf8_lossy(new.unwrap_or_default()));
        for turn in replies_of_try(&self.folder().join(&output)) {
            let id = turn.id().unwrap_or_default();
            taken.remove(&(id.turn.unwrap_or(1), id.part.unwrap_or(1)));
        }
        if taken.is_empty() {
            return Ok(0);
        }
        let run = Options::read(self.folder()).ok().map(|options| options.run);
        let count = taken.values().map(|taken| taken.calls).sum();
        let turn = taken.keys().next().map_or(1, |(turn, _)| *turn);
        let turns: Vec<Turn> = taken
            .into_iter()
            .map(|(place, taken)| error(run.as_deref(), place, &taken, author.program))
            .collect();
        let file = self.folder().join(format!("{base}.lost{again}.jsonl"));
        write_turns(&file, &turns.iter().collect::<Vec<_>>())?;
        let lost = Step {
            step: number,
            turn,
            stage: stage.to_owned(),
            ..Step::default()
        };
        let lost = Lost {
            calls: calls.to_owned(),
            upto: end as u64,
            lost,
        };
        self.add_lost(lost, &file, author, &turns)?;
        Ok(count)
    }

    /// Tells whether the step that wrote a file is complete, or was.
    fn is_complete(&self, output: &str) -> bool {
        let steps = self.log().steps.iter();
        let aside = self.log().aside.iter().map(|(step, _)| step);
        steps.chain(aside).any(|step| step.file == output)
    }
}

/// What the calls in a text took, by turn and part.
fn sum(text: &str) -> BTreeMap<(u64, u64), Taken> {
    let mut calls: BTreeMap<String, ((u64, u64), Option<Charge>)> = BTreeMap::new();
    for line in text.lines() {
        match serde_json::from_str(line) {
            Ok(Line::Begun {
                call,
                turn,
                part,
                most,
            }) => {
                calls.insert(call, ((turn, part), Some(most)));
            }
            Ok(Line::Ended { call, taken, sent }) => {
                if let Some((_, charge)) = calls.get_mut(&call) {
                    *charge = sent.then_some(taken);
                }
            }
            Err(_) => {}
        }
    }
    let mut sums: BTreeMap<(u64, u64), Taken> = BTreeMap::new();
    for (place, charge) in calls.into_values() {
        let Some(charge) = charge else { continue };
        let sum = sums.entry(place).or_default();
        sum.calls += 1;
        sum.charge.tokens += charge.tokens;
        if let Some(cost) = charge.cost_microusd {
            *sum.charge.cost_microusd.get_or_insert(0) += cost;
        }
    }
    sums
}

/// A part of a turn that lost its calls.
fn error(run: Option<&str>, (turn, part): (u64, u64), taken: &Taken, program: &str) -> Turn {
    let mut lost = Turn::new();
    lost.set_id(&Id {
        run: run.map(str::to_owned),
        turn: Some(turn),
        part: (part > 1).then_some(part),
        parts: None,
    });
    lost.set(&TurnError {
        stage: program.to_owned(),
        kind: Kind::Terminated.name().to_owned(),
        message: "the run was killed before there was a reply".to_owned(),
        retryable: true,
        attempts: taken.calls,
        charged: Some(taken.charge),
    });
    lost
}

/// The file in which the model's stage writes down its calls, beside the one with what it writes.
pub fn calls_file(output: &Path) -> std::path::PathBuf {
    output.with_extension(CALLS.trim_start_matches('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_under_way_counts_with_the_most_and_one_that_was_not_sent_not_at_all() {
        let text = r#"{"call":"1-1","turn":2,"part":1,"most":{"tokens":100,"cost_microusd":7}}
{"call":"1-2","turn":2,"part":3,"most":{"tokens":100}}
{"call":"1-3","turn":2,"part":4,"most":{"tokens":100}}
{"call":"1-2","taken":{"tokens":30},"sent":true}
{"call":"1-3","taken":{"tokens":0},"sent":false}
{"call":"1-4","turn":2,"part":3,"most":{"tokens":50}}
nonsense
{"call":"9-9","taken":{"tokens":30},"sent":true}
"#;
        let sums: Vec<_> = sum(text)
            .into_iter()
            .map(|(place, taken)| {
                (
                    place,
                    taken.calls,
                    taken.charge.tokens,
                    taken.charge.cost_microusd,
                )
            })
            .collect();
        assert_eq!(sums, [((2, 1), 1, 100, Some(7)), ((2, 3), 2, 80, None)]);
    }
}
