//! The branch of a run.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use gix::refs::transaction::{Change, LogChange, PreviousValue, RefEdit, RefLog};
use gix::refs::{FullName, Target};
use lr_stage::{Error, say};
use lr_turn::Kind;

use super::{Head, Hooks, Oid, Repo, binary, probe, refuse, trouble};

/// What beginning a run found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Begun {
    /// The branch was made, or made whole, and is checked out now.
    Now,
    /// The branch was checked out already.
    Before,
}

/// Returns the name of the branch of a run.
pub(crate) fn branch_of(run: &str) -> String {
    format!("lr/{run}")
}

/// Returns the full name of the reference that keeps where a run began.
///
/// It is not `refs/lr/<run>` itself: git looks for `lr/<run>` there first, and so `git merge` and
/// `git diff` of a run's branch would silently take its beginning.
pub(super) fn base_of(run: &str) -> String {
    format!("refs/lr/{run}/base")
}

/// Returns the full name of the reference that keeps the last commit of a run.
pub(super) fn tip_of(run: &str) -> String {
    format!("refs/lr/{run}/tip")
}

impl Repo {
    /// Makes the branch of a run at `HEAD`, checks it out without touching a file, and keeps
    /// where it began in `refs/lr/<run>/base`. A branch that exists is never moved, and one that
    /// somebody has left since it was begun is not checked out again.
    ///
    /// Where it began is kept last: what has no beginning yet was killed before, and is completed.
    ///
    /// # Errors
    ///
    /// [`Kind::Input`] if the run's name cannot be part of a branch's, and [`Kind::Repository`]
    /// if a branch is in the way.
    pub(crate) fn begin(&self, run: &str) -> Result<Begun, Error> {
        check_name(run)?;
        let name = branch_of(run);
        let head = self.head()?;
        if head.branch.as_deref() == Some(&name) {
            return Ok(Begun::Before);
        }
        self.check_branch(run, &name, &head)?;
        if let Some(commit) = head.commit {
            self.make_reference(
                &format!("refs/heads/{name}"),
                commit,
                "branch: Created from HEAD",
            )?;
        }
        self.check_out(&name, &head)?;
        if let Some(commit) = head.commit {
            self.keep_base(run, commit)?;
        }
        Ok(Begun::Now)
    }

    /// Keeps where a run began, unless that is known already.
    pub(crate) fn keep_base(&self, run: &str, commit: Oid) -> Result<(), Error> {
        check_name(run)?;
        self.make_reference(&base_of(run), commit, "lr: begin")
    }

    /// Keeps the last commit of a run in `refs/lr/<run>/tip` if the run's branch is the present
    /// one: by that, a branch that somebody has moved back or rewritten is told.
    ///
    /// The commit is made already, so that trouble is only told.
    pub(crate) fn keep_tip(&self, run: &str, commit: Oid) {
        let kept = self.head().and_then(|head| {
            if head.branch == Some(branch_of(run)) {
                self.move_reference(&tip_of(run), commit, "lr: commit")
            } else {
                Ok(())
            }
        });
        if let Err(error) = kept {
            say::warn(&error.to_string());
        }
    }

    /// Refuses unless the branch of a run that has begun is the present one.
    ///
    /// # Errors
    ///
    /// [`Kind::Repository`], saying how to get there.
    pub(crate) fn check_present(&self, run: &str) -> Result<(), Error> {
        check_name(run)?;
        let (name, head) = (branch_of(run), self.head()?);
        if head.branch.as_deref() == Some(&name) {
            return Ok(());
        }
        self.refuse_left(run, &name, &head)?;
        if self.branch(&name)?.is_some() {
            return Ok(()); // It was killed while it was made.
        }
        Err(refuse(format!(
            "the run '{run}' has not begun here: there is no branch '{name}'"
        ))
        .hint("'git branch --list \"lr/*\"' shows the branches of runs"))
    }

    /// Refuses if a run has begun, and its branch, which is not the present one, was left or
    /// deleted.
    fn refuse_left(&self, run: &str, name: &str, head: &Head) -> Result<(), Error> {
        let kept = match self.tip(run)? {
            Some(_) => tip_of(run),
            None if self.base(run)?.is_some() => base_of(run),
            None => return Ok(()),
        };
        if self.branch(name)?.is_none() {
            return Err(
                refuse(format!("the branch '{name}' of this run is gone")).hint(format!(
                    "make it again: git checkout -b {name} {kept}; or begin a new run"
                )),
            );
        }
        if let Some(place) = self.checked_out_at(name) {
            return Err(checked_out(name, &place));
        }
        Err(refuse(format!(
            "the branch '{name}' of this run is not checked out, but {}",
            place_of(head)
        ))
        .hint(format!("go on there: git checkout {name}")))
    }

