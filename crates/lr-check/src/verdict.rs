//! What a checker's exit status means, together with what could be read from its output.
//!
//! The rule: a status that is said to mean trouble is trouble, whatever was printed. Under any
//! other the findings decide: at least one is findings, even under 0, because many checkers exit
//! with 0 in spite of warnings; none is clean only under a status that says so. So a checker that
//! died half way is never taken for one that is content.

use lr_turn::{CheckResult, CheckStatus};

use crate::catalogue::Exits;

/// How a call went, and why where that is not plain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Verdict {
    /// How it went.
    pub(crate) status: CheckStatus,
    /// What is wrong, or why nothing was done.
    pub(crate) why: Option<String>,
}

impl Verdict {
    /// A verdict that needs no reason.
    pub(crate) fn plain(status: CheckStatus) -> Self {
        Self { status, why: None }
    }

    /// A checker that did not work.
    pub(crate) fn broken(why: impl Into<String>) -> Self {
        Self {
            status: CheckStatus::Broken,
            why: Some(why.into()),
        }
    }

    /// A checker of which nothing but a launcher is there.
    pub(crate) fn not_installed(named: bool) -> Self {
        let status = if named {
            CheckStatus::Missing
        } else {
            CheckStatus::Skipped
        };
        Self {
            status,
            why: Some("not installed: its launcher ended with exit status 127".to_owned()),
        }
    }

    /// A checker that had nothing to do.
    pub(crate) fn skipped(why: impl Into<String>) -> Self {
        Self {
            status: CheckStatus::Skipped,
            why: Some(why.into()),
        }
    }
}

/// Judges a call that ended by itself with the status `exit`; `read` is the number of findings in
/// its output, or why that could not be read.
pub(crate) fn judge(exits: &Exits, exit: i32, read: Result<usize, String>) -> Verdict {
    if exits.is_broken(exit) {
        return Verdict::broken(format!("it ended with exit status {exit}"));
    }
    if exits.none.contains(&exit) {
        return Verdict::skipped("it found nothing to check");
    }
    match read {
        Err(reason) => Verdict::broken(format!(
            "its output could not be read (exit status {exit}): {reason}"
        )),
        Ok(1..) if exits.is_known(exit) => Verdict::plain(CheckStatus::Findings),
        Ok(0) if exits.clean.contains(&exit) => Verdict::plain(CheckStatus::Clean),
        Ok(0) => Verdict::broken(format!(
            "it ended with exit status {exit}, but its output has no findings"
        )),
        Ok(_) => Verdict::broken(format!(
            "it ended with exit status {exit}, which it is not known to use"
        )),
    }
}

/// Judges a call of a checker that says that it looked at none of the files, because its configuration leaves them out.
pub(crate) fn saw_no_file(exits: &Exits, exit: i32) -> Verdict {
    if exits.is_broken(exit) || !exits.is_known(exit) {
        return Verdict::broken(format!("it ended with exit status {exit}"));
    }
    Verdict {
        status: CheckStatus::Clean,
        why: Some("its configuration leaves these files out".to_owned()),
    }
}

/// Tells whether what was run stands for a program that is installed elsewhere only, and says so:
/// "pyenv: ruff: command not found".
pub(crate) fn is_only_a_launcher(argv: &[String], stderr: &str) -> bool {
    let program = argv.first().map_or("", String::as_str);
    let name = program.rsplit('/').next().unwrap_or_default();
    let is_of_a_name = |last: char| last.is_alphanumeric() || "-_./".contains(last);
    stderr.lines().any(|line| {
        [": command not found", ": not found"]
            .iter()
            .filter_map(|ending| line.strip_suffix(ending)?.strip_suffix(name))
            .any(|before| !before.ends_with(is_of_a_name))
    })
}

/// Makes a result that of a call while which another commit or branch was checked out: nobody knows
/// what was checked, and whoever goes on would go on from there.
pub(crate) fn head_has_moved(result: &mut CheckResult) {
    result.findings.clear();
    result.status = Some(CheckStatus::Broken);
    result.why = Some("what is checked out in the repository changed while it ran".to_owned());
}

