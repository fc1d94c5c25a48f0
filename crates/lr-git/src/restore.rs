//! `lr-git restore`: a commit that brings back what the files of a run were when a turn began.
//!
//! The entries of FIXES.md stay, and one more says what was taken back. Run again after it was
//! killed, it ends with the same commit.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::time::Duration;

use lr_exec::signals;
use lr_files::{Replacement, sha256_hex};
use lr_stage::output::Output;
use lr_stage::{Common, Error, Form, Kind, Status, environment, exit_zero, say};
use lr_turn::{Id, Turn};

use crate::args;
use crate::bring_back::{self, Place, Traces};
use crate::commits::{Run, turns_of};
use crate::fixes::{self, TakenBack};
use crate::message::{self, CommitKind, Trailers, short};
use crate::repo::{Commit, Repo, View};
use crate::settings;

/// Brings back what the files of a run were when a turn began.
pub(crate) fn run(args: &args::Restore, common: &Common) -> Result<Status, Error> {
    let fixes_file = settings::fixes_file(&args.fixes, common)?;
    let mut output = Output::new(args.format, Form::Turn);
    let done = restore(args, fixes_file.as_deref());
    let status = match &done {
        Ok(Done::Restored { .. }) => Status::Done,
        Ok(Done::Nothing { .. }) => Status::No,
        Err(error) => error.kind.status(),
    };
    match (output.form, done) {
        (Form::Text, done) => match done? {
            Done::Restored { page, .. } => output.text(&say::clean(&page))?,
            Done::Nothing { .. } => {}
        },
        (Form::Turn, Ok(done)) => output.turn(&done.turn())?,
        (Form::Turn, Err(error)) => {
            say::error(&error);
            let mut turn = new_turn(args.run.as_deref());
            turn.set(&error.to_section(say::program()));
            output.turn(&turn)?;
        }
    }
    Ok(exit_zero(status, args.exit_zero))
}

/// What became of it.
enum Done {
    /// There is a commit, made now or before.
    Restored {
        run: String,
        branch: Option<String>,
        commit: String,
        page: String,
    },
    /// Nothing had to be taken back.
    Nothing { run: String },
}

impl Done {
    /// Says it as a turn: one with a section `commit`, if there is a commit.
    fn turn(self) -> Turn {
        match self {
            Self::Nothing { run } => new_turn(Some(&run)),
            Self::Restored {
                run,
                branch,
                commit,
                ..
            } => {
                let mut turn = new_turn(Some(&run));
                turn.set(&lr_turn::Commit {
                    branch,
                    restore: Some(commit),
                    ..Default::default()
                });
                turn
            }
        }
    }
}

/// Makes the turn that is written: of the run, and with the number that `LR_TURN` says.
fn new_turn(run: Option<&str>) -> Turn {
    let mut turn = Turn::new();
    turn.set_id(&Id {
        run: run.map(ToOwned::to_owned),
        turn: environment::var("LR_TURN").and_then(|number| number.parse().ok()),
        part: None,
        parts: None,
    });
    turn
}

fn restore(args: &args::Restore, fixes_file: Option<&str>) -> Result<Done, Error> {
    let place = Place::open(Duration::from_secs(args.timeout))?;
    let repo = &place.repo;
    let name = place.run(args.run.as_deref())?;
    let run = Run::read(repo, &name)?;
    if !args.here {
        repo.check_present(&name)?;
        run.refuse_foreign_tip(repo)?;
    }
    let fixes_file = fixes_file.map(|path| place.here.full(path));
    let branch = repo.head()?.branch;
    if let Some(made) = run.just_restored(args.turn) {
        let id = made.id.to_string();
        say::detail(1, &format!("found {}, which was made before", short(&id)));
        let traces = Traces::of_restore(repo, made)?.without(fixes_file.as_deref());
        return Ok(Done::Restored {
            run: name,
            branch,
            page: page(&traces, &id),
            commit: id,
        });
    }
    let taken = run.fixes_since(args.turn);
    let commits = taken.iter().rev().map(|(_, commit)| commit);
    let traces = Traces::follow(repo, commits)?.without(fixes_file.as_deref());
    if traces.paths().is_empty() {
        say::note(&format!(
            "nothing to take back: the files of the run '{name}' are what they were when turn {} began",
            args.turn
        ));
        return Ok(Done::Nothing { run: name });
    }
    let work = Work {
        repo,
        args,
        name: &name,
        run: &run,
        traces: &traces,
        fixes_file: fixes_file.as_deref(),
    };
    let Some(commit) = work.commit()? else {
        return Ok(Done::Nothing { run: name });
    };
    say::note(&format!(
        "took back {} with the commit {}",
        turns_of(&taken),
        short(&commit)
    ));
    Ok(Done::Restored {
        page: page(&traces, &commit),
        run: name,
        branch,
        commit,
    })
}

