//! The replies of a run that the loop recorded, so that it can be had again without a network.
//!
//! A record answers by the number of the turn and of its part, whatever the prompt: the same run asks the same things
//! in the same order. What failed then fails again, so that a run comes to the same end.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use lr_stage::{Error, Kind, Status};
use lr_turn::{Id, Reply, Section, Turn, TurnError};
use serde::{Deserialize, Serialize};

use crate::failure;

/// The file in the folder of a run that holds what each stage added.
const RECORD: &str = "turns.jsonl";

/// Which share of which turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    turn: u64,
    part: u64,
}

impl Place {
    /// The number of the turn, and of the part.
    pub(crate) fn numbers(self) -> (u64, u64) {
        (self.turn, self.part)
    }
}

impl From<Id> for Place {
    fn from(id: Id) -> Self {
        Place {
            turn: id.turn.unwrap_or(1),
            part: id.part.unwrap_or(1),
        }
    }
}

/// What came of asking then.
#[derive(Debug, Clone)]
enum Told {
    Reply(Box<Reply>),
    Error(TurnError),
}

/// The record of a run.
#[derive(Debug)]
pub(crate) struct Rerun {
    folder: PathBuf,
    /// Read when the first reply is needed.
    told: OnceLock<BTreeMap<Place, Told>>,
}

impl Rerun {
    /// The record in a folder, if it is the folder of a run.
    pub(crate) fn in_folder(folder: &Path) -> Option<Self> {
        folder.join(RECORD).is_file().then(|| Rerun {
            folder: folder.to_owned(),
            told: OnceLock::new(),
        })
    }

    /// Finds what came of asking about a share of a turn; a question that is no turn has no place.
    ///
    /// # Errors
    ///
    /// What failed then; `not_recorded`; `io` and `input` when the record cannot be read.
    pub(crate) fn find(&self, place: Option<Place>) -> Result<Reply, Error> {
        let shown = failure::shown(&self.folder);
        let Some(place) = place else {
            let message = format!("'{shown}' is the record of a run, which answers only turns");
            return Err(Error::new(Kind::Usage, message));
        };
        let told = self.told()?;
        match told.get(&place) {
            Some(Told::Reply(reply)) => Ok(Reply::clone(reply)),
            Some(Told::Error(error)) => Err(again(error)),
            None => {
                let Place { turn, part } = place;
                let message = format!("no reply to part {part} of turn {turn} in '{shown}'");
                let error = Error::new(Kind::NotRecorded, message);
                Err(match told.last_key_value() {
                    Some((last, _)) => error.hint(format!("it holds turns up to {}", last.turn)),
                    None => error.hint("it holds no replies at all"),
                })
            }
        }
    }

    fn told(&self) -> Result<&BTreeMap<Place, Told>, Error> {
        if let Some(told) = self.told.get() {
            return Ok(told);
        }
        let read = self.read()?;
        Ok(self.told.get_or_init(|| read))
    }

    fn read(&self) -> Result<BTreeMap<Place, Told>, Error> {
        let shown = failure::shown(&self.folder.join(RECORD));
        let text = fs::read_to_string(self.folder.join(RECORD)).map_err(|error| {
            Error::new(Kind::Io, format!("cannot read '{shown}'")).because(error)
        })?;
        // A last line that was cut off was never complete.
        let end = text.rfind('\n').map_or(0, |end| end + 1);
        let mut told = BTreeMap::new();
        for (number, line) in text[..end].lines().enumerate() {
            let entry = entry(line).map_err(|error| {
                let message = format!("'{shown}' is no record of a run in line {}", number + 1);
                Error::new(Kind::Input, message).because(error)
            })?;
            told.extend(entry);
        }
        Ok(told)
    }
}

/// What a line of the record says about asking a model, if it does.
fn entry(line: &str) -> Result<Option<(Place, Told)>, lr_turn::ReadError> {
    let turn = Turn::parse(line)?;
    if turn
        .get::<Author>()?
        .is_none_or(|author| author.0 != "lr-llm")
    {
        return Ok(None);
    }
    let place = Place::from(turn.id()?);
    if let Some(reply) = turn.get::<Reply>()? {
        return Ok(Some((place, Told::Reply(Box::new(reply)))));
    }
    let error = turn.get::<TurnError>()?;
    // Being interrupted is no answer.
    let error = error.filter(|error| error.status() < Status::Interrupted);
    Ok(error.map(|error| (place, Told::Error(error))))
}

