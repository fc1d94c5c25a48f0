//! The files to check: those named, and those found in the directories named.
//!
//! A named file is always taken. In directories the ignore rules hold (`.gitignore`, `.ignore`,
//! hidden files), other repositories and virtual environments are left alone, and only files that [`Taste`] likes are
//! taken. Never a source are FIXES.md and what lr writes itself, symbolic links, and what is not
//! UTF-8: that is said, and skipped. What lies outside the working directory is refused, and so
//! is what is not there, before any checker runs.

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use ignore::{DirEntry, Walk, WalkBuilder};
use lr_files::{FileErrorKind, Root, SourceFile, relative_path};
use lr_stage::{Error, Kind, project, say};
use lr_turn::Source;

use crate::detect::Detector;

/// The name of the log of fixes, which is never a source.
const FIXES: &str = "FIXES.md";

/// The files to check, in the order they were named, those of a directory by name.
#[derive(Debug)]
pub(crate) struct Sources {
    root: Root,
    files: Vec<SourceFile>,
    by_path: HashMap<String, usize>,
    all_paths: OnceLock<Vec<String>>,
    /// The folder of the sources and those above it in the project.
    folders: OnceLock<Vec<PathBuf>>,
}

/// Which files of a directory are taken.
pub(crate) enum Taste<'a> {
    /// Those of these languages.
    Languages(&'a Detector, Vec<&'a str>),
    /// All texts but the script that checks them, which is for the user to change.
    TextsBut(Option<String>),
}

impl Sources {
    /// Reads the files that `named` stands for.
    ///
    /// # Errors
    ///
    /// `io` for what is not there or cannot be read, `usage` for what lies outside.
    pub(crate) fn collect(root: Root, named: &[PathBuf], taste: &Taste<'_>) -> Result<Self, Error> {
        let mut sources = Self {
            root,
            files: Vec::new(),
            by_path: HashMap::new(),
            all_paths: OnceLock::new(),
            folders: OnceLock::new(),
        };
        for name in named {
            let Some(path) = sources.clean(name)? else {
                continue;
            };
            let full = sources.root.path().join(&path);
            let metadata = full
                .symlink_metadata()
                .map_err(|error| unreadable(name, &error))?;
            if metadata.is_dir() {
                sources.walk(&full, taste);
            } else {
                sources.take_named(&path)?;
            }
        }
        Ok(sources)
    }

    /// Leaves out the files whose paths are not to be kept.
    pub(crate) fn keep_only(&mut self, keep: impl Fn(&str) -> bool) {
        self.files.retain(|file| keep(&file.path));
        let paths = self.files.iter().enumerate();
        self.by_path = paths
            .map(|(index, file)| (file.path.clone(), index))
            .collect();
    }

    /// Makes sources of texts that are on no disk.
    #[cfg(test)]
    pub(crate) fn of(directory: &Path) -> Self {
        let root = Root::open(directory).unwrap();
        Self::collect(root, &[".".into()], &Taste::TextsBut(None)).unwrap()
    }

    /// Returns the directory the sources lie in.
    pub(crate) fn root(&self) -> &Root {
        &self.root
    }

    /// Returns the files, in order.
    pub(crate) fn files(&self) -> &[SourceFile] {
        &self.files
    }

    /// Returns the text of a source as it was before it was checked.
    pub(crate) fn text(&self, path: &str) -> Option<&str> {
        Some(self.files[*self.by_path.get(path)?].text())
    }

    /// Returns our own path for one that a checker wrote: relative to the working directory, or to
    /// a directory above or below it. Empty for a file outside.
    pub(crate) fn own_path(&self, reported: &str) -> String {
        let root = self.root.path();
        let inside = Path::new(reported)
            .strip_prefix(root)
            .unwrap_or(Path::new(reported));
        let Ok(path) = relative_path(&inside.to_string_lossy()) else {
            return String::new();
        };
        if self.by_path.contains_key(&path) || root.join(&path).exists() {
            return path;
        }
        let folders = self.folders.get_or_init(|| project::folders(root));
        let mut there = folders.iter().skip(1).map(|folder| folder.join(&path));
        if let Some(full) = there.find(|full| full.exists()) {
            let inside = full.strip_prefix(root).unwrap_or(Path::new(""));
            return inside.to_string_lossy().into_owned();
        }
        let below = |file: &&SourceFile| file.path.ends_with(&format!("/{path}"));
        let above = |file: &&SourceFile| path.ends_with(&format!("/{}", file.path));
        let longest_above = self.files.iter().filter(above);
        let found = self
            .files
            .iter()
            .find(below)
            .or_else(|| longest_above.max_by_key(|file| file.path.len()));
        if let Some(file) = found {
            return file.path.clone();
        }
        // Of a package with a long name, such as Go's, the end is a folder here.
        let mut ends = path.match_indices('/').map(|(at, _)| &path[at + 1..]);
        let own = ends.find(|end| root.join(end).is_file());
        own.unwrap_or(&path).to_owned()
    }