fn page(traces: &Traces, commit: &str) -> String {
    let mut page = traces.page("brought back");
    let _ = writeln!(page, "in the commit {}", short(commit));
    page
}

/// What is to be brought back, and how.
struct Work<'a> {
    repo: &'a Repo,
    args: &'a args::Restore,
    name: &'a str,
    run: &'a Run,
    traces: &'a Traces,
    fixes_file: Option<&'a str>,
}

impl Work<'_> {
    /// Brings the files back, writes that down, and commits both; `None` if nothing is different.
    fn commit(&self) -> Result<Option<String>, Error> {
        let Self { repo, traces, .. } = self;
        let taken = self.run.fixes_since(self.args.turn);
        let mut view = repo.view()?;
        let mut set = traces.plan(&mut view)?;
        let mut paths = traces.paths();
        let n_files = paths.len();
        if let Some(file) = self.fixes_file {
            let last = taken.first().map(|(_, commit)| commit.id.to_string());
            let entry = self.entry(last.as_deref().unwrap_or_default())?;
            set.extend(replacement(&mut view, file, &entry)?);
            paths.insert(file.to_owned());
        }
        let hooks = bring_back::hooks(self.args.no_verify);
        repo.refuse_changed_programs(&self.changed_before()?, &paths, hooks)?;
        let held = signals::hold();
        traces.write(&view, repo, &set)?;
        let trailers = Trailers {
            run: self.name.to_owned(),
            turn: self.args.turn,
            part: 0,
            kind: CommitKind::Restore,
        };
        let reason = self.args.reason.as_deref();
        let text = message::restore(&turns_of(&taken), [n_files, taken.len()], reason, &trailers);
        let paths: Vec<String> = paths.into_iter().collect();
        let made = repo.commit(&paths, &text, hooks)?;
        if let Some(id) = made {
            repo.keep_tip(self.name, id);
        }
        drop(held);
        Ok(made.map(|id| id.to_string()))
    }

    /// Returns what is written down: by the last commit that is taken back, it is told from others.
    fn entry(&self, last: &str) -> Result<TakenBack, Error> {
        let taken = self.run.fixes_since(self.args.turn);
        let hash = |commit: &Commit| commit.id.to_string();
        Ok(TakenBack {
            last: last.to_owned(),
            commits: taken.iter().rev().map(|(_, commit)| hash(commit)).collect(),
            date: self.repo.now()?,
            origin: format!("{} of run `{}`", turns_of(&taken), self.name),
            files: self.traces.lines().collect(),
            reason: self.args.reason.clone().unwrap_or_default(),
        })
    }

    /// Returns the files that the turns before have changed, and that stay so.
    fn changed_before(&self) -> Result<BTreeSet<String>, Error> {
        let mut changed = BTreeSet::new();
        for commit in self.run.kept() {
            changed.extend(self.repo.changed_files(commit)?);
        }
        Ok(&changed - &self.traces.paths())
    }
}

/// Returns the file of fixes with an entry at its end, unless it is there.
///
/// # Errors
///
/// [`Kind::Changed`] if somebody has changed the file without committing it.
fn replacement(
    view: &mut View<'_>,
    path: &str,
    entry: &TakenBack,
) -> Result<Option<Replacement>, Error> {
    let existing = view.bytes(path)?;
    let text = existing.as_deref().map(String::from_utf8_lossy);
    let Some(longer) = fixes::append_taken_back(text.as_deref(), entry) else {
        return Ok(None);
    };
    if view.on_disk(path)? != view.committed(path)? {
        let message = format!("'{path}' has changes that are not committed");
        return Err(Error::new(Kind::Changed, message).hint("commit them, then run it again"));
    }
    let after = match existing {
        Some(_) => longer.into_bytes(),
        None => view.for_new_file(path, longer)?,
    };
    Ok(Some(Replacement {
        path: path.to_owned(),
        before: existing.as_deref().map(sha256_hex),
        after: Some(after),
    }))
}
