//! Runs `lr-llm` sealed off from the machine, with a key that must never appear in what it writes.

#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use lr_tests::fake_model::FakeModel;
use serde_json::Value;

/// The key in the environment of every run.
pub(crate) const KEY: &str = "LRSECRET-7f3a-0123456789";

/// What a run of the program came to.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) status: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Outcome {
    /// The only turn on standard output.
    pub(crate) fn turn(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

/// The program, with an empty home and `LR_API_KEY`.
#[expect(
    clippy::disallowed_methods,
    reason = "a test looks at the program from outside"
)]
pub(crate) fn program(home: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lr-llm"));
    command
        .args(args)
        .env_clear()
        .env("HOME", home)
        .env("LR_API_KEY", KEY)
        .current_dir(home)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// Runs a command with text on a pipe as its standard input, if there is one.
pub(crate) fn run(mut command: Command, input: Option<&str>) -> Outcome {
    if input.is_some() {
        command.stdin(Stdio::piped());
    }
    let mut child = command.spawn().unwrap();
    if let (Some(mut pipe), Some(input)) = (child.stdin.take(), input) {
        // A program that refuses its arguments does not read.
        let _ = pipe.write_all(input.as_bytes());
    }
    let Output {
        status,
        stdout,
        stderr,
    } = child.wait_with_output().unwrap();
    let outcome = Outcome {
        status: status.code().unwrap_or(-1),
        stdout: String::from_utf8(stdout).unwrap(),
        stderr: String::from_utf8(stderr).unwrap(),
    };
    assert!(
        !outcome.stdout.contains(KEY),
        "the key is shown: {outcome:?}"
    );
    assert!(
        !outcome.stderr.contains(KEY),
        "the key is shown: {outcome:?}"
    );
    outcome
}

/// Asks the server about `input` (turns or text), with more arguments.
pub(crate) fn ask(model: &FakeModel, args: &[&str], input: Option<&str>) -> Outcome {
    let home = tempfile::tempdir().unwrap();
    let url = model.url();
    let mut all = vec!["--base-url", &url, "-m", "some-model"];
    all.extend(args);
    run(program(home.path(), &all), input)
}

/// A turn with a prompt and a key that nobody knows.
pub(crate) fn turn(question: &str) -> String {
    let messages = serde_json::json!([{"role": "system", "content": "rules"}, {"role": "user", "content": question}]);
    format!("{{\"lr\":1,\"x\":[1.50],\"prompt\":{{\"messages\":{messages}}}}}\n")
}
