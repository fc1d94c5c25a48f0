//! The new version of one file, beside the old one.

use lr_files::{Replacement, SourceFile, sha256_hex};
use lr_turn::{Change, ChangeKind};

use crate::diff::{Diff, header_name};

/// What a diff has in the place of the name where there is no file.
pub(crate) const NO_FILE: &str = "/dev/null";

/// The new version of one file, beside the old one.
pub(crate) struct Version {
    /// The file's path beneath the working directory.
    pub(crate) path: String,
    /// What stands there; `None`: nothing.
    pub(crate) old: Option<SourceFile>,
    /// What shall stand there; `None`: nothing.
    pub(crate) new: Option<Vec<u8>>,
    /// The number of its block in the reply.
    pub(crate) block: usize,
}

impl Version {
    /// Tells whether anything is to be written.
    pub(crate) fn is_change(&self) -> bool {
        self.new.as_deref() != self.old.as_ref().map(SourceFile::bytes)
    }

    /// Describes the change for the turn.
    pub(crate) fn change(&self) -> Change {
        let kind = match (&self.old, &self.new) {
            (None, _) => ChangeKind::Added,
            (_, None) => ChangeKind::Deleted,
            _ => ChangeKind::Modified,
        };
        let old = self.old.as_ref().map_or("", SourceFile::text);
        let new = String::from_utf8_lossy(self.new.as_deref().unwrap_or_default());
        let diff = Diff::of(old, &new);
        let header = header(kind, &self.path);
        Change {
            path: self.path.clone(),
            kind,
            before: self.old.as_ref().map(|old| old.sha256.clone()),
            after: self.new.as_deref().map(sha256_hex),
            added: diff.added as u64,
            removed: diff.removed as u64,
            diff: (!diff.hunks.is_empty()).then(|| header + &diff.hunks),
        }
    }

    /// What the journal is to do.
    pub(crate) fn replacement(self) -> Replacement {
        Replacement {
            path: self.path,
            before: self.old.map(|old| old.sha256),
            after: self.new,
        }
    }
}

/// The two lines that name the versions in a unified diff.
pub(crate) fn header(kind: ChangeKind, path: &str) -> String {
    let name = |side: &str| {
        let name = header_name(&format!("{side}/{path}"));
        // A tab tells where a name with blanks ends.
        if path.contains(' ') {
            name + "\t"
        } else {
            name
        }
    };
    let old = if kind == ChangeKind::Added {
        NO_FILE.to_owned()
    } else {
        name("a")
    };
    let new = if kind == ChangeKind::Deleted {
        NO_FILE.to_owned()
    } else {
        name("b")
    };
    format!("--- {old}\n+++ {new}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(old: Option<&str>, new: Option<&str>, expected: &str) {
        let folder = tempfile::tempdir().unwrap();
        let old = old.map(|text| {
            std::fs::write(folder.path().join("a b.py"), text).unwrap();
            lr_files::Root::open(folder.path())
                .unwrap()
                .read("a b.py")
                .unwrap()
        });
        let version = Version {
            path: "a b.py".to_owned(),
            old,
            new: new.map(|text| text.as_bytes().to_vec()),
            block: 1,
        };
        let change = version.change();
        assert_eq!(change.diff.unwrap_or_default(), expected);
        assert_eq!(change.before.is_some(), version.old.is_some());
        assert_eq!(change.after.is_some(), version.new.is_some());
    }

    #[test]
    fn says_what_becomes_of_a_file() {
        check(
            Some("a\n"),
            Some("b\n"),
            "--- a/a b.py\t\n+++ b/a b.py\t\n@@ -1 +1 @@\n-a\n+b\n",
        );
        check(
            None,
            Some("b\n"),
            "--- /dev/null\n+++ b/a b.py\t\n@@ -0,0 +1 @@\n+b\n",
        );
        check(
            Some("a\n"),
            None,
            "--- a/a b.py\t\n+++ /dev/null\n@@ -1 +0,0 @@\n-a\n",
        );
        check(None, Some(""), "");
    }
}
