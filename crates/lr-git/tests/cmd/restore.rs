//! `lr-git restore`.

use serde_json::json;

use crate::support::{RUN, Sandbox};

/// A sandbox with three turns committed: `a.py` is changed in each; the second deletes `b.py` and the
/// third makes `new.py`.
fn after_three_turns() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.start(&["a.py", "b.py"]);
    sandbox.commit(&sandbox.apply(1, &[("a.py", Some("print(1)\n"))]));
    sandbox.commit(&sandbox.apply(2, &[("a.py", Some("print(2)\n")), ("b.py", None)]));
    sandbox.commit(&sandbox.apply(3, &[("a.py", Some("print(3)\n")), ("new.py", Some("x\n"))]));
    sandbox
}

fn id_of(sandbox: &Sandbox, name: &str) -> String {
    sandbox.git(&["rev-parse", name]).trim().to_owned()
}

#[test]
fn brings_back_what_was_there_when_a_turn_began() {
    let sandbox = after_three_turns();
    let before = sandbox.read("FIXES.md");
    let last = id_of(&sandbox, "HEAD~1");
    let second = id_of(&sandbox, "HEAD~3");
    let reason = "the checks of turn 2 were better";
    let ran = sandbox
        .lr(&["restore", "--turn", "2", "--reason", reason], "")
        .code(0)
        .says("took back turns 2 and 3 with the commit ");
    let head = id_of(&sandbox, "HEAD");
    let expected =
        json!({"lr": 1, "run": RUN, "commit": {"branch": format!("lr/{RUN}"), "restore": head}});
    assert_eq!(ran.turns(), [expected]);
    assert_eq!(
        sandbox.git(&["diff", "--name-status", "HEAD~5"]),
        "M\tFIXES.md\n"
    );
    let body = sandbox.git(&["log", "-1", "--format=%B"]);
    let expected = format!(
        "Take back turns 2 and 3: 3 files\n\nBrings back what 2 commits changed.\n\n{reason}\n\nLr-Run: {RUN}\nLr-Turn: 2\nLr-Kind: restore\n\n"
    );
    assert_eq!(body, expected);
    let (short, second) = (&last[..8], &second[..8]);
    let entry = format!(
        "\n## Fixes taken back (last commit: {short})\n\n- Last commit: `{last}`\n- Date: 2026-11-21 03:00:00 +0000\n- Taken back: turns 2 and 3 of run `{RUN}`\n- Commits: `{second}`, `{short}`\n\nFiles:\n\n```text\na.py\nb.py\nnew.py (was not there)\n```\n\nReason:\n\n```text\n{reason}\n```\n"
    );
    assert_eq!(sandbox.read("FIXES.md"), before + &entry);
    assert_eq!(sandbox.subjects().len(), 8);
    sandbox.is_sound("");
}

#[test]
fn run_again_it_ends_with_the_same_commit() {
    let mut sandbox = after_three_turns();
    let arguments = ["restore", "--turn", "2"];
    let first = sandbox.lr(&arguments, "").code(0);
    let again = sandbox.lr(&arguments, "").code(0);
    assert_eq!(again.stdout, first.stdout);
    let page = |sandbox: &Sandbox| {
        let arguments = ["restore", "--turn", "2", "--format", "text"];
        sandbox.lr(&arguments, "").code(0).stdout
    };
    let expected = format!(
        "brought back 3 files:\n  a.py\n  b.py\n  new.py (was not there)\nin the commit {}\n",
        &id_of(&sandbox, "HEAD")[..8]
    );
    assert_eq!(page(&sandbox), expected);
    assert_eq!(sandbox.subjects().len(), 8);
    sandbox.set("LR_TURN", "4");
    let turn = sandbox.lr(&arguments, "").code(0).turns()[0].clone();
    assert_eq!(turn["turn"], 4);
}

#[test]
fn goes_on_where_it_was_killed_before_its_commit() {
    for is_written_down in [false, true] {
        let sandbox = after_three_turns();
        sandbox.lr(&["restore", "--turn", "2"], "").code(0);
        let (tree, fixes) = (id_of(&sandbox, "HEAD^{tree}"), sandbox.read("FIXES.md"));
        sandbox.git(&["reset", "--quiet", "--soft", "HEAD~1"]);
        sandbox.git(&["reset", "--quiet"]);
        sandbox.git(&["update-ref", &format!("refs/lr/{RUN}/tip"), "HEAD"]);
        if !is_written_down {
            sandbox.git(&["checkout", "--quiet", "--", "FIXES.md", "a.py"]);
        }
        sandbox.lr(&["restore", "--turn", "2"], "").code(0);
        assert_eq!(sandbox.read("FIXES.md"), fixes);
        assert_eq!(id_of(&sandbox, "HEAD^{tree}"), tree);
        assert_eq!(sandbox.subjects().len(), 8);
        sandbox.is_sound("");
    }
}

#[test]
fn nothing_to_take_back_is_no_trouble() {
    let sandbox = after_three_turns();
    let ran = sandbox
        .lr(&["restore", "--turn", "4"], "")
        .code(1)
        .says("nothing to take back: the files of the run");
    assert_eq!(ran.turns(), [json!({"lr": 1, "run": RUN})]);
    sandbox
        .lr(&["restore", "--turn", "4", "--exit-zero"], "")
        .code(0);
    assert_eq!(sandbox.subjects().len(), 7);
    sandbox.is_sound("");
}

