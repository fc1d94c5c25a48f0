//! What checkers complain about in their own configuration: each is told once, and of many only the first.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use lr_stage::say;

/// Tells such complaints, of whichever call they come first.
#[derive(Debug, Default)]
pub(crate) struct Remarks {
    told: Mutex<HashSet<String>>,
}

impl Remarks {
    /// Tells what a call of a checker complains about, unless another call did already.
    pub(crate) fn tell(&self, checker: &str, remarks: &[String]) {
        let all = remarks.iter();
        let all = all.map(|remark| format!("'{checker}' has a complaint about {remark}"));
        let new = self.new_of(all);
        let Some((first, others)) = new.split_first() else {
            return;
        };
        match others.len() {
            0 => say::warn(first),
            count => say::warn(&format!("{first}; and {count} more (-v)")),
        }
        for other in others {
            say::detail(1, other);
        }
    }

    /// Returns those that were not told before.
    fn new_of(&self, all: impl Iterator<Item = String>) -> Vec<String> {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        all.filter(|remark| told.insert(remark.clone())).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_two_calls_complain_about_is_new_once() {
        let remarks = Remarks::default();
        let new = |words: &[&str]| remarks.new_of(words.iter().map(|word| (*word).to_owned()));
        assert_eq!(new(&["a", "b", "a"]), ["a", "b"]);
        assert_eq!(new(&["b", "c"]), ["c"]);
    }
}
