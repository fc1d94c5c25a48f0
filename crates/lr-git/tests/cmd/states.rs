//! Every state of a repository in `states.toml`: each ends right, or in a refusal by name.
//!
//! A row is a name, a script that makes the state in the sandbox (run by `bash -euo pipefail` at
//! the top of its work tree), and what is expected of `lr-git start` and `lr-git commit` there:
//!
//! * nothing: both work. The two commits hold exactly the changed file and FIXES.md; everything
//!   else that was staged, changed or referred to is what it was, and so is what `git status` and
//!   `git fsck` say.
//! * `refused`: `start` ends with 2 and these words, and not a byte of the sandbox has changed.
//!   `commit` on its own refuses as well, with the words of `alone` if there are any; `works` and
//!   `not tried` mean what they say.
//! * `stopped`: `start` works, and `commit` ends with 2 and these words, without a commit.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use serde::Deserialize;

use crate::support::{RUN, Sandbox, first_check, line};

#[derive(Deserialize)]
struct States {
    state: Vec<State>,
}

/// One row of the table.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct State {
    name: String,
    #[serde(default)]
    setup: String,
    /// Where lr-git works, from the top of the first work tree.
    #[serde(default)]
    folder: String,
    /// The source, from there.
    #[serde(default = "a_source")]
    file: String,
    /// Its new version.
    #[serde(default = "a_version")]
    new: String,
    /// Further flags of `lr-git commit`.
    #[serde(default)]
    flags: Vec<String>,
    /// Variables of the environment of everything but the set-up; `$ROOT` is the sandbox.
    #[serde(default)]
    environment: BTreeMap<String, String>,
    refused: Option<String>,
    stopped: Option<String>,
    alone: Option<String>,
    /// A script that has to succeed at the end.
    #[serde(default)]
    check: String,
}

fn a_source() -> String {
    "a.py".to_owned()
}

fn a_version() -> String {
    "print(1)\n".to_owned()
}

/// What can be seen of a sandbox.
#[derive(PartialEq, Eq)]
struct Seen {
    files: BTreeMap<PathBuf, (u32, Vec<u8>)>,
    /// What git says of the index, the references, the state and the soundness.
    said: BTreeMap<&'static str, BTreeSet<String>>,
}

impl Seen {
    /// Returns what differs, in words.
    fn differences(&self, other: &Self, is_relevant: impl Fn(&Path) -> bool) -> String {
        let mut words = String::new();
        let paths: BTreeSet<_> = self.files.keys().chain(other.files.keys()).collect();
        for path in paths.into_iter().filter(|path| is_relevant(path)) {
            if self.files.get(path) != other.files.get(path) {
                let _ = writeln!(words, "changed: {}", path.display());
            }
        }
        for (what, lines) in &self.said {
            let other = &other.said[what];
            if lines != other {
                let gone: Vec<_> = lines.difference(other).collect();
                let new: Vec<_> = other.difference(lines).collect();
                let _ = writeln!(words, "{what}: gone {gone:?}, new {new:?}");
            }
        }
        words
    }
}

/// The sandbox of one row.
struct Trial<'s> {
    state: &'s State,
    sandbox: Sandbox,
}

impl<'s> Trial<'s> {
    fn new(state: &'s State) -> Result<Self, String> {
        let mut sandbox = Sandbox::new();
        // Hooks must not depend on the directory that happens to be the present one.
        let script = ["-euo", "pipefail", "-c", &state.setup];
        let made = sandbox.run("bash", &script, Path::new(""), "");
        if made.code != 0 {
            return Err(format!("the set-up failed: {}{}", made.stdout, made.stderr));
        }
        let root = sandbox.path("..").canonicalize().unwrap();
        for (name, value) in &state.environment {
            sandbox.set(name, &value.replace("$ROOT", root.to_str().unwrap()));
        }
        Ok(Self { state, sandbox })
    }

    fn git(&self, arguments: &[&str]) -> String {
        let ran = self
            .sandbox
            .run("git", arguments, Path::new(&self.state.folder), "");
        format!("{}{}{}", ran.stdout, ran.stderr, ran.code)
    }

