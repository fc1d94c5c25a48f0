//! `lr-git recover`: after a `git commit` that was killed half-way.

use std::fs;

use crate::support::{RUN, Sandbox, first_check};

/// A repository in which a commit of the user's moved the branch and not the index.
fn killed(sandbox: &Sandbox) {
    let index = fs::read(sandbox.path(".git/index")).unwrap();
    sandbox.write("a.py", "new\n");
    sandbox.git(&["rm", "--quiet", "b.py"]);
    sandbox.git(&["add", "a.py"]);
    sandbox.git(&["commit", "--quiet", "-m", "Mine"]);
    fs::write(sandbox.path(".git/index"), index).unwrap();
    assert_eq!(
        sandbox.git(&["status", "--porcelain"]),
        "MM a.py\nAD b.py\n"
    );
}

#[test]
fn brings_the_index_up_to_the_commit_and_touches_no_file() {
    let sandbox = Sandbox::new();
    killed(&sandbox);
    let ran = sandbox.lr(&["start"], &first_check(&["a.py"])).code(2);
    ran.says("was interrupted").says("lr-git recover");
    sandbox.write("a.py", "new, and edited\n");
    sandbox.write("c.py", "staged\n");
    sandbox.git(&["add", "c.py"]);
    // One file of the commit has to be there as it was committed to tell the state.
    sandbox.lr(&["recover"], "").code(1);
    sandbox.write("a.py", "new\n");
    let head = sandbox.git(&["rev-parse", "--short=8", "HEAD"]);
    let ran = sandbox.lr(&["recover"], "").code(0);
    let expected = format!(
        "brought the index up to the commit {}: 2 files\n",
        head.trim()
    );
    assert_eq!(ran.stdout, expected);
    sandbox.is_sound("A  c.py\n");
    sandbox.lr(&["recover"], "").code(1);
    sandbox.start(&["a.py"]);
}

#[test]
fn does_nothing_where_nothing_was_killed_and_keeps_locks() {
    let sandbox = Sandbox::new();
    let index = fs::read(sandbox.path(".git/index")).unwrap();
    sandbox
        .lr(&["recover"], "")
        .code(1)
        .says("nothing to recover");
    assert_eq!(fs::read(sandbox.path(".git/index")).unwrap(), index);
    killed(&sandbox);
    sandbox.write(".git/index.lock", "");
    sandbox.lr(&["recover"], "").code(2).says("index.lock");
    assert!(sandbox.path(".git/index.lock").exists());
}

#[test]
fn a_commit_of_lr_is_completed_by_any_later_run() {
    let sandbox = Sandbox::new();
    sandbox.start(&["a.py"]);
    let index = fs::read(sandbox.path(".git/index")).unwrap();
    let turn = sandbox.apply(1, &[("a.py", Some("print(1)\n"))]);
    sandbox
        .lr(&["commit", "--no-fixes"], &crate::support::line(&turn))
        .code(0);
    fs::write(sandbox.path(".git/index"), index).unwrap();
    let other = first_check(&["b.py"]).replace(RUN, "other");
    sandbox
        .lr(&["start"], &other)
        .code(0)
        .says("completed the commit");
    sandbox.is_sound("");
}
