//! `lr-git start --resume`, and what people do in the midst of a run.

use crate::support::{RUN, Ran, Sandbox, first_check, line};

/// Resumes the run on its sources.
fn resume(sandbox: &Sandbox) -> Ran {
    sandbox.lr(&["start", "--resume"], &first_check(&["a.py", "b.py"]))
}

/// A sandbox with one turn committed.
fn after_a_turn() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.start(&["a.py", "b.py"]);
    sandbox.commit(&sandbox.apply(1, &[("a.py", Some("print(1)\n"))]));
    sandbox
}

fn branch() -> String {
    format!("lr/{RUN}")
}

/// Checks that resuming and committing are both refused with these words and this hint, and that
/// nothing has changed.
#[track_caller]
fn refuses(sandbox: &Sandbox, words: &str, hint: &str) {
    let turn = sandbox.apply(2, &[("b.py", Some("print(2)\n"))]);
    let see = || {
        let state = [
            sandbox.git(&["for-each-ref"]),
            sandbox.git(&["status", "--porcelain", "--branch"]),
            sandbox.git(&["ls-files", "-s"]),
        ];
        state.concat()
    };
    let before = see();
    for ran in [resume(sandbox), sandbox.lr(&["commit"], &line(&turn))] {
        let ran = ran.code(2).says(words).says(hint);
        assert_eq!(ran.turns()[0]["error"]["kind"], "repository");
        assert_eq!(see(), before);
    }
    let run = ["restore", "--turn", "1", "--run", RUN];
    sandbox.lr(&run, "").code(2).says(words).says(hint);
    assert_eq!(see(), before);
}

#[test]
fn goes_on_with_a_run_and_passes_its_turns_on() {
    let sandbox = after_a_turn();
    sandbox.write("b.py", "half-way\n");
    let ran = resume(&sandbox).code(0);
    let expected = (first_check(&["a.py", "b.py"]), String::new());
    assert_eq!((ran.stdout, ran.stderr), expected);
    let page = ["start", "--resume", "--format", "text"];
    let page = sandbox.lr(&page, &first_check(&["a.py"])).code(0).stdout;
    assert_eq!(page, format!("on the branch '{}', as before\n", branch()));
    assert_eq!(sandbox.subjects().len(), 3);
    sandbox.is_sound(" M b.py\n");
}

#[test]
fn completes_what_was_killed() {
    let sandbox = after_a_turn();
    let fixes = sandbox.read("FIXES.md");
    sandbox.git(&["reset", "--quiet", "--soft", "HEAD~1"]);
    sandbox.git(&["reset", "--quiet"]);
    sandbox.git(&["update-ref", &format!("refs/lr/{RUN}/tip"), "HEAD"]);
    resume(&sandbox).code(0);
    sandbox.git(&["read-tree", "HEAD~1"]);
    resume(&sandbox).code(0).says("completed the commit ");
    assert_eq!(sandbox.read("FIXES.md"), fixes);
    sandbox.is_sound("?? FIXES.md\n");
    sandbox.write("FIXES.md", "mine\n");
    resume(&sandbox)
        .code(2)
        .says("'FIXES.md' has changes that are not committed");
}

#[test]
fn refuses_a_run_that_never_began() {
    let sandbox = Sandbox::new();
    resume(&sandbox)
        .code(2)
        .says("has not begun here: there is no branch");
    assert_eq!(
        sandbox.git(&["branch", "--format=%(refname:short)"]),
        "main\n"
    );
}

/// However far the start came, both ways lead to the same end.
#[test]
fn a_start_that_was_killed_is_completed() {
    for arguments in [&["start"][..], &["start", "--resume"], &["commit"]] {
        for is_checked_out in [false, true] {
            let sandbox = Sandbox::new();
            sandbox.git(&["branch", &branch()]);
            if is_checked_out {
                let head = format!("refs/heads/{}", branch());
                sandbox.git(&["symbolic-ref", "HEAD", &head]);
            }
            let input = if arguments == ["commit"] {
                line(&sandbox.apply(1, &[("a.py", Some("print(1)\n"))]))
            } else {
                first_check(&["a.py"])
            };
            sandbox.lr(arguments, &input).code(0);
            let base = sandbox.git(&["rev-parse", &format!("refs/lr/{RUN}/base")]);
            assert_eq!(base, sandbox.git(&["rev-parse", "main"]));
            assert_eq!(sandbox.git(&["branch", "--show-current"]).trim(), branch());
            sandbox.is_sound("");
        }
    }
}

#[test]
fn refuses_a_branch_that_somebody_left() {
    let sandbox = after_a_turn();
    sandbox.git(&["checkout", "--quiet", "main"]);
    let hint = format!("git checkout {}", branch());
    refuses(&sandbox, "is not checked out, but 'main'", &hint);
    sandbox.git(&["checkout", "--quiet", "--detach"]);
    refuses(
        &sandbox,
        "is not checked out, but the detached commit",
        &hint,
    );
}

