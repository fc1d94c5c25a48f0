//! A sealed place to run programs in: a folder of its own, an empty home, a fixed git identity and
//! date, no keys, and the programs as they were just built.

use std::fs;
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

use tempfile::TempDir;

/// The moment that every commit in a sandbox was made at.
const DATE: &str = "2026-11-21T01:30:00+00:00";

/// A sealed place to run programs in.
#[derive(Debug)]
pub struct Sandbox {
    folder: TempDir,
    environment: Vec<(String, String)>,
}

/// What a program did.
#[derive(Debug)]
pub struct Outcome {
    /// The exit status; 128 and the signal's number when a signal ended it.
    pub status: i32,
    /// What it wrote on standard output.
    pub stdout: String,
    /// What it wrote on standard error.
    pub stderr: String,
}

impl Sandbox {
    /// Makes an empty folder to work in.
    ///
    /// # Panics
    ///
    /// As everything here, when the machine does not do what a test needs.
    pub fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder for temporary files");
        for name in ["work", "home"] {
            fs::create_dir(folder.path().join(name)).expect("a new folder");
        }
        Self {
            folder,
            environment: Vec::new(),
        }
    }

    /// Makes a copy of a folder beneath `examples/` to work in.
    pub fn with_example(name: &str) -> Self {
        let sandbox = Self::new();
        copy_folder(&project().join("examples").join(name), &sandbox.path());
        sandbox
    }

    /// Returns the working folder.
    pub fn path(&self) -> PathBuf {
        self.folder.path().join("work")
    }

    /// Returns the home folder, which is empty.
    pub fn home(&self) -> PathBuf {
        self.folder.path().join("home")
    }

    /// Sets a variable for all programs run here.
    pub fn set(&mut self, name: &str, value: &str) {
        self.environment.push((name.to_owned(), value.to_owned()));
    }

    /// Writes a file, and the folders it lies in.
    pub fn write(&self, path: &str, contents: impl AsRef<[u8]>) {
        let path = self.path().join(path);
        fs::create_dir_all(path.parent().expect("a path in a folder")).expect("a new folder");
        fs::write(path, contents).expect("a new file");
    }

    /// Reads a text file.
    pub fn read(&self, path: &str) -> String {
        fs::read_to_string(self.path().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    /// Makes the working folder a repository with everything in it committed on `main`.
    pub fn commit_all(&self) {
        self.bash("git init -q -b main && git add -A && git commit -q -m start")
            .success();
    }

    /// Runs a program without standard input.
    pub fn run(&self, program: &str, arguments: &[&str]) -> Outcome {
        let mut command = self.command(program);
        command.args(arguments).stdin(Stdio::null());
        loop {
            match command.output() {
                // A test beside this one has just started a program while this one was being written.
                Err(error) if error.kind() == ErrorKind::ExecutableFileBusy => {
                    std::thread::sleep(Duration::from_millis(10));
                }
                output => {
                    let output = output.unwrap_or_else(|error| panic!("{program}: {error}"));
                    return Outcome::of(&output);
                }
            }
        }
    }

    /// Runs a program with a text on standard input.
    pub fn feed(&self, program: &str, arguments: &[&str], stdin: &str) -> Outcome {
        let mut command = self.command(program);
        let mut child = command
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{program}: {error}"));
        let mut pipe = child.stdin.take().expect("a pipe");
        let text = stdin.to_owned();
        let writer = std::thread::spawn(move || {
            // A program that does not read its input closes the pipe.
            let _ = pipe.write_all(text.as_bytes());
        });
        let output = child.wait_with_output().expect("a program that ends");
        writer.join().expect("a thread that ends");
        Outcome::of(&output)
    }

    /// Runs a text as a strict bash script.
    pub fn bash(&self, script: &str) -> Outcome {
        self.run("bash", &["-euo", "pipefail", "-c", script])
    }

    /// Prepares a program to run here, for tests that handle the process themselves.
    #[expect(
        clippy::disallowed_methods,
        reason = "tests run programs by themselves"
    )]
    pub fn command(&self, program: &str) -> Command {
        let path = std::env::var("PATH").unwrap_or_default();
        let own = [
            programs(),
            venv().join("bin"),
            project().join("target/tools/bin"),
            toolchain(),
        ];
        let own: Vec<_> = own
            .iter()
            .map(|folder| folder.to_str().expect("UTF-8"))
            .collect();
        let path = format!("{}:{path}", own.join(":"));
        let built = programs().join(program);
        let mut command = Command::new(if built.is_file() {
            built
        } else {
            PathBuf::from(program)
        });
        command
            .current_dir(self.path())
            .env_clear()
            .env("PATH", path)
            .env("HOME", self.home())
            .env("LC_ALL", "C.UTF-8")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .envs(["GIT_AUTHOR_NAME", "GIT_COMMITTER_NAME"].map(|name| (name, "A Tester")))
            .envs(["GIT_AUTHOR_EMAIL", "GIT_COMMITTER_EMAIL"].map(|name| (name, "t@example.org")))
            .envs(["GIT_AUTHOR_DATE", "GIT_COMMITTER_DATE"].map(|name| (name, DATE)))
            .envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }
}

