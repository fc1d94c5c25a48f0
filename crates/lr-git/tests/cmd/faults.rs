//! What is left when lr-git, or git, is killed or meets another one.

use std::fs::{self, File};
use std::path::Path;

use crate::support::{RUN, Sandbox, line};

/// gix does not smudge racily clean entries as git does: an edit of the same size within the
/// second in which the index was written would never be seen again.
#[test]
fn an_edit_of_the_same_size_in_the_same_second_is_seen() {
    for _ in 0..3 {
        let sandbox = Sandbox::new();
        sandbox.write("b.py", "import abc\nprint(2)\n");
        sandbox.git(&["add", "b.py"]);
        sandbox.write("b.py", "import xyz\nprint(2)\n");
        let now = fs::metadata(sandbox.path(".git/index"))
            .unwrap()
            .modified()
            .unwrap();
        File::options()
            .write(true)
            .open(sandbox.path("b.py"))
            .unwrap()
            .set_modified(now)
            .unwrap();
        sandbox.start(&["a.py"]);
        let turn = sandbox.apply(1, &[("a.py", Some("print(1)\n"))]);
        sandbox.commit(&turn);
        // Nothing but the contents can tell the edit from here on.
        let later = now + std::time::Duration::from_secs(5);
        File::options()
            .write(true)
            .open(sandbox.path(".git/index"))
            .unwrap()
            .set_modified(later)
            .unwrap();
        sandbox.is_sound("MM b.py\n");
    }
}

/// The tree cache of the index must not survive, or a later commit takes old folders from it.
#[test]
fn a_later_commit_of_the_user_holds_the_fix() {
    let sandbox = Sandbox::new();
    sandbox.write("sub/x.py", "old\n");
    sandbox.git(&["add", "."]);
    sandbox.git(&["commit", "--quiet", "-m", "x"]);
    sandbox.start(&["sub/x.py"]);
    sandbox.commit(&sandbox.apply(1, &[("sub/x.py", Some("new\n"))]));
    sandbox.write("b.py", "mine\n");
    sandbox.git(&["add", "b.py"]);
    let tree = sandbox.git(&["write-tree"]);
    let name = format!("{}:sub/x.py", tree.trim());
    assert_eq!(sandbox.git(&["show", &name]), "new\n");
    sandbox.git(&["commit", "--quiet", "-m", "Mine"]);
    assert_eq!(sandbox.git(&["show", "HEAD:sub/x.py"]), "new\n");
    sandbox.is_sound("");
}

#[test]
fn a_commit_killed_before_the_index_was_replaced_is_completed() {
    let sandbox = Sandbox::new();
    sandbox.start(&["a.py"]);
    let index = fs::read(sandbox.path(".git/index")).unwrap();
    let turn = sandbox.apply(1, &[("a.py", Some("print(1)\n"))]);
    sandbox.lr(&["commit", "--no-fixes"], &line(&turn)).code(0);
    fs::write(sandbox.path(".git/index"), index).unwrap();
    assert_eq!(sandbox.git(&["status", "--porcelain"]), "MM a.py\n");
    sandbox.commit(&turn).says("completed the commit");
    assert_eq!(sandbox.subjects().len(), 3);
    sandbox.is_sound("");
}

#[test]
fn a_run_killed_between_its_two_commits_writes_one_entry() {
    for is_written in [false, true] {
        let sandbox = Sandbox::new();
        sandbox.start(&["a.py"]);
        let turn = sandbox.apply(1, &[("a.py", Some("print(1)\n"))]);
        sandbox.commit(&turn);
        let fixes = sandbox.read("FIXES.md");
        sandbox.git(&["reset", "--quiet", "--hard", "HEAD~1"]);
        sandbox.git(&["update-ref", &format!("refs/lr/{RUN}/tip"), "HEAD"]);
        if is_written {
            sandbox.write("FIXES.md", &fixes);
        }
        sandbox.commit(&turn);
        assert_eq!(sandbox.read("FIXES.md"), fixes);
        assert_eq!(sandbox.subjects().len(), 3);
        sandbox.is_sound("");
    }
}

