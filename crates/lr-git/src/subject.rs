//! The first line of a commit message: what a change was for, in a few words.

use lr_turn::{Change, Finding, Severity};

use crate::findings::{Outcome, one_line};
use crate::message::{WIDTH, cut};

/// How many kinds of findings are named.
const NAMED: usize = 3;

/// Findings that are the same complaint, by whatever checkers.
struct Kind {
    /// What it is about: `unused import`.
    words: String,
    /// The code of the first checker that has one; empty if its words say it already.
    code: String,
    severity: Severity,
    n_findings: usize,
}

impl Kind {
    fn of(finding: &Finding) -> Self {
        let code = finding.code.as_ref().map_or("", |code| &code.value);
        let test = code.rsplit_once("::").map(|(_, test)| one_line(test));
        let is_said = is_rule(code) || test.is_some() || finding.message.contains(code);
        let words = match test {
            Some(test) => format!("failing {test}"),
            None => rule(finding).unwrap_or_else(|| message_of(finding)),
        };
        Self {
            words,
            code: if is_said {
                String::new()
            } else {
                one_line(code)
            },
            severity: finding.severity,
            n_findings: 1,
        }
    }

    fn is_same(&self, other: &Self) -> bool {
        self.words == other.words || (self.code == other.code && !self.code.is_empty())
    }

    /// Names it: `unused import (F401)`.
    fn name(&self) -> String {
        if self.code.is_empty() {
            return self.words.clone();
        }
        format!("{} ({})", self.words, self.code)
    }
}

/// Says in one line what a change is for: `Apply fix: unused import (F401) and 2 more in a.py`.
pub(crate) fn of(outcome: &Outcome, changes: &[Change]) -> String {
    let place = place(changes);
    let mut still_fails = "";
    let findings: &[Finding] = match outcome {
        Outcome::AskedFor(asked) => asked,
        Outcome::Rechecked {
            fixed,
            hidden,
            changed,
            still_there,
            new,
            ..
        } => {
            let is_none_fixed = fixed.is_empty();
            if is_none_fixed && !hidden.is_empty() {
                return format!("Apply fix: findings now hidden{place}");
            }
            if is_none_fixed && !changed.is_empty() {
                still_fails = " (still fails)";
                changed
            } else if is_none_fixed && !(still_there.is_empty() && new.is_empty()) {
                return format!("Apply fix: no finding gone yet{place}");
            } else {
                fixed
            }
        }
    };
    let place = format!("{still_fails}{place}");
    let kinds = kinds(findings);
    let Some((first, others)) = kinds.split_first() else {
        let place = place.strip_prefix(" in ").unwrap_or("the reply");
        return format!("Apply fix: {place}");
    };
    let more = match others.iter().map(|kind| kind.n_findings).sum() {
        0 => String::new(),
        n_others => format!(" and {n_others} more"),
    };
    let mut ways = vec![format!("{}{more}", first.name())];
    if kinds.len() <= NAMED {
        let names: Vec<String> = kinds.iter().map(Kind::name).collect();
        ways.insert(0, names.join(", "));
    }
    let room = WIDTH.saturating_sub(format!("Apply fix: {place}").chars().count());
    let fitting = ways.into_iter().find(|way| way.chars().count() <= room);
    let what = fitting.unwrap_or_else(|| {
        let room = room.saturating_sub(more.chars().count());
        format!("{}{more}", cut(&first.words, room))
    });
    format!("Apply fix: {what}{place}")
}

/// Counts the kinds of findings, the worst and the most frequent first.
fn kinds(findings: &[Finding]) -> Vec<Kind> {
    let mut kinds: Vec<Kind> = Vec::new();
    for new in findings.iter().map(Kind::of) {
        match kinds.iter_mut().find(|kind| kind.is_same(&new)) {
            Some(known) => known.n_findings += 1,
            None => kinds.push(new),
        }
    }
    kinds.retain(|kind| !kind.words.is_empty());
    kinds.sort_by_key(|kind| (order(kind.severity), usize::MAX - kind.n_findings));
    kinds
}

fn order(severity: Severity) -> u8 {
    match severity {
        Severity::Error => 0,
        Severity::Warning => 1,
        Severity::Info => 2,
        Severity::Unknown => 3,
    }
}

/// Returns the first line of what a checker says, without the punctuation at its end.
fn message_of(finding: &Finding) -> String {
    let first = finding.message.lines().next().unwrap_or_default();
    one_line(first).trim_end_matches(['.', ':', ' ']).to_owned()
}

/// Returns the words of the rule's name, where a finding tells it: as its code, at the end of the
/// address of its description, or in brackets at the end of its message.
fn rule(finding: &Finding) -> Option<String> {
    let code = finding.code.as_ref();
    let address = code.and_then(|code| code.url.as_deref());
    let page = address.and_then(|url| url.trim_end_matches('/').rsplit('/').next());
    let page = page.map(|page| page.trim_end_matches(".html"));
    let message = finding.message.trim_end();
    let in_brackets = message.strip_suffix(')').and_then(|text| {
        let (_, name) = text.rsplit_once(" (")?;
        Some(name)
    });
    let names = [code.map(|code| code.value.as_str()), page, in_brackets];
    let name = names.into_iter().flatten().find(|name| is_rule(name))?;
    Some(name.replace('-', " "))
}

