//! The repository: everything lr-git asks of git, and the only place that knows gix.
//!
//! Reading is always gix. Writing (the branch of a run, a commit) is gix too where the repository
//! is ordinary by the whitelist of [`probe`]; everywhere else the git binary writes, with exact
//! paths, so that the user's hooks, filters and signing work.
//!
//! Paths are those of a turn: relative to the working directory, with `/`.
//!
//! Deliberately absent: changing a file of the work tree (that is `lr-files`), checking out but for a
//! linked work tree, merging, fetching, moving or deleting a branch, and removing somebody's lock.

mod binary;
mod branch;
mod called;
mod folders;
mod guard;
mod halfway;
mod history;
mod hooks;
mod index;
mod locks;
mod probe;
mod rehearse;
mod repository;
mod tree;
mod view;
mod worktree;
mod write;

pub(crate) use branch::{Begun, branch_of};
pub(crate) use gix::ObjectId as Oid;
pub(crate) use guard::Guard;
pub(crate) use history::Commit;
pub(crate) use repository::{Head, Repo};
use repository::{refuse, trouble};
pub(crate) use tree::{Mode, Version};
pub(crate) use view::View;
pub(crate) use worktree::{Linked, clear_aside};
pub(crate) use write::Hooks;
