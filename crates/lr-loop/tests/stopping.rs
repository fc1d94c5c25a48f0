//! Runs the loop with stages in shell (`fake/stages`), and looks at why it stops and what it left.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::Path;

use lr_exec::{End, Program};
use lr_turn::Turn;
use tempfile::TempDir;

/// What stands in the place of each stage unless a test says otherwise. `repair` takes away one
/// finding in each turn.
const STAGES: [(&str, &str); 8] = [
    ("check", "./stages check \"$@\""),
    ("start", "cat"),
    ("fix", "cat"),
    ("prompt", "./stages prompt"),
    ("llm", "./stages llm"),
    ("apply", "./stages repair 's/bad[0-9]* *//'"),
    ("commit", "./stages commit"),
    ("restore", "echo '{\"lr\":1}'"),
];

/// What a run came to.
struct Ended {
    status: End,
    /// Section `loop`.
    told: serde_json::Value,
    stderr: String,
    folder: TempDir,
}

impl Ended {
    /// The reason, the exit status, and the turns, calls and findings after it.
    fn summary(&self) -> String {
        let told = &self.told;
        assert_eq!(
            self.status,
            End::Exited(i32::try_from(told["status"].as_i64().unwrap()).unwrap())
        );
        format!(
            "{} {}: {} turns, {} calls, {} -> {}",
            told["reason"].as_str().unwrap(),
            told["status"],
            told["turns"],
            told["calls"],
            told["findings"]["before"],
            told["findings"]["after"],
        )
    }

    fn file(&self) -> String {
        fs::read_to_string(self.folder.path().join("a.txt")).unwrap()
    }

    /// The lines of the record: turn, stage and the sections that were added.
    fn record(&self) -> Vec<String> {
        let runs = self.folder.path().join(".lr/runs");
        let run = fs::read_dir(runs).unwrap().next().unwrap().unwrap().path();
        let text = fs::read_to_string(run.join("turns.jsonl")).unwrap();
        text.lines().map(summary_of_line).collect()
    }
}

fn summary_of_line(line: &str) -> String {
    let turn = Turn::parse(line).unwrap();
    let head = ["lr", "run", "turn", "stage", "at"];
    assert!(turn.keys().take(5).eq(head), "{line}");
    let added: Vec<&str> = turn.keys().skip(5).collect();
    let (number, stage) = (turn.raw("turn").unwrap(), turn.raw("stage").unwrap());
    format!("{number} {}: {}", stage.trim_matches('"'), added.join(" "))
}

fn run(replaced: &[(&str, &str)], flags: &[&str]) -> Ended {
    let folder = tempfile::tempdir().unwrap();
    let fake = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fake/stages");
    fs::copy(fake, folder.path().join("stages")).unwrap();
    fs::write(folder.path().join("a.txt"), "bad1 bad2\n").unwrap();
    let mut argv = vec![env!("CARGO_BIN_EXE_lr-loop").to_owned()];
    for (name, usual) in STAGES {
        let replacement = replaced.iter().find(|(replaced, _)| *replaced == name);
        let command = replacement.map_or(usual, |(_, command)| command);
        argv.push(format!("--stage={name}={command}"));
    }
    argv.extend(flags.iter().map(|flag| (*flag).to_owned()));
    argv.push("a.txt".to_owned());
    let program = Program::new(argv)
        .current_dir(folder.path())
        .drop_env(&["LR_MODEL", "LR_PROFILE", "LR_RUN"])
        .env("XDG_CONFIG_HOME", folder.path());
    let finished = program.run().unwrap();
    let stdout = finished.stdout.text();
    let turn = Turn::parse(&stdout).unwrap();
    Ended {
        status: finished.end,
        told: serde_json::from_str(turn.raw("loop").unwrap()).unwrap(),
        stderr: finished.stderr.text(),
        folder,
    }
}

fn check(replaced: &[(&str, &str)], flags: &[&str], expected: &str) {
    let ended = run(replaced, flags);
    assert_eq!(ended.summary(), expected, "{}", ended.stderr);
}