impl Exits {
    fn is_broken(&self, exit: i32) -> bool {
        // What shells say of a command that cannot be run, or is not there.
        let is_of_the_shell = matches!(exit, 126 | 127);
        is_of_the_shell || self.broken.contains(&exit) || exit & self.broken_mask != 0
    }

    fn is_known(&self, exit: i32) -> bool {
        [&self.clean, &self.findings, &self.ambiguous]
            .iter()
            .any(|list| list.contains(&exit))
            || (exit & self.findings_mask != 0 && exit & !self.findings_mask == 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::Catalogue;

    fn check(checker: &str, exit: i32, findings: usize, expected: CheckStatus) {
        let catalogue = Catalogue::built_in().unwrap();
        let exits = &catalogue.find(checker).unwrap().exit;
        let verdict = judge(exits, exit, Ok(findings));
        assert_eq!(verdict.status, expected, "{checker} {exit} {findings}");
    }

    #[test]
    fn a_plain_answer_is_what_it_says() {
        check("ruff", 0, 0, CheckStatus::Clean);
        check("ruff", 1, 3, CheckStatus::Findings);
        check("ruff", 2, 0, CheckStatus::Broken);
    }

    #[test]
    fn findings_under_status_0_are_findings() {
        check("flake8", 0, 1, CheckStatus::Findings);
    }

    #[test]
    fn a_failure_without_findings_is_broken() {
        check("flake8", 1, 0, CheckStatus::Broken);
        check("pytest", 2, 0, CheckStatus::Broken);
        check("pytest", 2, 1, CheckStatus::Findings);
    }

    #[test]
    fn pylint_sets_bits() {
        check("pylint", 0, 0, CheckStatus::Clean);
        check("pylint", 22, 4, CheckStatus::Findings);
        check("pylint", 23, 4, CheckStatus::Broken);
        check("pylint", 32, 0, CheckStatus::Broken);
        check("pylint", 64, 1, CheckStatus::Broken);
    }

    #[test]
    fn no_tests_are_nothing_to_check() {
        check("pytest", 5, 0, CheckStatus::Skipped);
    }

    #[test]
    fn an_unknown_status_is_broken_even_with_findings() {
        check("ruff", 101, 2, CheckStatus::Broken);
    }

    #[test]
    fn a_launcher_names_what_it_does_not_find() {
        let is_only_a_launcher = |program: &str, said: &str| {
            super::is_only_a_launcher(&[program.to_owned(), "--quiet".to_owned()], said)
        };
        assert!(is_only_a_launcher(
            "/shims/ruff",
            "pyenv: ruff: command not found\n"
        ));
        assert!(is_only_a_launcher(
            "ruff",
            "x: line 3: exec: ruff: not found"
        ));
        for other in [
            "env: 'python9': No such file or directory",
            "x: not-ruff: not found",
            "",
        ] {
            assert!(!is_only_a_launcher("ruff", other), "{other}");
        }
    }

    #[test]
    fn a_checker_that_saw_no_file_says_why_it_is_content() {
        let catalogue = Catalogue::built_in().unwrap();
        let judged = |exit| saw_no_file(&catalogue.find("biome").unwrap().exit, exit);
        let clean = judged(1);
        let why = clean.why.as_deref();
        let expected = Some("its configuration leaves these files out");
        assert_eq!((clean.status, why), (CheckStatus::Clean, expected));
        assert_eq!(judged(101).status, CheckStatus::Broken);
    }

    #[test]
    fn unreadable_output_is_never_clean() {
        let catalogue = Catalogue::built_in().unwrap();
        let exits = &catalogue.find("ruff").unwrap().exit;
        let verdict = judge(exits, 0, Err("not JSON".to_owned()));
        assert_eq!(verdict.status, CheckStatus::Broken);
    }
}
