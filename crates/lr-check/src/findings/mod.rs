//! From a checker's output to findings: one reader for each family of output, not for each tool.
//!
//! A reader turns text into [`Complaint`]s, which say what the tool said in the tool's own terms.
//! [`finish`] makes findings of the contract of them: columns in bytes, severity and weight by the
//! catalogue, the text that a suggested edit would replace, and a key.

mod finish;
mod junit;
mod key;
mod lines;
mod pylint_json2;
mod ruff_json;

use std::io::BufRead;

use lr_turn::{Applicability, Severity};

use crate::catalogue::{Checker, Fallback, OutputFamily};

pub(crate) use finish::{Context, Found, finish};
pub(crate) use key::digest;

/// How many complaints one call may have.
const MOST: usize = 200_000;

/// One complaint, in the terms of the tool it comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
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

/// A place in a file: line and column from 1, the column in what the catalogue says it counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Place {
    line: u64,
    column: Option<u64>,
}

/// A replacement that the tool suggests.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Edit {
    start: Place,
    end: Place,
    text: String,
}

/// Reads what a checker printed instead of an answer of the usual form.
///
/// # Errors
///
/// Why the pattern cannot be used.
pub(crate) fn read_fallback(fallback: &Fallback, text: &str) -> Result<Vec<Complaint>, String> {
    let mut complaints = lines::read_spanning(&fallback.pattern, text)?;
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
        OutputFamily::Lines => {
            let pattern = checker.pattern.as_deref().unwrap_or_default();
            lines::read(pattern, output, MOST + 1)
        }
        OutputFamily::Junit => junit::read(output),
    }?;
    if complaints.len() > MOST {
        return Err(format!("it has more than {MOST} findings"));
    }
    Ok(complaints)
}
