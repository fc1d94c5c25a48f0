//! Where a project begins.

use std::path::{Path, PathBuf};

/// The folder at a project's root that holds runs, journal and cache.
pub const LR_FOLDER: &str = ".lr";

/// Returns the root of the project that a directory belongs to, as an absolute path: the nearest
/// of it and its parents that holds `.git` or `lr.toml`, else the directory itself.
pub fn root(directory: &Path) -> PathBuf {
    let absolute = directory
        .canonicalize()
        .unwrap_or_else(|_| directory.to_path_buf());
    absolute
        .ancestors()
        .find(|parent| parent.join(".git").exists() || parent.join("lr.toml").exists())
        .unwrap_or(&absolute)
        .to_path_buf()
}

/// Returns a directory and those above it that belong to the same project, as absolute paths; the
/// directory itself comes first, and the [`root`] last.
pub fn folders(directory: &Path) -> Vec<PathBuf> {
    let top = root(directory);
    let here = directory
        .canonicalize()
        .unwrap_or_else(|_| directory.to_path_buf());
    let within = here
        .ancestors()
        .take_while(|folder| folder.starts_with(&top));
    within.map(Path::to_path_buf).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_project_begins_at_the_nearest_git_folder_or_configuration() {
        let folder = tempfile::tempdir().unwrap();
        let top = folder.path().canonicalize().unwrap();
        let inner = top.join("a/b");
        std::fs::create_dir_all(&inner).unwrap();
        assert_eq!(root(&inner), inner);
        std::fs::create_dir(top.join(".git")).unwrap();
        assert_eq!(root(&inner), top);
        std::fs::write(top.join("a/lr.toml"), "").unwrap();
        assert_eq!(root(&inner), top.join("a"));
        assert_eq!(folders(&inner), [inner.clone(), top.join("a")]);
    }

    #[test]
    fn the_root_of_the_working_directory_is_absolute() {
        let here = std::env::current_dir().unwrap();
        assert_eq!(root(Path::new(".")), root(&here));
    }
}