    fn see(&self) -> Seen {
        let mut files = BTreeMap::new();
        let root = self.sandbox.path("..").canonicalize().unwrap();
        walk(&root, &root, &mut files);
        let full = self.full();
        let prefix = full.strip_suffix(self.state.file.as_str());
        let log = format!("{}FIXES.md", prefix.unwrap_or_default());
        let is_ours = |line: &&str| {
            [log.as_str(), full.as_str()]
                .iter()
                .any(|name| line.ends_with(&format!("\t{name}")))
                || line.contains(&format!("refs/heads/lr/{RUN}"))
                || line.contains(&format!("refs/lr/{RUN}/base"))
                || line.contains(&format!("refs/lr/{RUN}/tip"))
        };
        let said = [
            ("index", &["ls-files", "-s", "-v", "--full-name", ":/"][..]),
            (
                "references",
                &["for-each-ref", "--format=%(objectname) %(refname)"],
            ),
            ("status", &["--no-optional-locks", "status", "--porcelain"]),
            ("fsck", &["fsck", "--strict", "--no-dangling"]),
        ];
        let said = said.map(|(what, arguments)| {
            let text = self.git(arguments);
            let lines = text.lines().filter(|line| !is_ours(line));
            (what, lines.map(ToOwned::to_owned).collect())
        });
        Seen {
            files,
            said: said.into(),
        }
    }

    /// The name of the source from the top of the work tree, as git shows it in lists.
    fn full(&self) -> String {
        let prefix = self.git(&["rev-parse", "--show-prefix"]);
        let prefix = prefix.lines().next().unwrap_or_default();
        if prefix.ends_with('/') {
            format!("{prefix}{}", self.state.file)
        } else {
            self.state.file.clone()
        }
    }

    /// Writes the new version, and returns the turn that says so.
    fn apply(&self) -> String {
        let path = Path::new(&self.state.folder).join(&self.state.file);
        let path = path.to_str().unwrap();
        let mut turn = self.sandbox.apply(1, &[(path, Some(&self.state.new))]);
        turn["apply"]["changes"][0]["path"] = self.state.file.clone().into();
        line(&turn)
    }

    /// Checks that something ends with this status and these words.
    fn ends(&self, arguments: &[&str], input: &str, code: i32, words: &str) -> Result<(), String> {
        let ran = self.sandbox.lr_in(&self.state.folder, arguments, input);
        let is_right = ran.code == code && ran.stderr.contains(words);
        let is_clean = !ran.stderr.contains('\u{1b}') && !ran.stderr.contains("panicked");
        if is_right && is_clean {
            return Ok(());
        }
        let (got, said) = (ran.code, ran.stderr);
        Err(format!(
            "{arguments:?} ended with {got}, not {code} and '{words}':\n{said}"
        ))
    }

    fn commit(&self, turn: &str, code: i32, words: &str) -> Result<(), String> {
        let flags = self.state.flags.iter().map(String::as_str);
        let arguments: Vec<&str> = ["commit"].into_iter().chain(flags).collect();
        self.ends(&arguments, turn, code, words)
    }

    fn is_unchanged(&self, before: &Seen) -> Result<(), String> {
        let differences = before.differences(&self.see(), |path| {
            let path = path.to_string_lossy();
            // git leaves an empty folder where a hook refuses a reference.
            let is_left = path.ends_with("/lr-git") || path.ends_with("/refs/heads/lr");
            !is_left && !path.contains("/objects/")
        });
        refuse_some(&differences)
    }

    /// Checks that nothing but the source, FIXES.md and the branch of the run has changed.
    fn is_like(&self, before: &Seen) -> Result<(), String> {
        let source = Path::new(&self.state.folder).join(&self.state.file);
        let differences = before.differences(&self.see(), |path| {
            let text = path.to_string_lossy();
            let is_git =
                text.contains(".git/") || text.contains("/.lr") || text.contains("git-dir/");
            let is_source =
                path.ends_with(&self.state.file) || Path::new("work").join(&source) == path;
            !is_git && !is_source && path.file_name() != Some("FIXES.md".as_ref())
        });
        refuse_some(&differences)
    }

    fn commits(&self) -> usize {
        let count = self.git(&["rev-list", "--count", "HEAD"]);
        count
            .lines()
            .next()
            .and_then(|n| n.parse().ok())
            .unwrap_or(0)
    }

    fn names(&self) -> String {
        self.git(&[
            "log",
            "-2",
            "-z",
            "--reverse",
            "--name-only",
            "--format=",
            "--no-renames",
            "--root",
        ])
    }

    fn is_committed(&self, before: &Seen, n_commits: usize) -> Result<(), String> {
        if self.commits() != n_commits + 2 {
            return Err(format!("{} commits after {n_commits}", self.commits()));
        }
        let prefix = self.full();
        let prefix = prefix
            .strip_suffix(self.state.file.as_str())
            .unwrap_or_default();
        let expected = format!("{prefix}{}\0{prefix}FIXES.md\00", self.state.file);
        let names = self.names().replace("\0\0", "\0");
        if names != expected {
            return Err(format!("committed {names:?}, not {expected:?}"));
        }
        self.is_like(before)
    }

