//! An answer that was refused can be given again.

#![cfg(unix)]
#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "a test runs the program itself, and fails by panicking"
)]

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

const ANSWER: &str = "<<<< a.py <<<<\nx = 2\n>>>>>>>>\n<<<< b.py <<<<\nx = 2\n>>>>>>>>\n";

fn lr_apply(folder: &Path, sources: &[&str], stdin: Stdio) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lr-apply"));
    command
        .args(sources)
        .current_dir(folder)
        .env("XDG_CONFIG_HOME", folder)
        .stdin(stdin)
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command
}

fn kept(folder: &Path) -> Vec<std::path::PathBuf> {
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
    let mut child = lr_apply(folder.path(), &["a.py"], Stdio::piped())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(ANSWER.as_bytes())
        .unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(1));
    let [path] = &kept(folder.path())[..] else {
        panic!("one answer is kept");
    };
    assert_eq!(fs::read_to_string(path).unwrap(), ANSWER);

    let file = || Stdio::from(fs::File::open(path).unwrap());
    let refused = lr_apply(folder.path(), &["a.py"], file()).status().unwrap();
    assert_eq!(refused.code(), Some(1));
    assert_eq!(kept(folder.path()).len(), 1);
    let applied = lr_apply(folder.path(), &["a.py", "b.py"], file())
        .status()
        .unwrap();
    assert_eq!(applied.code(), Some(0));
    assert_eq!(
        fs::read_to_string(folder.path().join("b.py")).unwrap(),
        "x = 2\n"
    );
}
