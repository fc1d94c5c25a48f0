//! Remembering what checkers said about files, so that the same is not asked twice.
//!
//! An answer is used again only where all that it was made of is the same: the checker's program
//! and the packages beside it, its entry, its configuration, the environment, lr-check itself, and
//! the files that the checker reads ([`crate::catalogue::Scope`]). What runs the code is never
//! remembered, because what it does depends on more than files.

mod basis;
mod configuration;
mod imports;
mod keys;
mod memory;
mod program;
mod seconds;
mod store;
mod tree;

pub(crate) use memory::{Divided, Memory};
