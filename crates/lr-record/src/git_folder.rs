//! The folder that git keeps for a repository: what lies there never came with a clone.

use std::fs;
use std::path::{Path, PathBuf};

/// Returns the folder that all work trees of the repository share, in which the nearest of a
/// directory and its parents lies; `None` outside of a repository.
pub(crate) fn common(directory: &Path) -> Option<PathBuf> {
    let absolute = directory.canonicalize().ok()?;
    let dot_git = absolute.ancestors().map(|parent| parent.join(".git"));
    let dot_git = dot_git.into_iter().find(|path| path.exists())?;
    let own = if dot_git.is_dir() {
        dot_git
    } else {
        let text = fs::read_to_string(&dot_git).ok()?;
        let named = text.strip_prefix("gitdir:")?.trim();
        dot_git.parent()?.join(named)
    };
    let shared = fs::read_to_string(own.join("commondir"));
    let common = shared.map_or_else(|_| own.clone(), |named| own.join(named.trim()));
    common.canonicalize().ok().filter(|path| path.is_dir())
}

/// Tells whether the working directory lies in a repository.
pub fn is_in_git() -> bool {
    common(Path::new(".")).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn linked_work_trees_share_one_folder() {
        let folder = tempfile::tempdir().unwrap();
        let top = folder.path().canonicalize().unwrap();
        assert_eq!(common(&top), None);
        let main = top.join("main");
        let linked = top.join("linked/sub");
        fs::create_dir_all(main.join(".git/worktrees/linked")).unwrap();
        fs::create_dir_all(&linked).unwrap();
        fs::write(main.join(".git/worktrees/linked/commondir"), "../..\n").unwrap();
        let pointer = format!("gitdir: {}\n", main.join(".git/worktrees/linked").display());
        fs::write(top.join("linked/.git"), pointer).unwrap();
        assert_eq!(common(&main), Some(main.join(".git")));
        assert_eq!(common(&linked), Some(main.join(".git")));
    }
}
