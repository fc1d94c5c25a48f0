//! The configuration of lr: the files it stands in, who may set what, and which variables hold keys.
//!
//! Each stage reads its own [`Settings`]. What all of them are is data ([`settings`]), from which come
//! the commented file to begin with ([`example`]), the values that hold and where they come from
//! ([`effective`]), and the page about it ([`page()`]).
//!
//! Deliberately absent: what the settings of a stage mean to it.

mod catalogue;
mod checkers;
pub mod keys;
mod layers;

mod effective;
mod example;
mod page;

pub use catalogue::{Setting, settings, unlisted};
pub use checkers::CheckerTable;
pub use effective::{Effective, Given, effective, text};
pub use example::{example, write_example};
pub use layers::{Config, Settings, closest};
pub use page::page;
