//! The git binary, for what gix must not or cannot do: hooks, signatures, the user's filters.

use std::path::Path;

use lr_exec::{End, Finished, Program, StartError};
use lr_stage::Error;
use lr_turn::Kind;

use super::{Hooks, Oid, Repo, refuse, trouble};

/// How much of each end of git's output is kept; a filtered file has to fit.
const CAPTURE: usize = 32 * 1024 * 1024;

/// How many bytes of what a hook said are shown.
const SHOWN: usize = 4_000;

/// Commits the versions in the work tree of exactly these files.
pub(super) fn commit(
    repo: &Repo,
    paths: &[String],
    message: &str,
    hooks: Hooks,
) -> Result<(), Error> {
    let full: Vec<String> = paths.iter().map(|path| repo.full(path)).collect();
    let view = repo.view()?;
    let new = paths
        .iter()
        .zip(&full)
        .filter(|(path, _)| view.staged(path).is_none());
    let new: Vec<String> = new.map(|(_, full)| full.clone()).collect();
    if !new.is_empty() {
        let mut add = vec![
            "add",
            "--force",
            "--intent-to-add",
            "--pathspec-from-file=-",
            "--pathspec-file-nul",
        ];
        let is_sparse = repo.gix.config_snapshot().boolean("core.sparseCheckout");
        if is_sparse == Some(true) {
            add.push("--sparse");
        }
        succeed("git add", run(repo, &add, nul_separated(&new))?)?;
    }
    let mut arguments = vec![
        "commit",
        "--quiet",
        "--only",
        "--cleanup=whitespace",
        "--pathspec-from-file=-",
        "--pathspec-file-nul",
        "--message",
        message,
    ];
    if hooks == Hooks::Skip {
        arguments.push("--no-verify");
    }
    let committed =
        run(repo, &arguments, nul_separated(&full)).and_then(|done| succeed("git commit", done));
    if committed.is_err() && !new.is_empty() {
        let forget = [
            "rm",
            "--cached",
            "--quiet",
            "--force",
            "--pathspec-from-file=-",
            "--pathspec-file-nul",
        ];
        succeed("git rm --cached", run(repo, &forget, nul_separated(&new))?)?;
    }
    committed.map(|_| ())
}

/// Makes a reference that must not exist.
pub(super) fn make_reference(repo: &Repo, name: &str, id: Oid, message: &str) -> Result<(), Error> {
    let absent = Oid::null(repo.gix.object_hash()).to_string();
    let arguments = [
        "update-ref",
        "--create-reflog",
        "-m",
        message,
        name,
        &id.to_string(),
        &absent,
    ];
    succeed("git update-ref", run(repo, &arguments, Vec::new())?).map(|_| ())
}

/// Lets a reference name a commit, whatever it named before.
pub(super) fn move_reference(repo: &Repo, name: &str, id: Oid, message: &str) -> Result<(), Error> {
    let arguments = ["update-ref", "-m", message, name, &id.to_string()];
    succeed("git update-ref", run(repo, &arguments, Vec::new())?).map(|_| ())
}

/// Lets `HEAD` name another branch, with a line in its log.
pub(super) fn check_out(repo: &Repo, name: &str, message: &str) -> Result<(), Error> {
    let arguments = ["symbolic-ref", "-m", message, "HEAD", name];
    succeed("git symbolic-ref", run(repo, &arguments, Vec::new())?).map(|_| ())
}

/// Returns the hash under which git would store these bytes of a file, after the user's filters.
pub(super) fn stored_id(repo: &Repo, full: &str, bytes: Vec<u8>) -> Result<Oid, Error> {
    let path = format!("--path={full}");
    let done = succeed(
        "git hash-object",
        run(repo, &["hash-object", "--stdin", &path], bytes)?,
    )?;
    let text = done.stdout.text();
    Oid::from_hex(text.trim().as_bytes())
        .map_err(|error| trouble(format!("cannot hash '{full}' with git"), error))
}

/// Returns the bytes that git would check out for a stored version, after the user's filters.
pub(super) fn smudge(repo: &Repo, full: &str, id: Oid) -> Result<Vec<u8>, Error> {
    let path = format!("--path={full}");
    let arguments = ["cat-file", "--filters", &path, &id.to_string()];
    let done = succeed("git cat-file", run(repo, &arguments, Vec::new())?)?;
    if done.stdout.dropped > 0 {
        return Err(refuse(format!(
            "'{full}' is too large for a filter program"
        )));
    }
    Ok(done.stdout.bytes().to_vec())
}

/// Returns the top of the work tree, as the git program sees it.
pub(super) fn top_of(repo: &Repo) -> Result<String, Error> {
    let arguments = ["rev-parse", "--show-toplevel"];
    let done = succeed("git rev-parse", run(repo, &arguments, Vec::new())?)?;
    Ok(done.stdout.text().trim_end_matches('\n').to_owned())
}