#[test]
fn repairs_until_the_check_is_clean() {
    let ended = run(&[], &[]);
    assert_eq!(ended.summary(), "clean 0: 2 turns, 2 calls, 2 -> 0");
    assert_eq!(ended.file(), "\n");
    assert_eq!(ended.told["branch"], "lr/fake");
    assert_eq!(ended.told["commits"].as_array().unwrap().len(), 4);
}

#[test]
fn the_record_holds_what_each_stage_added() {
    let expected = [
        "1 lr-check: sources check",
        "1 lr-prompt: sources check prompt",
        "1 lr-llm: reply",
        "1 lr-apply: apply",
        "2 lr-check: sources check",
        "1 lr-git: commit",
        "2 lr-prompt: sources check prompt",
        "2 lr-llm: reply",
        "2 lr-apply: apply",
        "3 lr-check: sources check",
        "2 lr-git: commit",
    ];
    assert_eq!(run(&[], &[]).record(), expected);
}

#[test]
fn a_clean_first_check_needs_no_branch_and_no_model() {
    let stages = [
        ("check", "echo '{\"lr\":1,\"check\":{\"clean\":true}}'"),
        ("start", "exit 2"),
    ];
    check(&stages, &[], "clean 0: 0 turns, 0 calls, 0 -> 0");
}

#[test]
fn a_free_fix_is_no_iteration_and_asks_no_model() {
    let stages = [("fix", "./stages free"), ("llm", "exit 3")];
    check(&stages, &["-i", "0"], "clean 0: 2 turns, 0 calls, 2 -> 0");
}

#[test]
fn a_reply_that_changes_nothing_ends_the_loop() {
    let applied = |command: &str, expected: &str| check(&[("apply", command)], &[], expected);
    applied(
        "./stages apply no_edits",
        "no_edits 1: 1 turns, 1 calls, 2 -> 2",
    );
    applied(
        "./stages apply no_change",
        "no_change 1: 1 turns, 1 calls, 2 -> 2",
    );
    applied(
        "./stages apply no_edits true",
        "declared_done 1: 1 turns, 1 calls, 2 -> 2",
    );
}

#[test]
fn turns_that_lead_nowhere_end_the_loop() {
    let applied = |command: &str, expected: &str| check(&[("apply", command)], &[], expected);
    applied(
        "./stages apply refused",
        "refused 1: 3 turns, 3 calls, 2 -> 2",
    );
    applied(
        "./stages repair 's/bad1/bad3/;t;s/bad3/bad1/'",
        "seen 1: 2 turns, 2 calls, 2 -> 2",
    );
    applied(
        "./stages repair 's/$/ x/'",
        "stalled 1: 3 turns, 3 calls, 2 -> 2",
    );
}

#[test]
fn limits_end_the_loop_before_the_call_that_would_exceed_them() {
    check(&[], &["-i", "1"], "iterations 4: 1 turns, 1 calls, 2 -> 1");
    let calls = ["--max-calls", "1"];
    check(&[], &calls, "calls 4: 1 turns, 1 calls, 2 -> 1");
    let tokens = ["--max-total-tokens", "12"];
    check(&[], &tokens, "tokens 4: 1 turns, 1 calls, 2 -> 1");
    let paid = [("llm", "./stages llm | sed 's/\"by\"/\"cost_usd\":0.05,&/'")];
    let cost = ["--max-cost", "0.05"];
    check(&paid, &cost, "cost 4: 1 turns, 1 calls, 2 -> 1");
    let time = ["--max-time", "0"];
    check(&[], &time, "time 4: 0 turns, 0 calls, 2 -> 2");
}

#[test]
fn a_limit_that_the_model_s_stage_keeps_ends_the_loop_with_its_own_reason() {
    for kind in ["calls", "tokens", "cost", "time"] {
        let llm = format!("./stages fail lr-llm {kind} 4");
        let stages = [("llm", llm.as_str()), ("apply", "cat")];
        check(&stages, &[], &format!("{kind} 4: 0 turns, 0 calls, 2 -> 2"));
    }
}

