//! `lr-git undo`: a commit that brings back what the files of a run were before it.
//!
//! History stays; FIXES.md is a file like the others and is brought back, too.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use lr_exec::signals;
use lr_files::{Replacement, sha256_hex};
use lr_stage::output::Output;
use lr_stage::{Error, Form, Kind, Status, say};

use crate::args;
use crate::files::{self, Receipt};
use crate::message::{self, CommitKind, Trailers, count, short};
use crate::repo::{Hooks, Repo, Version, View};
use crate::run::{Run, complete_halfway};
use crate::start::working_directory;

/// What a run made of a file.
struct Trace {
    /// Before its first commit that changed the file; none if it was not there.
    original: Option<Version>,
    /// After its last one.
    last: Option<Version>,
    /// Whether somebody changed the file between two of its commits.
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

/// Brings back what the files of a run were before it.
pub(crate) fn run(args: &args::Undo) -> Result<Status, Error> {
    let timeout = Duration::from_secs(args.timeout);
    let repo = Repo::open(&working_directory()?)?
        .at_top()
        .with_timeout(timeout);
    let _guard = repo.guard()?;
    repo.check_ready()?;
    files::recover(&repo.directory())?;
    complete_halfway(&repo)?;
    let name = match &args.run {
        Some(name) => name.clone(),
        None => present_run(&repo)?,
    };
    let run = Run::read(&repo, &name)?;
    let traces = traces(&repo, &run)?;
    let mut view = repo.view()?;
    let set = plan(&mut view, &traces)?;
    let mut output = Output::new(None, Form::Text);
    if run.kept().is_empty() {
        say::note(&format!(
            "nothing to take back: HEAD has no commit of the run '{name}'"
        ));
        return Ok(Status::No);
    }
    if args.dry_run {
        output.text(&say::clean(&page("would bring back", &traces)))?;
        return Ok(Status::Done);
    }
    let held = signals::hold();
    write(&view, &repo, &traces, &set)?;
    let paths: Vec<String> = traces.keys().cloned().collect();
    let trailers = Trailers {
        run: name,
        turn: 0,
        part: 0,
        kind: CommitKind::Undo,
    };
    let text = message::undo(paths.len(), run.kept().len(), &trailers);
    let hooks = if args.no_verify {
        Hooks::Skip
    } else {
        Hooks::Run
    };
    let made = repo.commit(&paths, &text, hooks)?;
    drop(held);
    let Some(id) = made else {
        say::note("nothing to take back: the files are what they were before");
        return Ok(Status::No);
    };
    let mut page = page("brought back", &traces);
    let _ = writeln!(
        page,
        "in the commit {}; 'git checkout -' leads back to your branch",
        short(&id.to_string())
    );
    output.text(&say::clean(&page))?;
    Ok(Status::Done)
}

/// Returns the run of the present branch.
fn present_run(repo: &Repo) -> Result<String, Error> {
    let branch = repo.head()?.branch.unwrap_or_default();
    match branch.strip_prefix("lr/") {
        Some(run) => Ok(run.to_owned()),
        None => Err(Error::new(
            Kind::Usage,
            format!("'{branch}' is not the branch of a run"),
        )
        .hint("name the run with --run; 'git branch --list \"lr/*\"' shows them")),
    }
}

/// Follows every file through the commits of a run that were not taken back, oldest first.
fn traces(repo: &Repo, run: &Run) -> Result<BTreeMap<String, Trace>, Error> {
    let mut traces: BTreeMap<String, Trace> = BTreeMap::new();
    for (_, commit) in run.kept().iter().rev() {
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
    Ok(traces)
}

/// Returns what has to be written; a file that is back already is left out.
///
/// # Errors
///
/// [`Kind::Changed`], naming the files that somebody else changed since.
fn plan(view: &mut View<'_>, traces: &BTreeMap<String, Trace>) -> Result<Vec<Replacement>, Error> {
    let mut set = Vec::new();
    let mut foreign = Vec::new();
    for (path, trace) in traces {
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
    .hint("put those changes aside or take the run's commits back one by one with 'git revert'"))
}

/// Writes what is not back already.
fn write(
    view: &View<'_>,
    repo: &Repo,
    traces: &BTreeMap<String, Trace>,
    set: &[Replacement],
) -> Result<(), Error> {
    if !set.is_empty() {
        files::replace(&repo.directory(), set, Receipt::Forget)?;
    }
    for (path, trace) in traces {
        if let Some(version) = trace.original {
            view.restore_mode(path, version)?;
        }
    }
    Ok(())
}

fn page(did: &str, traces: &BTreeMap<String, Trace>) -> String {
    let mut page = format!("{did} {}:\n", count(traces.len(), "file"));
    for (path, trace) in traces {
        let note = if trace.original.is_none() {
            " (was not there)"
        } else {
            ""
        };
        let _ = writeln!(page, "  {path}{note}");
    }
    page
}
