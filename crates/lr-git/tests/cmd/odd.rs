//! Odd repositories: each ends right, or in a refusal by name.

use serde_json::json;

use crate::support::{RUN, Sandbox, first_check, line};

/// Checks that start and commit work, and that git sees nothing odd afterwards.
#[track_caller]
fn works(sandbox: &Sandbox, status: &str) {
    sandbox.start(&["a.py"]);
    sandbox.commit(&sandbox.apply(1, &[("a.py", Some("print(1)\n"))]));
    assert_eq!(sandbox.subjects().len(), 3);
    assert_eq!(sandbox.git(&["show", "HEAD:a.py"]), "print(1)\n");
    sandbox.is_sound(status);
}

#[track_caller]
fn refuses(sandbox: &Sandbox, words: &str) {
    let before = sandbox.git(&["for-each-ref"]);
    sandbox
        .lr(&["start"], &first_check(&["a.py"]))
        .code(2)
        .says(words);
    assert_eq!(sandbox.git(&["for-each-ref"]), before);
}

#[test]
fn automatic_line_endings() {
    for value in ["true", "input"] {
        let sandbox = Sandbox::new();
        sandbox.git(&["config", "core.autocrlf", value]);
        sandbox.write("a.py", "import os\r\nprint(1)\r\n");
        assert_eq!(sandbox.git(&["diff", "--stat"]), "");
        sandbox.start(&["a.py"]);
        sandbox.commit(&sandbox.apply(1, &[("a.py", Some("print(1)\r\n"))]));
        assert_eq!(sandbox.git(&["show", "HEAD~1:a.py"]), "print(1)\n");
        sandbox.is_sound("");
    }
}

#[test]
fn line_endings_by_attribute() {
    let sandbox = Sandbox::new();
    sandbox.write(".git/info/attributes", "*.py text eol=crlf\n");
    sandbox.write("a.py", "import os\r\nprint(1)\r\n");
    sandbox.start(&["a.py"]);
    sandbox.commit(&sandbox.apply(1, &[("a.py", Some("print(1)\r\n"))]));
    assert_eq!(sandbox.git(&["show", "HEAD:a.py"]), "print(1)\n");
    sandbox.is_sound("");
}

#[test]
fn an_executable_bit_that_does_not_count() {
    let sandbox = Sandbox::new();
    sandbox.git(&["config", "core.fileMode", "false"]);
    sandbox
        .run("chmod", &["+x", "a.py"], "".as_ref(), "")
        .code(0);
    works(&sandbox, "");
    assert!(
        sandbox
            .git(&["ls-tree", "HEAD", "a.py"])
            .starts_with("100644")
    );
}

#[test]
fn split_and_versioned_indexes() {
    let sandbox = Sandbox::new();
    sandbox.git(&["update-index", "--split-index"]);
    works(&sandbox, "");
    let sandbox = Sandbox::new();
    sandbox.git(&["update-index", "--index-version", "4", "--untracked-cache"]);
    works(&sandbox, "");
}

#[test]
fn sparse_checkouts_with_a_full_and_a_sparse_index() {
    for index in ["--no-sparse-index", "--sparse-index"] {
        let sandbox = Sandbox::new();
        sandbox.write("out/x.py", "x\n");
        sandbox.git(&["add", "."]);
        sandbox.git(&["commit", "--quiet", "--amend", "-m", "Begin"]);
        sandbox.git(&["sparse-checkout", "init", "--cone", index]);
        sandbox.git(&["config", "advice.sparseIndexExpanded", "false"]);
        assert!(!sandbox.path("out").exists());
        works(&sandbox, "");
        assert_eq!(sandbox.git(&["show", "HEAD:out/x.py"]), "x\n");
    }
}

#[test]
fn a_shallow_clone() {
    let sandbox = Sandbox::new();
    sandbox.git(&["commit", "--quiet", "--allow-empty", "-m", "Second"]);
    let url = format!("file://{}", sandbox.path("").display());
    sandbox.git(&["clone", "--quiet", "--depth=1", &url, "../clone"]);
    sandbox
        .lr_in("../clone", &["start"], &first_check(&["a.py"]))
        .code(0);
    let mut turn = sandbox.apply(1, &[("../clone/a.py", Some("print(1)\n"))]);
    turn["apply"]["changes"][0]["path"] = "a.py".into();
    sandbox.lr_in("../clone", &["commit"], &line(&turn)).code(0);
    assert_eq!(
        sandbox.git(&["-C", "../clone", "status", "--porcelain"]),
        ""
    );
    sandbox.git(&["-C", "../clone", "fsck", "--strict"]);
}

