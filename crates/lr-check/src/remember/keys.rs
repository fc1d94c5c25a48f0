//! Under which keys answers are remembered: digests of all that an answer is made of.

use std::cell::{OnceCell, RefCell};
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use lr_files::{Root, sha256_hex};
use lr_stage::{environment, project};

use super::basis::Basis;
use super::configuration::{Configuration, Files};
use super::imports::{Imports, Module};
use super::{program, tree};
use crate::catalogue::{Checker, Scope, Unit};
use crate::installed;
use crate::run::Runner;
use crate::sources::Sources;

/// Variables that say where and when somebody works, not how.
const PASSING: [&str; 12] = [
    "_",
    "SHLVL",
    "OLDPWD",
    "PWD",
    "COLUMNS",
    "LINES",
    "WINDOWID",
    "SSH_CLIENT",
    "SSH_CONNECTION",
    "SSH_TTY",
    "GPG_TTY",
    "XDG_SESSION_ID",
];

/// How large a module may be that is no source, in bytes.
const LARGEST_MODULE: u64 = 4 * 1024 * 1024;

/// What answers about the sources of a project depend on, worked out as far as it is needed.
pub(super) struct Keys<'a> {
    sources: &'a Sources,
    /// The project, which the sources may lie somewhere beneath.
    pub(super) project: Root,
    /// What stands before a source's path in one relative to the project; ends with `/` or is empty.
    prefix: String,
    /// What all answers depend on.
    basis: Basis,
    files: Rc<Files>,
    prepared: RefCell<HashMap<String, Option<Rc<Prepared>>>>,
    tree: OnceCell<Option<Vec<PathBuf>>>,
    imports: OnceCell<Option<Imports>>,
    project_digest: OnceCell<Option<String>>,
}

/// What the answers of one checker depend on, whichever files it is asked about.
struct Prepared {
    basis: Basis,
    configuration: Configuration,
}

impl<'a> Keys<'a> {
    /// Prepares for the sources; `None` where nothing can be remembered of them.
    pub(super) fn of(sources: &'a Sources, runner: &Runner) -> Option<Self> {
        let directory = sources.root().path();
        let top = project::root(directory);
        let inside = directory.strip_prefix(&top).ok()?.to_str()?;
        let prefix = match inside {
            "" => String::new(),
            inside => format!("{inside}/"),
        };
        let mut basis = Basis::default();
        let own = std::env::current_exe().ok()?;
        basis.add(env!("CARGO_PKG_VERSION"), &tree::look(&own));
        basis.add("directory", directory.to_str()?);
        let dropped = lr_config::keys::variables();
        for (name, value) in lr_exec::child_variables(dropped, &runner.keep_env) {
            let name = name.to_string_lossy();
            if !PASSING.contains(&&*name) && !name.starts_with("LR_") {
                basis.add(&name, &value.to_string_lossy());
            }
        }
        Some(Self {
            sources,
            project: Root::open(&top).ok()?,
            prefix,
            basis,
            files: Rc::default(),
            prepared: RefCell::default(),
            tree: OnceCell::new(),
            imports: OnceCell::new(),
            project_digest: OnceCell::new(),
        })
    }

    /// Returns under which keys the answers about files are remembered; `None` where they are not.
    pub(super) fn of_files(&self, checker: &Checker, files: &[&str]) -> Option<Vec<String>> {
        if checker.runs_the_code() {
            return None;
        }
        let directory = self.sources.root().path();
        let prepared = self.prepared(checker)?;
        let mut basis = prepared.basis.clone();
        let configuration = &prepared.configuration;
        if is_about_all(checker) {
            basis.add("project", self.project_digest()?);
            basis.add("files", &files.join("\0"));
            basis.add("configuration", &configuration.digest(directory));
            let key = basis.digest();
            return Some(vec![key; files.len()]);
        }
        let base = basis.digest();
        let mut listings = HashMap::new();
        files
            .iter()
            .map(|file| {
                let mut basis = Basis::default();
                basis.add("checker", &base);
                basis.add(file, self.sources.sha256(file)?);
                let folder = directory.join(file).parent()?.to_path_buf();
                basis.add("configuration", &configuration.digest(&folder));
                basis.add("neighbours", &self.neighbours(file, &mut listings));
                if checker.scope == Scope::Imports {
                    basis.add("imports", self.imports()?.digest(&self.inside(file))?);
                }
                Some(basis.digest())
            })
            .collect()
    }

    /// Returns what the answers of a checker depend on, whichever files it is asked about.
    fn prepared(&self, checker: &Checker) -> Option<Rc<Prepared>> {
        if let Some(known) = self.prepared.borrow().get(&checker.name) {
            return known.clone();
        }
        let prepared = self.prepare(checker).map(Rc::new);
        let mut known = self.prepared.borrow_mut();
        known.insert(checker.name.clone(), prepared.clone());
        prepared
    }

    fn prepare(&self, checker: &Checker) -> Option<Prepared> {
        let directory = self.sources.root().path();
        let mut basis = self.basis.clone();
        basis.add("entry", &format!("{checker:?}"));
        let program = installed::program(checker, directory);
        program::describe(&mut basis, &program, directory)?;
        for other in &checker.requires {
            program::describe(&mut basis, other, directory)?;
        }
        let places = [&checker.configured_by, &checker.needs].map(Vec::as_slice);
        let configuration = Configuration::of(&places.concat(), Rc::clone(&self.files));
        let users = configuration.users_digest(&checker.name, &users_folders());
        basis.add("user", &users);
        Some(Prepared {
            basis,
            configuration,
        })
    }

