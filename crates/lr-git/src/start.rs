//! `lr-git start`: the branch of a run, after looking for everything that would be in its way.
//!
//! It refuses now what would hinder a commit later, before a model costs anything.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use lr_stage::output::Output;
use lr_stage::{Common, Error, Form, Kind, Status, clock, environment, input, say, turns};
use lr_turn::{Source, SourceRole, Turn};

use crate::args;
use crate::files;
use crate::message::count;
use crate::repo::{Begun, Mode, Repo, View, branch_of};
use crate::settings;

/// How many files a message names.
const NAMED: usize = 5;

/// Makes the branch of the run that the turns on standard input belong to.
pub(crate) fn run(args: &args::Start, common: &Common) -> Result<Status, Error> {
    let fixes_file = settings::fixes_file(&args.fixes, common)?;
    let mut turns: Vec<Turn> =
        input::read_turns("the turns of a first check")?.collect::<Result<_, _>>()?;
    let mut output = Output::new(args.format, Form::Turn);
    let begun = begin(&turns, fixes_file.as_deref());
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
    let run = run_of(turns)?;
    let directory = working_directory()?;
    let repo = Repo::open(&directory)?;
    let _guard = repo.guard()?;
    repo.check_ready()?;
    files::recover(&directory)?;
    repo.check_begin(&run)?;
    let mut view = repo.view()?;
    let sources = sources_of(turns)?;
    check_sources(&mut view, &directory, &sources)?;
    let paths: Vec<&str> = sources.iter().map(String::as_str).collect();
    repo.check_objects(&view, &paths)?;
    files::check_journal(&directory)?;
    if let Some(path) = fixes_file {
        check_fixes_file(&mut view, &directory, path)?;
    }
    let before = repo.head()?;
    let place = match (&before.branch, before.commit) {
        (_, None) => "before the first commit".to_owned(),
        (Some(branch), Some(commit)) => format!("from '{branch}' at {}", commit.to_hex_with_len(8)),
        (None, Some(commit)) => format!("from the detached commit {}", commit.to_hex_with_len(8)),
    };
    let branch = branch_of(&run);
    let words = match repo.begin(&run)? {
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

/// Returns the run that all turns belong to: as they say, else as `LR_RUN` says, else a new one.
fn run_of(turns: &[Turn]) -> Result<String, Error> {
    let mut runs = BTreeSet::new();
    for turn in turns {
        runs.extend(turn.id()?.run);
    }
    if runs.len() > 1 {
        let message = format!("the turns on standard input belong to {} runs", runs.len());
        return Err(Error::new(Kind::Input, message).hint("start them one by one"));
    }
    let run = runs.pop_first().or_else(|| environment::var("LR_RUN"));
    Ok(run.unwrap_or_else(clock::run_id))
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

/// Refuses sources that could not be brought back: those that `HEAD` does not have as they are.
fn check_sources(
    view: &mut View<'_>,
    directory: &Path,
    sources: &BTreeSet<String>,
) -> Result<(), Error> {
    let (mut unknown, mut dirty, mut staged) = (Vec::new(), Vec::new(), Vec::new());
    for path in sources {
        let Some(committed) = view.committed(path)? else {
            check_owner(directory, path)?;
            unknown.push(path.as_str());
            continue;
        };
        if committed.mode == Mode::Other {
            return Err(Error::new(
                Kind::Repository,
                format!("'{path}' is not a file in the last commit"),
            ));
        }
        if view.on_disk(path)? != Some(committed) {
            dirty.push(path.as_str());
        } else if view.staged(path) != Some(committed) {
            staged.push(path.as_str());
        }
    }
    refuse_some(
        &unknown,
        "not committed yet, so that it could not be brought back",
        |names| format!("commit first: git add {names} && git commit"),
    )?;
    refuse_some(&dirty, "changed since the last commit", |names| {
        format!("commit or put aside first: git stash push -- {names}")
    })?;
    refuse_some(
        &staged,
        "another version in the index than in the last commit and on the disk",
        |names| {
            format!(
                "'git reset -- {names}' takes the version of the last commit; a 'git commit' that was killed leaves this, too"
            )
        },
    )
}

/// Refuses if there are such files, naming the first of them.
fn refuse_some(paths: &[&str], what: &str, hint: impl FnOnce(&str) -> String) -> Result<(), Error> {
    if paths.is_empty() {
        return Ok(());
    }
    let quoted: Vec<String> = paths
        .iter()
        .take(NAMED)
        .map(|path| format!("'{path}'"))
        .collect();
    let more = match paths.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {}", count(more, "other file")),
    };
    let words = paths.iter().take(NAMED).map(|path| shell_word(path));
    let names = words.collect::<Vec<_>>().join(" ");
    let message = format!("{what}: {}{more}", quoted.join(", "));
    Err(Error::new(Kind::Repository, message).hint(hint(&names)))
}

/// Returns a path as one word of a shell command.
fn shell_word(path: &str) -> String {
    let is_plain =
        |character: char| character.is_ascii_alphanumeric() || "._-/+@".contains(character);
    if path.chars().all(is_plain) && !path.starts_with('-') {
        path.to_owned()
    } else {
        format!("'{}'", path.replace('\'', r"'\''"))
    }
}

/// Refuses a file that belongs to a submodule or another repository inside this one.
fn check_owner(directory: &Path, path: &str) -> Result<(), Error> {
    let folders = path.rmatch_indices('/').map(|(end, _)| &path[..end]);
    for folder in folders {
        if directory
            .join(folder)
            .join(".git")
            .symlink_metadata()
            .is_ok()
        {
            return Err(Error::new(
                Kind::Repository,
                format!("'{path}' belongs to another repository, at '{folder}'"),
            )
            .hint(format!("work there: -C {}", shell_word(folder))));
        }
    }
    Ok(())
}

/// Refuses a file of fixes that has changes which are not committed: they would be taken along.
fn check_fixes_file(view: &mut View<'_>, directory: &Path, path: &str) -> Result<(), Error> {
    let committed = view.committed(path)?;
    if directory.join(path).is_dir() {
        return Err(Error::new(
            Kind::Repository,
            format!("fixes cannot be written down in '{path}': it is a directory"),
        )
        .hint("name another file with --fixes-file"));
    }
    if view.on_disk(path)? == committed && view.staged(path) == committed {
        return Ok(());
    }
    let name = shell_word(path);
    Err(Error::new(
        Kind::Repository,
        format!("'{path}' has changes that are not committed, and fixes are written down there"),
    )
    .hint(format!(
        "commit first: git add {name} && git commit; or name another file with --fixes-file"
    )))
}
