//! Checkers that misbehave, by the names of the faults, and what must hold all the same.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use lr_exec::{End, Finished, Program};
use serde_json::Value;
use tempfile::TempDir;

/// A tree of one source, with a script to check it.
struct Tree {
    directory: TempDir,
}

impl Tree {
    fn with_script(script: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("check");
        fs::write(&path, script).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        fs::write(directory.path().join("a.txt"), "one\n").unwrap();
        Self { directory }
    }

    fn sh(script: &str) -> Self {
        Self::with_script(&format!("#!/bin/sh\n{script}\n"))
    }

    fn run(&self, arguments: &[&str]) -> Finished {
        let words = [env!("CARGO_BIN_EXE_lr-check"), "--script", "./check"];
        let words = words.iter().chain(arguments).chain(&["a.txt"]);
        Program::new(words.copied())
            .current_dir(self.directory.path())
            .env("GROQ_API_KEY", "secret")
            .env("LR_RUN", "run")
            .env("XDG_CONFIG_HOME", "/nonexistent")
            .capture_limit(4 << 20)
            .timeout(Duration::from_secs(60))
            .run()
            .unwrap()
    }

    /// Runs lr-check, and returns its exit status and the only result.
    fn result(&self, arguments: &[&str]) -> (End, Value) {
        let finished = self.run(arguments);
        let turn: Value = serde_json::from_slice(finished.stdout.bytes()).unwrap();
        (finished.end, turn["check"]["results"][0].clone())
    }

    fn check(&self, arguments: &[&str], exit: i32, status: &str) -> Value {
        let (end, result) = self.result(arguments);
        assert_eq!(
            (end, result["status"].as_str()),
            (End::Exited(exit), Some(status)),
            "{result}"
        );
        result
    }
}

#[test]
fn hang_is_ended_and_is_a_finding() {
    let result = Tree::sh("echo begun; sleep 60").check(&["--timeout", "2"], 1, "timed_out");
    assert_eq!(result["stdout"], "begun\n");
    assert_eq!(
        result["findings"][0]["message"],
        "./check a.txt: it did not end within 2 s"
    );
}

#[test]
fn hang_ignores_term_is_ended_too() {
    Tree::sh("trap '' TERM; sleep 60 & wait; sleep 60").check(&["--timeout", "2"], 1, "timed_out");
}

#[test]
fn bg_holds_stdout_does_not_hold_us() {
    let (end, result) = Tree::sh("sleep 60 & exit 1").result(&[]);
    assert_eq!(end, End::Exited(1));
    assert!(result["seconds"].as_f64().unwrap() < 30.0, "{result}");
}

#[test]
fn flood_keeps_head_and_tail() {
    let script = "echo first; head -c 3000000 /dev/zero | tr '\\0' x; echo; echo last; exit 1";
    let result = Tree::sh(script).check(&[], 1, "findings");
    let stdout = result["stdout"].as_str().unwrap();
    assert!(stdout.starts_with("first\nxxx") && stdout.ends_with("xxx\nlast\n"));
    assert!(stdout.len() < 200_000);
    assert!(result["dropped_bytes"].as_u64().unwrap() > 2_800_000);
}

#[test]
fn findings_are_read_from_an_output_of_any_usual_length() {
    let tree = Tree::sh(
        r#"printf '[{"code":"F401","message":"no, see %s/b.py","filename":"a.py","location":{"row":1,"column":1},"pad":"' "$PWD"
           head -c 20000000 /dev/zero | tr '\0' x; printf '"}]'; exit 1"#,
    );
    let directory = tree.directory.path();
    fs::rename(directory.join("check"), directory.join("ruff")).unwrap();
    fs::write(directory.join("a.py"), "import os\n").unwrap();
    let path = format!("{}:/usr/bin:/bin", directory.display());
    let finished = Program::new([env!("CARGO_BIN_EXE_lr-check"), "--linters=ruff", "a.py"])
        .current_dir(directory)
        .env("PATH", path)
        .run()
        .unwrap();
    assert_eq!(finished.end, End::Exited(1), "{}", finished.stderr.text());
    let turn: Value = serde_json::from_slice(finished.stdout.bytes()).unwrap();
    assert_eq!(
        turn["check"]["results"][0]["findings"][0]["message"],
        "no, see b.py"
    );
}

#[test]
fn bad_utf8_nul_and_escapes_are_text_in_the_turn() {
    let script = r"printf '\377 \000 \033[31mred\033[0m'; exit 1";
    let result = Tree::sh(script).check(&[], 1, "findings");
    assert_eq!(result["stdout"], "\u{fffd} \u{0} red");
}