    /// Returns the sources as they are now for the turn; all of them may be changed.
    pub(crate) fn section(&self) -> Vec<Source> {
        self.files
            .iter()
            .map(|file| Source {
                sha256: Some(file.sha256.clone()),
                bytes: Some(file.bytes().len() as u64),
                ..Source::new(file.path.as_str())
            })
            .collect()
    }

    /// Tells whether a source is not what was read any more.
    pub(crate) fn differs(&self, path: &str) -> bool {
        let now = self.root.read(path).ok();
        now.map(|file| file.sha256).as_deref() != self.sha256(path)
    }

    /// Returns the digest of a source as it was before it was checked.
    pub(crate) fn sha256(&self, path: &str) -> Option<&str> {
        Some(&self.files[*self.by_path.get(path)?].sha256)
    }

    /// Reads a source again after it was changed; one that cannot be read stays as it was.
    pub(crate) fn refresh(&mut self, path: &str) {
        if let (Some(index), Ok(file)) = (self.by_path.get(path), self.root.read(path)) {
            self.files[*index] = file;
        }
    }

    /// Cleans a name from the command line; `None` for one that is skipped, empty for the working
    /// directory itself.
    fn clean(&self, name: &Path) -> Result<Option<String>, Error> {
        let inside = name.strip_prefix(self.root.path()).unwrap_or(name);
        let Some(text) = inside.to_str() else {
            say::warn(&format!(
                "skipping '{}': its name is not UTF-8",
                printable(name)
            ));
            return Ok(None);
        };
        match relative_path(text) {
            Ok(path) => Ok(Some(path)),
            Err(lr_files::PathProblem::Empty) => Ok(Some(String::new())),
            Err(problem) => {
                let message = format!("cannot check '{}': {problem}", name.display());
                Err(Error::new(Kind::Usage, message)
                    .hint("sources lie in the working directory; use -C DIR to work in another"))
            }
        }
    }

    fn take_named(&mut self, path: &str) -> Result<(), Error> {
        if is_fixes(path) {
            say::warn(&format!("skipping '{path}': it is never a source"));
            return Ok(());
        }
        match self.root.read(path) {
            Ok(file) => self.push(file),
            Err(error) if is_skipped(error.kind()) => say::warn(&format!("skipping it: {error}")),
            Err(error) => return Err(Error::new(Kind::Io, error.to_string())),
        }
        Ok(())
    }

    /// Returns the paths of all files of the directory that are not ignored, in order, sources or not.
    pub(crate) fn all_paths(&self) -> &[String] {
        self.all_paths.get_or_init(|| {
            let root = self.root.path();
            walk(root)
                .flatten()
                .filter(|entry| entry.file_type().is_some_and(|kind| kind.is_file()))
                .filter_map(|entry| {
                    let inside = entry.path().strip_prefix(root).ok()?.to_str()?;
                    relative_path(inside).ok()
                })
                .collect()
        })
    }

    fn walk(&mut self, directory: &Path, taste: &Taste<'_>) {
        for entry in walk(directory) {
            match entry {
                Ok(entry) => self.take_found(&entry, taste),
                Err(error) => say::warn(&format!("skipping what cannot be read: {error}")),
            }
        }
    }

    fn take_found(&mut self, entry: &DirEntry, taste: &Taste<'_>) {
        let is_file = entry.file_type().is_some_and(|kind| kind.is_file());
        let Ok(inside) = entry.path().strip_prefix(self.root.path()) else {
            return;
        };
        if !is_file {
            let is_link = entry.path_is_symlink();
            if is_link {
                say::detail(
                    1,
                    &format!("skipping '{}': a symbolic link", inside.display()),
                );
            }
            return;
        }
        let Some(path) = inside.to_str().and_then(|path| relative_path(path).ok()) else {
            say::warn(&format!(
                "skipping '{}': its name is not one that lr uses",
                printable(inside)
            ));
            return;
        };
        if is_fixes(&path) || !taste.may_like(&path) {
            return;
        }
        match self.root.read(&path) {
            Ok(file) if taste.likes(&file) => self.push(file),
            Ok(_) => {}
            Err(error) if taste.is_sure(&path) => say::warn(&format!("skipping it: {error}")),
            Err(error) => say::detail(1, &format!("skipping it: {error}")),
        }
    }

