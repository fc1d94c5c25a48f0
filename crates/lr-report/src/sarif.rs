//! SARIF 2.1.0: one run for each checker, with its calls, its findings and their fixes.

use std::fmt::Write as _;

use lr_turn::{Applicability, CheckResult, CheckStatus, Finding, Range, Severity, Suggestion};
use serde_json::{Value, json};

use crate::trouble::no_answer;
use crate::{Report, by_checker};

/// Where the schema of the format stands.
const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";

/// The directory that all paths are relative to.
const ROOT: &str = "%SRCROOT%";

/// Writes the document. A call of a checker that gave no answer stands in it as one that did not
/// succeed, with the reason.
pub fn sarif(report: &Report<'_>) -> String {
    let runs: Vec<Value> = by_checker(report.check)
        .into_iter()
        .filter(|(_, results)| {
            let is_skipped = |result: &&CheckResult| result.status() == CheckStatus::Skipped;
            !results.iter().all(is_skipped)
        })
        .map(|(name, results)| run(report, name, &results))
        .collect();
    let document = json!({ "$schema": SCHEMA, "version": "2.1.0", "runs": runs });
    // What is made of text and numbers can always be written.
    let mut text = serde_json::to_string_pretty(&document).unwrap_or_default();
    text.push('\n');
    text
}

fn run(report: &Report<'_>, name: &str, results: &[&CheckResult]) -> Value {
    let findings = || results.iter().flat_map(|result| &result.findings);
    let mut rules: Vec<(&str, Option<&str>)> = findings()
        .filter_map(|finding| finding.code.as_ref())
        .map(|code| (code.value.as_str(), code.url.as_deref()))
        .collect();
    rules.sort_unstable();
    rules.dedup_by_key(|(id, _)| *id);
    let told: Vec<Value> = findings()
        .map(|finding| result_of(report, finding, &rules))
        .collect();
    let rules: Vec<Value> = rules.iter().map(rule).collect();
    let invocations: Vec<Value> = results
        .iter()
        .filter(|result| result.status() != CheckStatus::Skipped)
        .map(|result| invocation(result))
        .collect();
    json!({
        "tool": { "driver": { "name": name, "rules": rules } },
        "invocations": invocations,
        "columnKind": "unicodeCodePoints",
        "results": told,
    })
}

fn rule((id, url): &(&str, Option<&str>)) -> Value {
    let mut rule = json!({ "id": id });
    if let Some(url) = url {
        rule["helpUri"] = json!(uri(url));
    }
    rule
}

fn invocation(result: &CheckResult) -> Value {
    let trouble = no_answer(result);
    let mut invocation = json!({ "executionSuccessful": trouble.is_none() });
    if let Some((program, arguments)) = result.argv.split_first() {
        invocation["executableLocation"] = json!({ "uri": uri(program) });
        invocation["arguments"] = json!(arguments);
    }
    if let Some(exit) = result.exit {
        invocation["exitCode"] = json!(exit);
    }
    if let Some(signal) = result.signal {
        invocation["exitSignalNumber"] = json!(signal);
    }
    let remark = match (&trouble, result.status()) {
        (Some(trouble), _) => Some(trouble.clone()),
        (None, CheckStatus::TimedOut) => result.why.clone(),
        (None, _) => None,
    };
    if let Some(remark) = remark {
        let message = json!({ "text": remark });
        let notification = json!({ "level": "error", "message": message });
        invocation["toolExecutionNotifications"] = json!([notification]);
    }
    if result.cached {
        invocation["properties"] = json!({ "cached": true });
    }
    invocation
}

fn result_of(report: &Report<'_>, finding: &Finding, rules: &[(&str, Option<&str>)]) -> Value {
    let level = match finding.severity {
        Severity::Error => "error",
        Severity::Warning | Severity::Unknown => "warning",
        Severity::Info => "note",
    };
    let mut result = json!({ "level": level, "message": { "text": finding.message } });
    if let Some(code) = &finding.code {
        result["ruleId"] = json!(code.value);
        let index = rules.binary_search_by_key(&code.value.as_str(), |(id, _)| id);
        if let Ok(index) = index {
            result["ruleIndex"] = json!(index);
        }
    }
    let path = &finding.location.path;
    if !path.is_empty() {
        let mut place = json!({ "artifactLocation": artifact(path) });
        if let Some(range) = finding.location.range {
            place["region"] = region(report, path, range);
        }
        result["locations"] = json!([{ "physicalLocation": place }]);
    }
    if !finding.key.is_empty() {
        result["partialFingerprints"] = json!({ "lr/v1": finding.key });
    }
    if !finding.suggestions.is_empty() && !path.is_empty() {
        result["fixes"] = json!([fix(report, path, &finding.suggestions)]);
    }
    result
}

