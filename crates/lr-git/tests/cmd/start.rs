//! `lr-git start`.

use crate::support::{RUN, Sandbox, first_check};

#[test]
fn makes_the_branch_and_leaves_the_work_tree_alone() {
    let sandbox = Sandbox::new();
    let head = sandbox.git(&["rev-parse", "HEAD"]);
    let check = first_check(&["a.py"]);
    let ran = sandbox
        .lr(&["start"], &check)
        .code(0)
        .says(&format!("on the new branch 'lr/{RUN}'"));
    assert_eq!(ran.stdout, check);
    assert_eq!(
        sandbox.git(&["branch", "--show-current"]),
        format!("lr/{RUN}\n")
    );
    assert_eq!(
        sandbox.git(&["rev-parse", &format!("refs/lr/{RUN}/base")]),
        head
    );
    assert_eq!(sandbox.git(&["rev-parse", "main"]), head);
    sandbox.is_sound("");
}

/// git looks for `lr/<run>` in `refs/` before it looks in `refs/heads/`.
#[test]
fn nothing_else_has_the_short_name_of_the_branch() {
    let sandbox = Sandbox::new();
    sandbox.start(&["a.py"]);
    sandbox.git(&["commit", "--quiet", "--allow-empty", "-m", "x"]);
    let branch = sandbox.git(&["rev-parse", &format!("lr/{RUN}")]);
    assert_eq!(branch, sandbox.git(&["rev-parse", "HEAD"]));
}

/// gix writes no line into the log of HEAD when a symbolic reference changes.
#[test]
fn git_knows_the_way_back() {
    let sandbox = Sandbox::new();
    sandbox.start(&["a.py"]);
    let log = sandbox.git(&["reflog", "-1", "--format=%gs"]);
    assert_eq!(log, format!("checkout: moving from main to lr/{RUN}\n"));
    sandbox.git(&["checkout", "--quiet", "-"]);
    assert_eq!(sandbox.git(&["branch", "--show-current"]), "main\n");
}

#[test]
fn a_second_start_of_the_same_run_is_harmless() {
    let sandbox = Sandbox::new();
    sandbox.start(&["a.py"]);
    let refs = sandbox.git(&["for-each-ref"]);
    sandbox
        .lr(&["start"], &first_check(&["a.py"]))
        .code(0)
        .says("as before");
    assert_eq!(sandbox.git(&["for-each-ref"]), refs);
}

#[test]
fn goes_on_where_a_start_was_killed_before_the_branch_was_checked_out() {
    let sandbox = Sandbox::new();
    sandbox.git(&["branch", &format!("lr/{RUN}")]);
    sandbox.start(&["a.py"]);
    assert_eq!(
        sandbox.git(&["branch", "--show-current"]),
        format!("lr/{RUN}\n")
    );
}

#[test]
fn begins_on_a_detached_head_and_in_a_linked_work_tree() {
    let sandbox = Sandbox::new();
    sandbox.git(&["worktree", "add", "--quiet", "--detach", "../linked"]);
    let ran = sandbox.lr_in("../linked", &["start"], &first_check(&["a.py"]));
    ran.code(0).says("from the detached commit");
    let branch = sandbox.git(&["-C", "../linked", "branch", "--show-current"]);
    assert_eq!(branch, format!("lr/{RUN}\n"));
    assert_eq!(sandbox.git(&["branch", "--show-current"]), "main\n");
    sandbox.git(&["-C", "../linked", "checkout", "--quiet", "-"]);
    assert_eq!(
        sandbox.git(&["-C", "../linked", "branch", "--show-current"]),
        ""
    );
}

#[test]
fn other_changes_of_the_user_are_no_obstacle_and_stay() {
    let sandbox = Sandbox::new();
    sandbox.write("b.py", "changed\n");
    sandbox.write("c.py", "new\n");
    sandbox.git(&["add", "c.py"]);
    sandbox.start(&["a.py"]);
    sandbox.is_sound(" M b.py\nA  c.py\n");
}