    fn push(&mut self, file: SourceFile) {
        if !self.by_path.contains_key(&file.path) {
            self.by_path.insert(file.path.clone(), self.files.len());
            self.files.push(file);
        }
    }
}

impl Taste<'_> {
    /// Tells from the name whether a file may be one to take.
    fn may_like(&self, path: &str) -> bool {
        match self {
            Self::TextsBut(script) => script.as_deref() != Some(path),
            Self::Languages(detector, languages) => {
                let name = path.rsplit('/').next().unwrap_or(path);
                !name.contains('.') || detector.by_name(path, languages).is_some()
            }
        }
    }

    /// Tells from the name whether a file is one to take, so that skipping it needs a word.
    fn is_sure(&self, path: &str) -> bool {
        match self {
            Self::TextsBut(_) => false,
            Self::Languages(detector, languages) => detector.by_name(path, languages).is_some(),
        }
    }

    fn likes(&self, file: &SourceFile) -> bool {
        match self {
            Self::TextsBut(_) => true,
            Self::Languages(detector, languages) => detector
                .language(&file.path, file.text())
                .is_some_and(|language| languages.contains(&language)),
        }
    }
}

/// Goes through the files of a directory that are not ignored, in order.
fn walk(directory: &Path) -> Walk {
    WalkBuilder::new(directory)
        .require_git(is_in_a_repository(directory))
        .follow_links(false)
        .sort_by_file_path(Path::cmp)
        .filter_entry(|entry| !is_somebody_elses(entry))
        .build()
}

/// Returns a path for one line of a message.
fn printable(path: &Path) -> String {
    path.to_string_lossy().replace(char::is_control, "\u{fffd}")
}

fn unreadable(name: &Path, error: &io::Error) -> Error {
    let words = match error.kind() {
        io::ErrorKind::NotFound => "no such file or directory".to_owned(),
        _ => error.to_string(),
    };
    Error::new(Kind::Io, format!("cannot read '{}'", name.display())).because(words)
}

fn is_fixes(path: &str) -> bool {
    path == FIXES || path.ends_with("/FIXES.md")
}

/// Tells whether a named file that cannot be read is left out, instead of being an error.
fn is_skipped(kind: FileErrorKind) -> bool {
    matches!(
        kind,
        FileErrorKind::NotText
            | FileErrorKind::Symlink
            | FileErrorKind::NotAFile
            | FileErrorKind::TooLarge
            | FileErrorKind::Protected
    )
}

/// Tells whether a directory below the one named is a repository of its own, or an environment
/// with Python packages.
fn is_somebody_elses(entry: &DirEntry) -> bool {
    entry.depth() > 0
        && entry.file_type().is_some_and(|kind| kind.is_dir())
        && [".git", "pyvenv.cfg"]
            .iter()
            .any(|name| entry.path().join(name).exists())
}

