//! From what a tool said to findings of the contract.
//!
//! Lines and columns count from 1, columns in bytes of UTF-8, in the file as it stands on disk: a
//! byte order mark counts as three. A place that the file does not have is moved to the nearest
//! one it has.

use std::collections::HashMap;

use lr_turn::{
    Applicability, BytesAspect, Code, Finding, Location, Position, Range, Severity, Suggestion,
    Tool, Weight,
};
use regex::Regex;

use super::key::{self, Keys};
use super::{Complaint, Edit, LINE_END, Place, Point};
use crate::catalogue::{Checker, Columns, Unit};
use crate::said;
use crate::sources::Sources;
use crate::text::{Lines, char_column_to_byte, utf16_column_to_byte};

/// What findings are made with.
pub(crate) struct Context<'a> {
    /// The files that were checked.
    pub(crate) sources: &'a Sources,
    /// The checker that complained.
    pub(crate) checker: &'a Checker,
    /// The only file of the call, which complaints without a path are about.
    pub(crate) only: Option<&'a str>,
}

/// What a checker said, made fit for a turn.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// What is wrong with the sources, in the order of the places.
    pub(crate) findings: Vec<Finding>,
    /// What is wrong with the checker's configuration, which is nothing to repair in the sources.
    pub(crate) configuration: Vec<String>,
    /// How many remarks were about files that were not to be checked.
    pub(crate) elsewhere: usize,
}

impl Found {
    /// Returns how many complaints there were.
    pub(crate) fn count(&self) -> usize {
        self.findings.len() + self.configuration.len() + self.elsewhere
    }
}

/// Makes findings of complaints.
pub(crate) fn finish(context: &Context<'_>, complaints: Vec<Complaint>) -> Found {
    let (configuration, complaints): (Vec<_>, Vec<_>) = complaints
        .into_iter()
        .map(|complaint| completed(context, complaint))
        .partition(|complaint| is_about_configuration(context, complaint));
    let mut findings = findings(context, complaints);
    let all = findings.len();
    if context.checker.unit == Unit::Project {
        findings.retain(|finding| is_wanted(context, finding));
    }
    Found {
        elsewhere: all - findings.len(),
        findings,
        configuration: configuration
            .into_iter()
            .map(|complaint| format!("'{}': {}", complaint.path, complaint.message))
            .collect(),
    }
}

/// Adds to a complaint what the entry and the call say of those that lack it.
fn completed(context: &Context<'_>, mut complaint: Complaint) -> Complaint {
    let add = |to: &mut String, text: &str| {
        if to.is_empty() {
            text.clone_into(to);
        }
    };
    add(&mut complaint.path, context.only.unwrap_or_default());
    add(&mut complaint.code, &context.checker.code);
    add(&mut complaint.message, &context.checker.message);
    complaint
}

/// Tells whether a finding about a whole project is about what was to be checked: about a source,
/// or such that it keeps the sources from working.
fn is_wanted(context: &Context<'_>, finding: &Finding) -> bool {
    finding.place_in_rank() <= 2 || context.sources.text(&finding.location.path).is_some()
}

fn is_about_configuration(context: &Context<'_>, complaint: &Complaint) -> bool {
    context.checker.configuration.contains(&complaint.code) && {
        let path = context.sources.own_path(&complaint.path);
        context.sources.text(&path).is_none()
    }
}

fn findings(context: &Context<'_>, complaints: Vec<Complaint>) -> Vec<Finding> {
    let volatile: Vec<Regex> = context
        .checker
        .volatile
        .iter()
        .filter_map(|pattern| Regex::new(pattern).ok())
        .collect();
    let mut files: HashMap<String, Lines<'_>> = HashMap::new();
    let mut findings: Vec<Finding> = complaints
        .into_iter()
        .map(|mut complaint| {
            complaint.message = said::clean(&complaint.message, context.sources.root().path());
            let mut path = context.sources.own_path(&complaint.path);
            if context.checker.across.contains(&complaint.code) {
                path.clear();
                complaint.start = None;
            }
            let lines = files
                .entry(path.clone())
                .or_insert_with(|| Lines::new(context.sources.text(&path).unwrap_or_default()));
            finding(context.checker, complaint, path, lines, &volatile)
        })
        .collect();
    findings.sort_by(|one, other| order(one).cmp(&order(other)));
    let mut keys = Keys::default();
    for finding in &mut findings {
        finding.key = keys.unique(std::mem::take(&mut finding.key));
    }
    findings
}

