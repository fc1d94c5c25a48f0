//! The changes as one patch that `git apply` takes.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use lr_files::{Root, State, check_whole, write_whole};
use lr_stage::output::Output;
use lr_stage::{Error, Form, Kind};
use lr_turn::{Apply, Change, ChangeKind};

use crate::diff::header_name;
use crate::version::header;
use crate::write::explain;

/// The name that stands for standard output.
const STANDARD_OUTPUT: &str = "-";

/// A patch that grows with every reply that is applied, and where it is to be written.
pub(crate) struct PatchOut {
    destination: String,
    /// The working directory as git sees it: empty, or ending with `/`.
    prefix: String,
    text: String,
    /// Files that are about to be deleted and can be executed.
    executable: HashSet<String>,
}

impl PatchOut {
    /// Begins an empty patch; inside a work tree its names are those from the top.
    pub(crate) fn new(destination: String, prefix: &str) -> Self {
        Self {
            destination,
            prefix: prefix.to_owned(),
            text: String::new(),
            executable: HashSet::new(),
        }
    }

    /// Tells whether the patch takes the place of the page.
    pub(crate) fn is_output(&self) -> bool {
        self.destination == STANDARD_OUTPUT
    }

    /// Fails if the patch could not be written, before any file is changed, or if standard output
    /// would hold both turns and the patch.
    ///
    /// # Errors
    ///
    /// `usage`, or what would hinder writing it.
    pub(crate) fn check(&self, output: &Output) -> Result<(), Error> {
        if self.is_output() && output.form == Form::Turn {
            let message = "standard output holds turns, and cannot hold the patch, too";
            return Err(Error::new(Kind::Usage, message)
                .hint("name a file, or write no turns: --format text"));
        }
        if self.is_output() {
            return Ok(());
        }
        check_whole(Path::new(&self.destination)).map_err(|error| explain(&error))
    }

    /// Fails if the patch would take the place of a file that it changes.
    ///
    /// # Errors
    ///
    /// `usage`.
    pub(crate) fn refuse_own(&self, root: &Root, apply: &Apply) -> Result<(), Error> {
        let Some(place) = place(Path::new(&self.destination)).filter(|_| !self.is_output()) else {
            return Ok(());
        };
        let is_own = |change: &&Change| place_is(&place, &root.path().join(&change.path));
        apply.changes.iter().find(is_own).map_or(Ok(()), |change| {
            let message = format!(
                "the patch would take the place of '{}', which the reply changes",
                change.path
            );
            Err(Error::new(Kind::Usage, message).hint("name another file with --patch-out"))
        })
    }

    /// Looks at the files that a reply deletes, while they are still there.
    pub(crate) fn keep_old(&mut self, root: &Root, apply: &Apply) {
        let deleted = |change: &&Change| change.kind == ChangeKind::Deleted;
        for change in apply.changes.iter().filter(deleted) {
            if is_executable(root, &change.path) {
                self.executable.insert(change.path.clone());
            }
        }
    }

    /// Adds the changes of a reply that was applied.
    pub(crate) fn add(&mut self, apply: &Apply) {
        for change in &apply.changes {
            let path = format!("{}{}", self.prefix, change.path);
            let mode = if self.executable.remove(&change.path) {
                "100755"
            } else {
                "100644"
            };
            self.text.push_str(&of_change(change, &path, mode));
        }
    }

    /// Writes the patch, as a whole.
    ///
    /// # Errors
    ///
    /// Whatever hinders writing it.
    pub(crate) fn write(&self, output: &mut Output) -> Result<(), Error> {
        if self.is_output() {
            return output.text(&self.text);
        }
        write_whole(Path::new(&self.destination), self.text.as_bytes())
            .map_err(|error| explain(&error))
    }
}

/// Where a file lies or will lie, all links followed.
fn place(path: &Path) -> Option<PathBuf> {
    path.canonicalize().ok().or_else(|| {
        let parent = path.parent()?;
        let parent = if parent.as_os_str().is_empty() {
            Path::new(".")
        } else {
            parent
        };
        Some(parent.canonicalize().ok()?.join(path.file_name()?))
    })
}

fn place_is(known: &Path, path: &Path) -> bool {
    place(path).is_some_and(|place| place == known)
}

fn is_executable(root: &Root, path: &str) -> bool {
    matches!(root.state(path), Ok(State::File(file)) if file.mode & 0o100 != 0)
}

fn of_change(change: &Change, path: &str, mode: &str) -> String {
    let (old, new) = (
        header_name(&format!("a/{path}")),
        header_name(&format!("b/{path}")),
    );
    let mut text = format!("diff --git {old} {new}\n");
    let what = match change.kind {
        ChangeKind::Modified => None,
        ChangeKind::Added => Some("new"),
        ChangeKind::Deleted => Some("deleted"),
    };
    text.extend(what.map(|what| format!("{what} file mode {mode}\n")));
    // The diff of the turn names the file as the working directory sees it.
    let hunks = change
        .diff
        .as_deref()
        .and_then(|diff| diff.splitn(3, '\n').nth(2));
    if let Some(hunks) = hunks {
        text += &header(change.kind, path);
        text += hunks;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_a_patch_of_git() {
        let change = Change {
            path: "a.py".to_owned(),
            kind: ChangeKind::Deleted,
            before: None,
            after: None,
            added: 0,
            removed: 1,
            diff: Some("--- a/a.py\n+++ /dev/null\n@@ -1 +0,0 @@\n-x\n".to_owned()),
        };
        assert_eq!(
            of_change(&change, "src/a.py", "100755"),
            "diff --git a/src/a.py b/src/a.py\ndeleted file mode 100755\n\
             --- a/src/a.py\n+++ /dev/null\n@@ -1 +0,0 @@\n-x\n"
        );
        let empty = Change {
            kind: ChangeKind::Added,
            diff: None,
            ..change
        };
        assert_eq!(
            of_change(&empty, "a.py", "100644"),
            "diff --git a/a.py b/a.py\nnew file mode 100644\n"
        );
    }
}
