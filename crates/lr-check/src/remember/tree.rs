//! The files of a project that checkers may read beside those they are given.

use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use ignore::WalkBuilder;

/// How many files a project may have; what a larger one's checkers said is not remembered where it
/// depends on all of them.
const MOST: usize = 50_000;

/// What a folder holds that is no part of a project: environments, and what tools keep for
/// themselves.
const MARKS: [&str; 2] = ["pyvenv.cfg", "CACHEDIR.TAG"];

/// Folders that hold nothing a checker reads, or far too much.
const LEFT_OUT: [&str; 4] = [".git", ".lr", "__pycache__", "node_modules"];

/// Returns the files beneath a directory, ignored ones too, in order; `None` where they are too
/// many or cannot all be seen.
pub(super) fn files(root: &Path) -> Option<Vec<PathBuf>> {
    let walk = WalkBuilder::new(root)
        .standard_filters(false)
        .follow_links(false)
        .sort_by_file_path(Path::cmp)
        .filter_entry(|entry| {
            let is_folder = entry.file_type().is_some_and(|kind| kind.is_dir());
            let name = entry.file_name().to_string_lossy();
            !is_folder
                || entry.depth() == 0
                || !(LEFT_OUT.contains(&&*name)
                    || MARKS.iter().any(|mark| entry.path().join(mark).exists()))
        })
        .build();
    let mut files = Vec::new();
    for entry in walk {
        let entry = entry.ok()?;
        if entry.file_type().is_some_and(|kind| kind.is_dir()) {
            continue;
        }
        files.push(entry.into_path());
        if files.len() > MOST {
            return None;
        }
    }
    Some(files)
}

/// Describes a file or folder without reading it: what changes whenever it is written, and cannot
/// be set back. Empty where there is none.
pub(super) fn look(path: &Path) -> String {
    let Ok(metadata) = path.metadata() else {
        return String::new();
    };
    format!(
        "{}:{}:{}:{}.{}:{}.{}",
        metadata.dev(),
        metadata.ino(),
        metadata.size(),
        metadata.mtime(),
        metadata.mtime_nsec(),
        metadata.ctime(),
        metadata.ctime_nsec(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn environments_and_caches_are_no_part_of_a_project() {
        let folder = tempfile::tempdir().unwrap();
        for path in [
            "a.py",
            ".gitignore",
            "ignored/b.py",
            "venv/pyvenv.cfg",
            "venv/c.py",
            "target/CACHEDIR.TAG",
            "target/d",
            ".git/HEAD",
            "x/__pycache__/e",
            "x/.hidden/f",
        ] {
            let path = folder.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "ignored/\n").unwrap();
        }
        let files = files(folder.path()).unwrap();
        let names: Vec<_> = files
            .iter()
            .map(|path| path.strip_prefix(folder.path()).unwrap().to_str().unwrap())
            .collect();
        assert_eq!(names, [".gitignore", "a.py", "ignored/b.py", "x/.hidden/f"]);
    }

    #[test]
    fn a_file_that_was_written_looks_different() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        assert_eq!(look(&path), "");
        std::fs::write(&path, "1").unwrap();
        let before = look(&path);
        assert_eq!(look(&path), before);
        std::fs::write(&path, "22").unwrap();
        assert_ne!(look(&path), before);
    }
}
