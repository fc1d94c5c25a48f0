//! A run in its repository: its commits are made on its branch, and only where nothing is in the way.

use std::collections::BTreeSet;
use std::time::Duration;

use lr_stage::{Error, Kind, clock, environment, say};
use lr_turn::{Change, Turn};

use crate::commits::{Run, check_tip};
use crate::files;
use crate::message::{CommitKind, Trailers, short};
use crate::preflight;
use crate::repo::{Begun, Commit, Guard, Hooks, Repo, branch_of};
use crate::start::working_directory;
use crate::verify;

/// Which part of which turn of which run a document is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Part {
    /// The run's name.
    pub(crate) run: String,
    turn: u64,
    number: u64,
    of: u64,
}

impl Part {
    /// Returns the trailers of the commit of a kind that this part leads to.
    pub(crate) fn trailers(&self, kind: CommitKind) -> Trailers {
        Trailers {
            run: self.run.clone(),
            turn: self.turn,
            part: self.number,
            kind,
        }
    }

    /// Says it in words, in Markdown: "3, part 1 of 2, of run `r1`".
    pub(crate) fn words(&self) -> String {
        let part = match self.of {
            0 | 1 => String::new(),
            parts => format!(", part {} of {parts},", self.number),
        };
        format!("{}{part} of run `{}`", self.turn, self.run)
    }
}

/// The one repository that lr-git commit works in, opened when it is needed first.
pub(crate) struct Session {
    hooks: Hooks,
    /// Whether to stay on the present branch.
    here: bool,
    /// How long a git command may take, its hooks included.
    timeout: Duration,
    open: Option<Open>,
    /// The run of turns that name none.
    unnamed: Option<String>,
    /// What the turns have changed so far, committed or not, from the top of the work tree.
    applied: BTreeSet<String>,
}

struct Open {
    repo: Repo,
    _guard: Guard,
    runs: Vec<Run>,
}

impl Session {
    /// Makes a session that has not looked at the repository yet.
    pub(crate) fn new(hooks: Hooks, here: bool, timeout: Duration) -> Self {
        Self {
            hooks,
            here,
            timeout,
            open: None,
            unnamed: None,
            applied: BTreeSet::new(),
        }
    }

    /// Returns the repository.
    pub(crate) fn repo(&mut self) -> Result<&Repo, Error> {
        Ok(&self.open()?.repo)
    }

    /// Tells which part of which run a turn is: what a foreign turn does not say is taken from
    /// `LR_RUN` and the present branch, and else it is the first of a new run.
    pub(crate) fn part(&mut self, turn: &Turn) -> Result<Part, Error> {
        let id = turn.id()?;
        let run = match id.run {
            Some(run) => run,
            None => self.unnamed(),
        };
        Ok(Part {
            run,
            turn: id.turn.unwrap_or(1),
            number: id.part.unwrap_or(1),
            of: id.parts.unwrap_or(1),
        })
    }

    /// Makes sure that the part's run may commit on the present branch, and returns its commits.
    ///
    /// # Errors
    ///
    /// [`Kind::Repository`] if somebody else has committed on the run's branch.
    pub(crate) fn settle(&mut self, part: &Part) -> Result<&mut Run, Error> {
        let here = self.here;
        let open = self.open()?;
        let known = open.runs.iter().position(|run| run.is(&part.run));
        let position = if let Some(position) = known {
            position
        } else {
            open.runs.push(begin(&open.repo, &part.run, here)?);
            open.runs.len() - 1
        };
        Ok(&mut open.runs[position])
    }

    /// Returns the commits of a part's run without beginning it, if it may commit here.
    ///
    /// # Errors
    ///
    /// As [`Session::settle`].
    pub(crate) fn look(&mut self, part: &Part) -> Result<Run, Error> {
        let here = self.here;
        let repo = self.repo()?;
        if !here {
            repo.check_begin(&part.run)?;
            check_tip(repo, &part.run)?;
        }
        Run::read(repo, &part.run)
    }

    /// Commits files for a part of a run; `None` if `HEAD` has their versions already.
    ///
    /// # Errors
    ///
    /// [`Kind::Repository`] if a hook refuses, or would have to run although this run changed it.
    pub(crate) fn commit(
        &mut self,
        part: &Part,
        paths: &[String],
        text: &str,
    ) -> Result<Option<Commit>, Error> {
        self.refuse_changed_programs(part)?;
        let hooks = self.hooks;
        let Some(id) = self.repo()?.commit(paths, text, hooks)? else {
            return Ok(None);
        };
        let commit = self.repo()?.commit_at(id)?;
        let Some(trailers) = Trailers::read(&commit.message) else {
            let id = commit.id.to_string();
            return Err(Error::new(
                Kind::Repository,
                format!(
                    "a hook took the trailers out of the commit {}, by which it would be found again",
                    short(&id)
                ),
            )
            .hint("let the hook keep the lines 'Lr-…', or leave hooks out with --no-verify"));
        };
        self.repo()?.keep_tip(&part.run, id);
        let run = self.settle(part)?;
        run.add(trailers, &commit);
        Ok(Some(commit))
    }

