//! From a checker's output to findings: one reader for each family of output, not for each tool.
//!
//! A reader turns text into [`Complaint`]s, which say what the tool said in the tool's own terms.
//! [`finish`] makes findings of the contract of them: columns in bytes, severity and weight by the
//! catalogue, the text that a suggested edit would replace, and a key.

mod bandit_json;
mod cargo_json;
mod cargo_test;
mod checkstyle;
mod diff;
mod eslint_json;
mod few;
mod file_list;
mod finish;
mod go_test_json;
mod junit;
mod key;
mod lines;
mod pylint_json2;
mod pyright_json;
mod rdjson;
mod ruff_json;
mod sarif;
mod shellcheck_json1;
mod sqlfluff_json;

use std::io::{BufRead, Read};

use lr_turn::{Applicability, Severity};
use roxmltree::{Document, ParsingOptions};
use serde::de::DeserializeOwned;

use crate::catalogue::{Checker, Fallback, OutputFamily};

use few::MOST;
pub(crate) use finish::{Context, Found, finish};
pub(crate) use junit::linter;
pub(crate) use key::digest;
pub(crate) use lines::{first_match, unusable};

/// How many elements and texts a report in XML may have.
const MOST_NODES: u32 = 1_000_000;

/// One complaint, in the terms of the tool it comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Complaint {
    /// The path as the tool wrote it.
    path: String,
    start: Option<Place>,
    end: Option<Place>,
    code: String,
    /// Where the rule is explained.
    url: Option<String>,
    message: String,
    /// How bad, where the tool says so.
    severity: Option<Severity>,
    edits: Vec<Edit>,
    applicability: Option<Applicability>,
}

impl Complaint {
    /// Returns the path as the tool wrote it.
    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    /// Returns the code of the rule.
    pub(crate) fn code(&self) -> &str {
        &self.code
    }

    /// Gives the file another path.
    pub(crate) fn move_to(&mut self, path: String) {
        self.path = path;
    }
}

/// The column behind the last character of a line, whatever columns count.
const LINE_END: u64 = u64::MAX;

/// A place in a file: line and column from 1, the column in what the catalogue says it counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Place {
    line: u64,
    column: Option<u64>,
}

/// Where an edit begins or ends, in the terms of the tool.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Point {
    /// At a line and column.
    Place(Place),
    /// Behind so many units of UTF-16 of the file, not counting a byte order mark.
    Utf16(u64),
}

/// A replacement that the tool suggests.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Edit {
    start: Point,
    end: Point,
    text: String,
    /// The text that the tool saw in this place, if it says so. Where another one stands, the
    /// edits of the complaint are left out.
    replaces: Option<String>,
}

impl Edit {
    /// Makes an edit from one place to another.
    fn between(start: Place, end: Place, text: String) -> Self {
        Self {
            start: Point::Place(start),
            end: Point::Place(end),
            text,
            replaces: None,
        }
    }
}

/// Reads what a checker printed instead of an answer of the usual form.
///
/// # Errors
///
/// Why the pattern cannot be used.
pub(crate) fn read_fallback(fallback: &Fallback, text: &str) -> Result<Vec<Complaint>, String> {
    let mut complaints = lines::read_spanning(&fallback.patterns, text)?;
    for complaint in &mut complaints {
        complaint.code.clone_from(&fallback.code);
    }
    Ok(complaints)
}

/// Reads what a checker printed.
///
/// # Errors
///
/// Why it is not what the checker is known to print, or that it is more than anybody can use.
pub(crate) fn read(checker: &Checker, output: impl BufRead) -> Result<Vec<Complaint>, String> {
    let complaints = match checker.output {
        OutputFamily::RuffJson => ruff_json::read(output),
        OutputFamily::PylintJson2 => pylint_json2::read(output),
        OutputFamily::Lines => lines::read(&checker.patterns, output),
        OutputFamily::Spans => lines::read_spanning(&checker.patterns, &text(output)?),
        OutputFamily::Junit => junit::read(output),
        OutputFamily::Checkstyle => checkstyle::read(output),
        OutputFamily::Sarif => sarif::read(output),
        OutputFamily::Rdjson => rdjson::read(output),
        OutputFamily::GoTestJson => go_test_json::read(output),
        OutputFamily::UnifiedDiff => diff::read(output),
        OutputFamily::RustfmtDiff => diff::read_rustfmt(output),
        OutputFamily::FileList => file_list::read(output),
        OutputFamily::ShellcheckJson1 => shellcheck_json1::read(output),
        OutputFamily::PyrightJson => pyright_json::read(output),
        OutputFamily::BanditJson => bandit_json::read(output),
        OutputFamily::EslintJson => eslint_json::read(output),
        OutputFamily::SqlfluffJson => sqlfluff_json::read(output),
        OutputFamily::CargoJson => cargo_json::read(output),
        OutputFamily::CargoTest => cargo_test::read(output),
    }?;
    if complaints.len() > MOST {
        return Err(too_many());
    }
    Ok(complaints)
}

/// Says that complaints are more than anybody can use.
fn too_many() -> String {
    format!("it has more than {MOST} findings")
}

/// Reads all of an output as text; bytes that are not UTF-8 are replaced.
fn text(mut output: impl Read) -> Result<String, String> {
    let mut bytes = Vec::new();
    output
        .read_to_end(&mut bytes)
        .map_err(|error| error.to_string())?;
    let bytes = String::from_utf8(bytes);
    Ok(bytes.unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned()))
}

/// Reads all of an output as JSON.
fn json<T: DeserializeOwned>(output: impl Read) -> Result<T, String> {
    serde_json::from_reader(output).map_err(|error| error.to_string())
}

/// Reads a text as XML.
fn xml(text: &str) -> Result<Document<'_>, String> {
    let options = ParsingOptions {
        nodes_limit: MOST_NODES,
        ..ParsingOptions::default()
    };
    Document::parse_with_options(text, options).map_err(|error| match error {
        roxmltree::Error::NodesLimitReached => {
            format!("it has more than {MOST_NODES} elements and texts")
        }
        error => error.to_string(),
    })
}
