//! The real checkers of `scripts/venv`, `scripts/node` and the Rust toolchain: each finds what is
//! wrong with a file that is known to be bad.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;

use lr_exec::Program;
use serde_json::Value;

/// What is there wherever the tests run.
const EVERYWHERE: [&str; 17] = [
    "ruff",
    "flake8",
    "pylint",
    "mypy",
    "py-compile",
    "black",
    "ruff-format",
    "doctest",
    "pytest",
    "shellcheck",
    "bash-syntax",
    "shfmt",
    "clippy",
    "rustfmt",
    "cargo-test",
    "json-tool",
    "yamllint",
];

/// What needs Node.
const WITH_NODE: [&str; 3] = ["eslint", "tsc", "prettier"];

fn project() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

/// Runs a script that installs checkers, and returns where; empty where it cannot.
fn installed_by(script: &str) -> String {
    let finished = Program::new([script]).current_dir(project()).run().unwrap();
    assert!(finished.succeeded(), "{}", finished.stderr.text());
    finished.stdout.text().trim().to_owned()
}

#[test]
fn every_checker_bites() {
    let node = installed_by("scripts/node");
    let mut names = EVERYWHERE.to_vec();
    if node.is_empty() {
        eprintln!("not tried without npm: {}", WITH_NODE.join(", "));
    } else {
        names.extend(WITH_NODE);
    }
    let others = Program::new(["sh", "-c", "echo $PATH"]).run().unwrap();
    let python = installed_by("scripts/venv");
    let path = format!(
        "{python}/bin:{node}/node_modules/.bin:{}",
        others.stdout.text().trim()
    );
    let folder = tempfile::tempdir().unwrap();
    let linters = names.join(",");
    let words = ["--selftest", "--format", "json", "--linters", &linters];
    let tried = Program::new(
        [env!("CARGO_BIN_EXE_lr-check")]
            .iter()
            .chain(&words)
            .copied(),
    )
    .current_dir(folder.path())
    .env("PATH", path)
    .env("XDG_CONFIG_HOME", "/nonexistent")
    .run()
    .unwrap();
    let document: Value = serde_json::from_slice(tried.stdout.bytes()).unwrap();
    let rows = document["selftest"].as_array().unwrap();
    let bites = |name: &&&str| {
        let row = rows.iter().find(|row| row["name"] == **name);
        row.is_some_and(|row| row["bites"] == true)
    };
    let blunt: Vec<_> = names.iter().filter(|name| !bites(name)).collect();
    assert!(blunt.is_empty(), "{blunt:?}: {document}");
}
