//! Which files a checker's own configuration has it look at. A checker that finds files itself heeds that; one that is
//! given files by name often does not, and would complain about what the project does not hold to its rules.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use ignore::gitignore::Gitignore;
use lr_stage::say;
use regex::{Regex, RegexBuilder};
use serde::Deserialize;

use crate::catalogue::{Checker, Unit};
use crate::own_paths::{Leads, OwnPaths, globs};
use crate::own_table::OwnTable;

/// Keys of a checker's own configuration by which it chooses files.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct OwnFiles {
    /// Paths of files and folders that it looks at; all without them.
    at: Vec<String>,
    /// Modules of Python that it looks at, wherever they lie.
    at_modules: Vec<String>,
    /// Paths of those that it leaves out.
    not_at: Vec<String>,
    /// How all these paths are written.
    paths: OwnPaths,
    /// Regular expressions of the paths of those that it leaves out.
    not_matching: Vec<String>,
    /// Whether these see a slash before the path.
    from_slash: bool,
    /// Whether one of them that takes several lines may have blanks and comments.
    verbose_lines: bool,
    /// Whether it takes a stub `a.pyi` or a package `a` for the module `a.py` beside it, and cannot look at both.
    stub_or_module: bool,
}

/// Leaves out of the files for a checker those that it would not look at if it found files itself. Returns why none is
/// left, if that is so.
pub(crate) fn keep_wanted(
    checker: &Checker,
    directory: &Path,
    files: &mut Vec<&str>,
) -> Option<String> {
    let own = checker.own_files.as_ref().filter(|_| !files.is_empty())?;
    let wanted = Wanted::of(checker, own, (directory, files));
    if let Some(wanted) = &wanted {
        let all = files.clone();
        files.retain(|path| wanted.has(path));
        // Tests that are usually not run are so beside others alone.
        if files.is_empty() && checker.runs_the_code() && checker.unit == Unit::Files {
            *files = all;
            return None;
        }
    }
    if own.stub_or_module {
        leave_out_hidden_modules(files);
    }
    let file = wanted?.file;
    files
        .is_empty()
        .then(|| format!("'{file}' leaves these files out"))
}

/// Leaves out the modules of Python for which something beside them is taken.
fn leave_out_hidden_modules(files: &mut Vec<&str>) {
    let endings = ["/__init__.py", "/__init__.pyi", ".pyi"];
    let all = files.iter();
    let stems = all.flat_map(|path| {
        endings
            .iter()
            .filter_map(|ending| path.strip_suffix(ending))
    });
    let stems: HashSet<&str> = stems.collect();
    files.retain(|path| {
        let stem = path.strip_suffix(".py");
        !stem.is_some_and(|stem| stems.contains(stem))
    });
}

/// What a project wants a checker to look at.
struct Wanted<'a> {
    /// The file that says so.
    file: &'a str,
    keys: &'a OwnFiles,
    /// The folder in which that lies, from which its paths begin.
    folder: PathBuf,
    /// The directory from which the paths of sources begin.
    directory: PathBuf,
    at: Option<Gitignore>,
    not_at: Gitignore,
    not_matching: Vec<Regex>,
}

impl<'a> Wanted<'a> {
    /// Reads what the configuration of a checker says for files in a directory; `None` where it says nothing, or where
    /// that is for the checker to complain about.
    fn of(
        checker: &'a Checker,
        keys: &'a OwnFiles,
        (directory, files): (&Path, &[&str]),
    ) -> Option<Self> {
        let own = OwnTable::of(checker, directory, files)?;
        let blanks = keys.paths.blanks;
        let paths = |keys: &[String]| -> Vec<String> {
            keys.iter().flat_map(|key| own.paths(key, blanks)).collect()
        };
        let leads = |names: Vec<String>| -> Vec<Leads> {
            let names = names.iter();
            let leads = names.map(|path| keys.paths.leads(path, &own.folder));
            leads.collect()
        };
        let mut at = leads(paths(&keys.at));
        let modules = paths(&keys.at_modules);
        at.extend(modules.iter().flat_map(|name| Leads::of_module(name)));
        let is_all = at.is_empty() || at.iter().any(Leads::may_be_anywhere);
        let not_at = leads(paths(&keys.not_at));
        let patterns = keys.not_matching.iter().flat_map(|key| {
            let texts = own.texts(key).into_iter();
            texts.filter_map(|text| compiled((own.file, key), &text, keys.verbose_lines))
        });
        Some(Self {
            at: if is_all { None } else { Some(globs(&at)?) },
            not_at: globs(&not_at)?,
            not_matching: patterns.collect(),
            directory: directory.canonicalize().ok()?,
            file: own.file,
            keys,
            folder: own.folder,
        })
    }

