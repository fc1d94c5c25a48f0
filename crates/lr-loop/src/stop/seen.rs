//! The states that the sources have been in.

use std::collections::BTreeSet;

use crate::reading::Checked;

/// A state of the sources: what they hold, and what is found in them.
type State = (BTreeSet<(String, String)>, BTreeSet<String>);

/// The states that the sources have been in.
#[derive(Debug, Default)]
pub(super) struct Seen(Vec<State>);

impl Seen {
    /// Notes the state at a check, and tells whether it is a new one. Where a hash is not known,
    /// nobody can tell, and it counts as new.
    pub(super) fn note(&mut self, check: &Checked) -> bool {
        let Some(sources) = check.sources.clone() else {
            return true;
        };
        let state = (sources, check.keys.clone());
        if self.0.contains(&state) {
            return false;
        }
        self.0.push(state);
        true
    }
}
