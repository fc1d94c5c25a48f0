//! The folders of a commit, each read once, because a run may have thousands of files in one of them.

use std::cell::RefCell;
use std::collections::HashMap;
use std::collections::hash_map::Entry;

use gix::objs::tree::EntryKind;
use lr_stage::Error;

use super::tree::version_at;
use super::{Oid, Version, trouble};

/// The entries of a folder, by their names.
type Entries = HashMap<Vec<u8>, (EntryKind, Oid)>;

/// The folders of a commit, each read once.
pub(super) struct Folders<'r> {
    root: gix::Tree<'r>,
    read: RefCell<HashMap<Oid, Entries>>,
}

impl<'r> Folders<'r> {
    /// The folders beneath the root of a commit.
    pub(super) fn of(root: gix::Tree<'r>) -> Self {
        Self {
            root,
            read: RefCell::default(),
        }
    }

    /// Returns the version of a file.
    ///
    /// # Errors
    ///
    /// [`lr_turn::Kind::Repository`] if the file belongs to a submodule.
    pub(super) fn version(&self, full: &str) -> Result<Option<Version>, Error> {
        let n_folders = full.matches('/').count();
        let mut folder = self.root.id;
        for (depth, name) in full.split('/').enumerate() {
            let Some((kind, id)) = self.entry(folder, name, full)? else {
                return Ok(None);
            };
            if depth == n_folders || kind != EntryKind::Tree {
                return version_at(full, depth, kind, id);
            }
            folder = id;
        }
        Ok(None)
    }

    fn entry(
        &self,
        folder: Oid,
        name: &str,
        full: &str,
    ) -> Result<Option<(EntryKind, Oid)>, Error> {
        let mut read = self.read.borrow_mut();
        let entries = match read.entry(folder) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(place) => place.insert(self.read(folder, full)?),
        };
        Ok(entries.get(name.as_bytes()).copied())
    }

    fn read(&self, folder: Oid, full: &str) -> Result<Entries, Error> {
        let what = format!("cannot look up '{full}' in a commit");
        let found = self.root.repo.find_object(folder);
        let tree = match found {
            Ok(object) => object.into_tree(),
            Err(error) => return Err(trouble(what, error)),
        };
        let mut entries = Entries::new();
        for entry in tree.iter() {
            let entry = entry.map_err(|error| trouble(what.clone(), error))?;
            let value = (entry.kind(), entry.object_id());
            entries.insert(entry.filename().to_vec(), value);
        }
        Ok(entries)
    }
}
