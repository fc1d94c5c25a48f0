//! Large files, new files and deleted files across all programs: real checkers, a real repository, a fake model.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fmt::Write as _;

use lr_tests::Sandbox;
use lr_tests::fake_model::{Answer, FakeModel, Received};

/// A module of a thousand lines; the functions with these numbers have a variable that nobody uses.
fn large(unused: &[usize]) -> String {
    let mut text = "\"\"\"Many functions.\"\"\"\n".to_owned();
    for number in 0..200 {
        write!(text, "\n\ndef f{number}(x):\n    y = x * {number}\n").unwrap();
        let value = if unused.contains(&number) { "x" } else { "y" };
        writeln!(text, "    return {value}").unwrap();
    }
    text
}

/// The edit that makes use of the variable in function `number`.
fn edit(number: usize) -> String {
    format!(
        "large.py\n<<<<<<< SEARCH\n    y = x * {number}\n    return x\n=======\n    y = x * {number}\n    return y\n>>>>>>> REPLACE\n"
    )
}

fn repository(model: &FakeModel, settings: &str) -> Sandbox {
    let mut sandbox = Sandbox::new();
    sandbox.write("lr.toml", settings);
    sandbox.set("LR_MODEL", "fake-model");
    sandbox.set("LR_BASE_URL", &model.url());
    sandbox
}

fn count(text: &str, part: &str) -> usize {
    text.matches(part).count()
}

#[test]
fn a_large_file_is_mended_by_edits_within_windows() {
    let unused = [7, 100, 199];
    let ambiguous =
        "large.py\n<<<<<<< SEARCH\n    return x\n=======\n    return y\n>>>>>>> REPLACE\n";
    let good = unused.map(edit).concat();
    let model = FakeModel::start([Answer::text(ambiguous), Answer::text(&good)]);
    let sandbox = repository(&model, "[check]\nlinters = [\"ruff\"]\n");
    sandbox.write("large.py", large(&unused));
    sandbox.commit_all();
    let outcome = sandbox.run("lr-loop", &["large.py"]).success();
    assert_eq!(sandbox.read("large.py"), large(&[]), "{outcome}");
    let requests = model.requests();
    let questions: Vec<&str> = requests.iter().map(Received::question).collect();
    assert_eq!(questions.len(), 2);
    for question in &questions {
        assert!(question.contains("<<<< large.py, lines "), "{question}");
        assert!(question.len() < 4_000, "{}", question.len());
    }
    let reason = "its SEARCH lines stand in the file more than once";
    assert_eq!(count(questions[0], reason), 0);
    assert_eq!(count(questions[1], reason), 1, "{}", questions[1]);
    let log = sandbox.bash("git log --format=%s main..HEAD").success();
    assert_eq!(log.stdout.lines().count(), 2, "{log}");
}

#[test]
fn a_whole_version_of_a_file_shown_in_windows_is_refused() {
    let whole = format!("<<<< large.py <<<<\n{}>>>>>>>>\n", large(&[]));
    let model = FakeModel::answering(move |_, _| Answer::text(&whole));
    let sandbox = repository(&model, "[check]\nlinters = [\"ruff\"]\n");
    sandbox.write("large.py", large(&[7]));
    sandbox.commit_all();
    let outcome = sandbox.run("lr-loop", &["large.py"]).status(1);
    assert!(
        outcome.stdout.contains(r#""reason":"refused""#),
        "{outcome}"
    );
    assert_eq!(sandbox.read("large.py"), large(&[7]));
    let requests = model.requests();
    let last = requests.last().unwrap().question();
    assert!(
        last.contains("'large.py' was shown in part, so it takes edits"),
        "{last}"
    );
}

/// A checker that wants every `.txt` file to have a `.sum` beside it, and no `.old` file.
const PAIRED: &str = "#!/bin/sh\nfor file; do test -e \"${file%.txt}.sum\" || { echo \"$file: has no sum\"; bad=1; }; done\n\
                      test ! -e a.old || { echo 'a.old: is in the way'; bad=1; }\nexit ${bad:-0}\n";

#[test]
fn new_and_deleted_files_are_committed_told_and_taken_back() {
    let patch = "The sum was missing.\n\n*** Begin Patch\n*** Add File: a.sum\n+1\n*** Delete File: a.old\n*** End Patch\n";
    let model = FakeModel::start([Answer::text(patch)]);
    let settings = "[apply]\nallow-new = [\"*.sum\"]\nallow-delete = [\"*.old\"]\n";
    let sandbox = repository(&model, settings);
    sandbox.write("a.txt", "one\n");
    sandbox.write("a.old", "zero\n");
    sandbox.write("paired.sh", PAIRED);
    sandbox.bash("chmod +x paired.sh").success();
    sandbox.commit_all();
    let outcome = sandbox.run("lr-loop", &["-s", "./paired.sh", "a.txt", "a.old"]);
    assert_eq!(outcome.status, 0, "{outcome}");
    assert_eq!(sandbox.read("a.sum"), "1\n");
    assert!(!sandbox.path().join("a.old").exists());
    let changed = sandbox
        .bash("git diff --name-status main HEAD -- a.sum a.old")
        .success();
    assert_eq!(changed.stdout, "D\ta.old\nA\ta.sum\n");
    let fixes = sandbox.read("FIXES.md");
    assert!(
        fixes.contains("a.sum  +1 -0") && fixes.contains("a.old  +0 -1"),
        "{fixes}"
    );
    sandbox.run("lr-git", &["undo"]).success();
    assert_eq!(sandbox.read("a.old"), "zero\n");
    assert!(!sandbox.path().join("a.sum").exists());
    let changed = sandbox
        .bash("git diff --name-status main HEAD && git status --porcelain")
        .success();
    assert_eq!(changed.stdout, "");
    sandbox.bash("git fsck --strict").success();
}
