//! Which sources are checked: lists of names, and only what has changed.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use lr_exec::{End, Finished, Program};
use tempfile::TempDir;

fn tree(files: &[(&str, &str)]) -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = directory.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    directory
}

fn git(directory: &Path, words: &[&str]) {
    let identity = ["-c", "user.name=x", "-c", "user.email=x@x"];
    let finished = Program::new(["git"].iter().chain(&identity).chain(words))
        .current_dir(directory)
        .run()
        .unwrap();
    assert!(finished.succeeded(), "{}", finished.stderr.text());
}

/// Runs lr-check with a script that tells its files, and returns these.
fn told(directory: &Path, words: &[&str], stdin: &str, status: i32) -> String {
    let script = [
        "--format",
        "text",
        "--script",
        "sh -c 'echo \"$@\"; false' x {files}",
    ];
    let argv = [env!("CARGO_BIN_EXE_lr-check")];
    let finished = Program::new(argv.iter().chain(words).chain(&script))
        .current_dir(directory)
        .env("XDG_CONFIG_HOME", "/nonexistent")
        .stdin_bytes(stdin)
        .run()
        .unwrap();
    assert_eq!(
        finished.end,
        End::Exited(status),
        "{}",
        finished.stderr.text()
    );
    let page = finished.stdout.text();
    let quoted = page.lines().filter_map(|line| line.strip_prefix("  | "));
    quoted.collect::<Vec<_>>().join("\n")
}

#[test]
fn names_come_from_a_list() {
    let tree = tree(&[("a b", ""), ("c", ""), ("list", "c\n")]);
    let told = |words: &[&str], stdin| told(tree.path(), words, stdin, 1);
    assert_eq!(told(&["--files-from", "-"], "a b\nc\n"), "a b c");
    assert_eq!(told(&["--files-from", "-", "-0"], "a b\0"), "a b");
    assert_eq!(told(&["a b", "--files-from", "list"], ""), "a b c");
}

#[test]
fn an_empty_list_and_a_name_that_is_not_there_are_trouble() {
    let tree = tree(&[("a", "")]);
    told(tree.path(), &["--files-from", "-"], "", 2);
    told(tree.path(), &["--files-from", "-"], "a\nb\n", 2);
    told(tree.path(), &["--files-from", "no-list"], "", 2);
}

#[test]
fn only_what_differs_from_a_commit_is_checked() {
    let tree = tree(&[
        ("a", "1\n"),
        ("b", "1\n"),
        ("d/c", "1\n"),
        (".gitignore", "i\n"),
    ]);
    let told = |words: &[&str]| told(tree.path(), words, "", 1);
    git(tree.path(), &["init", "-q"]);
    assert_eq!(told(&["--only-changed"]), "a b d/c");
    git(tree.path(), &["add", "."]);
    git(tree.path(), &["commit", "-qm", "x"]);
    for path in ["a", "d/c", "d/é new", "i"] {
        fs::write(tree.path().join(path), "2\n").unwrap();
    }
    fs::remove_file(tree.path().join("b")).unwrap();
    assert_eq!(told(&["--only-changed"]), "a d/c d/é new");
    assert_eq!(told(&["--only-changed", "d"]), "d/c d/é new");
    assert_eq!(told(&["--only-changed", "HEAD", "d", "a"]), "d/c d/é new a");
    assert_eq!(told(&["-C", "d", "--only-changed"]), "c é new");
    git(tree.path(), &["add", "."]);
    git(tree.path(), &["commit", "-qm", "y"]);
    assert_eq!(told(&["--only-changed", "HEAD~1"]), "a d/c d/é new");
}

#[test]
fn where_nothing_has_changed_there_is_nothing_wrong() {
    let tree = tree(&[("a", "1\n")]);
    git(tree.path(), &["init", "-q"]);
    git(tree.path(), &["add", "."]);
    git(tree.path(), &["commit", "-qm", "x"]);
    assert_eq!(told(tree.path(), &["--only-changed"], "", 0), "");
    told(tree.path(), &["--only-changed", "no-such-commit"], "", 2);
}

