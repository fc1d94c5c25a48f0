//! Which lines two versions of a text share, in time linear in both.
//!
//! The shortest edit script costs time that grows with the square of the difference, so it is looked for only between
//! lines that are close to each other: equal beginnings and ends are taken off, then lines that occur once in both
//! versions divide the rest. What is still long, and has no such line, counts as wholly different.

use std::collections::HashMap;
use std::ops::Range;

use similar::{Algorithm, DiffOp, capture_diff_slices};

/// Up to so many lines, old and new together, are compared by the shortest edit script.
const FEW: usize = 512;

/// How often what lies between two dividing lines is divided again.
const DEEPEST: usize = 16;

/// Lines of an old version that stand in the new one, in the same order and without others between them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SharedLines {
    /// The index of the first one in the old version.
    pub old: usize,
    /// The index of the first one in the new version.
    pub new: usize,
    /// How many there are.
    pub len: usize,
}

/// Finds the lines that two versions share, from the first to the last; the rest is what was removed and added.
///
/// The answer depends on nothing but the lines.
pub fn shared_lines(old: &[&str], new: &[&str]) -> Vec<SharedLines> {
    // What most changes leave alone is not even numbered.
    let begin = common(old.iter(), new.iter());
    let (old_rest, new_rest) = (&old[begin..], &new[begin..]);
    let end = common(old_rest.iter().rev(), new_rest.iter().rev());
    let numbered = Numbered::new(
        &old_rest[..old_rest.len() - end],
        &new_rest[..new_rest.len() - end],
    );
    let mut comparison = Comparison {
        occurrences: vec![Occurrence::default(); numbered.count],
        old: &numbered.old,
        new: &numbered.new,
        first: begin,
        shared: Vec::new(),
    };
    comparison.add_at(0, 0, begin);
    comparison.compare(0..numbered.old.len(), 0..numbered.new.len(), 0);
    comparison.add_at(old.len() - end, new.len() - end, end);
    comparison.shared
}

/// The lines of two versions as numbers, which are equal where the lines are.
struct Numbered {
    old: Vec<usize>,
    new: Vec<usize>,
    /// How many different lines the old version has; they have the smallest numbers.
    count: usize,
}

impl Numbered {
    fn new(old: &[&str], new: &[&str]) -> Self {
        let mut numbers: HashMap<&str, usize> = HashMap::new();
        let number = |line| {
            let next = numbers.len();
            *numbers.entry(line).or_insert(next)
        };
        let old = old.iter().copied().map(number).collect();
        // A line that only the new version has is equal to none of the old one's, so it needs no number of its own.
        let count = numbers.len();
        let number = |line| numbers.get(line).copied().unwrap_or(count);
        let new = new.iter().copied().map(number).collect();
        Self { old, new, count }
    }
}

struct Comparison<'a> {
    old: &'a [usize],
    new: &'a [usize],
    /// How many lines stand before those of `old` and `new`, equal in both versions.
    first: usize,
    /// For each number, what is known of it in the stretch that is looked at; nothing in between.
    occurrences: Vec<Occurrence>,
    shared: Vec<SharedLines>,
}

