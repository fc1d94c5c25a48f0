//! The rules that hold for every stage: what goes through untouched, what is refused, and what
//! happens when a neighbour in the pipe is gone.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Stdio};

use lr_tests::Sandbox;
use lr_tests::fake_model::{Answer, FakeModel};

/// The stages that read turns, with the arguments they need to read nothing else.
const STAGES: &[(&str, &[&str])] = &[
    ("lr-fix", &[]),
    ("lr-prompt", &[]),
    ("lr-llm", &[]),
    ("lr-apply", &[]),
    ("lr-git", &["commit"]),
    ("lr-git", &["start"]),
];

/// A turn with nothing to do for any stage, and keys nobody knows at every level.
const FOREIGN: &str = r#"{"mine":{"x":1.50,"big":123456789012345678901234567890,"e":1E5},"lr":1 ,"check":{"clean":true,"results":[{"argv":["x"],"exit":0,"mine":[ {} ]}],"mine":"\u00e9"},"sources":[{"path":"a.py","mine":null}],"z":[1.0, 2]}"#;

#[test]
fn what_a_stage_does_not_know_leaves_as_it_came() {
    let sandbox = Sandbox::new();
    sandbox.write("a.py", "x = 1\n");
    sandbox.commit_all();
    for (stage, arguments) in STAGES
        .iter()
        .filter(|(_, arguments)| *arguments != ["start"])
    {
        let outcome = sandbox.feed(stage, arguments, FOREIGN);
        assert_eq!(outcome.stdout, format!("{FOREIGN}\n"), "{stage}: {outcome}");
        assert!(outcome.status <= 1, "{stage}: {outcome}");
    }
}

#[test]
fn a_stage_that_works_keeps_what_it_does_not_know() {
    let model = FakeModel::start([Answer::text("Done.\n<<<< a.py <<<<\nx = 2\n>>>>>>>>\n")]);
    let mut sandbox = Sandbox::new();
    sandbox.set("LR_MODEL", "m");
    sandbox.set("LR_BASE_URL", &model.url());
    sandbox.write("a.py", "x = 1\n");
    sandbox.commit_all();
    let mine = r#""mine":{"x":1.50,  "e":1E5},"sources":[{"path":"a.py","mine":0.10}],"check":{"clean":false,"results":[{"argv":["./my.sh","a.py"],"exit":1,"stdout":"bad","mine":[1.0]}],"mine":{}}"#;
    let mut line = format!("{{\"lr\":1,{mine}}}\n");
    for (stage, arguments) in [
        ("lr-fix", &[][..]),
        ("lr-prompt", &[]),
        ("lr-llm", &[]),
        ("lr-apply", &[]),
        ("lr-git", &["commit"]),
    ] {
        let outcome = sandbox.feed(stage, arguments, &line).success();
        assert!(outcome.stdout.contains(mine), "{stage}: {outcome}");
        line = outcome.stdout;
    }
    for section in ["prompt", "reply", "apply", "commit"] {
        assert!(
            line.contains(&format!("\"{section}\":{{")),
            "{section} in {line}"
        );
    }
    assert_eq!(sandbox.read("a.py"), "x = 2\n");
}

#[test]
fn what_jq_prints_is_still_a_turn() {
    let sandbox = Sandbox::new();
    sandbox.write("a.py", "x = 1\n");
    for filter in [".", "-S .", "-c ."] {
        let script = format!(
            "printf '%s' '{{\"lr\":1,\"check\":{{\"clean\":true}},\"a\":[1,2]}}' | jq {filter} | lr-fix | lr-prompt | lr-llm | lr-apply | jq -c .lr"
        );
        assert_eq!(sandbox.bash(&script).success().stdout, "1\n", "{filter}");
    }
}