#[test]
fn a_clone_without_its_objects() {
    let sandbox = Sandbox::new();
    sandbox.git(&["config", "uploadpack.allowFilter", "true"]);
    let url = format!("file://{}", sandbox.path("").display());
    sandbox.git(&["clone", "--quiet", "--filter=blob:none", &url, "../clone"]);
    sandbox
        .lr_in("../clone", &["start"], &first_check(&["a.py"]))
        .code(0);
    sandbox.git(&[
        "-C",
        "../clone",
        "commit",
        "--quiet",
        "--allow-empty",
        "-m",
        "x",
    ]);
    assert_eq!(
        sandbox.git(&["-C", "../clone", "status", "--porcelain"]),
        ""
    );
}

/// Only root can give a repository away.
#[test]
fn a_repository_of_somebody_else() {
    let sandbox = Sandbox::new();
    let given = sandbox.run("chown", &["-R", "12345", "."], "".as_ref(), "");
    if given.code != 0 {
        return;
    }
    let ran = sandbox.lr(&["start"], &first_check(&["a.py"])).code(2);
    ran.says("belongs to somebody else").says("safe.directory");
    let config = format!("safe.directory={}", sandbox.path("").display());
    let config = config.trim_end_matches('/').split_once('=').unwrap();
    sandbox
        .run(
            "git",
            &["config", "--global", config.0, config.1],
            "..".as_ref(),
            "",
        )
        .code(0);
    works(&sandbox, "");
}

#[test]
fn hashes_of_256_bits() {
    let sandbox = Sandbox::without_repository();
    sandbox.git(&[
        "init",
        "--quiet",
        "--initial-branch=main",
        "--object-format=sha256",
    ]);
    sandbox.write("a.py", "import os\nprint(1)\n");
    sandbox.git(&["add", "a.py"]);
    sandbox.git(&["commit", "--quiet", "-m", "Begin"]);
    works(&sandbox, "");
}

#[test]
fn a_repository_shared_by_a_group() {
    let sandbox = Sandbox::new();
    sandbox.git(&["config", "core.sharedRepository", "group"]);
    works(&sandbox, "");
}

#[test]
fn packed_references_and_objects() {
    let sandbox = Sandbox::new();
    sandbox.git(&["gc", "--quiet"]);
    works(&sandbox, "");
}

#[test]
fn awkward_names() {
    let sandbox = Sandbox::new();
    let names = [
        "with space.py",
        "-dash.py",
        "quote'\".py",
        "*.txt",
        ":(top)x",
        "é.py",
        "#x",
        "!y",
    ];
    for name in names {
        sandbox.write(name, "old\n");
    }
    sandbox.git(&["--literal-pathspecs", "add", "."]);
    sandbox.git(&["commit", "--quiet", "-m", "x"]);
    sandbox.write("other.txt", "must not be committed\n");
    sandbox.git(&["add", "other.txt"]);
    sandbox.start(&names);
    let versions: Vec<_> = names.iter().map(|name| (*name, Some("new\n"))).collect();
    sandbox.commit(&sandbox.apply(1, &versions));
    sandbox.is_sound("A  other.txt\n");
    sandbox.write(".git/hooks/pre-commit", "#!/bin/sh\n");
    sandbox
        .run("chmod", &["+x", ".git/hooks/pre-commit"], "".as_ref(), "")
        .code(0);
    let versions: Vec<_> = names.iter().map(|name| (*name, Some("newer\n"))).collect();
    sandbox.commit(&sandbox.apply(2, &versions));
    sandbox.is_sound("A  other.txt\n");
}

#[test]
fn no_commit_yet_works_for_new_files_and_is_refused_for_others() {
    let sandbox = Sandbox::without_repository();
    sandbox.git(&["init", "--quiet", "--initial-branch=main"]);
    sandbox.write("a.py", "x\n");
    refuses(&sandbox, "not committed yet");
    let turn = json!({"lr": 1, "run": RUN, "sources": []});
    sandbox
        .lr(&["start"], &line(&turn))
        .code(0)
        .says("before the first commit");
    sandbox.commit(&sandbox.apply(1, &[("new.py", Some("print(1)\n"))]));
    assert_eq!(sandbox.subjects().len(), 2);
    sandbox.is_sound("?? a.py\n");
    let again = sandbox.apply(2, &[("new.py", Some("print(2)\n"))]);
    sandbox.commit(&again);
    sandbox.lr(&["undo"], "").code(0);
    sandbox.is_sound("?? a.py\n");
}

