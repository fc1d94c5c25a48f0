//! Findings as lines of text: sorted, one per line, the same complaint of several checkers once.

use std::collections::HashMap;
use std::fmt::Write as _;

use lr_turn::{CheckResult, Finding, Position};

/// Returns the text of a line of a file, where its number does not show which it is.
pub(crate) type Quote<'q> = dyn Fn(&str, u64) -> Option<String> + 'q;

/// One complaint, of one checker or several.
struct Complaint<'f> {
    finding: &'f Finding,
    codes: Vec<&'f str>,
    checkers: Vec<&'f str>,
    /// What it is about, whoever says it.
    rule: String,
    /// Its message without marks.
    words: String,
}

/// Returns the findings of the results as lines, `path:line:column: code message`.
///
/// Complaints of several checkers about one line are the same if their codes are equivalent or
/// their words are; the first checker's message is shown, with the codes of all. Where `quote` has
/// a text for a line, it stands below what is said about it.
pub(crate) fn lines<'f>(
    results: impl Iterator<Item = &'f CheckResult>,
    quote: &Quote<'_>,
) -> String {
    let results: Vec<_> = results.collect();
    let equivalents = if results.len() > 1 {
        Equivalents::read()
    } else {
        Equivalents::default()
    };
    let mut complaints: Vec<Complaint<'f>> = Vec::new();
    let mut at_line: HashMap<(&str, Option<u64>), Vec<usize>> = HashMap::new();
    for result in results {
        for finding in &result.findings {
            let new = complaint(result, finding, &equivalents);
            let here = at_line.entry(new.place()).or_default();
            let known = here
                .iter()
                .find(|known| is_same(&complaints[**known], &new));
            if let Some(known) = known {
                complaints[*known].join(&new);
            } else {
                here.push(complaints.len());
                complaints.push(new);
            }
        }
    }
    complaints.sort_by(|one, other| order(one).cmp(&order(other)));
    let mut lines = String::new();
    let mut rest = complaints.iter().peekable();
    while let Some(complaint) = rest.next() {
        complaint.write(&mut lines);
        let place = complaint.place();
        let is_last = rest.peek().is_none_or(|next| next.place() != place);
        if let Some(text) = place
            .1
            .filter(|_| is_last)
            .and_then(|line| quote(place.0, line))
        {
            let _ = writeln!(lines, "    {text}");
        }
    }
    lines
}

fn complaint<'f>(
    result: &'f CheckResult,
    finding: &'f Finding,
    equivalents: &Equivalents,
) -> Complaint<'f> {
    let code = finding.code.as_ref().map_or("", |code| code.value.as_str());
    let source = finding.source.as_ref().map(|tool| tool.name.as_str());
    let checker = source.or(result.checker.as_deref()).unwrap_or_default();
    Complaint {
        finding,
        codes: if code.is_empty() { vec![] } else { vec![code] },
        checkers: vec![checker],
        rule: equivalents.rule(code).to_owned(),
        words: words(&finding.message),
    }
}

/// Tells whether a checker's complaint about a line is one that others have already. A checker's
/// own complaints differ, unless they are equal in everything.
fn is_same(known: &Complaint<'_>, new: &Complaint<'_>) -> bool {
    if known
        .checkers
        .iter()
        .any(|checker| new.checkers.contains(checker))
    {
        return known.finding.location == new.finding.location
            && known.codes == new.codes
            && known.words == new.words;
    }
    (!new.rule.is_empty() && known.rule == new.rule) || known.words == new.words
}

/// Lower-case letters and digits of a message, with blanks between words.
fn words(message: &str) -> String {
    let is_mark = |c: char| !c.is_alphanumeric();
    let words: Vec<_> = message
        .split(is_mark)
        .filter(|word| !word.is_empty())
        .collect();
    words.join(" ").to_lowercase()
}

fn start(finding: &Finding) -> Option<Position> {
    finding.location.range.map(|range| range.start)
}

type Order<'f> = (&'f str, Option<Position>, Option<&'f str>);

