//! The real checkers of `scripts/venv`, `scripts/node` and the Rust toolchain: each finds what is
//! wrong with a file that is known to be bad.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
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

/// Where the checkers that need Node are, and a search path that begins with all of them.
fn search_path() -> (String, String) {
    let node = installed_by("scripts/node");
    let python = installed_by("scripts/venv");
    let others = Program::new(["sh", "-c", "echo $PATH"]).run().unwrap();
    let others = others.stdout.text();
    let path = format!("{python}/bin:{node}/node_modules/.bin:{}", others.trim());
    (node, path)
}

/// Runs lr-check in a folder, and returns what it writes as JSON.
fn run(words: &[&str], folder: &Path, path: &str) -> Value {
    let argv = [env!("CARGO_BIN_EXE_lr-check")];
    let finished = Program::new(argv.iter().chain(words).copied())
        .current_dir(folder)
        .env("PATH", path)
        .env("XDG_CONFIG_HOME", "/nonexistent")
        .run()
        .unwrap();
    serde_json::from_slice(finished.stdout.bytes()).unwrap()
}

#[test]
fn every_checker_bites() {
    let (node, path) = search_path();
    let mut names = EVERYWHERE.to_vec();
    if node.is_empty() {
        eprintln!("not tried without npm: {}", WITH_NODE.join(", "));
    } else {
        names.extend(WITH_NODE);
    }
    let folder = tempfile::tempdir().unwrap();
    let linters = names.join(",");
    let words = ["--selftest", "--format", "json", "--linters", &linters];
    let document = run(&words, folder.path(), &path);
    let rows = document["selftest"].as_array().unwrap();
    let bites = |name: &&&str| {
        let row = rows.iter().find(|row| row["name"] == **name);
        row.is_some_and(|row| row["bites"] == true)
    };
    let blunt: Vec<_> = names.iter().filter(|name| !bites(name)).collect();
    assert!(blunt.is_empty(), "{blunt:?}: {document}");
}

#[test]
fn tsc_checks_a_project_that_is_made_of_others() {
    let (node, path) = search_path();
    if node.is_empty() {
        eprintln!("not tried without npm: tsc");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let whole = r#"{ "files": [], "references": [{ "path": "./app" }] }"#;
    let part = r#"{ "compilerOptions": { "strict": true, "noEmit": true } }"#;
    fs::create_dir(folder.path().join("app")).unwrap();
    for (name, text) in [
        ("tsconfig.json", whole),
        ("app/tsconfig.json", part),
        ("app/a.ts", "const n: number = 'x';\n"),
    ] {
        fs::write(folder.path().join(name), text).unwrap();
    }
    let turn = run(&["--linters", "tsc", "."], folder.path(), &path);
    let finding = &turn["check"]["results"][0]["findings"][0];
    assert_eq!(finding["location"]["path"], "app/a.ts", "{turn}");
}

#[test]
fn cargo_is_asked_about_all_packages_of_a_workspace() {
    let (_, path) = search_path();
    let folder = tempfile::tempdir().unwrap();
    let package =
        |name: &str| format!("[package]\nname = '{name}'\nversion = '0.1.0'\nedition = '2024'\n");
    fs::create_dir_all(folder.path().join("part/src")).unwrap();
    fs::create_dir(folder.path().join("src")).unwrap();
    for (name, text) in [
        (
            "Cargo.toml",
            package("whole") + "[workspace]\nmembers = ['part']\n",
        ),
        ("src/lib.rs", String::new()),
        ("part/Cargo.toml", package("part")),
        (
            "part/src/lib.rs",
            "#[test]\nfn a() {\n    return panic!();\n}\n".to_owned(),
        ),
    ] {
        fs::write(folder.path().join(name), text).unwrap();
    }
    let turn = run(
        &["--linters", "clippy,cargo-test", "."],
        folder.path(),
        &path,
    );
    let results = turn["check"]["results"].as_array().unwrap();
    for (result, code) in results.iter().zip(["clippy::needless_return", "a"]) {
        let finding = &result["findings"][0];
        assert_eq!(finding["code"]["value"], code, "{turn}");
        assert_eq!(finding["location"]["path"], "part/src/lib.rs", "{turn}");
    }
    assert_eq!(results.len(), 2);
}
