//! What a commit will need, tried out before anything is paid for.

use std::collections::BTreeSet;
use std::path::Path;

use gix::objs::tree::EntryKind;
use lr_stage::Error;
use lr_turn::Kind;

use super::{Hooks, Oid, Repo, binary, probe, refuse, trouble};

/// The name in the git directory under which writing and signing are tried out.
const SCRATCH: &str = "lr-git.tmp";

impl Repo {
    /// Refuses if a commit could not be written: the repository cannot be written to, the git
    /// program is needed and does not work here, or commits cannot be signed.
    pub(crate) fn rehearse(&self) -> Result<(), Error> {
        self.try_writing()?;
        let Some(reason) = probe::for_gix(self, Hooks::Run) else {
            return Ok(());
        };
        let top = binary::top_of(self)?;
        if Path::new(&top).canonicalize().ok().as_ref() != Some(&self.top) {
            return Err(refuse(format!(
                "git takes '{top}' for the work tree, and it has to write here, because {reason}"
            )));
        }
        let is_signed = self.gix.config_snapshot().boolean("commit.gpgSign");
        match self.head()?.commit {
            Some(head) if is_signed == Some(true) => self.try_signing(head),
            _ => Ok(()),
        }
    }

    /// Makes and removes a file where objects are stored.
    fn try_writing(&self) -> Result<(), Error> {
        let folder = self.gix.common_dir().join("objects");
        let path = folder.join(SCRATCH);
        let made = std::fs::write(&path, "").and_then(|()| std::fs::remove_file(&path));
        made.map_err(|error| {
            Error::new(Kind::Io, format!("cannot write in '{}'", folder.display())).because(error)
        })
    }

    /// Signs a commit that goes nowhere: its object is stored in a folder of its own.
    fn try_signing(&self, head: Oid) -> Result<(), Error> {
        let scratch = self.gix.common_dir().join(SCRATCH);
        let failed = |error| {
            Error::new(Kind::Io, format!("cannot write '{}'", scratch.display())).because(error)
        };
        std::fs::create_dir_all(&scratch).map_err(failed)?;
        let signed = binary::sign(self, self.tree_of(head)?.id, &scratch);
        std::fs::remove_dir_all(&scratch).map_err(failed)?;
        signed
    }

    /// Checks that the objects a commit of these files builds upon are there: the folders that it
    /// writes anew, with everything directly in them, as git does.
    ///
    /// # Errors
    ///
    /// [`Kind::Repository`], naming an object that is missing.
    pub(crate) fn check_objects(&self, paths: &[&str]) -> Result<(), Error> {
        let Some(head) = self.head()?.commit else {
            return Ok(());
        };
        if probe::is_partial(self) {
            return Ok(());
        }
        let root = self.tree_of(head)?;
        self.check_tree(&root)?;
        let mut folders = BTreeSet::new();
        for path in paths {
            let full = self.full(path);
            let ends = full.match_indices('/').map(|(end, _)| end);
            folders.extend(ends.map(|end| full[..end].to_owned()));
        }
        let failed = |error| {
            trouble("cannot read a folder of the last commit", error)
                .hint("'git fsck' says more about what is missing")
        };
        for folder in folders {
            let found = root.lookup_entry(folder.split('/')).map_err(failed)?;
            if let Some(entry) = found.filter(|entry| entry.mode().is_tree()) {
                self.check_tree(&entry.object().map_err(failed)?.into_tree())?;
            }
        }
        Ok(())
    }

    fn check_tree(&self, tree: &gix::Tree<'_>) -> Result<(), Error> {
        for entry in tree.iter() {
            let entry = entry.map_err(|error| trouble("cannot read a folder", error))?;
            let is_elsewhere = entry.mode().kind() == EntryKind::Commit;
            if !is_elsewhere && !self.gix.has_object(entry.object_id()) {
                return Err(refuse(format!(
                    "the object {} of '{}' is missing",
                    entry.object_id(),
                    entry.filename()
                ))
                .hint("'git fsck' says more about what is missing"));
            }
        }
        Ok(())
    }
}
