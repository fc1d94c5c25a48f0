//! The loop left alone with real checkers and a model that may do anything: why it stops, on what it ends, and
//! what the model is told.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use lr_tests::fake_model::{Answer, FakeModel, Received};
use lr_tests::{Outcome, Sandbox};
use serde_json::Value;

/// A module with one finding that nobody repairs for free: `y` is not defined.
const UNDEFINED: &str = "def double(x):\n    return y * 2\n";

/// The module as it should be.
const RIGHT: &str = "def double(x):\n    return x * 2\n";

/// A repository with that module, and a model to ask about it.
fn sandbox(model: &FakeModel) -> Sandbox {
    let mut sandbox = Sandbox::new();
    sandbox.write("calc.py", UNDEFINED);
    sandbox.write("README.md", "A calculator.\n");
    sandbox.commit_all();
    sandbox.set("LR_MODEL", "fake-model");
    sandbox.set("LR_BASE_URL", &model.url());
    sandbox
}

fn block(path: &str, text: &str) -> String {
    format!("I changed {path}.\n\n<<<< {path} <<<<\n{text}>>>>>>>>\n")
}

/// A model that answers with these versions of the module, the last one for ever.
fn answering(versions: &[&str]) -> FakeModel {
    let replies = versions.iter().map(|text| match *text {
        "" => Answer::text("I see nothing to do."),
        text => Answer::text(&block("calc.py", text)),
    });
    FakeModel::start(replies.collect::<Vec<_>>())
}

fn run(sandbox: &Sandbox, flags: &[&str]) -> Outcome {
    let usual = ["--linters", "ruff", "."];
    sandbox.run("lr-loop", &[flags, &usual].concat())
}

/// Section `loop` of what the loop wrote.
fn told(outcome: &Outcome) -> Value {
    let turn: Result<Value, _> = serde_json::from_str(&outcome.stdout);
    assert!(turn.is_ok(), "{outcome}");
    turn.unwrap()["loop"].clone()
}

/// The reason, the exit status, and the findings before and after.
fn ended(outcome: &Outcome) -> String {
    let told = told(outcome);
    format!(
        "{} {}: {} -> {}",
        told["reason"].as_str().unwrap(),
        outcome.status,
        told["findings"]["before"],
        told["findings"]["after"]
    )
}

/// Runs the loop with a model that answers with these versions, and returns how it ended, on which
/// module, and what the model was asked last.
fn check(versions: &[&str], flags: &[&str], expected: &str, ends_on: &str) -> (Sandbox, Received) {
    let model = answering(versions);
    let sandbox = sandbox(&model);
    let outcome = run(&sandbox, flags);
    assert_eq!(ended(&outcome), expected, "{outcome}");
    assert_eq!(sandbox.read("calc.py"), ends_on, "{outcome}");
    let status = sandbox.bash("git status --porcelain").success().stdout;
    assert_eq!(status, "", "{outcome}");
    let last = model.requests().pop().unwrap();
    (sandbox, last)
}

/// The undefined module with so many remarks before it.
fn moved(lines: usize) -> String {
    "# A remark.\n".repeat(lines) + UNDEFINED
}

#[test]
fn a_model_that_repairs_ends_clean() {
    check(&[RIGHT], &[], "clean 0: 1 -> 0", RIGHT);
}

#[test]
fn a_model_that_only_moves_lines_stalls() {
    let versions = [1, 2, 3, 4].map(moved);
    let versions = versions.each_ref().map(String::as_str);
    check(&versions, &[], "stalled 1: 1 -> 1", &moved(3));
}

#[test]
fn a_model_that_goes_round_in_circles_is_seen() {
    let other = UNDEFINED.replace('y', "z");
    let third = UNDEFINED.replace('y', "w");
    let twice = [&other, UNDEFINED, &other, UNDEFINED];
    check(&twice, &[], "seen 1: 1 -> 1", UNDEFINED);
    let longer = [&other, third.as_str(), UNDEFINED];
    check(&longer, &[], "seen 1: 1 -> 1", UNDEFINED);
}

