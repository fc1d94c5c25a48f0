//! Which files no reply may touch, whichever were offered.
//!
//! Asked before a prompt offers a file or a fix is made of one, so that no answer is paid for or made in vain, and again
//! before one is written.

mod patterns;
mod protected;
mod settings;
mod work_tree;

use lr_files::Root;
use lr_stage::{Error, project};

pub use patterns::Patterns;
use protected::Protected;
pub use settings::{Protect, check_lifted};
use work_tree::WorkTree;

/// The files that no reply may touch.
pub struct Guard {
    protected: Protected,
    work_tree: WorkTree,
}

/// Why a file may not be touched: a word for programs, and the end of a sentence about the file.
pub type Objection = (&'static str, String);

impl Guard {
    /// Guards the files beneath a directory; `protect` are the patterns of the configuration.
    ///
    /// # Errors
    ///
    /// `usage` when a pattern cannot be used.
    pub fn new(root: &Root, protect: &[String]) -> Result<Self, Error> {
        let work_tree = WorkTree::of(root.path(), &project::root(root.path()));
        Ok(Self {
            protected: Protected::new(protect, &work_tree.hooks(), work_tree.prefix())?,
            work_tree,
        })
    }

    /// The working directory beneath the top of the work tree: empty, or ending with `/`.
    pub fn prefix(&self) -> &str {
        self.work_tree.prefix()
    }

    /// Tells whether a file is protected by a pattern that the configuration can lift.
    pub fn can_be_lifted(&self, path: &str) -> bool {
        self.protected.can_be_lifted(path)
    }

    /// Says why a file may not be touched although it was offered.
    pub fn objection(&self, path: &str) -> Option<Objection> {
        if let Some(reason) = self.protected.reason(path) {
            return Some(("protected", format!("is protected: {reason}")));
        }
        if let Some(module) = self.work_tree.submodule_of(path) {
            return Some(("protected", format!("lies in the submodule '{module}'")));
        }
        let is_ignored = self.work_tree.ignores(path);
        is_ignored.then(|| ("ignored", "is ignored by git".to_owned()))
    }
}
