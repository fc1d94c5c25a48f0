//! Linked work trees, which only the git program makes and removes.

use std::path::{Path, PathBuf};
use std::{fs, io};

use gix::bstr::ByteSlice as _;
use gix::index::entry::Mode;
use lr_stage::Error;
use lr_turn::Kind;

use super::tree::refuse_pointer;
use super::{Oid, Repo, binary, index, probe, refuse, trouble};

/// Why git keeps a work tree from being removed while it makes it.
const IN_THE_MAKING: &str = "initializing";

/// The longest pointer of Git LFS, by its specification.
const LONGEST_POINTER: u32 = 1024;

/// What follows the name of a work tree while it is removed.
const REMOVED: &str = "removed-by-lr-git";

/// What is known about a folder as a linked work tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Linked {
    /// It is one.
    Made,
    /// The git that made it was killed before it was complete.
    HalfMade,
}

/// What a work tree has only the names of.
#[derive(Debug, Default)]
pub(crate) struct Missing {
    /// Submodules.
    pub(crate) submodules: Vec<String>,
    /// Files that are kept by Git LFS.
    pub(crate) pointers: Vec<String>,
}

/// Removes what is left of a work tree whose removal was cut short.
pub(crate) fn clear_aside(folder: &Path) -> Result<(), Error> {
    let aside = aside(folder);
    match fs::remove_dir_all(&aside) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            let message = format!("cannot remove '{}'", aside.display());
            Err(Error::new(Kind::Io, message).because(error))
        }
        _ => Ok(()),
    }
}

/// Returns where a work tree lies while it is removed.
fn aside(folder: &Path) -> PathBuf {
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    folder.with_file_name(format!(".{name}.{REMOVED}"))
}

impl Repo {
    /// Tells whether a folder is a linked work tree of this repository, as far as that is on record.
    pub(crate) fn linked(&self, folder: &Path) -> Result<Option<Linked>, Error> {
        let all = self.gix.worktrees();
        let all = all.map_err(|error| trouble("cannot read the list of work trees", error))?;
        let is_it =
            |base: &Path| base == folder || base.canonicalize().is_ok_and(|it| it == folder);
        let mut all = all.iter();
        let found = all.find(|linked| linked.base().is_ok_and(|base| is_it(&base)));
        Ok(found.map(|linked| match linked.lock_reason() {
            Some(reason) if reason == IN_THE_MAKING => Linked::HalfMade,
            _ => Linked::Made,
        }))
    }

    /// Opens a linked work tree.
    ///
    /// # Errors
    ///
    /// [`Kind::Repository`] if the folder is no work tree of this repository any more.
    pub(crate) fn open_linked(&self, folder: &Path) -> Result<Self, Error> {
        let linked = Self::open(folder)?.with_timeout(self.timeout);
        let common = |repo: &Self| repo.gix.common_dir().canonicalize().ok();
        if linked.top == folder && common(&linked) == common(self) {
            return Ok(linked);
        }
        Err(refuse(format!(
            "'{}' is no longer a work tree of this repository",
            folder.display()
        ))
        .hint("'git worktree list' and 'git worktree prune' say more"))
    }

    /// Makes a linked work tree of a commit, without a branch.
    pub(crate) fn add_worktree(&self, folder: &Path, commit: Oid) -> Result<(), Error> {
        let commit = commit.to_string();
        let name = text(folder)?;
        let arguments = ["add", "--quiet", "--detach", "--", name, &commit];
        binary::worktree(self, &arguments)
    }

    /// Removes a linked work tree in which nothing would be lost. It is moved aside first, so that
    /// it is whole or gone wherever this is killed; what is left then, the next one removes.
    pub(crate) fn remove_worktree(&self, folder: &Path) -> Result<(), Error> {
        let aside = aside(folder);
        let is_moved = self.may_be_moved(folder) && fs::rename(folder, &aside).is_ok();
        let removed = binary::worktree(self, &["remove", "--", text(folder)?]);
        if is_moved && removed.is_err() {
            fs::rename(&aside, folder).map_err(|error| {
                let message = format!("cannot move back '{}'", aside.display());
                Error::new(Kind::Io, message).because(error)
            })?;
        }
        removed?;
        clear_aside(folder)
    }

