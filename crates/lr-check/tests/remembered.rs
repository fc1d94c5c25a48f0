//! What is remembered of checkers' answers, and when they are asked again. The checker is a program
//! of the test's own that goes by the name of ruff and notes what it is asked about.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use lr_exec::{End, Program};
use serde_json::Value;
use tempfile::TempDir;

/// Complains about the word "bad", breaks over "break", and removes "wipe".
const CHECKER: &str = r#"#!/usr/bin/env python3
import json, sys
files = sys.argv[sys.argv.index("--") + 1:]
with open("../asked", "a", encoding="utf-8") as asked:
    print(*files, file=asked)
found = []
for name in files:
    text = open(name, encoding="utf-8").read()
    if "break" in text:
        sys.exit(2)
    if "wipe" in text:
        open(name, "w", encoding="utf-8").close()
    if "bad" in text:
        place = {"row": 1, "column": 1}
        found.append({"code": "X1", "filename": name, "location": place, "message": "a bad word"})
print(json.dumps(found))
sys.exit(1 if found else 0)
"#;

/// A project with a checker in a folder beside it.
struct Case {
    folder: TempDir,
    environment: Vec<(&'static str, &'static str)>,
}

impl Case {
    fn new(checker: &str, files: &[(&str, &str)]) -> Self {
        let case = Self {
            folder: tempfile::tempdir().unwrap(),
            environment: Vec::new(),
        };
        fs::create_dir(case.folder.path().join("work")).unwrap();
        fs::create_dir(case.folder.path().join("bin")).unwrap();
        case.install(checker);
        for (path, text) in files {
            case.write(path, text);
        }
        case
    }

