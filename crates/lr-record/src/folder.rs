//! Where the records of runs lie: `.lr/runs` at the project's root.

use std::fs::File;
use std::io;
use std::os::fd::AsFd as _;
use std::path::{Path, PathBuf};

use lr_stage::project::{self, LR_FOLDER};

/// Returns the folder `.lr` of the project that the working directory belongs to, relative to it
/// where it lies beneath.
pub(crate) fn lr_folder() -> io::Result<PathBuf> {
    let here = std::env::current_dir()?;
    let root = project::root(&here);
    Ok(root.strip_prefix(&here).unwrap_or(&root).join(LR_FOLDER))
}

/// Makes the folder `.lr`, which ignores itself.
pub(crate) fn make_lr_folder() -> io::Result<PathBuf> {
    let lr = lr_folder()?;
    make_unless_there(&lr)?;
    lr_files::ignore_itself(File::open(&lr)?.as_fd())?;
    Ok(lr)
}

/// Makes the folder of a run at the project's root.
pub(crate) fn make_run(run: &str) -> io::Result<PathBuf> {
    let runs = make_lr_folder()?.join("runs");
    make_unless_there(&runs)?;
    let folder = runs.join(run);
    make(&folder)?;
    Ok(folder)
}

/// Makes a folder unless it is there; a symbolic link is not followed out of the project.
fn make_unless_there(folder: &Path) -> io::Result<()> {
    match make(folder) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        Err(_) if !folder.symlink_metadata()?.is_dir() => {
            let message = format!("'{}' is not a folder", folder.display());
            Err(io::Error::new(io::ErrorKind::NotADirectory, message))
        }
        _ => Ok(()),
    }
}

fn make(folder: &Path) -> io::Result<()> {
    std::fs::create_dir(folder).map_err(|error| {
        let message = format!("cannot make '{}': {error}", folder.display());
        io::Error::new(error.kind(), message)
    })
}
