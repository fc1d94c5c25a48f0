//! rdjsonl: one Diagnostic of the Reviewdog Diagnostic Format per line.

use lr_turn::{Finding, Location, Severity, Tool};
use serde::Serialize;

use crate::trouble::no_answer;
use crate::{Report, name};

/// A finding without what only lr knows.
#[derive(Serialize)]
struct Diagnostic<'a> {
    message: &'a str,
    location: &'a Location,
    severity: Severity,
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<Tool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'a lr_turn::Code>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    suggestions: Vec<Suggestion<'a>>,
}

#[derive(Serialize)]
struct Suggestion<'a> {
    range: lr_turn::Range,
    text: &'a str,
}

/// Writes the findings, and one Diagnostic without a file for each checker that gave no answer.
pub fn rdjsonl(report: &Report<'_>) -> String {
    let mut text = String::new();
    for result in &report.check.results {
        for finding in &result.findings {
            push(&mut text, &diagnostic(finding, name(result)));
        }
        if let Some(why) = no_answer(result) {
            let nowhere = Location {
                path: String::new(),
                range: None,
            };
            push(
                &mut text,
                &Diagnostic {
                    message: &why,
                    location: &nowhere,
                    severity: Severity::Error,
                    source: Some(tool(name(result))),
                    code: None,
                    suggestions: Vec::new(),
                },
            );
        }
    }
    text
}

fn diagnostic<'a>(finding: &'a Finding, checker: &str) -> Diagnostic<'a> {
    let suggestions = finding.suggestions.iter();
    Diagnostic {
        message: &finding.message,
        location: &finding.location,
        severity: finding.severity,
        source: Some(finding.source.clone().unwrap_or_else(|| tool(checker))),
        code: finding.code.as_ref(),
        suggestions: suggestions
            .map(|suggestion| Suggestion {
                range: suggestion.range,
                text: &suggestion.text,
            })
            .collect(),
    }
}

fn tool(name: &str) -> Tool {
    Tool {
        name: name.to_owned(),
        url: None,
    }
}

fn push(text: &mut String, diagnostic: &Diagnostic<'_>) {
    // What is made of text and numbers can always be written.
    text.push_str(&serde_json::to_string(diagnostic).unwrap_or_default());
    text.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests;

    #[test]
    fn each_finding_and_each_checker_that_did_not_work_is_a_line() {
        let check = tests::check();
        let expected = [
            r#"{"message":"`os` imported but unused","location":{"path":"b.py","range":{"start":{"line":2,"column":8},"end":{"line":2,"column":10}}},"severity":"WARNING","source":{"name":"ruff"},"code":{"value":"F401","url":"https://docs/F401"},"suggestions":[{"range":{"start":{"line":2,"column":1},"end":{"line":3,"column":1}},"text":""}]}"#,
            r#"{"message":"é\u001b[31m: 100%, no","location":{"path":"b.py","range":{"start":{"line":1,"column":8}}},"severity":"ERROR","source":{"name":"ruff"},"code":{"value":"E1"}}"#,
            r#"{"message":"assert 1 == 2","location":{"path":"test_a.py","range":{"start":{"line":1}}},"severity":"ERROR","source":{"name":"pytest"},"code":{"value":"test_a.py::test_b"}}"#,
            r#"{"message":"checker 'mypy' gave no answer: it ended with exit status 2; it says: mypy: error: no such option","location":{"path":""},"severity":"ERROR","source":{"name":"mypy"}}"#,
            r#"{"message":"./tidy.sh b.py: exit status 3","location":{"path":""},"severity":"ERROR","source":{"name":"./tidy.sh"}}"#,
        ];
        let written = rdjsonl(&tests::report(&check));
        assert_eq!(written.lines().collect::<Vec<_>>(), expected);
    }

    #[test]
    fn every_line_is_of_the_form_that_reviewdog_publishes() {
        // From reviewdog (MIT licence), which passes over names that it does not know.
        let schema = include_str!("../schemas/rdf-diagnostic.json");
        let schema = schema.replace(
            "\"additionalProperties\": true",
            "\"additionalProperties\": false",
        );
        let schema: serde_json::Value = serde_json::from_str(&schema).unwrap();
        let validator = jsonschema::validator_for(&schema).unwrap();
        for line in rdjsonl(&tests::report(&tests::check())).lines() {
            let line = serde_json::from_str(line).unwrap();
            let errors = validator.iter_errors(&line);
            let errors: Vec<String> = errors.map(|error| error.to_string()).collect();
            assert_eq!(errors, [""; 0], "{line}");
        }
    }
}
