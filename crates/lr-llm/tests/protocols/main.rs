//! The four protocols, against a server that speaks them byte for byte.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod faults;
mod samples;
#[path = "../support/mod.rs"]
mod support;
mod words;

use lr_tests::fake_model::FakeModel;
use support::{Outcome, program, run};

pub(crate) const PROTOCOLS: [&str; 4] = ["chat", "responses", "messages", "ollama"];

/// Asks once through a provider of the user's own that speaks a protocol.
pub(crate) fn ask(
    model: &FakeModel,
    protocol: &str,
    args: &[&str],
    input: Option<&str>,
) -> Outcome {
    ask_again(model, protocol, "0", args, input)
}

/// The same with attempts after the first one.
pub(crate) fn ask_again(
    model: &FakeModel,
    protocol: &str,
    retries: &str,
    args: &[&str],
    input: Option<&str>,
) -> Outcome {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join(".config/lr/providers");
    std::fs::create_dir_all(&folder).unwrap();
    let provider = format!("base_url = '{}'\nprotocol = '{protocol}'\n", model.url());
    std::fs::write(folder.join("mine.toml"), provider).unwrap();
    let usual = ["--provider", "mine", "-m", "m", "--retries", retries];
    run(program(home.path(), &[&usual, args].concat()), input)
}
