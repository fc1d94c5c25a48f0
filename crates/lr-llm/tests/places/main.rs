//! Whom the program asks and with which key: what it runs for that on this machine.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod keys;
#[path = "../support/mod.rs"]
mod support;
