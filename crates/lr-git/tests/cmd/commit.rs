//! `lr-git commit` without a recheck.

use serde_json::json;

use crate::support::{RUN, Sandbox, first_check, line};

#[test]
fn makes_two_commits_and_tells_the_turn() {
    let sandbox = Sandbox::new();
    sandbox.start(&["a.py"]);
    let turn = sandbox.apply(1, &[("a.py", Some("print(1)\n"))]);
    let commit = sandbox.commit(&turn).commit();
    assert_eq!(
        sandbox.subjects(),
        [
            "Begin".to_owned(),
            "Apply fix: F401 it is in a.py".to_owned(),
            format!(
                "Update fix history: FIXES.md for {}",
                &commit["fix"].as_str().unwrap()[..8]
            ),
        ]
    );
    assert_eq!(commit["branch"], format!("lr/{RUN}"));
    assert_eq!(commit["fixes"], sandbox.git(&["rev-parse", "HEAD"]).trim());
    assert_eq!(commit["fix"], sandbox.git(&["rev-parse", "HEAD~1"]).trim());
    let files = sandbox.git(&["log", "--reverse", "--name-status", "--format=", "main.."]);
    assert_eq!(files, "M\ta.py\nA\tFIXES.md\n");
    sandbox.is_sound("");
}

#[test]
fn the_message_ends_with_trailers_that_git_reads() {
    let sandbox = Sandbox::new();
    sandbox.start(&["a.py"]);
    sandbox.commit(&sandbox.apply(1, &[("a.py", Some("print(1)\n"))]));
    let body = sandbox.git(&["log", "-1", "--format=%b", "HEAD~1"]);
    let expected = "Asked for:\n- ruff F401: 1 (a.py) F401 it is\n\nWritten by lr-llm with m.\n\n";
    assert!(body.starts_with(expected), "{body}");
    let trailers = sandbox.git(&["log", "-2", "--format=%(trailers:unfold,separator=%x2C)"]);
    let trailers = trailers.replace("Lr-", "");
    let expected =
        format!("Run: {RUN},Turn: 1,Part: 1,Kind: log\nRun: {RUN},Turn: 1,Part: 1,Kind: fix\n");
    assert_eq!(trailers, expected);
    let dates = sandbox.git(&["log", "-1", "--format=%an %ae %aI %cI"]);
    assert_eq!(
        dates,
        "Ada ada@example.org 2026-11-21T03:00:00Z 2026-11-21T03:00:00Z\n"
    );
}

#[test]
fn the_fix_is_written_down() {
    let sandbox = Sandbox::new();
    sandbox.start(&["a.py"]);
    let turn = sandbox.apply(1, &[("a.py", Some("print(1)\n"))]);
    let commit = sandbox.commit(&turn).commit();
    let fix = commit["fix"].as_str().unwrap();
    let expected = format!(
        "\
# Fixes

What lr changed here, oldest first. Each entry names the commit that holds the
change; `git show` with its hash shows it.

## Fix applied (commit: {})

- Commit: `{fix}`
- Date: 2026-11-21 03:00:00 +0000
- Turn: 1 of run `{RUN}`

Asked for:

```text
ruff F401: 1 (a.py) F401 it is
```

Files:

```text
a.py  +1 -1
```

Explanation:

```text
Because it was unused.
```
",
        &fix[..8]
    );
    assert_eq!(sandbox.read("FIXES.md"), expected);
}

#[test]
fn a_second_run_on_the_same_turn_finds_its_commits() {
    let sandbox = Sandbox::new();
    sandbox.start(&["a.py"]);
    let turn = sandbox.apply(1, &[("a.py", Some("print(1)\n"))]);
    let first = sandbox.commit(&turn);
    let second = sandbox.commit(&turn);
    assert_eq!(first.stdout, second.stdout);
    assert_eq!(sandbox.subjects().len(), 3);
    let third = sandbox.lr(&["commit"], &second.stdout).code(0);
    assert_eq!(third.stdout, second.stdout);
}

#[test]
fn several_turns_follow_each_other() {
    let sandbox = Sandbox::new();
    sandbox.start(&["a.py"]);
    for number in 1..=3 {
        let text = format!("print({number}0)\n");
        sandbox.commit(&sandbox.apply(number, &[("a.py", Some(&text))]));
    }
    assert_eq!(sandbox.subjects().len(), 7);
    assert_eq!(
        sandbox.read("FIXES.md").matches("## Fix applied").count(),
        3
    );
    sandbox.is_sound("");
}

