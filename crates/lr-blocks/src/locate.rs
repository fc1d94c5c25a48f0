//! A text as lines in which runs of lines are found and replaced.
//!
//! Lines are a ring of nodes, and of each line it is known where it stands, so that finding a run costs as much as its
//! rarest line is frequent, and replacing one costs no more than the run. Thousands of edits in a large file stay cheap.

use std::collections::HashMap;

/// The ends of the ring: before the first line and behind the last.
const EDGE: usize = 0;

/// So many places of a run are looked for at most; more are no better.
const MOST_PLACES: usize = 1000;

/// A text as lines.
pub(crate) struct Lines<'t> {
    texts: Vec<&'t str>,
    ids: HashMap<&'t str, usize>,
    /// The nodes of each line, by its id; up to as many of them as are there may be gone.
    places: Vec<Vec<usize>>,
    /// How many of these are gone.
    gone: Vec<usize>,
    nodes: Vec<Node>,
}

struct Node {
    id: usize,
    before: usize,
    after: usize,
    is_there: bool,
}

impl<'t> Lines<'t> {
    /// The lines of a text whose lines end with LF, the last one too. Node `n` is line `n`, from 1.
    pub(crate) fn of(text: &'t str) -> Self {
        let mut lines = Self {
            texts: Vec::new(),
            ids: HashMap::new(),
            places: Vec::new(),
            gone: Vec::new(),
            nodes: vec![Node {
                id: 0,
                before: EDGE,
                after: EDGE,
                is_there: false,
            }],
        };
        for line in split(text) {
            lines.insert(line, EDGE);
        }
        lines
    }

    /// Whether there is no line.
    pub(crate) fn is_empty(&self) -> bool {
        self.nodes[EDGE].after == EDGE
    }

    /// The first nodes of all runs of these lines, not in order; `MOST_PLACES` at most. No lines are found nowhere.
    pub(crate) fn find(&self, run: &[&str]) -> Vec<usize> {
        let Some(ids) = self.ids_of(run) else {
            return Vec::new();
        };
        let Some((offset, id)) = self.rarest(&ids) else {
            return Vec::new();
        };
        let candidates = self.places[id]
            .iter()
            .filter(|node| self.nodes[**node].is_there);
        let begins = candidates.filter_map(|node| self.back(*node, offset));
        begins
            .filter(|begin| self.stands_at(*begin, &ids))
            .take(MOST_PLACES)
            .collect()
    }

    /// The first node of a run of lines that are the last ones.
    pub(crate) fn find_at_end(&self, run: &[&str]) -> Option<usize> {
        let ids = self.ids_of(run)?;
        let begin = self.back(self.nodes[EDGE].before, ids.len().checked_sub(1)?)?;
        self.stands_at(begin, &ids).then_some(begin)
    }

    /// Whether a run stands at a line, counted from 1 in the text as it was at first.
    pub(crate) fn is_at(&self, line: usize, run: &[&str]) -> bool {
        let is_there = self.nodes.get(line).is_some_and(|node| node.is_there);
        is_there
            && self
                .ids_of(run)
                .is_some_and(|ids| !ids.is_empty() && self.stands_at(line, &ids))
    }

    /// Puts lines in the place of `length` lines from node `begin` on.
    pub(crate) fn replace(&mut self, begin: usize, length: usize, with: &[&'t str]) {
        let mut node = begin;
        for _ in 0..length {
            let Node {
                id, before, after, ..
            } = self.nodes[node];
            self.nodes[node].is_there = false;
            self.gone[id] += 1;
            self.forget_gone(id);
            self.nodes[before].after = after;
            self.nodes[after].before = before;
            node = after;
        }
        for line in with {
            self.insert(line, node);
        }
    }

    /// The lines as they are now.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &'t str> {
        let mut node = EDGE;
        std::iter::from_fn(move || {
            node = self.nodes[node].after;
            (node != EDGE).then(|| self.texts[self.nodes[node].id])
        })
    }

    /// The text as it is now.
    pub(crate) fn text(&self) -> String {
        self.iter().flat_map(|line| [line, "\n"]).collect()
    }

    /// The number of a node's line in the text as it is now, from 1.
    pub(crate) fn number(&self, node: usize) -> usize {
        let mut number = 0;
        let mut at = node;
        while at != EDGE {
            at = self.nodes[at].before;
            number += 1;
        }
        number
    }

