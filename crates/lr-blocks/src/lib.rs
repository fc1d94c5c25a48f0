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
//! [`write_block`] writes one, [`read_reply`] reads a whole reply, [`suspicious`] compares a new version with the file
//! it would replace. A reply is read as a whole or refused as a whole: what could mean two things, is cut off or left
//! unfinished changes nothing, and each [`Problem`] says so in words that are shown to the model in the next turn.
//!
//! Everything here is a function from text to values, in time linear in the text. Deliberately absent: files, and the
//! question which paths may be written (lr-files and lr-apply know), and everything a turn records about a reply.
//! Each format of replies has a module of its own that turns text into a [`Reply`]; so far there is one, `blocks`.

mod edit_marks;
mod fence;
mod write;

mod blocks;
mod path;
mod problem;
mod reasoning;
mod remarks;
mod reply;

mod comparison;
mod elision;
mod suspicious;

mod markdown;
mod printable;

pub use blocks::read_reply;
pub use edit_marks::{EditMarks, write_edit};
pub use fence::Fence;
pub use problem::{Problem, ProblemKind};
pub use reply::{Block, DONE, EXAMPLE_PATH, Reply};
pub use suspicious::suspicious;
pub use write::write_block;
