//! The loop across all programs: real stages, a real repository, a checker script, a fake model.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::process::Stdio;

use lr_tests::fake_model::{Answer, FakeModel, Step, Usage};
use lr_tests::{Outcome, Sandbox, sandbox};
use serde_json::Value;

/// A checker: no line may say "bad".
const TIDY: &str = "#!/bin/sh\ngrep -n bad \"$1\" || exit 0\nexit 1\n";

/// A repository with two untidy files, and a model to ask about them.
fn untidy(model: &FakeModel) -> Sandbox {
    let mut sandbox = Sandbox::new();
    sandbox.write("a.txt", "one\nbad\n");
    sandbox.write("b.txt", "bad\ntwo\n");
    sandbox.write("tidy.sh", TIDY);
    sandbox.bash("chmod +x tidy.sh").success();
    sandbox.commit_all();
    sandbox.set("LR_MODEL", "fake-model");
    sandbox.set("LR_BASE_URL", &model.url());
    sandbox
}

fn block(path: &str, text: &str) -> String {
    format!("I tidied {path}.\n\n<<<< {path} <<<<\n{text}>>>>>>>>\n")
}

/// A model that tidies one file in each turn.
fn tidying() -> FakeModel {
    FakeModel::start([
        Answer::text(&block("a.txt", "one\n")),
        Answer::text(&block("b.txt", "two\n")),
    ])
}

const ARGUMENTS: [&str; 4] = ["-s", "./tidy.sh", "a.txt", "b.txt"];

fn run(sandbox: &Sandbox, flags: &[&str]) -> Outcome {
    sandbox.run("lr-loop", &[flags, &ARGUMENTS].concat())
}

/// Section `loop` of what the loop wrote.
fn told(outcome: &Outcome) -> Value {
    let turn: Result<Value, _> = serde_json::from_str(&outcome.stdout);
    assert!(turn.is_ok(), "{outcome}");
    turn.unwrap()["loop"].clone()
}

fn reason(outcome: &Outcome) -> String {
    format!(
        "{} {}",
        told(outcome)["reason"].as_str().unwrap(),
        outcome.status
    )
}

fn git(sandbox: &Sandbox, arguments: &str) -> String {
    sandbox.bash(&format!("git {arguments}")).success().stdout
}

