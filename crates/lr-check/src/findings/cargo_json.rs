//! What cargo prints with `--message-format=json`: the compiler's messages, one per line. Lines and
//! columns from 1 in characters. The same message about a library and its tests is one finding.

use std::collections::HashSet;
use std::io::BufRead;

use lr_turn::{Applicability, Severity};
use serde::Deserialize;

use super::few::MOST;
use super::{Complaint, Edit, Place};

#[derive(Deserialize)]
struct Line {
    reason: String,
    message: Option<Diagnostic>,
}

#[derive(Deserialize)]
struct Diagnostic {
    message: String,
    code: Option<Code>,
    level: String,
    spans: Vec<Span>,
    #[serde(default)]
    children: Vec<Diagnostic>,
}

#[derive(Deserialize)]
struct Code {
    code: String,
}

#[derive(Clone, Deserialize)]
struct Span {
    file_name: String,
    line_start: u64,
    line_end: u64,
    column_start: u64,
    column_end: u64,
    is_primary: bool,
    label: Option<String>,
    suggested_replacement: Option<String>,
    suggestion_applicability: Option<String>,
    expansion: Option<Box<Expansion>>,
}

#[derive(Clone, Deserialize)]
struct Expansion {
    span: Span,
}

/// Reads the compiler's complaints.
pub(super) fn read(output: impl BufRead) -> Result<Vec<Complaint>, String> {
    let mut once = Once::default();
    for line in output.lines() {
        let line = line.map_err(|error| error.to_string())?;
        once.extend(message(&line)?);
        if once.is_enough() {
            break;
        }
    }
    Ok(once.complaints)
}

/// Reads the complaint of one line; a line that is not of cargo's has none.
pub(super) fn message(line: &str) -> Result<Option<Complaint>, String> {
    if !line.starts_with("{\"reason\"") {
        return Ok(None);
    }
    let line: Line = serde_json::from_str(line).map_err(|error| error.to_string())?;
    let message = line.message.filter(|_| line.reason == "compiler-message");
    Ok(message.and_then(complaint))
}

/// Complaints without those that were there before.
#[derive(Debug, Default)]
pub(super) struct Once {
    /// Those that are there, in order.
    pub(super) complaints: Vec<Complaint>,
    known: HashSet<Complaint>,
}

impl Once {
    /// Tells whether they are more than anybody can use.
    pub(super) fn is_enough(&self) -> bool {
        self.complaints.len() > MOST
    }
}

impl Extend<Complaint> for Once {
    fn extend<I: IntoIterator<Item = Complaint>>(&mut self, complaints: I) {
        for complaint in complaints {
            if self.known.insert(complaint.clone()) {
                self.complaints.push(complaint);
            }
        }
    }
}

fn complaint(message: Diagnostic) -> Option<Complaint> {
    let span = message.spans.iter().find(|span| span.is_primary);
    let severity = match message.level.as_str() {
        "error" | "error: internal compiler error" => Severity::Error,
        "warning" => Severity::Warning,
        _ => return None,
    };
    // What has no place sums up what was said, except for errors such as those of the linker.
    let sums_up = message.message.starts_with("aborting due to");
    if span.is_none() && (severity != Severity::Error || sums_up) {
        return None;
    }
    let (edits, applicability) = fix(&message.children);
    let span = span.map(in_the_source);
    let label = span.as_ref().and_then(|span| span.label.as_deref());
    let code = message.code.map(|code| code.code).unwrap_or_default();
    Some(Complaint {
        path: span
            .as_ref()
            .map(|span| span.file_name.clone())
            .unwrap_or_default(),
        start: span.as_ref().map(start),
        end: span.as_ref().map(end),
        url: code.strip_prefix("clippy::").map(|lint| {
            format!("https://rust-lang.github.io/rust-clippy/stable/index.html#{lint}")
        }),
        code,
        message: match label {
            Some(label) if !label.is_empty() && !message.message.contains(label) => {
                format!("{}: {label}", message.message)
            }
            _ => message.message,
        },
        severity: Some(severity),
        edits,
        applicability,
    })
}

/// Returns the place in the source of the project that a place in a macro stands for.
fn in_the_source(span: &Span) -> Span {
    let mut span = span.clone();
    while span.file_name.starts_with(['<', '/'])
        && let Some(expansion) = span.expansion.take()
    {
        span = Span {
            label: span.label.or(expansion.span.label.clone()),
            ..expansion.span
        };
    }
    span
}

/// Returns the edits of the first proposal that can be made without a look, else of the first.
fn fix(children: &[Diagnostic]) -> (Vec<Edit>, Option<Applicability>) {
    let is_proposal = |child: &&Diagnostic| {
        child
            .spans
            .iter()
            .any(|span| span.suggested_replacement.is_some())
    };
    let is_safe = |child: &&Diagnostic| {
        child
            .spans
            .iter()
            .all(|span| span.suggestion_applicability.as_deref() == Some("MachineApplicable"))
    };
    let proposals = || children.iter().filter(is_proposal);
    let Some(child) = proposals().find(is_safe).or_else(|| proposals().next()) else {
        return (Vec::new(), None);
    };
    let applicability = if is_safe(&child) {
        Applicability::Safe
    } else {
        Applicability::Display
    };
    let edits = child.spans.iter().filter_map(|span| {
        let text = span.suggested_replacement.clone()?;
        Some(Edit::between(start(span), end(span), text))
    });
    (edits.collect(), Some(applicability))
}

fn start(span: &Span) -> Place {
    Place {
        line: span.line_start.max(1),
        column: Some(span.column_start.max(1)),
    }
}

fn end(span: &Span) -> Place {
    Place {
        line: span.line_end.max(1),
        column: Some(span.column_end.max(1)),
    }
}