impl Comparison<'_> {
    fn compare(&mut self, old: Range<usize>, new: Range<usize>, depth: usize) {
        let (old_lines, new_lines) = (&self.old[old.clone()], &self.new[new.clone()]);
        let begin = common(old_lines.iter(), new_lines.iter());
        let (old_rest, new_rest) = (&old_lines[begin..], &new_lines[begin..]);
        let end = common(old_rest.iter().rev(), new_rest.iter().rev());
        self.add(old.start, new.start, begin);
        let inner_old = old.start + begin..old.end - end;
        let inner_new = new.start + begin..new.end - end;
        if !inner_old.is_empty() && !inner_new.is_empty() {
            self.compare_inner(inner_old, inner_new, depth);
        }
        self.add(old.end - end, new.end - end, end);
    }

    fn compare_inner(&mut self, old: Range<usize>, new: Range<usize>, depth: usize) {
        if old.len() + new.len() <= FEW {
            return self.compare_few(&old.collect::<Vec<_>>(), &new.collect::<Vec<_>>());
        }
        if depth == DEEPEST {
            return;
        }
        self.count(&old, &new);
        let anchors = anchors(&self.unique(&old));
        let few = if anchors.is_empty() {
            self.in_both(&old, &new)
        } else {
            None
        };
        self.forget(&old, &new);
        if let Some((old, new)) = few {
            self.compare_few(&old, &new);
        }
        if anchors.is_empty() {
            return;
        }
        let (mut from_old, mut from_new) = (old.start, new.start);
        for (at_old, at_new) in anchors {
            self.compare(from_old..at_old, from_new..at_new, depth + 1);
            self.add(at_old, at_new, 1);
            (from_old, from_new) = (at_old + 1, at_new + 1);
        }
        self.compare(from_old..old.end, from_new..new.end, depth + 1);
    }

    /// Counts how often the lines of a stretch of the old version occur in it, and in one of the new version.
    fn count(&mut self, old: &Range<usize>, new: &Range<usize>) {
        for line in &self.old[old.clone()] {
            self.occurrences[*line].n_old += 1;
        }
        for at in new.clone() {
            if let Some(occurrence) = self.occurrences.get_mut(self.new[at]) {
                occurrence.n_new += 1;
                occurrence.new = at;
            }
        }
    }

    /// Makes the counts ready for another stretch.
    fn forget(&mut self, old: &Range<usize>, new: &Range<usize>) {
        for line in self.old[old.clone()].iter().chain(&self.new[new.clone()]) {
            if let Some(occurrence) = self.occurrences.get_mut(*line) {
                *occurrence = Occurrence::default();
            }
        }
    }

    /// The places of the lines that occur once in each stretch, in the order of the old version.
    fn unique(&self, old: &Range<usize>) -> Vec<(usize, usize)> {
        let places = old.clone().filter_map(|at| {
            let line = self.occurrences[self.old[at]];
            (line.n_old == 1 && line.n_new == 1).then_some((at, line.new))
        });
        places.collect()
    }

    /// The places of the lines that occur in both stretches, unless they are too many to be compared.
    fn in_both(&self, old: &Range<usize>, new: &Range<usize>) -> Option<(Vec<usize>, Vec<usize>)> {
        let is_in_both = |line: usize| {
            let occurrence = self.occurrences.get(line);
            occurrence.is_some_and(|line| line.n_old > 0 && line.n_new > 0)
        };
        let old = old.clone().filter(|at| is_in_both(self.old[*at]));
        let new = new.clone().filter(|at| is_in_both(self.new[*at]));
        let (old, new): (Vec<usize>, Vec<usize>) =
            (old.take(FEW + 1).collect(), new.take(FEW + 1).collect());
        (old.len() + new.len() <= FEW).then_some((old, new))
    }

    /// Compares the lines at these places by the shortest edit script.
    fn compare_few(&mut self, old: &[usize], new: &[usize]) {
        let old_lines: Vec<usize> = old.iter().map(|at| self.old[*at]).collect();
        let new_lines: Vec<usize> = new.iter().map(|at| self.new[*at]).collect();
        for operation in capture_diff_slices(Algorithm::Myers, &old_lines, &new_lines) {
            if let DiffOp::Equal {
                old_index,
                new_index,
                len,
            } = operation
            {
                let pairs = old[old_index..].iter().zip(&new[new_index..]).take(len);
                for (at_old, at_new) in pairs {
                    self.add(*at_old, *at_new, 1);
                }
            }
        }
    }

    /// Adds shared lines at places behind the equal beginning.
    fn add(&mut self, old: usize, new: usize, len: usize) {
        self.add_at(self.first + old, self.first + new, len);
    }

    /// Adds shared lines behind those found so far.
    fn add_at(&mut self, old: usize, new: usize, len: usize) {
        match self.shared.last_mut() {
            _ if len == 0 => {}
            Some(last) if last.old + last.len == old && last.new + last.len == new => {
                last.len += len;
            }
            _ => self.shared.push(SharedLines { old, new, len }),
        }
    }
}

/// How often a line occurs in a stretch of each version, and where it did last in the new one.
#[derive(Clone, Copy, Default)]
struct Occurrence {
    n_old: u32,
    n_new: u32,
    new: usize,
}