    fn install(&self, checker: &str) {
        let path = self.folder.path().join("bin/ruff");
        fs::write(&path, checker).unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join("work").join(path)
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn program(&self, words: &[&str]) -> Program {
        let others = Program::new(["sh", "-c", "echo $PATH"]).run().unwrap();
        let bin = self.folder.path().join("bin");
        let path = format!("{}:{}", bin.display(), others.stdout.text().trim());
        let argv = [env!("CARGO_BIN_EXE_lr-check"), "--linters", "ruff"];
        let mut program = Program::new(argv.iter().chain(words).copied())
            .current_dir(self.path(""))
            .env("PATH", path)
            .env("HOME", self.folder.path().join("home"))
            .env("XDG_CONFIG_HOME", "/nonexistent");
        for (name, value) in &self.environment {
            program = program.env(*name, *value);
        }
        program
    }

    /// Checks the project; returns which files the checker was asked about, and the results.
    fn check(&self, words: &[&str]) -> (String, Value) {
        let asked = self.folder.path().join("asked");
        let _ = fs::remove_file(&asked);
        let finished = self.program(&[words, &["."]].concat()).run().unwrap();
        assert!(
            matches!(finished.end, End::Exited(0..=2)),
            "{}",
            finished.stderr.text()
        );
        let turn: Value = serde_json::from_str(&finished.stdout.text()).unwrap();
        let asked = fs::read_to_string(asked).unwrap_or_default();
        (asked.trim().to_owned(), turn["check"]["results"].clone())
    }

    fn asked(&self) -> String {
        self.check(&[]).0
    }
}

const FILES: [(&str, &str); 3] = [("a.py", "bad"), ("b.py", "good"), ("c.py", "bad")];

fn findings(results: &Value) -> Vec<Value> {
    let results = results.as_array().unwrap().iter();
    let mut findings: Vec<Value> = results
        .filter_map(|result| result["findings"].as_array())
        .flatten()
        .cloned()
        .collect();
    findings.sort_by_key(|finding| finding["location"]["path"].to_string());
    findings
}

#[test]
fn the_same_is_not_asked_twice_and_what_is_remembered_is_marked() {
    let case = Case::new(CHECKER, &FILES);
    let (asked, first) = case.check(&[]);
    assert_eq!(asked, "a.py b.py c.py");
    let (asked, second) = case.check(&[]);
    assert_eq!(asked, "");
    assert_eq!(second[0]["cached"], true);
    assert_eq!(second[0]["status"], "findings");
    assert_eq!(second[0]["exit"], 1);
    assert_eq!(second[0]["argv"], first[0]["argv"]);
    assert_eq!(findings(&second), findings(&first));
}

#[test]
fn only_a_file_that_has_changed_is_asked_about() {
    let case = Case::new(CHECKER, &FILES);
    case.asked();
    case.write("b.py", "bad again");
    let (asked, results) = case.check(&[]);
    assert_eq!(asked, "b.py");
    assert_eq!(findings(&results).len(), 3);
    assert_eq!(results[0]["files"].to_string(), r#"["a.py","c.py"]"#);
    assert_eq!(results[1]["files"].to_string(), r#"["b.py"]"#);
    case.write("b.py", "good");
    assert_eq!(case.asked(), "");
}

#[test]
fn fail_fast_leaves_the_same_out_of_what_is_remembered() {
    let case = Case::new(CHECKER, &FILES);
    let other = r#"
[checker.two]
kind = "lint"
languages = ["python"]
argv = ["ruff", "two", "--", "{files}"]
unit = "files"
output = "ruff-json"
stream = "stdout"
scope = "file"
exit = { clean = [0], findings = [1] }
"#;
    case.write("lr.toml", other);
    let words = ["--linters=two", "--fail-fast"];
    let (_, fresh) = case.check(&words);
    case.check(&words[..1]);
    let (asked, known) = case.check(&words);
    assert_eq!(asked, "");
    assert_eq!(findings(&known), findings(&fresh));
}

#[test]
fn another_program_configuration_neighbour_or_variable_is_another_answer() {
    let mut case = Case::new(CHECKER, &FILES);
    case.asked();
    case.install(CHECKER);
    assert_eq!(case.asked(), "a.py b.py c.py");
    case.write("pyproject.toml", "[tool.ruff]\nextend = \"base.toml\"\n");
    assert_eq!(case.asked(), "a.py b.py c.py");
    case.write("base.toml", "line-length = 9\n");
    assert_eq!(case.asked(), "a.py b.py c.py");
    case.write("d/e.txt", "");
    assert_eq!(case.asked(), "a.py b.py c.py");
    case.environment.push(("RUFF_SELECT", "ALL"));
    assert_eq!(case.asked(), "a.py b.py c.py");
    case.environment.push(("LR_TURN", "7"));
    case.write("notes.txt", "");
    assert_eq!(case.asked(), "");
}

#[test]
fn without_the_cache_everything_is_asked_and_nothing_is_kept() {
    let case = Case::new(CHECKER, &FILES);
    for _ in 0..2 {
        assert_eq!(case.check(&["--no-cache"]).0, "a.py b.py c.py");
    }
    assert!(!case.path(".lr").exists());
}

#[test]
fn a_checker_that_breaks_is_asked_again() {
    let case = Case::new(CHECKER, &[("a.py", "break")]);
    assert_eq!(case.asked(), "a.py");
    assert_eq!(case.asked(), "a.py");
}

#[test]
fn what_is_said_about_a_file_that_the_checker_changes_is_not_remembered() {
    let case = Case::new(CHECKER, &[("a.py", "wipe"), ("b.py", "")]);
    let (_, results) = case.check(&[]);
    assert_eq!(results[0]["modified"].to_string(), r#"["a.py"]"#);
    assert_eq!(case.asked(), "a.py b.py");
}

#[test]
fn a_launcher_that_may_lead_anywhere_is_always_asked() {
    let case = Case::new(CHECKER, &FILES);
    fs::rename(
        case.folder.path().join("bin/ruff"),
        case.folder.path().join("bin/real"),
    )
    .unwrap();
    case.install("#!/bin/sh\nexec real \"$@\"\n");
    assert_eq!(case.asked(), "a.py b.py c.py");
    assert_eq!(case.asked(), "a.py b.py c.py");
}

#[test]
fn a_damaged_store_is_only_forgotten() {
    let case = Case::new(CHECKER, &FILES);
    case.asked();
    case.write(".lr/cache/check-ruff.jsonl", "{\"key\":\"x\",\"find");
    assert_eq!(case.asked(), "a.py b.py c.py");
    assert_eq!(case.asked(), "");
}

#[test]
fn several_at_once_leave_a_whole_store() {
    let case = Case::new(CHECKER, &FILES);
    std::thread::scope(|scope| {
        for _ in 0..6 {
            scope.spawn(|| case.program(&["."]).run().unwrap());
        }
    });
    assert_eq!(case.asked(), "");
    let store = fs::read_to_string(case.path(".lr/cache/check-ruff.jsonl")).unwrap();
    for line in store.lines() {
        assert!(serde_json::from_str::<Value>(line).is_ok(), "{line}");
    }
}
