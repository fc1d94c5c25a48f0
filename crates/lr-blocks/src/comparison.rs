//! Two versions of a text, line by line.

use std::collections::HashMap;

/// What the new version of a text has lost and gained.
///
/// Lines are compared without the blanks around them, so that indenting is no change; a line that has moved is neither
/// lost nor gained. Blank lines do not count.
pub(crate) struct Comparison<'t> {
    /// The old text, as it was given.
    pub(crate) old: &'t str,
    /// The new text, as it was given.
    pub(crate) new: &'t str,
    /// The lines of the old text the new one does not have, without the blanks around them.
    pub(crate) lost: Vec<&'t str>,
    /// The lines of the new text the old one does not have, as they are.
    pub(crate) gained: Vec<&'t str>,
    /// How many lines of the old text are not blank.
    pub(crate) n_old: usize,
    /// How many lines of the new text are not blank.
    pub(crate) n_new: usize,
}

impl<'t> Comparison<'t> {
    /// Compares a text with its new version, in time linear in both.
    pub(crate) fn of(old: &'t str, new: &'t str) -> Self {
        let mut unmatched: HashMap<&str, usize> = HashMap::new();
        for line in lines(old) {
            *unmatched.entry(line.trim()).or_default() += 1;
        }
        let mut gained = Vec::new();
        for line in lines(new) {
            match unmatched.get_mut(line.trim()) {
                Some(count) if *count > 0 => *count -= 1,
                _ => gained.push(line),
            }
        }
        let mut lost = Vec::new();
        for line in lines(old).map(str::trim) {
            if let Some(count) = unmatched.get_mut(line).filter(|count| **count > 0) {
                *count -= 1;
                lost.push(line);
            }
        }
        Self {
            old,
            new,
            lost,
            gained,
            n_old: lines(old).count(),
            n_new: lines(new).count(),
        }
    }
}

fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter(|line| !line.trim().is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(old: &str, new: &str, lost: &[&str], gained: &[&str]) {
        let comparison = Comparison::of(old, new);
        assert_eq!(comparison.lost, lost);
        assert_eq!(comparison.gained, gained);
    }

    #[test]
    fn moved_and_indented_lines_are_no_change() {
        check("a\nb\n", "b\n\n  a\n", &[], &[]);
        check("a\r\nb\r\n", "a\nb\n", &[], &[]);
    }

    #[test]
    fn repeated_lines_are_counted() {
        check("a\na\nb\n", "a\n  c\nc\n", &["a", "b"], &["  c", "c"]);
    }
}
