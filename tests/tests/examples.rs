//! Runs every example: `run.sh` in a copy of its folder prints what stands in `expected.txt`.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use lr_tests::{Sandbox, sandbox};

fn check(name: &str) {
    let sandbox = Sandbox::with_example(name);
    let outcome = sandbox.run("./run.sh", &[]);
    assert_eq!(outcome.status, 0, "{name}: {outcome}");
    assert_eq!(
        outcome.stdout,
        sandbox.read("expected.txt"),
        "{name}: {outcome}"
    );
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
fn no_example_is_forgotten() {
    let folders = std::fs::read_dir(sandbox::project().join("examples")).unwrap();
    let mut names: Vec<_> = folders
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    let tested = [
        "custom-checker",
        "llm-alone",
        "python-quality",
        "stage-in-python",
    ];
    assert_eq!(names, tested);
}
