//! Commits that were killed half-way: `HEAD` is new, and the index is old.
//!
//! A plain `git commit` after that would take the commit back, for every file of it.

use gix::index::entry::Stat;
use lr_stage::Error;

use super::index::{LockedIndex, Staged};
use super::tree::version_in;
use super::{Commit, Repo, View};

impl Repo {
    /// Brings the index up to the commit at `HEAD` if that was killed after the branch had moved
    /// and before the index was replaced; says whether it was.
    ///
    /// Such a state is told by every file of the commit: the work tree has the new version, and
    /// the index still has the parent's.
    pub(crate) fn complete_if_killed(&self, tip: &Commit) -> Result<bool, Error> {
        let repo = self.at_top();
        let mut view = repo.view()?;
        let Some(paths) = repo.behind(&view, tip)? else {
            return Ok(false);
        };
        for path in &paths {
            if view.on_disk(path)? != view.committed(path)? {
                return Ok(false);
            }
        }
        repo.stage(&mut view, &paths)?;
        Ok(true)
    }

    /// Returns one of the files by which the commit at `HEAD` is told to have been killed
    /// half-way, if it was: the index has the parent's version of all of its files, and the work
    /// tree the new one of this.
    pub(crate) fn halfway(&self, tip: &Commit) -> Result<Option<String>, Error> {
        let repo = self.at_top();
        let mut view = repo.view()?;
        let paths = repo.behind(&view, tip)?.unwrap_or_default();
        for path in paths {
            let committed = view.committed(&path)?;
            // What cannot be read as a text is no witness.
            if committed.is_some() && view.on_disk(&path).is_ok_and(|disk| disk == committed) {
                return Ok(Some(path));
            }
        }
        Ok(None)
    }

    /// Takes the versions of the commit at `HEAD` over into the index, for the files of that
    /// commit, and returns how many there were; no file of the work tree is touched.
    pub(crate) fn read_index_from_head(&self, tip: &Commit) -> Result<usize, Error> {
        let repo = self.at_top();
        let view = repo.view()?;
        let paths = repo.behind(&view, tip)?.unwrap_or_default();
        let mut index = LockedIndex::open(&repo)?;
        let mut staged = Vec::new();
        for path in &paths {
            // Without the time and size of a file git looks at its contents.
            let entry = repo.tree_entry(path)?;
            staged.push(Staged {
                path: path.clone(),
                version: entry.map(|(id, mode)| (id, mode, Stat::default())),
            });
        }
        index.stage(&staged);
        index.write()?;
        index.commit()?;
        Ok(paths.len())
    }

    /// Returns the files of the commit at `HEAD` if the index has its parent's version of all.
    fn behind(&self, view: &View<'_>, tip: &Commit) -> Result<Option<Vec<String>>, Error> {
        let parent = match tip.parent {
            // The first commit may be of very many files.
            None if !view.is_index_empty() => return Ok(None),
            None => None,
            Some(parent) if self.has_commit(parent) => Some(self.tree_of(parent)?),
            Some(_) => return Ok(None), // The end of a shallow clone.
        };
        let paths: Vec<String> = self.changed_files(tip)?.into_iter().collect();
        for path in &paths {
            let before = match &parent {
                Some(parent) => version_in(parent, path)?,
                None => None,
            };
            if view.staged(path) != before {
                return Ok(None);
            }
        }
        Ok(Some(paths).filter(|paths| !paths.is_empty()))
    }
}
