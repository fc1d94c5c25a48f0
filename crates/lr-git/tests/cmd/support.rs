//! A sealed repository, and turns about its files.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use lr_files::sha256_hex;
use serde_json::{Value, json};
use tempfile::TempDir;

/// The run that all turns of the tests belong to.
pub(crate) const RUN: &str = "20261121T030000Z-7f3a";

/// A repository with `a.py` and `b.py` committed on `main`, and a home of its own.
pub(crate) struct Sandbox {
    folder: TempDir,
    /// What is added to the environment of git and lr-git.
    environment: Vec<(String, String)>,
}

/// How a program ended.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ran {
    /// Asserts the exit status.
    #[track_caller]
    pub(crate) fn code(self, expected: i32) -> Self {
        assert_eq!(self.code, expected, "{}\n{}", self.stdout, self.stderr);
        self
    }

    /// Asserts that standard error says something.
    #[track_caller]
    pub(crate) fn says(self, words: &str) -> Self {
        assert!(
            self.stderr.contains(words),
            "'{words}' is not in:\n{}",
            self.stderr
        );
        self
    }

    /// Returns the turns on standard output.
    pub(crate) fn turns(&self) -> Vec<Value> {
        let lines = self.stdout.lines();
        lines
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    /// Returns the section `commit` of the only turn.
    #[track_caller]
    pub(crate) fn commit(&self) -> Value {
        let turns = self.turns();
        assert_eq!(turns.len(), 1, "{}", self.stdout);
        turns[0]["commit"].clone()
    }
}

impl Sandbox {
    /// Makes the repository.
    pub(crate) fn new() -> Self {
        let sandbox = Self::without_repository();
        sandbox.git(&["init", "--quiet", "--initial-branch=main"]);
        sandbox.write("a.py", "import os\nprint(1)\n");
        sandbox.write("b.py", "import sys\nprint(2)\n");
        sandbox.git(&["add", "a.py", "b.py"]);
        sandbox.git(&["commit", "--quiet", "-m", "Begin"]);
        sandbox
    }

    /// Makes only the folders and the home.
    pub(crate) fn without_repository() -> Self {
        let folder = tempfile::tempdir().unwrap();
        for name in ["home", "work"] {
            fs::create_dir(folder.path().join(name)).unwrap();
        }
        let config = "[user]\n\tname = Ada\n\temail = ada@example.org\n";
        fs::write(folder.path().join("home/.gitconfig"), config).unwrap();
        Self {
            folder,
            environment: Vec::new(),
        }
    }

