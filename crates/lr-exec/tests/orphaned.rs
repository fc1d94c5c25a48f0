//! What becomes of a program when the process that runs it is killed. Alone in its file, since a
//! process that runs programs itself would find the orphan and end it.
#![cfg(target_os = "linux")]
#![expect(
    clippy::disallowed_methods,
    reason = "the process that is killed must not be run by what is tested"
)]

use std::fs;
use std::io::Read;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use lr_exec::Program;

#[test]
#[ignore = "the stand-in that the other test starts, not a test"]
fn stand_in() {
    let mut script = String::new();
    std::io::stdin().read_to_string(&mut script).unwrap();
    Program::new(["sh", "-c", &script]).run().unwrap();
}

#[test]
fn a_program_does_not_outlive_the_process_that_runs_it() {
    let dir = tempfile::tempdir().unwrap();
    let order = dir.path().join("order");
    let id = dir.path().join("id");
    let script = format!(
        "trap '' TERM; echo $$ > {}; kill -KILL $PPID; while :; do sleep 1; done",
        id.display()
    );
    fs::write(&order, script).unwrap();
    let status = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "stand_in", "--ignored"])
        .stdin(fs::File::open(&order).unwrap())
        .stdout(Stdio::null())
        .status()
        .unwrap();
    assert!(!status.success());
    let program = format!("/proc/{}/stat", fs::read_to_string(&id).unwrap().trim());
    let begin = Instant::now();
    let is_alive = || fs::read_to_string(&program).is_ok_and(|stat| !stat.contains(") Z "));
    while is_alive() && begin.elapsed() < Duration::from_secs(10) {
        std::thread::sleep(Duration::from_millis(5));
    }
    assert!(!is_alive());
}
