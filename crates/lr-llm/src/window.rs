//! What was read and is not written yet: it leaves when it is done and, unless any order will do, in its order. Pure.

use std::collections::VecDeque;

/// What was read and not yet written.
#[derive(Debug)]
pub(crate) struct Window<T> {
    entries: VecDeque<Entry<T>>,
    next: usize,
    unordered: bool,
}

#[derive(Debug)]
struct Entry<T> {
    number: usize,
    is_done: bool,
    item: T,
}

impl<T> Window<T> {
    /// An empty window.
    pub(crate) fn new(unordered: bool) -> Self {
        Window {
            entries: VecDeque::new(),
            next: 0,
            unordered,
        }
    }

    /// Whether everything was written.
    pub(crate) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Takes in what was read, and gives its number.
    pub(crate) fn push(&mut self, item: T) -> usize {
        let number = self.next;
        self.next += 1;
        self.entries.push_back(Entry {
            number,
            is_done: false,
            item,
        });
        number
    }

    /// What has this number.
    pub(crate) fn get_mut(&mut self, number: usize) -> Option<&mut T> {
        self.entry(number).map(|entry| &mut entry.item)
    }

    /// Says that what has this number is done.
    pub(crate) fn done(&mut self, number: usize) {
        if let Some(entry) = self.entry(number) {
            entry.is_done = true;
        }
    }

    /// Takes out what is to be written next.
    pub(crate) fn pop(&mut self) -> Option<T> {
        let position = self.entries.iter().position(|entry| entry.is_done)?;
        if position > 0 && !self.unordered {
            return None;
        }
        self.entries.remove(position).map(|entry| entry.item)
    }

    /// Takes out everything, in order, and whether it is done.
    pub(crate) fn drain(&mut self) -> impl Iterator<Item = (T, bool)> {
        self.entries
            .drain(..)
            .map(|entry| (entry.item, entry.is_done))
    }

    fn entry(&mut self, number: usize) -> Option<&mut Entry<T>> {
        self.entries.iter_mut().find(|entry| entry.number == number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What leaves the window after each of four is done, in this order.
    fn left(unordered: bool, order: [usize; 4]) -> Vec<Vec<char>> {
        let mut window = Window::new(unordered);
        for item in ['a', 'b', 'c', 'd'] {
            window.push(item);
        }
        let written = order.map(|number| {
            window.done(number);
            std::iter::from_fn(|| window.pop()).collect()
        });
        assert!(window.is_empty());
        written.to_vec()
    }

    #[test]
    fn what_is_done_waits_for_what_came_before() {
        let written = left(false, [2, 0, 3, 1]);
        assert_eq!(written, [vec![], vec!['a'], vec![], vec!['b', 'c', 'd']]);
    }

    #[test]
    fn without_an_order_nothing_waits() {
        let written = left(true, [2, 0, 3, 1]);
        assert_eq!(written, [['c'], ['a'], ['d'], ['b']]);
    }

    #[test]
    fn what_is_not_done_comes_out_at_the_end() {
        let mut window = Window::new(false);
        window.push('a');
        window.push('b');
        window.done(1);
        let all: Vec<_> = window.drain().collect();
        assert_eq!(all, [('a', false), ('b', true)]);
    }
}
