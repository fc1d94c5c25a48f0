//! The configuration of lr: the files it stands in, who may set what, and which variables hold keys.
//!
//! Deliberately absent: what the settings of a stage are and mean; each stage has its own
//! [`Settings`].

pub mod keys;
mod layers;

pub use layers::{Config, Settings, closest};