/// Where nothing is committed yet, the branch of the run and the user's are at the same commit.
#[test]
fn refuses_a_branch_that_somebody_left_at_once() {
    let sandbox = Sandbox::new();
    sandbox.start(&["a.py", "b.py"]);
    sandbox.git(&["checkout", "--quiet", "main"]);
    let hint = format!("git checkout {}", branch());
    refuses(&sandbox, "is not checked out, but 'main'", &hint);
}

#[test]
fn refuses_a_branch_that_is_checked_out_elsewhere() {
    let sandbox = after_a_turn();
    sandbox.git(&["checkout", "--quiet", "main"]);
    sandbox.git(&["worktree", "add", "--quiet", "../linked", &branch()]);
    refuses(&sandbox, "is checked out at", "work there");
}

#[test]
fn refuses_a_commit_of_somebody_else() {
    let sandbox = after_a_turn();
    sandbox.write("mine.py", "mine\n");
    sandbox.git(&["add", "mine.py"]);
    sandbox.git(&["commit", "--quiet", "-m", "Mine"]);
    refuses(
        &sandbox,
        "has a commit that this run did not make",
        "--here",
    );
    sandbox.git(&["reset", "--quiet", "--soft", "HEAD~1"]);
    sandbox.git(&["merge", "--quiet", "--no-edit", "main"]);
    sandbox.git(&["checkout", "--quiet", "--", "b.py"]);
    resume(&sandbox).code(0);
}

#[test]
fn refuses_a_branch_that_is_gone_and_knows_its_commits() {
    let sandbox = after_a_turn();
    let tip = sandbox.git(&["rev-parse", "HEAD"]);
    sandbox.git(&["checkout", "--quiet", "main"]);
    sandbox.git(&["branch", "--quiet", "-D", &branch()]);
    let hint = format!("git checkout -b {} refs/lr/{RUN}/tip", branch());
    refuses(&sandbox, "of this run is gone", &hint);
    sandbox.git(&["checkout", "--quiet", "--", "."]);
    let words: Vec<&str> = hint.split(' ').skip(1).collect();
    sandbox.git(&words);
    assert_eq!(sandbox.git(&["rev-parse", "HEAD"]), tip);
    resume(&sandbox).code(0);
}

#[test]
fn refuses_a_branch_that_was_moved_back_or_rewritten() {
    let sandbox = after_a_turn();
    for back in ["HEAD~1", "HEAD~2"] {
        sandbox.git(&["reset", "--quiet", "--hard", back]);
        let hint = format!("git reset --keep refs/lr/{RUN}/tip");
        refuses(
            &sandbox,
            "somebody has moved it back or rewritten it",
            &hint,
        );
        sandbox.git(&["checkout", "--quiet", "--", "."]);
        sandbox.git(&["reset", "--quiet", "--keep", &format!("refs/lr/{RUN}/tip")]);
        resume(&sandbox).code(0);
    }
    sandbox.git(&[
        "commit",
        "--quiet",
        "--amend",
        "--reset-author",
        "--no-edit",
        "--allow-empty",
    ]);
    sandbox.git(&["commit", "--quiet", "--amend", "-m", "Mine"]);
    refuses(
        &sandbox,
        "somebody has moved it back or rewritten it",
        "--here",
    );
    let turn = sandbox.apply(2, &[("a.py", Some("print(2)\n"))]);
    sandbox.lr(&["commit", "--here"], &line(&turn)).code(0);
    sandbox.git(&["checkout", "--quiet", "--", "."]);
    resume(&sandbox).code(0);
}

/// What somebody stages is left alone, unless it is what the run has changed.
#[test]
fn what_somebody_stages_stays_staged() {
    let sandbox = after_a_turn();
    sandbox.write("mine.py", "mine\n");
    sandbox.git(&["add", "mine.py"]);
    let turn = sandbox.apply(2, &[("a.py", Some("print(2)\n"))]);
    sandbox.commit(&turn);
    sandbox.is_sound("A  mine.py\n");
    sandbox.write("b.py", "mine\n");
    sandbox.git(&["add", "b.py"]);
    sandbox.git(&["checkout", "--quiet", "HEAD", "--", "b.py"]);
    sandbox.write("b.py", "staged\n");
    sandbox.git(&["add", "b.py"]);
    sandbox.write("b.py", "import sys\nprint(2)\n");
    let turn = sandbox.apply(3, &[("b.py", Some("print(3)\n"))]);
    let ran = sandbox.lr(&["commit"], &line(&turn)).code(2);
    ran.says("'b.py' is staged in a version of its own");
    sandbox.is_sound("MM b.py\nA  mine.py\n");
}

#[test]
fn refuses_an_operation_in_progress() {
    let sandbox = after_a_turn();
    sandbox.git(&["bisect", "start"]);
    refuses(&sandbox, "a git bisect is in progress", "git bisect reset");
}