fn fix(report: &Report<'_>, path: &str, suggestions: &[Suggestion]) -> Value {
    let replacements: Vec<Value> = suggestions
        .iter()
        .map(|suggestion| {
            let mut range = suggestion.range;
            range.end = range.end.or(Some(range.start));
            json!({
                "deletedRegion": region(report, path, range),
                "insertedContent": { "text": suggestion.text },
            })
        })
        .collect();
    let safe = |suggestion: &Suggestion| suggestion.applicability == Some(Applicability::Safe);
    let words = if suggestions.iter().all(safe) {
        "Keeps the meaning of the code."
    } else {
        "May change the meaning of the code."
    };
    json!({
        "description": { "text": words },
        "artifactChanges": [{ "artifactLocation": artifact(path), "replacements": replacements }],
    })
}

fn artifact(path: &str) -> Value {
    json!({ "uri": uri(path), "uriBaseId": ROOT })
}

fn region(report: &Report<'_>, path: &str, range: Range) -> Value {
    let column = |position| report.texts.column_in_characters(path, position);
    let mut region = json!({ "startLine": range.start.line.max(1) });
    if let Some(start) = column(range.start) {
        region["startColumn"] = json!(start.max(1));
    }
    if let Some(end) = range.end {
        region["endLine"] = json!(end.line.max(1));
        // The first column behind the last line is a place, too.
        if let Some(end) = column(end).or(end.column) {
            region["endColumn"] = json!(end.max(1));
        }
    }
    region
}

/// Writes a path or an address so that it is a URI reference; what is one already stays.
fn uri(text: &str) -> String {
    let is_address = text.starts_with("https://") || text.starts_with("http://");
    let mut uri = String::with_capacity(text.len());
    for byte in text.bytes() {
        let is_plain = byte.is_ascii_alphanumeric() || b"-._~/!$&'()*+,;=@".contains(&byte);
        // A colon in the first component of a path would end the scheme of an address.
        if is_plain || (is_address && b":?#%[]".contains(&byte)) {
            uri.push(char::from(byte));
        } else {
            let _ = write!(uri, "%{byte:02X}");
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{tests, texts::Texts};

    /// Holds a document to the published schema.
    fn check(document: &str) -> Value {
        // One pattern of the schema is no regular expression in the strict sense.
        let schema = include_str!("../schemas/sarif-2.1.0.json").replace("{2}]?$", r"{2}\\]?$");
        let schema: Value = serde_json::from_str(&schema).unwrap();
        let validator = jsonschema::options()
            .should_validate_formats(true)
            .build(&schema)
            .unwrap();
        let document = serde_json::from_str(document).unwrap();
        let errors: Vec<String> = validator
            .iter_errors(&document)
            .map(|error| format!("{error} at {}", error.instance_path()))
            .collect();
        assert_eq!(errors, [""; 0]);
        document
    }

    #[test]
    fn the_document_is_of_the_published_form() {
        let turn = tests::check();
        let document = check(&sarif(&tests::report(&turn)));
        let names: Vec<&Value> = document["runs"]
            .as_array()
            .unwrap()
            .iter()
            .map(|run| &run["tool"]["driver"]["name"])
            .collect();
        assert_eq!(names, ["ruff", "pylint", "pytest", "mypy", "./tidy.sh"]);
        check(&sarif(&Report {
            check: &lr_turn::Check::default(),
            texts: Texts::default(),
        }));
    }

    #[test]
    fn places_count_characters_and_fixes_say_what_they_replace() {
        let turn = tests::check();
        let document = check(&sarif(&tests::report(&turn)));
        let results = &document["runs"][0]["results"];
        let place = &results[1]["locations"][0]["physicalLocation"];
        assert_eq!(place["region"], json!({ "startLine": 1, "startColumn": 7 }));
        let replacement = &results[0]["fixes"][0]["artifactChanges"][0]["replacements"][0];
        let region = json!({ "startLine": 2, "startColumn": 1, "endLine": 3, "endColumn": 1 });
        assert_eq!(replacement["deletedRegion"], region);
        assert_eq!(results[0]["ruleIndex"], 1);
    }

    #[test]
    fn a_checker_that_did_not_work_did_not_succeed() {
        let turn = tests::check();
        let document = check(&sarif(&tests::report(&turn)));
        let call = &document["runs"][3]["invocations"][0];
        assert_eq!(call["executionSuccessful"], false);
        assert_eq!(call["exitCode"], 2);
        assert_eq!(
            call["toolExecutionNotifications"][0]["message"]["text"],
            "checker 'mypy' gave no answer: it ended with exit status 2; it says: mypy: error: no such option"
        );
        let remembered = &document["runs"][1]["invocations"][0];
        assert_eq!(remembered["properties"]["cached"], true);
    }

    #[test]
    fn any_path_is_a_uri() {
        assert_eq!(uri("src/é b:%.py"), "src/%C3%A9%20b%3A%25.py");
        assert_eq!(uri("https://x/a#b"), "https://x/a#b");
    }
}
