//! Which files a reply may change.

use std::collections::BTreeMap;

use lr_blocks::without_lines;
use lr_files::{PathProblem, Root, State, relative_path};
use lr_stage::{Error, Kind};
use lr_turn::{Prompt, Refusal, Shown, Source, SourceRole};

/// The files that a reply may change. Being shown is not being offered.
pub(crate) struct Offer {
    files: BTreeMap<String, Offered>,
    /// Directories, with a `/` at the end, whose files may be changed; `""` is the working
    /// directory.
    directories: Vec<String>,
}

/// What is known of an offered file.
#[derive(Clone, Debug, Default)]
pub(crate) struct Offered {
    /// SHA-256 of the bytes that were shown, where that is known.
    pub(crate) sha256: Option<String>,
    /// How much of it was shown.
    pub(crate) shown: Shown,
    /// Whether it was named itself, not only a directory that holds it.
    pub(crate) is_named: bool,
}

impl Offer {
    pub(crate) fn of_prompt(prompt: &Prompt) -> Self {
        Self::of_files(prompt.offered.iter().map(|offered| {
            let known = Offered {
                sha256: offered.sha256.clone(),
                shown: offered.shown,
                is_named: true,
            };
            (offered.path.clone(), known)
        }))
    }

    pub(crate) fn of_sources(sources: &[Source]) -> Self {
        let editable = sources
            .iter()
            .filter(|source| source.role == SourceRole::Edit);
        Self::of_files(editable.map(|source| {
            let known = Offered {
                sha256: source.sha256.clone(),
                shown: Shown::Whole,
                is_named: true,
            };
            (source.path.clone(), known)
        }))
    }

    /// Offers what the command line names, as seen from the working directory `root`.
    ///
    /// # Errors
    ///
    /// `usage` when an argument leads out of the working directory or names nothing.
    pub(crate) fn of_arguments(root: &Root, arguments: Vec<String>) -> Result<Self, Error> {
        let mut offer = Self::of_files(std::iter::empty());
        for argument in arguments {
            let metadata = std::fs::metadata(&argument).map_err(|error| {
                Error::new(Kind::Usage, format!("cannot use source '{argument}'")).because(error)
            })?;
            let path = match relative_path(root.inside(&argument)) {
                Ok(path) => path,
                Err(PathProblem::Empty) => String::new(),
                Err(problem) => {
                    let message = format!("cannot use source '{argument}'");
                    return Err(Error::new(Kind::Usage, message)
                        .because(problem)
                        .hint("sources lie beneath the working directory; change it with -C DIR"));
                }
            };
            if !metadata.is_dir() {
                let known = Offered {
                    is_named: true,
                    ..Offered::default()
                };
                offer.files.insert(path, known);
            } else if path.is_empty() {
                offer.directories.push(path);
            } else {
                offer.directories.push(path + "/");
            }
        }
        Ok(offer)
    }

    fn of_files(files: impl Iterator<Item = (String, Offered)>) -> Self {
        Self {
            files: files.collect(),
            directories: Vec::new(),
        }
    }

    /// Finds what the path of a block means: a file, by its cleaned name, and what is known of it
    /// if it was offered.
    ///
    /// A prefix `path/to/`, copied from an example, and lines, copied from a window of the prompt, are taken off where
    /// that gives an offered file; so is `\` read as `/`, as Windows has it.
    pub(crate) fn resolve(
        &self,
        root: &Root,
        block: usize,
        path: &str,
    ) -> Result<(String, Option<Offered>), Refusal> {
        let meant = self
            .meant(root, path)
            .map_or_else(|| relative_path(path), Ok);
        let meant = meant.map_err(|problem| {
            let reason = format!(
                "block {block} names '{path}', but {problem}; {}",
                self.names()
            );
            refusal(Some((block, path)), "outside", reason)
        })?;
        let offered = self.find(&meant);
        Ok((meant, offered))
    }

    /// Tells whether a path means an offered file.
    pub(crate) fn knows(&self, root: &Root, path: &str) -> bool {
        self.meant(root, path).is_some()
    }

    /// The offered file that a path means. One in an offered directory must be there: else every word would be the path
    /// of a file that could be.
    fn meant(&self, root: &Root, path: &str) -> Option<String> {
        let path = match relative_path(path) {
            Err(PathProblem::Backslash) => relative_path(&path.replace('\\', "/")),
            read => read,
        };
        let path = path.ok()?;
        let is_there = |path: &str| matches!(root.state(path), Ok(State::File(_)));
        // Where that folder is there, its name need not come from an example.
        let is_folder = || matches!(root.state("path/to"), Ok(State::Other(_)));
        let mut meanings = meanings(&path);
        let meant = meanings.find(|meaning| {
            let is_offered = self.files.contains_key(*meaning)
                || (self.find(meaning).is_some() && is_there(meaning));
            is_offered && (path.strip_prefix("path/to/") != Some(meaning) || !is_folder())
        });
        meant.map(str::to_owned)
    }

    fn find(&self, path: &str) -> Option<Offered> {
        let in_directory = || {
            let holds = |directory: &String| path.starts_with(directory.as_str());
            self.directories.iter().any(holds).then(Offered::default)
        };
        self.files.get(path).cloned().or_else(in_directory)
    }

    /// Says what may be changed, in words for the model.
    fn names(&self) -> String {
        self.names_of(|path| relative_path(path).is_ok())
    }

