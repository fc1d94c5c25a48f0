//! `lr-git worktree`: a linked work tree of `HEAD`, so that the user's own is left alone.
//!
//! Nothing is forced: what is in a work tree and nowhere else is never removed.

use std::path::{Path, PathBuf};
use std::time::Duration;

use lr_exec::signals;
use lr_stage::output::Output;
use lr_stage::{Error, Form, Kind, Status, say};

use crate::args;
use crate::preflight::name_some;
use crate::repo::{Linked, Repo, clear_aside};
use crate::start::working_directory;

/// Makes a linked work tree, or removes one.
pub(crate) fn run(args: &args::Worktree) -> Result<Status, Error> {
    let directory = working_directory()?;
    let repo = Repo::open(&directory)?.with_timeout(Duration::from_secs(args.timeout));
    let _guard = repo.guard()?;
    let folder = absolute(&directory.join(&args.folder))?;
    let held = signals::hold();
    let status = if args.remove {
        remove(&repo, &folder, &args.folder)
    } else {
        make(&repo, &folder, &args.folder)
    };
    drop(held);
    status
}

fn make(repo: &Repo, folder: &Path, name: &Path) -> Result<Status, Error> {
    let commit = repo.head()?.commit.ok_or_else(|| {
        Error::new(
            Kind::Repository,
            "there is no commit to make a work tree of",
        )
        .hint("make a first commit: git add . && git commit")
    })?;
    let is_there = match repo.linked(folder)? {
        Some(Linked::HalfMade) => {
            repo.remove_half_made(folder)?;
            false
        }
        _ if folder.symlink_metadata().is_err() => false,
        Some(Linked::Made) if repo.is_as_made(folder, commit)? => true,
        found => return Err(in_the_way(name, found.is_some())),
    };
    if !is_there {
        repo.add_worktree(folder, commit)?;
        tell_what_is_missing(repo, folder)?;
    }
    say::note(&format!(
        "made the work tree '{}' of the commit {}",
        name.display(),
        commit.to_hex_with_len(8)
    ));
    let below = repo.full("");
    let inside = name.join(below.trim_end_matches('/'));
    if !folder.join(&below).is_dir() {
        say::warn(&format!(
            "'{}' is not there, because nothing in it is committed",
            inside.display()
        ));
    }
    let page = format!("{}\n", inside.display().to_string().trim_end_matches('/'));
    Output::new(None, Form::Text).text(&say::clean(&page))?;
    Ok(Status::Done)
}

fn in_the_way(name: &Path, is_linked: bool) -> Error {
    let name = name.display();
    let error = Error::new(Kind::Usage, format!("'{name}' is there already"));
    if is_linked {
        error.hint(format!(
            "name another folder, or remove it: lr-git worktree --remove '{name}'"
        ))
    } else {
        error.hint("name a folder that is not there")
    }
}

/// Says what the user may expect in the new work tree and will not find.
fn tell_what_is_missing(repo: &Repo, folder: &Path) -> Result<(), Error> {
    let missing = repo.missing_in(folder)?;
    let changes = repo.at_top().changes()?;
    for (paths, what) in [
        (changes, "not in the work tree, because it is not committed"),
        (
            missing.submodules,
            "not in the work tree, because it is a submodule",
        ),
        (
            missing.pointers,
            "only a pointer of Git LFS in the work tree",
        ),
    ] {
        if !paths.is_empty() {
            say::warn(&format!("{what}: {}", name_some(&paths)));
        }
    }
    Ok(())
}

fn remove(repo: &Repo, folder: &Path, name: &Path) -> Result<Status, Error> {
    let shown = name.display();
    clear_aside(folder)?;
    if repo.linked(folder)?.is_none() {
        if folder.symlink_metadata().is_err() {
            say::note(&format!("nothing to remove: there is no '{shown}'"));
            return Ok(Status::No);
        }
        return Err(Error::new(
            Kind::Usage,
            format!("'{shown}' is not a linked work tree of this repository"),
        )
        .hint("'git worktree list' shows them"));
    }
    if repo.directory().starts_with(folder) {
        let message = format!("'{shown}' cannot be removed from inside");
        return Err(Error::new(Kind::Usage, message).hint("work elsewhere, with -C"));
    }
    if folder.symlink_metadata().is_ok() {
        check_removable(&repo.open_linked(folder)?, name)?;
    }
    repo.remove_worktree(folder)?;
    say::note(&format!("removed the work tree '{shown}'"));
    Ok(Status::Done)
}

/// Refuses where something would be lost with a work tree.
fn check_removable(linked: &Repo, name: &Path) -> Result<(), Error> {
    let name = name.display();
    linked.check_idle()?;
    let changes = linked.changes()?;
    if !changes.is_empty() {
        return Err(Error::new(
            Kind::Repository,
            format!(
                "the work tree '{name}' has what is not committed: {}",
                name_some(&changes)
            ),
        )
        .hint(format!("look at it: git -C '{name}' status")));
    }
    if let Some(commit) = linked.unnamed_commit()? {
        let commit = commit.to_hex_with_len(8);
        return Err(Error::new(
            Kind::Repository,
            format!("the work tree '{name}' has the commit {commit}, which no branch has"),
        )
        .hint(format!("name it first: git branch another-name {commit}")));
    }
    Ok(())
}

/// Returns a path with everything resolved that is there.
fn absolute(path: &Path) -> Result<PathBuf, Error> {
    let mut missing = Vec::new();
    for ancestor in path.ancestors() {
        if let Ok(found) = ancestor.canonicalize() {
            return Ok(missing
                .iter()
                .rev()
                .fold(found, |path, name| path.join(name)));
        }
        match ancestor.file_name() {
            Some(name) => missing.push(name.to_owned()),
            None => break,
        }
    }
    Err(Error::new(
        Kind::Usage,
        format!("cannot make a work tree in '{}'", path.display()),
    )
    .hint("name a folder without '..' in what is not there"))
}
