//! `lr-git worktree`.

use std::path::Path;

use crate::support::{RUN, Ran, Sandbox, first_check, line};

fn make(sandbox: &Sandbox, name: &str) -> Ran {
    sandbox.lr(&["worktree", name], "")
}

fn remove(sandbox: &Sandbox, name: &str) -> Ran {
    sandbox.lr(&["worktree", "--remove", name], "")
}

/// The number of work trees.
fn count(sandbox: &Sandbox) -> usize {
    sandbox.git(&["worktree", "list"]).lines().count()
}

#[test]
fn a_run_in_a_linked_work_tree_leaves_the_checkout_alone() {
    let sandbox = Sandbox::new();
    sandbox.write("a.py", "mine\n");
    sandbox.write("new.py", "mine\n");
    let name = ".lr/worktrees/x";
    sandbox.write(".lr/.gitignore", "*\n");
    let ran = make(&sandbox, name)
        .code(0)
        .says("not in the work tree, because it is not committed: 'a.py', 'new.py'")
        .says("made the work tree '.lr/worktrees/x' of the commit ");
    assert_eq!(ran.stdout, ".lr/worktrees/x\n");
    let linked = |file: &str| format!("{name}/{file}");
    assert_eq!(sandbox.read(&linked("a.py")), "import os\nprint(1)\n");
    sandbox
        .lr_in(name, &["start"], &first_check(&["a.py"]))
        .code(0);
    let mut turn = sandbox.apply(1, &[(&linked("a.py"), Some("print(1)\n"))]);
    turn["apply"]["changes"][0]["path"] = "a.py".into();
    sandbox.lr_in(name, &["commit"], &line(&turn)).code(0);
    sandbox
        .lr_in(name, &["start", "--resume"], &first_check(&["a.py"]))
        .code(0);
    remove(&sandbox, name).code(0).says("removed the work tree");
    assert_eq!(count(&sandbox), 1);
    let branch = format!("lr/{RUN}");
    assert_eq!(
        sandbox.git(&["show", &format!("{branch}:a.py")]),
        "print(1)\n"
    );
    assert_eq!(sandbox.git(&["rev-list", "--count", &branch]), "3\n");
    assert_eq!(sandbox.git(&["branch", "--show-current"]), "main\n");
    assert_eq!(sandbox.read("a.py"), "mine\n");
    sandbox.is_sound(" M a.py\n?? new.py\n");
    remove(&sandbox, name).code(1).says("nothing to remove");
}

#[test]
fn hooks_and_settings_of_the_repository_hold_there() {
    let sandbox = Sandbox::new();
    let hook =
        "#!/bin/sh\ngit rev-parse --show-toplevel > \"$(git rev-parse --git-common-dir)/ran\"\n";
    sandbox.write(".git/hooks/pre-commit", hook);
    sandbox.run("chmod", &["+x", ".git/hooks/pre-commit"], Path::new(""), "");
    make(&sandbox, "../linked").code(0);
    let linked = "../linked";
    sandbox
        .lr_in(linked, &["start"], &first_check(&["a.py"]))
        .code(0);
    let mut turn = sandbox.apply(1, &[("../linked/a.py", Some("print(1)\n"))]);
    turn["apply"]["changes"][0]["path"] = "a.py".into();
    sandbox.lr_in(linked, &["commit"], &line(&turn)).code(0);
    assert!(sandbox.read(".git/ran").ends_with("/linked\n"));
    sandbox.is_sound("");
}

#[test]
fn below_the_top_it_names_the_folder_that_corresponds() {
    let sandbox = Sandbox::new();
    sandbox.write("sub/x.py", "x\n");
    sandbox.git(&["add", "."]);
    sandbox.git(&["commit", "--quiet", "-m", "x"]);
    let ran = sandbox
        .lr_in("sub", &["worktree", "../../linked"], "")
        .code(0);
    assert_eq!(ran.stdout, "../../linked/sub\n");
    assert!(sandbox.path("../linked/sub/x.py").is_file());
    sandbox.write("new/y.py", "y\n");
    let ran = sandbox
        .lr_in("new", &["worktree", "../../other"], "")
        .code(0);
    ran.says("'../../other/new' is not there, because nothing in it is committed");
}

#[test]
fn refuses_what_is_there() {
    let sandbox = Sandbox::new();
    std::fs::create_dir(sandbox.path("empty")).unwrap();
    make(&sandbox, "empty")
        .code(2)
        .says("'empty' is there already");
    make(&sandbox, "a.py")
        .code(2)
        .says("'a.py' is there already");
    make(&sandbox, "a.py/x").code(2);
    make(&sandbox, ".").code(2).says("is there already");
    assert_eq!(count(&sandbox), 1);
}

