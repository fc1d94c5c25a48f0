//! What a commit holds under a path, and what does not belong to this repository.

use gix::index::entry::Mode as IndexMode;
use gix::objs::tree::EntryKind;
use lr_stage::Error;

use super::{Oid, Repo, binary, probe, refuse, trouble};

/// How the text begins that Git LFS stores in the place of a large file.
const LFS_POINTER: &[u8] = b"version https://git-lfs.github.com/spec/v1\n";

/// One version of a file, as git stores it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Version {
    /// The hash of the contents after the filters that lead into git.
    pub(crate) id: Oid,
    /// What kind of file it is.
    pub(crate) mode: Mode,
}

/// What kind of file a version is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// A file.
    File,
    /// A file that may be executed.
    Executable,
    /// A symbolic link, a submodule or a directory.
    Other,
}

impl Repo {
    pub(super) fn tree_of(&self, commit: Oid) -> Result<gix::Tree<'_>, Error> {
        let commit = self.gix.find_commit(commit);
        let tree = commit.and_then(|commit| commit.tree());
        tree.map_err(|error| trouble("cannot read a commit", error))
    }

    /// Returns the version of a file in a commit.
    pub(crate) fn version_in(&self, commit: Oid, path: &str) -> Result<Option<Version>, Error> {
        version_in(&self.tree_of(commit)?, &self.full(path))
    }

    /// Returns the stored contents of a version.
    pub(crate) fn blob(&self, id: Oid) -> Result<Vec<u8>, Error> {
        if !self.gix.has_object(id) && probe::is_partial(self) {
            return binary::fetch(self, id);
        }
        let blob = self.gix.find_blob(id);
        let mut blob = blob.map_err(|error| {
            trouble(format!("cannot read the object '{id}'"), error)
                .hint("'git fsck' says more about what is missing")
        })?;
        Ok(blob.take_data())
    }
}

/// Refuses what Git LFS stores in the place of a file.
pub(super) fn refuse_pointer(path: &str, bytes: &[u8]) -> Result<(), Error> {
    if !bytes.starts_with(LFS_POINTER) {
        return Ok(());
    }
    Err(refuse(format!(
        "'{path}' is a pointer of Git LFS, not the file itself"
    ))
    .hint("fetch the files: git lfs pull"))
}

/// Returns the version of a file in a tree.
///
/// # Errors
///
/// [`lr_turn::Kind::Repository`] if the file belongs to a submodule.
pub(super) fn version_in(tree: &gix::Tree<'_>, full: &str) -> Result<Option<Version>, Error> {
    let Some((entry, depth)) = deepest_entry(tree, full)? else {
        return Ok(None);
    };
    version_at(full, depth, entry.mode().kind(), entry.object_id())
}

/// Returns the version of a file of which as many folders as `depth` lead to an entry.
///
/// # Errors
///
/// [`lr_turn::Kind::Repository`] if the file belongs to a submodule.
pub(super) fn version_at(
    full: &str,
    depth: usize,
    kind: EntryKind,
    id: Oid,
) -> Result<Option<Version>, Error> {
    let folder = full.match_indices('/').nth(depth);
    match (kind, folder) {
        (EntryKind::Commit, Some((end, _))) => Err(belongs_elsewhere(full, &full[..end])),
        (_, Some(_)) => Ok(None),
        (_, None) => Ok(Some(Version {
            id,
            mode: match kind {
                EntryKind::Blob => Mode::File,
                EntryKind::BlobExecutable => Mode::Executable,
                _ => Mode::Other,
            },
        })),
    }
}

/// Looks a file up, folder by folder, and returns the last entry that was found and how many
/// folders lead to it; none if something on the way is not there.
fn deepest_entry<'r>(
    tree: &gix::Tree<'r>,
    full: &str,
) -> Result<Option<(gix::object::tree::Entry<'r>, usize)>, Error> {
    let failed = |error| trouble(format!("cannot look up '{full}' in a commit"), error);
    let mut tree = tree.clone();
    let n_folders = full.matches('/').count();
    for (depth, name) in full.split('/').enumerate() {
        let Some(entry) = tree.lookup_entry([name]).map_err(failed)? else {
            return Ok(None);
        };
        if depth == n_folders || !entry.mode().is_tree() {
            return Ok(Some((entry, depth)));
        }
        tree = entry.object().map_err(failed)?.into_tree();
    }
    Ok(None)
}

/// Says that a file belongs to a submodule or to another repository inside this one.
pub(super) fn belongs_elsewhere(path: &str, folder: &str) -> Error {
    refuse(format!(
        "'{path}' belongs to another repository, at '{folder}'"
    ))
    .hint("work there, with -C")
}

impl Repo {
    /// Returns the entry of a file in `HEAD`, as the index would have it.
    pub(super) fn tree_entry(&self, path: &str) -> Result<Option<(Oid, IndexMode)>, Error> {
        let Some(head) = self.head()?.commit else {
            return Ok(None);
        };
        let found = deepest_entry(&self.tree_of(head)?, &self.full(path))?;
        Ok(found.map(|(entry, _)| {
            let mode = match entry.mode().kind() {
                EntryKind::BlobExecutable => IndexMode::FILE_EXECUTABLE,
                EntryKind::Link => IndexMode::SYMLINK,
                EntryKind::Commit => IndexMode::COMMIT,
                _ => IndexMode::FILE,
            };
            (entry.object_id(), mode)
        }))
    }

    /// Refuses a file in a repository of its own inside this one.
    pub(crate) fn refuse_nested(&self, path: &str) -> Result<(), Error> {
        let folders = path.rmatch_indices('/').map(|(end, _)| &path[..end]);
        for folder in folders {
            let git = self.directory().join(folder).join(".git");
            if git.symlink_metadata().is_ok() {
                return Err(belongs_elsewhere(path, folder));
            }
        }
        Ok(())
    }
}
