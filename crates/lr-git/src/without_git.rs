//! Writing down what was applied where nothing is committed.

use std::path::Path;

use lr_files::{FileErrorKind, Replacement, Root, sha256_hex};
use lr_stage::{Error, clock};
use lr_turn::Apply;

use crate::files::{self, Receipt, file_error};
use crate::findings::Outcome;
use crate::fixes::{self, Entry};
use crate::run::Part;

/// Appends an entry without a commit to `file`, relative to the working directory, unless the part
/// has one already.
///
/// # Errors
///
/// The file cannot be read or written.
pub(crate) fn write_down(
    part: &Part,
    apply: &Apply,
    outcome: &Outcome,
    file: &str,
) -> Result<(), Error> {
    let here = Path::new(".");
    let root = Root::open(here).map_err(|error| file_error(&error))?;
    let existing = match root.read(file) {
        Ok(existing) => Some(existing.into_text()),
        Err(error) if error.kind() == FileErrorKind::NotFound => None,
        Err(error) => return Err(file_error(&error)),
    };
    let entry = Entry {
        commit: None,
        date: &clock::now().strftime("%Y-%m-%d %H:%M:%S +0000").to_string(),
        origin: &part.words(),
        outcome,
        changes: &apply.changes,
        notes: &apply.notes,
    };
    let Some(longer) = fixes::append(existing.as_deref(), &entry) else {
        return Ok(());
    };
    let replacement = Replacement {
        path: file.to_owned(),
        before: existing.map(|text| sha256_hex(text.as_bytes())),
        after: Some(longer.into_bytes()),
    };
    files::replace(here, &[replacement], Receipt::Keep)
}