    /// Tells whether the project wants a file to be looked at.
    fn has(&self, path: &str) -> bool {
        let path = self.directory.join(path);
        let path = path.strip_prefix(&self.folder).ok();
        let Some(path) = path.and_then(Path::to_str) else {
            return true;
        };
        let is_left_out = self.not_at.matched_path_or_any_parents(path, false);
        self.asked(path)
            .is_some_and(|asked| !is_left_out.is_ignore() && !self.matches(path, asked))
    }

    /// Returns up to where a path is one that is asked for by itself; `None` where none of it is.
    fn asked(&self, path: &str) -> Option<usize> {
        let Some(at) = &self.at else {
            return Some(0);
        };
        let folders = path.match_indices('/').map(|(end, _)| end);
        let asked = folders.chain([path.len()]);
        let mut asked = asked.filter(|end| at.matched(&path[..*end], false).is_ignore());
        asked.next_back().map(|end| end + 1)
    }

    /// Tells whether a pattern is found in the path, or in that of a folder of it. Patterns are for what is found in what
    /// was asked for, and not for that itself.
    fn matches(&self, path: &str, asked: usize) -> bool {
        let before = if self.keys.from_slash { "/" } else { "" };
        let folders = path.match_indices('/').map(|(at, _)| at + 1);
        let ends = folders.chain([path.len()]);
        let found_in = |path: &str| {
            let mut found = self.not_matching.iter().map(|pattern| pattern.find(path));
            found.any(|found| found.is_some_and(|found| !found.is_empty()))
        };
        let mut inside = ends.filter(|end| *end > asked);
        inside.any(|end| found_in(&format!("{before}{}", &path[..end])))
    }
}