    /// Tells which files the parts of a turn have changed, before the first of them is committed.
    pub(crate) fn applied(&mut self, changes: &[&Change]) -> Result<(), Error> {
        let repo = self.repo()?;
        let paths: Vec<String> = changes.iter().map(|c| repo.full(&c.path)).collect();
        self.applied.extend(paths);
        Ok(())
    }

    /// Looks for everything that would be in the way of a part's commits, if they are to begin a
    /// new run: its branch is made only where they can be made, too.
    pub(crate) fn prepare(
        &mut self,
        part: &Part,
        changes: &[Change],
        fixes_file: Option<&str>,
    ) -> Result<(), Error> {
        let (here, hooks) = (self.here, self.hooks);
        let applied = self.applied.clone();
        let repo = self.repo()?;
        if here || repo.head()?.branch == Some(branch_of(&part.run)) {
            return Ok(());
        }
        repo.check_begin(&part.run)?;
        repo.refuse_changed_programs(&applied, &BTreeSet::new(), hooks)?;
        verify::check_changes(repo, changes)?;
        verify::check_filters(repo, changes)?;
        let paths: Vec<&str> = changes.iter().map(|change| change.path.as_str()).collect();
        repo.check_objects(&paths)?;
        preflight::writing(repo, fixes_file)
    }

    /// Refuses to run hooks and the like that this run has changed, in an earlier commit or just
    /// now.
    fn refuse_changed_programs(&mut self, part: &Part) -> Result<(), Error> {
        let hooks = self.hooks;
        let mut changed = self.applied.clone();
        let commits: Vec<Commit> = self.settle(part)?.kept().cloned().collect();
        let repo = self.repo()?;
        for commit in &commits {
            changed.extend(repo.changed_files(commit)?);
        }
        repo.refuse_changed_programs(&changed, &BTreeSet::new(), hooks)
    }

    /// Returns the run of turns that name none. Where no repository can be opened it is a new one:
    /// whoever needs a repository says why.
    fn unnamed(&mut self) -> String {
        let found = self.unnamed.take().or_else(|| environment::var("LR_RUN"));
        let run = found.or_else(|| {
            let branch = self.repo().ok()?.head().ok()?.branch?;
            branch.strip_prefix("lr/").map(ToOwned::to_owned)
        });
        let run = run.unwrap_or_else(clock::run_id);
        self.unnamed.insert(run).clone()
    }

    fn open(&mut self) -> Result<&mut Open, Error> {
        let open = match self.open.take() {
            Some(open) => open,
            None => Open::new(self.timeout)?,
        };
        Ok(self.open.insert(open))
    }
}

impl Open {
    fn new(timeout: Duration) -> Result<Self, Error> {
        let repo = Repo::open(&working_directory()?)?.with_timeout(timeout);
        let guard = repo.guard()?;
        repo.check_ready()?;
        files::recover(&repo.directory())?;
        complete_halfway(&repo)?;
        Ok(Self {
            repo,
            _guard: guard,
            runs: Vec::new(),
        })
    }
}

/// Makes the branch of a run the present one, unless the user wants to stay, and reads its
/// commits.
fn begin(repo: &Repo, name: &str, here: bool) -> Result<Run, Error> {
    let before = repo.head()?;
    if here {
        if let Some(commit) = before.commit {
            repo.keep_base(name, commit)?;
        }
    } else if repo.begin(name)? == Begun::Now {
        let place = before
            .branch
            .unwrap_or_else(|| "the detached HEAD".to_owned());
        say::note(&format!(
            "on the new branch '{}', because '{place}' is not this run's; --here stays there",
            branch_of(name)
        ));
    }
    let run = Run::read(repo, name)?;
    if !here {
        run.complete_base(repo)?;
        run.refuse_foreign_tip(repo)?;
    }
    Ok(run)
}

/// Completes the commit at `HEAD` if it is one of lr's and was killed half-way.
///
/// # Errors
///
/// [`Kind::Repository`] if it is somebody else's: a commit on top would be right, but the next
/// one of the user's would take it back.
pub(crate) fn complete_halfway(repo: &Repo) -> Result<(), Error> {
    let Some(tip) = repo.head()?.commit else {
        return Ok(());
    };
    let commit = repo.commit_at(tip)?;
    let id = tip.to_string();
    if Trailers::read(&commit.message).is_some() {
        if repo.complete_if_killed(&commit)? {
            let id = short(&id);
            say::note(&format!("completed the commit {id}, which was interrupted"));
        }
        return Ok(());
    }
    match repo.halfway(&commit)? {
        None => Ok(()),
        Some(path) => Err(Error::new(
            Kind::Repository,
            format!(
                "the commit {} was interrupted: the index still has the version before it of '{path}'",
                short(&id)
            ),
        )
        .hint("'lr-git recover' brings the index up to it; no file is touched")),
    }
}
