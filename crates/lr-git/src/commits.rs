//! The commits of a run, and which of them still count.

use std::collections::BTreeSet;

use lr_stage::{Error, Kind};

use crate::message::{CommitKind, Trailers, short};
use crate::repo::{Commit, Repo, branch_of};

/// The commits of a run.
pub(crate) struct Run {
    name: String,
    /// Newest first.
    commits: Vec<(Trailers, Commit)>,
}

impl Run {
    /// Reads the commits of a run that `HEAD` has.
    pub(crate) fn read(repo: &Repo, name: &str) -> Result<Self, Error> {
        let commits = repo.history(name)?.into_iter();
        let ours = commits.filter_map(|commit| {
            let trailers = Trailers::read(&commit.message)?;
            (trailers.run == name).then_some((trailers, commit))
        });
        Ok(Self {
            name: name.to_owned(),
            commits: ours.collect(),
        })
    }

    /// Whether it is the run of a name.
    pub(crate) fn is(&self, name: &str) -> bool {
        self.name == name
    }

    /// Takes over a commit that was made just now.
    pub(crate) fn add(&mut self, trailers: Trailers, commit: &Commit) {
        self.commits.insert(0, (trailers, commit.clone()));
    }

    /// Keeps where the run began, on its branch, if it was killed before that.
    pub(crate) fn complete_base(&self, repo: &Repo) -> Result<(), Error> {
        match repo.head()?.commit {
            Some(commit) if self.commits.is_empty() && repo.base(&self.name)?.is_none() => {
                repo.keep_base(&self.name, commit)
            }
            _ => Ok(()),
        }
    }

    /// Refuses if the last commit is somebody else's, or if the last one of the run is gone.
    pub(crate) fn refuse_foreign_tip(&self, repo: &Repo) -> Result<(), Error> {
        self.refuse_lost_tip(repo)?;
        let tip = repo.head()?.commit;
        let last = self.commits.first().map(|(_, commit)| commit.id);
        if tip == repo.base(&self.name)? || last == tip {
            return Ok(());
        }
        let tip = tip.map(|tip| tip.to_string()).unwrap_or_default();
        Err(Error::new(
            Kind::Repository,
            format!(
                "the branch '{}' has a commit that this run did not make: {}",
                branch_of(&self.name),
                short(&tip)
            ),
        )
        .hint("go on nevertheless with --here, or begin a new run"))
    }

    fn refuse_lost_tip(&self, repo: &Repo) -> Result<(), Error> {
        let Some(tip) = repo.tip(&self.name)? else {
            return Ok(());
        };
        if self.commits.iter().any(|(_, commit)| commit.id == tip) {
            return Ok(());
        }
        Err(Error::new(
            Kind::Repository,
            format!(
                "the branch '{}' has no longer the commit {} of this run: somebody has moved it back or rewritten it",
                branch_of(&self.name),
                short(&tip.to_string())
            ),
        )
        .hint(format!(
            "bring it back: git reset --keep refs/lr/{}/tip; or go on nevertheless with --here, or begin a new run",
            self.name
        )))
    }

    /// Finds the commit with these trailers, if it still counts.
    pub(crate) fn find(&self, trailers: &Trailers) -> Option<&Commit> {
        let mut counting = self.counting();
        let found = counting.find(|(known, _)| known == trailers);
        found.map(|(_, commit)| commit)
    }

    /// Returns the commits whose changes are still there, newest first.
    pub(crate) fn kept(&self) -> impl Iterator<Item = &Commit> {
        self.counting().map(|(_, commit)| commit)
    }

    /// Returns the fixes from a turn on that are still there, newest first.
    pub(crate) fn fixes_since(&self, turn: u64) -> Vec<&(Trailers, Commit)> {
        let counting = self.counting();
        let is_wanted =
            |trailers: &Trailers| trailers.kind == CommitKind::Fix && trailers.turn >= turn;
        counting.filter(|(it, _)| is_wanted(it)).collect()
    }

    /// Returns what was committed since everything was taken back last, newest first; this includes
    /// commits that brought a part of it back.
    pub(crate) fn since_undo(&self) -> impl DoubleEndedIterator<Item = &Commit> {
        let commits = self.since_undo_with_trailers();
        commits.iter().map(|(_, commit)| commit)
    }

    /// Returns the newest commit if it brought back what was before a turn.
    pub(crate) fn just_restored(&self, turn: u64) -> Option<&Commit> {
        let (trailers, commit) = self.commits.first()?;
        (trailers.kind == CommitKind::Restore && trailers.turn == turn).then_some(commit)
    }

    fn since_undo_with_trailers(&self) -> &[(Trailers, Commit)] {
        let is_undo = |(trailers, _): &(Trailers, Commit)| trailers.kind == CommitKind::Undo;
        let end = self.commits.iter().position(is_undo);
        &self.commits[..end.unwrap_or(self.commits.len())]
    }

    /// Returns the fixes, with what was written down of them, that no later commit has taken back.
    fn counting(&self) -> impl Iterator<Item = &(Trailers, Commit)> {
        let mut taken_back = u64::MAX;
        let commits = self.since_undo_with_trailers().iter();
        commits.filter(move |(trailers, _)| {
            let is_restore = trailers.kind == CommitKind::Restore;
            if is_restore {
                taken_back = taken_back.min(trailers.turn);
            }
            !is_restore && trailers.turn < taken_back
        })
    }
}

/// Says in words which turns some commits belong to: `turn 3`, `turns 3 and 5`, `turns 3 to 7`.
pub(crate) fn turns_of(commits: &[&(Trailers, Commit)]) -> String {
    let turns: BTreeSet<u64> = commits.iter().map(|(it, _)| it.turn).collect();
    match turns.iter().collect::<Vec<_>>()[..] {
        [] => "no turn".to_owned(),
        [one] => format!("turn {one}"),
        [first, second] => format!("turns {first} and {second}"),
        [first, .., last] => format!("turns {first} to {last}"),
    }
}

/// Refuses if the branch of a run is the present one and somebody else has committed on it.
pub(crate) fn check_tip(repo: &Repo, name: &str) -> Result<(), Error> {
    if repo.head()?.branch == Some(branch_of(name)) {
        let run = Run::read(repo, name)?;
        run.complete_base(repo)?;
        return run.refuse_foreign_tip(repo);
    }
    Ok(())
}
