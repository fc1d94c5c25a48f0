//! A repository that is open, and what its references say.

use std::path::{Path, PathBuf};
use std::time::Duration;

use lr_stage::Error;
use lr_turn::Kind;

use super::{Oid, branch, locks, probe};

/// A repository with a work tree, seen from a working directory inside it.
pub(crate) struct Repo {
    pub(super) gix: gix::Repository,
    /// The top of the work tree.
    pub(super) top: PathBuf,
    /// The working directory below the top: empty, or ending in `/`.
    prefix: String,
    /// How long a git command may take, its hooks included.
    pub(super) timeout: Duration,
}

/// Finds the repository that a directory lies in. As for git, a `GIT_CEILING_DIRECTORIES` that is none of its parents
/// is no hindrance.
fn discovered(dir: &Path) -> Result<gix::Repository, gix::Error> {
    let upwards = gix::discover::upwards::Options {
        match_ceiling_dir_or_error: false,
        ..Default::default()
    };
    gix::ThreadSafeRepository::discover_with_environment_overrides_opts(
        dir,
        upwards,
        gix::sec::trust::Mapping::default(),
    )
    .map(Into::into)
}

/// How long a git command may take unless somebody says otherwise.
const TIMEOUT: Duration = Duration::from_secs(300);

/// What `HEAD` points at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Head {
    /// The commit; none in a repository or on a branch without one.
    pub(crate) commit: Option<Oid>,
    /// The branch without `refs/heads/`; none when detached.
    pub(crate) branch: Option<String>,
}

impl Repo {
    /// Opens the repository that the directory `dir` lies in.
    ///
    /// # Errors
    ///
    /// [`Kind::Repository`] if there is none, if it has no work tree, if it belongs to somebody
    /// else, or if it is stored in a way that gix cannot read.
    pub(crate) fn open(dir: &Path) -> Result<Self, Error> {
        let dir = dir.canonicalize().map_err(|error| {
            Error::new(Kind::Io, format!("cannot enter '{}'", dir.display())).because(error)
        })?;
        let gix = discovered(&dir).map_err(|error| unusable(&dir, error))?;
        let Some(top) = gix.workdir() else {
            return Err(refuse(format!(
                "'{}' has no work tree: it is a bare repository",
                gix.git_dir().display()
            ))
            .hint("work in a clone of it, or without git: lr-loop --no-git"));
        };
        let top = top.canonicalize().map_err(|error| {
            Error::new(Kind::Io, format!("cannot enter '{}'", top.display())).because(error)
        })?;
        let prefix = prefix_of(&dir, &top)?;
        let mut repo = Self {
            gix,
            top,
            prefix,
            timeout: TIMEOUT,
        };
        probe::redirections(&repo)?;
        probe::owner(&repo)?;
        probe::references(&repo)?;
        repo.gix.object_cache_size_if_unset(8 * 1024 * 1024);
        Ok(repo)
    }

    /// Ends git commands, with their hooks, after this time.
    pub(crate) fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Opens the same repository from the top of its work tree, where paths are relative to it.
    pub(crate) fn at_top(&self) -> Self {
        Self {
            gix: self.gix.clone(),
            top: self.top.clone(),
            prefix: String::new(),
            timeout: self.timeout,
        }
    }

    /// Returns the working directory as an absolute path.
    pub(crate) fn directory(&self) -> PathBuf {
        let mut directory = self.top.clone();
        directory.extend(self.prefix.split_terminator('/'));
        directory
    }

    /// Returns a path as the repository has it: relative to the top of the work tree.
    pub(crate) fn full(&self, path: &str) -> String {
        format!("{}{path}", self.prefix)
    }

    /// Refuses a state of the repository in which nothing may be committed: an operation in
    /// progress, unmerged files, locks that somebody left, no name for commits.
    pub(crate) fn check_ready(&self) -> Result<(), Error> {
        probe::operation(self)?;
        locks::check(self)?;
        probe::identity(self)?;
        probe::index(self)
    }

    /// Reads what `HEAD` points at.
    pub(crate) fn head(&self) -> Result<Head, Error> {
        let failed = |error| trouble("cannot read HEAD", error);
        let mut head = self.gix.head().map_err(failed)?;
        let branch = head.referent_name().map(|name| name.shorten().to_string());
        // A branch can name another one, in place of a commit.
        let commit = head.try_peel_to_id().map_err(failed)?;
        Ok(Head {
            commit: commit.map(gix::Id::detach),
            branch,
        })
    }

    /// Returns where the run began, as kept in `refs/lr/<run>/base`.
    pub(crate) fn base(&self, run: &str) -> Result<Option<Oid>, Error> {
        self.reference(&branch::base_of(run))
    }

    /// Returns the last commit of a run, as kept in `refs/lr/<run>/tip`.
    pub(crate) fn tip(&self, run: &str) -> Result<Option<Oid>, Error> {
        self.reference(&branch::tip_of(run))
    }

    /// Returns the tip of a branch that is named without `refs/heads/`.
    pub(crate) fn branch(&self, name: &str) -> Result<Option<Oid>, Error> {
        self.reference(&format!("refs/heads/{name}"))
    }

    pub(super) fn reference(&self, name: &str) -> Result<Option<Oid>, Error> {
        let failed = |error| trouble(format!("cannot read the reference '{name}'"), error);
        match self.gix.try_find_reference(name).map_err(failed)? {
            Some(mut reference) => {
                let id = reference.peel_to_id().map_err(failed)?;
                Ok(Some(id.detach()))
            }
            None => Ok(None),
        }
    }
}

/// Returns the working directory below the top of the work tree.
fn prefix_of(dir: &Path, top: &Path) -> Result<String, Error> {
    let below = dir.strip_prefix(top).map_err(|_| {
        refuse(format!(
            "'{}' lies outside the work tree '{}'",
            dir.display(),
            top.display()
        ))
    })?;
    let mut prefix = String::new();
    for name in below {
        let name = name.to_str().ok_or_else(|| {
            refuse(format!(
                "the name of the directory '{}' is not UTF-8",
                dir.display()
            ))
        })?;
        prefix.push_str(name);
        prefix.push('/');
    }
    Ok(prefix)
}

/// Says why gix could not open a repository at or above `dir`.
fn unusable(dir: &Path, error: gix::Error) -> Error {
    let is_there = dir.ancestors().any(|parent| parent.join(".git").exists());
    if is_there || dir.join("HEAD").exists() {
        return trouble(
            format!("cannot use the git repository at '{}'", dir.display()),
            error,
        )
        .hint("work without git: lr-loop --no-git");
    }
    refuse(format!("not inside a git repository: '{}'", dir.display()))
        .hint("make one with 'git init' and a first commit, or work without: lr-loop --no-git")
}

/// A state of the repository that lr-git does not work in.
pub(super) fn refuse(message: impl Into<String>) -> Error {
    Error::new(Kind::Repository, message)
}

/// Something that should have worked and did not.
pub(super) fn trouble(
    message: impl Into<String>,
    error: impl std::error::Error + Send + Sync + 'static,
) -> Error {
    Error::new(Kind::Repository, message).because(error)
}