#[test]
fn other_staged_and_dirty_files_stay_as_they_are() {
    let sandbox = Sandbox::new();
    sandbox.start(&["a.py"]);
    sandbox.write("b.py", "staged\n");
    sandbox.git(&["add", "b.py"]);
    sandbox.write("b.py", "staged and dirty\n");
    sandbox.write("new.py", "untracked\n");
    sandbox.write("planned.py", "planned\n");
    sandbox.git(&["add", "--intent-to-add", "planned.py"]);
    let before = sandbox.git(&["diff", "--cached"]);
    sandbox.commit(&sandbox.apply(1, &[("a.py", Some("print(1)\n"))]));
    assert_eq!(sandbox.git(&["diff", "--cached"]), before);
    sandbox.is_sound("MM b.py\n A planned.py\n?? new.py\n");
    let files = sandbox.git(&["log", "--name-only", "--format=", "main.."]);
    assert_eq!(files, "FIXES.md\n\na.py\n".replace("\n\n", "\n"));
}

#[test]
fn new_and_deleted_files_and_folders_for_files_are_committed() {
    let sandbox = Sandbox::new();
    sandbox.start(&["a.py", "b.py"]);
    let turn = sandbox.apply(
        1,
        &[
            ("b.py", None),
            ("b.py/deep/c.py", Some("c\n")),
            ("a.py", Some("print(1)\n")),
        ],
    );
    sandbox.commit(&turn);
    let files = sandbox.git(&[
        "show",
        "--name-status",
        "--format=",
        "--no-renames",
        "HEAD~1",
    ]);
    assert_eq!(files, "M\ta.py\nD\tb.py\nA\tb.py/deep/c.py\n");
    sandbox.is_sound("");
    let turn = sandbox.apply(2, &[("b.py/deep/c.py", None)]);
    std::fs::remove_dir_all(sandbox.path("b.py")).unwrap();
    sandbox.commit(&turn);
    sandbox.commit(&sandbox.apply(3, &[("b.py", Some("file again\n"))]));
    sandbox.is_sound("");
}

/// What a user staged and deleted again still stands in the index, in the way of a new file.
#[test]
fn a_new_file_takes_the_place_of_a_staged_folder_and_the_reverse() {
    let sandbox = Sandbox::new();
    sandbox.write("folder/x.py", "x\n");
    sandbox.write("file", "x\n");
    sandbox.git(&["add", "folder", "file"]);
    std::fs::remove_dir_all(sandbox.path("folder")).unwrap();
    std::fs::remove_file(sandbox.path("file")).unwrap();
    let versions = [("folder", Some("file\n")), ("file/y.py", Some("y\n"))];
    sandbox.commit(&sandbox.apply(1, &versions));
    let files = sandbox.git(&["ls-files"]);
    assert_eq!(files, "FIXES.md\na.py\nb.py\nfile/y.py\nfolder\n");
    sandbox.is_sound("");
}

#[test]
fn the_executable_bit_is_kept() {
    let sandbox = Sandbox::new();
    sandbox
        .run("chmod", &["+x", "a.py"], "".as_ref(), "")
        .code(0);
    sandbox.git(&["commit", "--quiet", "-am", "x"]);
    sandbox.start(&["a.py"]);
    sandbox.commit(&sandbox.apply(1, &[("a.py", Some("print(1)\n"))]));
    let entry = sandbox.git(&["ls-tree", "HEAD", "a.py"]);
    assert!(entry.starts_with("100755 "), "{entry}");
    sandbox.is_sound("");
}

#[test]
fn works_in_a_folder_of_the_repository() {
    let sandbox = Sandbox::new();
    sandbox.write("sub/x.py", "x\n");
    sandbox.git(&["add", "sub"]);
    sandbox.git(&["commit", "--quiet", "-m", "x"]);
    let mut turn = sandbox.apply(1, &[("sub/x.py", Some("y\n"))]);
    turn["apply"]["changes"][0]["path"] = "x.py".into();
    sandbox.lr_in("sub", &["commit"], &line(&turn)).code(0);
    let files = sandbox.git(&["log", "-2", "--reverse", "--name-only", "--format="]);
    assert_eq!(files, "sub/x.py\nsub/FIXES.md\n");
    sandbox.is_sound("");
}