#[test]
fn escapes_do_not_reach_a_person() {
    let tree = Tree::sh(r"printf '\033c\a\302\2332J\177 \342\200\256'; exit 1");
    for form in [
        "text", "turn", "json", "sarif", "rdjsonl", "github", "junit",
    ] {
        let text = tree.run(&["--format", form]).stdout.text();
        assert!(
            !text.contains(|character: char| character.is_control() && character != '\n'),
            "{text}"
        );
    }
    let text = tree.run(&["--format", "text"]).stdout.text();
    assert!(!text.contains('\u{202e}'), "{text}");
}

#[test]
fn self_kill_is_broken_never_clean() {
    let result = Tree::sh("kill -SEGV $$").check(&[], 2, "broken");
    assert_eq!(result["signal"], 11);
}

#[test]
fn kills_parent_reaches_only_its_own_session() {
    Tree::sh("kill -TERM 0; exit 1").check(&[], 2, "broken");
}

#[test]
fn reads_stdin_finds_it_empty() {
    Tree::sh("test -z \"$(cat)\"").check(&[], 0, "clean");
}

#[test]
fn what_cannot_be_started_is_broken() {
    for script in [
        "#!/no/such/interpreter\n",
        "#!/bin/sh\r\nexit 0\r\n",
        "echo no shebang\n",
        "",
    ] {
        Tree::with_script(script).check(&[], 2, "broken");
    }
    let missing = Tree::sh("");
    fs::remove_file(missing.directory.path().join("check")).unwrap();
    missing.check(&[], 2, "broken");
    fs::create_dir(missing.directory.path().join("check")).unwrap();
    missing.check(&[], 2, "broken");
}

#[test]
fn changes_files_is_told() {
    let tree = Tree::sh("echo two >> \"$1\"");
    let finished = tree.run(&[]);
    let turn: Value = serde_json::from_slice(finished.stdout.bytes()).unwrap();
    assert_eq!(turn["check"]["results"][0]["modified"][0], "a.txt");
    assert_eq!(turn["sources"][0]["bytes"], "one\ntwo\n".len());
    assert_eq!(
        finished.stderr.text(),
        "lr-check: warning: checking changed 'a.txt' (noticed after ./check)\n"
    );
}

#[test]
fn deletes_cwd_is_no_crash() {
    let (end, result) = Tree::sh("rm -rf \"$PWD\"; exit 1").result(&[]);
    assert_eq!(end, End::Exited(1));
    assert_eq!(result["modified"][0], "a.txt");
}

#[test]
fn needs_env_sees_no_key_unless_it_is_named() {
    let tree = Tree::sh("test -n \"$GROQ_API_KEY\"");
    tree.check(&[], 1, "findings");
    tree.check(&["--env", "GROQ_API_KEY"], 0, "clean");
}

#[test]
fn silent_fail_and_exit_255_are_findings() {
    let result = Tree::sh("exit 255").check(&[], 1, "findings");
    assert_eq!(
        (&result["stdout"], &result["stderr"]),
        (&"".into(), &"".into())
    );
}

#[test]
fn the_same_failure_has_the_same_key_however_long_it_took() {
    let key =
        |script: &str| Tree::sh(script).check(&[], 1, "findings")["findings"][0]["key"].clone();
    let slow = key("echo failed in 0.31s at 0xdeadbeef; exit 1");
    assert_eq!(slow, key("echo failed in 12s at 0x12345678; exit 1"));
    assert_ne!(slow, key("echo failed otherwise; exit 1"));
}

#[test]
fn the_path_of_the_tree_is_not_told() {
    let tree = Tree::sh("echo \"$PWD/a.txt:1: no\"; exit 1");
    assert_eq!(tree.check(&[], 1, "findings")["stdout"], "a.txt:1: no\n");
    let finished = tree.run(&[]);
    let path = tree.directory.path().to_str().unwrap();
    assert!(!finished.stdout.text().contains(path));
}

#[test]
fn the_path_of_the_tree_is_not_told_by_the_command_line() {
    let tree = Tree::sh("exit 1");
    let inside = |name: &str| tree.directory.path().join(name).display().to_string();
    let command = [inside("check"), format!("--in={}", inside("x"))];
    let words = [env!("CARGO_BIN_EXE_lr-check"), "a.txt", "--"].map(str::to_owned);
    let finished = Program::new(words.into_iter().chain(command))
        .current_dir(tree.directory.path())
        .run()
        .unwrap();
    let turn: Value = serde_json::from_slice(finished.stdout.bytes()).unwrap();
    let result = &turn["check"]["results"][0];
    assert_eq!(
        result["argv"],
        serde_json::json!(["check", "--in=x", "a.txt"])
    );
    assert_eq!(
        result["findings"][0]["message"],
        "check '--in=x' a.txt: exit status 1"
    );
}

