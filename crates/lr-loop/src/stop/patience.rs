//! How many turns in a row may lead nowhere.

use lr_turn::Outcome;

use super::reason::Reason;
use crate::reading::{Answer, Checked};

/// How many refused turns in a row end the loop.
const MOST_REFUSED: u64 = 3;

/// How many free turns in a row end the loop, in case a fixer never comes to an end.
pub(super) const MOST_FREE: u64 = 100;

/// Counts the turns in a row that led nowhere.
#[derive(Debug)]
pub(super) struct Patience {
    /// How many turns may remove nothing they were asked to.
    most_stalled: u64,
    stalled: u64,
    refused: u64,
    free: u64,
}

impl Patience {
    /// Begins with patience for so many turns.
    pub(super) fn new(most_stalled: u64) -> Self {
        Self {
            most_stalled,
            stalled: 0,
            refused: 0,
            free: 0,
        }
    }

    /// Notes that a model was asked.
    pub(super) fn asked(&mut self) {
        self.free = 0;
    }

    /// Counts a turn with the check after it, and tells whether patience has come to its end.
    ///
    /// What is free renews no patience, or a model that makes work for it would never stall.
    pub(super) fn ends(&mut self, answers: &[Answer], check: &Checked) -> Option<Reason> {
        let applied = Answer::any(answers, Outcome::Applied);
        let refused = !applied && Answer::any(answers, Outcome::Refused);
        let free = answers.iter().all(|it| it.free);
        let gone = answers.iter().any(|it| !it.asked.is_subset(&check.keys));
        count(&mut self.refused, refused);
        count(&mut self.free, free);
        // Where nothing was found, nothing could go.
        let nothing_asked = answers.iter().all(|it| it.asked.is_empty());
        let says_nothing = refused || nothing_asked || (free && gone);
        if !says_nothing {
            count(&mut self.stalled, !gone);
        }
        if self.refused >= MOST_REFUSED {
            return Some(Reason::REFUSED);
        }
        let stalled = self.stalled >= self.most_stalled || self.free >= MOST_FREE;
        stalled.then_some(Reason::STALLED)
    }
}

/// Counts turns in a row.
fn count(turns: &mut u64, one_more: bool) {
    *turns = if one_more { *turns + 1 } else { 0 };
}