#[test]
fn begins_the_run_where_nobody_did_and_says_so() {
    let sandbox = Sandbox::new();
    let turn = sandbox.apply(1, &[("a.py", Some("print(1)\n"))]);
    sandbox
        .commit(&turn)
        .says("because 'main' is not this run's; --here stays there");
    assert_eq!(
        sandbox.git(&["branch", "--show-current"]),
        format!("lr/{RUN}\n")
    );
    assert_eq!(sandbox.git(&["rev-list", "--count", "main"]), "1\n");
}

#[test]
fn stays_on_the_present_branch_with_here() {
    let sandbox = Sandbox::new();
    let turn = sandbox.apply(1, &[("a.py", Some("print(1)\n"))]);
    let commit = sandbox
        .lr(&["commit", "--here"], &line(&turn))
        .code(0)
        .commit();
    assert_eq!(commit["branch"], "main");
    assert_eq!(
        sandbox.git(&["branch", "--format=%(refname:short)"]),
        "main\n"
    );
    let again = sandbox
        .lr(&["commit", "--here"], &line(&turn))
        .code(0)
        .commit();
    assert_eq!(again, commit);
}

#[test]
fn a_commit_of_somebody_else_stops_the_run() {
    let sandbox = Sandbox::new();
    sandbox.start(&["a.py"]);
    sandbox.write("b.py", "mine\n");
    sandbox.git(&["commit", "--quiet", "-am", "Mine"]);
    let turn = sandbox.apply(1, &[("a.py", Some("print(1)\n"))]);
    let ran = sandbox
        .lr(&["commit"], &line(&turn))
        .code(2)
        .says("has a commit that this run did not make");
    assert_eq!(ran.turns()[0]["error"]["kind"], "repository");
    sandbox.is_sound(" M a.py\n");
    sandbox.lr(&["commit", "--here"], &line(&turn)).code(0);
}

#[test]
fn a_foreign_turn_without_run_belongs_to_the_present_one() {
    let mut sandbox = Sandbox::new();
    sandbox.start(&["a.py"]);
    let mut turn = sandbox.apply(1, &[("a.py", Some("print(1)\n"))]);
    turn.as_object_mut()
        .unwrap()
        .retain(|key, _| key == "lr" || key == "apply");
    sandbox.commit(&turn);
    assert_eq!(sandbox.subjects()[1], "Apply fix: a.py");
    assert_eq!(
        sandbox.git(&["branch", "--show-current"]),
        format!("lr/{RUN}\n")
    );
    sandbox.set("LR_RUN", "other");
    turn["apply"] = sandbox.apply(2, &[("a.py", Some("print(2)\n"))])["apply"].clone();
    sandbox.commit(&turn);
    assert_eq!(sandbox.git(&["branch", "--show-current"]), "lr/other\n");
}

#[test]
fn refuses_to_take_changes_along_that_were_there_before() {
    let sandbox = Sandbox::new();
    sandbox.start(&["a.py"]);
    sandbox.write("a.py", "import os\nprint('mine')\n");
    let turn = sandbox.apply(1, &[("a.py", Some("print('mine')\n"))]);
    let ran = sandbox.lr(&["commit"], &line(&turn)).code(2);
    let ran = ran.says("'a.py' was not as the last commit has it before it was changed");
    assert_eq!(ran.turns()[0]["error"]["kind"], "changed");
    assert_eq!(sandbox.subjects().len(), 1);
}

#[test]
fn refuses_what_somebody_changed_since_it_was_applied() {
    let sandbox = Sandbox::new();
    sandbox.start(&["a.py"]);
    let turn = sandbox.apply(1, &[("a.py", Some("print(1)\n"))]);
    sandbox.write("a.py", "print(1)\nmine\n");
    sandbox
        .lr(&["commit"], &line(&turn))
        .code(2)
        .says("'a.py' is not what lr-apply wrote");
    sandbox.is_sound(" M a.py\n");
}

/// gix follows symbolic links to folders; git refuses paths beyond one.
#[test]
fn refuses_paths_beyond_a_symbolic_link() {
    let sandbox = Sandbox::new();
    std::fs::create_dir(sandbox.path("../outside")).unwrap();
    std::fs::write(sandbox.path("../outside/secret"), "s\n").unwrap();
    std::os::unix::fs::symlink("../outside", sandbox.path("link")).unwrap();
    sandbox
        .lr(&["start"], &first_check(&["link/secret"]))
        .code(2);
    sandbox.start(&["a.py"]);
    let after = lr_files::sha256_hex(b"s\n");
    let turn = json!({"lr": 1, "run": RUN, "turn": 1, "apply": {"outcome": "applied", "changes": [
        {"path": "link/secret", "kind": "added", "after": after, "added": 1, "removed": 0}]}});
    sandbox
        .lr(&["commit"], &line(&turn))
        .code(2)
        .says("symbolic link");
    assert_eq!(sandbox.subjects().len(), 1);
}

