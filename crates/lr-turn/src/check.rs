//! `check`: what the checkers said about the sources.

use serde::{Deserialize, Serialize};

use crate::{Section, is_false, is_zero};

/// What hides other findings, failing tests, errors, warnings, notes: compared from left to
/// right, and smaller is better.
pub type Rank = [u64; 5];

/// What the checkers said about the sources.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Check {
    /// Whether at least one checker ran and none had anything to say.
    pub clean: bool,
    /// How far from clean; absent where a checker was broken or missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rank: Option<Rank>,
    /// One result per command that was run, in the order of the catalogue.
    #[serde(default)]
    pub results: Vec<CheckResult>,
}

impl Check {
    /// Returns the findings of all results, in order.
    pub fn findings(&self) -> impl Iterator<Item = &Finding> {
        self.results.iter().flat_map(|result| &result.findings)
    }
}

impl Section for Check {
    const KEY: &'static str = "check";
}

/// What one command said.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default)]
pub struct CheckResult {
    /// The checker's name in the catalogue; absent for a script.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub checker: Option<String>,
    /// The command line, as words.
    pub argv: Vec<String>,
    /// How it went. Where a foreign turn leaves it out, `exit` decides: see [`Self::status`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<CheckStatus>,
    /// Why it was skipped, or what was broken, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// The exit status, unless it was ended by a signal or not run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exit: Option<i32>,
    /// The signal that ended it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signal: Option<i32>,
    /// How long it ran, in seconds of wall time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seconds: Option<f64>,
    /// What was found.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<Finding>,
    /// What it printed, where a person or the prompt needs it; bounded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stdout: Option<String>,
    /// What it printed on standard error, likewise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stderr: Option<String>,
    /// How many bytes of its output were left out of `stdout` and `stderr`.
    #[serde(skip_serializing_if = "is_zero")]
    pub dropped_bytes: u64,
    /// Whether the result was remembered instead of run.
    #[serde(skip_serializing_if = "is_false")]
    pub cached: bool,
    /// The sources that the checker itself changed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub modified: Vec<String>,
    /// The text of the script that was run, for `lr-check --script`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub script: Option<Script>,
    /// The sources that the result is about: those a script's output names, else those the command
    /// was given; absent means all.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<String>,
}

/// A script that was run as a checker.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Script {
    /// The script's path as it stands in the command line.
    pub path: String,
    /// The script's text.
    pub text: String,
}

impl CheckResult {
    /// Returns how it went; for a foreign turn without `status`, by the exit status: 0 is clean,
    /// 126 and 127 are broken, and all else is findings.
    pub fn status(&self) -> CheckStatus {
        self.status.unwrap_or(match self.exit {
            Some(0) => CheckStatus::Clean,
            Some(126 | 127) => CheckStatus::Broken,
            _ if self.signal.is_some() => CheckStatus::Broken,
            _ => CheckStatus::Findings,
        })
    }
}

/// How one command went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum CheckStatus {
    /// It ran and had nothing to say.
    Clean,
    /// It ran and had something to say.
    Findings,
    /// It did not work.
    Broken,
    /// It was asked for by name and is not installed.
    Missing,
    /// It ran too long.
    TimedOut,
    /// It was not run, or found nothing to do; `why` says why.
    Skipped,
}

/// One finding: a Diagnostic of the Reviewdog Diagnostic Format (rdjson), with a `key`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Finding {
    /// What is wrong.
    pub message: String,
    /// Where.
    pub location: Location,
    /// How bad.
    #[serde(default)]
    pub severity: Severity,
    /// Who says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Tool>,
    /// The rule's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<Code>,
    /// The edits of one fix, to be made together.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub suggestions: Vec<Suggestion>,
    /// What counts more than the severity.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weight: Option<Weight>,
    /// What kind of bytes the finding is about, where those are otherwise kept as they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<BytesAspect>,
    /// A name of the finding that survives moved lines; empty in a foreign turn.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub key: String,
}

impl Finding {
    /// Returns where it is counted in a [`Rank`], from 0.
    pub fn place_in_rank(&self) -> usize {
        match (self.weight, self.severity) {
            (Some(Weight::Hides), _) => 0,
            (Some(Weight::Test), _) => 1,
            (None, Severity::Error) => 2,
            (None, Severity::Warning | Severity::Unknown) => 3,
            (None, Severity::Info) => 4,
        }
    }
}

/// What counts more than a finding's severity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Weight {
    /// It hides other findings: a file that cannot be parsed, tests that cannot be collected.
    Hides,
    /// A failing test.
    Test,
}

/// Where a finding is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Location {
    /// The file's path, relative to the working directory.
    pub path: String,
    /// The place in the file; absent when the finding is about the file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub range: Option<Range>,
}

/// A place in a file; the end is exclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Range {
    /// Where it begins.
    pub start: Position,
    /// Where it ends; absent when only the beginning is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end: Option<Position>,
}

/// A line and a column, both from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Position {
    /// The line, from 1.
    pub line: u64,
    /// The column, from 1, in bytes of UTF-8; absent for the whole line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<u64>,
}

/// How bad a finding is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "UPPERCASE")]
pub enum Severity {
    /// Something is broken.
    Error,
    /// Something is likely wrong.
    #[default]
    Warning,
    /// Something could be better.
    Info,
    /// What rdjson calls unknown.
    #[serde(rename = "UNKNOWN_SEVERITY", other)]
    Unknown,
}

/// The checker that a finding comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Tool {
    /// The checker's name.
    pub name: String,
    /// Its home page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

/// The name of the rule that a finding breaks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Code {
    /// The rule's name, such as `F401`.
    pub value: String,
    /// Where the rule is explained.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

/// One edit of a finding's fix.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Suggestion {
    /// What is replaced.
    pub range: Range,
    /// By what.
    pub text: String,
    /// Whether it may be applied without a look; only `safe` ones are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub applicability: Option<Applicability>,
    /// The text that stood at the range when the file was checked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaces: Option<String>,
}

/// Whether a suggested edit may be applied without a look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Applicability {
    /// The meaning of the code stays the same.
    Safe,
    /// The meaning of the code may change.
    Unsafe,
    /// To be shown only.
    Display,
}

/// Bytes that are kept as they are unless a finding is about just them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum BytesAspect {
    /// The line endings.
    LineEndings,
    /// The line break at the end of the file, or its absence.
    FinalNewline,
    /// The byte order mark.
    Bom,
}
