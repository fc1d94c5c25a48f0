//! Patterns of paths, written as in `.gitignore`.

use ignore::Match;
use ignore::gitignore::{Gitignore, GitignoreBuilder, Glob};
use lr_stage::{Error, Kind};

/// Patterns as in `.gitignore`: the last one that matches decides, and `!` turns it round.
pub struct Patterns {
    matcher: Gitignore,
    /// What stands before a path of the working directory in the paths the patterns are about:
    /// empty, or ending with `/`.
    prefix: String,
}

/// What patterns say about a path.
pub(crate) enum Verdict<'a> {
    /// No pattern is about it.
    Silent,
    /// This pattern matches it.
    Matched(&'a str),
    /// A pattern with `!` takes it out.
    Lifted,
}

impl Patterns {
    /// Reads patterns about paths that begin with `prefix`; letter case counts.
    ///
    /// # Errors
    ///
    /// `usage` when a pattern cannot be read.
    pub fn new(globs: &[String], prefix: &str) -> Result<Self, Error> {
        Self::build(GitignoreBuilder::new(""), globs, prefix)
    }

    /// As [`Patterns::new`], but letter case does not count, as on the file systems of macOS and
    /// Windows.
    pub(crate) fn in_any_case(globs: &[String], prefix: &str) -> Result<Self, Error> {
        let mut builder = GitignoreBuilder::new("");
        builder
            .case_insensitive(true)
            .map_err(|error| Error::new(Kind::Usage, "cannot use patterns").because(error))?;
        Self::build(builder, globs, prefix)
    }

    fn build(mut builder: GitignoreBuilder, globs: &[String], prefix: &str) -> Result<Self, Error> {
        let fail = |glob: &str, error: ignore::Error| {
            Error::new(Kind::Usage, format!("cannot use pattern '{glob}'"))
                .because(error)
                .hint("patterns are written as in .gitignore, such as 'tests/**/*.py'")
        };
        for glob in globs {
            builder
                .add_line(None, glob)
                .map_err(|error| fail(glob, error))?;
        }
        Ok(Self {
            matcher: builder
                .build()
                .map_err(|error| fail(&globs.join(", "), error))?,
            prefix: prefix.to_owned(),
        })
    }

    /// Tells whether there are none.
    pub fn is_empty(&self) -> bool {
        self.matcher.is_empty()
    }

    /// Says what the patterns mean for a file, itself or by a directory that holds it.
    pub(crate) fn verdict(&self, path: &str) -> Verdict<'_> {
        let path = format!("{}{path}", self.prefix);
        match self.matcher.matched_path_or_any_parents(path, false) {
            Match::None => Verdict::Silent,
            Match::Ignore(glob) => Verdict::Matched(Glob::original(glob)),
            Match::Whitelist(_) => Verdict::Lifted,
        }
    }

    /// Tells whether a file is matched.
    pub fn hold(&self, path: &str) -> bool {
        matches!(self.verdict(path), Verdict::Matched(_))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(globs: &[&str], prefix: &str, path: &str, expected: bool) {
        let globs: Vec<String> = globs.iter().map(ToString::to_string).collect();
        let patterns = Patterns::new(&globs, prefix).unwrap();
        assert_eq!(patterns.hold(path), expected, "{globs:?} {path}");
    }

    #[test]
    fn reads_patterns_as_git_does() {
        check(&[], "", "a.py", false);
        check(&["**"], "", "src/deep/a.py", true);
        check(&["*.py"], "", "src/a.py", true);
        check(&["/*.py"], "", "src/a.py", false);
        check(&["tests/"], "", "tests/a/b.py", true);
        check(&["*.py", "!secret.py"], "", "secret.py", false);
        check(&["*.PY"], "", "a.py", false);
    }

    #[test]
    fn the_paths_may_lie_deeper_than_the_patterns() {
        check(&["src/tests/"], "src/", "tests/a.py", true);
        check(&["/tests/"], "src/", "tests/a.py", false);
    }

    #[test]
    fn a_pattern_that_cannot_be_read_is_told() {
        let error = Patterns::new(&["[z-a]".to_owned()], "").err().unwrap();
        assert_eq!(error.message, "cannot use pattern '[z-a]'");
    }
}