#[test]
fn refuses_paths_outside_and_in_git_folders() {
    let sandbox = Sandbox::new();
    sandbox.start(&["a.py"]);
    for path in [
        "../x",
        "/etc/passwd",
        ".git/hooks/pre-commit",
        "sub/.git/config",
    ] {
        let turn = json!({"lr": 1, "run": RUN, "turn": 1, "apply": {"outcome": "applied", "changes": [
            {"path": path, "kind": "added", "after": "0", "added": 1, "removed": 0}]}});
        let ran = sandbox.lr(&["commit"], &line(&turn)).code(2);
        assert!(ran.turns()[0]["error"].is_object());
    }
    assert_eq!(sandbox.subjects().len(), 1);
}

#[test]
fn turns_without_an_applied_change_pass_byte_for_byte() {
    let sandbox = Sandbox::without_repository();
    let turns = "{\"lr\":1, \"mine\":1.50}\n{\"lr\":1,\"apply\":{\"outcome\":\"refused\",\"x\":[ ]}}\n{\"lr\":1,\"apply\":{\"outcome\":\"applied\",\"changes\":[]},\"commit\":{}}\n";
    let ran = sandbox.lr(&["commit"], turns).code(1);
    assert_eq!(ran.stdout, turns);
    sandbox.lr(&["commit", "--exit-zero"], turns).code(0);
}

#[test]
fn without_git_the_fix_is_only_written_down_and_only_once() {
    let sandbox = Sandbox::without_repository();
    let turn = json!({"lr": 1, "run": RUN, "turn": 2, "apply": {"outcome": "applied",
        "notes": "Tidied.", "changes": [{"path": "a.py", "kind": "modified", "added": 1, "removed": 1}]}});
    let ran = sandbox.lr(&["commit", "--no-git"], &line(&turn)).code(0);
    assert_eq!(ran.turns()[0]["commit"], json!({}));
    let once = sandbox.read("FIXES.md");
    assert_eq!(once.matches("\n## Fix applied (turn 2 of run").count(), 1);
    sandbox.lr(&["commit", "--no-git"], &line(&turn)).code(0);
    assert_eq!(sandbox.read("FIXES.md"), once);
}

#[test]
fn without_git_a_turn_need_not_name_its_run() {
    let sandbox = Sandbox::without_repository();
    let turn = json!({"lr": 1, "apply": {"outcome": "applied",
        "changes": [{"path": "a.py", "kind": "modified", "added": 1, "removed": 1}]}});
    sandbox.lr(&["commit", "--no-git"], &line(&turn)).code(0);
    assert!(
        sandbox
            .read("FIXES.md")
            .contains("## Fix applied (turn 1 of run")
    );
}

#[test]
fn foreign_keys_of_a_committed_turn_stay() {
    let sandbox = Sandbox::new();
    sandbox.start(&["a.py"]);
    let mut turn = sandbox.apply(1, &[("a.py", Some("print(1)\n"))]);
    turn["mine"] = json!({"deep": [1, 2]});
    turn["apply"]["changes"][0]["mine"] = json!("x");
    let written = sandbox.commit(&turn).turns().remove(0);
    let mut expected = turn.clone();
    expected["commit"] = written["commit"].clone();
    assert_eq!(written, expected);
}

#[test]
fn one_failing_turn_does_not_stop_the_others() {
    let sandbox = Sandbox::new();
    sandbox.start(&["a.py", "b.py"]);
    let mut bad = sandbox.apply(1, &[("b.py", Some("print(2)\n"))]);
    bad["apply"]["changes"][0]["before"] = "0".into();
    bad["part"] = 1.into();
    let mut good = sandbox.apply(1, &[("a.py", Some("print(1)\n"))]);
    good["part"] = 2.into();
    let ran = sandbox
        .lr(&["commit"], &format!("{}{}", line(&bad), line(&good)))
        .code(2);
    assert_eq!(ran.turns()[0]["error"]["kind"], "changed");
    assert!(ran.turns()[1]["commit"]["fix"].is_string());
    sandbox.is_sound(" M b.py\n");
}