#[test]
fn paths_are_those_of_the_working_directory() {
    let sandbox = Sandbox::new();
    sandbox.write("sub/x.py", "x\n");
    sandbox.git(&["add", "sub"]);
    sandbox.git(&["commit", "--quiet", "-m", "x"]);
    sandbox
        .lr_in("sub", &["start"], &first_check(&["x.py"]))
        .code(0);
    sandbox
        .lr(&["-C", "sub", "start"], &first_check(&["x.py"]))
        .code(0)
        .says("as before");
}

/// Checks that a start is refused with these words, and that nothing was made.
#[track_caller]
fn refuses(sandbox: &Sandbox, paths: &[&str], words: &str) {
    let before = sandbox.git(&["for-each-ref"]);
    let ran = sandbox
        .lr(&["start"], &first_check(paths))
        .code(2)
        .says(words);
    assert_eq!(ran.turns()[0]["error"]["stage"], "lr-git");
    assert_eq!(ran.turns()[0]["sources"][0]["path"], paths[0]);
    assert_eq!(sandbox.git(&["for-each-ref"]), before);
}

#[test]
fn refuses_dirty_sources() {
    let sandbox = Sandbox::new();
    sandbox.write("a.py", "import os\nprint(9)\n");
    refuses(&sandbox, &["a.py"], "changed since the last commit: 'a.py'");
    sandbox.git(&["add", "a.py"]);
    refuses(&sandbox, &["a.py"], "changed since the last commit: 'a.py'");
    sandbox.write("a.py", "import os\nprint(1)\n");
    refuses(&sandbox, &["a.py"], "another version in the index");
}

#[test]
fn refuses_a_source_whose_mode_changed_or_that_is_gone() {
    let sandbox = Sandbox::new();
    sandbox
        .run("chmod", &["+x", "a.py"], "".as_ref(), "")
        .code(0);
    refuses(&sandbox, &["a.py"], "changed since the last commit: 'a.py'");
    sandbox.run("rm", &["a.py"], "".as_ref(), "").code(0);
    refuses(&sandbox, &["a.py"], "changed since the last commit: 'a.py'");
}

#[test]
fn no_flag_of_the_index_hides_an_edit() {
    for flag in ["--assume-unchanged", "--skip-worktree"] {
        let sandbox = Sandbox::new();
        sandbox.git(&["update-index", flag, "a.py"]);
        sandbox.write("a.py", "hidden\n");
        assert_eq!(sandbox.git(&["status", "--porcelain"]), "");
        refuses(&sandbox, &["a.py"], "changed since the last commit: 'a.py'");
    }
}

#[test]
fn refuses_sources_that_could_not_be_brought_back() {
    let sandbox = Sandbox::new();
    sandbox.write("new.py", "x\n");
    refuses(
        &sandbox,
        &["new.py"],
        "not committed yet, so that it could not be brought back: 'new.py'",
    );
    sandbox.git(&["add", "--intent-to-add", "new.py"]);
    refuses(
        &sandbox,
        &["new.py"],
        "hint: commit first: git add new.py && git commit",
    );
    sandbox.write(".gitignore", "ignored.py\n");
    sandbox.write("ignored.py", "x\n");
    refuses(&sandbox, &["ignored.py"], "not committed yet");
}

#[test]
fn reads_paths_as_people_write_them_and_refuses_those_outside() {
    let sandbox = Sandbox::new();
    for path in ["../x.py", "/a.py", ".git/config"] {
        refuses(&sandbox, &[path], "cannot use the source");
    }
    sandbox.start(&["./a.py", ".//b.py"]);
}

