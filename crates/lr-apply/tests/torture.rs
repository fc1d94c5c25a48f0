//! The reduced sweep of `scripts/torture apply`: killed and failing system calls, one at a time.

#![cfg(target_os = "linux")]
#![expect(
    clippy::disallowed_methods,
    reason = "a test runs the programs themselves"
)]

use std::path::Path;
use std::process::Command;

#[test]
fn whatever_is_killed_each_file_is_old_or_new() {
    let traces = Command::new("strace")
        .args(["-qq", "-o", "/dev/null", "true"])
        .output();
    if !traces.is_ok_and(|done| done.status.success()) {
        eprintln!("note: strace is missing or may not trace here; the sweep is left out");
        return;
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scripts/torture");
    let bin = Path::new(env!("CARGO_BIN_EXE_lr-apply")).parent().unwrap();
    let done = Command::new(script)
        .args(["apply", "--quick"])
        .env("LR_BIN", bin)
        .output()
        .unwrap();
    assert!(
        done.status.success(),
        "{}",
        String::from_utf8_lossy(&done.stderr)
    );
}
