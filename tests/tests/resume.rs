//! The loop killed, interrupted and stopped at every place, and taken up again: the same end as if
//! nothing had happened.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use lr_tests::fake_model::{Answer, FakeModel, Received};
use lr_tests::{Outcome, Sandbox, sandbox};
use serde_json::Value;

/// A checker: no line may say "bad".
const TIDY: &str = "#!/bin/sh\ngrep -n bad \"$1\" || exit 0\nexit 1\n";

/// Stands in the place of every program beside a copy of lr-loop: does the same, counts, and kills
/// the loop before or after the call that `fuse` names.
const SHIM: &str = r#"#!/bin/sh
n=$(($(cat "$FUSE/count") + 1))
echo $n > "$FUSE/count"
if [ "before $n" = "$(cat "$FUSE/fuse")" ]; then
  kill -9 $PPID
  exit 1
fi
"$REAL/${0##*/}" "$@"
status=$?
if [ "after $n" = "$(cat "$FUSE/fuse")" ]; then
  kill -9 $PPID
fi
exit $status
"#;

const PROGRAMS: [&str; 6] = [
    "lr-check",
    "lr-fix",
    "lr-prompt",
    "lr-llm",
    "lr-apply",
    "lr-git",
];

/// The files, each with as many bad lines as it takes turns to tidy it.
const FILES: [(&str, usize); 3] = [("a.txt", 2), ("b.txt", 1), ("c.txt", 1)];

/// A model that takes one bad line out of the first untidy file it is shown. Where one is left in
/// a.txt, it cuts its reply off first, and learns from that.
fn tidying() -> FakeModel {
    FakeModel::answering(|request, _| {
        let files = request.files();
        let untidy = |(path, text): &&(String, String)| path != "tidy.sh" && text.contains("bad");
        let (path, text) = files.iter().find(untidy).unwrap();
        let was_told = request
            .question()
            .contains("Nothing of that answer was applied");
        if path == "a.txt" && text.matches("bad").count() == 1 && !was_told {
            return Answer::text("<<<< a.txt <<<<\nhalf of it\n");
        }
        let tidier = text.replacen("bad\n", "", 1);
        Answer::text(&format!(
            "I tidied {path}.\n\n<<<< {path} <<<<\n{tidier}>>>>>>>>\n"
        ))
    })
}

/// A repository, a model, and a copy of lr-loop among programs that can kill it.
struct Scene {
    model: FakeModel,
    sandbox: Sandbox,
}

impl Scene {
    fn new() -> Self {
        let model = tidying();
        let mut sandbox = Sandbox::new();
        for (path, bad) in FILES {
            sandbox.write(path, format!("{path}\n{}", "bad\n".repeat(bad)));
        }
        sandbox.write("tidy.sh", TIDY);
        sandbox.bash("chmod +x tidy.sh").success();
        sandbox.commit_all();
        sandbox.set("LR_MODEL", "fake-model");
        sandbox.set("LR_BASE_URL", &model.url());
        let bin = sandbox.home().join("bin");
        fs::create_dir(&bin).unwrap();
        sandbox.set("FUSE", bin.to_str().unwrap());
        sandbox.set("REAL", sandbox::programs().to_str().unwrap());
        for program in PROGRAMS {
            let file = bin.join(program);
            fs::write(&file, SHIM).unwrap();
            sandbox
                .bash(&format!("chmod +x {}", file.display()))
                .success();
        }
        let copy = bin.join("lr-loop");
        fs::copy(sandbox::programs().join("lr-loop"), copy).unwrap();
        Self { model, sandbox }
    }

    fn bin(&self) -> PathBuf {
        self.sandbox.home().join("bin")
    }

    /// Runs lr-loop with a fuse: `before N` or `after N`, the call of a program to be killed at.
    fn run(&self, fuse: &str, arguments: &[&str]) -> Outcome {
        fs::write(self.bin().join("count"), "0").unwrap();
        fs::write(self.bin().join("fuse"), fuse).unwrap();
        let program = self.bin().join("lr-loop");
        self.sandbox.run(program.to_str().unwrap(), arguments)
    }

    fn begin(&mut self, fuse: &str) -> Outcome {
        let arguments = ["-s", "./tidy.sh", "a.txt", "b.txt", "c.txt"];
        self.sandbox.set("LR_RUN", "same");
        self.run(fuse, &arguments)
    }

    fn resume(&self, fuse: &str, flags: &[&str]) -> Outcome {
        self.run(fuse, &[&["--resume", "same"], flags].concat())
    }

