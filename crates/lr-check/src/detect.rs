//! Which language a file is of, and which checkers take it.

use ignore::gitignore::{Gitignore, GitignoreBuilder};

use crate::catalogue::{Catalogue, Checker, Languages};

/// Tells languages from names and first lines.
pub(crate) struct Detector {
    languages: Vec<Entry>,
}

struct Entry {
    name: String,
    names: Gitignore,
    interpreters: Vec<String>,
}

impl Detector {
    /// Prepares to tell all languages that the checkers of a catalogue take.
    ///
    /// # Errors
    ///
    /// Which pattern of a name cannot be understood.
    pub(crate) fn of(catalogue: &Catalogue) -> Result<Self, String> {
        let mut detector = Self::new(&Languages::built_in()?)?;
        for checker in catalogue.checkers() {
            for language in &checker.languages {
                if detector.languages.iter().any(|one| one.name == *language) {
                    continue;
                }
                let names = catalogue.names_of(language);
                if names.is_empty() {
                    return Err(format!(
                        "checker '{}' is for '{language}', and its 'globs' do not say which files are of that",
                        checker.name
                    ));
                }
                detector.languages.push(Entry {
                    name: language.clone(),
                    names: patterns(&names)?,
                    interpreters: Vec::new(),
                });
            }
        }
        Ok(detector)
    }

    fn new(languages: &Languages) -> Result<Self, String> {
        let languages = languages
            .iter()
            .map(|(name, language)| {
                Ok(Entry {
                    name: name.to_owned(),
                    names: patterns(&language.globs)?,
                    interpreters: language.interpreters.clone(),
                })
            })
            .collect::<Result<_, String>>()?;
        Ok(Self { languages })
    }

    /// Returns the language of a file, by its name, else by the program its first line names.
    pub(crate) fn language(&self, path: &str, text: &str) -> Option<&str> {
        let by_name = self.entry_by_name(path);
        let entry = by_name.or_else(|| {
            let program = interpreter(text)?;
            self.languages
                .iter()
                .find(|entry| entry.interpreters.iter().any(|name| name == program))
        })?;
        Some(&entry.name)
    }

    /// Returns the language that the name of a file stands for, if it is one of these.
    pub(crate) fn by_name(&self, path: &str, wanted: &[&str]) -> Option<&str> {
        self.entry_by_name(path)
            .map(|entry| entry.name.as_str())
            .filter(|name| wanted.contains(name))
    }

    fn entry_by_name(&self, path: &str) -> Option<&Entry> {
        self.languages
            .iter()
            .find(|entry| matches(&entry.names, path))
    }
}

/// Which files a checker takes.
pub(crate) struct Appetite<'a> {
    languages: &'a [String],
    /// Within its languages; `None` for all.
    names: Option<Gitignore>,
}

impl<'a> Appetite<'a> {
    /// Prepares to tell what a checker takes.
    ///
    /// # Errors
    ///
    /// Which pattern of a name cannot be understood.
    pub(crate) fn of(checker: &'a Checker) -> Result<Self, String> {
        let all = checker.globs.is_empty();
        Ok(Self {
            languages: &checker.languages,
            names: if all {
                None
            } else {
                Some(patterns(&checker.globs)?)
            },
        })
    }

    /// Tells whether the checker takes a file of this name and language.
    pub(crate) fn takes(&self, path: &str, language: &str) -> bool {
        self.languages.iter().any(|name| name == language)
            && self.names.as_ref().is_none_or(|names| matches(names, path))
    }
}

/// Reads patterns as in `.gitignore`: the last one that matches decides, and `!` turns it round.
fn patterns(globs: &[String]) -> Result<Gitignore, String> {
    let mut builder = GitignoreBuilder::new("");
    for glob in globs {
        builder
            .add_line(None, glob)
            .map_err(|error| error.to_string())?;
    }
    builder.build().map_err(|error| error.to_string())
}

fn matches(patterns: &Gitignore, path: &str) -> bool {
    patterns.matched(path, false).is_ignore()
}

/// Returns the program that the first line of a script names, without its folder and version:
/// `#!/usr/bin/env -S python3.12 -u` names `python3`.
fn interpreter(text: &str) -> Option<&str> {
    let line = text.lines().next()?.strip_prefix("#!")?;
    let program = line
        .split_whitespace()
        .map(|word| word.rsplit('/').next().unwrap_or(word))
        .find(|word| *word != "env" && !word.starts_with('-') && !word.contains('='))?;
    Some(program.split('.').next().unwrap_or(program))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::Catalogue;

    fn check(path: &str, text: &str, expected: Option<&str>) {
        let detector = Detector::of(&Catalogue::built_in().unwrap()).unwrap();
        assert_eq!(detector.language(path, text), expected, "{path}");
    }

    #[test]
    fn names_come_before_first_lines() {
        check("a/b.py", "#!/bin/sh\n", Some("python"));
        check("a/b.txt", "", None);
        check("tool", "#!/usr/bin/python3 -u\n", Some("python"));
        check("tool", "#!/usr/bin/env -S X=1 python3.12\n", Some("python"));
        check("tool", "#!/bin/sh\n", Some("shell"));
        check("tool", "#!/usr/bin/perl\n", None);
        check("tool", "python\n", None);
    }

    #[test]
    fn pytest_takes_tests_and_pylint_no_stubs() {
        let catalogue = Catalogue::built_in().unwrap();
        let takes = |checker: &str, path: &str| {
            let checker = catalogue.find(checker).unwrap();
            Appetite::of(checker).unwrap().takes(path, "python")
        };
        assert!(takes("pytest", "tests/test_a.py") && takes("pytest", "a_test.py"));
        assert!(!takes("pytest", "a.py") && !takes("pytest", "test_a.pyi"));
        assert!(takes("pylint", "x/a.py") && takes("pylint", "tool"));
        assert!(takes("ruff", "a.pyi") && !takes("pylint", "a.pyi"));
    }
}