/// Run again after it was killed, it ends with the same.
#[test]
fn one_that_is_as_it_would_be_made_is_taken() {
    let sandbox = Sandbox::new();
    let first = make(&sandbox, "../x").code(0);
    assert_eq!(make(&sandbox, "../x").code(0).stdout, first.stdout);
    sandbox.write("../x/a.py", "mine\n");
    make(&sandbox, "../x")
        .code(2)
        .says("'../x' is there already")
        .says("lr-git worktree --remove '../x'");
    assert_eq!(count(&sandbox), 2);
}

#[test]
fn one_whose_making_was_killed_is_made_again() {
    let sandbox = Sandbox::new();
    make(&sandbox, "../x").code(0);
    sandbox.write(".git/worktrees/x/locked", "initializing\n");
    sandbox.write(".git/worktrees/x/index.lock", "");
    std::fs::remove_file(sandbox.path("../x/a.py")).unwrap();
    make(&sandbox, "../x").code(0);
    assert!(sandbox.path("../x/a.py").is_file());
    assert_eq!(count(&sandbox), 2);
    sandbox.is_sound("");
}

#[test]
fn one_whose_removal_was_killed_is_gone() {
    let sandbox = Sandbox::new();
    let aside = "../.x.removed-by-lr-git";
    make(&sandbox, "../x").code(0);
    std::fs::rename(sandbox.path("../x"), sandbox.path(aside)).unwrap();
    remove(&sandbox, "../x").code(0);
    assert!(!sandbox.path(aside).exists());
    assert_eq!(count(&sandbox), 1);
    make(&sandbox, "../x").code(0);
    sandbox.git(&["worktree", "lock", "../x"]);
    remove(&sandbox, "../x").code(2);
    assert!(sandbox.path("../x/a.py").is_file());
    assert!(!sandbox.path(aside).exists());
}

#[test]
fn nothing_that_is_only_there_is_removed() {
    let sandbox = Sandbox::new();
    make(&sandbox, "../x").code(0);
    for name in ["../x/a.py", "../x/new.py"] {
        sandbox.write(name, "mine\n");
        let file = name.rsplit('/').next().unwrap();
        remove(&sandbox, "../x")
            .code(2)
            .says(&format!("'../x' has what is not committed: '{file}'"));
        let work = Path::new("../x");
        sandbox
            .run("git", &["stash", "--include-untracked"], work, "")
            .code(0);
    }
    let mine = ["commit", "--quiet", "--allow-empty", "-m", "Mine"];
    sandbox.run("git", &mine, Path::new("../x"), "").code(0);
    remove(&sandbox, "../x")
        .code(2)
        .says("which no branch has")
        .says("git branch another-name");
    sandbox
        .run("git", &["bisect", "start"], Path::new("../x"), "")
        .code(0);
    remove(&sandbox, "../x")
        .code(2)
        .says("a git bisect is in progress");
    sandbox
        .run("git", &["bisect", "reset"], Path::new("../x"), "")
        .code(0);
    sandbox
        .run("git", &["branch", "mine"], Path::new("../x"), "")
        .code(0);
    sandbox
        .lr_in("../x", &["worktree", "--remove", "."], "")
        .code(2)
        .says("cannot be removed from inside");
    remove(&sandbox, "../x").code(0);
    assert!(!sandbox.path("../x").exists());
    sandbox.is_sound("");
}

#[test]
fn removes_only_linked_work_trees_of_this_repository() {
    let sandbox = Sandbox::new();
    remove(&sandbox, ".")
        .code(2)
        .says("is not a linked work tree of this repository");
    sandbox.git(&["clone", "--quiet", ".", "../clone"]);
    sandbox.git(&[
        "-C", "../clone", "worktree", "add", "--quiet", "--detach", "../y",
    ]);
    for name in ["../clone", "../y"] {
        remove(&sandbox, name)
            .code(2)
            .says("is not a linked work tree");
    }
    make(&sandbox, "../x").code(0);
    std::fs::remove_dir_all(sandbox.path("../x")).unwrap();
    remove(&sandbox, "../x").code(0);
    assert_eq!(count(&sandbox), 1);
}

#[test]
fn says_what_is_not_there() {
    let sandbox = Sandbox::new();
    sandbox.git(&["clone", "--quiet", ".", "../other"]);
    let add = [
        "-c",
        "protocol.file.allow=always",
        "submodule",
        "--quiet",
        "add",
        "../other",
        "sub",
    ];
    sandbox.git(&add);
    let pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n";
    sandbox.write("big.bin", pointer);
    sandbox.write(".gitattributes", "*.bin filter=lfs\n");
    sandbox.git(&["add", "."]);
    sandbox.git(&["commit", "--quiet", "-m", "x"]);
    make(&sandbox, "../x")
        .code(0)
        .says("because it is a submodule: 'sub'")
        .says("only a pointer of Git LFS in the work tree: 'big.bin'");
}

#[test]
fn needs_a_commit_and_a_repository() {
    let sandbox = Sandbox::without_repository();
    make(&sandbox, "x")
        .code(2)
        .says("not inside a git repository");
    sandbox.git(&["init", "--quiet"]);
    make(&sandbox, "x")
        .code(2)
        .says("there is no commit to make a work tree of");
}
