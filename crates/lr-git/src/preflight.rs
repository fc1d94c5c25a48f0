//! What would be in the way of a commit, looked for before the branch of a run is made.

use std::collections::BTreeSet;

use lr_stage::{Error, Kind};

use crate::files;
use crate::fixes;
use crate::message::count;
use crate::repo::{Mode, Repo};

/// How many files a message names.
const NAMED: usize = 5;

/// Refuses what would hinder any commit, whatever the files: FIXES.md or the journal cannot be
/// written, git cannot store anything, or it is needed and does not work.
pub(crate) fn writing(repo: &Repo, fixes_file: Option<&str>) -> Result<(), Error> {
    files::check_journal(&repo.directory())?;
    if let Some(path) = fixes_file {
        self::fixes_file(repo, path)?;
    }
    repo.rehearse()
}

/// Refuses sources that could not be brought back: those that `HEAD` does not have as they are.
pub(crate) fn sources(repo: &Repo, sources: &BTreeSet<String>) -> Result<(), Error> {
    let mut view = repo.view()?;
    let (mut unknown, mut dirty, mut staged) = (Vec::new(), Vec::new(), Vec::new());
    for path in sources {
        let Some(committed) = view.committed(path)? else {
            repo.refuse_nested(path)?;
            view.bytes(path)?;
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
    let words = paths.iter().take(NAMED).map(|path| shell_word(path));
    let names = words.collect::<Vec<_>>().join(" ");
    let message = format!("{what}: {}", name_some(paths));
    Err(Error::new(Kind::Repository, message).hint(hint(&names)))
}

/// Names the first of some files, in words.
pub(crate) fn name_some(paths: &[impl AsRef<str>]) -> String {
    let quoted: Vec<String> = paths
        .iter()
        .take(NAMED)
        .map(|path| format!("'{}'", path.as_ref()))
        .collect();
    let more = match paths.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {}", count(more, "other file")),
    };
    format!("{}{more}", quoted.join(", "))
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

/// Refuses a file of fixes that has changes which are not committed: they would be taken along.
pub(crate) fn fixes_file(repo: &Repo, path: &str) -> Result<(), Error> {
    let mut view = repo.view()?;
    let committed = view.committed(path)?;
    if repo.directory().join(path).is_dir() {
        return Err(Error::new(
            Kind::Repository,
            format!("fixes cannot be written down in '{path}': it is a directory"),
        )
        .hint("name another file with --fixes-file"));
    }
    if view.on_disk(path)? == committed && view.staged(path) == committed {
        return match committed {
            Some(_) => Ok(()),
            None => view.check_new_file(path, fixes::HEADER.to_owned()),
        };
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