#[test]
fn a_second_lr_git_is_refused_with_the_place_of_the_first() {
    let sandbox = Sandbox::new();
    sandbox.start(&["a.py"]);
    let lock = File::options()
        .read(true)
        .write(true)
        .open(sandbox.path(".git/lr-git"))
        .unwrap();
    lock.lock().unwrap();
    let turn = sandbox.apply(1, &[("a.py", Some("print(1)\n"))]);
    let ran = sandbox.lr(&["commit"], &line(&turn)).code(2);
    ran.says("another lr-git is at work in this repository: process ")
        .says("/work'");
    drop(lock);
    sandbox.commit(&turn);
}

#[test]
fn a_second_lr_git_waits_for_one_that_is_at_its_end() {
    let sandbox = Sandbox::new();
    sandbox.start(&["a.py"]);
    let path = sandbox.path(".git/lr-git");
    let lock = File::options().read(true).write(true).open(path).unwrap();
    lock.lock().unwrap();
    let turn = sandbox.apply(1, &[("a.py", Some("print(1)\n"))]);
    let first = std::thread::spawn(move || {
        std::thread::sleep(std::time::Duration::from_millis(200));
        drop(lock);
    });
    sandbox.commit(&turn);
    first.join().unwrap();
}

#[test]
fn a_lock_that_appears_later_leaves_everything_as_it_was() {
    let sandbox = Sandbox::new();
    sandbox.start(&["a.py"]);
    let turn = sandbox.apply(1, &[("a.py", Some("print(1)\n"))]);
    sandbox.write(".git/index.lock", "");
    let head = sandbox.git(&["rev-parse", "HEAD"]);
    sandbox
        .lr(&["commit"], &line(&turn))
        .code(2)
        .says("index.lock");
    assert_eq!(sandbox.git(&["rev-parse", "HEAD"]), head);
    fs::remove_file(sandbox.path(".git/index.lock")).unwrap();
    sandbox.is_sound(" M a.py\n");
}

/// A lock is known by when it was made, so that one of somebody else under its name stays.
#[test]
fn only_the_very_lock_of_an_lr_git_that_was_killed_is_removed() {
    use std::os::unix::fs::MetadataExt as _;

    let sandbox = Sandbox::new();
    sandbox.start(&["a.py"]);
    sandbox.write(".git/index.lock", "half an index");
    let lock = sandbox.path(".git/index.lock").canonicalize().unwrap();
    let data = lock.metadata().unwrap();
    let Ok(made) = data.created() else {
        return; // Not every file system keeps it.
    };
    let made = made.duration_since(std::time::UNIX_EPOCH).unwrap();
    let note = |nanoseconds: u128| {
        let (device, inode) = (data.dev(), data.ino());
        let lock = lock.display();
        format!("process 1 in '/x'\nlock {device}:{inode}:{nanoseconds} {lock}\n")
    };
    let turn = sandbox.apply(1, &[("a.py", Some("print(1)\n"))]);
    sandbox.write(".git/lr-git", &note(made.as_nanos() - 1));
    sandbox
        .lr(&["commit"], &line(&turn))
        .code(2)
        .says("another program holds the lock");
    sandbox.write(".git/lr-git", &note(made.as_nanos()));
    sandbox
        .commit(&turn)
        .says("removed the lock '")
        .says("which an lr-git that was killed has left");
    sandbox.is_sound("");
}

/// Kills lr-git, and the git it starts, at system calls, and lets others fail: the repository is
/// sound, and a rerun ends with the same two commits. `LR_TEST_SLOW` takes every call.
#[test]
fn survives_being_killed_anywhere() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let root = root.canonicalize().unwrap();
    let mut sandbox = Sandbox::without_repository();
    sandbox.set("LR_GIT", env!("CARGO_BIN_EXE_lr-git"));
    if sandbox.run("which", &["strace"], Path::new(""), "").code != 0 {
        eprintln!("not tried, because strace is not installed: scripts/torture git");
        return;
    }
    let is_slow = std::env::vars_os().any(|(name, _)| name == "LR_TEST_SLOW");
    let arguments = if is_slow {
        &["git"][..]
    } else {
        &["git", "--quick"]
    };
    let script = root.join("scripts/torture");
    let ran = sandbox.run(script.to_str().unwrap(), arguments, Path::new(""), "");
    let ran = ran.code(0);
    assert!(ran.stdout.contains(" 0 broken promises;"), "{}", ran.stdout);
    let points: usize = ran.stdout["git: ".len()..]
        .split(' ')
        .next()
        .unwrap()
        .parse()
        .unwrap();
    assert!(points > 20, "{}", ran.stdout);
}
