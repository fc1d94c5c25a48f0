//! Findings counted by checker and code, as lines for people.
//!
//! What a run leaves behind stays readable however much was found: a line for each code with a few
//! of its places, or only the numbers.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use lr_turn::Finding;

use crate::findings::one_line;
use crate::message::cut;

/// How many lines are listed.
const LISTED: usize = 20;

/// How many places a line names.
const PLACES: usize = 3;

/// The longest message that a line repeats, in characters.
const MESSAGE: usize = 160;

/// The findings of each checker and code.
type Kinds<'f> = BTreeMap<(String, String), Vec<&'f Finding>>;

/// Returns a line for each checker and code, with a few places: `ruff F401: 2 (a.py:3, b.py:1)`.
/// A finding that is alone of its kind is told in its own words.
///
/// Which one of several equal findings of a file it was cannot be known, so where some are among
/// `others`, only the file is named.
pub(crate) fn with_places(findings: &[Finding], others: &[Finding]) -> Vec<String> {
    let others: BTreeSet<_> = others.iter().map(kind_in_file).collect();
    let kinds = kinds(findings);
    let mut lines: Vec<String> = kinds
        .iter()
        .take(LISTED)
        .map(|((checker, code), findings)| line(checker, code, findings, &others))
        .collect();
    let n_left: usize = kinds.values().skip(LISTED).map(Vec::len).sum();
    if n_left > 0 {
        lines.push(format!("and {n_left} more"));
    }
    lines
}

/// Returns a line for each checker with the number of findings of each code:
/// `ruff: E501×12, F401×3`.
pub(crate) fn numbers(findings: &[Finding]) -> Vec<String> {
    let mut lines: BTreeMap<String, String> = BTreeMap::new();
    let mut n_left = 0;
    for ((checker, code), findings) in kinds(findings) {
        if lines.len() == LISTED && !lines.contains_key(&checker) {
            n_left += findings.len();
            continue;
        }
        let line = lines
            .entry(checker)
            .and_modify(|line| line.push_str(", "))
            .or_default();
        if !code.is_empty() {
            let _ = write!(line, "{code}×");
        }
        let _ = write!(line, "{}", findings.len());
    }
    let mut lines: Vec<String> = lines
        .iter()
        .map(|(checker, numbers)| match checker.as_str() {
            "" => numbers.clone(),
            _ => format!("{checker}: {numbers}"),
        })
        .collect();
    if n_left > 0 {
        lines.push(format!("and {n_left} more"));
    }
    lines
}

/// Groups findings; one of no named checker is a kind of its own, named by what it says.
fn kinds(findings: &[Finding]) -> Kinds<'_> {
    let mut kinds = Kinds::new();
    for finding in findings {
        let code = finding.code.as_ref().map(|code| one_line(&code.value));
        let checker = match (&finding.source, &code) {
            (Some(tool), _) => one_line(&tool.name),
            (None, Some(_)) => String::new(),
            (None, None) => cut(&one_line(&finding.message), MESSAGE),
        };
        let kind = (checker, code.unwrap_or_default());
        kinds.entry(kind).or_default().push(finding);
    }
    kinds
}

/// What equal findings of a file have in common.
type KindInFile<'f> = (Option<&'f str>, Option<&'f str>, &'f str);

fn kind_in_file(finding: &Finding) -> KindInFile<'_> {
    (
        finding.source.as_ref().map(|tool| tool.name.as_str()),
        finding.code.as_ref().map(|code| code.value.as_str()),
        &finding.location.path,
    )
}

fn line(
    checker: &str,
    code: &str,
    findings: &[&Finding],
    others: &BTreeSet<KindInFile<'_>>,
) -> String {
    let name = format!("{checker} {code}");
    let mut line = format!("{}: {}", name.trim(), findings.len());
    let mut places: Vec<String> = Vec::new();
    for finding in findings {
        let is_known = !others.contains(&kind_in_file(finding));
        let Some(place) = place(finding, is_known) else {
            continue;
        };
        if !places.contains(&place) {
            places.push(place);
        }
    }
    if places.len() > PLACES {
        places.truncate(PLACES);
        places.push("…".to_owned());
    }
    if !places.is_empty() {
        let _ = write!(line, " ({})", places.join(", "));
    }
    if let [finding] = findings {
        let message = one_line(&finding.message);
        if message != checker {
            let _ = write!(line, " {}", cut(&message, MESSAGE));
        }
    }
    line
}

