//! Finding the records of runs.

use std::fs;
use std::path::{Path, PathBuf};

use lr_stage::{Error, Kind};

use crate::folder;
use crate::options::OPTIONS;
use crate::record::TURNS;
use crate::summary::Summary;

/// Returns the folders of all runs of the project, the newest first.
pub fn all() -> Vec<PathBuf> {
    let Ok(runs) = folder::lr_folder().map(|lr| lr.join("runs")) else {
        return Vec::new();
    };
    let entries = fs::read_dir(runs).into_iter().flatten().flatten();
    let mut folders: Vec<PathBuf> = entries
        .map(|entry| entry.path())
        .filter(|path| is_run(path))
        .collect();
    folders.sort_by_cached_key(|folder| std::cmp::Reverse(begun(folder)));
    folders
}

/// Tells whether a folder holds the record of a run.
pub fn is_run(folder: &Path) -> bool {
    folder.join(TURNS).is_file() || folder.join(OPTIONS).is_file()
}

/// When a run began, so that runs can be sorted; its name decides between those of one moment.
fn begun(folder: &Path) -> (String, PathBuf) {
    let started = Summary::read(folder).map(|summary| summary.started);
    (started.unwrap_or_default(), folder.to_path_buf())
}

/// Finds a run by its name, the beginning of its name, its folder, or `last`.
///
/// # Errors
///
/// `usage` when there is no such run, or more than one.
pub fn find(name: &str) -> Result<PathBuf, Error> {
    let named = Path::new(name);
    if is_run(named) {
        return Ok(named.to_path_buf());
    }
    let all = all();
    if name == "last" {
        return all.into_iter().next().ok_or_else(none);
    }
    let name_of = |folder: &PathBuf| {
        folder
            .file_name()
            .map(|it| it.to_string_lossy().into_owned())
    };
    let is = |folder: &&PathBuf| name_of(folder).as_deref() == Some(name);
    if let Some(folder) = all.iter().find(is) {
        return Ok(folder.clone());
    }
    let begins = |folder: &&PathBuf| name_of(folder).is_some_and(|it| it.starts_with(name));
    let found: Vec<&PathBuf> = all.iter().filter(begins).collect();
    match found[..] {
        [one] => Ok(one.clone()),
        [] => Err(Error::new(Kind::Usage, format!("there is no run '{name}'"))
            .hint("lr-view lists the runs of this project")),
        _ => Err(Error::new(
            Kind::Usage,
            format!("there are {} runs that begin with '{name}'", found.len()),
        )
        .hint("lr-view lists the runs of this project")),
    }
}

/// Finds the run that is to be taken up again: the newest that has not ended clean, else the
/// newest.
///
/// # Errors
///
/// `usage` when there is none.
pub fn unfinished() -> Result<PathBuf, Error> {
    let all = all();
    let is_open =
        |folder: &&PathBuf| Summary::read(folder).is_none_or(|summary| summary.status != Some(0));
    let open = all.iter().find(is_open).or(all.first());
    open.cloned().ok_or_else(none)
}

fn none() -> Error {
    Error::new(Kind::Usage, "this project has no recorded runs").hint("begin one: lr-loop SOURCES")
}