/// The failure of then as one of now.
fn again(told: &TurnError) -> Error {
    let kind = Kind::from_name(&told.kind).unwrap_or(Kind::Stage);
    let error = Error::new(kind, &told.message).after_attempts(told.attempts, told.charged);
    if told.retryable {
        error.retryable()
    } else {
        error
    }
}

/// `stage`: the program that added what the line holds.
#[derive(Serialize, Deserialize)]
struct Author(String);

impl Section for Author {
    const KEY: &'static str = "stage";
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINES: &str = r#"{"lr":1,"run":"r","turn":1,"stage":"lr-check","sources":[],"check":{"clean":false}}
{"lr":1,"run":"r","turn":1,"stage":"lr-fix","reply":{"text":"free"}}
{"lr":1,"run":"r","turn":2,"part":1,"parts":2,"stage":"lr-llm","reply":{"text":"first","usage":{"input":5},"cost_usd":0.5}}
{"lr":1,"run":"r","turn":2,"part":2,"parts":2,"stage":"lr-llm","error":{"stage":"lr-llm","kind":"interrupted","message":"m"}}
{"lr":1,"run":"r","turn":2,"part":2,"parts":2,"stage":"lr-llm","error":{"stage":"lr-llm","kind":"network","message":"broken","retryable":true,"attempts":2,"charged":{"tokens":7}}}
{"lr":1,"run":"r","turn":3,"stage":"lr-llm","reply":{"text":"once"}}
{"lr":1,"run":"r","turn":3,"stage":"lr-llm","reply":{"text":"again"}}
{"lr":1,"run":"r","turn":4,"stage":"lr-llm","error":{"stage":"lr-llm","kind":"terminated","message":"m"}}
{"lr":1,"run":"r","turn":5,"stage":"lr-llm","reply":{"te"#;

    fn found(lines: &str, turn: u64, part: Option<u64>) -> Result<Reply, Error> {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(RECORD), lines).unwrap();
        let id = Id {
            turn: Some(turn),
            part,
            ..Id::default()
        };
        let rerun = Rerun::in_folder(folder.path()).unwrap();
        rerun.find(Some(Place::from(id)))
    }

    #[test]
    fn answers_by_turn_and_part_and_the_last_line_counts() {
        let reply = found(LINES, 2, Some(1)).unwrap();
        let usage = reply.usage.unwrap();
        assert_eq!(
            (reply.text.as_str(), usage.input, reply.cost_usd),
            ("first", 5, Some(0.5))
        );
        assert_eq!(found(LINES, 3, None).unwrap().text, "again");
    }

    #[test]
    fn what_failed_then_fails_again() {
        let error = found(LINES, 2, Some(2)).unwrap_err();
        let charged = error.charged.map(|charge| charge.tokens);
        assert_eq!(
            (error.kind, error.retryable, error.attempts, charged),
            (Kind::Network, true, 2, Some(7))
        );
        assert_eq!(error.to_string(), "broken");
    }

    #[test]
    fn what_is_not_recorded_is_named() {
        for turn in [1, 4, 5] {
            let error = found(LINES, turn, Some(1)).unwrap_err();
            assert_eq!(error.kind, Kind::NotRecorded);
            let start = format!("no reply to part 1 of turn {turn} in '…/");
            assert!(error.to_string().starts_with(&start), "{error}");
            assert_eq!(error.hint.as_deref(), Some("it holds turns up to 3"));
        }
    }

    #[test]
    fn a_file_that_is_no_record_is_named() {
        let error = found("{\"lr\":1}\n{}\n", 1, None).unwrap_err();
        assert_eq!(error.kind, Kind::Input);
        let start = "'…/turns.jsonl' is no record of a run in line 2: ";
        assert!(error.to_string().starts_with(start), "{error}");
    }
}
