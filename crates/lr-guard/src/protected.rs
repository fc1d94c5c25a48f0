//! Files that no reply may touch, because they run code, steer git, or silence the checkers.
//!
//! The built-in list is `protected.gitignore`. `protect` in the configuration adds to it, and takes
//! out again what begins with `!`. What lr itself reads and writes cannot be taken out.

use lr_stage::Error;

use crate::patterns::{Patterns, Verdict};

const BUILT_IN: &str = include_str!("protected.gitignore");

/// What lr is steered by, and writes itself.
const LRS_OWN: [&str; 2] = ["lr.toml", "FIXES.md"];

/// The patterns of files that no reply may touch.
pub(crate) struct Protected {
    lrs_own: Patterns,
    patterns: Patterns,
}

impl Protected {
    /// Adds the patterns of the configuration and the folders with hooks to the built-in list.
    ///
    /// All are about paths from the top of the work tree, where the working directory is `prefix`.
    pub(crate) fn new(
        configured: &[String],
        hooks: &[String],
        prefix: &str,
    ) -> Result<Self, Error> {
        let built_in = BUILT_IN.lines().filter(|line| !line.starts_with('#'));
        let all: Vec<String> = built_in
            .map(str::to_owned)
            .chain(hooks.iter().cloned())
            .chain(configured.iter().cloned())
            .collect();
        Ok(Self {
            lrs_own: Patterns::in_any_case(&LRS_OWN.map(str::to_owned), prefix)?,
            patterns: Patterns::in_any_case(&all, prefix)?,
        })
    }

    /// Tells whether a file is protected by a pattern that the configuration can lift.
    pub(crate) fn can_be_lifted(&self, path: &str) -> bool {
        !self.lrs_own.hold(path) && self.patterns.hold(path)
    }

    /// Says why a file may not be touched, as the end of a sentence about it.
    pub(crate) fn reason(&self, path: &str) -> Option<String> {
        if self.lrs_own.hold(path) {
            return Some("it is lr's own".to_owned());
        }
        match self.patterns.verdict(path) {
            Verdict::Matched(pattern) => Some(reason_of(pattern)),
            Verdict::Silent | Verdict::Lifted => None,
        }
    }
}

fn reason_of(pattern: &str) -> String {
    let mut reason = "";
    for line in BUILT_IN.lines() {
        match line.strip_prefix("# ") {
            Some(words) => reason = words,
            None if line == pattern => return reason.to_owned(),
            None => {}
        }
    }
    format!("the configuration protects '{pattern}'")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(configured: &[&str], prefix: &str, path: &str, expected: Option<&str>) {
        let configured: Vec<String> = configured.iter().map(ToString::to_string).collect();
        let protected = Protected::new(&configured, &["/my-hooks/".to_owned()], prefix).unwrap();
        assert_eq!(protected.reason(path).as_deref(), expected, "{path}");
    }

    #[test]
    fn what_runs_code_is_protected_at_any_depth_and_in_any_case() {
        let server = Some("it is run by a server whenever somebody pushes");
        check(&[], "", ".github/workflows/ci.yml", server);
        check(&[], "", "sub/.GitHub/Workflows/ci.yml", server);
        check(&[], ".github/", "workflows/ci.yml", server);
        check(&[], "", "jenkinsfile", server);
        let hooks = Some("it is run by git or its hooks, on this machine");
        check(&[], "", ".husky/pre-commit", hooks);
        let checkers = Some("it decides what the checkers complain about");
        check(&[], "", "ruff.toml", checkers);
        check(&[], "", "src/.eslintrc.json", checkers);
    }

    #[test]
    fn ordinary_files_are_not_protected() {
        for path in [
            "a.py",
            "src/setup.py",
            "github/workflows/ci.py",
            "pyproject.toml",
            "conftest.py",
        ] {
            check(&[], "", path, None);
        }
    }

    #[test]
    fn the_configuration_adds_and_lifts() {
        check(
            &["vendor/"],
            "",
            "vendor/a.py",
            Some("the configuration protects 'vendor/'"),
        );
        check(&["!ruff.toml"], "", "ruff.toml", None);
        check(
            &["!.github/workflows/docs.yml"],
            "",
            ".github/workflows/docs.yml",
            None,
        );
        let mine = Some("the configuration protects '/my-hooks/'");
        check(&[], "", "my-hooks/pre-commit", mine);
    }

    #[test]
    fn what_lr_itself_is_steered_by_cannot_be_lifted() {
        check(
            &["!lr.toml", "!FIXES.md"],
            "",
            "lr.toml",
            Some("it is lr's own"),
        );
        check(&["!**"], "", "docs/FIXES.md", Some("it is lr's own"));
    }

    #[test]
    fn every_pattern_has_a_reason() {
        for pattern in BUILT_IN
            .lines()
            .filter(|line| !line.is_empty() && !line.starts_with('#'))
        {
            assert!(!reason_of(pattern).is_empty(), "{pattern}");
        }
    }
}