/// The turns after a restore count, those before it that it took back do not.
#[test]
fn turns_may_follow_and_be_taken_back_as_well() {
    let sandbox = after_three_turns();
    let begin = id_of(&sandbox, "HEAD~5");
    sandbox.lr(&["restore", "--turn", "3"], "").code(0);
    sandbox.commit(&sandbox.apply(4, &[("a.py", Some("print(4)\n"))]));
    sandbox.commit(&sandbox.apply(5, &[("a.py", Some("print(5)\n"))]));
    let middle = id_of(&sandbox, "HEAD~2");
    sandbox
        .lr(&["restore", "--turn", "5"], "")
        .code(0)
        .says("took back turn 5");
    assert_eq!(sandbox.git(&["diff", &middle, "--", "a.py", "b.py"]), "");
    sandbox
        .lr(&["restore", "--turn", "2"], "")
        .code(0)
        .says("took back turns 2 and 4");
    let changed = sandbox.git(&["diff", "--name-only", &begin]);
    assert_eq!(changed, "FIXES.md\n");
    let entries = sandbox.read("FIXES.md");
    assert_eq!(entries.matches("\n## Fix applied").count(), 5);
    assert_eq!(entries.matches("\n## Fixes taken back").count(), 3);
    sandbox.lr(&["undo"], "").code(0);
    assert_eq!(sandbox.git(&["diff", "main"]), "");
    sandbox.is_sound("");
}

/// A turn that was taken back and is given again is committed again.
#[test]
fn a_turn_that_was_taken_back_is_not_found_again() {
    let sandbox = after_three_turns();
    sandbox.lr(&["restore", "--turn", "3"], "").code(0);
    let turn = sandbox.apply(3, &[("a.py", Some("print(3)\n"))]);
    let ran = sandbox.commit(&turn);
    assert_eq!(ran.commit()["fixes"], id_of(&sandbox, "HEAD"));
    assert_eq!(sandbox.subjects().len(), 10);
    sandbox.commit(&turn);
    assert_eq!(sandbox.subjects().len(), 10);
}

#[test]
fn refuses_what_somebody_else_did() {
    let sandbox = after_three_turns();
    sandbox.write("a.py", "mine\n");
    let ran = sandbox
        .lr(&["restore", "--turn", "2"], "")
        .code(2)
        .says("changed since by somebody else: 'a.py'");
    assert_eq!(ran.turns()[0]["error"]["kind"], "changed");
    sandbox.git(&["checkout", "--quiet", "--", "a.py"]);
    sandbox.write("FIXES.md", "mine\n");
    sandbox
        .lr(&["restore", "--turn", "2"], "")
        .code(2)
        .says("'FIXES.md' has changes that are not committed");
    assert_eq!(sandbox.read("a.py"), "print(3)\n");
    sandbox.git(&["checkout", "--quiet", "--", "FIXES.md"]);
    sandbox.git(&["commit", "--quiet", "--allow-empty", "-m", "Mine"]);
    sandbox
        .lr(&["restore", "--turn", "2"], "")
        .code(2)
        .says("has a commit that this run did not make");
    sandbox
        .lr(&["restore", "--turn", "2", "--here"], "")
        .code(0);
    sandbox.is_sound("");
}

#[test]
fn without_fixes_only_the_files_are_brought_back() {
    let sandbox = after_three_turns();
    let fixes = sandbox.read("FIXES.md");
    sandbox
        .lr(&["restore", "--turn", "1", "--no-fixes"], "")
        .code(0);
    assert_eq!(sandbox.read("FIXES.md"), fixes);
    assert_eq!(
        sandbox.git(&["diff", "--name-status", "main"]),
        "A\tFIXES.md\n"
    );
}

#[test]
fn hooks_run_unless_they_are_left_out() {
    let sandbox = after_three_turns();
    sandbox.write(".git/hooks/pre-commit", "#!/bin/sh\necho no luck\nexit 1\n");
    sandbox.run(
        "chmod",
        &["+x", ".git/hooks/pre-commit"],
        std::path::Path::new(""),
        "",
    );
    sandbox
        .lr(&["restore", "--turn", "2"], "")
        .code(2)
        .says("no luck");
    sandbox
        .lr(&["restore", "--turn", "2", "--no-verify"], "")
        .code(0);
    assert_eq!(sandbox.read("a.py"), "print(1)\n");
    sandbox.is_sound("");
}

/// From a folder below the top, FIXES.md lies there and the files are those of the run.
#[test]
fn works_below_the_top() {
    let sandbox = Sandbox::new();
    sandbox.write("sub/x.py", "old\n");
    sandbox.git(&["add", "."]);
    sandbox.git(&["commit", "--quiet", "-m", "x"]);
    let mut turn = sandbox.apply(1, &[("sub/x.py", Some("new\n"))]);
    turn["apply"]["changes"][0]["path"] = "x.py".into();
    sandbox
        .lr_in("sub", &["commit"], &crate::support::line(&turn))
        .code(0);
    sandbox
        .lr_in("sub", &["restore", "--turn", "1"], "")
        .code(0);
    assert_eq!(sandbox.read("sub/x.py"), "old\n");
    assert!(
        sandbox
            .read("sub/FIXES.md")
            .contains("\n## Fixes taken back")
    );
    sandbox.is_sound("");
}