#[test]
fn warns_once_when_a_limit_is_nearly_reached() {
    let ended = run(&[], &["--max-total-tokens", "15"]);
    assert_eq!(ended.summary(), "clean 0: 2 turns, 2 calls, 2 -> 0");
    let warning = "lr-loop: warning: 12 of --max-total-tokens 15 is used";
    let lines = ended.stderr.lines();
    assert_eq!(
        lines.filter(|line| *line == warning).count(),
        1,
        "{}",
        ended.stderr
    );
    assert!(!ended.stderr.contains("24 of"), "{}", ended.stderr);
}

#[test]
fn without_a_model_the_reason_depends_on_whether_one_was_named() {
    let stages = [("llm", "./stages fail lr-llm no_model 3"), ("apply", "cat")];
    check(&stages, &[], "no_model 1: 0 turns, 0 calls, 2 -> 2");
    check(
        &stages,
        &["-m", "m"],
        "model_failed 3: 0 turns, 0 calls, 2 -> 2",
    );
    let network = [
        ("llm", "./stages fail lr-llm network 3 1"),
        ("apply", "cat"),
    ];
    check(&network, &[], "model_failed 3: 1 turns, 1 calls, 2 -> 2");
}

#[test]
fn a_checker_in_trouble_ends_the_loop_before_a_model_is_asked() {
    let result = |status: &str| {
        format!(
            "echo '{{\"lr\":1,\"check\":{{\"clean\":false,\"results\":[{{\"status\":\"{status}\"}}]}}}}'; exit 2"
        )
    };
    let broken = "broken 2: 0 turns, 0 calls, null -> null";
    let missing = "missing 2: 0 turns, 0 calls, null -> null";
    check(&[("check", &result("broken"))], &[], broken);
    check(&[("check", &result("timed_out"))], &[], broken);
    check(&[("check", &result("missing"))], &[], missing);
    let nothing = "stage_failed 2: 0 turns, 0 calls, null -> null";
    check(&[("check", "exit 2")], &[], nothing);
    check(&[("check", "true")], &[], nothing);
}

#[test]
fn what_was_applied_is_committed_before_trouble_in_the_check_after_it_ends_the_loop() {
    let silent = "[ -z \"${LR_PREVIOUS-}\" ] || exit 2; ./stages check \"$@\"";
    let ended = run(&[("check", silent)], &["--keep", "last"]);
    assert_eq!(ended.summary(), "stage_failed 2: 1 turns, 1 calls, 2 -> 2");
    assert_eq!(ended.told["commits"].as_array().unwrap().len(), 2);
    assert_eq!(ended.record().last().unwrap(), "1 lr-git: commit");
}

#[test]
fn the_best_state_is_brought_back_and_checked() {
    let stages = [
        (
            "apply",
            "if [ -f was_worse ]; then ./stages apply no_edits; else cp a.txt best; ./stages repair 's/$/ bad3/'; touch was_worse; fi",
        ),
        (
            "restore",
            "cp best a.txt; echo '{\"lr\":1,\"commit\":{\"restore\":\"abc\"}}'",
        ),
    ];
    let ended = run(&stages, &[]);
    assert_eq!(
        ended.summary(),
        "no_edits 1: 2 turns, 2 calls, 2 -> 2",
        "{}",
        ended.stderr
    );
    assert_eq!(ended.file(), "bad1 bad2\n");
    assert_eq!(
        ended.told["commits"].as_array().unwrap().last().unwrap(),
        "abc"
    );
    assert_eq!(
        (&ended.told["kept"], &ended.told["best_turn"]),
        (&"best".into(), &1.into())
    );
    let ended = run(&stages, &["--keep", "last"]);
    assert_eq!(
        ended.summary(),
        "no_edits 1: 2 turns, 2 calls, 2 -> 3",
        "{}",
        ended.stderr
    );
    assert_eq!(ended.told["kept"], "last");
}

