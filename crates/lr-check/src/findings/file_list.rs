//! Names of files, one per line: each is a finding about the whole file.

use std::io::Read;

use super::Complaint;
use super::few::MOST;

/// Reads the names.
pub(super) fn read(output: impl Read) -> Result<Vec<Complaint>, String> {
    let text = super::text(output)?;
    let names = text.lines().map(str::trim).filter(|name| !name.is_empty());
    Ok(names
        .take(MOST + 1)
        .map(|name| Complaint {
            path: name.to_owned(),
            ..Complaint::default()
        })
        .collect())
}