/// Whether a name is made of words: `unused-import`.
fn is_rule(name: &str) -> bool {
    let is_part = |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_lowercase());
    name.contains('-') && name.split('-').all(is_part)
}

/// Says where a change was made: ` in a.py`.
fn place(changes: &[Change]) -> String {
    match changes {
        [] => String::new(),
        [change] => {
            let path = one_line(&change.path);
            let name = path.rsplit('/').next().unwrap_or(&path);
            let shown = if path.chars().count() <= WIDTH / 2 {
                &path
            } else {
                name
            };
            format!(" in {}", cut(shown, WIDTH / 2))
        }
        changes => format!(" in {} files", changes.len()),
    }
}

#[cfg(test)]
mod tests {
    use lr_turn::{ChangeKind, Code, Location};
    use proptest::prelude::*;

    use super::*;

    fn finding(code: &str, message: &str) -> Finding {
        let code = code.split_once(' ').map_or((code, None), |(code, url)| {
            (code, Some(format!("https://example.org/{url}")))
        });
        Finding {
            message: message.to_owned(),
            location: Location {
                path: "a.py".to_owned(),
                range: None,
            },
            severity: Severity::Warning,
            source: None,
            code: (!code.0.is_empty()).then(|| Code {
                value: code.0.to_owned(),
                url: code.1,
            }),
            suggestions: Vec::new(),
            weight: None,
            bytes: None,
            key: String::new(),
        }
    }

    fn subject(findings: &[Finding], paths: &[&str]) -> String {
        let change = |path: &&str| Change {
            path: (*path).to_owned(),
            kind: ChangeKind::Modified,
            before: None,
            after: None,
            added: 1,
            removed: 1,
            diff: None,
        };
        let changes: Vec<Change> = paths.iter().map(change).collect();
        of(&Outcome::AskedFor(findings.to_vec()), &changes)
    }

    fn check(findings: &[(&str, &str)], paths: &[&str], expected: &str) {
        let findings: Vec<Finding> = findings.iter().map(|(c, m)| finding(c, m)).collect();
        assert_eq!(subject(&findings, paths), expected);
    }

    const IMPORT: (&str, &str) = ("F401 rules/unused-import", "`os` imported but unused");

    #[test]
    fn names_the_rule_by_words_and_code() {
        let expected = "Apply fix: unused import (F401) in a.py";
        check(&[IMPORT, IMPORT], &["a.py"], expected);
        let pylint = ("W0611", "Unused import os (unused-import)");
        check(&[IMPORT, pylint], &["a.py"], expected);
        let flake8 = ("F401", "'os' imported but unused");
        check(&[IMPORT, flake8], &["a.py"], expected);
        check(
            &[("no-empty", "Empty block")],
            &["a.js", "b.js"],
            "Apply fix: no empty in 2 files",
        );
        check(
            &[("F821", "undefined name `y`."), IMPORT],
            &["a.py"],
            "Apply fix: undefined name `y` (F821), unused import (F401) in a.py",
        );
    }

    #[test]
    fn names_a_test_that_failed() {
        check(
            &[("tests/test_a.py::TestB::test_c", "assert 1 == 2")],
            &["a.py"],
            "Apply fix: failing test_c in a.py",
        );
    }

    #[test]
    fn counts_what_it_does_not_name() {
        let others = ["E1", "E2", "E3", "E4"].map(|code| (code, "else"));
        let mut findings: Vec<(&str, &str)> = vec![IMPORT, IMPORT];
        findings.extend(others.map(|(code, _)| (code, code)));
        let expected = "Apply fix: unused import (F401) and 4 more in 3 files";
        check(&findings, &["a", "b", "c"], expected);
    }

    #[test]
    fn names_the_worst_first() {
        let mut findings = [finding("W1", "odd"), finding("E1", "broken")];
        findings[1].severity = Severity::Error;
        let expected = "Apply fix: broken (E1), odd (W1) in a.py";
        assert_eq!(subject(&findings, &["a.py"]), expected);
    }

    #[test]
    fn a_command_stands_without_a_code() {
        let tidy = ("", "./tidy.sh");
        let expected = "Apply fix: ./tidy.sh in 2 files";
        check(&[tidy, tidy], &["a.txt", "b.txt"], expected);
        check(&[], &["a.py"], "Apply fix: a.py");
        check(&[], &[], "Apply fix: the reply");
    }

    #[test]
    fn is_cut_between_words() {
        let endless = "word ".repeat(40);
        check(
            &[("E3", &endless)],
            &["a.py"],
            "Apply fix: word word word word word word word word word word… in a.py",
        );
    }

    proptest! {
        #[test]
        fn fits_on_one_line(messages in proptest::collection::vec("(\\PC|\n|\r|\u{1b}){0,60}", 0..5), path in "[a-z/]{1,90}") {
            let findings: Vec<Finding> = messages.iter().map(|text| finding("X", text)).collect();
            let text = subject(&findings, &[&path]);
            prop_assert!(text.chars().count() <= WIDTH, "{}", text);
            let breaks = text.matches(['\n', '\r', '\u{1b}']).count();
            prop_assert_eq!(breaks, 0);
        }
    }
}
