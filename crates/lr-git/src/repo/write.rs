//! Writing a commit of exactly the given files.

use gix::index::entry::{Mode as IndexMode, Stat};
use gix::objs::tree::EntryKind;
use gix::refs::transaction::{Change, LogChange, PreviousValue, RefEdit, RefLog};
use lr_stage::{Error, say};
use lr_turn::Kind;

use super::index::{LockedIndex, Staged};
use super::{Mode, Oid, Repo, View, binary, probe, refuse, trouble};

/// Whether the user's hooks may stop a commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hooks {
    /// They run as the user configured them.
    Run,
    /// Those that `git commit --no-verify` leaves out do not run.
    Skip,
}

impl Repo {
    /// Commits the versions in the work tree of exactly these files, gone ones as deletions, on
    /// top of `HEAD`. What else is staged stays staged, and all other files stay as they are.
    ///
    /// Returns `None`, without a commit, if `HEAD` has these versions already.
    ///
    /// # Errors
    ///
    /// [`Kind::Repository`] if a hook refuses the commit, and [`Kind::Locked`] if somebody else
    /// is at work. `HEAD` and the index are then as before.
    pub(crate) fn commit(
        &self,
        paths: &[String],
        message: &str,
        hooks: Hooks,
    ) -> Result<Option<Oid>, Error> {
        let mut view = self.view()?;
        if !differs_from_head(&mut view, paths)? {
            return Ok(None);
        }
        let mut reason = probe::for_gix(self, hooks);
        for path in paths {
            if reason.is_none() && view.has_foreign_filter(path)? {
                reason = Some(format!("'{path}' has a filter of its own"));
            }
        }
        match reason {
            None => self.commit_with_gix(&mut view, paths, message).map(Some),
            Some(reason) => {
                say::detail(
                    1,
                    &format!("git itself writes the commit, because {reason}"),
                );
                binary::commit(self, paths, message, hooks)?;
                self.follow_hooks(paths)?;
                Ok(self.head()?.commit)
            }
        }
    }

    /// Brings the index up to the files that a hook has changed or added, and that are in the commit: git leaves
    /// in it what they were before the hook, and the next `git commit` would take that back. Of files that are not
    /// among `paths` the index must have the version before the commit, so that what the user staged stays staged.
    fn follow_hooks(&self, paths: &[String]) -> Result<(), Error> {
        let Some(id) = self.head()?.commit else {
            return Ok(());
        };
        let (repo, tip) = (self.at_top(), self.commit_at(id)?);
        let own: Vec<String> = paths.iter().map(|path| self.full(path)).collect();
        let mut view = repo.view()?;
        let mut behind = Vec::new();
        for path in repo.changed_files(&tip)? {
            let (staged, committed) = (view.staged(&path), view.committed(&path)?);
            let is_free = || -> Result<bool, Error> {
                let parent = tip
                    .parent
                    .map(|id| repo.version_in(id, &path))
                    .transpose()?;
                Ok(own.contains(&path) || staged == parent.flatten())
            };
            if staged != committed && is_free()? && view.on_disk(&path)? == committed {
                behind.push(path);
            }
        }
        repo.stage(&mut view, &behind)
    }

    /// Takes the versions in the work tree over into the index.
    pub(super) fn stage(&self, view: &mut View<'_>, paths: &[String]) -> Result<(), Error> {
        if paths.is_empty() {
            return Ok(());
        }
        let mut index = LockedIndex::open(self)?;
        let staged: Result<Vec<_>, _> = paths.iter().map(|path| self.store(view, path)).collect();
        index.stage(&staged?);
        index.write()?;
        index.commit()
    }

    /// Writes a commit in the order in which a kill at any moment leaves a state that is either
    /// the old one or can be told and completed: objects, the new index beside the old one, the
    /// branch, the index.
    fn commit_with_gix(
        &self,
        view: &mut View<'_>,
        paths: &[String],
        message: &str,
    ) -> Result<Oid, Error> {
        let mut index = LockedIndex::open(self)?;
        let parent = self.head()?.commit;
        let staged: Result<Vec<_>, _> = paths.iter().map(|path| self.store(view, path)).collect();
        let staged = staged?;
        let tree = self.write_tree(parent, &staged)?;
        let id = self.write_commit(parent, tree, message)?;
        index.stage(&staged);
        index.write()?;
        self.advance_head(parent, id, message)?;
        index.commit()?;
        Ok(id)
    }

