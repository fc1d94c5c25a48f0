//! An answer that was refused can be given again.

#![cfg(unix)]
#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "a test runs the program itself, and fails by panicking"
)]

mod program;

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

const ANSWER: &str = "<<<< a.py <<<<\nx = 2\n>>>>>>>>\n<<<< b.py <<<<\nx = 2\n>>>>>>>>\n";

/// Runs `lr-apply` with a file on standard input.
fn lr_apply(folder: &Path, sources: &[&str], answer: &Path) -> Option<i32> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lr-apply"));
    let command = command.args(sources).current_dir(folder);
    let output = command.stdin(File::open(answer).unwrap()).output().unwrap();
    output.status.code()
}

fn kept(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder.join(".lr/refused"));
    let entries = entries.into_iter().flatten();
    entries.map(|entry| entry.unwrap().path()).collect()
}

#[test]
fn a_refused_answer_from_a_pipe_is_kept_and_one_from_a_file_is_there_already() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["a.py", "b.py"] {
        fs::write(folder.path().join(name), "x = 1\n").unwrap();
    }
    let refused = program::lr_apply(folder.path(), &["a.py"], ANSWER);
    assert_eq!(refused.status.code(), Some(1));
    let [path] = &kept(folder.path())[..] else {
        panic!("one answer is kept");
    };
    assert_eq!(fs::read_to_string(path).unwrap(), ANSWER);

    assert_eq!(lr_apply(folder.path(), &["a.py"], path), Some(1));
    assert_eq!(kept(folder.path()).len(), 1);
    assert_eq!(lr_apply(folder.path(), &["a.py", "b.py"], path), Some(0));
    let changed = fs::read_to_string(folder.path().join("b.py")).unwrap();
    assert_eq!(changed, "x = 2\n");
}