    /// Says what may be changed of the files that are open to changes, in words for the model.
    pub(crate) fn names_of(&self, is_open: impl Fn(&str) -> bool) -> String {
        const SHOWN: usize = 20;
        let files = self.files.keys().filter(|path| is_open(path));
        let all: Vec<_> = files.chain(&self.directories).collect();
        let names: Vec<_> = all
            .iter()
            .take(SHOWN)
            .map(|name| match name.as_str() {
                "" => "all files here".to_owned(),
                name => format!("'{name}'"),
            })
            .collect();
        let more = all.len().saturating_sub(SHOWN);
        match (names.len(), more) {
            (0, _) => "no file may be changed".to_owned(),
            (_, 0) => format!("new versions are accepted of: {}", names.join(", ")),
            _ => format!(
                "new versions are accepted of: {} and {more} more",
                names.join(", ")
            ),
        }
    }
}

/// What a clean path can mean: itself, or itself without what was copied from an example or a window.
fn meanings(path: &str) -> impl Iterator<Item = &str> {
    std::iter::once(path)
        .chain(path.strip_prefix("path/to/"))
        .chain(without_lines(path))
}

/// Makes a refusal, of one block or of the reply as a whole.
pub(crate) fn refusal(block: Option<(usize, &str)>, kind: &str, reason: String) -> Refusal {
    Refusal {
        path: block.map(|(_, path)| path.to_owned()),
        block: block.map(|(number, _)| number as u64),
        kind: kind.to_owned(),
        reason,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offer() -> Offer {
        let read_only = Source {
            role: SourceRole::Read,
            ..Source::new("shown.py")
        };
        Offer::of_sources(&[Source::new("src/a.py"), read_only])
    }

    fn check(path: &str, expected: Result<(&str, bool), &str>) {
        let nowhere = tempfile::tempdir().unwrap();
        let root = Root::open(nowhere.path()).unwrap();
        let resolved = offer().resolve(&root, 1, path);
        let resolved = resolved.as_ref().map_err(|refusal| refusal.kind.as_str());
        let resolved = resolved.map(|(path, offered)| (path.as_str(), offered.is_some()));
        assert_eq!(resolved, expected, "{path}");
        let is_known = expected.is_ok_and(|(_, is_offered)| is_offered);
        assert_eq!(offer().knows(&root, path), is_known, "{path}");
    }

    #[test]
    fn only_what_was_offered_may_be_changed() {
        check("src/a.py", Ok(("src/a.py", true)));
        check("./src//a.py", Ok(("src/a.py", true)));
        check("path/to/src/a.py", Ok(("src/a.py", true)));
        check("src/a.py, lines 3 to 8", Ok(("src/a.py", true)));
        check("b.py, lines 3 to 8", Ok(("b.py, lines 3 to 8", false)));
        check("src/a.py:3-8", Ok(("src/a.py", true)));
        check("src/a.py, lines 3", Ok(("src/a.py, lines 3", false)));
        check("a.py", Ok(("a.py", false)));
        check("shown.py", Ok(("shown.py", false)));
        check("path/to/new.py", Ok(("path/to/new.py", false)));
        check(r"src\a.py", Ok(("src/a.py", true)));
        check(r".\src\a.py", Ok(("src/a.py", true)));
    }

    #[test]
    fn in_an_offered_directory_a_path_means_the_file_that_is_there() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("src")).unwrap();
        std::fs::write(folder.path().join("src/a.py"), "").unwrap();
        let root = Root::open(folder.path()).unwrap();
        let here = Offer {
            files: BTreeMap::new(),
            directories: vec![String::new()],
        };
        let meant = |path: &str| here.resolve(&root, 1, path).map(|(path, _)| path).ok();
        assert_eq!(meant("path/to/src/a.py").as_deref(), Some("src/a.py"));
        assert_eq!(meant("src/a.py:3-8").as_deref(), Some("src/a.py"));
        assert_eq!(meant("path/to/new.py").as_deref(), Some("path/to/new.py"));
        assert_eq!(meant(r"src\a.py").as_deref(), Some("src/a.py"));
        assert_eq!(meant(r"src\new.py"), None);
        assert_eq!(meant(r"src\..\..\a.py"), None);
        std::fs::create_dir_all(folder.path().join("path/to")).unwrap();
        let itself = Some("path/to/src/a.py");
        assert_eq!(meant("path/to/src/a.py").as_deref(), itself);
    }

    #[test]
    fn nothing_outside_the_working_directory_may_be_changed() {
        for path in [
            "../src/a.py",
            "/src/a.py",
            "~/a.py",
            ".git/config",
            "C:\\a.py",
            r"..\src\a.py",
            r"\src\a.py",
            r"src\b.py",
            "",
        ] {
            check(path, Err("outside"));
        }
    }

    #[test]
    fn arguments_may_be_absolute_beneath_the_working_directory() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.py");
        std::fs::write(&file, "").unwrap();
        let offer = |root: &std::path::Path, path: &std::path::Path| {
            let argument = path.canonicalize().unwrap().display().to_string();
            Offer::of_arguments(&Root::open(root).unwrap(), vec![argument])
        };
        let here = folder.path();
        let root = Root::open(here).unwrap();
        assert!(offer(here, &file).unwrap().knows(&root, "a.py"));
        assert!(offer(here, here).unwrap().knows(&root, "a.py"));
        assert!(!offer(here, here).unwrap().knows(&root, "python"));
        let elsewhere = tempfile::tempdir().unwrap();
        let refused = offer(elsewhere.path(), &file).err().unwrap();
        assert_eq!(refused.kind, Kind::Usage);
    }

    #[test]
    fn says_what_would_have_been_accepted() {
        assert_eq!(offer().names(), "new versions are accepted of: 'src/a.py'");
        assert_eq!(offer().names_of(|_| false), "no file may be changed");
    }
}