    /// Stores the version of a file that lies in the work tree.
    fn store(&self, view: &mut View<'_>, path: &str) -> Result<Staged, Error> {
        let full = self.full(path);
        // Looked at before the contents are read, so that a later edit differs from it.
        let data = gix::index::fs::Metadata::from_path_no_follow(&self.top.join(&full));
        let Some(bytes) = view.bytes(path)? else {
            return Ok(Staged {
                path: full,
                version: None,
            });
        };
        let stat = data.map(|data| Stat::from_fs(&data));
        let stat = stat.ok().and_then(Result::ok).ok_or_else(|| {
            Error::new(Kind::Changed, format!("'{path}' changed while it was read"))
        })?;
        let stored = view.clean(path, bytes)?;
        let id = self
            .gix
            .write_blob(&stored)
            .map_err(|error| trouble(format!("cannot store '{path}'"), error))?;
        let mode = match view.mode_on_disk(path) {
            Mode::Executable => IndexMode::FILE_EXECUTABLE,
            _ => IndexMode::FILE,
        };
        Ok(Staged {
            path: full,
            version: Some((id.detach(), mode, stat)),
        })
    }

    fn write_tree(&self, parent: Option<Oid>, staged: &[Staged]) -> Result<Oid, Error> {
        let failed = |error| trouble("cannot write the tree of the commit", error);
        let base = match parent {
            Some(id) => self.tree_of(id)?.id,
            None => self.gix.empty_tree().id,
        };
        let mut editor = self.gix.edit_tree(base).map_err(failed)?;
        for file in staged.iter().filter(|file| file.version.is_none()) {
            editor.remove(file.path.as_str()).map_err(failed)?;
        }
        for file in staged {
            if let Some((id, mode, _)) = file.version {
                let kind = if mode == IndexMode::FILE_EXECUTABLE {
                    EntryKind::BlobExecutable
                } else {
                    EntryKind::Blob
                };
                editor
                    .upsert(file.path.as_str(), kind, id)
                    .map_err(failed)?;
            }
        }
        Ok(editor.write().map_err(failed)?.detach())
    }

    fn write_commit(&self, parent: Option<Oid>, tree: Oid, message: &str) -> Result<Oid, Error> {
        let failed = |error| trouble("cannot write the commit", error);
        let person = |signature: Option<gix::Result<gix::actor::SignatureRef<'_>>>| {
            let signature = signature.ok_or_else(|| refuse("git knows no name for commits"))?;
            signature
                .and_then(|signature| signature.to_owned())
                .map_err(failed)
        };
        let commit = gix::objs::Commit {
            tree,
            parents: parent.into_iter().collect(),
            author: person(self.gix.author())?,
            committer: person(self.gix.committer())?,
            encoding: None,
            message: message.into(),
            extra_headers: Vec::new(),
        };
        Ok(self.gix.write_object(&commit).map_err(failed)?.detach())
    }

    /// Moves `HEAD`, through the branch it names, from the parent to the new commit.
    fn advance_head(&self, parent: Option<Oid>, id: Oid, message: &str) -> Result<(), Error> {
        let expected = match parent {
            Some(parent) => PreviousValue::MustExistAndMatch(gix::refs::Target::Object(parent)),
            None => PreviousValue::MustNotExist,
        };
        let n_parents = usize::from(parent.is_some());
        let edit = RefEdit {
            change: Change::Update {
                log: LogChange {
                    mode: RefLog::AndReference,
                    force_create_reflog: false,
                    message: gix::reference::log::message("commit", message.into(), n_parents),
                },
                expected,
                new: gix::refs::Target::Object(id),
            },
            name: super::branch::full_name("HEAD")?,
            deref: true,
        };
        let edited = self.gix.edit_reference(edit);
        edited
            .map(|_| ())
            .map_err(|error| trouble("cannot move HEAD to the new commit", error))
    }
}

/// Whether at least one file is not what `HEAD` has.
fn differs_from_head(view: &mut View<'_>, paths: &[String]) -> Result<bool, Error> {
    for path in paths {
        if view.on_disk(path)? != view.committed(path)? {
            return Ok(true);
        }
    }
    Ok(false)
}
