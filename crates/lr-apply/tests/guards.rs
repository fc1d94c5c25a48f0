//! What `lr-apply` leaves alone whatever a reply says and whatever the flags allow.

#![cfg(unix)]
#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "a test runs the programs themselves, and fails by panicking"
)]

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;
use std::process::{Command, Stdio};

use tempfile::TempDir;

/// Gives a reply that holds a new version of one file; returns the status and the output.
fn apply(folder: &Path, path: &str, umask: &str) -> (i32, String) {
    let program = format!("umask {umask}; exec \"$0\" --allow-new .");
    let mut child = Command::new("sh")
        .args(["-c", &program, env!("CARGO_BIN_EXE_lr-apply")])
        .current_dir(folder)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let reply = format!("<<<< {path} <<<<\nnew\n>>>>>>>>\n");
    child
        .stdin
        .take()
        .unwrap()
        .write_all(reply.as_bytes())
        .unwrap();
    let output = child.wait_with_output().unwrap();
    (
        output.status.code().unwrap(),
        String::from_utf8(output.stdout).unwrap(),
    )
}

fn refuses(folder: &Path, path: &str, kind: &str) {
    let (status, page) = apply(folder, path, "022");
    assert_eq!(status, 1, "{path}: {page}");
    assert!(
        page.starts_with(&format!("refused ({kind}): ")),
        "{path}: {page}"
    );
}

fn git(folder: &Path, arguments: &[&str]) {
    let done = Command::new("git")
        .current_dir(folder)
        .args(arguments)
        .output()
        .unwrap();
    assert!(done.status.success(), "git {arguments:?}");
}

fn repository() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    git(folder.path(), &["init", "-q"]);
    folder
}

#[test]
fn what_git_ignores_is_left_alone_unless_it_is_tracked() {
    let folder = repository();
    let here = folder.path();
    fs::write(here.join(".gitignore"), "*.log\n/build/\n").unwrap();
    fs::write(here.join("kept.log"), "old\n").unwrap();
    fs::write(here.join("other.log"), "old\n").unwrap();
    git(here, &["add", "--force", "kept.log"]);
    refuses(here, "other.log", "ignored");
    refuses(here, "new.log", "ignored");
    refuses(here, "build/new.py", "ignored");
    assert_eq!(apply(here, "kept.log", "022").0, 0);
    assert_eq!(fs::read(here.join("other.log")).unwrap(), b"old\n");
    assert!(!here.join("build").exists());
}

#[test]
fn other_repositories_are_left_alone() {
    let folder = repository();
    let here = folder.path();
    fs::create_dir_all(here.join("nested/src")).unwrap();
    git(&here.join("nested"), &["init", "-q"]);
    fs::create_dir(here.join("linked")).unwrap();
    fs::write(here.join("linked/.git"), "gitdir: /nowhere\n").unwrap();
    fs::write(here.join(".gitmodules"), "[submodule \"m\"]\n\tpath = m\n").unwrap();
    fs::create_dir(here.join("m")).unwrap();
    for path in ["nested/a.py", "nested/src/a.py", "linked/a.py", "m/a.py"] {
        refuses(here, path, "protected");
        assert!(!here.join(path).exists());
    }
    for path in [".git/hooks/pre-commit", "nested/.GIT/config", "a/.git"] {
        refuses(here, path, "outside");
    }
}

#[test]
fn the_folder_of_hooks_is_left_alone() {
    let folder = repository();
    git(folder.path(), &["config", "core.hooksPath", "tools/run"]);
    refuses(folder.path(), "tools/run/pre-commit", "protected");
    assert_eq!(apply(folder.path(), "tools/other.py", "022").0, 0);
}

#[test]
fn no_link_is_followed_to_a_new_file() {
    let folder = tempfile::tempdir().unwrap();
    let outside = tempfile::tempdir().unwrap();
    symlink(outside.path(), folder.path().join("link")).unwrap();
    symlink("nowhere", folder.path().join("dangling")).unwrap();
    fs::create_dir(folder.path().join("directory")).unwrap();
    refuses(folder.path(), "link/a.py", "symlink");
    refuses(folder.path(), "link/deep/a.py", "symlink");
    refuses(folder.path(), "dangling", "symlink");
    refuses(folder.path(), "directory", "not_a_file");
    assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 0);
}

#[test]
fn a_new_file_is_no_more_open_than_others_of_the_user() {
    let folder = tempfile::tempdir().unwrap();
    for (umask, file, directory) in [
        ("022", 0o644, 0o755),
        ("077", 0o600, 0o700),
        ("002", 0o664, 0o775),
    ] {
        let path = format!("d{umask}/a.py");
        assert_eq!(apply(folder.path(), &path, umask).0, 0);
        let mode = |path: &str| {
            let metadata = fs::metadata(folder.path().join(path)).unwrap();
            metadata.permissions().mode() & 0o7777
        };
        assert_eq!(mode(&path), file, "{umask}");
        assert_eq!(mode(&format!("d{umask}")), directory, "{umask}");
    }
}