/// Returns where a finding is: `a.py:3`, or only the file unless the line is known; none if it
/// concerns no file in particular.
fn place(finding: &Finding, is_known: bool) -> Option<String> {
    let path = one_line(&finding.location.path);
    if path.is_empty() {
        return None;
    }
    Some(match finding.location.range.filter(|_| is_known) {
        Some(range) => format!("{path}:{}", range.start.line),
        None => path,
    })
}

#[cfg(test)]
mod tests {
    use lr_turn::{Check, Turn};
    use serde_json::{Value, json};

    use super::*;

    /// Returns a finding for each "checker code path line message", '-' for what is absent.
    fn findings(texts: &[&str]) -> Vec<Finding> {
        let findings: Vec<Value> = texts.iter().map(|text| finding(text)).collect();
        let check = json!({"clean": false, "results": [{"findings": findings}]});
        let turn = json!({"lr": 1, "check": check}).to_string();
        let check: Check = Turn::parse(&turn).unwrap().get().unwrap().unwrap();
        check.results[0].findings.clone()
    }

    fn finding(text: &str) -> Value {
        let mut words = text.splitn(5, ' ').map(|word| word.trim_matches('-'));
        let mut next = || words.next().unwrap_or_default();
        let (checker, code, path, line, message) = (next(), next(), next(), next(), next());
        let mut finding = json!({"message": message, "location": {"path": path}});
        if !checker.is_empty() {
            finding["source"] = json!({ "name": checker });
        }
        if !code.is_empty() {
            finding["code"] = json!({ "value": code });
        }
        if let Ok(line) = line.parse::<u32>() {
            finding["location"]["range"] = json!({"start": {"line": line}});
        }
        finding
    }

    #[test]
    fn names_no_line_where_an_equal_finding_is_elsewhere() {
        let fixed = findings(&["ruff E501 a.py 9 too long", "ruff F401 a.py 3 x"]);
        let others = findings(&["ruff E501 a.py 2 too long", "ruff F401 b.py 3 x"]);
        let expected = ["ruff E501: 1 (a.py) too long", "ruff F401: 1 (a.py:3) x"];
        assert_eq!(with_places(&fixed, &others), expected);
    }

    #[test]
    fn names_a_few_places_of_each_code() {
        let texts = [
            "ruff F401 a.py 3 x",
            "ruff F401 a.py 4 y",
            "ruff E501 b.py 9 line too long",
            "ruff F401 b.py 1 z",
            "ruff F401 c.py 1 z",
            "pylint C0114 b.py - no docstring",
            "pylint C0114 c.py - no docstring",
        ];
        let expected = [
            "pylint C0114: 2 (b.py, c.py)",
            "ruff E501: 1 (b.py:9) line too long",
            "ruff F401: 4 (a.py:3, a.py:4, b.py:1, …)",
        ];
        assert_eq!(with_places(&findings(&texts), &[]), expected);
        assert_eq!(
            numbers(&findings(&texts)),
            ["pylint: C0114×2", "ruff: E501×1, F401×4"]
        );
    }

    #[test]
    fn what_no_checker_has_named_says_itself() {
        let texts = ["- - a.txt 4 too long", "- - - - ./tidy.sh", "- X1 - - odd"];
        let expected = ["X1: 1 odd", "./tidy.sh: 1", "too long: 1 (a.txt:4)"];
        assert_eq!(with_places(&findings(&texts), &[]), expected);
        let expected = ["X1×1", "./tidy.sh: 1", "too long: 1"];
        assert_eq!(numbers(&findings(&texts)), expected);
    }

    #[test]
    fn many_kinds_are_counted_together() {
        let texts: Vec<String> = (10..40)
            .map(|n| format!("- - a.txt {n} said {n}"))
            .collect();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        for lines in [
            with_places(&findings(&texts), &[]),
            numbers(&findings(&texts)),
        ] {
            assert_eq!(lines.len(), LISTED + 1);
            assert_eq!(lines[LISTED], "and 10 more");
        }
    }
}