    /// Adds a variable to the environment of everything that runs from now on.
    pub(crate) fn set(&mut self, name: &str, value: &str) {
        self.environment.push((name.to_owned(), value.to_owned()));
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join("work").join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    /// Runs git, which has to succeed.
    #[track_caller]
    pub(crate) fn git(&self, arguments: &[&str]) -> String {
        let ran = self.run("git", arguments, Path::new(""), "");
        assert_eq!(
            ran.code, 0,
            "git {arguments:?}: {}{}",
            ran.stdout, ran.stderr
        );
        ran.stdout
    }

    /// Runs lr-git at the top of the work tree.
    pub(crate) fn lr(&self, arguments: &[&str], input: &str) -> Ran {
        self.lr_in("", arguments, input)
    }

    /// Runs lr-git in a folder.
    pub(crate) fn lr_in(&self, folder: &str, arguments: &[&str], input: &str) -> Ran {
        self.run(
            env!("CARGO_BIN_EXE_lr-git"),
            arguments,
            Path::new(folder),
            input,
        )
    }

    /// Runs a program in a folder of the work tree.
    #[expect(
        clippy::disallowed_methods,
        reason = "the programs under test are run as they are"
    )]
    pub(crate) fn run(&self, program: &str, arguments: &[&str], folder: &Path, input: &str) -> Ran {
        let mut child = Command::new(program)
            .args(arguments)
            .current_dir(self.folder.path().join("work").join(folder))
            .env_clear()
            .env("PATH", "/usr/local/bin:/usr/bin:/bin")
            .env("HOME", self.folder.path().join("home"))
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_AUTHOR_DATE", "2026-11-21T03:00:00+0000")
            .env("GIT_COMMITTER_DATE", "2026-11-21T03:00:00+0000")
            .envs(self.environment.iter().cloned())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        let output = child.wait_with_output().unwrap();
        Ran {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Starts lr-git, and returns what gives it a line and waits for one in return, for a while.
    #[expect(
        clippy::disallowed_methods,
        reason = "the program under test is run as it is"
    )]
    pub(crate) fn converse(&self, arguments: &[&str]) -> impl FnMut(&str) -> Option<String> {
        let mut child = Command::new(env!("CARGO_BIN_EXE_lr-git"))
            .args(arguments)
            .current_dir(self.path(""))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let (sender, lines) = std::sync::mpsc::channel();
        let output = BufReader::new(child.stdout.take().unwrap());
        let mut input = child.stdin.take().unwrap();
        std::thread::spawn(move || {
            let mut answers = output.lines().map_while(Result::ok);
            while answers.next().is_some_and(|line| sender.send(line).is_ok()) {}
            child.wait()
        });
        move |line| {
            input.write_all(line.as_bytes()).unwrap();
            let answer = lines.recv_timeout(Duration::from_secs(20)).ok();
            answer.map(|answer| format!("{answer}\n"))
        }
    }

    /// Begins the run on these files.
    #[track_caller]
    pub(crate) fn start(&self, paths: &[&str]) {
        self.lr(&["start"], &first_check(paths)).code(0);
    }

    /// Writes new versions as lr-apply would, and returns the turn; `None` deletes a file.
    pub(crate) fn apply(&self, turn: u64, versions: &[(&str, Option<&str>)]) -> Value {
        let changes: Vec<Value> = versions
            .iter()
            .map(|(path, text)| self.change(path, *text))
            .collect();
        json!({
            "lr": 1, "run": RUN, "turn": turn,
            "check": check(&["a.py F401"]),
            "reply": {"text": "", "by": "lr-llm", "model": "m"},
            "apply": {"outcome": "applied", "changes": changes, "notes": "Because it was unused."},
        })
    }

    fn change(&self, path: &str, text: Option<&str>) -> Value {
        let before = fs::read(self.path(path)).ok();
        let kind = match (&before, text) {
            (None, _) => "added",
            (_, None) => "deleted",
            _ => "modified",
        };
        match text {
            Some(text) => self.write(path, text),
            None => fs::remove_file(self.path(path)).unwrap(),
        }
        let mut change = json!({"path": path, "kind": kind, "added": 1, "removed": 1});
        if let Some(before) = before {
            change["before"] = sha256_hex(&before).into();
        }
        if let Some(text) = text {
            change["after"] = sha256_hex(text.as_bytes()).into();
        }
        change
    }

    /// Commits one applied turn without further ado, and returns what was written.
    #[track_caller]
    pub(crate) fn commit(&self, turn: &Value) -> Ran {
        self.lr(&["commit"], &line(turn)).code(0)
    }

    /// Asserts that git finds nothing wrong with the repository, and nothing to say about its
    /// state but `status`.
    #[track_caller]
    pub(crate) fn is_sound(&self, status: &str) {
        let ran = self.run(
            "git",
            &["fsck", "--strict", "--no-dangling"],
            Path::new(""),
            "",
        );
        assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{}", ran.stdout);
        assert_eq!(self.git(&["status", "--porcelain"]), status);
    }

    /// Returns the subjects of the commits since the beginning, oldest first.
    pub(crate) fn subjects(&self) -> Vec<String> {
        let log = self.git(&["log", "--reverse", "--format=%s"]);
        log.lines().map(ToOwned::to_owned).collect()
    }
}

/// Returns a first check of these files, as a line.
pub(crate) fn first_check(paths: &[&str]) -> String {
    let sources: Vec<Value> = paths.iter().map(|path| json!({ "path": path })).collect();
    let check = check(&["a.py F401"]);
    line(&json!({"lr": 1, "run": RUN, "turn": 1, "sources": sources, "check": check}))
}

/// Returns a section `check` with one finding for each "path code".
pub(crate) fn check(findings: &[&str]) -> Value {
    let n_findings = findings.len();
    let findings: Vec<Value> = findings.iter().map(|finding| {
        let (path, code) = finding.split_once(' ').unwrap();
        json!({"message": format!("{code} it is"), "location": {"path": path}, "severity": "WARNING",
               "source": {"name": "ruff"}, "code": {"value": code}, "key": finding})
    }).collect();
    json!({"clean": n_findings == 0, "rank": [0, 0, 0, n_findings, 0],
           "results": [{"checker": "ruff", "argv": ["ruff"], "status": if n_findings == 0 { "clean" } else { "findings" }, "findings": findings}]})
}

/// Returns a turn as a line.
pub(crate) fn line(turn: &Value) -> String {
    format!("{turn}\n")
}
