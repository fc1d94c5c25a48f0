//! The only code of lr that opens sources and replaces files.
//!
//! Everything happens beneath a [`Root`], a directory held open by descriptor: no path leads out
//! of it, through a symbolic link, or into a `.git`, and nothing but regular files of a sensible
//! size is ever read. [`Journal::replace`] changes a set of files as a whole or not at all,
//! whatever is killed when, and [`Journal::recover`] settles what an interrupted run left behind.
//! [`fit`] keeps line endings, byte order mark and a missing final newline as they were.
//!
//! Deliberately absent: walking directories and ignore rules (lr-check), any knowledge of turns
//! or replies (the receipt is opaque text), and transcoding (a file that is not UTF-8 is refused).

mod attributes;
mod cache;
mod disk;
mod emptied;
mod error;
mod fit;
mod journal;
#[cfg(test)]
mod journal_tests;
mod kept;
mod path;
mod record;
mod replacement;
mod root;
mod shared;
mod source;
mod stage;
mod store;
mod swap;
mod whole;

pub use cache::write_cache;
pub use error::{FileError, FileErrorKind};
pub use fit::{Keep, fit, has_bom, plain};
pub use journal::{Journal, Recovered};
pub use kept::keep_text;
pub use path::{PathProblem, relative_path};
pub use record::Receipt;
pub use replacement::{Replacement, check_replacements};
pub use root::{DEFAULT_SIZE_LIMIT, FileState, Root, State};
pub use shared::{SharedLines, shared_lines};
pub use source::{SourceFile, sha256_hex};
pub use store::ignore_itself;
pub use whole::{check_private, check_whole, update_private, write_whole};