#[test]
fn no_repository_and_a_bare_one() {
    let sandbox = Sandbox::without_repository();
    sandbox
        .lr(&["start"], &first_check(&["a.py"]))
        .code(2)
        .says("not inside a git repository");
    sandbox.git(&["init", "--quiet", "--bare", "."]);
    refuses(&sandbox, "it is a bare repository");
}

#[test]
fn references_in_tables() {
    let sandbox = Sandbox::without_repository();
    sandbox.git(&["init", "--quiet", "--ref-format=reftable"]);
    sandbox.write("a.py", "x\n");
    sandbox.git(&["add", "a.py"]);
    sandbox.git(&["commit", "--quiet", "-m", "x"]);
    refuses(&sandbox, "are stored as 'reftable'");
}

#[test]
fn operations_in_progress() {
    let states = [
        ("MERGE_HEAD", "a git merge is in progress"),
        ("CHERRY_PICK_HEAD", "a git cherry-pick is in progress"),
        ("REVERT_HEAD", "a git revert is in progress"),
        ("BISECT_LOG", "a git bisect is in progress"),
        ("rebase-merge/head", "a git rebase is in progress"),
        ("rebase-apply/applying", "a git am is in progress"),
    ];
    for (file, words) in states {
        let sandbox = Sandbox::new();
        let head = sandbox.git(&["rev-parse", "HEAD"]);
        sandbox.write(&format!(".git/{file}"), &head);
        refuses(&sandbox, words);
    }
}

#[test]
fn unmerged_files() {
    let sandbox = Sandbox::new();
    sandbox.write("a.py", "stashed\n");
    sandbox.git(&["stash", "--quiet"]);
    sandbox.write("a.py", "other\n");
    sandbox.git(&["commit", "--quiet", "-am", "x"]);
    sandbox
        .run("git", &["stash", "pop"], "".as_ref(), "")
        .code(1);
    refuses(&sandbox, "'a.py' is not merged");
}

#[test]
fn locks_are_named_with_their_age_and_stay() {
    for lock in [
        "index.lock",
        "HEAD.lock",
        "packed-refs.lock",
        "refs/heads/main.lock",
    ] {
        let sandbox = Sandbox::new();
        let path = format!(".git/{lock}");
        sandbox.write(&path, "");
        sandbox
            .run("touch", &["-d", "3 hours ago", &path], "".as_ref(), "")
            .code(0);
        let ran = sandbox.lr(&["start"], &first_check(&["a.py"])).code(2);
        let ran = ran.says(&path).says("made 3 hours ago");
        assert_eq!(ran.turns()[0]["error"]["kind"], "locked");
        assert!(sandbox.path(&path).exists());
    }
}

#[test]
fn nobody_to_write_into_commits() {
    let sandbox = Sandbox::new();
    std::fs::remove_file(sandbox.path("../home/.gitconfig")).unwrap();
    refuses(&sandbox, "git knows no name and e-mail address");
}

#[test]
fn a_corrupt_index_and_a_missing_object() {
    let sandbox = Sandbox::new();
    sandbox.write(".git/index", "not an index");
    refuses(&sandbox, "cannot read the index");
    let sandbox = Sandbox::new();
    let tree = sandbox.git(&["rev-parse", "HEAD^{tree}"]);
    let (folder, name) = tree.trim().split_at(2);
    std::fs::remove_file(sandbox.path(&format!(".git/objects/{folder}/{name}"))).unwrap();
    refuses(&sandbox, "cannot read");
    for object in ["HEAD:a.py", "HEAD:folder"] {
        let sandbox = Sandbox::new();
        sandbox.write("folder/x.py", "x\n");
        sandbox.git(&["add", "."]);
        sandbox.git(&["commit", "--quiet", "-m", "x"]);
        let id = sandbox.git(&["rev-parse", object]);
        let (folder, name) = id.trim().split_at(2);
        std::fs::remove_file(sandbox.path(&format!(".git/objects/{folder}/{name}"))).unwrap();
        refuses(&sandbox, id.trim());
    }
}

#[test]
fn files_of_another_repository_inside() {
    let sandbox = Sandbox::new();
    sandbox.git(&["init", "--quiet", "inner"]);
    sandbox.write("inner/x.py", "x\n");
    let ran = sandbox
        .lr(&["start"], &first_check(&["inner/x.py"]))
        .code(2);
    ran.says("inner");
}