/// The lines of the only record in the sandbox.
fn record(sandbox: &Sandbox) -> Vec<Value> {
    let runs = fs::read_dir(sandbox.path().join(".lr/runs")).unwrap();
    let folders: Vec<_> = runs.map(|entry| entry.unwrap().path()).collect();
    assert_eq!(folders.len(), 1);
    let text = fs::read_to_string(folders[0].join("turns.jsonl")).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn section<'a>(record: &'a [Value], key: &'a str) -> impl Iterator<Item = &'a Value> {
    record.iter().filter_map(move |line| line.get(key))
}

#[test]
fn ends_clean_on_a_branch_with_a_commit_for_each_fix() {
    let model = tidying();
    let sandbox = untidy(&model);
    let outcome = run(&sandbox, &[]);
    assert_eq!(reason(&outcome), "clean 0", "{outcome}");
    let told = told(&outcome);
    assert_eq!(told["calls"], 2);
    assert_eq!(told["findings"]["before"], 2);
    assert_eq!(told["findings"]["after"], 0);
    assert_eq!(sandbox.read("a.txt"), "one\n");
    assert_eq!(sandbox.read("b.txt"), "two\n");
    let commits: Vec<String> = git(&sandbox, "log --format=%H --reverse main..HEAD")
        .lines()
        .map(str::to_owned)
        .collect();
    assert_eq!(told["commits"], serde_json::json!(commits));
    assert_eq!(commits.len(), 4);
    assert_eq!(
        git(&sandbox, "branch --show-current").trim(),
        told["branch"].as_str().unwrap()
    );
    assert_eq!(git(&sandbox, "log --format=%s main"), "start\n");
    assert_eq!(git(&sandbox, "status --porcelain"), "");
    git(&sandbox, "fsck --strict");
}

#[test]
fn the_parts_of_a_turn_are_asked_applied_and_committed_one_by_one() {
    let model = FakeModel::answering(|request, _| {
        let is_about_a = request.question().contains("<<<< a.txt <<<<");
        Answer::text(&if is_about_a {
            block("a.txt", "one\n")
        } else {
            block("b.txt", "two\n")
        })
    });
    let mut sandbox = untidy(&model);
    sandbox.set("LR_PROMPT_TOKENS", "1");
    let outcome = run(&sandbox, &[]);
    assert_eq!(reason(&outcome), "clean 0", "{outcome}");
    let told = told(&outcome);
    assert_eq!((&told["turns"], &told["calls"]), (&1.into(), &2.into()));
    let record = record(&sandbox);
    let prompts: Vec<&Value> = record
        .iter()
        .filter(|it| it.get("prompt").is_some())
        .collect();
    for (number, path) in ["a.txt", "b.txt"].into_iter().enumerate() {
        let prompt = prompts[number];
        assert_eq!(
            (&prompt["part"], &prompt["parts"]),
            (&(number + 1).into(), &2.into())
        );
        let offered = prompt["prompt"]["offered"].as_array().unwrap();
        assert_eq!(offered.len(), 1);
        assert_eq!(offered[0]["path"], path);
        assert_eq!(prompt["check"]["clean"], false);
        assert_eq!(prompt["check"]["results"].as_array().unwrap().len(), 1);
        assert_eq!(prompt["sources"].as_array().unwrap().len(), 1);
    }
    let trailer = "log --reverse --format=%(trailers:key=Lr-Part,valueonly,separator=) main..HEAD";
    let parts = git(
        &sandbox,
        &trailer.replace('%', "'%").replace(") main", ")' main"),
    );
    assert_eq!(parts, "1\n1\n2\n2\n");
    let fixes = sandbox.read("FIXES.md");
    assert_eq!(fixes.matches("part 1 of 2").count(), 1, "{fixes}");
    assert_eq!(fixes.matches("part 2 of 2").count(), 1, "{fixes}");
}

#[test]
fn what_to_type_next_works() {
    let model = tidying();
    let sandbox = untidy(&model);
    let outcome = run(&sandbox, &[]);
    let last = outcome.stderr.lines().last().unwrap();
    for next in ["git diff refs/lr/", "lr-git undo", "git checkout -"] {
        assert!(last.contains(next), "{last}");
        let start = last.find(next).unwrap();
        let command = last[start..].split(" (").next().unwrap();
        let shown = sandbox.bash(command).success();
        let is_diff = next.starts_with("git diff");
        assert_eq!(is_diff, shown.stdout.contains("+++ b/a.txt"), "{shown}");
    }
    assert_eq!(git(&sandbox, "branch --show-current"), "main\n");
}

#[test]
fn the_record_holds_every_prompt_and_reply() {
    let model = tidying();
    let sandbox = untidy(&model);
    run(&sandbox, &[]).success();
    let record = record(&sandbox);
    let asked: Vec<&Value> = section(&record, "prompt")
        .map(|prompt| &prompt["messages"])
        .collect();
    let requests = model.requests();
    let sent: Vec<&Value> = requests.iter().map(|it| &it.body["messages"]).collect();
    assert_eq!(asked, sent);
    let replies: Vec<&str> = section(&record, "reply")
        .map(|reply| reply["text"].as_str().unwrap())
        .collect();
    assert_eq!(replies, [block("a.txt", "one\n"), block("b.txt", "two\n")]);
    assert!(
        record
            .iter()
            .all(|line| line["lr"] == 1 && line["run"] == record[0]["run"])
    );
}

#[test]
fn the_loop_in_shell_and_the_printed_one_end_in_the_same_commits() {
    let model = tidying();
    let recorder = untidy(&model);
    let recordings = recorder.home().join("recordings");
    let recordings = recordings.to_str().unwrap();
    run(&recorder, &["--record", recordings]).success();
    let ended = |program: &str, flags: &[&str]| {
        let mut sandbox = untidy(&model);
        sandbox.set("LR_RUN", "same");
        let outcome = sandbox.run(program, &[flags, &ARGUMENTS].concat());
        assert_eq!(outcome.status, 0, "{outcome}");
        (sandbox, outcome)
    };
    let replay = ["--replay", recordings];
    let head = |sandbox: &Sandbox| git(sandbox, "rev-parse HEAD");
    let (by_loop, _) = ended("lr-loop", &replay);
    let script = sandbox::project().join("scripts/loop.sh");
    let (by_shell, _) = ended(script.to_str().unwrap(), &replay);
    assert_eq!(head(&by_loop), head(&by_shell));
    let (by_hand, script) = ended("lr-loop", &["--print", "--replay", recordings]);
    by_hand.bash(&script.stdout).success();
    assert_eq!(head(&by_loop), head(&by_hand));
    assert_eq!(model.requests().len(), 2);
}

#[test]
fn why_a_reply_was_refused_reaches_the_model() {
    let model = FakeModel::start([
        Answer::text("<<<< a.txt <<<<\n# ... rest of the file unchanged\n>>>>>>>>\n"),
        Answer::text(&block("a.txt", "one\n")),
        Answer::text(&block("b.txt", "two\n")),
    ]);
    let sandbox = untidy(&model);
    let outcome = run(&sandbox, &[]);
    assert_eq!(reason(&outcome), "clean 0", "{outcome}");
    let refusals = record(&sandbox)
        .iter()
        .find_map(|line| line["apply"]["refusals"].as_array().cloned())
        .unwrap();
    let why = refusals[0]["reason"].as_str().unwrap();
    assert!(model.requests()[1].question().contains(why), "{why}");
}

/// Runs the loop on these replies, the last one for ever, and the loop in shell as well.
fn check_stop(replies: &[&str], flags: &[&str], expected: &str) {
    let ended = |program: &str| {
        let model = FakeModel::start(replies.iter().map(|text| Answer::text(text)));
        let sandbox = untidy(&model);
        let outcome = sandbox.run(program, &[flags, &ARGUMENTS].concat());
        assert_eq!(git(&sandbox, "status --porcelain"), "", "{outcome}");
        let files = ["a.txt", "b.txt"].map(|path| sandbox.read(path));
        (outcome, files, model.requests().len())
    };
    let (outcome, files, calls) = ended("lr-loop");
    assert_eq!(reason(&outcome), expected, "{outcome}");
    let script = sandbox::project().join("scripts/loop.sh");
    let (by_shell, files_by_shell, calls_by_shell) = ended(script.to_str().unwrap());
    assert_eq!(outcome.status, by_shell.status, "{by_shell}");
    assert_eq!((files, calls), (files_by_shell, calls_by_shell));
}

#[test]
fn stops_where_the_replies_say_that_nothing_is_left_to_do() {
    check_stop(&["I see nothing to do."], &[], "no_edits 1");
    check_stop(
        &["No further improvements possible"],
        &[],
        "declared_done 1",
    );
    check_stop(&[&block("a.txt", "one\nbad\n")], &[], "no_change 1");
}

#[test]
fn stops_where_the_replies_lead_nowhere() {
    let still_bad = |word: &str| block("a.txt", &format!("{word}\nbad\n"));
    check_stop(&["<<<< a.txt <<<<\ncut"], &[], "refused 1");
    check_stop(&[&still_bad("x"), &still_bad("one")], &[], "seen 1");
    let words = ["x", "y", "z"].map(still_bad);
    check_stop(&words.each_ref().map(String::as_str), &[], "stalled 1");
    check_stop(&[&still_bad("x")], &["-i", "1"], "iterations 4");
}

#[test]
fn no_call_is_made_beyond_the_limit() {
    let model = tidying();
    let sandbox = untidy(&model);
    assert_eq!(reason(&run(&sandbox, &["--max-calls", "1"])), "calls 4");
    assert_eq!(model.requests().len(), 1);
    assert_eq!(sandbox.read("a.txt"), "one\n");
}

#[test]
fn requests_that_were_sent_in_vain_are_calls() {
    let busy = Answer::http(503, &["retry-after: 0"], "");
    let model = FakeModel::start([busy]);
    let sandbox = untidy(&model);
    let outcome = run(&sandbox, &[]);
    assert_eq!(reason(&outcome), "model_failed 3", "{outcome}");
    assert_eq!(told(&outcome)["calls"], 4);
    assert_eq!(model.requests().len(), 4);
}

#[test]
fn a_model_that_has_answered_is_waited_for() {
    for usage in [Usage::Counted, Usage::Untold] {
        let busy = || Answer::http(503, &["retry-after: 0"], "");
        let tidy = |path, text| Answer::text(&block(path, text)).taking(usage);
        let [first, last] = [tidy("a.txt", "one\n"), tidy("b.txt", "two\n")];
        let model = FakeModel::start([first, busy(), busy(), busy(), busy(), last]);
        let outcome = run(&untidy(&model), &[]);
        assert_eq!(reason(&outcome), "clean 0", "{outcome}");
        assert_eq!(told(&outcome)["calls"], 6);
    }
}

#[test]
fn a_model_that_is_not_to_be_had_is_no_reply() {
    let model = FakeModel::start([Answer::error(401, "no such key")]);
    let sandbox = untidy(&model);
    assert_eq!(reason(&run(&sandbox, &[])), "model_failed 3");
    assert_eq!(sandbox.read("a.txt"), "one\nbad\n");
}

#[test]
fn without_a_model_the_ways_to_get_one_are_said() {
    let model = tidying();
    let mut sandbox = untidy(&model);
    sandbox.set("LR_MODEL", "");
    sandbox.set("LR_BASE_URL", "");
    let outcome = run(&sandbox, &[]);
    assert_eq!(reason(&outcome), "no_model 1", "{outcome}");
    for way in [
        "export GROQ_API_KEY=",
        "ollama serve",
        "--base-url URL -m NAME",
    ] {
        assert!(outcome.stderr.contains(way), "{outcome}");
    }
}

#[test]
fn dirty_sources_are_refused_before_a_model_is_asked() {
    let model = tidying();
    let sandbox = untidy(&model);
    sandbox.write("a.txt", "one\nbad\nmine\n");
    assert_eq!(reason(&run(&sandbox, &[])), "repository 2");
    assert_eq!(sandbox.read("a.txt"), "one\nbad\nmine\n");
    assert_eq!(model.requests().len(), 0);
    assert_eq!(git(&sandbox, "branch --show-current"), "main\n");
}

#[test]
fn stopping_after_the_prompt_or_the_reply_changes_nothing() {
    let model = tidying();
    let sandbox = untidy(&model);
    let prompt = run(&sandbox, &["--stop-after", "prompt", "--format", "text"]);
    assert_eq!(prompt.status, 0, "{prompt}");
    assert_eq!(model.requests().len(), 0);
    let reply = run(&sandbox, &["--stop-after", "llm", "--format", "text"]);
    assert_eq!(reply.stdout, block("a.txt", "one\n"), "{reply}");
    let asked = model.requests();
    assert!(prompt.stdout.contains(asked[0].question()), "{prompt}");
    assert_eq!(sandbox.read("a.txt"), "one\nbad\n");
    assert_eq!(
        git(&sandbox, "branch --format='%(refname:short)'"),
        "main\n"
    );
}

#[test]
fn a_prompt_that_was_built_can_be_handed_on() {
    let model = tidying();
    let sandbox = untidy(&model);
    let arguments = ARGUMENTS.join(" ");
    let by_hand = format!("lr-loop -q --stop-after prompt {arguments} | lr-llm | lr-apply");
    sandbox.bash(&by_hand).success();
    assert_eq!(sandbox.read("a.txt"), "one\n");
}

#[test]
fn without_git_the_files_are_changed_in_place() {
    let model = tidying();
    let sandbox = untidy(&model);
    fs::remove_dir_all(sandbox.path().join(".git")).unwrap();
    let outcome = run(&sandbox, &["-g"]);
    assert_eq!(reason(&outcome), "clean 0", "{outcome}");
    assert_eq!(sandbox.read("b.txt"), "two\n");
    let fixes = sandbox.read("FIXES.md");
    assert_eq!(fixes.matches("\n## ").count(), 2, "{fixes}");
    assert!(fixes.contains("I tidied a.txt."), "{fixes}");
}

#[test]
fn works_in_another_directory_and_beneath_the_project_s_root() {
    let model = tidying();
    let sandbox = untidy(&model);
    sandbox
        .bash("mkdir sub && git mv a.txt b.txt tidy.sh sub && git commit -q -m move")
        .success();
    let outcome = run(&sandbox, &["-C", "sub"]);
    assert_eq!(reason(&outcome), "clean 0", "{outcome}");
    assert_eq!(sandbox.read("sub/a.txt"), "one\n");
    assert!(!record(&sandbox).is_empty());
}

#[test]
fn terminated_while_the_model_thinks_it_changes_nothing_and_leaves_nobody_behind() {
    let model = FakeModel::start([Answer::Steps(vec![Step::Hang])]);
    let sandbox = untidy(&model);
    let mut command = sandbox.command("lr-loop");
    let child = command
        .args(ARGUMENTS)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    while model.requests().is_empty() {
        std::thread::yield_now();
    }
    let id = child.id().to_string();
    let stage = sandbox.run("pgrep", &["-P", &id]).success().stdout;
    sandbox.run("kill", &["-TERM", &id]).success();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(143));
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(told["loop"]["reason"], "interrupted");
    assert_eq!(sandbox.read("a.txt"), "one\nbad\n");
    assert_eq!(sandbox.run("kill", &["-0", stage.trim()]).status, 1);
}
