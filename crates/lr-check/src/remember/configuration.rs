//! The files by which a checker may be configured, wherever it may look for them.
//!
//! They are looked for by name in the directory of a source and in all above it, and in the user's
//! own folders. A file that one of them names is part of it, and so is what that one names where
//! configurations are written in its language; a module of Python or a script may name any source.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::LazyLock;

use lr_files::sha256_hex;
use regex::Regex;

use super::basis::Basis;
use crate::own_paths::without_detours;

/// Files that many checkers look at.
const USUAL: [&str; 11] = [
    ".cargo/config.toml",
    ".editorconfig",
    ".gitignore",
    ".ignore",
    "package.json",
    "pyproject.toml",
    "rust-toolchain",
    "rust-toolchain.toml",
    "setup.cfg",
    "tox.ini",
    "tsconfig.json",
];

/// How large a file may be whose text counts, in bytes; of a larger one only its size does.
const LARGEST: u64 = 4 * 1024 * 1024;

/// How many files that others name are followed.
const MOST_NAMED: usize = 1_000;

/// Endings of files that a configuration is written in, so that what they name is part of it.
const WRITTEN_IN: [&str; 13] = [
    "cfg", "cjs", "conf", "cts", "ini", "js", "json", "mjs", "mts", "toml", "ts", "yaml", "yml",
];

/// What may be the name of a file.
static WORD: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"[\w@~./+-]*[\w/]").ok());

/// Files by which checkers may be configured, each read once for all of them.
#[derive(Default)]
pub(super) struct Files {
    known: RefCell<HashMap<PathBuf, Rc<Facts>>>,
}

/// What there is to know of one file.
struct Facts {
    /// What it is; `None` where there is no file.
    digest: Option<String>,
    /// The files that it names.
    names: Vec<PathBuf>,
}

/// What the configuration of one checker is, by directory.
pub(super) struct Configuration {
    names: Vec<String>,
    files: Rc<Files>,
    by_directory: RefCell<HashMap<PathBuf, Rc<str>>>,
}

impl Configuration {
    /// Prepares for a checker with these places of configuration, `file` or `file:table`.
    pub(super) fn of(places: &[String], files: Rc<Files>) -> Self {
        let mut names: Vec<String> = places
            .iter()
            .map(|place| place.split(':').next().unwrap_or(place).to_owned())
            .chain(USUAL.map(str::to_owned))
            .collect();
        names.sort();
        names.dedup();
        Self {
            names,
            files,
            by_directory: RefCell::default(),
        }
    }

    /// Returns a digest of the configuration that holds in a directory.
    pub(super) fn digest(&self, directory: &Path) -> Rc<str> {
        if let Some(known) = self.by_directory.borrow().get(directory) {
            return Rc::clone(known);
        }
        let mut basis = Basis::default();
        if let Some(above) = directory.parent() {
            basis.add("above", &self.digest(above));
        }
        for path in self.files_in(directory) {
            self.add(&mut basis, path);
        }
        let digest: Rc<str> = basis.digest().into();
        let mut known = self.by_directory.borrow_mut();
        known.insert(directory.to_path_buf(), Rc::clone(&digest));
        digest
    }

    /// Returns a digest of the configuration in the user's own folders.
    pub(super) fn users_digest(&self, checker: &str, folders: &[PathBuf]) -> String {
        let mut basis = Basis::default();
        for folder in folders {
            for folder in [folder.clone(), folder.join(checker)] {
                for path in self.files_in(&folder) {
                    self.add(&mut basis, path);
                }
                self.add(&mut basis, folder.join("config"));
            }
        }
        basis.digest()
    }

    fn files_in(&self, directory: &Path) -> Vec<PathBuf> {
        let mut files = Vec::new();
        for name in &self.names {
            match name.split_once('*') {
                None => files.push(directory.join(name)),
                Some((start, end)) => {
                    let entries = std::fs::read_dir(directory).into_iter().flatten().flatten();
                    let mut found: Vec<PathBuf> = entries
                        .filter(|entry| {
                            let name = entry.file_name().to_string_lossy().into_owned();
                            name.starts_with(start) && name.ends_with(end)
                        })
                        .map(|entry| entry.path())
                        .collect();
                    found.sort();
                    files.extend(found);
                }
            }
        }
        files
    }

    /// Adds a file, and those that it names.
    fn add(&self, basis: &mut Basis, path: PathBuf) {
        let mut seen = HashSet::new();
        let mut rest = vec![path];
        while let Some(path) = rest.pop() {
            if seen.len() > MOST_NAMED || !seen.insert(path.clone()) {
                continue;
            }
            let facts = self.files.facts(&path);
            if let Some(digest) = &facts.digest {
                basis.add(&path.to_string_lossy(), digest);
            }
            let is_first = seen.len() == 1;
            let ending = path.extension().unwrap_or_default().to_string_lossy();
            if is_first || WRITTEN_IN.contains(&&*ending) {
                rest.extend(facts.names.iter().cloned());
            }
        }
    }
}

