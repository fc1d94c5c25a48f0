//! Divides the files of a checker among the calls of it.

use crate::catalogue::{Checker, Unit};

/// How long a command line's list of files may be, in bytes; longer lists take several calls.
const LONGEST_LIST: usize = 100_000;

/// One call to make.
pub(crate) struct Call<'a> {
    /// Of which checker.
    pub(crate) checker: &'a Checker,
    /// About which files.
    pub(crate) files: Vec<&'a str>,
    /// Whether the user named the checker, so that it must be there.
    pub(crate) named: bool,
}

/// Divides the files of a checker among as many calls as it needs, and where that is worth it for so
/// many bytes among up to `jobs` of them; files of one group stay together as far as a command line
/// takes them.
pub(crate) fn calls<'a>(
    checker: &'a Checker,
    groups: &[Vec<&'a str>],
    bytes: impl Fn(&str) -> usize,
    named: bool,
    jobs: usize,
) -> Vec<Call<'a>> {
    let files = groups.concat();
    let total: usize = files.iter().map(|file| bytes(file)).sum();
    let worth = checker.divide.map_or(1, |least| total / least.max(1));
    let batches: Vec<Vec<&str>> = match checker.unit {
        Unit::File => files.iter().map(|file| vec![*file]).collect(),
        Unit::Files => shares(groups, bytes, worth.clamp(1, jobs.max(1)))
            .iter()
            .flat_map(|share| batches(share, LONGEST_LIST))
            .collect(),
        Unit::Project => vec![files],
    };
    batches
        .into_iter()
        .filter(|files| !files.is_empty())
        .map(|files| Call {
            checker,
            files,
            named,
        })
        .collect()
}

/// Divides groups into so many shares of about as many bytes.
fn shares<'a>(
    groups: &[Vec<&'a str>],
    bytes: impl Fn(&str) -> usize,
    count: usize,
) -> Vec<Vec<&'a str>> {
    let of_group = |group: &Vec<&str>| -> usize { group.iter().map(|file| bytes(file)).sum() };
    let total: usize = groups.iter().map(of_group).sum();
    let mut shares: Vec<Vec<&str>> = vec![Vec::new(); count];
    let mut before = 0;
    for group in groups {
        let own = of_group(group);
        // A group goes where its middle lies, so that a large one does not draw others along.
        let share = (2 * before + own) * count / (2 * total).max(1);
        shares[share.min(count - 1)].extend(group);
        before += own;
    }
    shares
}

/// Divides files so that no list is longer than `longest` bytes, as a command line counts them.
pub(crate) fn batches<'a>(files: &[&'a str], longest: usize) -> Vec<Vec<&'a str>> {
    let mut batches: Vec<Vec<&str>> = Vec::new();
    let mut length = usize::MAX;
    for file in files {
        length = length.saturating_add(file.len() + 1);
        match batches.last_mut() {
            Some(batch) if length <= longest => batch.push(file),
            _ => {
                length = file.len() + 1;
                batches.push(vec![file]);
            }
        }
    }
    batches
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::Catalogue;

    #[test]
    fn files_are_divided_where_that_is_worth_it_and_groups_stay_together() {
        let catalogue = Catalogue::built_in().unwrap();
        let names: Vec<String> = (0..30).map(|number| format!("{number}.py")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let mut groups: Vec<Vec<&str>> = names[..10].iter().map(|name| vec![*name]).collect();
        groups.push(names[10..26].to_vec());
        groups.extend(names[26..].iter().map(|name| vec![*name]));
        let sizes = |checker: &str, bytes: usize, jobs| -> Vec<usize> {
            let checker = catalogue.find(checker).unwrap();
            let calls = calls(checker, &groups, |_| bytes, false, jobs);
            calls.iter().map(|call| call.files.len()).collect()
        };
        assert_eq!(sizes("pylint", 8_000, 1), [30]);
        assert_eq!(sizes("pylint", 8_000, 2), [10, 20]);
        assert_eq!(sizes("pylint", 8_000, 9), [10, 16, 4]);
        assert_eq!(sizes("pylint", 2_000, 9), [30]);
        assert_eq!(sizes("ruff", 8_000, 9), [30]);
        let pylint = catalogue.find("pylint").unwrap();
        assert_eq!(calls(pylint, &[], |_| 1, false, 2).len(), 0);
    }

    #[test]
    fn many_files_take_several_calls() {
        let names: Vec<String> = (0..3000).map(|number| format!("{number:0>99}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let batches = batches(&names, 100_000);
        assert_eq!(
            batches.iter().map(Vec::len).collect::<Vec<_>>(),
            [1000, 1000, 1000]
        );
        assert_eq!(batches.concat(), names);
    }
}
