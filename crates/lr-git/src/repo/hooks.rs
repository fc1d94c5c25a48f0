//! Programs that git runs while a commit is written: hooks, filters, signing, and what those call.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use lr_stage::Error;

use super::called::{self, called_files};
use super::{Hooks, Repo, refuse};

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

/// The keys of a section `filter.<name>` that hold commands.
const FILTER_COMMANDS: [&str; 3] = ["clean", "smudge", "process"];

/// How many files are followed from what git runs to what that calls.
const MOST_FILES: usize = 200;

/// Returns the name of the first hook that git would run.
pub(super) fn active(repo: &Repo, hooks: Hooks) -> Option<String> {
    if configured(repo).next().is_some() {
        return Some("hook.<name>.command".to_owned());
    }
    let mut files = active_files(repo, hooks);
    let name = files.next()?.file_name()?.to_str()?.to_owned();
    Some(name)
}

fn active_files(repo: &Repo, hooks: Hooks) -> impl Iterator<Item = PathBuf> {
    let folder = folder(repo);
    let skipped = match hooks {
        Hooks::Run => 0,
        Hooks::Skip => SKIPPED_BY_NO_VERIFY,
    };
    let paths = HOOKS[skipped..].iter().map(move |name| folder.join(name));
    paths.filter(|path| is_executable(path))
}

/// The commands of hooks that stand in the configuration itself, as newer versions of git allow.
fn configured(repo: &Repo) -> std::vec::IntoIter<String> {
    commands(repo, "hook", &["command"]).into_iter()
}

/// Returns the values of some keys in all sections of a name.
fn commands(repo: &Repo, section: &str, keys: &[&str]) -> Vec<String> {
    let config = repo.gix.config_snapshot();
    let sections = config.plumbing().sections_by_name(section);
    let sections = sections.into_iter().flatten();
    let values = sections.flat_map(|section| {
        let values = keys.iter().filter_map(|key| section.value(key));
        values.map(|value| value.to_string()).collect::<Vec<_>>()
    });
    values.collect()
}

fn folder(repo: &Repo) -> PathBuf {
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

/// What git runs here, as far as it lies in the work tree.
pub(super) struct Programs {
    /// Files that are run, or that take part in what is run, from the top of the work tree.
    files: BTreeSet<String>,
    /// Folders all of whose files count.
    folders: Vec<String>,
    hooks: Hooks,
}

impl Programs {
    /// Finds them: the hooks that are active, the commands in the configuration, and every file
    /// of the work tree that these call, as far as their text tells.
    pub(super) fn of(repo: &Repo, hooks: Hooks) -> Self {
        let mut programs = Self {
            files: BTreeSet::new(),
            folders: Vec::new(),
            hooks,
        };
        let top = repo.top.as_path();
        let mut texts = commands(repo, "filter", &FILTER_COMMANDS);
        texts.extend(commands(repo, "gpg", &["program"]));
        if active(repo, hooks).is_some() {
            let folder = folder(repo);
            programs.folders = HOOK_SOURCES.map(str::to_owned).to_vec();
            programs.folders.extend(inside(top, &folder));
            texts.extend(configured(repo));
            for path in active_files(repo, hooks) {
                programs.files.extend(inside(top, &path));
                texts.extend(called::text_of(&path));
            }
            for source in HOOK_SOURCES {
                texts.extend(called::text_of(&top.join(source)));
            }
        }
        programs.follow(top, texts);
        programs
    }

    fn follow(&mut self, top: &Path, mut texts: Vec<String>) {
        while let Some(text) = texts.pop() {
            for file in called_files(top, &text) {
                if self.files.len() < MOST_FILES && self.files.insert(file.clone()) {
                    texts.extend(called::text_of(&top.join(file)));
                }
            }
        }
    }

    /// Whether a file, named from the top of the work tree, takes part in what git runs.
    fn includes(&self, path: &str) -> bool {
        let name = path.rsplit('/').next().unwrap_or(path);
        let is_skipped = self.hooks == Hooks::Skip && HOOKS[..SKIPPED_BY_NO_VERIFY].contains(&name);
        let mut folders = self.folders.iter();
        self.files.contains(path)
            || (!is_skipped && folders.any(|folder| Path::new(path).starts_with(folder)))
    }
}

/// Returns the name of a path from the top of the work tree, if it lies in it.
fn inside(top: &Path, path: &Path) -> Option<String> {
    let path = path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
    let inside = path.strip_prefix(top).ok()?.to_str()?;
    (!inside.is_empty() && !inside.starts_with(".git/")).then(|| inside.to_owned())
}

impl Repo {
    /// Refuses to let git run what one of these files, which this run changed, takes part in: the
    /// user has not read it yet. The same holds for what is not as the last commit has it, unless
    /// it was `brought_back` to what it was before the run.
    ///
    /// The paths are relative to the top of the work tree.
    pub(crate) fn refuse_changed_programs(
        &self,
        changed: &BTreeSet<String>,
        brought_back: &BTreeSet<String>,
        hooks: Hooks,
    ) -> Result<(), Error> {
        let programs = Programs::of(self, hooks);
        if let Some(path) = changed.iter().find(|path| programs.includes(path)) {
            return Err(refuse(format!(
                "'{path}' is run by a git hook and was changed by this run"
            ))
            .hint("read it first, and commit it yourself; or leave hooks out with --no-verify"));
        }
        if programs.files.is_empty() {
            return Ok(());
        }
        let repo = self.at_top();
        let mut view = repo.view()?;
        for path in programs.files.difference(brought_back) {
            // What is not a text cannot have been written by this run.
            let Ok(Some(committed)) = view.committed(path) else {
                continue;
            };
            if view.on_disk(path).is_ok_and(|disk| disk != Some(committed)) {
                return Err(refuse(format!(
                    "'{path}' is run by a git hook and has changes that are not committed"
                ))
                .hint("commit it yourself first, or put it aside: git stash push"));
            }
        }
        Ok(())
    }
}
