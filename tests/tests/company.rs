//! Several runs, people and signals around one repository.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::process::{Child, Stdio};

use lr_tests::fake_model::{Answer, FakeModel, Step};
use lr_tests::{Outcome, Sandbox};
use serde_json::Value;

/// A checker: no line may say "bad".
const TIDY: &str = "#!/bin/sh\ngrep -n bad \"$1\" || exit 0\nexit 1\n";

const ARGUMENTS: [&str; 3] = ["-s", "./tidy.sh", "a.txt"];

/// A repository with an untidy file, and a model that never answers the first question.
fn scene() -> (FakeModel, Sandbox) {
    let model = FakeModel::start([
        Answer::Steps(vec![Step::Hang]),
        Answer::text("<<<< a.txt <<<<\none\n>>>>>>>>\n"),
    ]);
    let mut sandbox = Sandbox::new();
    sandbox.write("a.txt", "one\nbad\n");
    sandbox.write("tidy.sh", TIDY);
    sandbox.bash("chmod +x tidy.sh").success();
    sandbox.commit_all();
    sandbox.set("LR_MODEL", "fake-model");
    sandbox.set("LR_BASE_URL", &model.url());
    (model, sandbox)
}

/// Starts a run, and waits until it asks its model.
fn asking(model: &FakeModel, sandbox: &Sandbox) -> Child {
    let mut command = sandbox.command("lr-loop");
    command.env("LR_RUN", "first").args(ARGUMENTS);
    let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    while model.requests().is_empty() {
        std::thread::yield_now();
    }
    child.unwrap()
}

fn signal(child: &mut Child, sandbox: &Sandbox, name: &str) -> Option<i32> {
    let id = child.id().to_string();
    sandbox.run("kill", &[name, &id]).success();
    child.wait().unwrap().code()
}

fn summary(sandbox: &Sandbox) -> Value {
    serde_json::from_str(&sandbox.read(".lr/runs/first/summary.json")).unwrap()
}

fn is_refused(outcome: &Outcome, process: u32) {
    assert_eq!(outcome.status, 2, "{outcome}");
    let who = format!("the run 'first' is at work here: process {process} in '");
    assert!(outcome.stderr.contains(&who), "{outcome}");
    assert!(outcome.stderr.contains("hint: "), "{outcome}");
}

#[test]
fn a_second_run_in_a_repository_is_refused_and_a_killed_one_is_in_nobody_s_way() {
    let (model, sandbox) = scene();
    sandbox.bash("git worktree add -q ../linked").success();
    let mut child = asking(&model, &sandbox);
    is_refused(&sandbox.run("lr-loop", &ARGUMENTS), child.id());
    is_refused(&sandbox.run("lr-loop", &["--resume", "first"]), child.id());
    let linked = [&["-C", "../linked"], &ARGUMENTS[..]].concat();
    is_refused(&sandbox.run("lr-loop", &linked), child.id());
    let changes_nothing = [&["--stop-after", "prompt"], &ARGUMENTS[..]].concat();
    sandbox.run("lr-loop", &changes_nothing).success();
    assert_eq!(signal(&mut child, &sandbox, "-KILL"), None);
    assert_eq!(summary(&sandbox)["reason"], "running");
    assert_eq!(summary(&sandbox)["branch"], "lr/first");
    sandbox.run("lr-loop", &["--resume", "first"]).success();
    assert_eq!(sandbox.read("a.txt"), "one\n");
}

#[test]
fn a_run_that_was_interrupted_or_terminated_says_so_and_can_be_gone_on_with() {
    for (name, status) in [("-INT", 130), ("-TERM", 143)] {
        let (model, sandbox) = scene();
        let mut child = asking(&model, &sandbox);
        assert_eq!(signal(&mut child, &sandbox, name), Some(status));
        let ended = summary(&sandbox);
        assert_eq!(ended["reason"], "interrupted");
        assert_eq!(ended["status"], status);
        assert_eq!(ended["totals"]["calls"], 1, "{ended}");
        assert_eq!(ended["branch"], "lr/first");
        let outcome = sandbox.run("lr-loop", &["--resume"]);
        assert_eq!(outcome.status, 0, "{outcome}");
        assert_eq!(summary(&sandbox)["reason"], "clean");
        assert_eq!(summary(&sandbox)["totals"]["calls"], 2);
        let commits = sandbox.bash("git rev-list --count main..HEAD").success();
        assert_eq!(commits.stdout, "2\n");
    }
}

#[test]
fn a_folder_that_goes_away_under_a_run_stops_it_with_a_word() {
    let (_model, sandbox) = scene();
    let rm = "llm=rm -rf .lr/runs; cat";
    let arguments = [&["--stage", rm], &ARGUMENTS[..]].concat();
    let outcome = sandbox.run("lr-loop", &arguments);
    assert_eq!(outcome.status, 2, "{outcome}");
    assert!(outcome.stderr.contains("stage_failed"), "{outcome}");
    assert!(outcome.stderr.contains("No such file"), "{outcome}");
    assert_eq!(sandbox.read("a.txt"), "one\nbad\n");
}

#[test]
fn a_run_in_a_work_tree_of_its_own_leaves_the_checkout_alone() {
    let (model, mut sandbox) = scene();
    sandbox
        .bash("mkdir sub && git mv a.txt tidy.sh sub && git commit -qm move")
        .success();
    sandbox.write("sub/mine.txt", "not committed\n");
    sandbox.set("LR_RUN", "first");
    let arguments = [&["-C", "sub", "--worktree"], &ARGUMENTS[..]].concat();
    let mut command = sandbox.command("lr-loop");
    let child = command
        .args(&arguments)
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let mut child = child.spawn().unwrap();
    while model.requests().is_empty() {
        std::thread::yield_now();
    }
    assert_eq!(signal(&mut child, &sandbox, "-KILL"), None);
    let outcome = sandbox.run("lr-loop", &["-C", "sub", "--resume", "first"]);
    assert_eq!(outcome.status, 0, "{outcome}");
    assert!(outcome.stderr.contains("git merge lr/first"), "{outcome}");
    let state = "git branch --show-current && git status --porcelain && cat sub/a.txt";
    let state = sandbox.bash(state).success().stdout;
    assert_eq!(state, "main\n?? sub/mine.txt\none\nbad\n");
    let fixed = sandbox
        .bash("git show lr/first:sub/a.txt && ls .lr/worktrees")
        .success();
    assert_eq!(fixed.stdout, "one\n");
    assert_eq!(summary(&sandbox)["reason"], "clean");
    let steps = sandbox.read(".lr/runs/first/steps.jsonl");
    for before in ["true", "git worktree add -q .lr/worktrees/first lr/first"] {
        sandbox.bash(before).success();
        let outcome = sandbox.run("lr-loop", &["-C", "sub", "--resume", "first"]);
        assert_eq!(outcome.status, 0, "{outcome}");
        assert!(outcome.stderr.contains("nothing to do"), "{outcome}");
        assert_eq!(sandbox.read(".lr/runs/first/steps.jsonl"), steps);
    }
    sandbox
        .bash("git merge -q lr/first && git worktree list | wc -l | grep -qx 1")
        .success();
}

#[test]
fn a_run_in_a_work_tree_of_its_own_finds_the_files_of_a_folder() {
    let (model, sandbox) = scene();
    drop(model);
    let arguments = ["--worktree", "--dry-run", "-s", "./tidy.sh", "."];
    let outcome = sandbox.run("lr-loop", &arguments).success();
    assert!(outcome.stdout.contains("a.txt"), "{outcome}");
}