fn order<'f>(complaint: &Complaint<'f>) -> Order<'f> {
    let path = complaint.finding.location.path.as_str();
    (
        path,
        start(complaint.finding),
        complaint.codes.first().copied(),
    )
}

impl<'f> Complaint<'f> {
    /// Its file and line.
    fn place(&self) -> (&'f str, Option<u64>) {
        let line = start(self.finding).map(|at| at.line);
        (self.finding.location.path.as_str(), line)
    }

    fn join(&mut self, other: &Complaint<'f>) {
        for code in &other.codes {
            if !self.codes.contains(code) {
                self.codes.push(code);
            }
        }
        for checker in &other.checkers {
            if !self.checkers.contains(checker) {
                self.checkers.push(checker);
            }
        }
    }

    fn write(&self, lines: &mut String) {
        let path = &self.finding.location.path;
        lines.push_str(path);
        if let Some(start) = start(self.finding) {
            let _ = write!(lines, ":{}", start.line);
            if let Some(column) = start.column {
                let _ = write!(lines, ":{column}");
            }
        }
        let codes: Vec<_> = self
            .codes
            .iter()
            .map(|code| code.strip_prefix(path.as_str()).unwrap_or(code))
            .collect();
        let message: Vec<_> = without_rule(self).split_whitespace().collect();
        let separator = if codes.is_empty() { "" } else { " " };
        let (codes, message) = (codes.join("/"), message.join(" "));
        let _ = writeln!(lines, ":{separator}{codes} {message}");
    }
}

/// Returns the message without the rule's long name behind it, which a code says shorter:
/// `Missing module docstring (missing-module-docstring)`.
fn without_rule<'f>(complaint: &Complaint<'f>) -> &'f str {
    let message = complaint.finding.message.trim_end();
    let is_rule = |name: &str| {
        name.contains('-')
            && name
                .bytes()
                .all(|byte| byte == b'-' || byte.is_ascii_lowercase())
    };
    match message
        .strip_suffix(')')
        .and_then(|rest| rest.rsplit_once(" ("))
    {
        Some((short, name)) if !complaint.codes.is_empty() && is_rule(name) => short,
        _ => message,
    }
}

/// Which codes stand for the same rule.
#[derive(Default)]
struct Equivalents {
    /// From each listed code to the rule it stands for.
    rules: HashMap<String, String>,
}

impl Equivalents {
    /// Reads the built-in list.
    fn read() -> Self {
        let table: HashMap<String, Vec<String>> =
            toml::from_str(include_str!("../equivalents.toml")).unwrap_or_default();
        let listed = table
            .into_iter()
            .flat_map(|(rule, codes)| codes.into_iter().map(move |code| (code, rule.clone())));
        Self {
            rules: listed.collect(),
        }
    }

