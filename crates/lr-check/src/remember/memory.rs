//! What is known of the files that are to be checked, and learning more.

use std::collections::{HashMap, HashSet};

use lr_stage::say;
use lr_turn::{CheckResult, CheckStatus, Finding};

use super::basis::Basis;
use super::keys::{Keys, is_about_all};
use super::seconds::Seconds;
use super::store::{self, Entry, Store};
use crate::calls::Call;
use crate::catalogue::Checker;
use crate::checker;
use crate::run::Runner;
use crate::sources::Sources;

/// What was learned by earlier runs in the project.
pub(crate) struct Memory<'a> {
    sources: &'a Sources,
    keys: Keys<'a>,
}

/// The files of a checker, by whether its answer about them is known.
pub(crate) struct Divided<'f> {
    /// The answer, for those that are known.
    pub(crate) known: Option<CheckResult>,
    /// Those that are to be asked about.
    pub(crate) rest: Vec<&'f str>,
}

/// Files that a checker may have something to say about together.
struct Together<'f> {
    files: HashSet<&'f str>,
    key: String,
}

impl<'a> Memory<'a> {
    /// Prepares to remember what is said about the sources; `None` where nothing can be kept.
    pub(crate) fn of(sources: &'a Sources, runner: &Runner) -> Option<Self> {
        Some(Self {
            sources,
            keys: Keys::of(sources, runner)?,
        })
    }