#[test]
fn a_restore_that_fails_is_said_and_changes_no_reason() {
    let stages = [
        (
            "apply",
            "if [ -f was_worse ]; then ./stages apply no_edits; else ./stages repair 's/$/ bad3/'; touch was_worse; fi",
        ),
        (
            "restore",
            "echo '{\"lr\":1,\"error\":{\"stage\":\"lr-git\",\"kind\":\"repository\",\"message\":\"no way back\"}}'; exit 2",
        ),
    ];
    let ended = run(&stages, &[]);
    assert_eq!(
        ended.summary(),
        "no_edits 1: 2 turns, 2 calls, 2 -> 3",
        "{}",
        ended.stderr
    );
    let warning = "warning: the best state was not brought back: no way back";
    assert!(ended.stderr.contains(warning), "{}", ended.stderr);
}

#[test]
fn a_repository_that_cannot_be_used_ends_the_loop() {
    check(
        &[("start", "exit 2")],
        &[],
        "repository 2: 0 turns, 0 calls, 2 -> 2",
    );
    check(
        &[("start", "./stages fail lr-git repository 2")],
        &[],
        "repository 2: 0 turns, 0 calls, 2 -> 2",
    );
    check(
        &[("commit", "./stages fail lr-git repository 2")],
        &[],
        "repository 2: 1 turns, 1 calls, 2 -> 1",
    );
}

#[test]
fn a_stage_that_fails_is_never_nothing_to_do() {
    let failed = "stage_failed 2: 0 turns, 0 calls, 2 -> 2";
    check(&[("llm", "true")], &[], failed);
    check(&[("llm", "kill -9 $$")], &[], failed);
    check(&[("llm", "echo '{\"lr\":1'")], &[], failed);
    check(&[("llm", "./stages llm; exit 2")], &[], failed);
    check(&[("prompt", "./stages prompt; exit 9")], &[], failed);
    let two = "./stages check \"$@\"; ./stages check \"$@\"";
    let lost = [("check", two), ("llm", "./stages llm | head -n 1")];
    check(&lost, &[], "stage_failed 2: 0 turns, 0 calls, 4 -> 4");
}

#[test]
fn parts_that_failed_do_not_end_a_turn_in_which_others_were_applied() {
    let stages = [
        ("check", "./stages check \"$@\"; ./stages check \"$@\""),
        (
            "llm",
            "{ head -n 1 | ./stages llm; tail -n 1 | ./stages fail lr-llm network 3 1; }",
        ),
        (
            "apply",
            "while read -r turn; do case $turn in *'\"error\"'*) printf '%s\\n' \"$turn\" ;; *) printf '%s\\n' \"$turn\" | ./stages repair 's/bad[0-9]* *//' ;; esac; done",
        ),
    ];
    let ended = run(&stages, &["-i", "2"]);
    assert_eq!(
        ended.summary(),
        "clean 0: 2 turns, 4 calls, 4 -> 0",
        "{}",
        ended.stderr
    );
}

#[test]
fn a_key_is_seen_by_the_model_s_stage_only_and_never_written() {
    let stages = [
        ("fix", "[ -z \"${LR_API_KEY-}\" ] && cat"),
        ("llm", "[ ${#LR_API_KEY} = 8 ] && ./stages llm"),
    ];
    let ended = run(&stages, &["-vv", "--api-key", "LRSECRET"]);
    assert_eq!(ended.summary(), "clean 0: 2 turns, 2 calls, 2 -> 0");
    assert!(!ended.stderr.contains("LRSECRET"), "{}", ended.stderr);
    assert!(
        ended.stderr.contains("warning: --api-key"),
        "{}",
        ended.stderr
    );
}

#[test]
fn an_interrupted_stage_ends_the_loop_with_everything_told() {
    // The stage asks the loop, its parent's parent or parent, to end.
    let ended = run(&[("llm", "kill -TERM $PPID; sleep 60")], &[]);
    assert_eq!(ended.summary(), "interrupted 143: 0 turns, 0 calls, 2 -> 2");
    let ended = run(&[("llm", "kill -INT $PPID; sleep 60")], &[]);
    assert_eq!(ended.summary(), "interrupted 130: 0 turns, 0 calls, 2 -> 2");
}
