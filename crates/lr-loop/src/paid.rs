//! Asking a model only for what it has not answered yet, when a step that cost money was cut short.

use lr_record::{Leftover, Record};
use lr_stage::{Error, say};
use lr_turn::{Id, Turn};

use crate::plan::Stage;
use crate::progress::plural;

/// The turns of a step, with the replies that earlier tries have brought.
#[derive(Debug)]
pub(crate) struct Asked {
    /// The turns with their replies, as far as there are any; in the order they came in.
    turns: Vec<Turn>,
    /// Whether the record has the reply of a turn already.
    recorded: Vec<bool>,
}

impl Asked {
    /// Looks for replies that need not be asked for again; `None` where there are none.
    ///
    /// # Errors
    ///
    /// They cannot be written where the next try finds them.
    pub(crate) fn find(
        record: &Record,
        number: u32,
        turn: u64,
        input: &[Turn],
    ) -> Result<Option<Self>, Error> {
        let leftovers = record.leftovers(number, turn, Stage::LLM.name);
        let mut asked = Self {
            turns: input.to_vec(),
            recorded: vec![false; input.len()],
        };
        let mut found = Vec::new();
        for (position, turn) in input.iter().enumerate() {
            let open = !turn.has("reply") && !turn.has("error");
            let Some(left) = leftovers.iter().find(|left| open && answers(left, turn)) else {
                continue;
            };
            asked.turns[position] = left.turn.clone();
            asked.recorded[position] = left.is_recorded;
            found.push(&left.turn);
        }
        if found.is_empty() {
            return Ok(None);
        }
        record.keep(number, Stage::LLM.name, &found)?;
        let replies = plural(found.len() as u64, "reply").replace("replys", "replies");
        say::note(&format!(
            "{replies} of the step that was cut short: not asked for again"
        ));
        Ok(Some(asked))
    }

    /// Returns the turns that still need a reply.
    pub(crate) fn open(&self) -> Vec<&Turn> {
        let open = |turn: &&Turn| !turn.has("reply") && !turn.has("error");
        self.turns.iter().filter(open).collect()
    }

    /// Returns the turns as the record knows them, so that only what is new is added to it.
    pub(crate) fn before(&self, input: &[Turn]) -> Vec<Turn> {
        let known = self.turns.iter().zip(&self.recorded).zip(input);
        let turns = known.map(|((turn, recorded), input)| if *recorded { turn } else { input });
        turns.cloned().collect()
    }

    /// Puts what the stage wrote for the open turns to the others, in the order of the input.
    pub(crate) fn merge(mut self, written: Vec<Turn>) -> Vec<Turn> {
        let open = |turn: &&mut Turn| !turn.has("reply") && !turn.has("error");
        let open: Vec<&mut Turn> = self.turns.iter_mut().filter(open).collect();
        let order: Vec<Id> = open.iter().map(|turn| id(turn)).collect();
        let written = in_order(&order, written);
        for (turn, written) in open.into_iter().zip(written) {
            *turn = written;
        }
        self.turns
    }
}

/// Puts turns into the order of their inputs, where they tell which is which.
pub(crate) fn in_order(order: &[Id], mut turns: Vec<Turn>) -> Vec<Turn> {
    let position = |turn: &Turn| order.iter().position(|known| *known == id(turn));
    turns.sort_by_key(|turn| position(turn).unwrap_or(usize::MAX));
    turns
}

/// Returns what tells a turn from the others.
pub(crate) fn id(turn: &Turn) -> Id {
    turn.id().unwrap_or_default()
}

/// Tells whether a reply answers just what is asked now.
fn answers(left: &Leftover, turn: &Turn) -> bool {
    id(&left.turn) == id(turn) && left.turn.raw("prompt") == turn.raw("prompt")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn turn(part: u64, more: &str) -> Turn {
        Turn::parse(&format!(
            r#"{{"lr":1,"run":"r","turn":1,"part":{part},"prompt":{part}{more}}}"#
        ))
        .unwrap()
    }

    #[test]
    fn only_what_is_not_answered_is_asked_for() {
        let folder = tempfile::tempdir().unwrap();
        let record = Record::create("r", Some(folder.path())).unwrap();
        let input = [turn(1, ""), turn(2, ""), turn(3, "")];
        assert!(Asked::find(&record, 5, 1, &input).unwrap().is_none());
        let lines = [turn(2, r#","reply":"two""#), turn(3, r#","error":"x""#)];
        let lines = lines.map(|turn| turn.to_line() + "\n").concat() + r#"{"lr":1,"part":1,"#;
        std::fs::write(folder.path().join("005-llm.jsonl"), lines).unwrap();
        let asked = Asked::find(&record, 5, 1, &input).unwrap().unwrap();
        let open: Vec<Id> = asked.open().into_iter().map(id).collect();
        assert_eq!(open, [id(&input[0]), id(&input[2])]);
        std::fs::write(folder.path().join("005-llm.jsonl"), "").unwrap();
        let again = Asked::find(&record, 5, 1, &input).unwrap().unwrap();
        assert_eq!(again.open().len(), 2);
        let written = vec![turn(3, r#","reply":"three""#), turn(1, r#","reply":"one""#)];
        let merged: Vec<String> = asked.merge(written).iter().map(Turn::to_line).collect();
        assert!(
            merged[0].contains("one") && merged[1].contains("two"),
            "{merged:?}"
        );
        assert!(merged[2].contains("three"), "{merged:?}");
    }

    #[test]
    fn a_reply_to_another_prompt_is_no_answer() {
        let folder = tempfile::tempdir().unwrap();
        let record = Record::create("r", Some(folder.path())).unwrap();
        let reply = turn(1, r#","reply":"one""#).to_line() + "\n";
        std::fs::write(folder.path().join("005-llm.jsonl"), reply).unwrap();
        let other = Turn::parse(r#"{"lr":1,"run":"r","turn":1,"part":1,"prompt":9}"#).unwrap();
        assert!(Asked::find(&record, 5, 1, &[other]).unwrap().is_none());
    }
}
