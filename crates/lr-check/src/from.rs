//! Reports of other tools, which `--from` reads instead of running checkers.
//!
//! Each tool that a report names gives one result. Of a tool in the catalogue the entry says how bad
//! its findings are and which fixes are safe, and its findings have the names that they would have if
//! it had been run here. The sources are those named, else the files that the report is about.

use std::collections::HashSet;
use std::io::Cursor;
use std::path::{Path, PathBuf};

use clap::ValueEnum;
use lr_files::Root;
use lr_stage::{Error, Form, Kind, input};
use lr_turn::{CheckResult, CheckStatus};
use serde_json::{Value, json};

use crate::catalogue::{Catalogue, Checker, Columns, OutputFamily};
use crate::findings::{self, Complaint, Context};
use crate::remarks::Remarks;
use crate::sources::{Sources, Taste};

/// How long the name of a tool may be, in characters.
const LONGEST_NAME: usize = 100;

/// The form of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ReportFrom {
    /// SARIF 2.1.0
    Sarif,
    /// rdjson, or rdjsonl
    #[value(alias = "rdjsonl")]
    Rdjson,
    /// The XML of checkstyle
    Checkstyle,
    /// The XML of `JUnit`
    Junit,
}

/// What one tool says in a report.
struct Told {
    tool: String,
    complaints: Result<Vec<Complaint>, String>,
    /// What the columns count, where the report says so.
    columns: Option<Columns>,
}

/// Reads a report from standard input: the sources it is about, and what is said of them.
///
/// # Errors
///
/// `input` for a report that is not of its form, and what keeps sources from being read.
pub(crate) fn read(
    form: ReportFrom,
    named: &[PathBuf],
    catalogue: &Catalogue,
) -> Result<(Sources, Vec<CheckResult>), Error> {
    let text = match input::read(Some(Form::Text), "a report")? {
        input::Input::Text(text) => text,
        input::Input::Turns(_) => String::new(),
    };
    let mut told = tools(form, &text, catalogue).map_err(|reason| {
        let message = format!("standard input is no report in the form '{}'", form.name());
        Error::new(Kind::Input, message).because(reason)
    })?;
    let root =
        Root::open(Path::new(".")).map_err(|error| Error::new(Kind::Io, error.to_string()))?;
    let complaints = told
        .iter_mut()
        .filter_map(|told| told.complaints.as_mut().ok());
    let mut about: Vec<PathBuf> = Vec::new();
    let mut seen: HashSet<String> = HashSet::new();
    for complaint in complaints.flatten() {
        if let Some(path) = here(root.path(), complaint.path()) {
            if seen.insert(path.clone()) {
                about.push(PathBuf::from(&path));
            }
            complaint.move_to(path);
        }
    }
    let named = if named.is_empty() { &about } else { named };
    let sources = Sources::collect(root, named, &Taste::TextsBut(None))?;
    let results = told
        .into_iter()
        .map(|told| result(form, told, catalogue, &sources))
        .collect();
    Ok((sources, results))
}

impl ReportFrom {
    fn name(self) -> &'static str {
        match self {
            Self::Sarif => "sarif",
            Self::Rdjson => "rdjson",
            Self::Checkstyle => "checkstyle",
            Self::Junit => "junit",
        }
    }

    fn family(self) -> OutputFamily {
        match self {
            Self::Sarif => OutputFamily::Sarif,
            Self::Rdjson => OutputFamily::Rdjson,
            Self::Checkstyle => OutputFamily::Checkstyle,
            Self::Junit => OutputFamily::Junit,
        }
    }
}

/// Returns the entry by which a tool's findings are understood. The fixes of one that is not known are
/// taken for what these forms call them: suggestions that can be made as they are.
fn entry(form: ReportFrom, tool: &str, catalogue: &Catalogue) -> Result<Checker, String> {
    if let Some(known) = catalogue.find(&tool.to_lowercase()) {
        let mut entry = known.clone();
        entry.output = form.family();
        return Ok(entry);
    }
    let (kind, columns) = match form {
        ReportFrom::Sarif | ReportFrom::Checkstyle => ("lint", "characters"),
        ReportFrom::Rdjson => ("lint", "bytes"),
        ReportFrom::Junit if tool != form.name() => ("lint", "characters"),
        ReportFrom::Junit => ("test", "bytes"),
    };
    let text = format!(
        "kind = \"{kind}\"\nlanguages = []\nargv = []\nunit = \"files\"\noutput = \"{}\"\n\
         stream = \"stdout\"\ncolumns = \"{columns}\"\nsafe_fixes = [\"\"]\n[exit]\n",
        form.name()
    );
    Checker::parse(tool, &text)
}

