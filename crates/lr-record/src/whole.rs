//! Files of a record that are written anew as a whole.

use std::fs;
use std::io;
use std::path::Path;

/// Writes a file so that whoever reads it finds the old text or the new one.
pub(crate) fn write(path: &Path, text: &str) -> io::Result<()> {
    let new = path.with_extension("new");
    fs::write(&new, text)?;
    fs::rename(&new, path)
}
