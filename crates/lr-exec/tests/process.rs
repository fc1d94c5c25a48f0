//! What signals and a poor environment do to a process that runs programs.
//!
//! The process is this test program itself, started again as a stand-in that follows orders from
//! its standard input. Its programs signal it as their parent, so nothing here waits for a moment.
#![expect(
    clippy::unwrap_used,
    reason = "a test whose case cannot be set up has failed"
)]

use std::fs;
use std::io;
use std::path::Path;
use std::thread;
use std::time::Duration;

use lr_exec::{End, Finished, Program, signals};

/// Long enough that only a process that hangs reaches it.
const PATIENCE: Duration = Duration::from_secs(20);

#[test]
#[ignore = "the stand-in that the other tests start, not a test"]
fn stand_in() {
    signals::install().unwrap();
    signals::install().unwrap();
    let mut held = None;
    for order in io::stdin().lines() {
        let order = order.unwrap();
        match order.split_once(' ').unwrap_or((&order, "")) {
            ("run", script) => println!("- {}", run(script)),
            ("run-beside-another", script) => {
                let other = thread::spawn(|| run("sleep 60; :"));
                println!("- {}", run(script));
                println!("- {}", other.join().unwrap());
            }
            ("hold", _) => held = Some(signals::hold()),
            ("release", _) => drop(held.take()),
            ("raise", _) => {
                signal_hook::low_level::raise(signal_hook::consts::SIGINT).unwrap();
                println!("- alive, noted {:?}", signals::interrupted());
            }
            ("is-gone", id_file) => {
                let id = fs::read_to_string(id_file).unwrap();
                println!("- gone: {}", !Path::new("/proc").join(id.trim()).exists());
            }
            ("memory", _) => println!("- {}", peak_memory()),
            _ => panic!("no such order: {order}"),
        }
    }
}

fn run(script: &str) -> String {
    let finished = Program::new(["sh", "-c", script])
        .timeout(PATIENCE)
        .run()
        .unwrap();
    format!("{}, noted {:?}", finished.end, signals::interrupted())
}

/// The most memory this process has had at once, in KiB.
fn peak_memory() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let peak = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .unwrap();
    peak.trim().trim_end_matches(" kB").parse().unwrap()
}

/// Starts the stand-in behind a shell command, and gives it orders.
fn obey_behind(before: &str, orders: &[&str]) -> Finished {
    let itself = std::env::current_exe().unwrap();
    let script = format!("{before} exec \"$0\" --exact stand_in --ignored --nocapture");
    Program::new([
        Path::new("sh"),
        Path::new("-c"),
        Path::new(&script),
        &itself,
    ])
    .stdin_bytes(orders.join("\n"))
    .timeout(PATIENCE)
    .run()
    .unwrap()
}

fn obey(orders: &[&str]) -> Finished {
    obey_behind("", orders)
}

/// What the stand-in said.
fn said(finished: &Finished) -> Vec<String> {
    let said = finished.stdout.text();
    said.lines()
        .filter_map(|line| Some(line.split_once("- ")?.1.to_owned()))
        .collect()
}

#[test]
fn a_signal_ends_the_program_and_its_children() {
    let dir = tempfile::tempdir().unwrap();
    let id_file = dir.path().join("id");
    let id_file = id_file.display();
    let check = |signal: &str, number: i32| {
        let stubborn =
            format!("trap \"\" TERM; echo $$ > {id_file}; kill -{signal} '$PPID'; sleep 60; :");
        let script = format!("run sh -c '{stubborn}' & sleep 60; :");
        let finished = obey(&[&script, &format!("is-gone {id_file}")]);
        let interrupted = format!("interrupted, noted Some({number})");
        assert_eq!(said(&finished), [interrupted.as_str(), "gone: true"]);
    };
    check("INT", 2);
    check("TERM", 15);
    check("HUP", 1);
}

#[test]
fn a_signal_ends_all_programs() {
    let finished = obey(&["run-beside-another kill -INT $PPID; sleep 60; :"]);
    assert_eq!(said(&finished), ["interrupted, noted Some(2)"; 2]);
}

#[test]
fn nothing_is_started_after_a_signal() {
    let dir = tempfile::tempdir().unwrap();
    let touch = format!("run touch {}/started", dir.path().display());
    let finished = obey(&["run kill -TERM $PPID; sleep 60", &touch]);
    assert_eq!(said(&finished), ["interrupted, noted Some(15)"; 2]);
    assert!(!dir.path().join("started").exists());
}

#[test]
fn without_a_program_a_signal_ends_the_process_at_once() {
    let finished = obey(&["run :", "raise"]);
    assert_eq!(finished.end, End::Exited(130));
    assert_eq!(said(&finished), ["exit status 0, noted None"]);
}

#[test]
fn a_second_signal_ends_the_process_at_once() {
    let finished = obey(&["run kill -INT $PPID; sleep 60", "raise"]);
    assert_eq!(finished.end, End::Exited(130));
    assert_eq!(said(&finished), ["interrupted, noted Some(2)"]);
}

#[test]
fn who_holds_signals_back_is_told_of_them() {
    let finished = obey(&["hold", "raise", "release", "raise"]);
    assert_eq!(finished.end, End::Exited(130));
    assert_eq!(said(&finished), ["alive, noted Some(2)"]);
}

#[test]
fn what_is_ignored_stays_ignored() {
    let finished = obey_behind("trap '' HUP;", &["run kill -HUP $PPID; exit 5"]);
    assert_eq!(said(&finished), ["exit status 5, noted None"]);
}

#[test]
fn a_status_is_learnt_although_sigchld_was_ignored() {
    let finished = obey_behind("trap '' CHLD;", &["run exit 5"]);
    assert_eq!(said(&finished), ["exit status 5, noted None"]);
}

#[cfg(target_os = "linux")]
#[test]
fn c4_two_floods_of_100_mb_fit_into_64_mb() {
    let flood = "run head -c 100000000 /dev/zero & head -c 100000000 /dev/zero >&2; wait";
    let finished = obey(&[flood, "memory"]);
    let said = said(&finished);
    assert_eq!(said[0], "exit status 0, noted None");
    let peak: u64 = said[1].parse().unwrap();
    assert!(peak < 64 * 1024, "{peak} KiB");
    assert!(peak > 4 * 1024, "{peak} KiB is less than what was kept");
}

#[test]
fn c11_keys_do_not_reach_a_program() {
    let finished = obey_behind(
        "export GROQ_API_KEY=k MONKEY=m;",
        &["run test \"$GROQ_API_KEY,$MONKEY\" = ,m"],
    );
    assert_eq!(said(&finished), ["exit status 0, noted None"]);
}

#[test]
fn p8_programs_run_in_a_poor_environment() {
    let check = |before: &str| {
        let finished = obey_behind(before, &["run exit 5"]);
        assert_eq!(said(&finished), ["exit status 5, noted None"], "{before}");
    };
    check("unset PATH HOME TMPDIR LANG;");
    check("cd \"$(mktemp -d)\"; rmdir \"$PWD\";");
    check("exec 2>&-;");
}