    fn head(&self) -> String {
        let state = "git rev-parse HEAD && git status --porcelain && git fsck 2>&1";
        self.sandbox.bash(state).success().stdout
    }

    fn summary(&self) -> Value {
        let text = self.sandbox.read(".lr/runs/same/summary.json");
        serde_json::from_str(&text).unwrap()
    }

    /// What the run came to: all of it that does not depend on the clock.
    fn came_to(&self) -> (String, Value, usize) {
        let mut summary = self.summary();
        for key in ["pid", "started", "seconds"] {
            summary.as_object_mut().unwrap().remove(key);
        }
        let turns = summary["turns"].as_array_mut().unwrap();
        turns.iter_mut().for_each(without_seconds);
        without_seconds(&mut summary["totals"]);
        (self.head(), summary, self.model.requests().len())
    }
}

fn without_seconds(taken: &mut Value) {
    taken.as_object_mut().unwrap().remove("seconds");
}

/// What an undisturbed run comes to, and how many programs it runs.
fn undisturbed() -> ((String, Value, usize), usize) {
    let mut scene = Scene::new();
    let outcome = scene.begin("");
    assert_eq!(outcome.status, 0, "{outcome}");
    let count = fs::read_to_string(scene.bin().join("count")).unwrap();
    (scene.came_to(), count.trim().parse().unwrap())
}

/// A series of numbers that looks random and is always the same.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % limit
    }
}

#[test]
fn killed_twenty_times_it_ends_as_if_nothing_had_happened() {
    let (expected, _) = undisturbed();
    let mut dice = Dice(1);
    let mut scene = Scene::new();
    let mut kills = 0;
    let mut outcome = scene.begin("before 1");
    while outcome.status == 137 {
        kills += 1;
        let fuse = match dice.below(4) {
            0 => "before 1".to_owned(),
            1 => "after 1".to_owned(),
            _ => format!("after {}", 1 + dice.below(3)),
        };
        let fuse = if kills < 20 { fuse } else { String::new() };
        outcome = scene.resume(&fuse, &[]);
    }
    assert_eq!(outcome.status, 0, "{outcome}");
    assert!(kills >= 10, "{kills}");
    assert_eq!(scene.came_to(), expected, "{outcome}");
}

#[test]
fn killed_at_any_step_and_taken_up_it_ends_as_if_nothing_had_happened() {
    let (expected, count) = undisturbed();
    let mut dice = Dice(7);
    for _ in 0..5 {
        let when = ["before", "after"][dice.below(2)];
        let fuse = format!("{when} {}", 1 + dice.below(count));
        let mut scene = Scene::new();
        let outcome = scene.begin(&fuse);
        assert_eq!(outcome.status, 137, "{fuse}: {outcome}");
        let outcome = scene.resume("", &[]);
        assert_eq!(outcome.status, 0, "{fuse}: {outcome}");
        assert_eq!(scene.came_to(), expected, "{fuse}: {outcome}");
    }
}

#[test]
fn the_numbers_of_a_run_are_sums_over_its_record() {
    let mut scene = Scene::new();
    let outcome = scene.begin("after 9");
    assert_eq!(outcome.status, 137, "{outcome}");
    let outcome = scene.resume("", &[]).success();
    let summary = scene.summary();
    let record = scene.sandbox.read(".lr/runs/same/turns.jsonl");
    let lines: Vec<Value> = record
        .lines()
        .map(|it| serde_json::from_str(it).unwrap())
        .collect();
    let replies = lines.iter().filter(|line| line["stage"] == "lr-llm");
    let number = |value: &Value| value.as_u64().unwrap_or(0);
    let sum = |keys: [&str; 2]| -> u64 {
        let replies = replies.clone();
        replies
            .map(|line| number(&line["reply"][keys[0]][keys[1]]))
            .sum()
    };
    let calls: u64 = replies
        .clone()
        .map(|line| number(&line["reply"]["attempts"]))
        .sum();
    let totals = &summary["totals"];
    assert_eq!(number(&totals["calls"]), calls);
    assert_eq!(number(&totals["usage"]["input"]), sum(["usage", "input"]));
    assert_eq!(number(&totals["usage"]["output"]), sum(["usage", "output"]));
    let told: Value = serde_json::from_str(&outcome.stdout).unwrap();
    let told = &told["loop"];
    for key in ["calls", "usage", "charged", "commits", "findings"] {
        assert_eq!(told[key], totals[key], "{key}");
    }
    let turns = summary["turns"].as_array().unwrap();
    assert_eq!(number(&told["turns"]), turns.len() as u64);
    let tokens = number(&totals["charged"]["tokens"]);
    let line = format!(", {tokens} tokens, ");
    assert!(outcome.stderr.contains(&line), "{outcome}");
    let mut by_turn: BTreeMap<u64, u64> = BTreeMap::new();
    for line in replies {
        *by_turn.entry(number(&line["turn"])).or_default() += number(&line["reply"]["attempts"]);
    }
    for turn in summary["turns"].as_array().unwrap() {
        let calls = by_turn.get(&number(&turn["turn"])).copied();
        assert_eq!(number(&turn["calls"]), calls.unwrap_or(0), "{turn}");
    }
    let steps = scene.sandbox.read(".lr/runs/same/steps.jsonl");
    let steps = steps
        .lines()
        .map(|it| serde_json::from_str::<Value>(it).unwrap());
    let millis = |value: &Value| (value.as_f64().unwrap() * 1000.0).round();
    let seconds: f64 = steps.map(|step| millis(&step["seconds"])).sum();
    let told: f64 = totals["seconds"]
        .as_object()
        .unwrap()
        .values()
        .map(millis)
        .sum();
    assert!((seconds - told).abs() < 0.5, "{seconds} {told}");
}