impl Files {
    fn facts(&self, path: &Path) -> Rc<Facts> {
        if let Some(known) = self.known.borrow().get(path) {
            return Rc::clone(known);
        }
        let facts = Rc::new(Facts::of(path));
        let mut known = self.known.borrow_mut();
        known.insert(path.to_path_buf(), Rc::clone(&facts));
        facts
    }
}

impl Facts {
    fn of(path: &Path) -> Self {
        let nameless = |digest| Self {
            digest,
            names: Vec::new(),
        };
        let Ok(metadata) = path.metadata() else {
            return nameless(None);
        };
        if !metadata.is_file() || metadata.len() > LARGEST {
            return nameless(Some(metadata.len().to_string()));
        }
        let Ok(bytes) = std::fs::read(path) else {
            return nameless(Some("unreadable".to_owned()));
        };
        let digest = Some(sha256_hex(&bytes));
        if path.extension().is_some_and(|ending| ending == "py") {
            return nameless(digest);
        }
        let text = String::from_utf8_lossy(&bytes);
        let beside = path.parent().unwrap_or(Path::new("/"));
        Self {
            digest,
            names: named_in(&text, beside),
        }
    }
}

/// Returns the files that words of a text name, as paths or as modules of Python.
fn named_in(text: &str, directory: &Path) -> Vec<PathBuf> {
    let words = WORD.iter().flat_map(|word| word.find_iter(text));
    let mut unique: Vec<&str> = words.map(|word| word.as_str()).collect();
    unique.sort_unstable();
    unique.dedup();
    unique
        .into_iter()
        .filter(|word| word.contains(['.', '/']))
        .flat_map(|word| {
            let module = format!("{}.py", word.replace('.', "/"));
            [directory.join(word), directory.join(module)]
        })
        .filter(|path| path.is_file())
        .map(|path| without_detours(&path))
        .collect()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn configuration(places: &[&str]) -> Configuration {
        let places: Vec<String> = places.iter().map(|place| (*place).to_owned()).collect();
        Configuration::of(&places, Rc::default())
    }

    /// Tells whether writing a file changes the configuration that holds in `p/src`.
    fn check(path: &str, expected: bool) {
        let folder = tempfile::tempdir().unwrap();
        let source = folder.path().join("p/src");
        fs::create_dir_all(&source).unwrap();
        let text = "extend = \"../shared/base.toml\"\nload-plugins = [\"tools.checks\"]\n";
        fs::write(folder.path().join("p/ruff.toml"), text).unwrap();
        for path in ["shared/base.toml", "p/tools/checks.py"] {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        let digest = || configuration(&["ruff.toml", "x.*"]).digest(&source);
        let before = digest();
        assert_eq!(digest(), before);
        fs::write(folder.path().join(path), "line-length = 99\n").unwrap();
        assert_eq!(digest() != before, expected, "{path}");
    }

    #[test]
    fn configuration_is_beside_a_source_or_above_it() {
        check("p/src/ruff.toml", true);
        check("p/ruff.toml", true);
        check("ruff.toml", true);
        check("p/src/x.cjs", true);
        check("p/setup.cfg", true);
        check("p/other.toml", false);
    }

    #[test]
    fn a_file_that_the_configuration_names_is_part_of_it() {
        check("shared/base.toml", true);
        check("p/tools/checks.py", true);
    }

    #[test]
    fn files_that_name_each_other_are_known_by_one_name() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["a", "b"] {
            let path = folder.path().join(name).join("of-this-test.json");
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(
                path,
                "\"../a/of-this-test.json\" \"../b/of-this-test.json\" \"../a/../b/./of-this-test.json\"",
            )
            .unwrap();
        }
        let configuration = configuration(&["of-this-test.json"]);
        configuration.digest(&folder.path().join("a"));
        let known = configuration.files.known.borrow();
        let there = known.values().filter(|facts| facts.digest.is_some());
        let (mut n_files, mut n_names) = (0, 0);
        for facts in there {
            n_files += 1;
            n_names += facts.names.len();
        }
        assert_eq!((n_files, n_names), (2, 6));
    }

    #[test]
    fn what_a_program_names_is_no_configuration() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
        write("package.json", "{\"bin\": \"run.sh\"}");
        write("run.sh", "cat ./data.txt\n");
        write("data.txt", "");
        let digest = || configuration(&[]).digest(folder.path());
        let before = digest();
        write("data.txt", "1");
        assert_eq!(digest(), before);
        write("run.sh", "");
        assert_ne!(digest(), before);
    }
}
