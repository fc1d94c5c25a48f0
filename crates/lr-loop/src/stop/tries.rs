//! How often a model was asked about each finding that is still there.

use std::collections::{BTreeMap, BTreeSet};

use crate::reading::{Answer, Checked};

/// Counts for each finding the turns in which the usual model was asked about it in vain.
#[derive(Debug)]
pub(super) struct Tries {
    /// After how many another model is asked; `None` where there is no other.
    most: Option<u64>,
    in_vain: BTreeMap<String, u64>,
}

impl Tries {
    /// Begins with nothing tried.
    pub(super) fn new(most: Option<u64>) -> Self {
        Self {
            most,
            in_vain: BTreeMap::new(),
        }
    }

    /// Counts a turn with the check after it, which may hide what is still there. What nobody
    /// answered was not tried.
    pub(super) fn note(&mut self, answers: &[Answer], check: &Checked, hides_more: bool) {
        let answered = answers.iter().filter(|it| !it.free && it.outcome.is_some());
        let asked: BTreeSet<&String> = answered.flat_map(|it| &it.asked).collect();
        for key in asked {
            *self.in_vain.entry(key.clone()).or_default() += 1;
        }
        if !hides_more {
            self.in_vain.retain(|key, _| check.keys.contains(key));
        }
    }

    /// Tells whether one of these findings is for the other model.
    pub(super) fn need_another(&self, asked: &BTreeSet<String>) -> bool {
        asked.iter().any(|key| self.is_for_another(key))
    }

    /// Leaves these findings to the other model, and tells whether that is any news.
    pub(super) fn give_up(&mut self, keys: &BTreeSet<String>) -> bool {
        let Some(most) = self.most else { return false };
        let is_news = keys.iter().any(|key| !self.is_for_another(key));
        let given_up = keys.iter().map(|key| (key.clone(), most));
        self.in_vain.extend(given_up);
        is_news
    }

    fn is_for_another(&self, key: &str) -> bool {
        let tries = self.in_vain.get(key).copied().unwrap_or_default();
        self.most.is_some_and(|most| tries >= most)
    }
}

#[cfg(test)]
mod tests {
    use lr_turn::Outcome;

    use super::*;

    fn keys(keys: &[&str]) -> BTreeSet<String> {
        keys.iter().map(|key| (*key).to_owned()).collect()
    }

    fn turn(tries: &mut Tries, answer: Answer, left: &[&str]) {
        let check = Checked {
            keys: keys(left),
            ..Checked::default()
        };
        tries.note(&[answer], &check, false);
    }

    fn answered(asked: &[&str]) -> Answer {
        Answer {
            outcome: Some(Outcome::Refused),
            asked: keys(asked),
            ..Answer::default()
        }
    }

    #[test]
    fn a_finding_that_stays_is_for_another_model() {
        let mut tries = Tries::new(Some(2));
        turn(&mut tries, answered(&["k", "l"]), &["k", "l"]);
        assert!(!tries.need_another(&keys(&["k", "l"])));
        turn(&mut tries, answered(&["k"]), &["k", "l"]);
        assert!(tries.need_another(&keys(&["k", "l"])));
        assert!(!tries.need_another(&keys(&["l"])));
        turn(&mut tries, answered(&["k"]), &["l"]);
        assert!(!tries.need_another(&keys(&["k"])));
    }

    #[test]
    fn what_nobody_answered_or_what_was_free_was_not_tried() {
        let mut tries = Tries::new(Some(1));
        let free = Answer {
            free: true,
            ..answered(&["k"])
        };
        turn(&mut tries, free, &["k"]);
        let failed = Answer {
            outcome: None,
            ..answered(&["k"])
        };
        turn(&mut tries, failed, &["k"]);
        assert!(!tries.need_another(&keys(&["k"])));
    }

    #[test]
    fn a_finding_that_is_hidden_is_not_forgotten() {
        let mut tries = Tries::new(Some(2));
        tries.note(&[answered(&["k"])], &Checked::default(), true);
        turn(&mut tries, answered(&["k"]), &["k"]);
        assert!(tries.need_another(&keys(&["k"])));
    }

    #[test]
    fn giving_up_is_news_once() {
        let mut tries = Tries::new(Some(2));
        assert!(tries.give_up(&keys(&["k"])));
        assert!(tries.need_another(&keys(&["k"])));
        assert!(!tries.give_up(&keys(&["k"])));
        assert!(tries.give_up(&keys(&["k", "l"])));
        assert!(!Tries::new(None).give_up(&keys(&["k"])));
    }
}