    /// Returns groups of files that are to stay together in one call, in their order.
    pub(super) fn groups<'f>(&self, checker: &Checker, files: &[&'f str]) -> Vec<Vec<&'f str>> {
        let imports = match checker.scope {
            Scope::Imports => self.imports(),
            _ => None,
        };
        let mut groups: Vec<Vec<&str>> = Vec::new();
        let mut places: HashMap<usize, usize> = HashMap::new();
        for file in files {
            let group = imports.and_then(|imports| imports.group(&self.inside(file)));
            let place = group.and_then(|group| places.get(&group).copied());
            if let Some(place) = place {
                groups[place].push(file);
            } else {
                places.extend(group.map(|group| (group, groups.len())));
                groups.push(vec![file]);
            }
        }
        groups
    }

    /// Describes the folders from a file's own one up to the project's, and `src` in that: which
    /// folders are in them, and which files of the same kind. Some checkers tell by these what
    /// belongs to the project.
    fn neighbours(&self, file: &str, listings: &mut HashMap<(PathBuf, String), String>) -> String {
        let path = self.project.path().join(self.inside(file));
        let ending = path
            .extension()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let top = self.project.path();
        let folders = path
            .ancestors()
            .skip(1)
            .take_while(|folder| folder.starts_with(top));
        let folders = folders.map(Path::to_path_buf).chain([top.join("src")]);
        let mut basis = Basis::default();
        for folder in folders {
            let key = (folder, ending.clone());
            let listing = match listings.entry(key) {
                Entry::Occupied(known) => known.into_mut(),
                Entry::Vacant(new) => {
                    let (folder, ending) = new.key();
                    let listing = sha256_hex(listing(folder, ending).as_bytes());
                    new.insert(listing)
                }
            };
            basis.add("folder", listing);
        }
        basis.digest()
    }

    fn tree(&self) -> Option<&[PathBuf]> {
        self.tree
            .get_or_init(|| tree::files(self.project.path()))
            .as_deref()
    }

    fn imports(&self) -> Option<&Imports> {
        self.imports.get_or_init(|| self.read_imports()).as_ref()
    }

    fn read_imports(&self) -> Option<Imports> {
        let own: HashMap<String, &str> = self
            .sources
            .files()
            .iter()
            .map(|file| (self.inside(&file.path), file.path.as_str()))
            .collect();
        let mut others: Vec<(String, String, String)> = Vec::new();
        for path in self.tree()? {
            let is_module = path
                .extension()
                .is_some_and(|ending| ending == "py" || ending == "pyi");
            let inside = path
                .strip_prefix(self.project.path())
                .ok()?
                .to_string_lossy();
            if !is_module || own.contains_key(&*inside) {
                continue;
            }
            let is_small = path
                .metadata()
                .is_ok_and(|found| found.len() <= LARGEST_MODULE);
            let bytes = if is_small {
                std::fs::read(path).ok()
            } else {
                None
            };
            let bytes = bytes.unwrap_or_else(|| tree::look(path).into_bytes());
            let text = String::from_utf8_lossy(&bytes).into_owned();
            others.push((inside.into_owned(), sha256_hex(&bytes), text));
        }
        let own = own.iter().filter_map(|(inside, path)| {
            Some(Module {
                path: inside,
                sha256: self.sources.sha256(path)?,
                text: self.sources.text(path)?,
            })
        });
        let others = others
            .iter()
            .map(|(path, sha256, text)| Module { path, sha256, text });
        let mut modules: Vec<Module<'_>> = own.chain(others).collect();
        modules.sort_by_key(|module| module.path);
        let anywhere = !self.prefix.is_empty() || environment::var("PYTHONPATH").is_some();
        Imports::read(&modules, anywhere)
    }

    fn project_digest(&self) -> Option<&str> {
        let digest = self.project_digest.get_or_init(|| {
            let mut basis = Basis::default();
            let top = self.project.path();
            basis.add("packages", &tree::look(&top.join("node_modules")));
            for path in self.tree()? {
                let inside = path.strip_prefix(top).ok()?.to_string_lossy();
                let source = inside.strip_prefix(&self.prefix);
                match source.and_then(|source| self.sources.sha256(source)) {
                    Some(sha256) => basis.add(&inside, sha256),
                    None => basis.add(&inside, &tree::look(path)),
                }
            }
            Some(basis.digest())
        });
        digest.as_deref()
    }

    /// Returns a source's path relative to the project.
    fn inside(&self, file: &str) -> String {
        format!("{}{file}", self.prefix)
    }
}

/// Tells whether a checker's answer is about all files together, not about each of them.
pub(super) fn is_about_all(checker: &Checker) -> bool {
    checker.scope == Scope::Project || checker.unit == Unit::Project
}

/// Returns the folders in which a user configures checkers for all projects.
fn users_folders() -> Vec<PathBuf> {
    let home = environment::var("HOME").map(PathBuf::from);
    let configuration = environment::var("XDG_CONFIG_HOME").map(PathBuf::from);
    let usual = home.as_ref().map(|home| home.join(".config"));
    home.into_iter().chain(configuration).chain(usual).collect()
}

/// Lists the folders in a folder, and the files with an ending, by name.
fn listing(folder: &Path, ending: &str) -> String {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut names: Vec<String> = entries
        .filter_map(|entry| {
            let name = entry.file_name().to_string_lossy().into_owned();
            let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
            let is_alike = Path::new(&name)
                .extension()
                .unwrap_or_default()
                .to_string_lossy()
                == ending;
            let counts = (is_folder && name != "__pycache__") || (!is_folder && is_alike);
            (counts && !name.starts_with('.')).then_some(name)
        })
        .collect();
    names.sort();
    names.join("\0")
}
