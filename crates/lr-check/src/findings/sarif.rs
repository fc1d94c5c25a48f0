//! SARIF 2.1.0: the results of all runs, lines and columns from 1. A run that says that it did not
//! work, and has no results, is no answer.

use std::collections::HashMap;
use std::io::Read;

use lr_turn::Severity;
use serde::Deserialize;

use super::few::{Few, MOST};
use super::{Complaint, Edit, LINE_END, Place, Point};

#[derive(Deserialize)]
struct Log {
    runs: Few<Run>,
}

#[derive(Deserialize)]
struct Run {
    tool: Tool,
    #[serde(default)]
    results: Few<Outcome>,
    #[serde(default)]
    invocations: Vec<Invocation>,
    #[serde(default)]
    artifacts: Vec<File>,
}

#[derive(Deserialize)]
struct File {
    location: Option<Artifact>,
}

#[derive(Deserialize)]
struct Tool {
    driver: Driver,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Driver {
    name: String,
    #[serde(default)]
    rules: Vec<Rule>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Rule {
    id: String,
    help_uri: Option<String>,
    default_configuration: Option<Configuration>,
    #[serde(default)]
    message_strings: HashMap<String, Message>,
}

#[derive(Deserialize)]
struct Configuration {
    level: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Invocation {
    #[serde(default = "yes")]
    execution_successful: bool,
}

fn yes() -> bool {
    true
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Outcome {
    #[serde(default)]
    rule_id: String,
    rule_index: Option<usize>,
    rule: Option<RuleReference>,
    kind: Option<String>,
    level: Option<String>,
    baseline_state: Option<String>,
    message: Message,
    #[serde(default)]
    locations: Vec<Location>,
    #[serde(default)]
    fixes: Vec<Fix>,
    #[serde(default)]
    suppressions: Vec<Suppression>,
}

#[derive(Deserialize)]
struct RuleReference {
    #[serde(default)]
    id: String,
    index: Option<usize>,
}

#[derive(Deserialize)]
struct Suppression {
    status: Option<String>,
}

#[derive(Deserialize)]
struct Message {
    #[serde(default)]
    text: String,
    /// Names one of the rule's message strings, which stands in the place of the text.
    id: Option<String>,
    /// What stands in it for `{0}` and so on.
    #[serde(default)]
    arguments: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Location {
    physical_location: Option<Physical>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Physical {
    artifact_location: Artifact,
    region: Option<Region>,
}

#[derive(Deserialize)]
struct Artifact {
    #[serde(default)]
    uri: String,
    /// Which of the run's artifacts it is, where that has the URI.
    index: Option<usize>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Region {
    start_line: Option<u64>,
    start_column: Option<u64>,
    end_line: Option<u64>,
    end_column: Option<u64>,
    char_offset: Option<u64>,
    char_length: Option<u64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Fix {
    artifact_changes: Vec<Change>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Change {
    artifact_location: Artifact,
    replacements: Vec<Replaced>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Replaced {
    deleted_region: Region,
    inserted_content: Option<Message>,
}

/// Reads the complaints. Whether a fix is safe is for the catalogue to say.
pub(super) fn read(output: impl Read) -> Result<Vec<Complaint>, String> {
    let log: Log = super::json(output)?;
    let mut complaints = Vec::new();
    for run in log.runs {
        let failed = |invocation: &Invocation| !invocation.execution_successful;
        if run.results.is_empty() && run.invocations.iter().any(failed) {
            return Err(format!(
                "'{}' says that it did not work",
                run.tool.driver.name
            ));
        }
        let context = Context::of(&run.tool.driver.rules, &run.artifacts);
        let results = run.results.into_iter().filter(is_open);
        complaints.extend(results.map(|result| complaint(&context, result)));
        if complaints.len() > MOST {
            break;
        }
    }
    Ok(complaints)
}

/// Tells whether a result is something to be done.
fn is_open(result: &Outcome) -> bool {
    let kind = result.kind.as_deref().unwrap_or("fail");
    let is_accepted = |suppression: &Suppression| {
        let status = suppression.status.as_deref();
        matches!(status, None | Some("accepted"))
    };
    matches!(kind, "fail" | "review" | "open")
        && result.baseline_state.as_deref() != Some("absent")
        && !result.suppressions.iter().any(is_accepted)
}

/// What results refer to in their run.
struct Context<'a> {
    rules: &'a [Rule],
    /// Where the first rule of a name stands among them.
    by_id: HashMap<&'a str, usize>,
    artifacts: &'a [File],
}

impl<'a> Context<'a> {
    fn of(rules: &'a [Rule], artifacts: &'a [File]) -> Self {
        let ids = rules.iter().map(|rule| rule.id.as_str()).enumerate().rev();
        Self {
            rules,
            by_id: ids.map(|(at, id)| (id, at)).collect(),
            artifacts,
        }
    }

    fn rule(&self, result: &Outcome) -> Option<&'a Rule> {
        let reference = result.rule.as_ref();
        let ids = [Some(&result.rule_id), reference.map(|rule| &rule.id)];
        let places = ids.into_iter().flatten();
        let named = places.filter_map(|id| self.by_id.get(id.as_str())).copied();
        let listed = result.rule_index.or(reference.and_then(|rule| rule.index));
        self.rules.get(named.min().or(listed)?)
    }

    fn path(&self, artifact: &Artifact) -> String {
        let own = Some(artifact).filter(|artifact| !artifact.uri.is_empty());
        let listed = || self.artifacts.get(artifact.index?)?.location.as_ref();
        let artifact = own.or_else(listed);
        artifact.map_or_else(String::new, |artifact| path(&artifact.uri))
    }
}

fn complaint(context: &Context<'_>, mut result: Outcome) -> Complaint {
    let rule = context.rule(&result);
    let usual = rule.and_then(|rule| rule.default_configuration.as_ref()?.level.clone());
    let location = result.locations.drain(..).next();
    let physical = location.and_then(|location| location.physical_location);
    let region = physical.as_ref().and_then(|physical| physical.region);
    let path = physical.map(|physical| context.path(&physical.artifact_location));
    let path = path.unwrap_or_default();
    let code = [
        Some(result.rule_id),
        result.rule.map(|rule| rule.id),
        rule.map(|rule| rule.id.clone()),
    ];
    Complaint {
        start: region.and_then(start),
        end: region.and_then(end),
        url: rule.and_then(|rule| rule.help_uri.clone()),
        code: code
            .into_iter()
            .flatten()
            .find(|id| !id.is_empty())
            .unwrap_or_default(),
        message: message(rule, result.message),
        severity: Some(match result.level.or(usual).as_deref() {
            Some("error") => Severity::Error,
            Some("note" | "none") => Severity::Info,
            _ => Severity::Warning,
        }),
        edits: result
            .fixes
            .into_iter()
            .next()
            .and_then(|fix| edits(context, fix, &path))
            .unwrap_or_default(),
        applicability: None,
        path,
    }
}

/// Returns the words of a message, which may stand in its rule.
fn message(rule: Option<&Rule>, message: Message) -> String {
    if !message.text.is_empty() {
        return message.text;
    }
    let string = message.id.and_then(|id| rule?.message_strings.get(&id));
    let words = string.map(|string| string.text.clone()).unwrap_or_default();
    let arguments = message.arguments.iter().enumerate();
    arguments.fold(words, |words, (at, argument)| {
        words.replace(&format!("{{{at}}}"), argument)
    })
}

/// Returns the edits of a fix, if all of them are in the file of the result.
fn edits(context: &Context<'_>, fix: Fix, own: &str) -> Option<Vec<Edit>> {
    let mut edits = Vec::new();
    for change in fix.artifact_changes {
        if context.path(&change.artifact_location) != own {
            return None;
        }
        for replaced in change.replacements {
            let text = replaced.inserted_content.map(|content| content.text);
            let (start, end) = deleted(replaced.deleted_region)?;
            edits.push(Edit {
                start,
                end,
                text: text.unwrap_or_default(),
                replaces: None,
            });
        }
    }
    Some(edits)
}

/// Returns where an edit begins and ends: where no column is said, a line begins and ends.
fn deleted(region: Region) -> Option<(Point, Point)> {
    let Some(line) = region.start_line else {
        let start = region.char_offset?;
        let end = start.saturating_add(region.char_length.unwrap_or(0));
        return Some((Point::Utf16(start), Point::Utf16(end)));
    };
    let place = |line: u64, column| {
        Point::Place(Place {
            line: line.max(1),
            column: Some(column),
        })
    };
    let start = place(line, region.start_column.unwrap_or(1));
    let last = region.end_line.unwrap_or(line);
    Some((start, place(last, region.end_column.unwrap_or(LINE_END))))
}

fn start(region: Region) -> Option<Place> {
    Some(Place {
        line: region.start_line?.max(1),
        column: region.start_column,
    })
}

/// Returns the end, which is the end of the line where only that is given.
fn end(region: Region) -> Option<Place> {
    let line = region.end_line.or(region.start_line)?.max(1);
    match region.end_column {
        Some(column) => Some(Place {
            line,
            column: Some(column),
        }),
        None => region.end_line.map(|_| Place { line, column: None }),
    }
}

/// Turns a URI into a path: `file:///a%20b` into `/a b`.
fn path(uri: &str) -> String {
    let text = uri.strip_prefix("file://").unwrap_or(uri);
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, behind)) = rest.split_first() {
        let digits = behind
            .get(..2)
            .and_then(|digits| std::str::from_utf8(digits).ok());
        let byte = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
        if let (b'%', Some(byte)) = (first, byte) {
            bytes.push(byte);
            rest = &behind[2..];
        } else {
            bytes.push(*first);
            rest = behind;
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_edit_without_columns_is_about_whole_lines() {
        let check = |region: &str, start, end| {
            let region: Region = serde_json::from_str(region).unwrap();
            assert_eq!(deleted(region), Some((start, end)));
        };
        let place = |line, column| {
            Point::Place(Place {
                line,
                column: Some(column),
            })
        };
        check(r#"{"startLine":2}"#, place(2, 1), place(2, LINE_END));
        check(
            r#"{"startLine":2,"startColumn":3,"endLine":4,"endColumn":1}"#,
            place(2, 3),
            place(4, 1),
        );
        check(
            r#"{"charOffset":5,"charLength":2}"#,
            Point::Utf16(5),
            Point::Utf16(7),
        );
    }

    #[test]
    fn what_a_result_only_refers_to_is_looked_up() {
        let log = r#"{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"t","rules":[
            {"id":"R1","messageStrings":{"no":{"text":"{0} is no {1}"}}}]}},
            "artifacts":[{"location":{"uri":"b.py"}}],"results":[
            {"ruleIndex":0,"message":{"id":"no","arguments":["x","y"]},"suppressions":[{"kind":"external","status":"rejected"}],
             "locations":[{"physicalLocation":{"artifactLocation":{"index":0},"region":{"startLine":2}}}]},
            {"rule":{"id":"R2"},"message":{"text":"gone"},"baselineState":"absent"},
            {"rule":{"id":"R2"},"message":{"text":"m"},"baselineState":"new"}]}]}"#;
        let read = read(log.as_bytes()).unwrap();
        let read: Vec<_> = read
            .iter()
            .map(|one| (&*one.path, &*one.code, &*one.message))
            .collect();
        assert_eq!(read, [("b.py", "R1", "x is no y"), ("", "R2", "m")]);
    }

    #[test]
    fn results_come_with_the_severity_of_their_rule_and_their_fix() {
        let log = r#"{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"t","rules":[
            {"id":"R1","helpUri":"https://x/r1","defaultConfiguration":{"level":"error"}}]}},"results":[
            {"ruleId":"R1","message":{"text":"no"},"locations":[{"physicalLocation":{
              "artifactLocation":{"uri":"file:///d/a%20b.py"},
              "region":{"startLine":2,"startColumn":3,"endColumn":5}}}],
             "fixes":[{"artifactChanges":[{"artifactLocation":{"uri":"file:///d/a%20b.py"},"replacements":[
              {"deletedRegion":{"startLine":2,"startColumn":3,"endColumn":5},"insertedContent":{"text":"x"}}]}]}]},
            {"message":{"text":"passed"},"kind":"pass"},
            {"message":{"text":"known"},"suppressions":[{"kind":"inSource"}]},
            {"message":{"text":"all"},"level":"note"}]}]}"#;
        let read = read(log.as_bytes()).unwrap();
        let at = |column| Place {
            line: 2,
            column: Some(column),
        };
        let expected = [
            Complaint {
                path: "/d/a b.py".to_owned(),
                start: Some(at(3)),
                end: Some(at(5)),
                code: "R1".to_owned(),
                url: Some("https://x/r1".to_owned()),
                message: "no".to_owned(),
                severity: Some(Severity::Error),
                edits: vec![Edit::between(at(3), at(5), "x".to_owned())],
                ..Complaint::default()
            },
            Complaint {
                message: "all".to_owned(),
                severity: Some(Severity::Info),
                ..Complaint::default()
            },
        ];
        assert_eq!(read, expected);
    }

    #[test]
    fn a_run_that_did_not_work_is_no_answer() {
        let log = r#"{"runs":[{"tool":{"driver":{"name":"t"}},"invocations":[{"executionSuccessful":false}]}]}"#;
        assert!(read(log.as_bytes()).is_err());
        assert_eq!(read(r#"{"runs":[]}"#.as_bytes()), Ok(Vec::new()));
    }
}
