//! `lr-git start`: the branch of a run, after looking for everything that would be in its way.
//!
//! It refuses now what would hinder a commit later, before a model costs anything.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use lr_stage::output::Output;
use lr_stage::{Common, Error, Form, Kind, Status, clock, environment, input, say, turns};
use lr_turn::{Source, SourceRole, Turn};

use crate::args;
use crate::bring_back::Place;
use crate::commits::{Run, check_tip};
use crate::fixes;
use crate::preflight;
use crate::repo::{Begun, Hooks, Oid, Repo, branch_of};
use crate::settings;

/// How long a git command may take.
const TIMEOUT: Duration = Duration::from_secs(300);

/// Makes the branch of the run that the turns on standard input belong to.
pub(crate) fn run(args: &args::Start, common: &Common) -> Result<Status, Error> {
    let fixes_file = settings::fixes_file(&args.fixes, common)?;
    let mut turns: Vec<Turn> =
        input::read_turns("the turns of a first check")?.collect::<Result<_, _>>()?;
    let mut output = Output::new(args.format, Form::Turn);
    let begun = if args.resume {
        resume(&turns, fixes_file.as_deref())
    } else {
        begin(&turns, fixes_file.as_deref())
    };
    let page = begun.as_deref().unwrap_or_default().to_owned();
    let mut status = turns
        .iter()
        .filter_map(turns::passed_error)
        .max()
        .unwrap_or(Status::Done);
    if let Err(error) = begun {
        status = status.max(error.kind.status());
        say::error(&error);
        for turn in turns.iter_mut().filter(|turn| !turn.has("error")) {
            turn.set(&error.to_section(say::program()));
        }
    }
    match output.form {
        Form::Text => output.text(&say::clean(&page))?,
        Form::Turn => {
            for turn in &turns {
                output.turn(turn)?;
            }
        }
    }
    Ok(status)
}

/// Begins the run and returns what is to be said about it on a page.
fn begin(turns: &[Turn], fixes_file: Option<&str>) -> Result<String, Error> {
    let name = run_of(turns)?.unwrap_or_else(clock::run_id);
    let place = Place::open(TIMEOUT)?;
    let repo = &place.here;
    repo.check_begin(&name)?;
    let sources = sources_of(turns)?;
    repo.refuse_changed_programs(&BTreeSet::new(), &BTreeSet::new(), Hooks::Run)?;
    preflight::sources(repo, &sources)?;
    let paths: Vec<&str> = sources.iter().map(String::as_str).collect();
    repo.check_objects(&paths)?;
    preflight::writing(repo, fixes_file)?;
    check_tip(repo, &name)?;
    let before = repo.head()?;
    let place = match (&before.branch, before.commit) {
        (_, None) => "before the first commit".to_owned(),
        (Some(branch), Some(commit)) => format!("from '{branch}' at {}", commit.to_hex_with_len(8)),
        (None, Some(commit)) => format!("from the detached commit {}", commit.to_hex_with_len(8)),
    };
    let branch = branch_of(&name);
    let words = match repo.begin(&name)? {
        Begun::Now => format!("on the new branch '{branch}', {place}; 'git checkout -' leads back"),
        Begun::Before => format!("on the branch '{branch}', as before"),
    };
    say::note(&words);
    Ok(format!("{words}\n"))
}

/// Returns the working directory.
pub(crate) fn working_directory() -> Result<PathBuf, Error> {
    std::env::current_dir()
        .map_err(|error| Error::new(Kind::Io, "cannot tell the working directory").because(error))
}

/// Looks whether a run that has begun can go on, and returns what is to be said about it on a page.
fn resume(turns: &[Turn], fixes_file: Option<&str>) -> Result<String, Error> {
    let place = Place::open(TIMEOUT)?;
    let repo = &place.here;
    let name = place.run(run_of(turns)?.as_deref())?;
    repo.check_present(&name)?;
    repo.begin(&name)?;
    let run = Run::read(repo, &name)?;
    run.complete_base(repo)?;
    run.refuse_foreign_tip(repo)?;
    let mut changed = BTreeSet::new();
    for commit in run.kept() {
        changed.extend(repo.changed_files(commit)?);
    }
    repo.refuse_changed_programs(&changed, &BTreeSet::new(), Hooks::Run)?;
    let sources = sources_of(turns)?;
    let paths: Vec<&str> = sources.iter().map(String::as_str).collect();
    repo.check_objects(&paths)?;
    let fixes_file = fixes_file.filter(|path| !is_half_written(repo, &run, path));
    preflight::writing(repo, fixes_file)?;
    let words = format!("on the branch '{}', as before", branch_of(&name));
    say::detail(1, &words);
    Ok(format!("{words}\n"))
}

/// Whether the file of fixes has an entry of the run's last fix that may not be committed yet.
fn is_half_written(repo: &Repo, run: &Run, path: &str) -> bool {
    let fixes = run.fixes_since(0);
    let bytes = repo.view().and_then(|view| view.bytes(path));
    let text = bytes.ok().flatten().unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let is_in = |id: Oid| fixes::has_entry_of(&text, &id.to_string());
    fixes.first().is_some_and(|(_, commit)| is_in(commit.id))
}

/// Returns the run that all turns belong to: as they say, else as `LR_RUN` says.
fn run_of(turns: &[Turn]) -> Result<Option<String>, Error> {
    let mut runs = BTreeSet::new();
    for turn in turns {
        runs.extend(turn.id()?.run);
    }
    if runs.len() > 1 {
        let message = format!("the turns on standard input belong to {} runs", runs.len());
        return Err(Error::new(Kind::Input, message).hint("start them one by one"));
    }
    Ok(runs.pop_first().or_else(|| environment::var("LR_RUN")))
}

/// Returns the files that may be changed.
fn sources_of(turns: &[Turn]) -> Result<BTreeSet<String>, Error> {
    let mut paths = BTreeSet::new();
    for turn in turns {
        let sources: Vec<Source> = turn.get()?.unwrap_or_default();
        for source in sources
            .iter()
            .filter(|source| source.role == SourceRole::Edit)
        {
            let path = lr_files::relative_path(&source.path).map_err(|problem| {
                Error::new(
                    Kind::Input,
                    format!("cannot use the source '{}'", source.path),
                )
                .because(problem)
                .hint("work in another directory with -C")
            })?;
            paths.insert(path);
        }
    }
    Ok(paths)
}