    fn insert(&mut self, line: &'t str, after: usize) {
        let next = self.texts.len();
        let id = *self.ids.entry(line).or_insert(next);
        if id == next {
            self.texts.push(line);
            self.places.push(Vec::new());
            self.gone.push(0);
        }
        let node = self.nodes.len();
        let before = self.nodes[after].before;
        self.nodes.push(Node {
            id,
            before,
            after,
            is_there: true,
        });
        self.nodes[before].after = node;
        self.nodes[after].before = node;
        self.places[id].push(node);
    }

    fn ids_of(&self, run: &[&str]) -> Option<Vec<usize>> {
        run.iter().map(|line| self.ids.get(line).copied()).collect()
    }

    /// The line of a run that stands in the fewest places, and where in the run.
    fn rarest(&self, ids: &[usize]) -> Option<(usize, usize)> {
        let counted = ids.iter().copied().enumerate();
        counted.min_by_key(|(_, id)| self.places[*id].len())
    }

    /// Forgets the nodes of a line that are gone, once they are the most.
    fn forget_gone(&mut self, id: usize) {
        if 2 * self.gone[id] > self.places[id].len() {
            let nodes = &self.nodes;
            self.places[id].retain(|node| nodes[*node].is_there);
            self.gone[id] = 0;
        }
    }

    /// The node so many lines before.
    fn back(&self, mut node: usize, by: usize) -> Option<usize> {
        for _ in 0..by {
            node = self.nodes[node].before;
            if node == EDGE {
                return None;
            }
        }
        Some(node)
    }

    fn stands_at(&self, begin: usize, ids: &[usize]) -> bool {
        let mut node = begin;
        ids.iter().all(|id| {
            let is_here = node != EDGE && self.nodes[node].id == *id;
            node = self.nodes[node].after;
            is_here
        })
    }
}

/// The lines of a text, a last one without an end too.
fn split(text: &str) -> impl Iterator<Item = &str> {
    text.split_inclusive('\n')
        .map(|line| line.strip_suffix('\n').unwrap_or(line))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::collection::vec;
    use proptest::prelude::*;

    #[test]
    fn runs_are_found_wherever_they_stand() {
        let lines = Lines::of("a\nb\na\nb\na\n");
        assert_eq!(lines.find(&["a", "b"]), [1, 3]);
        assert_eq!(lines.find(&["b", "a", "b"]), [2]);
        assert!(lines.find(&["a", "a"]).is_empty());
        assert!(lines.find(&["c"]).is_empty());
        assert!(lines.find(&[]).is_empty());
        assert!(lines.is_at(3, &["a", "b", "a"]));
        assert!(!lines.is_at(6, &["a"]));
        assert!(!lines.is_at(0, &["a"]));
    }

    #[test]
    fn lines_are_replaced_in_place() {
        let mut lines = Lines::of("a\nb\nc");
        lines.replace(2, 1, &["x", "y"]);
        assert_eq!(lines.text(), "a\nx\ny\nc\n");
        let found = lines.find(&["y", "c"]);
        assert_eq!(lines.number(found[0]), 3);
        assert!(lines.find(&["b"]).is_empty());
        lines.replace(found[0], 2, &[]);
        assert_eq!(lines.text(), "a\nx\n");
        lines.replace(1, 1, &[]);
        assert_eq!(lines.find_at_end(&["a"]), None);
        let last = lines.find(&["x"])[0];
        assert_eq!(lines.find_at_end(&["x"]), Some(last));
        lines.replace(last, 1, &[]);
        assert!(lines.is_empty());
        assert_eq!(lines.text(), "");
    }

    proptest! {
        #[test]
        fn finds_what_a_plain_search_finds(text in vec("[ab]", 0..12), run in vec("[ab]", 1..4)) {
            let whole: String = text.iter().flat_map(|line| [line, "\n"]).collect();
            let run: Vec<&str> = run.iter().map(String::as_str).collect();
            let mut found = Lines::of(&whole).find(&run);
            found.sort_unstable();
            let expected: Vec<usize> = (0..text.len())
                .filter(|at| text[*at..].len() >= run.len() && text[*at..*at + run.len()] == run)
                .map(|at| at + 1)
                .collect();
            prop_assert_eq!(found, expected);
        }
    }
}