    /// Returns groups of files that are to stay together in one call, in their order.
    pub(crate) fn groups<'f>(&self, checker: &Checker, files: &[&'f str]) -> Vec<Vec<&'f str>> {
        self.keys.groups(checker, files)
    }

    /// Returns how long the calls of checkers took before.
    pub(crate) fn seconds(&self) -> Seconds {
        Seconds::read(&self.keys.project)
    }

    /// Notes how long calls took.
    pub(crate) fn note_seconds<'c>(
        &self,
        said: impl Iterator<Item = (&'c Call<'c>, &'c CheckResult)>,
    ) {
        let calls = said.filter_map(|(call, result)| {
            Some((&*call.checker.name, result.seconds?, call.files.len()))
        });
        self.seconds().note(&self.keys.project, calls);
    }

    /// Divides the files of a checker by whether its answer about them is known.
    pub(crate) fn divide<'f>(&self, checker: &Checker, files: &[&'f str]) -> Divided<'f> {
        let Some(keys) = self.keys.of_files(checker, files) else {
            return Divided {
                known: None,
                rest: files.to_vec(),
            };
        };
        let store = Store::read(&self.keys.project, &checker.name);
        let together = self.together(checker, files, &keys);
        let said_together = together
            .as_ref()
            .and_then(|together| store.get(&together.key));
        let (mut known, mut rest) = (Vec::new(), Vec::new());
        let mut said: Vec<&Entry> = said_together.into_iter().collect();
        for (file, key) in files.iter().zip(&keys) {
            let is_apart = said_together.is_some()
                || together
                    .as_ref()
                    .is_none_or(|together| !together.files.contains(file));
            match store.get(key).filter(|_| is_apart) {
                Some(_) if is_about_all(checker) && !known.is_empty() => known.push(*file),
                Some(entry) => {
                    known.push(*file);
                    said.push(entry);
                }
                None => rest.push(*file),
            }
        }
        let known = (!known.is_empty()).then(|| self.result(checker, known, &said));
        Divided { known, rest }
    }

    /// Returns the files that a checker may have something to say about together, with the key of
    /// that; `None` where there is nothing to be said. They are asked about together or not at all.
    fn together<'f>(
        &self,
        checker: &Checker,
        files: &[&'f str],
        keys: &[String],
    ) -> Option<Together<'f>> {
        if checker.across.is_empty() || is_about_all(checker) {
            return None;
        }
        let groups = self.groups(checker, files).into_iter();
        let several: HashSet<&str> = groups.filter(|group| group.len() > 1).flatten().collect();
        let mut basis = Basis::default();
        for (file, key) in files.iter().zip(keys) {
            if several.contains(file) {
                basis.add(file, key);
            }
        }
        (!several.is_empty()).then(|| Together {
            files: several,
            key: basis.digest(),
        })
    }

    /// Remembers what the calls said, where all that the answers were made of is still the same.
    pub(crate) fn learn<'c>(
        &self,
        now: &Self,
        said: impl Iterator<Item = (&'c Call<'c>, &'c CheckResult)>,
    ) {
        let mut by_checker: Vec<(&Checker, Vec<(&Call<'_>, &CheckResult)>)> = Vec::new();
        for (call, result) in said {
            let known = by_checker
                .iter_mut()
                .find(|(checker, _)| checker.name == call.checker.name);
            match known {
                Some((_, calls)) => calls.push((call, result)),
                None => by_checker.push((call.checker, vec![(call, result)])),
            }
        }
        for (checker, calls) in by_checker {
            let entries: Vec<_> = calls
                .iter()
                .map(|(call, result)| self.entries(now, call, result))
                .collect();
            let is_whole = entries.iter().all(Option::is_some);
            let mut entries: Vec<_> = entries.into_iter().flatten().flatten().collect();
            entries.extend(self.entry_together(checker, &calls).filter(|_| is_whole));
            if entries.is_empty() {
                continue;
            }
            if let Err(error) = store::add(&self.keys.project, &checker.name, &entries) {
                say::detail(1, &format!("not remembered: {error}"));
            }
        }
    }

    /// Returns what is to be remembered of files together.
    fn entry_together(
        &self,
        checker: &Checker,
        calls: &[(&Call<'_>, &CheckResult)],
    ) -> Option<Entry> {
        let files: Vec<&str> = calls
            .iter()
            .flat_map(|(call, _)| call.files.clone())
            .collect();
        let keys = self.keys.of_files(checker, &files)?;
        let together = self.together(checker, &files, &keys)?;
        let findings = calls.iter().flat_map(|(_, result)| &result.findings);
        let findings = findings.filter(|finding| is_across(checker, finding));
        Some(Entry {
            key: together.key,
            exit: None,
            findings: findings.cloned().collect(),
        })
    }

    /// Returns what is to be remembered of one call; `None` where that would not be safe.
    fn entries(&self, now: &Self, call: &Call<'_>, result: &CheckResult) -> Option<Vec<Entry>> {
        let has_answer = matches!(result.status(), CheckStatus::Clean | CheckStatus::Findings);
        if !has_answer || result.why.is_some() || !result.modified.is_empty() {
            return None;
        }
        let keys = self.keys.of_files(call.checker, &call.files)?;
        if now.keys.of_files(call.checker, &call.files).as_ref() != Some(&keys) {
            return None;
        }
        if call.files.iter().any(|file| self.sources.differs(file)) {
            return None;
        }
        if is_about_all(call.checker) {
            return Some(vec![Entry {
                key: keys.first()?.clone(),
                exit: result.exit,
                findings: result.findings.clone(),
            }]);
        }
        let mut by_file: HashMap<&str, Vec<Finding>> = HashMap::new();
        for finding in &result.findings {
            if is_across(call.checker, finding) {
                continue;
            }
            let path = finding.location.path.as_str();
            if !call.files.contains(&path) {
                return None;
            }
            by_file.entry(path).or_default().push(finding.clone());
        }
        let entries = call.files.iter().zip(keys);
        Some(
            entries
                .map(|(file, key)| {
                    let findings = by_file.remove(file).unwrap_or_default();
                    let exit = result.exit.filter(|_| !findings.is_empty());
                    Entry {
                        key,
                        exit,
                        findings,
                    }
                })
                .collect(),
        )
    }

    /// Puts together what is known of files; the exit status is what one call would have had, which
    /// for a set of bits has all of them.
    fn result(&self, checker: &Checker, files: Vec<&str>, said: &[&Entry]) -> CheckResult {
        let findings: Vec<Finding> = said
            .iter()
            .flat_map(|entry| entry.findings.clone())
            .collect();
        let exits = said.iter().filter_map(|entry| entry.exit);
        let status = if findings.is_empty() {
            CheckStatus::Clean
        } else {
            CheckStatus::Findings
        };
        let call = Call {
            checker,
            files,
            named: false,
        };
        CheckResult {
            status: Some(status),
            exit: Some(exits.fold(0, |all, exit| all | exit)),
            findings,
            cached: true,
            ..checker::unanswered(&call, self.sources)
        }
    }
}

/// Tells whether a finding is about several files together.
fn is_across(checker: &Checker, finding: &Finding) -> bool {
    let code = finding.code.as_ref().map(|code| &code.value);
    code.is_some_and(|code| checker.across.contains(code))
}