#[test]
fn nothing_more_is_run_when_nobody_reads_the_answer() {
    let tree = Tree::sh("until [ -e gone ]; do sleep 0.05; done; echo x >> ran");
    let directory = tree.directory.path();
    fs::write(directory.join("b.txt"), "two\n").unwrap();
    let lr_check = env!("CARGO_BIN_EXE_lr-check");
    let pipe = format!(
        "({lr_check} -j1 --script ./check a.txt b.txt; echo $? > status) | (exec <&-; : > gone)"
    );
    let finished = Program::new(["sh", "-c", &pipe])
        .current_dir(directory)
        .env("XDG_CONFIG_HOME", "/nonexistent")
        .run()
        .unwrap();
    assert!(finished.succeeded(), "{}", finished.stderr.text());
    let read = |name| fs::read_to_string(directory.join(name)).unwrap_or_default();
    assert_eq!(read("status"), "0\n");
    assert!(read("ran").len() <= 2, "{}", read("ran"));
}

#[test]
fn an_interrupt_ends_the_checkers_and_us() {
    let tree = Tree::sh("sleep 60 & echo $! > pid; kill -INT $PPID; wait");
    let finished = tree.run(&[]);
    assert_eq!(finished.end, End::Exited(130), "{}", finished.stderr.text());
    assert!(finished.stdout.is_empty());
    let pid = fs::read_to_string(tree.directory.path().join("pid")).unwrap();
    assert!(!std::path::Path::new(&format!("/proc/{}", pid.trim())).exists());
}

#[test]
fn jobs_are_told_to_the_program_that_asks_and_to_no_other() {
    let jobs = |script: &str, flag: &[&str]| Tree::sh(script).run(flag).stderr.text();
    let flags = ["--tell-jobs"];
    let begun = "\u{1e}./check\u{1f}\u{1f}\n\u{1e}./check\u{1f}";
    assert_eq!(jobs("exit 1", &flags), format!("{begun}1\u{1f}finding\n"));
    assert_eq!(jobs("exit 0", &flags), format!("{begun}0\u{1f}finding\n"));
    let broken = jobs("kill -9 $$", &flags);
    assert!(
        broken.starts_with(&format!("{begun}\u{1f}broken\n")),
        "{broken:?}"
    );
    assert_eq!(jobs("exit 1", &[]), "");
}

#[test]
fn the_path_of_the_tree_is_not_told_of_a_checker_that_lies_in_it() {
    for script in [
        "#!/bin/sh\necho \"$PWD/a.txt:1: no\"; exit 1\n",
        "no shebang",
    ] {
        let tree = Tree::with_script(script);
        let directory = tree.directory.path();
        let entries = directory.join("configuration/lr/checkers");
        fs::create_dir_all(&entries).unwrap();
        fs::write(directory.join("a.json"), "{}").unwrap();
        let entry = format!(
            r#"kind = "lint"
            languages = ["json"]
            argv = ["{}/check", "{{files}}"]
            unit = "files"
            output = "lines"
            patterns = ['^(?P<path>.+?):(?P<line>\d+): (?P<message>.*)$']
            stream = "stdout"
            exit = {{ clean = [0], findings = [1] }}"#,
            directory.display()
        );
        fs::write(entries.join("mine.toml"), entry).unwrap();
        let words = [env!("CARGO_BIN_EXE_lr-check"), "--linters=mine", "a.json"];
        let finished = Program::new(words)
            .current_dir(directory)
            .env("XDG_CONFIG_HOME", directory.join("configuration"))
            .run()
            .unwrap();
        let told = finished.stdout.text();
        assert!(told.contains("\"argv\":[\"check\",\"a.json\"]"), "{told}");
        assert!(!told.contains(directory.to_str().unwrap()), "{told}");
    }
}

/// Runs lr-check with only one checker in `PATH`: a script that takes the place of ruff.
fn with_ruff(script: &str, arguments: &[&str]) -> (End, Value, String) {
    let tree = Tree::sh(script);
    let directory = tree.directory.path();
    fs::rename(directory.join("check"), directory.join("ruff")).unwrap();
    fs::write(directory.join("a.py"), "import os\n").unwrap();
    let words = [env!("CARGO_BIN_EXE_lr-check"), "--no-cache", "a.py"];
    let finished = Program::new(words.iter().chain(arguments))
        .current_dir(directory)
        .env("PATH", format!("{}:/usr/bin:/bin", directory.display()))
        .env("XDG_CONFIG_HOME", "/nonexistent")
        .run()
        .unwrap();
    let turn: Value = serde_json::from_slice(finished.stdout.bytes()).unwrap_or_default();
    let result = turn["check"]["results"][0].clone();
    (finished.end, result, finished.stderr.text())
}

