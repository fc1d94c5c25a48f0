//! What the changes of a reply silence, counted over all its files.

use std::collections::HashMap;

use lr_blocks::{Suppression, suppressions};
use lr_files::SourceFile;
use lr_turn::{Refusal, Suppressed};

use crate::guard::refusal;
use crate::version::Version;

/// What the changes of a reply silence, by file.
pub(crate) struct Silenced<'a> {
    added: Vec<(&'a Version, Suppression)>,
}

impl<'a> Silenced<'a> {
    /// Compares the versions; what only moves from one file to another is not counted.
    pub(crate) fn by(versions: &'a [Version]) -> Self {
        let mut added = Vec::new();
        let mut sums: HashMap<&str, i64> = HashMap::new();
        for version in versions {
            let old = version.old.as_ref().map_or("", SourceFile::text);
            let new = String::from_utf8_lossy(version.new.as_deref().unwrap_or_default());
            for suppression in suppressions(old, &new) {
                *sums.entry(suppression.kind).or_default() += suppression.added;
                added.push((version, suppression));
            }
        }
        let is_new = |suppression: &Suppression| {
            suppression.added > 0 && sums.get(suppression.kind).is_some_and(|sum| *sum > 0)
        };
        added.retain(|(_, suppression)| is_new(suppression));
        Self { added }
    }

    /// Returns what stands in the turn.
    pub(crate) fn section(&self) -> Vec<Suppressed> {
        let one = |(version, suppression): &(&Version, Suppression)| Suppressed {
            path: version.path.clone(),
            kind: suppression.kind.to_owned(),
            added: suppression.added.unsigned_abs(),
        };
        self.added.iter().map(one).collect()
    }

    /// Refuses each of them, in words for the model.
    pub(crate) fn refusals(&self) -> Vec<Refusal> {
        let one = |(version, suppression): &(&Version, Suppression)| {
            let Suppression { kind, added, line } = suppression;
            let place = line.map_or(String::new(), |line| format!(", the first in line {line}"));
            let path = &version.path;
            let reason = format!(
                "the new version of '{path}' has {added} more of '{kind}'{place}: repair what is complained about, \
                 do not silence it, and keep all tests"
            );
            refusal(Some((version.block, path)), "suppression", reason)
        };
        self.added.iter().map(one).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(path: &str, old: &str, new: &str) -> Version {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(path), old).unwrap();
        let root = lr_files::Root::open(folder.path()).unwrap();
        Version {
            path: path.to_owned(),
            old: Some(root.read(path).unwrap()),
            new: Some(new.as_bytes().to_vec()),
            block: 1,
        }
    }

    #[test]
    fn what_moves_to_another_file_is_not_counted() {
        let moved = [
            version("a.py", "x  # noqa\ny\n", "y\n"),
            version("b.py", "z\n", "z\nx  # noqa\n"),
        ];
        assert_eq!(Silenced::by(&moved).section(), []);
        let more = [
            version("a.py", "x  # noqa\ny\n", "y\n"),
            version("b.py", "z\n", "z  # noqa\nx  # noqa\n"),
        ];
        let expected = Suppressed {
            path: "b.py".to_owned(),
            kind: "noqa".to_owned(),
            added: 2,
        };
        assert_eq!(Silenced::by(&more).section(), [expected]);
    }

    #[test]
    fn a_refusal_says_where_and_what_to_do() {
        let versions = [version("a.py", "x\ny\n", "x\ny  # noqa\n")];
        let refusals = Silenced::by(&versions).refusals();
        assert_eq!(
            refusals[0].reason,
            "the new version of 'a.py' has 1 more of 'noqa', the first in line 2: repair what is complained about, \
             do not silence it, and keep all tests"
        );
    }
}