    /// Refuses what would make it impossible to begin a run, without beginning it.
    pub(crate) fn check_begin(&self, run: &str) -> Result<(), Error> {
        check_name(run)?;
        let (name, head) = (branch_of(run), self.head()?);
        if head.branch.as_deref() == Some(&name) {
            return Ok(());
        }
        self.check_branch(run, &name, &head)
    }

    fn check_branch(&self, run: &str, name: &str, head: &Head) -> Result<(), Error> {
        if self.branch("lr")?.is_some() {
            return Err(refuse(format!(
                "the branch 'lr' is in the way of a branch '{name}'"
            ))
            .hint("rename it: git branch -m lr another-name"));
        }
        let folder = format!("refs/lr/{run}");
        if self.reference(&folder)?.is_some() {
            return Err(refuse(format!(
                "the reference '{folder}' is in the way of '{}'",
                base_of(run)
            ))
            .hint(format!("remove it: git update-ref -d {folder}")));
        }
        if let Some(other) = self.branch_below(name)? {
            return Err(refuse(format!(
                "the branch '{other}' is in the way of a branch '{name}'"
            ))
            .hint(format!("rename it: git branch -m {other} another-name")));
        }
        self.refuse_left(run, name, head)?;
        let tip = self.branch(name)?;
        if tip.is_some() && tip != head.commit {
            return Err(
                refuse(format!("the branch '{name}' exists and is not checked out"))
                    .hint(format!("go on with that run: git checkout {name}")),
            );
        }
        if tip.is_some()
            && let Some(place) = self.checked_out_at(name)
        {
            return Err(checked_out(name, &place));
        }
        Ok(())
    }

    /// Finds a branch whose name begins with another and a `/`.
    fn branch_below(&self, name: &str) -> Result<Option<String>, Error> {
        let failed = |error| trouble("cannot read the branches", error);
        let prefix = format!("refs/heads/{name}/");
        let all = self.gix.references().map_err(failed)?;
        let mut below = all.prefixed(prefix.as_str()).map_err(failed)?;
        let found = below.find_map(Result::ok);
        Ok(found.map(|found| found.name().shorten().to_string()))
    }

    /// Finds another work tree of the repository that has a branch checked out.
    fn checked_out_at(&self, name: &str) -> Option<PathBuf> {
        let wanted = format!("ref: refs/heads/{name}");
        let common = self.gix.common_dir();
        let linked = std::fs::read_dir(common.join("worktrees"));
        let linked = linked.into_iter().flatten().flatten();
        let mut folders = linked
            .map(|entry| entry.path())
            .chain([common.to_path_buf()]);
        folders.find(|folder| {
            let head = std::fs::read_to_string(folder.join("HEAD"));
            head.is_ok_and(|head| head.trim_end() == wanted)
        })
    }

    /// Makes a reference, unless it is there: that it is not in another place was looked at.
    fn make_reference(&self, name: &str, id: Oid, message: &str) -> Result<(), Error> {
        if self.reference(name)?.is_some() {
            return Ok(());
        }
        if probe::for_gix(self, Hooks::Run).is_some() {
            return binary::make_reference(self, name, id, message);
        }
        self.edit_reference(name, id, PreviousValue::MustNotExist, message)
    }

    /// Lets a reference name a commit, whatever it named before.
    fn move_reference(&self, name: &str, id: Oid, message: &str) -> Result<(), Error> {
        if probe::for_gix(self, Hooks::Run).is_some() {
            return binary::move_reference(self, name, id, message);
        }
        self.edit_reference(name, id, PreviousValue::Any, message)
    }

    fn edit_reference(
        &self,
        name: &str,
        id: Oid,
        expected: PreviousValue,
        message: &str,
    ) -> Result<(), Error> {
        let edit = update(name, Target::Object(id), expected, message)?;
        let edited = self.gix.edit_reference(edit);
        edited
            .map(|_| ())
            .map_err(|error| trouble(format!("cannot write '{name}'"), error))
    }