#[test]
fn a_launcher_without_its_program_is_not_installed_and_any_other_127_is_broken() {
    let launcher = "echo 'pyenv: ruff: command not found' >&2; exit 127";
    let (end, result, _) = with_ruff(launcher, &["--linters=ruff"]);
    assert_eq!(
        (end, &result["status"]),
        (End::Exited(2), &"missing".into())
    );
    let (_, result, said) = with_ruff(launcher, &[]);
    assert_eq!(result["status"], Value::Null);
    assert!(said.contains("ruff: not installed"), "{said}");
    let torn = "echo \"env: 'python9': No such file or directory\" >&2; exit 127";
    let (end, result, _) = with_ruff(torn, &[]);
    assert_eq!((end, &result["status"]), (End::Exited(2), &"broken".into()));
    assert_eq!(result["why"], "it ended with exit status 127");
}

#[test]
fn the_list_tells_a_checker_that_does_not_run_and_believes_no_number_of_a_crash() {
    let listed = |script: &str| {
        let tree = Tree::with_script(script);
        let directory = tree.directory.path();
        fs::rename(directory.join("check"), directory.join("flake8")).unwrap();
        let words = [env!("CARGO_BIN_EXE_lr-check"), "--list", "--linters=flake8"];
        let finished = Program::new(words.iter().chain(&["--format=json"]))
            .current_dir(directory)
            .env("PATH", format!("{}:/usr/bin:/bin", directory.display()))
            .env("XDG_CONFIG_HOME", "/nonexistent")
            .run()
            .unwrap();
        let told: Value = serde_json::from_slice(finished.stdout.bytes()).unwrap();
        let row = &told["checkers"][0];
        (row["version"].clone(), row["trouble"].clone())
    };
    let sh = |script: &str| listed(&format!("#!/bin/sh\n{script}\n"));
    assert_eq!(sh("echo flake8 7.5.0"), ("7.5.0".into(), Value::Null));
    assert_eq!(
        sh("echo python 3.11 >&2; exit 1"),
        (Value::Null, Value::Null)
    );
    assert_eq!(sh("kill -SEGV $$").1, "ended by SIGSEGV");
    let torn = listed("#!/no/such/python\n").1;
    assert!(
        torn.as_str().unwrap().starts_with("cannot run 'flake8'"),
        "{torn}"
    );
}

#[test]
fn commits_and_checkouts_are_trouble() {
    let git = |tree: &Tree, words: &str| {
        let identity = ["git", "-c", "user.name=x", "-c", "user.email=x@x"];
        let program = Program::new(identity.into_iter().chain(words.split(' ')));
        let finished = program.current_dir(tree.directory.path()).run().unwrap();
        assert!(finished.succeeded(), "{}", finished.stderr.text());
    };
    let commit = "git -c user.name=x -c user.email=x@x commit -q --allow-empty -m y";
    for (script, exit, status) in [
        ("exit 1", 1, "findings"),
        (commit, 2, "broken"),
        ("git checkout -q -b other; exit 1", 2, "broken"),
    ] {
        let tree = Tree::sh(script);
        git(&tree, "init -q");
        git(&tree, "add .");
        git(&tree, "commit -q -m x");
        tree.check(&[], exit, status);
    }
}

#[test]
fn a_report_that_is_no_file_is_not_waited_for() {
    for make in ["mkfifo", "ln -s /dev/zero", "mkdir"] {
        let tree = Tree::sh(&format!("{make} \"$1\""));
        let directory = tree.directory.path();
        let entry = "[checker.odd]\nkind = 'test'\nlanguages = ['python']\nargv = ['./check', '{report}', '{files}']\n\
                     unit = 'files'\noutput = 'junit'\nstream = 'report'\nclean = [0]\n";
        fs::write(directory.join("lr.toml"), entry).unwrap();
        fs::write(directory.join("a.py"), "").unwrap();
        let words = [env!("CARGO_BIN_EXE_lr-check"), "--linters=odd", "a.py"];
        let finished = Program::new(words)
            .current_dir(directory)
            .timeout(Duration::from_secs(60))
            .run()
            .unwrap();
        assert_eq!(finished.end, End::Exited(2), "{make}");
        let told = finished.stderr.text();
        assert!(told.contains("its report is no file"), "{make}: {told}");
    }
}
