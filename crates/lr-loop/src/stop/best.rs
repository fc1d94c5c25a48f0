//! The best state that the sources have been in, by the rank of its check.

use lr_turn::Rank;

/// Remembers which turn began in the best state.
#[derive(Debug, Default)]
pub(crate) struct Best {
    /// The best rank, and the last turn that began with it.
    state: Option<(Rank, u64)>,
    /// The turn that begins with the present state.
    turn: u64,
    /// The present rank; `None` while no check says so.
    present: Option<Rank>,
}

impl Best {
    /// Notes that the sources may have changed since the last check, before the next one.
    pub(crate) fn changed(&mut self, turn: u64) {
        self.turn = turn;
        self.present = None;
    }

    /// Notes a check, the one with which `turn` begins; it has no rank where it was in trouble.
    pub(crate) fn checked(&mut self, turn: u64, rank: Option<Rank>) {
        self.turn = turn;
        self.present = rank;
        if let Some(rank) = rank
            && self.state.is_none_or(|(best, _)| rank <= best)
        {
            self.state = Some((rank, turn));
        }
    }

    /// Notes that the present state is again the one in which an earlier turn began.
    pub(crate) fn restored(&mut self, turn: u64) {
        if let Some((rank, _)) = self.state.filter(|_| self.better().is_none()) {
            self.state = Some((rank, turn));
        }
    }

    /// Returns the turn that began in a better state than the present one. A state of which no
    /// check says how good it is counts as worse.
    pub(crate) fn better(&self) -> Option<u64> {
        let (best, turn) = self.state?;
        let is_worse = self.present.is_none_or(|present| present > best);
        (is_worse && turn < self.turn).then_some(turn)
    }

    /// Tells whether a check says how good the present state is.
    pub(crate) fn is_known(&self) -> bool {
        self.present.is_some()
    }

    /// Returns the turn that begins with the present state.
    pub(crate) fn present(&self) -> u64 {
        self.turn
    }

    /// Returns the turn that began in the best state.
    pub(crate) fn turn(&self) -> Option<u64> {
        self.state.map(|(_, turn)| turn)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Notes a check for each number of errors, from turn 1 on.
    fn better(errors: &[Option<u64>]) -> Option<u64> {
        let mut best = Best::default();
        for (turn, errors) in (1..).zip(errors) {
            best.changed(turn);
            best.checked(turn, errors.map(|errors| [0, 0, errors, 0, 0]));
        }
        best.better()
    }

    #[test]
    fn the_last_of_the_best_states_is_better_than_a_worse_one() {
        assert_eq!(better(&[Some(3), Some(1), Some(1), Some(2)]), Some(3));
        assert_eq!(better(&[Some(3), Some(4)]), Some(1));
        assert_eq!(better(&[Some(3), Some(4), Some(3)]), None);
        assert_eq!(better(&[Some(3)]), None);
    }

    #[test]
    fn what_nobody_knows_is_no_better() {
        assert_eq!(better(&[None]), None);
        assert_eq!(better(&[Some(3), None]), Some(1));
        let mut best = Best::default();
        best.checked(1, Some([0; 5]));
        best.changed(2);
        assert_eq!(best.better(), Some(1));
    }

    #[test]
    fn a_state_that_came_back_began_where_it_was_first() {
        let mut best = Best::default();
        best.checked(1, Some([0, 0, 2, 0, 0]));
        best.checked(2, Some([0, 0, 3, 0, 0]));
        best.checked(2, Some([0, 0, 2, 0, 0]));
        best.restored(1);
        assert_eq!((best.turn(), best.better()), (Some(1), None));
    }

    #[test]
    fn a_file_that_cannot_be_read_is_worse_than_many_findings() {
        let mut best = Best::default();
        best.checked(1, Some([0, 0, 0, 40, 9]));
        best.checked(2, Some([1, 0, 0, 0, 0]));
        assert_eq!(best.better(), Some(1));
    }
}
