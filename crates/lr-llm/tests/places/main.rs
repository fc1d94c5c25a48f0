//! Whom the program asks and with which key: what it runs for that on this machine.

#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "a test fails by panicking, and looks at the program from outside"
)]

mod command;
mod keys;
mod local;
mod secure;
#[path = "../support/mod.rs"]
mod support;

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use support::Outcome;

/// Runs a command with `input` on a pipe, and interrupts it as soon as the file `began` is there.
pub(crate) fn interrupt(mut command: Command, input: Option<&str>, began: &Path) -> Outcome {
    if input.is_some() {
        command.stdin(Stdio::piped());
    }
    let mut child = command.spawn().unwrap();
    if let (Some(mut pipe), Some(input)) = (child.stdin.take(), input) {
        pipe.write_all(input.as_bytes()).unwrap();
    }
    let start = Instant::now();
    while !began.exists() {
        assert!(
            start.elapsed() < Duration::from_secs(30),
            "it does not begin"
        );
        thread::sleep(Duration::from_millis(5));
    }
    let kill = Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status();
    assert!(kill.unwrap().success());
    let output = child.wait_with_output().unwrap();
    Outcome {
        status: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}