#[test]
fn without_a_repository_nobody_knows_what_has_changed() {
    let tree = tree(&[("a", "1\n")]);
    told(tree.path(), &["--only-changed"], "", 2);
}

/// Returns the entry of a checker that looks for misspelt words; `own` says in what, and how it is called.
fn words(own: &str) -> String {
    let rest = r#"
kind = "lint"
unit = "files"
output = "lines"
patterns = ['^(?P<path>.+?):(?P<line>\d+):(?P<message>.+)$']
stream = "stdout"
exit = { clean = [1], findings = [0] }
"#;
    format!("[checker.words]\n{own}{rest}")
}

/// Runs lr-check without anything of the user's own.
fn check(folder: &Path, words: &[&str]) -> Finished {
    let argv = [env!("CARGO_BIN_EXE_lr-check"), "."];
    Program::new(argv.iter().chain(words))
        .current_dir(folder)
        .env("XDG_CONFIG_HOME", "/nonexistent")
        .run()
        .unwrap()
}

#[test]
fn a_project_has_checkers_for_languages_that_are_not_known() {
    let entry = words(
        r#"languages = ["nix"]
globs = ["*.nix"]
argv = ["grep", "-Hn", "hte", "{files}"]"#,
    );
    let tree = tree(&[
        ("lr.toml", ""),
        ("a.nix", "# hte end\n"),
        ("b.txt", "hte\n"),
    ]);
    let told = |entry: &str, status| {
        fs::write(tree.path().join("lr.toml"), entry).unwrap();
        let finished = check(tree.path(), &["--format=rdjsonl"]);
        let said = finished.stderr.text();
        assert_eq!(finished.end, End::Exited(status), "{said}");
        finished.stdout.text() + &said
    };
    let found = told(&entry, 1);
    assert!(
        found.contains(r#""path":"a.nix""#) && !found.contains("b.txt"),
        "{found}"
    );
    for (old, new, problem) in [
        ("globs = [\"*.nix\"]", "", "'globs' do not say"),
        ("[\"nix\"]", "[]", "'languages' is empty"),
        ("(?P<line>", "(?P<line", "is no regular expression"),
        ("patterns = ['^", "volatile = ['^", "has no 'patterns'"),
    ] {
        let said = told(&entry.replace(old, new), 2);
        assert!(said.contains(problem), "{said}");
    }
}

#[test]
fn a_project_has_checkers_of_its_own() {
    let entry = words(
        r#"languages = ["python"]
argv = ["./tools/words", "{files}"]"#,
    );
    let tree = tree(&[
        ("lr.toml", &entry),
        ("tools/words", "#!/bin/sh\ngrep -Hn hte \"$@\"\n"),
        ("src/a.py", "# hte end\n"),
        (".git/HEAD", ""),
    ]);
    let tool = tree.path().join("tools/words");
    fs::set_permissions(tool, fs::Permissions::from_mode(0o755)).unwrap();
    let check = |folder: &str, words: &[&str]| check(&tree.path().join(folder), words);
    for folder in ["", "src"] {
        let finished = check(folder, &["--format", "text"]);
        assert_eq!(finished.end, End::Exited(1), "{}", finished.stderr.text());
        assert!(finished.stdout.text().contains("# hte end"), "{folder}");
    }
    let by_name = format!("{entry}default = false\n");
    fs::write(tree.path().join("lr.toml"), by_name).unwrap();
    assert_eq!(check("", &["--linters", "words"]).end, End::Exited(1));
    assert_ne!(check("", &[]).end, End::Exited(1));
    let misspelt = entry.replace("output =", "outptu =");
    fs::write(tree.path().join("lr.toml"), misspelt).unwrap();
    let finished = check("", &[]);
    assert_eq!(finished.end, End::Exited(2));
    let said = finished.stderr.text();
    assert!(said.contains("lr.toml': checker 'words'"), "{said}");
    assert!(said.contains("outptu"), "{said}");
}