/// Divides a report among the tools it names, and reads what they say.
fn tools(form: ReportFrom, text: &str, catalogue: &Catalogue) -> Result<Vec<Told>, String> {
    let shares = match form {
        ReportFrom::Sarif => runs(text)?,
        ReportFrom::Rdjson => by_source(text)?,
        ReportFrom::Checkstyle | ReportFrom::Junit => {
            let linter = (form == ReportFrom::Junit).then(|| findings::linter(text));
            let linter = linter.flatten().map(Value::String).unwrap_or_default();
            let tool = tool_name(&linter, form.name());
            let complaints = said(form, &tool, text, catalogue)?;
            return Ok(vec![Told {
                tool,
                complaints: Ok(complaints),
                columns: None,
            }]);
        }
    };
    Ok(shares
        .into_iter()
        .map(|(tool, mut share)| {
            without_nulls(&mut share);
            Told {
                complaints: said(form, &tool, &share.to_string(), catalogue),
                columns: column_kind(&share["runs"][0]["columnKind"]),
                tool,
            }
        })
        .collect())
}

/// Takes fields away that are null, which says as much as nothing; but for the results of SARIF, where
/// it says that there are none because the tool did not work.
fn without_nulls(value: &mut Value) {
    match value {
        Value::Array(values) => values.iter_mut().for_each(without_nulls),
        Value::Object(fields) => {
            fields.retain(|key, value| key == "results" || !value.is_null());
            fields.values_mut().for_each(without_nulls);
        }
        _ => {}
    }
}

/// Returns what the columns of a run of SARIF count, where it says so.
fn column_kind(value: &Value) -> Option<Columns> {
    match value.as_str()? {
        "utf16CodeUnits" => Some(Columns::Utf16),
        "unicodeCodePoints" => Some(Columns::Characters),
        _ => None,
    }
}

fn said(
    form: ReportFrom,
    tool: &str,
    text: &str,
    catalogue: &Catalogue,
) -> Result<Vec<Complaint>, String> {
    findings::read(&entry(form, tool, catalogue)?, Cursor::new(text))
}

/// Returns the runs of a SARIF log, each as a log of its own.
fn runs(text: &str) -> Result<Vec<(String, Value)>, String> {
    let log: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let runs = log.get("runs").and_then(Value::as_array);
    let runs = runs.ok_or("there is no 'runs' in it")?;
    Ok(runs
        .iter()
        .map(|run| {
            let name = &run["tool"]["driver"]["name"];
            (tool_name(name, "sarif"), json!({ "runs": [run] }))
        })
        .collect())
}

/// Returns the diagnostics of rdjson or rdjsonl by the tool they come from.
fn by_source(text: &str) -> Result<Vec<(String, Value)>, String> {
    let mut diagnostics: Vec<(String, Value)> = Vec::new();
    for document in serde_json::Deserializer::from_str(text).into_iter::<Value>() {
        let document = document.map_err(|error| error.to_string())?;
        let usual = tool_name(&document["source"]["name"], "rdjson");
        match document.get("diagnostics").and_then(Value::as_array) {
            Some(none) if none.is_empty() => diagnostics.push((usual, Value::Null)),
            Some(all) => diagnostics.extend(all.iter().map(|one| {
                let tool = tool_name(&one["source"]["name"], &usual);
                let mut one = one.clone();
                if let (Some(fields), Some(severity)) =
                    (one.as_object_mut(), document.get("severity"))
                {
                    fields.entry("severity").or_insert(severity.clone());
                }
                (tool, one)
            })),
            None if document.get("message").is_some() => diagnostics.push((usual, document)),
            None => return Err("it is neither a diagnostic nor a list of them".to_owned()),
        }
    }
    let mut shares: Vec<(String, Vec<Value>)> = Vec::new();
    for (tool, diagnostic) in diagnostics {
        let known = shares.iter().position(|(known, _)| *known == tool);
        let share = known.unwrap_or(shares.len());
        if known.is_none() {
            shares.push((tool, Vec::new()));
        }
        let all = &mut shares[share].1;
        all.extend((!diagnostic.is_null()).then_some(diagnostic));
    }
    let shares = shares.into_iter();
    Ok(shares
        .map(|(tool, all)| (tool, json!({ "diagnostics": all })))
        .collect())
}