/// Makes an expression of Python's one of ours.
fn compiled((file, key): (&str, &str), pattern: &str, verbose_lines: bool) -> Option<Regex> {
    let pattern = if verbose_lines {
        pattern
    } else {
        pattern.trim()
    };
    let regex = RegexBuilder::new(pattern)
        .ignore_whitespace(verbose_lines && pattern.contains('\n'))
        .build();
    if regex.is_err() {
        say::warn(&format!(
            "'{key}' in '{file}' cannot be understood here, and is not heeded"
        ));
    }
    regex.ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::Catalogue;

    /// Checks which files a checker is given, and which it is not.
    #[track_caller]
    fn check(checker: &str, (file, text): (&str, &str), wanted: &[&str], unwanted: &[&str]) {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(file), text).unwrap();
        let mut files = [wanted, unwanted].concat();
        let why = keep(checker, folder.path(), &mut files);
        assert_eq!((files.as_slice(), why), (wanted, None));
    }

    fn keep(checker: &str, directory: &Path, files: &mut Vec<&str>) -> Option<String> {
        let catalogue = Catalogue::built_in().unwrap();
        keep_wanted(catalogue.find(checker).unwrap(), directory, files)
    }

    #[test]
    fn mypy_is_not_asked_about_what_it_excludes() {
        let ini = "[mypy]\nstrict = True\nexclude = (?x)(\n    ^old/   # a folder\n    | _gen\\.py$ )\n[mypy-x.*]\nexclude = .\n";
        check(
            "mypy",
            ("mypy.ini", ini),
            &["a.py", "new/old/a.py"],
            &["old/a.py", "x/a_gen.py"],
        );
        let list = "[tool.mypy]\nexclude = ['^docs/$', \"^setup\\\\.py$\"]\n";
        check(
            "mypy",
            ("pyproject.toml", list),
            &["a/docs/b.py", "a/setup.py"],
            &["docs/a/b.py", "setup.py"],
        );
    }

    #[test]
    fn mypy_is_asked_about_its_files_alone() {
        let cfg = "[mypy]\nfiles =\n  ./src/,\n  tools/*.py\n";
        check(
            "mypy",
            ("setup.cfg", cfg),
            &["src/a/b.py", "tools/a.py"],
            &["tests/a.py", "a/src/b.py", "tools/x/a.py"],
        );
        let text = "[tool.mypy]\nfiles = 'src, bin/tool'\nexclude = 'tool|x'\n";
        check(
            "mypy",
            ("pyproject.toml", text),
            &["src/a.py", "bin/tool"],
            &["a.py", "src/x.py"],
        );
        check("mypy", ("mypy.ini", "[mypy]\nfiles = .\n"), &["a.py"], &[]);
    }

    #[test]
    fn black_sees_a_slash_before_the_path() {
        let text = "[tool.black]\nexclude = '''\n(\n  /gen/ # made\n  | ^/a\\.py\n)\n'''\nextend-exclude = '^b'\n";
        check(
            "black",
            ("pyproject.toml", text),
            &["b.py", "c/a.py"],
            &["gen/x.py", "c/gen/x.py", "a.py"],
        );
    }

    #[test]
    fn pyright_has_paths_with_stars() {
        let text = r#"{"include": ["src", "lib/**/x"], "exclude": ["**/node_modules", "src/old"]}"#;
        check(
            "pyright",
            ("pyrightconfig.json", text),
            &["src/a.py", "lib/b/x/a.py"],
            &["a.py", "src/old/a.py", "src/b/node_modules/a.py"],
        );
    }

    #[test]
    fn a_pattern_that_is_pythons_alone_is_not_heeded() {
        check(
            "mypy",
            ("mypy.ini", "[mypy]\nexclude = (?<!x)a\n"),
            &["a.py"],
            &[],
        );
    }

    #[test]
    fn the_configuration_above_counts_from_where_it_lies() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("lr.toml"), "").unwrap();
        std::fs::write(
            folder.path().join("mypy.ini"),
            "[mypy]\nexclude = ^b/old/\n",
        )
        .unwrap();
        let below = folder.path().join("b");
        std::fs::create_dir(&below).unwrap();
        let mut files = vec!["a.py", "old/a.py"];
        assert_eq!(keep("mypy", &below, &mut files), None);
        assert_eq!(files, ["a.py"]);
        let mut files = vec!["old/a.py"];
        let why = keep("mypy", &below, &mut files);
        assert_eq!(why.as_deref(), Some("'mypy.ini' leaves these files out"));
        let mut files = vec!["old/a.py"];
        assert_eq!(keep("ruff", &below, &mut files), None);
        assert_eq!(files, ["old/a.py"]);
    }

    #[test]
    fn paths_may_be_written_in_many_ways() {
        let ini = "[mypy] # ours\n  files = $MYPY_CONFIG_FILE_DIR/src//a, ./x/../b, [cd]/*.py\n  strict = true\n";
        check(
            "mypy",
            ("mypy.ini", ini),
            &["src/a/x.py", "b/x.py", "c/x.py"],
            &["src/x.py", "x/x.py", "e/x.py"],
        );
        let anywhere = "[mypy]\nfiles = ~/a, b\n";
        check("mypy", ("mypy.ini", anywhere), &["a.py"], &[]);
        let list = "[tool.mypy]\nfiles = ['a,b']\n";
        check("mypy", ("pyproject.toml", list), &["a,b/x.py"], &["a/x.py"]);
        let text = r#"{"include": ["a[b]", "c"], "exclude": ["c/[x]"]}"#;
        check(
            "pyright",
            ("pyrightconfig.json", text),
            &["a[b]/x.py", "c/x/x.py"],
            &["ab/x.py", "c/[x]/x.py"],
        );
    }

    #[test]
    fn modules_are_taken_wherever_they_lie() {
        check(
            "mypy",
            ("mypy.ini", "[mypy]\npackages = a.b, c\n"),
            &["a/b/x.py", "src/c/x.py", "x/c.py"],
            &["a/x.py", "d.py", "xc/a.py"],
        );
    }

    #[test]
    fn what_is_asked_for_itself_is_left_out_by_no_pattern() {
        let ini = "[mypy]\nfiles = src\nexclude = ^src/$|^src/a/$\n";
        check(
            "mypy",
            ("mypy.ini", ini),
            &["src/x.py"],
            &["x.py", "src/a/x.py"],
        );
    }

    #[test]
    fn patterns_over_several_lines_have_blanks_for_black_alone() {
        let ini = "[mypy]\nexclude =\n  ^a/|\n  ^b/\n";
        check("mypy", ("mypy.ini", ini), &["b/x.py"], &["a/x.py"]);
        let text = "[tool.black]\nextend_exclude = '''\n^/a/|\n^/b/\n'''\nforce-exclude = '^/c/'\n";
        check(
            "black",
            ("pyproject.toml", text),
            &["d/x.py"],
            &["a/x.py", "b/x.py", "c/x.py"],
        );
    }

    #[test]
    fn black_heeds_what_lies_nearest_to_the_files_and_pyright_its_own_file_first() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("a")).unwrap();
        for (name, text) in [
            ("lr.toml", ""),
            ("pyproject.toml", "[tool.black]\nexclude = '^/a/'\n"),
            (
                "a/pyproject.toml",
                "[tool.black]\nexclude = '^/c/'\n[tool.pyright]\ninclude = ['c']\n",
            ),
            ("pyrightconfig.json", r#"{"include": ["a/b"]}"#),
        ] {
            std::fs::write(folder.path().join(name), text).unwrap();
        }
        let check = |checker: &str, directory: &str, all: &[&str], expected: &[&str]| {
            let mut files = all.to_vec();
            keep(checker, &folder.path().join(directory), &mut files);
            assert_eq!(files, expected, "{checker}");
        };
        check("black", "", &["a/b/x.py", "a/c/x.py"], &["a/b/x.py"]);
        check("black", "", &["a/b/x.py", "x.py"], &["x.py"]);
        check("pyright", "a", &["b/x.py", "c/x.py"], &["b/x.py"]);
    }

    #[test]
    fn mypy_takes_a_stub_or_a_package_for_the_module_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let mut files = vec!["e/__init__.py", "e/__init__.pyi"];
        assert_eq!(keep("mypy", folder.path(), &mut files), None);
        assert_eq!(files, ["e/__init__.pyi"]);
        let mut files = vec!["a.py", "a.pyi", "b.py", "c.py", "c/__init__.py", "d/a.py"];
        assert_eq!(keep("mypy", folder.path(), &mut files), None);
        assert_eq!(files, ["a.pyi", "b.py", "c/__init__.py", "d/a.py"]);
        let ini = "[mypy]\nexclude = \\.pyi$\n";
        check("mypy", ("mypy.ini", ini), &["a.py"], &["a.pyi"]);
        let ini = "[mypy]\nfiles = a.py\n";
        check("mypy", ("mypy.ini", ini), &["a.py"], &["a.pyi"]);
    }

    #[test]
    fn linters_that_leave_out_folders_are_given_no_files_of_these() {
        let cfg = "[flake8]\nexclude =\n  # made\n  gen, */old/*\n  docs/\n";
        check(
            "flake8",
            (".flake8", cfg),
            &["a.py", "a/docs/a.py", "old/a.py"],
            &["gen/a.py", "a/gen/a.py", "b/c/old/a.py", "docs/a.py"],
        );
        let ini = "[MASTER]\nignore=gen,*.py,a/b.py\n";
        check(
            "pylint",
            (".pylintrc", ini),
            &["a.py", "a/b.py"],
            &["a/gen/a.py"],
        );
        let cfg = "[pylint.main]\nignore = gen\n";
        check("pylint", ("setup.cfg", cfg), &["a.py"], &["gen/a.py"]);
    }

    #[test]
    fn tests_that_are_usually_not_run_are_run_where_there_are_no_others() {
        let file = ("pytest.ini", "[pytest]\ntestpaths = a b\n");
        let (usual, other) = (["a/test_a.py", "b/test_a.py"], ["test_a.py"]);
        check("pytest", file, &usual, &other);
        check("pytest", file, &other, &[]);
    }

    #[test]
    fn cargo_looks_at_no_packages_but_those_that_the_workspace_means() {
        let text = "[workspace]\nmembers = ['a', 'b']\ndefault-members = ['a']\n";
        for checker in ["clippy", "cargo-check", "cargo-test"] {
            check(checker, ("Cargo.toml", text), &["a/x.rs"], &["b/x.rs"]);
        }
        let text = "[package]\n[workspace]\nexclude = ['b']\n";
        check(
            "clippy",
            ("Cargo.toml", text),
            &["src/x.rs", "a/x.rs"],
            &["b/x.rs"],
        );
    }
}