#[test]
fn a_model_that_lies_about_being_done_is_not_believed() {
    let done = "Everything is fine now.\n\nNo further improvements possible";
    let model = FakeModel::start([Answer::text(done)]);
    let sandbox = sandbox(&model);
    let outcome = run(&sandbox, &[]);
    assert_eq!(ended(&outcome), "declared_done 1: 1 -> 1", "{outcome}");
    let with_a_change = block("calc.py", &moved(1)) + "\nNo further improvements possible\n";
    let model = FakeModel::start([
        Answer::text(&with_a_change),
        Answer::text(&block("calc.py", RIGHT)),
    ]);
    let sandbox = self::sandbox(&model);
    let outcome = run(&sandbox, &[]);
    assert_eq!(ended(&outcome), "clean 0: 1 -> 0", "{outcome}");
}

#[test]
fn a_reply_that_is_cut_changes_nothing_and_is_asked_for_again() {
    let cut = Answer::finished("I changed it.\n\n<<<< calc.py <<<<\ndef dou", "length");
    let model = FakeModel::start([cut, Answer::text(&block("calc.py", RIGHT))]);
    let sandbox = sandbox(&model);
    let outcome = run(&sandbox, &[]);
    assert_eq!(ended(&outcome), "clean 0: 1 -> 0", "{outcome}");
    assert_eq!(told(&outcome)["turns"], 2);
}

#[test]
fn a_model_that_goes_down_and_comes_back_is_waited_for() {
    let busy = Answer::http(503, &["retry-after: 0"], "");
    let model = FakeModel::start([busy.clone(), busy, Answer::text(&block("calc.py", RIGHT))]);
    let sandbox = sandbox(&model);
    let outcome = run(&sandbox, &[]);
    assert_eq!(ended(&outcome), "clean 0: 1 -> 0", "{outcome}");
    assert_eq!(told(&outcome)["calls"], 3);
}

/// Two undefined names instead of one.
const WORSE: &str = "def double(x):\n    return y * z\n";

#[test]
fn the_best_state_comes_back_with_a_commit_of_its_own() {
    let (sandbox, asked) = check(&[WORSE, ""], &[], "no_edits 1: 1 -> 1", UNDEFINED);
    let question = asked.question();
    assert!(
        question.contains("Your last answer caused these findings, which were not there before")
            && question.contains("calc.py:2: F821 Undefined name `z`"),
        "{question}"
    );
    let subjects = sandbox
        .bash("git log --format=%s main..HEAD")
        .success()
        .stdout;
    assert_eq!(subjects.lines().count(), 3, "{subjects}");
    let fixes = sandbox.read("FIXES.md");
    assert!(
        fixes.contains("the checks were better when turn 1 began"),
        "{fixes}"
    );
    let told = sandbox.bash("cat .lr/runs/*/summary.json").success().stdout;
    let summary: Value = serde_json::from_str(&told).unwrap();
    assert_eq!(summary["totals"]["commits"].as_array().unwrap().len(), 3);
    assert_eq!(summary["totals"]["findings"]["after"], 1);
}

#[test]
fn a_file_that_cannot_be_parsed_is_worse_than_any_finding() {
    let (sandbox, _) = check(
        &["def double(x:\n", ""],
        &[],
        "no_edits 1: 1 -> 1",
        UNDEFINED,
    );
    assert_eq!(
        sandbox
            .bash("git rev-list main..HEAD")
            .stdout
            .lines()
            .count(),
        3
    );
}

#[test]
fn the_best_state_need_not_be_the_first() {
    let more = "import os.path as p\n\n\ndef double(x):\n    return y * z\n";
    let model = answering(&["def double(x):\n    return w * y * z\n", ""]);
    let sandbox = sandbox(&model);
    sandbox.write("calc.py", more);
    sandbox.bash("git commit -qam more").success();
    let outcome = run(&sandbox, &[]);
    let told = told(&outcome);
    assert_eq!(ended(&outcome), "no_edits 1: 3 -> 2", "{outcome}");
    assert!(
        !sandbox.read("calc.py").contains("import"),
        "the free fix stays"
    );
    assert_eq!(
        (&told["kept"], &told["best_turn"]),
        (&"best".into(), &2.into())
    );
}

