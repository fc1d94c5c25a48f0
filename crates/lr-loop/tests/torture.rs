//! The reduced sweep of `scripts/torture loop`: killed and failing at its system calls, and then taken up again.

#![cfg(target_os = "linux")]
#![expect(
    clippy::disallowed_methods,
    reason = "a test runs the programs themselves"
)]

use std::path::Path;
use std::process::Command;

#[test]
fn wherever_it_is_killed_a_run_ends_as_if_undisturbed() {
    let traces = Command::new("strace")
        .args(["-qq", "-o", "/dev/null", "jq", "-n", "1"])
        .output();
    if !traces.is_ok_and(|done| done.status.success()) {
        eprintln!("note: strace or jq is missing, or may not run here; the sweep is left out");
        return;
    }
    let bin = Path::new(env!("CARGO_BIN_EXE_lr-loop")).parent().unwrap();
    let stages = ["lr-check", "lr-fix", "lr-prompt", "lr-apply", "lr-git"];
    if !stages.iter().all(|stage| bin.join(stage).is_file()) {
        eprintln!("note: cargo has built lr-loop alone; the sweep is left out");
        return;
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scripts/torture");
    let done = Command::new(script)
        .args(["loop", "--quick"])
        .env("LR_BIN", bin)
        .output()
        .unwrap();
    assert!(
        done.status.success(),
        "{}",
        String::from_utf8_lossy(&done.stderr)
    );
}