#[test]
fn refuses_a_file_of_fixes_with_changes() {
    let sandbox = Sandbox::new();
    sandbox.write("FIXES.md", "# Mine\n");
    refuses(
        &sandbox,
        &["a.py"],
        "'FIXES.md' has changes that are not committed",
    );
    sandbox
        .lr(&["start", "--no-fixes"], &first_check(&["a.py"]))
        .code(0);
}

#[test]
fn refuses_directories_and_files_in_the_way() {
    let sandbox = Sandbox::new();
    std::fs::create_dir(sandbox.path("FIXES.md")).unwrap();
    refuses(&sandbox, &["a.py"], "'FIXES.md': it is a directory");
    std::fs::remove_dir(sandbox.path("FIXES.md")).unwrap();
    sandbox.write(".lr", "mine");
    refuses(&sandbox, &["a.py"], ".lr' is not a directory");
}

#[test]
fn refuses_a_branch_that_another_work_tree_has_checked_out() {
    let sandbox = Sandbox::new();
    let branch = format!("lr/{RUN}");
    sandbox.git(&["worktree", "add", "--quiet", "../linked", "-b", &branch]);
    refuses(&sandbox, &["a.py"], "is checked out at");
}

#[test]
fn refuses_a_reference_in_the_way() {
    let sandbox = Sandbox::new();
    let name = format!("refs/lr/{RUN}");
    sandbox.git(&["update-ref", &name, "HEAD"]);
    refuses(&sandbox, &["a.py"], &format!("'{name}' is in the way"));
}

#[test]
fn refuses_branches_in_the_way() {
    let sandbox = Sandbox::new();
    sandbox.git(&["branch", "lr"]);
    refuses(&sandbox, &["a.py"], "the branch 'lr' is in the way");
    sandbox.git(&["branch", "-d", "lr"]);
    sandbox.git(&["checkout", "--quiet", "-b", &format!("lr/{RUN}")]);
    sandbox.git(&["commit", "--quiet", "--allow-empty", "-m", "x"]);
    sandbox.git(&["checkout", "--quiet", "main"]);
    refuses(&sandbox, &["a.py"], "exists and is not checked out");
}

#[test]
fn refuses_a_run_that_cannot_be_a_branch() {
    let sandbox = Sandbox::new();
    for run in ["../../x", "a b", "", "-x", "a..b", "x.lock"] {
        let turn = format!(r#"{{"lr":1,"run":"{run}"}}"#);
        sandbox
            .lr(&["start"], &turn)
            .code(2)
            .says("cannot be part of a branch name");
    }
    assert_eq!(
        sandbox.git(&["branch", "--format=%(refname:short)"]),
        "main\n"
    );
}

#[test]
fn refuses_turns_of_several_runs() {
    let sandbox = Sandbox::new();
    let turns = "{\"lr\":1,\"run\":\"x\"}\n{\"lr\":1,\"run\":\"y\"}\n";
    let ran = sandbox
        .lr(&["start"], turns)
        .code(2)
        .says("belong to 2 runs");
    assert_eq!(ran.turns().len(), 2);
}

#[test]
fn a_turn_with_an_error_is_passed_on_and_counts() {
    let sandbox = Sandbox::new();
    let turn =
        r#"{"lr":1,"run":"x","error":{"stage":"lr-check","kind":"rate_limited","message":"m"}}"#;
    let ran = sandbox.lr(&["start"], turn).code(3);
    assert_eq!(ran.stdout, format!("{turn}\n"));
}

#[test]
fn a_person_reads_a_page() {
    let sandbox = Sandbox::new();
    let ran = sandbox
        .lr(
            &["start", "--format", "text", "-q"],
            &first_check(&["a.py"]),
        )
        .code(0);
    let head = sandbox.git(&["rev-parse", "--short=8", "HEAD"]);
    let expected = format!(
        "on the new branch 'lr/{RUN}', from 'main' at {}; 'git checkout -' leads back\n",
        head.trim()
    );
    assert_eq!((ran.stdout, ran.stderr), (expected, String::new()));
}