impl Default for Sandbox {
    fn default() -> Self {
        Self::new()
    }
}

#[expect(
    clippy::return_self_not_must_use,
    reason = "a requirement may end a chain"
)]
impl Outcome {
    fn of(output: &std::process::Output) -> Self {
        Self {
            status: code(output.status),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// Requires that the program ended with a status.
    pub fn status(self, expected: i32) -> Self {
        assert_eq!(self.status, expected, "{self}");
        self
    }

    /// Requires that the program ended well.
    pub fn success(self) -> Self {
        self.status(0)
    }
}

impl std::fmt::Display for Outcome {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            status,
            stdout,
            stderr,
        } = self;
        write!(
            out,
            "status {status}\n--- stdout\n{stdout}--- stderr\n{stderr}"
        )
    }
}

/// Returns the root of the project.
pub fn project() -> PathBuf {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    tests.parent().expect("a workspace").to_path_buf()
}

/// Returns the folder of the programs that were built with this test.
pub fn programs() -> PathBuf {
    let test = std::env::current_exe().expect("the path of the test");
    let folder = test.ancestors().nth(2).expect("target/PROFILE/deps/test");
    folder.to_path_buf()
}

/// Returns the folder of the toolchain that built this, because what stands in `PATH` may look for it in the home folder.
fn toolchain() -> PathBuf {
    let folder = Path::new(env!("CARGO")).parent();
    folder.expect("the path of cargo").to_path_buf()
}

/// Returns the virtual environment with the pinned checkers, made by `scripts/venv`.
pub fn venv() -> &'static Path {
    static VENV: OnceLock<PathBuf> = OnceLock::new();
    VENV.get_or_init(|| installed_by("scripts/venv"))
}

/// Returns the folder that `scripts/node` made; `None`, and a word about it, where there is no npm.
pub fn node() -> Option<&'static Path> {
    static NODE: OnceLock<PathBuf> = OnceLock::new();
    let node = NODE.get_or_init(|| installed_by("scripts/node"));
    (!node.as_os_str().is_empty()).then_some(node)
}

/// Runs a script that installs what tests need, and returns where.
fn installed_by(script: &str) -> PathBuf {
    #[expect(
        clippy::disallowed_methods,
        reason = "tests run programs by themselves"
    )]
    let output = Command::new(project().join(script))
        .stderr(Stdio::inherit())
        .output()
        .expect(script);
    assert!(output.status.success(), "{script} failed");
    PathBuf::from(String::from_utf8_lossy(&output.stdout).trim())
}

/// Copies a folder with everything in it, modes included.
pub fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a new folder");
    for entry in fs::read_dir(from).unwrap_or_else(|error| panic!("{}: {error}", from.display())) {
        let entry = entry.expect("an entry");
        let target = to.join(entry.file_name());
        if entry.file_type().expect("its type").is_dir() {
            copy_folder(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).expect("a copy");
        }
    }
}

fn code(status: std::process::ExitStatus) -> i32 {
    use std::os::unix::process::ExitStatusExt as _;
    status
        .code()
        .unwrap_or_else(|| 128 + status.signal().unwrap_or_default())
}