fn tool_name(value: &Value, otherwise: &str) -> String {
    let name = value.as_str().filter(|name| !name.trim().is_empty());
    let name = name.unwrap_or(otherwise).chars();
    name.filter(|character| !character.is_control())
        .take(LONGEST_NAME)
        .collect()
}

/// Returns where a file that a report names lies here: reports made elsewhere name it by another
/// directory.
fn here(root: &Path, reported: &str) -> Option<String> {
    let inside = Path::new(reported).strip_prefix(root);
    let inside = inside.unwrap_or(Path::new(reported)).to_str()?;
    let starts = std::iter::once(0).chain(inside.match_indices('/').map(|(at, _)| at + 1));
    let ends = starts.map(|start| &inside[start..]);
    ends.filter_map(|end| lr_files::relative_path(end).ok())
        .find(|path| root.join(path).is_file())
}

/// Makes the result of one tool.
fn result(form: ReportFrom, told: Told, catalogue: &Catalogue, sources: &Sources) -> CheckResult {
    let result = CheckResult {
        checker: Some(told.tool.clone()),
        argv: vec![told.tool.clone()],
        ..CheckResult::default()
    };
    let read = told
        .complaints
        .and_then(|complaints| Ok((entry(form, &told.tool, catalogue)?, complaints)));
    let (mut entry, complaints) = match read {
        Ok(read) => read,
        Err(why) => {
            return CheckResult {
                status: Some(CheckStatus::Broken),
                why: Some(why),
                ..result
            };
        }
    };
    entry.columns = told.columns.unwrap_or(entry.columns);
    let context = Context {
        sources,
        checker: &entry,
        only: None,
    };
    let found = findings::finish(&context, complaints);
    Remarks::default().tell(&told.tool, &found.configuration);
    let status = if found.findings.is_empty() {
        CheckStatus::Clean
    } else {
        CheckStatus::Findings
    };
    CheckResult {
        status: Some(status),
        findings: found.findings,
        ..result
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_divided_among_its_tools() {
        let names = |shares: Vec<(String, Value)>| -> Vec<String> {
            shares.into_iter().map(|(tool, _)| tool).collect()
        };
        let sarif = r#"{"runs":[{"tool":{"driver":{"name":"one"}}},{"tool":{"driver":{}}}]}"#;
        assert_eq!(names(runs(sarif).unwrap()), ["one", "sarif"]);
        let rdjsonl = "{\"message\":\"x\",\"source\":{\"name\":\"one\"}}\n{\"message\":\"y\"}\n{\"message\":\"z\",\"source\":{\"name\":\"one\"}}";
        assert_eq!(names(by_source(rdjsonl).unwrap()), ["one", "rdjson"]);
        let all = r#"{"severity":"ERROR","diagnostics":[{"message":"x"},{"message":"y","severity":"INFO"}]}"#;
        let severities = by_source(all).unwrap().remove(0).1["diagnostics"].clone();
        assert_eq!(severities[0]["severity"], "ERROR");
        assert_eq!(severities[1]["severity"], "INFO");
        let clean = r#"{"source":{"name":"one"},"diagnostics":[]}"#;
        assert_eq!(names(by_source(clean).unwrap()), ["one"]);
        assert!(by_source("{}").is_err() && by_source("[").is_err());
        assert!(runs("{}").is_err());
    }

    #[test]
    fn a_file_is_found_by_the_end_of_its_path() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("src")).unwrap();
        std::fs::write(folder.path().join("src/a.py"), "").unwrap();
        for reported in ["src/a.py", "./src/a.py", "/home/runner/work/x/src/a.py"] {
            assert_eq!(here(folder.path(), reported).as_deref(), Some("src/a.py"));
        }
        assert_eq!(here(folder.path(), "/etc/passwd"), None);
        assert_eq!(here(folder.path(), "../src/b.py"), None);
    }
}