#[test]
fn a_run_that_ended_with_its_best_state_goes_on_from_there() {
    let model = answering(&[WORSE, WORSE, RIGHT]);
    let sandbox = sandbox(&model);
    let outcome = run(&sandbox, &["-i", "1"]);
    assert_eq!(ended(&outcome), "iterations 4: 1 -> 1", "{outcome}");
    assert_eq!(sandbox.read("calc.py"), UNDEFINED);
    let outcome = sandbox.run("lr-loop", &["--resume", "-i", "2"]);
    assert_eq!(ended(&outcome), "iterations 4: 1 -> 1", "{outcome}");
    assert_eq!(sandbox.read("calc.py"), UNDEFINED);
    let outcome = sandbox.run("lr-loop", &["--resume", "-i", "3"]);
    assert_eq!(ended(&outcome), "clean 0: 1 -> 0", "{outcome}");
    assert_eq!(sandbox.read("calc.py"), RIGHT);
    assert_eq!(model.requests().len(), 3);
    let told = told(&outcome);
    assert_eq!((&told["turns"], &told["calls"]), (&3.into(), &3.into()));
    // Three times a fix and its entry, and twice the way back.
    let commits = sandbox.bash("git rev-list main..HEAD").success().stdout;
    assert_eq!(commits.lines().count(), 8, "{outcome}");
    assert_eq!(told["commits"].as_array().unwrap().len(), 8);
}

#[test]
fn killed_while_the_best_state_is_checked_it_ends_as_if_nothing_had_happened() {
    let model = answering(&[WORSE, RIGHT]);
    let sandbox = sandbox(&model);
    let check = "case ${LR_PREVIOUS-} in *restore*) if [ ! -f ../killed ]; then touch ../killed; \
                 kill -9 $PPID; sleep 60; fi ;; esac; \
                 lr-check --exit-zero --linters ruff ${LR_PREVIOUS:+--previous \"$LR_PREVIOUS\"} \"$@\"";
    let stage = format!("--stage=check={check}");
    let killed = sandbox.run("lr-loop", &["-i", "1", &stage, "."]);
    assert_eq!(killed.status, 137, "{killed}");
    assert_eq!(sandbox.read("calc.py"), UNDEFINED);
    let outcome = sandbox.run("lr-loop", &["--resume"]);
    assert_eq!(ended(&outcome), "iterations 4: 1 -> 1", "{outcome}");
    let commits = sandbox.bash("git rev-list main..HEAD").success().stdout;
    assert_eq!(commits.lines().count(), 3, "{outcome}");
    assert_eq!(model.requests().len(), 1);
}

#[test]
fn the_last_state_stays_where_that_is_wanted() {
    let last = ["--keep", "last"];
    let (sandbox, _) = check(&[WORSE, ""], &last, "no_edits 1: 1 -> 2", WORSE);
    assert_eq!(
        sandbox
            .bash("git rev-list main..HEAD")
            .stdout
            .lines()
            .count(),
        2
    );
    let model = answering(&[WORSE, ""]);
    let sandbox = self::sandbox(&model);
    let outcome = run(&sandbox, &["--no-git"]);
    assert_eq!(ended(&outcome), "no_edits 1: 1 -> 2", "{outcome}");
    assert_eq!(told(&outcome)["kept"], "last");
}

#[test]
fn only_improvements_are_committed_where_that_is_wanted() {
    let improved = ["--if", "improved"];
    let (sandbox, asked) = check(&[WORSE, RIGHT], &improved, "clean 0: 1 -> 0", RIGHT);
    let question = asked.question();
    assert!(question.contains("The change was taken back"), "{question}");
    let subjects = sandbox.bash("git rev-list main..HEAD").success().stdout;
    assert_eq!(subjects.lines().count(), 2, "{subjects}");
    check(&[WORSE], &improved, "stalled 1: 1 -> 1", UNDEFINED);
    let unparsable = "def double(x:\n";
    check(&[unparsable, RIGHT], &improved, "clean 0: 1 -> 0", RIGHT);
}

