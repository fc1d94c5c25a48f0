//! What `lr-apply --patch-out` writes, as git takes it.

#![cfg(unix)]
#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "a test runs the programs themselves, and fails by panicking"
)]

mod program;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use program::lr_apply;
use tempfile::TempDir;

fn git(folder: &Path, arguments: &[&str]) -> String {
    let output = Command::new("git")
        .current_dir(folder)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .args(["-c", "user.name=t", "-c", "user.email=t@example.org"])
        .args(arguments)
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "git {arguments:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}

fn apply(folder: &Path, arguments: &[&str], reply: &str) -> String {
    let output = lr_apply(folder, arguments, reply);
    let page = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        output.status.success(),
        "{page}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    page
}

/// A repository with a commit of these files.
fn repository(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    git(folder.path(), &["init", "-q"]);
    for (path, text) in files {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        if path.extension().is_some_and(|ending| ending == "sh") {
            fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
        }
    }
    git(folder.path(), &["add", "--all"]);
    git(folder.path(), &["commit", "-q", "--message", "c"]);
    folder
}

/// Applies a reply in a folder of one copy and its patch in another; both must come to the same.
fn check(files: &[(&str, &str)], directory: &str, arguments: &[&str], reply: &str) {
    let (applied, patched) = (repository(files), repository(files));
    apply(&applied.path().join(directory), arguments, reply);
    let here = patched.path().join(directory);
    let patch = patched.path().join("the.patch");
    let patch = patch.to_str().unwrap();
    let dry: Vec<&str> = [arguments, &["-n", "--patch-out", patch]].concat();
    apply(&here, &dry, reply);
    git(&here, &["apply", patch]);
    fs::remove_file(patch).unwrap();
    for folder in [&applied, &patched] {
        git(folder.path(), &["add", "--all"]);
    }
    let tree = |folder: &TempDir| git(folder.path(), &["write-tree"]);
    assert_eq!(tree(&applied), tree(&patched));
    let shown = git(applied.path(), &["diff", "--cached", "--name-only"]);
    assert!(!shown.is_empty(), "something must have changed");
}

#[test]
fn git_makes_the_same_of_the_patch_as_is_written() {
    let files = [
        ("a.py", "a = 1\nb = 2\n"),
        ("dos.txt", "a\r\nb\r\nc"),
        ("mark.txt", "\u{feff}a\n"),
        ("a b\".txt", "x\n"),
        ("ä.txt", "x\ny"),
        ("empty.txt", ""),
    ];
    let reply = "<<<< a.py <<<<\na = 1\nb = 3\n>>>>>>>>\n\
                 <<<< dos.txt <<<<\na\nc\n>>>>>>>>\n\
                 <<<< mark.txt <<<<\nb\n>>>>>>>>\n\
                 <<<< a b\".txt <<<<\ny\n>>>>>>>>\n\
                 <<<< ä.txt <<<<\nx\nz\n>>>>>>>>\n\
                 <<<< empty.txt <<<<\nnot any more\n>>>>>>>>\n\
                 <<<< new dir/new ö.txt <<<<\nnew\n>>>>>>>>\n\
                 <<<< new dir/empty <<<<\n>>>>>>>>\n";
    check(&files, "", &["--allow-new", "."], reply);
}

#[test]
fn in_a_folder_of_the_work_tree_the_patch_is_taken_there() {
    let files = [("src/a.py", "a = 1\n"), ("a.py", "a = 1\n")];
    let reply = "<<<< a.py <<<<\na = 2\n>>>>>>>>\n<<<< b.py <<<<\nb = 1\n>>>>>>>>\n";
    check(&files, "src", &["--allow-new", "."], reply);
}

#[test]
fn deleted_files_are_in_the_patch() {
    let files = [("a.sh", "a\nb"), ("empty", ""), ("kept", "x\n")];
    let reply = "*** Begin Patch\n*** Delete File: a.sh\n*** Delete File: empty\n*** End Patch\n";
    check(&files, "", &["--allow-delete", "--complete", "."], reply);
}

#[test]
fn a_refused_reply_leaves_an_empty_patch() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("old.patch"), "of another run\n").unwrap();
    let arguments = ["--exit-zero", "--patch-out", "old.patch", "."];
    apply(folder.path(), &arguments, "<<<< b.py <<<<\nx\n>>>>>>>>\n");
    assert_eq!(fs::read(folder.path().join("old.patch")).unwrap(), b"");
}

#[test]
fn nothing_is_written_where_the_patch_cannot_be() {
    let folder = repository(&[("a.py", "a = 1\n")]);
    let reply = "<<<< a.py <<<<\na = 2\n>>>>>>>>\n<<<< new.py <<<<\nb = 1\n>>>>>>>>\n";
    for (name, reason) in [
        ("gone/a.patch", "no such file or directory"),
        (".git", "is a directory"),
        ("./a.py", "would take the place of 'a.py'"),
        ("new.py", "would take the place of 'new.py'"),
    ] {
        let arguments = ["--allow-new", "--patch-out", name, "a.py"];
        let output = lr_apply(folder.path(), &arguments, reply);
        let words = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{name}: {words}");
        assert!(words.contains(reason), "{name}: {words}");
        let text = fs::read_to_string(folder.path().join("a.py")).unwrap();
        assert_eq!(text, "a = 1\n", "{name}");
        assert!(!folder.path().join("new.py").exists(), "{name}");
    }
}
