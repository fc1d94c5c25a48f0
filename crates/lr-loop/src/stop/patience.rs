//! How many turns in a row may lead nowhere.

use std::collections::BTreeSet;

use lr_turn::{Kind, Outcome, TurnError};

use super::reason::Reason;
use crate::reading::{Answer, Checked};

/// How many turns in a row end the loop whose replies were refused, or empty.
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
    base: Option<Base>,
}

/// The last check in which the fewest findings hid others: in one that hides more, what is no
/// longer seen need not be gone.
#[derive(Debug)]
struct Base {
    /// How many findings hid others.
    hiding: u64,
    keys: BTreeSet<String>,
    /// Which of them were asked about in turns that ended with more hidden.
    asked: BTreeSet<String>,
    /// How many findings hide others at present.
    present: u64,
}

/// Whether what was asked about is gone.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Gone {
    Some,
    None,
    /// What earlier turns broke was repaired, as far as can be seen.
    Repaired,
}

impl Patience {
    /// Begins with patience for so many turns.
    pub(super) fn new(most_stalled: u64) -> Self {
        Self {
            most_stalled,
            stalled: 0,
            refused: 0,
            free: 0,
            base: None,
        }
    }

    /// Notes the check from which the next turn goes on.
    pub(super) fn begin(&mut self, check: &Checked) {
        self.base = Some(Base::of(check));
    }

    /// Begins anew to count.
    pub(super) fn renew(&mut self) {
        *self = Self {
            base: self.base.take(),
            ..Self::new(self.most_stalled)
        };
    }

    /// Tells whether a check hides more than an earlier one did.
    pub(super) fn hides_more(&self, check: &Checked) -> bool {
        let base = self.base.as_ref();
        base.is_some_and(|base| check.hiding() > base.hiding)
    }

    /// Notes that a model was asked.
    pub(super) fn asked(&mut self) {
        self.free = 0;
    }

    /// Tells whether a model is asked again that failed only in that it said nothing.
    pub(super) fn bears(&self, answers: &[Answer]) -> bool {
        let mut errors = answers.iter().filter_map(|it| it.error.as_ref());
        errors.all(is_empty) && self.refused + 1 < MOST_REFUSED
    }

    /// Counts a turn with the check after it, and tells whether patience has come to its end.
    ///
    /// What is free renews no patience, or a model that makes work for it would never stall.
    pub(super) fn ends(&mut self, answers: &[Answer], check: &Checked) -> Option<Reason> {
        let applied = Answer::any(answers, Outcome::Applied);
        let refused = !applied && Answer::any(answers, Outcome::Refused);
        let free = answers.iter().all(|it| it.free);
        let asked: BTreeSet<String> = answers.iter().flat_map(|it| it.asked.clone()).collect();
        let nothing_asked = asked.is_empty();
        let gone = self.gone(asked, check);
        let empty = !applied && any_empty(answers);
        count(&mut self.refused, refused || empty);
        count(&mut self.free, free);
        // Where nothing was found, nothing could go.
        let is_free_gain = free && gone == Gone::Some;
        let is_no_answer = refused || empty || nothing_asked;
        let says_nothing = is_no_answer || is_free_gain || gone == Gone::Repaired;
        if !says_nothing {
            count(&mut self.stalled, gone == Gone::None);
        }
        if self.refused >= MOST_REFUSED {
            return Some(Reason::REFUSED);
        }
        let stalled = self.stalled >= self.most_stalled || self.free >= MOST_FREE;
        stalled.then_some(Reason::STALLED)
    }

    /// Tells whether something is gone that this turn was asked about, or the turns before it that
    /// ended with more hidden.
    fn gone(&mut self, asked: BTreeSet<String>, check: &Checked) -> Gone {
        let hides_more = self.hides_more(check);
        let Some(base) = &mut self.base else {
            self.begin(check);
            return Gone::of(&asked, check);
        };
        let was_hiding = base.present;
        let known = asked.into_iter().filter(|key| base.keys.contains(key));
        base.asked.extend(known);
        if hides_more {
            base.present = check.hiding();
            return if base.present < was_hiding {
                Gone::Repaired
            } else {
                Gone::None
            };
        }
        let gone = Gone::of(&base.asked, check);
        let was_worse = was_hiding > base.hiding;
        self.begin(check);
        match gone {
            Gone::None if was_worse => Gone::Repaired,
            gone => gone,
        }
    }
}

impl Base {
    fn of(check: &Checked) -> Self {
        Self {
            hiding: check.hiding(),
            keys: check.keys.clone(),
            asked: BTreeSet::new(),
            present: check.hiding(),
        }
    }
}

impl Gone {
    fn of(asked: &BTreeSet<String>, check: &Checked) -> Self {
        if asked.is_subset(&check.keys) {
            Self::None
        } else {
            Self::Some
        }
    }
}

/// Tells whether one of the replies was empty.
fn any_empty(answers: &[Answer]) -> bool {
    let mut errors = answers.iter().filter_map(|it| it.error.as_ref());
    errors.any(is_empty)
}

fn is_empty(error: &TurnError) -> bool {
    error.kind == Kind::Empty.name()
}

/// Counts turns in a row.
fn count(turns: &mut u64, one_more: bool) {
    *turns = if one_more { *turns + 1 } else { 0 };
}
