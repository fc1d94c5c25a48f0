//! Streams of turns: several at once, within limits.

#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

mod budget;
mod fallback;
mod outage;
mod parallel;
#[path = "../support/mod.rs"]
mod support;

use serde_json::Value;
use support::{Outcome, turn};

/// The turns on standard output.
pub(crate) fn turns(outcome: &Outcome) -> Vec<Value> {
    let lines = outcome.stdout.lines();
    lines
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
        .collect()
}

/// Turns about these questions.
pub(crate) fn questions(questions: &[&str]) -> String {
    questions.iter().map(|question| turn(question)).collect()
}

/// The kinds of error in turns that have one.
pub(crate) fn kinds(turns: &[Value]) -> Vec<&str> {
    let kinds = turns.iter().map(|turn| turn["error"]["kind"].as_str());
    kinds.flatten().collect()
}

/// The texts of the replies in turns that have one.
pub(crate) fn texts(turns: &[Value]) -> Vec<&str> {
    let texts = turns.iter().map(|turn| turn["reply"]["text"].as_str());
    texts.flatten().collect()
}