#[test]
fn a_newer_contract_a_broken_turn_and_nothing_are_trouble() {
    let sandbox = Sandbox::new();
    sandbox.bash("git init -q").success();
    for (stage, arguments) in STAGES {
        for (input, message) in [
            ("{\"lr\":99}", "newer than 1"),
            (
                "{\"lr\":1,\"check\":{\"clean\":fal",
                "malformed turn on standard input, line 1",
            ),
            ("", "nothing on standard input"),
            (" \n\t\n", "nothing on standard input"),
        ] {
            let outcome = sandbox.feed(stage, arguments, input);
            assert_eq!(outcome.status, 2, "{stage} {input:?}: {outcome}");
            assert!(
                outcome.stderr.contains(message),
                "{stage} {input:?}: {outcome}"
            );
            assert_eq!(outcome.stdout, "", "{stage} {input:?}");
        }
    }
}

#[test]
fn a_source_may_be_named_by_its_absolute_path() {
    let sandbox = Sandbox::new();
    sandbox.write("a.py", "x = 1\n");
    let path = sandbox.path().canonicalize().unwrap().join("a.py");
    let path = path.to_str().unwrap();
    for (stage, arguments) in [
        ("lr-check", &["--script", "true", path][..]),
        ("lr-prompt", &["--instructions", "improve it", path]),
    ] {
        let outcome = sandbox.run(stage, arguments).success();
        assert!(
            outcome.stdout.contains(r#""path":"a.py""#),
            "{stage}: {outcome}"
        );
        assert!(!outcome.stdout.contains(path), "{stage}: {outcome}");
    }
}

#[test]
fn an_error_passes_every_later_stage_and_counts() {
    let sandbox = Sandbox::new();
    sandbox.write("a.py", "x = 1\n");
    sandbox.commit_all();
    let failed = r#"{"lr":1,"check":{"clean":false,"results":[]},"prompt":{"messages":[]},"error":{"stage":"x","kind":"rate_limited","message":"wait"}}"#;
    let foreign = r#"{"lr":1,"error":{"stage":"x","kind":"mine","message":"no"}}"#;
    for (stage, arguments) in STAGES
        .iter()
        .filter(|(_, arguments)| *arguments != ["start"])
    {
        let outcome = sandbox.feed(stage, arguments, failed);
        assert_eq!(
            (outcome.status, outcome.stdout),
            (3, format!("{failed}\n")),
            "{stage}"
        );
        let outcome = sandbox.feed(stage, arguments, foreign);
        assert_eq!(
            (outcome.status, outcome.stdout),
            (2, format!("{foreign}\n")),
            "{stage}"
        );
    }
}

#[test]
fn turns_leave_one_by_one_as_they_come() {
    let sandbox = Sandbox::new();
    sandbox.write("a.py", "x = 1\n");
    sandbox.commit_all();
    for (stage, arguments) in [
        ("lr-fix", &[][..]),
        ("lr-prompt", &[]),
        ("lr-llm", &[]),
        ("lr-apply", &[]),
    ] {
        let mut child = piped(&sandbox, stage, arguments);
        let mut stdin = child.stdin.take().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        for number in 1..=3 {
            let turn = format!("{{\"lr\":1,\"turn\":{number},\"check\":{{\"clean\":true}}}}\n");
            stdin.write_all(turn.as_bytes()).unwrap();
            let mut line = String::new();
            stdout.read_line(&mut line).unwrap();
            assert_eq!(line, turn, "{stage}");
        }
        drop(stdin);
        assert!(child.wait().unwrap().success(), "{stage}");
    }
}

#[test]
fn ten_thousand_turns_need_no_more_memory_than_ten() {
    let sandbox = Sandbox::new();
    sandbox.write("a.py", "x = 1\n");
    sandbox.commit_all();
    let filler = "x".repeat(2_000);
    let turns = |count: usize| {
        let mut text = String::new();
        for number in 0..count {
            writeln!(
                text,
                r#"{{"lr":1,"turn":{number},"check":{{"clean":true}},"mine":"{filler}"}}"#
            )
            .unwrap();
        }
        text
    };
    for (stage, arguments) in [
        ("lr-fix", ""),
        ("lr-prompt", ""),
        ("lr-llm", ""),
        ("lr-apply", ""),
        ("lr-git", "commit"),
    ] {
        let peak = |count: usize| -> u64 {
            sandbox.write("turns", turns(count));
            // The highest resident size of the only child, in KiB.
            let script = format!(
                "import resource, subprocess, sys\n\
                 with open('turns') as i, open('out', 'w') as o:\n    \
                 subprocess.run(['{stage}', *'{arguments}'.split()], stdin=i, stdout=o, stderr=subprocess.DEVNULL)\n\
                 print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)\n"
            );
            let outcome = sandbox.run("python3", &["-c", &script]).success();
            assert_eq!(
                sandbox.read("out").len(),
                sandbox.read("turns").len(),
                "{stage}"
            );
            outcome.stdout.trim().parse().unwrap()
        };
        let (few, many) = (peak(10), peak(10_000));
        assert!(
            many < few + 4_096,
            "{stage}: {few} KiB for 10 turns, {many} KiB for 10,000"
        );
    }
}

#[test]
fn when_nobody_reads_no_further_work_is_begun() {
    let model = FakeModel::start([Answer::text("hello")]);
    let mut sandbox = Sandbox::new();
    sandbox.set("LR_MODEL", "m");
    sandbox.set("LR_BASE_URL", &model.url());
    let prompted = r#"{"lr":1,"prompt":{"messages":[{"role":"user","content":"hi"}]}}"#;
    sandbox.write("turns", format!("{prompted}\n").repeat(5));
    let outcome = sandbox.bash(
        "set +o pipefail; { sleep 0.3; lr-llm < turns; echo $? > status; } | true; cat status",
    );
    assert_eq!(outcome.stdout, "0\n", "{outcome}");
    assert_eq!(model.requests().len(), 0);
}

#[test]
fn a_full_disk_behind_standard_output_is_said() {
    let sandbox = Sandbox::new();
    let outcome = sandbox
        .bash("printf '{\"lr\":1,\"check\":{\"clean\":true}}' | lr-fix > /dev/full || echo $?");
    assert_eq!(outcome.stdout, "2\n", "{outcome}");
    assert!(
        outcome
            .stderr
            .contains("lr-fix: cannot write to standard output"),
        "{outcome}"
    );
}

#[test]
fn no_home_no_path_and_an_unwritable_tree_are_survived() {
    let sandbox = Sandbox::with_example("stage-in-python");
    let script = "chmod a-w . && ruff --version > /dev/null && \
                  env -u HOME lr-check --exit-zero --linters ruff sums.py | env -u HOME lr-fix | \
                  env -i \"$(command -v lr-prompt)\" | jq -r 'has(\"prompt\") or has(\"reply\")'";
    assert_eq!(sandbox.bash(script).success().stdout, "true\n");
    sandbox.bash("chmod u+w .").success();
}

#[test]
fn a_signal_ends_a_stage_with_its_status() {
    let sandbox = Sandbox::new();
    for (stage, arguments) in STAGES {
        for (signal, status) in [("INT", 130), ("TERM", 143)] {
            let mut child = piped(&sandbox, stage, arguments);
            // A turn that comes back shows that the stage is up; lr-git waits for all turns.
            if *stage == "lr-git" {
                std::thread::sleep(std::time::Duration::from_millis(300));
            } else {
                let turn = b"{\"lr\":1,\"check\":{\"clean\":true}}\n";
                child.stdin.as_mut().unwrap().write_all(turn).unwrap();
                let stdout = child.stdout.as_mut().unwrap();
                let mut line = String::new();
                BufReader::new(stdout).read_line(&mut line).unwrap();
            }
            sandbox
                .bash(&format!("kill -{signal} {}", child.id()))
                .success();
            assert_eq!(
                child.wait().unwrap().code(),
                Some(status),
                "{stage} {signal}"
            );
        }
    }
}

fn piped(sandbox: &Sandbox, program: &str, arguments: &[&str]) -> Child {
    let mut command = sandbox.command(program);
    command
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    command.spawn().unwrap()
}
