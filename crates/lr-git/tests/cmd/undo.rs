//! `lr-git undo`.

use crate::support::{RUN, Sandbox};

/// A sandbox with two turns committed: `a.py` changed twice, `b.py` deleted, `new.py` added.
fn after_two_turns() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.start(&["a.py", "b.py"]);
    sandbox.commit(&sandbox.apply(1, &[("a.py", Some("print(1)\n")), ("b.py", None)]));
    sandbox.commit(&sandbox.apply(2, &[("a.py", Some("print(2)\n")), ("new.py", Some("x\n"))]));
    sandbox
}

#[test]
fn brings_everything_back_with_one_commit() {
    let sandbox = after_two_turns();
    let ran = sandbox.lr(&["undo"], "").code(0);
    let head = sandbox.git(&["rev-parse", "--short=8", "HEAD"]);
    let expected = format!(
        "brought back 4 files:\n  FIXES.md (was not there)\n  a.py\n  b.py\n  new.py (was not there)\nin the commit {}; 'git checkout -' leads back to your branch\n",
        head.trim()
    );
    assert_eq!(ran.stdout, expected);
    assert_eq!(sandbox.git(&["diff", "main"]), "");
    assert_eq!(sandbox.subjects().len(), 6);
    assert_eq!(sandbox.subjects()[5], "Undo the fixes of a run: 4 files");
    sandbox.is_sound("");
    sandbox
        .lr(&["undo"], "")
        .code(1)
        .says("nothing to take back");
}

#[test]
fn what_is_committed_after_an_undo_can_be_taken_back_again() {
    let sandbox = after_two_turns();
    sandbox.lr(&["undo"], "").code(0);
    sandbox.commit(&sandbox.apply(3, &[("a.py", Some("print(3)\n"))]));
    let ran = sandbox.lr(&["undo"], "").code(0);
    assert!(
        ran.stdout.starts_with("brought back 2 files:\n"),
        "{}",
        ran.stdout
    );
    assert_eq!(sandbox.git(&["diff", "main"]), "");
}

#[test]
fn only_says_so_with_dry_run() {
    let sandbox = after_two_turns();
    let ran = sandbox.lr(&["undo", "--dry-run"], "").code(0);
    assert!(ran.stdout.starts_with("would bring back 4 files:\n"));
    assert_eq!(sandbox.subjects().len(), 5);
    sandbox.is_sound("");
}

#[test]
fn refuses_files_that_somebody_changed_since() {
    let sandbox = after_two_turns();
    sandbox.write("a.py", "mine\n");
    sandbox
        .lr(&["undo"], "")
        .code(2)
        .says("changed since by somebody else: 'a.py'");
    sandbox.git(&["commit", "--quiet", "-am", "Mine"]);
    sandbox
        .lr(&["undo"], "")
        .code(2)
        .says("changed since by somebody else: 'a.py'");
    assert_eq!(sandbox.read("a.py"), "mine\n");
}

#[test]
fn other_work_on_the_branch_stays() {
    let sandbox = after_two_turns();
    sandbox.write("mine.py", "mine\n");
    sandbox.git(&["add", "mine.py"]);
    sandbox.git(&["commit", "--quiet", "-m", "Mine"]);
    sandbox.write("other.py", "other\n");
    sandbox.lr_in("", &["undo"], "").code(0);
    assert_eq!(
        sandbox.git(&["diff", "--name-status", "main"]),
        "A\tmine.py\n"
    );
    sandbox.is_sound("?? other.py\n");
}

#[test]
fn takes_a_run_back_that_was_merged() {
    let sandbox = after_two_turns();
    sandbox.git(&["checkout", "--quiet", "main"]);
    sandbox
        .lr(&["undo"], "")
        .code(2)
        .says("'main' is not the branch of a run");
    sandbox.git(&["merge", "--quiet", "--ff-only", &format!("lr/{RUN}")]);
    let base = sandbox.git(&["rev-parse", &format!("refs/lr/{RUN}/base")]);
    sandbox.lr(&["undo", "--run", RUN], "").code(0);
    assert_eq!(sandbox.git(&["diff", base.trim()]), "");
}

#[test]
fn goes_on_where_an_undo_was_killed_before_its_commit() {
    let sandbox = after_two_turns();
    sandbox.git(&["checkout", "--quiet", "main", "--", "a.py", "b.py"]);
    sandbox.git(&["reset", "--quiet"]);
    sandbox.lr(&["undo"], "").code(0);
    assert_eq!(sandbox.git(&["diff", "main"]), "");
    sandbox.is_sound("");
}

#[test]
fn a_deleted_file_comes_back_executable() {
    let sandbox = Sandbox::new();
    sandbox.git(&["update-index", "--chmod=+x", "a.py"]);
    sandbox.git(&["commit", "--quiet", "-m", "x"]);
    sandbox.git(&["checkout", "--quiet", "--", "a.py"]);
    sandbox.start(&["a.py"]);
    sandbox.commit(&sandbox.apply(1, &[("a.py", None)]));
    sandbox.lr(&["undo"], "").code(0);
    assert_eq!(sandbox.git(&["diff", "main"]), "");
    sandbox.is_sound("");
}