    /// Returns the rule that a code stands for.
    fn rule<'a>(&'a self, code: &'a str) -> &'a str {
        let plain = code.strip_prefix("PL").unwrap_or(code);
        self.rules.get(plain).map_or(plain, String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use lr_turn::{Code, Location, Range, Severity};

    use super::*;

    fn result(checker: &str, findings: &[(u64, u64, &str, &str)]) -> CheckResult {
        let finding = |&(line, column, code, message): &(u64, u64, &str, &str)| Finding {
            message: message.to_owned(),
            location: Location {
                path: "a.py".to_owned(),
                range: (line > 0).then_some(Range {
                    start: Position {
                        line,
                        column: (column > 0).then_some(column),
                    },
                    end: None,
                }),
            },
            severity: Severity::Warning,
            source: None,
            code: (!code.is_empty()).then(|| Code {
                value: code.to_owned(),
                url: None,
            }),
            suggestions: vec![],
            weight: None,
            bytes: None,
            key: String::new(),
        };
        CheckResult {
            checker: Some(checker.to_owned()),
            findings: findings.iter().map(finding).collect(),
            ..CheckResult::default()
        }
    }

    fn check(results: &[CheckResult], expected: &str) {
        assert_eq!(lines(results.iter(), &|_, _| None), expected);
    }

    #[test]
    fn the_text_of_a_line_stands_below_all_that_is_said_about_it() {
        let findings = [(3, 1, "A", "one"), (3, 4, "B", "two"), (9, 1, "A", "three")];
        let quote = |path: &str, line| (line == 3).then(|| format!("text of {path}"));
        assert_eq!(
            lines([result("c", &findings)].iter(), &quote),
            "a.py:3:1: A one\na.py:3:4: B two\n    text of a.py\na.py:9:1: A three\n"
        );
    }

    #[test]
    fn findings_are_sorted_by_their_places() {
        let findings = [
            (2, 1, "B", "two"),
            (1, 9, "A", "one"),
            (0, 0, "C", "file"),
            (1, 0, "", "x\n y"),
        ];
        check(
            &[result("c", &findings)],
            "a.py: C file\na.py:1: x y\na.py:1:9: A one\na.py:2:1: B two\n",
        );
    }

    #[test]
    fn the_same_complaint_of_several_checkers_stands_once() {
        check(
            &[
                result(
                    "ruff",
                    &[
                        (3, 8, "F401", "`os` imported but unused"),
                        (5, 1, "E741", "Ambiguous variable name: `l`"),
                    ],
                ),
                result(
                    "flake8",
                    &[
                        (3, 1, "F401", "'os' imported but unused"),
                        (5, 1, "E741", "ambiguous variable name 'l'"),
                    ],
                ),
                result(
                    "pylint",
                    &[
                        (3, 1, "W0611", "Unused import os"),
                        (9, 1, "W0611", "Unused import re"),
                    ],
                ),
            ],
            "a.py:3:8: F401/W0611 `os` imported but unused\na.py:5:1: E741 Ambiguous variable name: `l`\na.py:9:1: W0611 Unused import re\n",
        );
    }

    #[test]
    fn the_same_words_are_the_same_complaint() {
        check(
            &[
                result("x", &[(1, 1, "X1", "Bad 'name'.")]),
                result("y", &[(1, 4, "Y1", "bad name")]),
            ],
            "a.py:1:1: X1/Y1 Bad 'name'.\n",
        );
    }

    #[test]
    fn several_complaints_of_one_checker_stay_apart() {
        check(
            &[
                result(
                    "ruff",
                    &[
                        (1, 8, "F401", "`os` unused"),
                        (1, 12, "F401", "`re` unused"),
                    ],
                ),
                result(
                    "pylint",
                    &[(1, 1, "W0611", "Unused os"), (1, 1, "W0611", "Unused re")],
                ),
            ],
            "a.py:1:8: F401/W0611 `os` unused\na.py:1:12: F401/W0611 `re` unused\n",
        );
    }

    #[test]
    fn pylints_rules_have_a_prefix_in_ruff() {
        check(
            &[
                result("ruff", &[(1, 1, "PLR0913", "Too many")]),
                result("pylint", &[(1, 1, "R0913", "Too many (7/5)")]),
            ],
            "a.py:1:1: PLR0913/R0913 Too many\n",
        );
    }

    #[test]
    fn a_long_name_of_the_rule_is_left_out_beside_its_code() {
        check(
            &[result(
                "pylint",
                &[
                    (1, 1, "C0114", "Missing docstring (missing-docstring)"),
                    (2, 1, "", "Bad (so-so)"),
                    (3, 1, "R1", "Too many (7/5)"),
                ],
            )],
            "a.py:1:1: C0114 Missing docstring\na.py:2:1: Bad (so-so)\na.py:3:1: R1 Too many (7/5)\n",
        );
    }

    #[test]
    fn the_built_in_list_names_each_code_once() {
        let table: HashMap<String, Vec<String>> =
            toml::from_str(include_str!("../equivalents.toml")).unwrap();
        let codes: Vec<_> = table.values().flatten().collect();
        let unique: std::collections::HashSet<_> = codes.iter().collect();
        assert_eq!(unique.len(), codes.len());
        assert!(codes.len() > 50);
    }
}
