//! The real checkers of `scripts/venv` on the example they are pinned for.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::{Path, PathBuf};

use lr_exec::{End, Program};
use serde_json::Value;
use tempfile::TempDir;

fn project() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

/// Returns a search path that begins with the checkers.
fn search_path() -> String {
    let finished = Program::new(["scripts/venv"])
        .current_dir(project())
        .run()
        .unwrap();
    assert!(finished.succeeded(), "{}", finished.stderr.text());
    let others = Program::new(["sh", "-c", "echo $PATH"]).run().unwrap();
    format!(
        "{}/bin:{}",
        finished.stdout.text().trim(),
        others.stdout.text().trim()
    )
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path: PathBuf = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &target);
        } else {
            fs::copy(&path, target).unwrap();
        }
    }
}

fn example() -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    copy(&project().join("examples/python-quality"), directory.path());
    directory
}

fn check(directory: &Path, sources: &[&str], exit: i32) -> Value {
    let words = [env!("CARGO_BIN_EXE_lr-check")];
    let finished = Program::new(words.iter().chain(sources).copied())
        .current_dir(directory)
        .env("PATH", search_path())
        .env("XDG_CONFIG_HOME", "/nonexistent")
        .run()
        .unwrap();
    assert_eq!(
        finished.end,
        End::Exited(exit),
        "{}",
        finished.stderr.text()
    );
    serde_json::from_slice(finished.stdout.bytes()).unwrap()
}

fn statuses(turn: &Value) -> Vec<(&str, &str)> {
    turn["check"]["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|result| {
            let checker = result["checker"].as_str().unwrap();
            (checker, result["status"].as_str().unwrap())
        })
        .collect()
}

fn keys(turn: &Value) -> Vec<String> {
    let results = turn["check"]["results"].as_array().unwrap();
    let mut keys: Vec<String> = results
        .iter()
        .filter_map(|result| result["findings"].as_array())
        .flatten()
        .map(|finding| finding["key"].as_str().unwrap().to_owned())
        .collect();
    keys.sort();
    keys
}

#[test]
fn names_with_quotes_are_read_back() {
    let directory = tempfile::tempdir().unwrap();
    let name = "a, \"b\" 'c'.py";
    for (checker, text) in [
        ("doctest", "\"\"\"\n>>> 1\n2\n\"\"\"\n"),
        ("doctest", "def f(:\n"),
        ("py-compile", "def f(:\n"),
    ] {
        fs::write(directory.path().join(name), text).unwrap();
        let turn = check(directory.path(), &["--linters", checker, name], 1);
        let finding = &turn["check"]["results"][0]["findings"][0];
        assert_eq!(finding["location"]["path"], name, "{checker}");
    }
}

#[test]
fn tests_that_are_named_for_a_source_are_run_with_it() {
    let example = example();
    let words = ["--linters", "pytest", "shop/cart.py"];
    let turn = check(example.path(), &words, 1);
    let result = &turn["check"]["results"][0];
    let argv = result["argv"].as_array().unwrap();
    assert_eq!(argv.last().unwrap(), "tests/test_cart.py");
    assert_eq!(result["files"], Value::Null);
}

#[test]
fn the_usual_checkers_find_the_problems_of_the_example_and_leave_no_trace() {
    let example = example();
    let turn = check(example.path(), &["."], 1);
    let found = ["ruff", "flake8", "pylint", "pytest"].map(|checker| (checker, "findings"));
    let clean = ["shellcheck", "bash-syntax"].map(|checker| (checker, "clean"));
    assert_eq!(statuses(&turn), [&found[..], &clean].concat());
    assert_eq!(turn["check"]["rank"], serde_json::json!([0, 2, 0, 33, 9]));
    let traces = Program::new([
        "sh",
        "-c",
        "find . -name .lr -prune -o -newer README.md -type f -print; find . -name '.*cache*'",
    ])
    .current_dir(example.path())
    .run()
    .unwrap();
    assert!(
        !traces.stdout.text().contains("cache"),
        "{}",
        traces.stdout.text()
    );
}

#[test]
fn keys_survive_moved_lines() {
    let example = example();
    let before = keys(&check(example.path(), &["shop"], 1));
    for name in ["cart.py", "stock.py"] {
        let path = example.path().join("shop").join(name);
        let text = fs::read_to_string(&path).unwrap();
        let moved = text.replacen("\n\n", "\n\n# One line\n# and another.\n\n", 1);
        assert_ne!(moved, text);
        fs::write(path, moved).unwrap();
    }
    assert_eq!(keys(&check(example.path(), &["shop"], 1)), before);
}

