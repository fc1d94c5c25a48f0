//! The commits of a run.

use std::collections::BTreeSet;

use lr_stage::Error;

use super::{Oid, Repo, trouble};

/// How many commits are looked at where it is not known where a run began.
const LIMIT: usize = 10_000;

/// A commit, as far as lr-git looks at it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Commit {
    /// Its hash.
    pub(crate) id: Oid,
    /// Its first parent.
    pub(crate) parent: Option<Oid>,
    /// Its message, without what is not UTF-8.
    pub(crate) message: String,
    /// When it was written, by its author: `2026-11-21 03:49:31 +0000`.
    pub(crate) date: String,
}

impl Repo {
    /// Reads a commit.
    pub(crate) fn commit_at(&self, id: Oid) -> Result<Commit, Error> {
        let failed = |error| trouble(format!("cannot read the commit '{id}'"), error);
        let commit = self.gix.find_commit(id).map_err(failed)?;
        let time = commit
            .author()
            .and_then(|author| author.time())
            .map_err(failed)?;
        Ok(Commit {
            id,
            parent: commit.parent_ids().next().map(gix::Id::detach),
            message: commit.message_raw().map_err(failed)?.to_string(),
            date: time.format_or_unix(gix::date::time::format::ISO8601),
        })
    }

    /// Returns what a commit that is written now is dated, as [`Commit::date`] has it.
    pub(crate) fn now(&self) -> Result<String, Error> {
        let failed = |error| trouble("cannot tell the time of commits", error);
        let author = self.gix.author().transpose().map_err(failed)?;
        let time = author.map(|author| author.time()).transpose();
        let time = time.map_err(failed)?.unwrap_or_default();
        Ok(time.format_or_unix(gix::date::time::format::ISO8601))
    }

    /// Reads the commits from `HEAD` back to where the run began, newest first, along first
    /// parents.
    pub(crate) fn history(&self, run: &str) -> Result<Vec<Commit>, Error> {
        let base = self.base(run)?;
        let mut commits = Vec::new();
        let mut next = self.head()?.commit;
        while let Some(id) = next.filter(|id| Some(*id) != base && commits.len() < LIMIT) {
            if !self.has_commit(id) {
                break; // The end of a shallow clone.
            }
            let commit = self.commit_at(id)?;
            next = commit.parent;
            commits.push(commit);
        }
        Ok(commits)
    }

    /// Whether a commit is there; its parents may not be, in a shallow clone.
    pub(super) fn has_commit(&self, id: Oid) -> bool {
        self.gix.has_object(id)
    }

    /// Returns the files that a commit changed against its first parent, in the order of their
    /// paths from the top of the work tree.
    pub(crate) fn changed_files(&self, commit: &Commit) -> Result<BTreeSet<String>, Error> {
        let old = commit
            .parent
            .map(|parent| self.tree_of(parent))
            .transpose()?;
        let new = self.tree_of(commit.id)?;
        let changes = self
            .gix
            .diff_tree_to_tree(old.as_ref(), &new, gix::diff::Options::default());
        let changes = changes.map_err(|error| {
            trouble(format!("cannot compare the commit '{}'", commit.id), error)
        })?;
        let files = changes
            .iter()
            .filter(|change| !change.entry_mode().is_tree());
        Ok(files.map(|change| change.location().to_string()).collect())
    }
}