#[test]
fn until_done_the_model_is_asked_although_the_checks_are_clean() {
    let done = Answer::text("No further improvements possible");
    let better = RIGHT
        .replace("double(x)", "double(number)")
        .replace("x *", "number *");
    let versions = [
        UNDEFINED.replace('y', "z"),
        RIGHT.to_owned(),
        better.clone(),
    ];
    let replies = versions
        .iter()
        .map(|text| Answer::text(&block("calc.py", text)));
    let model = FakeModel::start(replies.chain([done.clone()]).collect::<Vec<_>>());
    let sandbox = sandbox(&model);
    let outcome = run(&sandbox, &["--until", "done"]);
    assert_eq!(ended(&outcome), "declared_done 0: 1 -> 0", "{outcome}");
    assert_eq!(sandbox.read("calc.py"), better);
    assert_eq!(model.requests().len(), 4);

    // A change for the worse at the end is taken back, and what is left is clean.
    let model = FakeModel::start([Answer::text(&block("calc.py", WORSE)), done]);
    let sandbox = self::sandbox(&model);
    sandbox.write("calc.py", RIGHT);
    sandbox.bash("git commit -qam right").success();
    let outcome = run(&sandbox, &["--until", "done"]);
    assert_eq!(ended(&outcome), "declared_done 0: 0 -> 0", "{outcome}");
    assert_eq!(sandbox.read("calc.py"), RIGHT);
}

