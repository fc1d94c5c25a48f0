//! Which files of a work tree a script calls, as far as its text tells.

use std::collections::BTreeSet;
use std::path::Path;

/// The longest text that is looked at.
const LONGEST: u64 = 256 * 1024;

/// Commands that run the first file among their arguments, or start another command.
const RUNNERS: [&str; 30] = [
    ".", "source", "exec", "eval", "env", "time", "command", "sh", "bash", "dash", "zsh", "ksh",
    "python", "python3", "node", "deno", "bun", "ruby", "perl", "php", "lua", "npx", "uv",
    "poetry", "run", "xargs", "sudo", "nice", "timeout", "if",
];

/// Words after which another command begins.
const OPENERS: [&str; 8] = ["then", "else", "do", "elif", "while", "until", "!", "{"];

/// Commands whose rules stand in files of the work tree, and those files.
const RULES: [(&str, &[&str]); 14] = [
    ("npm", &["package.json"]),
    (
        "npx",
        &[
            "package.json",
            ".lintstagedrc",
            ".lintstagedrc.json",
            "lint-staged.config.js",
        ],
    ),
    ("yarn", &["package.json"]),
    ("pnpm", &["package.json"]),
    ("pnpx", &["package.json"]),
    ("bun", &["package.json"]),
    ("bunx", &["package.json"]),
    (
        "lint-staged",
        &[
            "package.json",
            ".lintstagedrc",
            ".lintstagedrc.json",
            "lint-staged.config.js",
        ],
    ),
    ("make", &["Makefile", "makefile", "GNUmakefile"]),
    ("just", &["justfile", "Justfile"]),
    ("task", &["Taskfile.yml", "Taskfile.yaml"]),
    ("tox", &["tox.ini"]),
    ("nox", &["noxfile.py"]),
    ("rake", &["Rakefile"]),
];

/// Returns the text of a file that may be a script; none if it is no file, too long or no text.
pub(super) fn text_of(path: &Path) -> Option<String> {
    let data = path.metadata().ok()?;
    if !data.is_file() || data.len() > LONGEST {
        return None;
    }
    std::fs::read_to_string(path).ok()
}

/// Returns the files below `top` that a script runs: those that stand where a command stands, or
/// that an interpreter is given. Files that are only spoken of, as in `grep -q x a.py`, are not.
pub(super) fn called_files(top: &Path, script: &str) -> BTreeSet<String> {
    let mut files = BTreeSet::new();
    for word in called_words(script) {
        let rules = RULES.iter().filter(|(command, _)| *command == word);
        files.extend(rules.flat_map(|(_, files)| files.iter().map(|file| (*file).to_owned())));
        let module = word.replace('.', "/");
        for name in [
            word.as_str(),
            &format!("{module}.py"),
            &format!("{module}/__main__.py"),
        ] {
            files.extend(file_below(top, name));
        }
    }
    files
}

/// Returns a file of the work tree that a word names, with whatever stands before the name, such
/// as `$(git rev-parse --show-toplevel)/` or `$PWD/`, left out.
fn file_below(top: &Path, word: &str) -> Option<String> {
    let mut rest = word;
    loop {
        let name = lr_files::relative_path(rest).ok();
        if let Some(name) = name.filter(|name| top.join(name).is_file()) {
            return Some(name);
        }
        (_, rest) = rest.split_once('/')?;
    }
}

/// Takes the commands in `$(…)` out of a script, innermost first, and puts them behind it.
fn flattened(script: &str) -> String {
    let (mut outer, mut inner) = (script.to_owned(), String::new());
    while let Some(start) = outer.rfind("$(") {
        let end = outer[start..]
            .find(')')
            .map_or(outer.len(), |end| start + end);
        inner.push('\n');
        inner.push_str(&outer[start + 2..end]);
        outer.replace_range(start..(end + 1).min(outer.len()), "$_");
    }
    outer + &inner
}

/// Returns the words of a script that are run.
fn called_words(script: &str) -> BTreeSet<String> {
    let mut words = BTreeSet::new();
    for line in flattened(script).lines() {
        for command in line.split([';', '&', '|', '(', '`']) {
            let mut is_called = true;
            for word in command.split_whitespace() {
                let word = plain(word);
                if word.is_empty() {
                    continue;
                }
                if is_called {
                    words.insert(word.to_owned());
                }
                is_called = goes_on(word, is_called);
            }
        }
    }
    words
}

/// Whether the word after this one is run as well.
fn goes_on(word: &str, is_called: bool) -> bool {
    let name = word.rsplit('/').next().unwrap_or(word);
    let is_number = word.chars().all(|c| c.is_ascii_digit() || c == '.');
    let is_setting = word
        .split_once('=')
        .is_some_and(|(name, _)| !name.contains('/'));
    let is_key = word.ends_with(':') || word == "-";
    is_called && (word.starts_with('-') || is_number || is_setting || RUNNERS.contains(&name))
        || OPENERS.contains(&word)
        || is_key
}

/// Returns a word without the quotes and brackets around it.
fn plain(word: &str) -> &str {
    word.trim_matches(['"', '\'', ')', '}', ',', '[', ']'])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(script: &str, expected: &[&str]) {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(folder.path().join("tools/pkg")).unwrap();
        for name in ["a.py", "tools/x.sh", "tools/y.py", "tools/pkg/z.py"] {
            std::fs::write(folder.path().join(name), "").unwrap();
        }
        let found = called_files(folder.path(), script);
        assert_eq!(Vec::from_iter(&found), expected, "{script}");
    }

    #[test]
    fn commands_and_scripts_of_interpreters_are_called() {
        for script in [
            "tools/x.sh",
            "./tools/x.sh --all",
            "set -e\nexec ./tools/x.sh \"$@\"",
            "if ! tools/x.sh; then exit 1; fi",
            "true && bash -eu tools/x.sh",
            ". \"$(dirname \"$0\")/../../tools/x.sh\"",
            "\"$(git rev-parse --show-toplevel)/tools/x.sh\"",
            "CI=1 sh tools/x.sh",
            "  entry: tools/x.sh",
            "    run: bash tools/x.sh",
            "git stash -q || { tools/x.sh; }",
        ] {
            check(script, &["tools/x.sh"]);
        }
        check("python3 -m tools.pkg.z", &["tools/pkg/z.py"]);
        check("python3 -u tools/y.py a.py", &["tools/y.py"]);
    }

    #[test]
    fn files_that_are_only_spoken_of_are_not() {
        for script in [
            "test -f a.py && grep -q formatted a.py",
            "ruff check a.py; git add a.py",
            "echo '# formatted' >> a.py",
            "cat a.py | wc -l",
        ] {
            check(script, &[]);
        }
    }

    #[test]
    fn rules_of_known_commands_count() {
        check("make check", &["GNUmakefile", "Makefile", "makefile"]);
        check("npm test", &["package.json"]);
    }
}