fn common<T: PartialEq>(one: impl Iterator<Item = T>, other: impl Iterator<Item = T>) -> usize {
    one.zip(other)
        .take_while(|(one, other)| one == other)
        .count()
}

/// The longest row of pairs of places, in the order of the first ones, whose second ones are in order too.
fn anchors(pairs: &[(usize, usize)]) -> Vec<(usize, usize)> {
    // The last pair of the best row of each length, and for each pair the one before it.
    let mut ends: Vec<usize> = Vec::new();
    let mut before: Vec<Option<usize>> = vec![None; pairs.len()];
    for (index, (_, new)) in pairs.iter().enumerate() {
        let length = ends.partition_point(|end| pairs[*end].1 < *new);
        before[index] = length.checked_sub(1).map(|shorter| ends[shorter]);
        if length == ends.len() {
            ends.push(index);
        } else {
            ends[length] = index;
        }
    }
    let mut row = Vec::new();
    let mut next = ends.last().copied();
    while let Some(index) = next {
        row.push(pairs[index]);
        next = before[index];
    }
    row.reverse();
    row
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(old: &str, new: &str, expected: &[(usize, usize, usize)]) {
        let (old, new): (Vec<&str>, Vec<&str>) =
            (old.split(' ').collect(), new.split(' ').collect());
        let shared = shared_lines(&old, &new);
        let shared: Vec<_> = shared
            .iter()
            .map(|run| (run.old, run.new, run.len))
            .collect();
        assert_eq!(shared, expected);
    }

    #[test]
    fn finds_what_stayed() {
        check("a b c", "a b c", &[(0, 0, 3)]);
        check("a b c", "a x c", &[(0, 0, 1), (2, 2, 1)]);
        check("a b c d", "b x d", &[(1, 0, 1), (3, 2, 1)]);
        check("a", "b", &[]);
    }

    /// Lines with so many different words, in an order that has no pattern.
    fn lines(n_lines: usize, n_words: usize, seed: u64) -> Vec<String> {
        let mut state = seed;
        let mut next = || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            usize::try_from(state >> 33).unwrap() % n_words
        };
        (0..n_lines).map(|_| next().to_string()).collect()
    }

    #[test]
    fn two_changes_far_apart_in_a_long_text_are_found() {
        let mut text = lines(20_000, 50, 1);
        text[100] = "one".to_owned();
        text[10_000] = "middle".to_owned();
        text[19_900] = "two".to_owned();
        let old: Vec<&str> = text.iter().map(String::as_str).collect();
        let mut new = old.clone();
        new.remove(19_900);
        new[100] = "new";
        let shared = shared_lines(&old, &new);
        let expected = [(0, 0, 100), (101, 101, 19_799), (19_901, 19_900, 99)];
        let shared: Vec<_> = shared
            .iter()
            .map(|run| (run.old, run.new, run.len))
            .collect();
        assert_eq!(shared, expected);
    }

    #[test]
    fn two_long_texts_that_have_little_in_common_are_compared_all_the_same() {
        let (old, new) = (lines(200_000, 40, 1), lines(200_000, 40, 2));
        let old: Vec<&str> = old.iter().map(String::as_str).collect();
        let new: Vec<&str> = new.iter().map(String::as_str).collect();
        let shared = shared_lines(&old, &new);
        assert!(shared.iter().all(|run| old[run.old] == new[run.new]));
    }

    proptest! {
        #[test]
        fn shared_lines_are_equal_and_in_order(
            old in proptest::collection::vec("[a-d]", 0..40),
            new in proptest::collection::vec("[a-d]", 0..40),
        ) {
            let old: Vec<&str> = old.iter().map(String::as_str).collect();
            let new: Vec<&str> = new.iter().map(String::as_str).collect();
            let (mut end_old, mut end_new) = (0, 0);
            for run in shared_lines(&old, &new) {
                prop_assert!(run.len > 0 && run.old >= end_old && run.new >= end_new);
                prop_assert_eq!(&old[run.old..run.old + run.len], &new[run.new..run.new + run.len]);
                (end_old, end_new) = (run.old + run.len, run.new + run.len);
            }
        }
    }
}