/// The models that were asked, in their order.
fn models(model: &FakeModel) -> Vec<String> {
    let requests = model.requests().into_iter();
    requests
        .map(|request| request.body["model"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn a_finding_that_stays_is_left_to_another_model() {
    let model = FakeModel::answering(|request, number| {
        let is_other = request.body["model"] == "other";
        Answer::text(&block(
            "calc.py",
            &if is_other {
                RIGHT.to_owned()
            } else {
                moved(number + 1)
            },
        ))
    });
    let sandbox = sandbox(&model);
    let outcome = run(&sandbox, &["--escalate", "other"]);
    assert_eq!(ended(&outcome), "clean 0: 1 -> 0", "{outcome}");
    assert_eq!(models(&model), ["fake-model", "fake-model", "other"]);
}

#[test]
fn another_model_is_asked_before_the_loop_gives_up() {
    let model = FakeModel::answering(|request, _| match request.body["model"].as_str() {
        Some("other") => Answer::text(&block("calc.py", RIGHT)),
        _ => Answer::text("I see nothing to do."),
    });
    let sandbox = sandbox(&model);
    let outcome = run(&sandbox, &["--escalate", "other"]);
    assert_eq!(ended(&outcome), "clean 0: 1 -> 0", "{outcome}");
    assert_eq!(models(&model), ["fake-model", "other"]);
}

#[test]
fn only_the_parts_with_such_a_finding_are_left_to_another_model() {
    let model = FakeModel::answering(|request, _| {
        let is_other = request.body["model"] == "other";
        let is_a = request.question().contains("<<<< a.py <<<<");
        let is_new = request.question().contains("`w`");
        Answer::text(&match (is_a, is_other) {
            (true, false) if is_new => block("a.py", RIGHT),
            (true, false) => block("a.py", &UNDEFINED.replace('y', "w")),
            (false, false) => block("b.py", &moved(1)),
            (true, true) => panic!("a.py is not left to the other model"),
            (false, true) => block("b.py", RIGHT),
        })
    });
    let mut sandbox = sandbox(&model);
    sandbox
        .bash("git mv calc.py a.py && cp a.py b.py && git add -A && git commit -qm two")
        .success();
    sandbox.set("LR_PROMPT_TOKENS", "1");
    let outcome = run(
        &sandbox,
        &["--escalate", "other", "--tries", "1", "-j", "1"],
    );
    assert_eq!(ended(&outcome), "clean 0: 2 -> 0", "{outcome}");
    assert_eq!(
        models(&model),
        ["fake-model", "fake-model", "fake-model", "other"]
    );
    assert_eq!(told(&outcome)["turns"], 2);
    let parts = sandbox.bash(
        "git log --reverse --format='%(trailers:key=Lr-Part,valueonly,separator=)' main..HEAD",
    );
    assert_eq!(parts.success().stdout.replace('\n', ""), "11221122");
}

#[test]
fn another_model_is_asked_where_the_first_is_not_to_be_had() {
    let model = FakeModel::answering(|request, _| match request.body["model"].as_str() {
        Some("other") => Answer::text(&block("calc.py", RIGHT)),
        _ => Answer::error(404, "no such model"),
    });
    let sandbox = sandbox(&model);
    let outcome = run(&sandbox, &["--fallback", "other"]);
    assert_eq!(ended(&outcome), "clean 0: 1 -> 0", "{outcome}");
    assert_eq!(models(&model), ["fake-model", "other"]);
}

#[test]
fn no_limit_is_exceeded_by_a_call() {
    let model = answering(&[&moved(1), &moved(2), &moved(3)]);
    let sandbox = sandbox(&model);
    let outcome = run(&sandbox, &["--max-total-tokens", "4700"]);
    assert_eq!(ended(&outcome), "tokens 4: 1 -> 1", "{outcome}");
    assert_eq!(model.requests().len(), 1, "{outcome}");
    let cost = ["--max-cost", "0.0170", "--price", "1,4"];
    let model = answering(&[&moved(1), &moved(2), &moved(3)]);
    let sandbox = self::sandbox(&model);
    let outcome = run(&sandbox, &cost);
    assert_eq!(ended(&outcome), "cost 4: 1 -> 1", "{outcome}");
    assert_eq!(model.requests().len(), 1, "{outcome}");
}

#[test]
fn a_dry_run_says_what_would_be_asked_and_asks_and_changes_nothing() {
    let model = answering(&[RIGHT]);
    let sandbox = sandbox(&model);
    let flags = ["-n", "--price", "1,4", "--format", "text"];
    let outcome = run(&sandbox, &flags).success();
    let mut lines = outcome.stdout.lines();
    let part = lines.next().unwrap();
    assert!(
        part.starts_with("part 1: calc.py; 1 finding; fake-model, about "),
        "{outcome}"
    );
    assert!(
        part.contains(" tokens, at most ") && part.contains("; about $0.00"),
        "{outcome}"
    );
    assert!(
        lines
            .next()
            .unwrap()
            .starts_with("in all: 1 request, 1 finding, about "),
        "{outcome}"
    );
    let turn: Value =
        serde_json::from_str(&run(&sandbox, &["--dry-run"]).success().stdout).unwrap();
    assert!(
        turn["estimate"]["most_tokens"].as_u64().unwrap() > 4096,
        "{turn}"
    );
    assert!(turn.get("reply").is_none(), "{turn}");
    assert_eq!(model.requests().len(), 0);
    assert_eq!(sandbox.read("calc.py"), UNDEFINED);
    let branches = sandbox
        .bash("git branch --format='%(refname:short)'")
        .success()
        .stdout;
    assert_eq!(branches, "main\n");
}

#[test]
fn a_broken_checker_ends_the_loop_before_a_model_is_asked() {
    let model = answering(&[RIGHT]);
    let sandbox = sandbox(&model);
    sandbox.write("ruff.toml", "[lint]\nselect = ['NOPE']\n");
    sandbox.bash("git add -A && git commit -qm rules").success();
    let outcome = run(&sandbox, &[]);
    assert_eq!(ended(&outcome), "broken 2: null -> null", "{outcome}");
    assert_eq!(model.requests().len(), 0);
    let outcome = sandbox.run("lr-loop", &["--linters", "nope", "."]);
    assert_eq!(outcome.status, 2, "{outcome}");
    assert_eq!(model.requests().len(), 0);
}

#[test]
fn a_change_that_breaks_the_checker_is_taken_back() {
    let model = answering(&["def double(x):\n    return x * 2\n# broken\n"]);
    let sandbox = sandbox(&model);
    let checker = "#!/bin/sh\ngrep -q broken \"$1\" && exit 127\nruff check -q \"$1\"\n";
    sandbox.write("check.sh", checker);
    sandbox
        .bash("chmod +x check.sh && git add -A && git commit -qm checker")
        .success();
    let outcome = sandbox.run("lr-loop", &["-s", "./check.sh", "calc.py"]);
    assert_eq!(ended(&outcome), "broken 2: 1 -> 1", "{outcome}");
    assert_eq!(sandbox.read("calc.py"), UNDEFINED);
    let fixes = sandbox.read("FIXES.md");
    assert!(fixes.contains("no check says how good"), "{fixes}");
}

#[test]
fn three_hundred_files_cost_requests_for_those_with_findings_only() {
    let model = FakeModel::answering(|request, _| {
        let named = (0..300).map(|number| format!("m{number}.py"));
        let mut asked =
            named.filter(|path| request.question().contains(&format!("<<<< {path} <<<<")));
        Answer::text(&block(&asked.next().unwrap(), RIGHT))
    });
    let mut sandbox = sandbox(&model);
    sandbox.bash("git rm -q calc.py").success();
    for number in 0..300 {
        let is_wrong = [7, 70, 270].contains(&number);
        sandbox.write(
            &format!("m{number}.py"),
            if is_wrong { UNDEFINED } else { RIGHT },
        );
    }
    sandbox.bash("git add -A && git commit -qm many").success();
    sandbox.set("LR_PROMPT_TOKENS", "1");
    let outcome = run(&sandbox, &[]);
    assert_eq!(ended(&outcome), "clean 0: 3 -> 0", "{outcome}");
    let told = told(&outcome);
    assert_eq!((&told["turns"], &told["calls"]), (&1.into(), &3.into()));
    let asked = model.requests();
    assert!(
        asked
            .iter()
            .all(|it| it.question().matches(".py <<<<").count() == 1)
    );
}

/// An Ollama that answers with one version of the module after the other, and notes when it begins and ends.
const OLLAMA: &str = r#"#!/usr/bin/env python3
import http.server, json, os, signal, sys
home, port = os.environ["HOME"], int(os.environ["OLLAMA_HOST"].rsplit(":")[-1])
def log(line):
    with open(home + "/log", "a") as out: out.write(line + "\n")
def stop(*_):
    log("end"); os._exit(0)
signal.signal(signal.SIGTERM, stop)
replies = json.load(open(home + "/replies"))
class Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_): pass
    def say(self, value):
        self.send_response(200); self.end_headers(); self.wfile.write(json.dumps(value).encode())
    def do_GET(self): self.say({"models": [{"name": "m", "modified_at": "2026"}]})
    def do_POST(self):
        self.rfile.read(int(self.headers["content-length"]))
        if self.path != "/api/chat": return self.say({})
        log("asked")
        message = {"role": "assistant", "content": replies.pop(0)}
        self.say({"message": message, "done": True, "done_reason": "stop"})
log("begin")
http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler).serve_forever()
"#;

#[test]
fn a_local_server_is_started_once_for_a_run_and_ended_with_it() {
    let mut sandbox = Sandbox::new();
    sandbox.write("calc.py", UNDEFINED);
    sandbox.commit_all();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    sandbox.set("OLLAMA_HOST", &listener.local_addr().unwrap().to_string());
    drop(listener);
    let replies = [moved(1).as_str(), RIGHT].map(|text| block("calc.py", text));
    let home = sandbox.home();
    std::fs::write(
        home.join("replies"),
        Value::from(replies.to_vec()).to_string(),
    )
    .unwrap();
    std::fs::write(home.join("ollama"), OLLAMA).unwrap();
    let loop_with = |flags: &str| {
        sandbox.bash(&format!(
            "chmod +x ~/ollama; PATH=~:$PATH exec lr-loop -L --linters ruff {flags} ."
        ))
    };
    loop_with("--dry-run").success();
    assert!(!home.join("log").exists());
    let outcome = loop_with("");
    assert_eq!(ended(&outcome), "clean 0: 1 -> 0", "{outcome}");
    let log = std::fs::read_to_string(home.join("log")).unwrap();
    assert_eq!(log, "begin\nasked\nasked\nend\n", "{outcome}");
    assert_eq!(outcome.stderr.matches("starting 'ollama serve'").count(), 1);
}