#[test]
fn a_limit_that_ended_a_run_can_be_raised() {
    let (expected, _) = undisturbed();
    let mut scene = Scene::new();
    let arguments = [
        "--max-calls",
        "2",
        "-s",
        "./tidy.sh",
        "a.txt",
        "b.txt",
        "c.txt",
    ];
    scene.sandbox.set("LR_RUN", "same");
    let outcome = scene.run("", &arguments).status(4);
    assert!(outcome.stdout.contains(r#""reason":"calls""#), "{outcome}");
    scene.resume("", &[]).status(4);
    assert_eq!(scene.model.requests().len(), 2);
    scene.resume("", &["--max-calls", "9"]).success();
    assert_eq!(scene.head(), expected.0);
    assert_eq!(scene.model.requests().len(), expected.2);
}

#[test]
fn a_model_that_was_down_is_asked_again() {
    let (expected, _) = undisturbed();
    let mut scene = Scene::new();
    scene.model.go_down();
    let outcome = scene.begin("");
    assert_eq!(outcome.status, 3, "{outcome}");
    scene.model.come_back();
    let outcome = scene.resume("", &[]).success();
    assert_eq!(scene.head(), expected.0, "{outcome}");
    let calls = scene.summary()["totals"]["calls"].as_u64().unwrap();
    assert_eq!(
        calls, expected.2 as u64,
        "what could not be sent is no call"
    );
    assert_eq!(calls, scene.model.requests().len() as u64);
}

#[test]
fn a_clean_run_is_left_alone_until_somebody_changes_its_files() {
    let mut scene = Scene::new();
    scene.begin("").success();
    let before = scene.came_to();
    let outcome = scene.resume("", &[]).success();
    assert!(outcome.stderr.contains("nothing to do"), "{outcome}");
    assert_eq!(scene.came_to(), before);
    scene
        .sandbox
        .bash("echo bad >> c.txt && git commit -qam more")
        .success();
    let outcome = scene.resume("", &[]);
    assert_eq!(
        outcome.status, 2,
        "a commit of somebody else stops it: {outcome}"
    );
}

#[test]
fn a_run_goes_on_only_on_its_own_branch() {
    let mut scene = Scene::new();
    scene.begin("after 5").status(137);
    scene.sandbox.bash("git checkout -q main").success();
    let outcome = scene.resume("", &[]).status(2);
    assert!(outcome.stderr.contains("git checkout lr/same"), "{outcome}");
    scene.sandbox.bash("git checkout -q lr/same").success();
    scene.resume("", &[]).success();
}

#[test]
fn a_recorded_run_is_replayed_without_a_network_and_ends_in_the_same_tree() {
    let mut scene = Scene::new();
    scene.begin("after 14").status(137);
    scene.resume("", &[]).success();
    let tree = "git ls-tree -r HEAD | grep -v FIXES.md";
    let expected = scene.sandbox.bash(tree).success().stdout;
    scene.model.go_down();
    scene.sandbox.set("LR_RUN", "again");
    let outcome = scene.run("", &["--replay", "same"]).success();
    let hint = "git checkout refs/lr/same/base";
    assert!(outcome.stderr.contains(hint), "{outcome}");
    scene.sandbox.bash(hint).success();
    scene.sandbox.set("LR_RUN", "third");
    let outcome = scene.run("before 9", &["--replay", "same"]);
    assert_eq!(outcome.status, 137, "{outcome}");
    let outcome = scene.run("", &["--resume", "third"]);
    assert_eq!(outcome.status, 0, "{outcome}");
    assert_eq!(scene.sandbox.bash(tree).success().stdout, expected);
    let text = scene.sandbox.read(".lr/runs/third/summary.json");
    let replayed: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(
        replayed["totals"]["usage"],
        scene.summary()["totals"]["usage"]
    );
}

#[test]
fn a_record_that_somebody_else_made_is_not_obeyed() {
    let mut scene = Scene::new();
    scene.begin("before 5").status(137);
    let path = ".lr/runs/same/options.json";
    let options = scene.sandbox.read(path);
    scene
        .sandbox
        .write(path, options.replace("./tidy.sh", "./evil.sh"));
    let outcome = scene.resume("", &[]).status(2);
    assert!(outcome.stderr.contains("was not begun here"), "{outcome}");
    scene.sandbox.write(path, options);
    scene.resume("", &["a.txt"]).status(2);
    scene.resume("", &[]).success();
}

#[test]
fn no_key_stands_in_the_record() {
    let mut scene = Scene::new();
    scene.sandbox.set("LR_RUN", "same");
    let arguments = ["--api-key", "LRSECRET", "-s", "./tidy.sh", "a.txt"];
    scene.run("", &arguments);
    scene.sandbox.bash("! grep -r LRSECRET .lr").success();
}

#[test]
fn what_is_asked_is_what_was_asked() {
    let mut scene = Scene::new();
    scene.begin("after 5").status(137);
    scene.resume("", &[]).success();
    let asked = scene.model.requests();
    let mut questions: Vec<&str> = asked.iter().map(Received::question).collect();
    let count = questions.len();
    questions.sort_unstable();
    questions.dedup();
    assert_eq!(questions.len(), count, "no prompt is sent twice");
}

/// A model that kills lr-loop at its first two requests, before it answers.
fn deadly(pid: PathBuf) -> FakeModel {
    let tidy = |request: &Received| {
        let files = request.files();
        let untidy = |(path, text): &&(String, String)| path != "tidy.sh" && text.contains("bad");
        let (path, text) = files.iter().find(untidy).unwrap();
        let tidier = text.replacen("bad\n", "", 1);
        Answer::text(&format!("<<<< {path} <<<<\n{tidier}>>>>>>>>\n"))
    };
    FakeModel::answering(move |request, number| {
        if number < 2 {
            kill(fs::read_to_string(&pid).unwrap().trim());
            return tidy(request).after(Duration::from_secs(1));
        }
        tidy(request)
    })
}

#[expect(clippy::disallowed_methods, reason = "it is the test that kills")]
fn kill(pid: &str) {
    let killed = std::process::Command::new("kill")
        .args(["-9", pid])
        .status();
    assert!(killed.unwrap().success());
}

#[test]
fn calls_that_a_kill_cut_short_count_against_the_limits() {
    let mut scene = Scene::new();
    // It dies with the loop, as it does where nothing stands in its place.
    let direct = "#!/bin/sh\necho $PPID > \"$FUSE/pid\"\nexec \"$REAL/lr-llm\" \"$@\"\n";
    fs::write(scene.bin().join("lr-llm"), direct).unwrap();
    let model = deadly(scene.bin().join("pid"));
    scene.sandbox.set("LR_BASE_URL", &model.url());
    scene.sandbox.set("LR_RUN", "same");
    let arguments = [
        "-s",
        "./tidy.sh",
        "--max-calls",
        "3",
        "a.txt",
        "b.txt",
        "c.txt",
    ];
    scene.run("", &arguments).status(137);
    scene.resume("", &[]).status(137);
    scene.resume("", &[]).status(4);
    assert_eq!(model.requests().len(), 3);
    let totals = &scene.summary()["totals"];
    assert_eq!(totals["calls"], 3, "{totals}");
    let charged = totals["charged"]["tokens"].as_u64().unwrap();
    let tally = model.tally();
    assert!(
        charged > 2 * 4096 && charged > tally.input + tally.output,
        "{totals}"
    );
    // What is recorded once stays so.
    scene.resume("", &[]).status(4);
    assert_eq!(scene.summary()["totals"]["calls"], 3);
    scene.resume("", &["--max-calls", "100"]).success();
    assert_eq!(scene.summary()["totals"]["calls"], model.requests().len());
}
