//! What kind of repository this is: what is refused, and what is left to the git binary.
//!
//! The whitelist is [`for_gix`]: a repository that none of its reasons concern is ordinary.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use lr_stage::Error;
use lr_turn::Kind;

use super::{Hooks, Repo, refuse, trouble};

/// How long a lock may be held by a program that is at work before it is reported.
const LOCK_PATIENCE: Duration = Duration::from_millis(600);

/// The hooks that git runs while a branch is made or a commit is written.
const HOOKS: [&str; 7] = [
    "pre-commit",
    "commit-msg",
    "prepare-commit-msg",
    "post-commit",
    "reference-transaction",
    "post-index-change",
    "pre-auto-gc",
];

/// How many of [`HOOKS`], from the front, `git commit --no-verify` leaves out.
const SKIPPED_BY_NO_VERIFY: usize = 2;

/// Files outside the hooks directory that well-known hook managers run commands from.
const HOOK_SOURCES: [&str; 8] = [
    ".husky",
    ".lefthook",
    ".pre-commit-config.yaml",
    "lefthook.yml",
    "lefthook.yaml",
    ".lefthook.yml",
    ".lefthook.yaml",
    "lefthook.toml",
];

/// Refuses a repository of another owner, where git refuses as well and gix would ignore half of
/// the configuration.
pub(super) fn owner(repo: &Repo) -> Result<(), Error> {
    if repo.gix.git_dir_trust() == gix::sec::Trust::Full {
        return Ok(());
    }
    let top = repo.top.display();
    Err(
        refuse(format!("the repository '{top}' belongs to somebody else")).hint(format!(
            "if you trust it: git config --global --add safe.directory '{top}'"
        )),
    )
}

/// Refuses references that are stored in a way gix cannot read.
pub(super) fn references(repo: &Repo) -> Result<(), Error> {
    let storage = repo.gix.config_snapshot().string("extensions.refStorage");
    match storage.map(|name| name.to_string()) {
        Some(name) if name != "files" => Err(refuse(format!(
            "the references of '{}' are stored as '{name}', which lr-git cannot read",
            repo.top.display()
        ))
        .hint("'git refs migrate --ref-format=files' converts them; or work without: lr-loop --no-git")),
        _ => Ok(()),
    }
}

/// Refuses while a merge, rebase or the like is in progress.
pub(super) fn operation(repo: &Repo) -> Result<(), Error> {
    use gix::state::InProgress as State;

    let Some(state) = repo.gix.state() else {
        return Ok(());
    };
    let name = match state {
        State::ApplyMailbox | State::ApplyMailboxRebase => "am",
        State::Bisect => "bisect",
        State::CherryPick | State::CherryPickSequence => "cherry-pick",
        State::Merge => "merge",
        State::Rebase | State::RebaseInteractive => "rebase",
        State::Revert | State::RevertSequence => "revert",
    };
    Err(refuse(format!(
        "a git {name} is in progress in '{}'",
        repo.top.display()
    ))
    .hint(format!(
        "finish it, or end it with 'git {name} {}'",
        if name == "bisect" { "reset" } else { "--abort" }
    )))
}