type Order<'a> = (&'a str, Option<Position>, Option<&'a str>, &'a str);

fn order(finding: &Finding) -> Order<'_> {
    (
        &finding.location.path,
        finding.location.range.map(|range| range.start),
        finding.code.as_ref().map(|code| code.value.as_str()),
        &finding.message,
    )
}

fn finding(
    checker: &Checker,
    mut complaint: Complaint,
    path: String,
    lines: &Lines<'_>,
    volatile: &[Regex],
) -> Finding {
    let ruler = Ruler {
        lines,
        columns: checker.columns_of(&complaint.code),
    };
    let weight = checker.weight_of(&complaint.code);
    let key = key::base(
        &key::Parts {
            checker: &checker.name,
            code: &complaint.code,
            path: &path,
            message: match weight {
                Some(Weight::Test) => "",
                _ => &complaint.message,
            },
        },
        volatile,
    );
    let safe = checker.fixes_safely(&complaint.code);
    let applicability = complaint
        .applicability
        .or(safe.then_some(Applicability::Safe));
    let suggestions = ruler.suggestions(std::mem::take(&mut complaint.edits), applicability);
    Finding {
        severity: severity(checker, &complaint),
        weight,
        bytes: checker.bytes_of(&complaint.code).or_else(|| {
            let ends = ruler.ends_the_last_line(&suggestions);
            ends.then_some(BytesAspect::FinalNewline)
        }),
        location: Location {
            range: complaint.start.map(|start| Range {
                start: ruler.position(start),
                end: complaint.end.map(|end| ruler.position(end)),
            }),
            path,
        },
        suggestions,
        message: complaint.message,
        source: Some(Tool {
            name: checker.name.clone(),
            url: None,
        }),
        code: (!complaint.code.is_empty()).then_some(Code {
            value: complaint.code,
            url: complaint.url,
        }),
        key,
    }
}

fn severity(checker: &Checker, complaint: &Complaint) -> Severity {
    match complaint.severity {
        Some(severity) => severity,
        None if checker.runs_the_code() => Severity::Error,
        None => checker.severity_of(&complaint.code),
    }
}

/// Turns a tool's places in one file into ours.
struct Ruler<'a> {
    lines: &'a Lines<'a>,
    columns: Columns,
}

impl Ruler<'_> {
    fn position(&self, place: Place) -> Position {
        let Some(column) = place.column else {
            return Position {
                line: place.line,
                column: None,
            };
        };
        let line = self.lines.get(place.line);
        // Tools do not count the byte order mark as a character of the first line.
        let (mark, line) = match line.strip_prefix('\u{feff}') {
            Some(rest) => ('\u{feff}'.len_utf8() as u64, rest),
            None => (0, line),
        };
        let column = match self.columns {
            _ if column == LINE_END => line.len() as u64 + 1,
            Columns::Bytes => column,
            Columns::Characters => char_column_to_byte(line, column),
            Columns::Utf16 => utf16_column_to_byte(line, column),
        };
        Position {
            line: place.line,
            column: Some(mark + column),
        }
    }

    fn point(&self, point: Point) -> Position {
        match point {
            Point::Place(place) => self.position(place),
            Point::Utf16(offset) => self.lines.position_of_utf16(offset),
        }
    }

    /// Tells whether one of the edits adds the line break that a text lacks at its end.
    fn ends_the_last_line(&self, suggestions: &[Suggestion]) -> bool {
        suggestions.iter().any(|edit| {
            let at_end = edit.range.end.is_some_and(|end| self.lines.is_end(end));
            let lacked = edit
                .replaces
                .as_ref()
                .is_some_and(|old| !old.ends_with('\n'));
            at_end && lacked && edit.text.ends_with('\n')
        })
    }

    /// Returns the edits of one complaint; none if one of them is for another text.
    fn suggestions(
        &self,
        edits: Vec<Edit>,
        applicability: Option<Applicability>,
    ) -> Vec<Suggestion> {
        let suggestions = edits.into_iter().map(|edit| {
            let range = Range {
                start: self.point(edit.start),
                end: Some(self.point(edit.end)),
            };
            let replaces = self.lines.between(range).map(str::to_owned);
            let is_for_another = edit.replaces.is_some() && edit.replaces != replaces;
            (!is_for_another).then_some(Suggestion {
                range,
                text: edit.text,
                applicability,
                replaces,
            })
        });
        suggestions.collect::<Option<Vec<_>>>().unwrap_or_default()
    }
}
