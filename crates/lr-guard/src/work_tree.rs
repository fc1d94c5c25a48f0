//! What git knows about the files of the work tree: which are ignored, and which are not its own.
//!
//! The rules are read here; git itself is asked only which folder its hooks lie in, and whether an
//! ignored file is tracked all the same. Without git nothing is.

use std::cell::RefCell;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use ignore::Match;
use ignore::gitignore::{Gitignore, GitignoreBuilder};
use lr_exec::Program;

/// How long git may take to answer.
const PATIENCE: Duration = Duration::from_secs(20);

/// The work tree that holds the working directory, if there is one.
pub(crate) struct WorkTree {
    top: PathBuf,
    /// The working directory beneath the top: empty, or ending with `/`.
    prefix: String,
    /// Whether git is there at all; without it nothing is ignored.
    is_git: bool,
    /// The rules that hold everywhere, the strongest first.
    general: Vec<Gitignore>,
    /// The rules of `.gitignore` by the directory beneath the top, read when first needed.
    by_directory: RefCell<HashMap<String, Gitignore>>,
    /// The paths of submodules beneath the top.
    submodules: Vec<String>,
}

impl WorkTree {
    /// Finds the work tree of a directory: what git calls one, else the project `root`.
    pub(crate) fn of(directory: &Path, root: &Path) -> Self {
        let top = directory
            .ancestors()
            .find(|parent| parent.join(".git").exists());
        let is_git = top.is_some();
        let top = top.unwrap_or(root).to_path_buf();
        let inside = directory.strip_prefix(&top).ok().and_then(Path::to_str);
        let prefix = match inside {
            None | Some("") => String::new(),
            Some(inside) => format!("{inside}/"),
        };
        let general = if is_git {
            vec![excluded(&top), Gitignore::global().0]
        } else {
            Vec::new()
        };
        Self {
            submodules: submodules(&top),
            top,
            prefix,
            is_git,
            general,
            by_directory: RefCell::default(),
        }
    }

    /// The working directory beneath the top: empty, or ending with `/`.
    pub(crate) fn prefix(&self) -> &str {
        &self.prefix
    }

    /// Patterns of the folders in which git looks for hooks, beside its own.
    pub(crate) fn hooks(&self) -> Vec<String> {
        let ask = ["config", "--type=path", "--get", "core.hooksPath"];
        let Some(path) = self.git(&ask).filter(|_| self.is_git) else {
            return Vec::new();
        };
        let inside = Path::new(path.trim_end())
            .strip_prefix(&self.top)
            .unwrap_or(Path::new(path.trim_end()));
        match lr_files::relative_path(&inside.to_string_lossy()) {
            Ok(folder) => vec![format!("/{}/", escaped(&folder))],
            Err(_) => Vec::new(),
        }
    }

    /// Tells whether git ignores a file and does not track it all the same.
    pub(crate) fn ignores(&self, path: &str) -> bool {
        let full = format!("{}{path}", self.prefix);
        self.is_git && self.is_matched(&full) && !self.is_tracked(&full)
    }

