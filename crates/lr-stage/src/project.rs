//! Where a project begins.

use std::path::{Path, PathBuf};

/// The folder at a project's root that holds runs, journal and cache.
pub const LR_FOLDER: &str = ".lr";

/// Returns the root of the project that a directory belongs to: the nearest of it and its parents
/// that holds `.git` or `lr.toml`, else the directory itself.
pub fn root(directory: &Path) -> PathBuf {
    directory
        .ancestors()
        .find(|parent| parent.join(".git").exists() || parent.join("lr.toml").exists())
        .unwrap_or(directory)
        .to_path_buf()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_project_begins_at_the_nearest_git_folder_or_configuration() {
        let folder = tempfile::tempdir().unwrap();
        let inner = folder.path().join("a/b");
        std::fs::create_dir_all(&inner).unwrap();
        assert_eq!(root(&inner), inner);
        std::fs::create_dir(folder.path().join(".git")).unwrap();
        assert_eq!(root(&inner), folder.path());
        std::fs::write(folder.path().join("a/lr.toml"), "").unwrap();
        assert_eq!(root(&inner), folder.path().join("a"));
    }
}