    /// Lets `HEAD` name another branch with the same commit, so that no file changes.
    fn check_out(&self, name: &str, head: &Head) -> Result<(), Error> {
        let full = format!("refs/heads/{name}");
        let message = format!("checkout: moving from {} to {name}", describe(head));
        if probe::for_gix(self, Hooks::Run).is_some() {
            return binary::check_out(self, &full, &message);
        }
        let edit = update(
            "HEAD",
            Target::Symbolic(full_name(&full)?),
            PreviousValue::MustExist,
            &message,
        )?;
        let edited = self.gix.edit_reference(edit);
        edited.map_err(|error| trouble(format!("cannot check out '{name}'"), error))?;
        match head.commit {
            Some(commit) => self.log_check_out(commit, &message),
            None => Ok(()),
        }
    }

    /// Writes the line into the log of `HEAD` from which git knows what `git checkout -` means;
    /// gix writes none when a symbolic reference changes.
    fn log_check_out(&self, commit: Oid, message: &str) -> Result<(), Error> {
        let failed = |error: std::io::Error| {
            Error::new(Kind::Io, "cannot write the log of HEAD").because(error)
        };
        let path = self.gix.git_dir().join("logs/HEAD");
        let wanted = self.gix.config_snapshot().string("core.logAllRefUpdates");
        let is_off = wanted
            .is_some_and(|value| ["false", "no", "off", "0"].contains(&value.to_string().as_str()));
        if is_off && !path.exists() {
            return Ok(());
        }
        let committer = self.gix.committer().and_then(Result::ok);
        let signature = committer.and_then(|committer| committer.to_owned().ok());
        let signature = signature.ok_or_else(|| refuse("git knows no name for commits"))?;
        let line = gix::refs::log::Line {
            previous_oid: commit,
            new_oid: commit,
            signature,
            message: message.into(),
        };
        let mut text = Vec::new();
        line.write_to(&mut text).map_err(failed)?;
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(failed)?;
        }
        let log = std::fs::OpenOptions::new()
            .append(true)
            .create(true)
            .open(&path);
        log.and_then(|mut log| log.write_all(&text)).map_err(failed)
    }
}

fn checked_out(name: &str, place: &Path) -> Error {
    refuse(format!(
        "the branch '{name}' is checked out at '{}'",
        place.display()
    ))
    .hint("work there, or begin a new run")
}

/// Names the present place for people.
fn place_of(head: &Head) -> String {
    match (&head.branch, head.commit) {
        (Some(branch), _) => format!("'{branch}'"),
        (None, Some(commit)) => format!("the detached commit {}", commit.to_hex_with_len(8)),
        (None, None) => "no branch".to_owned(),
    }
}

/// Checks the full name of a reference.
pub(super) fn full_name(name: &str) -> Result<FullName, Error> {
    FullName::try_from(name)
        .map_err(|error| trouble(format!("not a name for a reference: '{name}'"), error))
}

/// Refuses the name of a run that cannot be part of a branch's name.
fn check_name(run: &str) -> Result<(), Error> {
    let is_plain = |character: char| character.is_ascii_alphanumeric() || "._-".contains(character);
    let is_valid = !run.starts_with(['.', '-'])
        && run.chars().all(is_plain)
        && FullName::try_from(format!("refs/heads/{}", branch_of(run))).is_ok();
    if is_valid {
        return Ok(());
    }
    Err(Error::new(
        Kind::Input,
        format!("the run '{run}' cannot be part of a branch name"),
    )
    .hint("a run is named by letters, digits, '.', '_' and '-'"))
}

fn update(
    name: &str,
    new: Target,
    expected: PreviousValue,
    message: &str,
) -> Result<RefEdit, Error> {
    Ok(RefEdit {
        change: Change::Update {
            log: LogChange {
                mode: RefLog::AndReference,
                force_create_reflog: false,
                message: message.into(),
            },
            expected,
            new,
        },
        name: full_name(name)?,
        deref: false,
    })
}

/// What git calls the present place in the log of `HEAD`.
fn describe(head: &Head) -> String {
    match (&head.branch, head.commit) {
        (Some(branch), _) => branch.clone(),
        (None, Some(commit)) => commit.to_string(),
        (None, None) => "HEAD".to_owned(),
    }
}
