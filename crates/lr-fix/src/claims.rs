//! Which keys of findings will be gone when some of the findings are fixed.
//!
//! Findings that say the same of equal lines share a key and are told apart by a number behind it,
//! in the order of their places. When the first of three is fixed, the others move up: it is the
//! third name that goes. Claiming the first would make the next one look tried in vain.

use std::collections::BTreeMap;

/// Returns the names that go when the findings of the names `fixed` go, given all names.
pub(crate) fn claims<'k>(
    all: impl Iterator<Item = &'k str>,
    fixed: impl Iterator<Item = &'k str>,
) -> Vec<String> {
    let mut groups: BTreeMap<&str, Vec<u64>> = BTreeMap::new();
    for name in all {
        let (key, number) = parts(name);
        groups.entry(key).or_default().push(number);
    }
    for numbers in groups.values_mut() {
        numbers.sort_unstable();
        numbers.dedup();
    }
    let gone = fixed.filter_map(|name| {
        let (key, number) = parts(name);
        let number = groups.get_mut(key).and_then(Vec::pop).unwrap_or(number);
        (!key.is_empty()).then(|| match number {
            1 => key.to_owned(),
            _ => format!("{key}-{number}"),
        })
    });
    gone.collect()
}

/// Splits a name into the shared key and the number, 1 where there is none.
fn parts(name: &str) -> (&str, u64) {
    let numbered = name
        .rsplit_once('-')
        .and_then(|(key, number)| Some((key, number.parse().ok()?)));
    numbered.unwrap_or((name, 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(all: &[&str], fixed: &[&str], expected: &[&str]) {
        let claimed = claims(all.iter().copied(), fixed.iter().copied());
        assert_eq!(claimed, expected);
    }

    #[test]
    fn a_name_of_its_own_goes() {
        check(&["a", "b"], &["b"], &["b"]);
        check(&["a", ""], &["", "a"], &["a"]);
    }

    #[test]
    fn of_numbered_names_the_last_ones_go() {
        check(&["a", "a-2", "a-3", "b"], &["a"], &["a-3"]);
        check(&["a", "a-2", "a-3"], &["a", "a-2"], &["a-3", "a-2"]);
        check(&["a", "a-2"], &["a-2", "a"], &["a-2", "a"]);
    }
}
