//! The text contract with the model: how files are shown to it, and how its reply is read.
//!
//! A file is shown, and its new version is asked for, as a *block*:
//!
//! ```text
//! <<<< src/a.py <<<<
//! the complete text
//! >>>>>>>>
//! ```
//!
//! [`write_block`] writes one, [`read_reply`] reads a whole reply in this or another format, [`Block::apply`] says what
//! becomes of a file, and [`suspicious`] compares a new version with the file it would replace. A reply is read as a
//! whole or refused as a whole: what could mean two things, is cut off or left unfinished changes nothing, and each
//! [`Problem`] says so in words that are shown to the model in the next turn.
//!
//! Everything here is a function from text to values, in time linear in the text. Deliberately absent: files, and the
//! question which paths may be written (lr-files and lr-apply know), and everything a turn records about a reply.
//! Each format of replies has a module of its own, which knows how its items begin and takes one: `blocks`, `fences`,
//! `edits`, `diff`, `patch`. The module `read` passes the lines of a reply once, and `settle` decides which format it is in.

mod edit_marks;
mod fence;
mod fenced;
mod write;

mod read;
mod reply;
mod settle;
mod terms;

mod blocks;
mod diff;
mod diff_header;
mod edit;
mod edits;
mod fences;
mod patch;

mod hunks;
mod locate;
mod nearest;

mod almost;
mod announced;
mod file_name;
mod info;
mod label;
mod markdown;
mod other_format;
mod path;
mod reasoning;
mod remarks;
mod talk;

mod comparison;
mod elision;
mod fragment;
mod suppressions;
mod suspicious;

mod printable;
mod problem;

pub use edit::Edit;
pub use edit_marks::{EditMarks, write_edit};
pub use fence::Fence;
pub use fenced::first_fenced;
pub use fragment::fragment;
pub use hunks::Hunk;
pub use path::without_lines;
pub use problem::{Problem, ProblemKind};
pub use read::read_reply;
pub use reply::{Block, Content, DONE, EXAMPLE_PATH, Reply, Whole};
pub use suppressions::{Suppression, suppressions};
pub use suspicious::{MAX_SHRINK, suspicious, suspicious_beyond};
pub use terms::Terms;
pub use write::write_block;