    /// Returns the submodule that a file lies in.
    pub(crate) fn submodule_of(&self, path: &str) -> Option<&str> {
        let full = format!("{}{path}", self.prefix);
        let holds = |module: &&String| {
            full.strip_prefix(module.as_str())
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        self.submodules.iter().find(holds).map(String::as_str)
    }

    /// Tells whether an ignore rule is about a file or a directory above it.
    fn is_matched(&self, full: &str) -> bool {
        let ends = full.match_indices('/').map(|(end, _)| (end, true));
        ends.chain([(full.len(), false)])
            .filter_map(|(end, is_directory)| Some((full.get(..end)?, is_directory)))
            .any(|(part, is_directory)| self.is_part_matched(part, is_directory))
    }

    fn is_part_matched(&self, part: &str, is_directory: bool) -> bool {
        let absolute = self.top.join(part);
        let decide = |rules: &Gitignore| match rules.matched(&absolute, is_directory) {
            Match::None => None,
            Match::Ignore(_) => Some(true),
            Match::Whitelist(_) => Some(false),
        };
        let mut above = part;
        loop {
            above = above.rsplit_once('/').map_or("", |(parent, _)| parent);
            let decided = self.with_rules_of(above, decide);
            if decided.is_some() || above.is_empty() {
                break decided;
            }
        }
        .or_else(|| self.general.iter().find_map(decide))
        .unwrap_or(false)
    }

    fn with_rules_of<T>(&self, directory: &str, decide: impl Fn(&Gitignore) -> T) -> T {
        let mut known = self.by_directory.borrow_mut();
        let rules = known
            .entry(directory.to_owned())
            .or_insert_with(|| rules_in(&self.top.join(directory), ".gitignore"));
        decide(rules)
    }

    fn is_tracked(&self, full: &str) -> bool {
        let ask = ["--literal-pathspecs", "ls-files", "--error-unmatch", "--"];
        self.git(&[&ask[..], &[full]].concat()).is_some()
    }

    /// Returns what git prints, if it succeeds.
    fn git(&self, arguments: &[&str]) -> Option<String> {
        // A file system monitor is a program that the repository names.
        let argv = ["git", "-c", "core.fsmonitor=false"];
        let program = Program::new([&argv[..], arguments].concat())
            .current_dir(&self.top)
            .timeout(PATIENCE);
        let finished = program.run().ok()?;
        finished.succeeded().then(|| finished.stdout.text())
    }
}

/// The rules of `.git/info/exclude`; a linked work tree has those of the main one.
fn excluded(top: &Path) -> Gitignore {
    let mut git = top.join(".git");
    if let Ok(text) = std::fs::read_to_string(&git) {
        git = top.join(text.trim().trim_start_matches("gitdir: "));
        if let Ok(common) = std::fs::read_to_string(git.join("commondir")) {
            git = git.join(common.trim());
        }
    }
    let mut builder = GitignoreBuilder::new(top);
    // A file that is not there, or a line that cannot be read, rules nothing.
    let _ = builder.add(git.join("info/exclude"));
    builder.build().unwrap_or_else(|_| Gitignore::empty())
}

fn rules_in(directory: &Path, name: &str) -> Gitignore {
    let mut builder = GitignoreBuilder::new(directory);
    let _ = builder.add(directory.join(name));
    builder.build().unwrap_or_else(|_| Gitignore::empty())
}

fn submodules(top: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(top.join(".gitmodules")).unwrap_or_default();
    let value = |line: &str| {
        let (key, value) = line.split_once('=')?;
        (key.trim() == "path").then(|| value.trim().trim_matches('"').to_owned())
    };
    let paths = text.lines().filter_map(value);
    paths
        .filter_map(|path| lr_files::relative_path(&path).ok())
        .collect()
}

/// A path as a pattern that means just it.
fn escaped(path: &str) -> String {
    let mut pattern = String::with_capacity(path.len());
    for c in path.chars() {
        if matches!(c, '*' | '?' | '[' | ']' | '{' | '}' | '!' | '#') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn tree(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        folder
    }

    fn check(files: &[(&str, &str)], directory: &str, ignored: &[&str], kept: &[&str]) {
        let folder = tree(files);
        let top = folder.path().canonicalize().unwrap();
        let work_tree = WorkTree::of(&top.join(directory), &top);
        for path in ignored {
            assert!(work_tree.ignores(path), "{path} is ignored");
        }
        for path in kept {
            assert!(!work_tree.ignores(path), "{path} is not ignored");
        }
    }

    #[test]
    fn rules_hold_from_the_top_down_and_the_deepest_decides() {
        let files = [
            (".git/info/exclude", "local/\n"),
            (".gitignore", "build/\n*.log\n"),
            ("sub/.gitignore", "!keep.log\n/only-here\n"),
        ];
        let ignored = [
            "build/a.py",
            "a/build/b.py",
            "x.log",
            "local/a",
            "sub/x.log",
            "sub/only-here",
        ];
        check(&files, "", &ignored, &["sub/keep.log", "only-here", "a.py"]);
        check(&files, "sub", &["x.log", "build/a"], &["keep.log", "a.py"]);
    }

    #[test]
    fn what_lies_in_an_ignored_directory_cannot_be_taken_out() {
        let files = [
            (".git/HEAD", ""),
            (".gitignore", "build/\n!build/keep.py\n"),
        ];
        check(&files, "", &["build/keep.py"], &[]);
    }

    #[test]
    fn without_git_nothing_is_ignored() {
        check(&[(".gitignore", "*.py\n")], "", &[], &["a.py"]);
    }

    #[test]
    fn a_linked_work_tree_has_the_rules_of_the_main_one() {
        let files = [
            ("main/.git/info/exclude", "local/\n"),
            ("main/.git/worktrees/w/commondir", "../..\n"),
            ("linked/a.py", ""),
        ];
        let folder = tree(&files);
        let top = folder.path().canonicalize().unwrap();
        let git = top.join("main/.git/worktrees/w");
        fs::write(
            top.join("linked/.git"),
            format!("gitdir: {}\n", git.display()),
        )
        .unwrap();
        let work_tree = WorkTree::of(&top.join("linked"), &top);
        assert!(work_tree.ignores("local/a"));
    }

    #[test]
    fn knows_its_submodules() {
        let files = [
            (".git/HEAD", ""),
            (
                ".gitmodules",
                "[submodule \"x\"]\n\tpath = vendor/x\n\turl = u\n",
            ),
        ];
        let folder = tree(&files);
        let work_tree = WorkTree::of(folder.path(), folder.path());
        assert_eq!(work_tree.submodule_of("vendor/x/a.c"), Some("vendor/x"));
        assert_eq!(work_tree.submodule_of("vendor/x"), Some("vendor/x"));
        assert_eq!(work_tree.submodule_of("vendor/xy"), None);
        assert!(work_tree.hooks().is_empty());
    }
}
