//! Bringing back what files were before some commits of a run, if nobody else has changed them since.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::time::Duration;

use lr_files::{Replacement, sha256_hex};
use lr_stage::{Error, Kind};

use crate::files::{self, Receipt};
use crate::message::count;
use crate::repo::{Commit, Guard, Hooks, Repo, Version, View};
use crate::run::complete_halfway;
use crate::start::working_directory;

/// The repository, seen from the top of its work tree, and nobody else at work in it.
pub(crate) struct Place {
    /// The repository.
    pub(crate) repo: Repo,
    /// The repository, seen from the working directory.
    pub(crate) here: Repo,
    _guard: Guard,
}

impl Place {
    /// Opens it, and completes what was interrupted there.
    pub(crate) fn open(timeout: Duration) -> Result<Self, Error> {
        let here = Repo::open(&working_directory()?)?.with_timeout(timeout);
        let repo = here.at_top();
        let guard = repo.guard()?;
        repo.check_ready()?;
        files::recover(&repo.directory())?;
        files::recover(&here.directory())?;
        complete_halfway(&repo)?;
        Ok(Self {
            repo,
            here,
            _guard: guard,
        })
    }

    /// Returns the run that was named, else that of the present branch.
    pub(crate) fn run(&self, named: Option<&str>) -> Result<String, Error> {
        if let Some(name) = named {
            return Ok(name.to_owned());
        }
        let branch = self.repo.head()?.branch.unwrap_or_default();
        match branch.strip_prefix("lr/") {
            Some(run) => Ok(run.to_owned()),
            None => Err(Error::new(
                Kind::Usage,
                format!("'{branch}' is not the branch of a run"),
            )
            .hint("name the run with --run; 'git branch --list \"lr/*\"' shows them")),
        }
    }
}

/// Returns which hooks run.
pub(crate) fn hooks(no_verify: bool) -> Hooks {
    if no_verify { Hooks::Skip } else { Hooks::Run }
}

/// What commits made of a file.
struct Trace {
    /// Before the first of them that changed the file; none if it was not there.
    original: Option<Version>,
    /// After the last one.
    last: Option<Version>,
    /// Whether somebody changed the file between two of them.
    is_foreign: bool,
}

impl Trace {
    /// Whether a version is the original; one of a file that was gone may lack the executable bit,
    /// which is brought back last.
    fn is_back(&self, version: Option<Version>) -> bool {
        let id = |version: Version| version.id;
        version == self.original
            || (self.last.is_none() && version.map(id) == self.original.map(id))
    }
}

/// What commits made of all files, by their paths from the top of the work tree.
pub(crate) struct Traces(BTreeMap<String, Trace>);

impl Traces {
    /// Follows every file through commits, oldest first.
    pub(crate) fn follow<'c>(
        repo: &Repo,
        commits: impl Iterator<Item = &'c Commit>,
    ) -> Result<Self, Error> {
        let mut traces: BTreeMap<String, Trace> = BTreeMap::new();
        for commit in commits {
            for path in repo.changed_files(commit)? {
                let before = match commit.parent {
                    Some(parent) => repo.version_in(parent, &path)?,
                    None => None,
                };
                let after = repo.version_in(commit.id, &path)?;
                let trace = traces.entry(path).or_insert(Trace {
                    original: before,
                    last: before,
                    is_foreign: false,
                });
                trace.is_foreign |= trace.last != before;
                trace.last = after;
            }
        }
        traces.retain(|_, trace| trace.original != trace.last);
        Ok(Self(traces))
    }

    /// Reads the same off the commit that brought the files back.
    pub(crate) fn of_restore(repo: &Repo, commit: &Commit) -> Result<Self, Error> {
        let Self(mut traces) = Self::follow(repo, [commit].into_iter())?;
        for trace in traces.values_mut() {
            std::mem::swap(&mut trace.original, &mut trace.last);
        }
        Ok(Self(traces))
    }

    /// Leaves out a file.
    pub(crate) fn without(mut self, path: Option<&str>) -> Self {
        self.0.retain(|known, _| Some(known.as_str()) != path);
        self
    }

    /// Returns the files.
    pub(crate) fn paths(&self) -> BTreeSet<String> {
        self.0.keys().cloned().collect()
    }

    /// Returns what has to be written; a file that is back already is left out.
    ///
    /// # Errors
    ///
    /// [`Kind::Changed`], naming the files that somebody else changed since.
    pub(crate) fn plan(&self, view: &mut View<'_>) -> Result<Vec<Replacement>, Error> {
        let mut set = Vec::new();
        let mut foreign = Vec::new();
        for (path, trace) in &self.0 {
            let on_disk = view.on_disk(path)?;
            let is_committed = view.committed(path)? == trace.last && !trace.is_foreign;
            if !is_committed || (on_disk != trace.last && !trace.is_back(on_disk)) {
                foreign.push(format!("'{path}'"));
                continue;
            }
            if trace.is_back(on_disk) {
                continue;
            }
            let after = match trace.original {
                Some(version) => Some(view.restored(path, version)?),
                None => None,
            };
            set.push(Replacement {
                path: path.clone(),
                before: view.bytes(path)?.as_deref().map(sha256_hex),
                after,
            });
        }
        if foreign.is_empty() {
            return Ok(set);
        }
        Err(Error::new(
            Kind::Changed,
            format!("changed since by somebody else: {}", foreign.join(", ")),
        )
        .hint(
            "put those changes aside or take the run's commits back one by one with 'git revert'",
        ))
    }

    /// Writes what is not back already.
    pub(crate) fn write(
        &self,
        view: &View<'_>,
        repo: &Repo,
        set: &[Replacement],
    ) -> Result<(), Error> {
        if !set.is_empty() {
            files::replace(&repo.directory(), set, Receipt::Forget)?;
        }
        for (path, trace) in &self.0 {
            if let Some(version) = trace.original {
                view.restore_mode(path, version)?;
            }
        }
        Ok(())
    }

    /// Says which files they are, after what was done with them.
    pub(crate) fn page(&self, did: &str) -> String {
        let mut page = format!("{did} {}:\n", count(self.0.len(), "file"));
        for line in self.lines() {
            let _ = writeln!(page, "  {line}");
        }
        page
    }

    /// Returns a line for each file.
    pub(crate) fn lines(&self) -> impl Iterator<Item = String> {
        self.0.iter().map(|(path, trace)| match trace.original {
            Some(_) => path.clone(),
            None => format!("{path} (was not there)"),
        })
    }
}
