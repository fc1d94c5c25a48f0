//! What somebody who looks on learns while a program runs. The programs here wait for an answer of
//! the one who looks on, and would never end without it.
#![expect(
    clippy::unwrap_used,
    reason = "a test whose case cannot be set up has failed"
)]

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use lr_exec::{End, Finished, Program, Watcher};

/// Long enough that only a process that hangs reaches it.
const PATIENCE: Duration = Duration::from_secs(20);

/// Makes the file `answer` when it has seen or counted enough.
struct Onlooker {
    answer: PathBuf,
    seen: Vec<u8>,
    waits_for: &'static [u8],
    ticks: u32,
    enough_ticks: u32,
    is_patient: bool,
}

impl Watcher for Onlooker {
    fn every(&self) -> Duration {
        Duration::from_millis(1)
    }

    fn tick(&mut self) {
        self.ticks += 1;
        if self.ticks == self.enough_ticks {
            fs::write(&self.answer, "").unwrap();
        }
    }

    fn stderr(&mut self, bytes: &[u8]) {
        self.seen.extend_from_slice(bytes);
        if self.seen == self.waits_for {
            fs::write(&self.answer, "").unwrap();
        }
    }

    fn has_enough(&self) -> bool {
        !self.is_patient && self.ticks >= 3
    }
}

fn watched(script: &str, waits_for: &'static [u8], enough_ticks: u32) -> (Finished, Onlooker) {
    let folder = tempfile::tempdir().unwrap();
    let mut onlooker = Onlooker {
        answer: folder.path().join("answer"),
        seen: Vec::new(),
        waits_for,
        ticks: 0,
        enough_ticks,
        is_patient: true,
    };
    let finished = Program::new(["sh", "-c", script])
        .current_dir(folder.path())
        .timeout(PATIENCE)
        .run_watched(&mut onlooker)
        .unwrap();
    (finished, onlooker)
}

#[test]
fn words_are_handed_over_while_the_program_runs_and_are_captured() {
    let script = "printf 'one\\n' >&2; until [ -e answer ]; do sleep 0.01; done; printf two >&2";
    let (finished, onlooker) = watched(script, b"one\n", 0);
    assert_eq!(finished.end, End::Exited(0));
    assert_eq!(onlooker.seen, b"one\ntwo");
    assert_eq!(finished.stderr.bytes(), b"one\ntwo");
}

#[test]
fn the_one_who_looks_on_is_called_again_and_again() {
    let script = "until [ -e answer ]; do sleep 0.01; done";
    let (finished, onlooker) = watched(script, b"none", 3);
    assert_eq!(finished.end, End::Exited(0));
    assert!(onlooker.ticks >= 3);
}

#[test]
fn the_last_words_of_a_program_are_not_lost() {
    let (_, onlooker) = watched("printf x >&2; (printf y >&2) &", b"none", 0);
    assert_eq!(onlooker.seen, b"xy");
}

#[test]
fn the_one_who_looks_on_ends_what_would_not_end() {
    let mut onlooker = Onlooker {
        answer: PathBuf::new(),
        seen: Vec::new(),
        waits_for: b"none",
        ticks: 0,
        enough_ticks: 0,
        is_patient: false,
    };
    let finished = Program::new(["sleep", "1000"])
        .run_watched(&mut onlooker)
        .unwrap();
    assert_eq!(finished.end, End::Interrupted);
}