/// Signs a commit of a tree, whose object is stored in the folder `objects`.
pub(super) fn sign(repo: &Repo, tree: Oid, objects: &Path) -> Result<(), Error> {
    let known = repo.gix.common_dir().join("objects");
    let tree = tree.to_string();
    let arguments = ["commit-tree", "-S", "-m", "lr-git: a trial", &tree];
    let signed = program(repo, &arguments)
        .env("GIT_OBJECT_DIRECTORY", objects)
        .env("GIT_ALTERNATE_OBJECT_DIRECTORIES", known)
        .run()
        .map_err(|error| needed(repo, error))?;
    let said = signed.stderr.text();
    if signed.succeeded() {
        return Ok(());
    }
    Err(refuse(format!(
        "git cannot sign commits: {}",
        last_bytes(said.trim(), SHOWN)
    ))
    .hint("repair the key, or switch signing off: git config commit.gpgSign false"))
}

/// Returns the contents of an object, which git fetches where it is not there yet.
pub(super) fn fetch(repo: &Repo, id: Oid) -> Result<Vec<u8>, Error> {
    let arguments = ["cat-file", "blob", &id.to_string()];
    let done = succeed("git cat-file", run(repo, &arguments, Vec::new())?)?;
    Ok(done.stdout.bytes().to_vec())
}

/// Makes or removes a linked work tree.
pub(super) fn worktree(repo: &Repo, arguments: &[&str]) -> Result<(), Error> {
    let arguments: Vec<&str> = ["worktree"].iter().chain(arguments).copied().collect();
    let command = format!("git worktree {}", arguments[1]);
    let ran = program(repo, &arguments).run().map_err(|error| {
        trouble("linked work trees need the git program", error).hint("install git")
    })?;
    succeed(&command, ran).map(|_| ())
}

/// Returns what is not as the last commit has it, as `git status` lists it, with NUL between.
pub(super) fn status(repo: &Repo) -> Result<Vec<u8>, Error> {
    let arguments = [
        "--no-optional-locks",
        "status",
        "--porcelain",
        "-z",
        "--untracked-files=normal",
        "--ignore-submodules=none",
    ];
    let done = succeed("git status", run(repo, &arguments, Vec::new())?)?;
    Ok(done.stdout.bytes().to_vec())
}

/// Whether a commit can be reached from any reference.
pub(super) fn has_name(repo: &Repo, id: Oid) -> Result<bool, Error> {
    let id = id.to_string();
    let arguments = ["for-each-ref", "--count=1", "--contains", &id];
    let done = succeed("git for-each-ref", run(repo, &arguments, Vec::new())?)?;
    Ok(!done.stdout.bytes().is_empty())
}

fn run(repo: &Repo, arguments: &[&str], input: Vec<u8>) -> Result<Finished, Error> {
    let ran = program(repo, arguments).stdin_bytes(input).run();
    ran.map_err(|error| needed(repo, error))
}

/// Variables that ask git to read names of files as patterns; they do not go with `--literal-pathspecs`.
const PATTERNS: [&str; 3] = [
    "GIT_GLOB_PATHSPECS",
    "GIT_ICASE_PATHSPECS",
    "GIT_NOGLOB_PATHSPECS",
];

/// Returns git with what always holds: housekeeping is left to the user's own commands, because it
/// would go on in the background; no program is asked which files have changed; and messages are
/// marked with the encoding they are in.
fn program(repo: &Repo, arguments: &[&str]) -> Program {
    let fixed = [
        "git",
        "--literal-pathspecs",
        "-c",
        "gc.auto=0",
        "-c",
        "maintenance.auto=false",
        "-c",
        "core.fsmonitor=false",
        "-c",
        "i18n.commitEncoding=UTF-8",
    ];
    Program::new(fixed.iter().chain(arguments))
        .current_dir(&repo.top)
        .timeout(repo.timeout)
        .capture_limit(CAPTURE)
        .drop_env(lr_config::keys::variables())
        .drop_env(&PATTERNS)
}

/// Says that git could not be run, and what it is needed for.
fn needed(repo: &Repo, error: StartError) -> Error {
    let reason = super::probe::for_gix(repo, Hooks::Run);
    let reason = reason.unwrap_or_else(|| "files have filters of their own".to_owned());
    trouble(
        format!("this repository needs the git program, because {reason}"),
        error,
    )
    .hint("install git, or work without: lr-loop --no-git")
}

/// Refuses what did not end well, with git's own words.
fn succeed(command: &str, done: Finished) -> Result<Finished, Error> {
    let said = format!("{}{}", done.stderr.text(), done.stdout.text());
    match done.end {
        End::Exited(0) => Ok(done),
        End::Interrupted => Err(Error::new(
            Kind::Interrupted,
            format!("'{command}' was interrupted"),
        )),
        End::TimedOut => Err(refuse(format!(
            "'{command}' took longer than {} s",
            done.seconds.round()
        ))
        .hint("does a hook wait for something? --no-verify leaves hooks out")),
        end => Err(refuse(format!(
            "'{command}' failed ({end}): {}",
            last_bytes(said.trim(), SHOWN)
        ))),
    }
}

fn last_bytes(text: &str, limit: usize) -> &str {
    let mut start = text.len().saturating_sub(limit);
    while !text.is_char_boundary(start) {
        start += 1;
    }
    &text[start..]
}

fn nul_separated(paths: &[String]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for path in paths {
        bytes.extend_from_slice(path.as_bytes());
        bytes.push(0);
    }
    bytes
}
