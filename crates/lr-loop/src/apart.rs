//! A work tree of its own for a run, so that the user's checkout is left alone.

use std::path::{Path, PathBuf};

use lr_exec::Program;
use lr_stage::project::{self, LR_FOLDER};
use lr_stage::{Error, Kind, say};

use crate::plan::Stage;
use crate::stage;

/// The work tree of a run.
#[derive(Debug)]
pub(crate) struct Apart {
    /// Its folder.
    folder: PathBuf,
    /// Where the user called us.
    home: PathBuf,
}

impl Apart {
    /// Tells whether the work tree of a run that had nothing left to do is gone, and removes it
    /// where that was cut short. It is not where somebody has changed something there since.
    pub(crate) fn is_over(run: &str) -> Result<bool, Error> {
        let folder = place(&here()?).join(run);
        let name = folder.display().to_string();
        Ok(lr_git(&["--quiet", "--remove", &name]).is_ok() || !folder.exists())
    }

    /// Makes the work tree of a run and changes to the folder in it that corresponds to the present
    /// one. A run that is taken up again finds its own.
    ///
    /// # Errors
    ///
    /// It cannot be made, or is gone although the run has a branch already.
    pub(crate) fn enter(run: &str, has_branch: bool) -> Result<Self, Error> {
        let home = here()?;
        let folder = place(&home).join(run);
        if has_branch && !folder.is_dir() {
            let name = folder.display();
            let message = format!("the work tree of the run is gone: '{name}'");
            return Err(Error::new(Kind::Repository, message)
                .hint(format!("make it again: git worktree add '{name}' lr/{run}")));
        }
        let inside = if has_branch {
            corresponding(&folder, &home)
        } else {
            // One whose making was killed is made again; one with a branch already is not.
            let there = folder.is_dir().then(|| corresponding(&folder, &home));
            make(&folder).or_else(|error| there.filter(|it| it.is_dir()).ok_or(error))?
        };
        std::env::set_current_dir(&inside).map_err(|error| {
            let message = format!("cannot work in '{}'", inside.display());
            Error::new(Kind::Io, message).because(error)
        })?;
        Ok(Self { folder, home })
    }

    /// Goes back, and removes the work tree of a run that has nothing left to do; the branch stays.
    pub(crate) fn leave(self, is_done: bool) {
        if std::env::set_current_dir(&self.home).is_err() {
            return;
        }
        let name = self.folder.display().to_string();
        if is_done && lr_git(&["--remove", &name]).is_ok() {
            return;
        }
        say::note(&format!(
            "the work tree of the run is still there: '{name}'; lr-git worktree --remove removes it"
        ));
    }
}

fn here() -> Result<PathBuf, Error> {
    std::env::current_dir()
        .map_err(|error| Error::new(Kind::Io, "cannot tell the working directory").because(error))
}

/// Returns where the work trees of runs lie.
fn place(home: &Path) -> PathBuf {
    project::root(home).join(LR_FOLDER).join("worktrees")
}

fn make(folder: &Path) -> Result<PathBuf, Error> {
    let printed = lr_git(&[&folder.display().to_string()])?;
    Ok(PathBuf::from(printed.trim_end_matches('\n')))
}

/// Returns the folder of a work tree that corresponds to one of the user's.
fn corresponding(folder: &Path, home: &Path) -> PathBuf {
    let top = home.ancestors().find(|parent| parent.join(".git").exists());
    let below = top.and_then(|top| home.strip_prefix(top).ok());
    below.map_or_else(|| folder.to_path_buf(), |below| folder.join(below))
}

fn lr_git(words: &[&str]) -> Result<String, Error> {
    let program = stage::beside(Stage::START.program);
    let argv = [&[program.as_str(), "worktree"], words].concat();
    let finished = Program::new(argv).stderr_inherit().run();
    let finished =
        finished.map_err(|error| Error::new(Kind::Stage, "cannot run a stage").because(error))?;
    if finished.succeeded() {
        return Ok(finished.stdout.text());
    }
    let message = format!("'lr-git worktree' failed: {}", finished.end);
    Err(Error::new(Kind::Repository, message))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_folder_is_found_in_the_work_tree() {
        let folder = tempfile::tempdir().unwrap();
        let top = folder.path();
        std::fs::create_dir_all(top.join("sub/deep")).unwrap();
        std::fs::create_dir(top.join(".git")).unwrap();
        let found = corresponding(Path::new("/apart"), &top.join("sub/deep"));
        assert_eq!(found, Path::new("/apart/sub/deep"));
        assert_eq!(
            corresponding(Path::new("/apart"), top),
            Path::new("/apart/")
        );
    }
}