/// Refuses while somebody else holds a lock that a commit needs, naming it with its age.
///
/// A lock is never removed: whether its owner is still alive cannot be known here.
pub(super) fn locks(repo: &Repo) -> Result<(), Error> {
    let started = std::time::Instant::now();
    loop {
        let Some(lock) = held_locks(repo)?.into_iter().next() else {
            return Ok(());
        };
        if started.elapsed() >= LOCK_PATIENCE {
            return Err(Error::new(Kind::Locked, format!("another program holds the lock '{}', {}", lock.display(), age(&lock)))
                .hint("wait for it to end; if no git is running, the lock is left over: look at 'git status', then remove the file"));
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn held_locks(repo: &Repo) -> Result<Vec<PathBuf>, Error> {
    let git_dir = repo.gix.git_dir();
    let common = repo.gix.common_dir();
    let mut locks = vec![
        with_lock_suffix(&repo.gix.index_path()),
        git_dir.join("HEAD.lock"),
        common.join("packed-refs.lock"),
    ];
    if let Some(branch) = repo.head()?.branch {
        locks.push(common.join(format!("refs/heads/{branch}.lock")));
    }
    for folder in ["refs/heads/lr", "refs/lr"] {
        let entries = std::fs::read_dir(common.join(folder)).into_iter().flatten();
        let paths = entries.flatten().map(|entry| entry.path());
        locks.extend(paths.filter(|path| path.extension().is_some_and(|end| end == "lock")));
    }
    locks.retain(|lock| lock.symlink_metadata().is_ok());
    Ok(locks)
}

fn with_lock_suffix(path: &Path) -> PathBuf {
    let mut path = path.as_os_str().to_owned();
    path.push(".lock");
    path.into()
}

fn age(path: &Path) -> String {
    let modified = path.symlink_metadata().and_then(|data| data.modified());
    let age = modified.ok().and_then(|time| time.elapsed().ok());
    match age.unwrap_or_default().as_secs() {
        0..120 => "made just now".to_owned(),
        seconds @ 120..7_200 => format!("made {} minutes ago", seconds / 60),
        seconds @ 7_200..172_800 => format!("made {} hours ago", seconds / 3_600),
        seconds => format!("made {} days ago", seconds / 86_400),
    }
}

/// Refuses if git does not know whose name to write into commits.
pub(super) fn identity(repo: &Repo) -> Result<(), Error> {
    for (role, person) in [
        ("author", repo.gix.author()),
        ("committer", repo.gix.committer()),
    ] {
        match person {
            Some(Ok(person)) if !person.name.is_empty() && !person.email.is_empty() => {}
            Some(Err(error)) => {
                return Err(trouble(format!("cannot read the {role} of commits"), error));
            }
            _ => {
                return Err(refuse(format!(
                    "git knows no name and e-mail address for the {role} of commits"
                ))
                .hint(
                    "set them: git config --global user.name 'Your Name', and user.email likewise",
                ));
            }
        }
    }
    Ok(())
}

/// Refuses an index that cannot be read or that holds unmerged files.
pub(super) fn index(repo: &Repo) -> Result<(), Error> {
    let index = super::index::read(repo)?;
    let unmerged = index
        .entries()
        .iter()
        .find(|entry| entry.stage() != gix::index::entry::Stage::Unconflicted);
    match unmerged {
        None => Ok(()),
        Some(entry) => Err(refuse(format!("'{}' is not merged", entry.path(&index)))
            .hint("resolve the conflict and commit it first")),
    }
}

/// Says why gix must not write here, so that the git binary does; `None` for an ordinary
/// repository.
pub(super) fn for_gix(repo: &Repo, hooks: Hooks) -> Option<String> {
    let config = repo.gix.config_snapshot();
    let is_set = |key: &'static str| config.boolean(key).unwrap_or(false);
    if let Some(hook) = active_hook(repo, hooks) {
        return Some(format!("the hook '{hook}' is active"));
    }
    if is_set("commit.gpgSign") {
        return Some("commits are signed".to_owned());
    }
    if is_set("core.sparseCheckout") && is_set("index.sparse") {
        return Some("the index is sparse".to_owned());
    }
    let shared = config.string("core.sharedRepository");
    if shared.is_some_and(|value| !["umask", "false", "0"].contains(&value.to_string().as_str())) {
        return Some("the repository is shared".to_owned());
    }
    let encoding = config.string("i18n.commitEncoding");
    if encoding.is_some_and(|name| !name.to_string().eq_ignore_ascii_case("utf-8")) {
        return Some("commit messages are not UTF-8".to_owned());
    }
    if config.string("extensions.partialClone").is_some() {
        return Some("it is a partial clone".to_owned());
    }
    None
}

/// Returns the name of the first hook that git would run.
fn active_hook(repo: &Repo, hooks: Hooks) -> Option<String> {
    if configured_hooks(repo) {
        return Some("hook.<name>.command".to_owned());
    }
    let folder = hooks_folder(repo);
    let skipped = match hooks {
        Hooks::Run => 0,
        Hooks::Skip => SKIPPED_BY_NO_VERIFY,
    };
    let active = HOOKS[skipped..]
        .iter()
        .find(|name| is_executable(&folder.join(name)));
    active.map(|name| (*name).to_owned())
}

/// Whether hooks stand in the configuration itself, as newer versions of git allow.
fn configured_hooks(repo: &Repo) -> bool {
    let config = repo.gix.config_snapshot();
    let sections = config.plumbing().sections_by_name("hook");
    sections.is_some_and(|mut sections| sections.next().is_some())
}

fn hooks_folder(repo: &Repo) -> PathBuf {
    let configured = repo.gix.config_snapshot().trusted_path("core.hooksPath");
    match configured {
        Ok(Some(path)) => repo.top.join(path),
        _ => repo.gix.common_dir().join("hooks"),
    }
}

fn is_executable(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;

    path.metadata()
        .is_ok_and(|data| data.is_file() && data.permissions().mode() & 0o111 != 0)
}

/// Whether git would run a hook.
pub(super) fn runs_hooks(repo: &Repo) -> bool {
    active_hook(repo, Hooks::Run).is_some()
}

/// Returns the first of `paths`, relative to the top of the work tree, that is a hook or that a
/// hook manager takes its commands from.
pub(super) fn hook_source<'p>(repo: &Repo, paths: &'p BTreeSet<String>) -> Option<&'p str> {
    let folder = hooks_folder(repo);
    let folder = folder.canonicalize().unwrap_or(folder);
    let inside = folder.strip_prefix(&repo.top).ok();
    let is_source = |path: &Path| {
        inside.is_some_and(|folder| path.starts_with(folder))
            || HOOK_SOURCES.iter().any(|source| path.starts_with(source))
    };
    paths
        .iter()
        .map(String::as_str)
        .find(|path| is_source(Path::new(path)))
}
