//! Which files a checker's own configuration has it look at. A checker that finds files itself heeds that; one that is
//! given files by name often does not, and would complain about what the project does not hold to its rules.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use ignore::gitignore::{Gitignore, GitignoreBuilder};
use lr_stage::say;
use regex::{Regex, RegexBuilder};
use serde::Deserialize;

use crate::catalogue::Checker;
use crate::own_table::OwnTable;

/// Keys of a checker's own configuration by which it chooses files.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct OwnFiles {
    /// Paths of files and folders that it looks at; all without them.
    at: Vec<String>,
    /// Paths of those that it leaves out.
    not_at: Vec<String>,
    /// Regular expressions of the paths of those that it leaves out.
    not_matching: Vec<String>,
    /// Whether these see a slash before the path.
    from_slash: bool,
    /// Whether it takes a stub `a.pyi` for the module `a.py` beside it, and cannot look at both.
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
    if own.stub_or_module {
        let stubs = files.iter().filter_map(|path| path.strip_suffix(".pyi"));
        let stubs: HashSet<&str> = stubs.collect();
        let has_stub = |path: &str| {
            path.strip_suffix(".py")
                .is_some_and(|stem| stubs.contains(stem))
        };
        files.retain(|path| !has_stub(path));
    }
    let wanted = Wanted::of(checker, own, directory)?;
    files.retain(|path| wanted.has(path));
    let file = wanted.file;
    files
        .is_empty()
        .then(|| format!("'{file}' leaves these files out"))
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
    /// Reads what the configuration of a checker says, from the directory or the nearest one above it in the project;
    /// `None` where it says nothing, or where that is for the checker to complain about.
    fn of(checker: &'a Checker, keys: &'a OwnFiles, directory: &Path) -> Option<Self> {
        let own = OwnTable::of(checker, directory)?;
        let paths = |keys: &[String]| -> Vec<String> {
            let texts = keys.iter().flat_map(|key| own.texts(key));
            texts.flat_map(|text| separated(&text)).collect()
        };
        let at = paths(&keys.at);
        let is_all = at.is_empty() || at.iter().any(|path| path == ".");
        let patterns = keys.not_matching.iter().flat_map(|key| {
            let texts = own.texts(key).into_iter();
            texts.filter_map(|text| compiled((own.file, key), &text))
        });
        Some(Self {
            at: if is_all { None } else { Some(globs(&at)?) },
            not_at: globs(&paths(&keys.not_at))?,
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
        let lies_at = |globs: &Gitignore| {
            let found = globs.matched_path_or_any_parents(path, false);
            found.is_ignore()
        };
        // Patterns are for what is found in folders, not for a file that is named itself.
        let mut named = self.at.iter();
        let is_named = named.any(|at| at.matched(path, false).is_ignore());
        let lies_where_wanted = self.at.as_ref().is_none_or(lies_at);
        lies_where_wanted && !lies_at(&self.not_at) && (is_named || !self.matches(path))
    }

    /// Tells whether a pattern is found in the path, or in that of a folder of it.
    fn matches(&self, path: &str) -> bool {
        let before = if self.keys.from_slash { "/" } else { "" };
        let path = format!("{before}{path}");
        let ends = path.match_indices('/').map(|(at, _)| at + 1);
        let mut all = ends.chain([path.len()]).map(|end| &path[..end]);
        all.any(|path| {
            let mut found = self.not_matching.iter().map(|pattern| pattern.find(path));
            found.any(|found| found.is_some_and(|found| !found.is_empty()))
        })
    }
}

/// Returns the paths in a text, where commas and line breaks part them.
fn separated(text: &str) -> Vec<String> {
    let paths = text.split([',', '\n']).map(|path| {
        let path = path.trim().trim_end_matches('/');
        path.strip_prefix("./").unwrap_or(path)
    });
    let paths = paths.filter(|path| !path.is_empty());
    paths.map(str::to_owned).collect()
}

/// Makes what tells whether a file lies at one of the paths, which may have `*` and `**`.
fn globs(paths: &[String]) -> Option<Gitignore> {
    let mut builder = GitignoreBuilder::new("");
    for path in paths {
        builder.add_line(None, &format!("/{path}")).ok()?;
    }
    builder.build().ok()
}

/// Makes an expression of Python's one of ours. One over several lines may have blanks and comments, as black has it.
fn compiled((file, key): (&str, &str), pattern: &str) -> Option<Regex> {
    let regex = RegexBuilder::new(pattern)
        .ignore_whitespace(pattern.contains('\n'))
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
    fn mypy_takes_a_stub_for_the_module_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let mut files = vec!["a.py", "a.pyi", "b.py", "c/a.py"];
        assert_eq!(keep("mypy", folder.path(), &mut files), None);
        assert_eq!(files, ["a.pyi", "b.py", "c/a.py"]);
    }
}
