//! Support for the tests across programs: a sealed sandbox and a fake model.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "a test fails by panicking"
)]

mod answer;
pub mod fake_model;
mod received;
pub mod sandbox;
mod spoil;
mod spoken;

pub use sandbox::{Outcome, Sandbox};