/// A file with findings that say how many, how long, or at which line; `more` is added to each.
fn counted(more: usize) -> String {
    let digits = |count: usize| "1".repeat(count);
    let blank = "\n".repeat(more);
    let conditions = (0..12 + more).fold(String::new(), |text, number| {
        text + "    if x == " + &number.to_string() + ":\n        print(x)\n"
    });
    let filler = "# One line\n".repeat(1000);
    format!(
        "# {moved}\nimport os\nimport os\nTOTAL = {long}\n{blank}def f(x):\n{conditions}\
         {blank}def f(os):\n    return os\n{filler}",
        moved = "\n#\n".repeat(more),
        long = digits(120 + more),
    )
}

#[test]
fn keys_survive_lines_and_counts_in_messages() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(
        directory.path().join("ruff.toml"),
        "[lint]\nselect = ['ALL']\npreview = true\n",
    )
    .unwrap();
    fs::write(
        directory.path().join(".flake8"),
        "[flake8]\nmax-complexity = 5\n",
    )
    .unwrap();
    fs::write(directory.path().join(".pylintrc"), "[MAIN]\n").unwrap();
    let mut codes: Vec<String> = Vec::new();
    let [before, after] = [0, 1].map(|more| {
        fs::write(directory.path().join("a.py"), counted(more)).unwrap();
        let turn = check(directory.path(), &["a.py"], 1);
        codes.push(turn.to_string());
        keys(&turn)
    });
    for said in ["13 > 12", "13/12", "/1000)", "line 3", "found 0", "129 > "] {
        assert!(codes[0].contains(said) || codes[1].contains(said), "{said}");
    }
    let gone: Vec<&String> = before.iter().filter(|key| !after.contains(key)).collect();
    assert_eq!(gone, Vec::<&String>::new());
}

#[test]
fn tests_run_only_where_there_are_some() {
    let example = example();
    fs::remove_file(example.path().join("tests/test_money.py")).unwrap();
    let turn = check(example.path(), &["shop/money.py"], 0);
    let expected = [
        ("ruff", "clean"),
        ("flake8", "clean"),
        ("pylint", "clean"),
        ("pytest", "skipped"),
    ];
    assert_eq!(statuses(&turn), expected);
    assert_eq!(turn["check"]["clean"], true);
}

#[test]
fn a_syntax_error_hides_and_is_no_broken_checker() {
    let example = example();
    fs::write(example.path().join("shop/cart.py"), "def f(:\n").unwrap();
    let turn = check(example.path(), &["."], 1);
    assert!(
        turn["check"]["rank"][0].as_u64().unwrap() >= 4,
        "{}",
        turn["check"]["rank"]
    );
}

#[test]
fn a_broken_configuration_is_a_broken_checker() {
    let example = example();
    fs::write(
        example.path().join("ruff.toml"),
        "[lint]\nselect = ['NOPE']\n",
    )
    .unwrap();
    let turn = check(example.path(), &["--exit-zero", "shop"], 2);
    assert_eq!(statuses(&turn)[0], ("ruff", "broken"));
    assert!(turn["check"].get("rank").is_none());
}

#[test]
fn checkers_are_not_asked_about_what_their_configuration_leaves_out() {
    let directory = tempfile::tempdir().unwrap();
    for path in ["src/a.py", "src/gen/b.py", "tests/c.py"] {
        let path = directory.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "x: int = 'a'\n").unwrap();
    }
    let configuration = "[tool.mypy]\nfiles = ['src']\nexclude = ['/gen/']\n[tool.black]\nextend-exclude = '/gen/'\n";
    fs::write(directory.path().join("pyproject.toml"), configuration).unwrap();
    let paths = |checker: &str| -> Vec<String> {
        let turn = check(directory.path(), &["--linters", checker, "."], 1);
        let results = turn["check"]["results"].as_array().unwrap().iter();
        let findings = results.flat_map(|result| result["findings"].as_array().unwrap());
        let paths = findings.map(|finding| finding["location"]["path"].as_str().unwrap());
        paths.map(str::to_owned).collect()
    };
    assert_eq!(paths("mypy"), ["src/a.py"]);
    assert_eq!(paths("black"), ["src/a.py", "tests/c.py"]);
    let turn = check(
        directory.path(),
        &["--linters", "mypy,black", "src/gen", "tests"],
        1,
    );
    assert_eq!(
        statuses(&turn),
        [("mypy", "skipped"), ("black", "findings")]
    );
}

#[test]
fn a_check_mends_nothing_although_the_project_has_its_linter_do_so() {
    let directory = tempfile::tempdir().unwrap();
    let source = directory.path().join("a.py");
    fs::write(&source, "import os\n").unwrap();
    for configuration in ["fix = true\n", "fix-only = true\n"] {
        fs::write(directory.path().join("ruff.toml"), configuration).unwrap();
        let turn = check(directory.path(), &["--linters", "ruff", "a.py"], 1);
        assert_eq!(statuses(&turn), [("ruff", "findings")]);
        assert_eq!(fs::read_to_string(&source).unwrap(), "import os\n");
    }
}