    /// Tells whether git would remove a work tree of which the folder is gone as safely as one that
    /// is there: not where submodules have been cloned into it.
    fn may_be_moved(&self, folder: &Path) -> bool {
        let linked = self.open_linked(folder);
        linked.is_ok_and(|linked| !linked.gix.git_dir().join("modules").exists())
    }

    /// Removes what a git has left that was killed while it made a work tree: nobody has worked
    /// there.
    pub(crate) fn remove_half_made(&self, folder: &Path) -> Result<(), Error> {
        let arguments = ["remove", "--force", "--force", "--", text(folder)?];
        binary::worktree(self, &arguments)
    }

    /// Whether a linked work tree is still as it was made of a commit.
    pub(crate) fn is_as_made(&self, folder: &Path, commit: Oid) -> Result<bool, Error> {
        let linked = self.open_linked(folder)?;
        let head = linked.head()?;
        Ok(head.branch.is_none() && head.commit == Some(commit) && linked.changes()?.is_empty())
    }

    /// Returns the files that are not as the last commit has them, with those that it does not
    /// have, but for ignored ones. A folder that is all new is named as one.
    pub(crate) fn changes(&self) -> Result<Vec<String>, Error> {
        let said = binary::status(self)?;
        let mut fields = said.split_str("\0");
        let mut changes = Vec::new();
        while let Some(field) = fields.next() {
            let Some((state, path)) = field.split_at_checked(3) else {
                continue;
            };
            if state[0] == b'R' || state[0] == b'C' {
                fields.next(); // Its name before.
            }
            changes.push(path.to_str_lossy().into_owned());
        }
        Ok(changes)
    }

    /// Refuses while a merge, rebase or the like is in progress.
    pub(crate) fn check_idle(&self) -> Result<(), Error> {
        probe::operation(self)
    }

    /// Returns the commit at a detached `HEAD` that no reference leads to.
    pub(crate) fn unnamed_commit(&self) -> Result<Option<Oid>, Error> {
        let head = self.head()?;
        match head.commit {
            Some(commit) if head.branch.is_none() && !binary::has_name(self, commit)? => {
                Ok(Some(commit))
            }
            _ => Ok(None),
        }
    }

    /// Finds what a work tree that was just made has only the names of.
    pub(crate) fn missing_in(&self, folder: &Path) -> Result<Missing, Error> {
        let linked = self.open_linked(folder)?;
        let view = linked.view()?;
        let index = index::shared(&linked)?;
        let path_of = |entry: &gix::index::Entry| entry.path(&index).to_str_lossy().into_owned();
        let mut missing = Missing::default();
        let mut uses_lfs = false;
        for entry in index.entries() {
            let path = entry.path(&index);
            if entry.mode == Mode::COMMIT {
                missing.submodules.push(path_of(entry));
            } else if path.ends_with(b".gitattributes") {
                let text = view.bytes(&path_of(entry)).ok().flatten();
                uses_lfs |= text.is_some_and(|text| text.contains_str("filter=lfs"));
            }
        }
        if !uses_lfs {
            return Ok(missing);
        }
        for entry in index.entries() {
            let is_short = entry.stat.size <= LONGEST_POINTER;
            if is_short && entry.mode != Mode::COMMIT && entry.mode != Mode::SYMLINK {
                let path = path_of(entry);
                let bytes = view.bytes(&path).ok().flatten().unwrap_or_default();
                if refuse_pointer(&path, &bytes).is_err() {
                    missing.pointers.push(path);
                }
            }
        }
        Ok(missing)
    }
}

fn text(folder: &Path) -> Result<&str, Error> {
    folder.to_str().ok_or_else(|| {
        Error::new(
            Kind::Usage,
            format!("the name of '{}' is not UTF-8", folder.display()),
        )
    })
}
