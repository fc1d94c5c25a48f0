//! Runs every example: `run.sh` in a copy of its folder prints what stands in `expected.txt`.
//!
//! The model's replies come from the example's `replies/`. Where prompts have changed on purpose,
//! `RECORD=1 cargo test -p lr-tests --test examples` records `answers/*.txt` anew, in their order,
//! and writes `expected.txt`: look at the difference before committing it. An example with
//! `replies/turns.jsonl` is answered by turn, whatever its prompts.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::Path;

use lr_tests::fake_model::{Answer, FakeModel};
use lr_tests::{Outcome, Sandbox, sandbox};

fn check(name: &str) {
    let example = sandbox::project().join("examples").join(name);
    #[expect(clippy::disallowed_methods, reason = "a switch for developers")]
    if std::env::var("RECORD").is_ok() {
        record(name, &example);
        fs::write(example.join("expected.txt"), run(name).stdout).unwrap();
    }
    let outcome = run(name);
    let expected = fs::read_to_string(example.join("expected.txt")).unwrap();
    assert_eq!(outcome.stdout, expected, "{name}: {outcome}");
}

fn run(name: &str) -> Outcome {
    let outcome = Sandbox::with_example(name).run("./run.sh", &[]);
    assert_eq!(outcome.status, 0, "{name}: {outcome}");
    outcome
}

/// Lets a fake model give the example's answers, and keeps what is recorded.
fn record(name: &str, example: &Path) {
    let Ok(folder) = fs::read_dir(example.join("answers")) else {
        return;
    };
    let mut paths: Vec<_> = folder.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let answers = paths
        .iter()
        .map(|path| Answer::text(&fs::read_to_string(path).unwrap()));
    let model = FakeModel::start(answers.collect::<Vec<_>>());
    let mut sandbox = Sandbox::with_example(name);
    fs::remove_dir_all(sandbox.path().join("replies")).ok();
    let recorded = sandbox.home().join("recorded");
    sandbox.set("LR_BASE_URL", &model.url());
    sandbox.set("LR_MODEL", "example");
    sandbox.set("LR_RECORD", recorded.to_str().unwrap());
    let outcome = sandbox.run("./run.sh", &[]);
    assert_eq!(outcome.status, 0, "{name}: {outcome}");
    assert_eq!(model.requests().len(), paths.len(), "{name}: {outcome}");
    let record = example.join("replies/turns.jsonl");
    if record.is_file() {
        let replies = "grep -h '\"stage\":\"lr-llm\"' .lr/runs/*/turns.jsonl";
        fs::write(record, sandbox.bash(replies).success().stdout).unwrap();
        return;
    }
    fs::remove_dir_all(example.join("replies")).ok();
    sandbox::copy_folder(&recorded, &example.join("replies"));
}

#[test]
fn python_quality() {
    check("python-quality");
}

#[test]
fn custom_checker() {
    check("custom-checker");
}

#[test]
fn stage_in_python() {
    check("stage-in-python");
}

#[test]
fn llm_alone() {
    check("llm-alone");
}

#[test]
fn any_reply() {
    check("any-reply");
}

#[test]
fn document() {
    check("document");
}

#[test]
fn ci() {
    check("ci");
}

#[test]
fn data_files() {
    check("data-files");
}

#[test]
fn shell_scripts() {
    check("shell-scripts");
}

#[test]
fn rust_crate() {
    check("rust-crate");
}

#[test]
fn no_example_is_forgotten() {
    let folders = fs::read_dir(sandbox::project().join("examples")).unwrap();
    let mut names: Vec<_> = folders
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.file_type().unwrap().is_dir())
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect();
    names.sort();
    let tested = [
        "any-reply",
        "ci",
        "custom-checker",
        "data-files",
        "document",
        "llm-alone",
        "python-quality",
        "rust-crate",
        "shell-scripts",
        "stage-in-python",
    ];
    assert_eq!(names, tested);
}