/// Tells whether a directory lies in a repository, at whose root the ignore rules of the folders
/// around it end: a work tree below an ignored folder is not ignored itself.
fn is_in_a_repository(directory: &Path) -> bool {
    directory
        .ancestors()
        .any(|folder| folder.join(".git").exists())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use tempfile::TempDir;

    use super::*;
    use crate::catalogue::Catalogue;

    fn tree(files: &[(&str, &str)]) -> TempDir {
        let directory = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = directory.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        directory
    }

    fn collect(directory: &TempDir, named: &[&str]) -> Result<Vec<String>, Error> {
        let detector = Detector::of(&Catalogue::built_in().unwrap()).unwrap();
        let taste = Taste::Languages(&detector, vec!["python"]);
        let named: Vec<_> = named.iter().map(Into::into).collect();
        let root = Root::open(directory.path()).unwrap();
        let sources = Sources::collect(root, &named, &taste)?;
        Ok(sources.files.into_iter().map(|file| file.path).collect())
    }

    fn check(files: &[(&str, &str)], named: &[&str], expected: &[&str]) {
        assert_eq!(collect(&tree(files), named).unwrap(), expected);
    }

    #[test]
    fn a_directory_gives_its_files_of_the_language() {
        check(
            &[
                ("b.py", ""),
                ("a/x.py", ""),
                ("a/y.txt", ""),
                ("tool", "#!/usr/bin/env python3\n"),
                ("run", "#!/bin/sh\n"),
            ],
            &["."],
            &["a/x.py", "b.py", "tool"],
        );
    }

    #[test]
    fn ignored_and_hidden_files_are_left_out_unless_named() {
        let files = [
            (".gitignore", "build/\n"),
            ("build/a.py", ""),
            (".hidden/b.py", ""),
            (".lr/c.py", ""),
            ("d.py", ""),
        ];
        check(&files, &["."], &["d.py"]);
        check(
            &files,
            &["build/a.py", ".hidden/b.py"],
            &["build/a.py", ".hidden/b.py"],
        );
    }

    #[test]
    fn a_work_tree_in_an_ignored_folder_has_its_own_rules() {
        let directory = tree(&[
            (".gitignore", "*\n"),
            ("work/.git", "gitdir: /nowhere\n"),
            ("work/.gitignore", "b.py\n"),
            ("work/src/a.py", ""),
            ("work/src/b.py", ""),
        ]);
        let detector = Detector::of(&Catalogue::built_in().unwrap()).unwrap();
        let taste = Taste::Languages(&detector, vec!["python"]);
        for named in [".", "src"] {
            let root = Root::open(&directory.path().join("work")).unwrap();
            let sources = Sources::collect(root, &[named.into()], &taste).unwrap();
            let paths: Vec<_> = sources.files.iter().map(|file| &file.path).collect();
            assert_eq!(paths, ["src/a.py"], "{named}");
        }
    }

    #[test]
    fn a_file_named_twice_is_one_source() {
        let files = [("a.py", ""), ("b.py", "")];
        check(&files, &["b.py", "./b.py", "."], &["b.py", "a.py"]);
    }

    #[test]
    fn other_repositories_and_environments_are_left_alone() {
        check(
            &[("env/pyvenv.cfg", ""), ("env/a.py", ""), ("b.py", "")],
            &["."],
            &["b.py"],
        );
        check(
            &[("sub/.git/HEAD", ""), ("sub/a.py", ""), ("b.py", "")],
            &["."],
            &["b.py"],
        );
    }

    #[test]
    fn fixes_and_what_is_no_text_are_never_sources() {
        let directory = tree(&[("FIXES.md", ""), ("a.py", "")]);
        fs::write(directory.path().join("latin.py"), b"# \xe9\n").unwrap();
        std::os::unix::fs::symlink("a.py", directory.path().join("link.py")).unwrap();
        let named = ["FIXES.md", "latin.py", "link.py", "a.py"];
        assert_eq!(collect(&directory, &named).unwrap(), ["a.py"]);
        assert_eq!(collect(&directory, &["."]).unwrap(), ["a.py"]);
    }

    #[test]
    fn what_is_not_there_is_an_error() {
        let error = collect(&tree(&[("a.py", "")]), &["a.py", "b.py"]).unwrap_err();
        assert_eq!(error.kind, Kind::Io);
        assert!(error.message.contains("'b.py'"));
    }

    #[test]
    fn refuses_paths_outside_the_working_directory() {
        for path in ["../a.py", "/etc/passwd", "a/../../b.py"] {
            let error = collect(&tree(&[("a.py", "")]), &[path]).unwrap_err();
            assert_eq!(error.kind, Kind::Usage, "{path}");
        }
    }

    #[test]
    fn a_checkers_path_becomes_our_own() {
        let directory = tree(&[("src/a.py", ""), ("b.py", "")]);
        let sources = Sources::of(directory.path());
        fs::write(directory.path().join("src/lr.toml"), "").unwrap();
        let absolute = sources.root().path().join("src/a.py");
        for (reported, own) in [
            ("./b.py", "b.py"),
            (absolute.to_str().unwrap(), "src/a.py"),
            ("a.py", "src/a.py"),
            ("project/src/a.py", "src/a.py"),
            ("elsewhere.py", "elsewhere.py"),
            ("example.org/m/src/lr.toml", "src/lr.toml"),
            ("/usr/lib/x.py", ""),
        ] {
            assert_eq!(sources.own_path(reported), own, "{reported}");
        }
    }

    #[test]
    fn a_path_from_the_root_of_the_project_is_not_taken_for_another_file() {
        let files = ["lr.toml", "b/src/a.py", "c/src/a.py", "c/src/d.py"];
        let directory = tree(&files.map(|path| (path, "")));
        let sources = Sources::of(&directory.path().join("b"));
        assert_eq!(sources.own_path("b/src/a.py"), "src/a.py");
        assert_eq!(sources.own_path("c/src/a.py"), "");
        assert_eq!(sources.own_path("c/src/d.py"), "");
    }
}