    fn check(&self) -> Result<(), String> {
        let script = ["-euo", "pipefail", "-c", &self.state.check];
        let ran = self.sandbox.run("bash", &script, Path::new(""), "");
        match ran.code {
            0 => Ok(()),
            _ => Err(format!("the check failed: {}{}", ran.stdout, ran.stderr)),
        }
    }
}

fn refuse_some(differences: &str) -> Result<(), String> {
    match differences {
        "" => Ok(()),
        _ => Err(differences.to_owned()),
    }
}

/// Collects all files below a folder, with mode and contents; links count as their target's name.
fn walk(root: &Path, folder: &Path, files: &mut BTreeMap<PathBuf, (u32, Vec<u8>)>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let data = path.symlink_metadata().unwrap();
        let name = path.strip_prefix(root).unwrap().to_path_buf();
        let mode = data.permissions().mode();
        if data.is_dir() {
            files.insert(name, (mode, Vec::new()));
            walk(root, &path, files);
        } else if data.is_symlink() {
            let target = fs::read_link(&path).unwrap();
            files.insert(name, (mode, target.as_os_str().as_bytes().to_vec()));
        } else if data.is_file() {
            files.insert(name, (mode, fs::read(&path).unwrap()));
        }
    }
}

/// Tries `start` and then `commit`.
fn try_in_order(state: &State) -> Result<(), String> {
    let trial = Trial::new(state)?;
    let sources = first_check(&[&state.file]);
    let before = trial.see();
    let n_commits = trial.commits();
    if let Some(words) = &state.refused {
        trial.ends(&["start"], &sources, 2, words)?;
        trial.is_unchanged(&before)?;
        return trial.check();
    }
    trial.ends(&["start"], &sources, 0, "")?;
    let turn = trial.apply();
    if let Some(words) = &state.stopped {
        trial.commit(&turn, 2, words)?;
        if trial.commits() != n_commits {
            return Err("something was committed".to_owned());
        }
    } else {
        trial.commit(&turn, 0, "")?;
        trial.is_committed(&before, n_commits)?;
    }
    trial.check()
}

/// Tries `commit` without a `start`.
fn try_alone(state: &State) -> Result<(), String> {
    if state.alone.as_deref() == Some("not tried") {
        return Ok(());
    }
    let trial = Trial::new(state)?;
    let (seen, n_commits) = (trial.see(), trial.commits());
    let turn = trial.apply();
    let applied = trial.see();
    match (&state.refused, &state.stopped, &state.alone) {
        (Some(_), _, None) => {
            trial.commit(&turn, 2, "")?;
            trial.is_unchanged(&applied)
        }
        (None, None, None) => {
            trial.commit(&turn, 0, "")?;
            trial.is_committed(&seen, n_commits)?;
            trial.check()
        }
        (_, _, Some(words)) if words == "works" => trial.commit(&turn, 0, ""),
        (_, Some(words), None) | (_, _, Some(words)) => {
            trial.commit(&turn, 2, words)?;
            if trial.commits() == n_commits {
                Ok(())
            } else {
                Err("something was committed".to_owned())
            }
        }
    }
}

#[test]
fn every_state_ends_right_or_in_a_refusal_by_name() {
    let States { state: states } = toml::from_str(include_str!("states.toml")).unwrap();
    #[expect(clippy::disallowed_methods, reason = "a switch for developers")]
    let wanted = std::env::var("LR_TEST_STATE").unwrap_or_default();
    let queue = Mutex::new(states.iter().filter(|state| state.name.contains(&wanted)));
    let failures = Mutex::new(String::new());
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                while let Some(state) = { queue.lock().unwrap().next() } {
                    for (how, tried) in [("", try_in_order(state)), (" alone", try_alone(state))] {
                        if let Err(why) = tried {
                            let mut failures = failures.lock().unwrap();
                            let _ = writeln!(failures, "== {}{how}: {why}", state.name);
                        }
                    }
                }
            });
        }
    });
    let failures = failures.into_inner().unwrap();
    assert!(failures.is_empty(), "{failures}");
    let names: BTreeSet<_> = states.iter().map(|state| &state.name).collect();
    assert_eq!(names.len(), states.len(), "a name stands twice");
}