#[test]
fn without_fixes_there_is_one_commit() {
    let sandbox = Sandbox::new();
    let turn = sandbox.apply(1, &[("a.py", Some("print(1)\n"))]);
    let commit = sandbox
        .lr(&["commit", "--no-fixes"], &line(&turn))
        .code(0)
        .commit();
    assert!(commit.get("fixes").is_none());
    assert_eq!(sandbox.subjects().len(), 2);
    assert!(!sandbox.path("FIXES.md").exists());
}

#[test]
fn the_file_of_fixes_can_be_named_by_flag_and_configuration() {
    let sandbox = Sandbox::new();
    sandbox.write("lr.toml", "[git]\nfixes_file = \"doc/fixes.md\"\n");
    sandbox.commit(&sandbox.apply(1, &[("a.py", Some("print(1)\n"))]));
    assert!(sandbox.path("doc/fixes.md").exists());
    let turn = line(&sandbox.apply(2, &[("a.py", Some("print(2)\n"))]));
    sandbox
        .lr(&["commit", "--fixes-file", "LOG.md"], &turn)
        .code(0);
    assert!(sandbox.path("LOG.md").exists());
    for name in ["../x.md", "/x.md", ".git/x.md", ""] {
        sandbox
            .lr(&["commit", "--fixes-file", name], &turn)
            .code(2)
            .says("cannot write fixes down in");
    }
}

#[test]
fn an_existing_file_of_fixes_is_continued() {
    let sandbox = Sandbox::new();
    sandbox.write("FIXES.md", "# Ours\n\nText without an end");
    sandbox.git(&["add", "FIXES.md"]);
    sandbox.git(&["commit", "--quiet", "-m", "x"]);
    sandbox.commit(&sandbox.apply(1, &[("a.py", Some("print(1)\n"))]));
    assert!(
        sandbox
            .read("FIXES.md")
            .starts_with("# Ours\n\nText without an end\n\n## Fix applied")
    );
}

#[test]
fn changes_of_somebody_in_the_file_of_fixes_are_not_taken_along() {
    let sandbox = Sandbox::new();
    sandbox.start(&["a.py"]);
    sandbox.write("FIXES.md", "mine\n");
    let turn = sandbox.apply(1, &[("a.py", Some("print(1)\n"))]);
    sandbox
        .lr(&["commit"], &line(&turn))
        .code(2)
        .says("'FIXES.md' has changes that are not committed");
    assert_eq!(sandbox.read("FIXES.md"), "mine\n");
    std::fs::remove_file(sandbox.path("FIXES.md")).unwrap();
    sandbox.commit(&turn);
    assert_eq!(sandbox.subjects().len(), 3);
}

#[test]
fn a_person_reads_a_page() {
    let sandbox = Sandbox::new();
    sandbox.start(&["a.py"]);
    let turn = sandbox.apply(1, &[("a.py", Some("print(1)\n"))]);
    let ran = sandbox
        .lr(&["commit", "--format", "text"], &line(&turn))
        .code(0);
    let fix = sandbox.git(&["rev-parse", "--short=8", "HEAD~1"]);
    let expected = format!(
        "{} on 'lr/{RUN}'\n  a.py  +1 -1\nAsked for:\n  ruff F401: 1 (a.py) F401 it is\n",
        fix.trim()
    );
    assert_eq!(ran.stdout, expected);
}

#[test]
fn a_turn_that_waits_for_no_other_leaves_at_once() {
    let sandbox = Sandbox::new();
    let turns = [
        json!({"lr": 1, "run": RUN, "turn": 1, "part": 1, "parts": 2}),
        json!({"lr": 1, "run": RUN, "turn": 1, "part": 2, "parts": 2}),
    ];
    let mut answers = sandbox.converse(&["commit"]);
    for turn in turns {
        assert_eq!(answers(&line(&turn)), Some(line(&turn)));
    }
}

#[test]
fn a_version_that_somebody_staged_meanwhile_is_not_lost() {
    let sandbox = Sandbox::new();
    sandbox.start(&["a.py"]);
    let text = sandbox.read("a.py");
    sandbox.write("a.py", "mine\n");
    sandbox.git(&["add", "a.py"]);
    sandbox.write("a.py", &text);
    let turn = sandbox.apply(1, &[("a.py", Some("print(1)\n"))]);
    let ran = sandbox.lr(&["commit"], &line(&turn)).code(2);
    ran.says("staged in a version of its own");
    assert_eq!(sandbox.git(&["show", ":a.py"]), "mine\n");
}
