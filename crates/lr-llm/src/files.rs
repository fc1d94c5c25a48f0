//! Reading the files that the command line names: those that are shown to the model, schemas and conversations.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use lr_stage::{Error, Kind, say};

use crate::failure;

/// The most bytes of a file; no model takes as much.
const MAX_BYTES: u64 = 64 << 20;

/// A text that is shown to the model under a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Shown {
    /// One line; empty for standard input.
    pub(crate) name: String,
    pub(crate) text: String,
}

impl Shown {
    /// Reads a file.
    ///
    /// # Errors
    ///
    /// As [`read`].
    pub(crate) fn read(path: &Path) -> Result<Shown, Error> {
        if path.is_dir() {
            let message = format!("'{}' is a folder, and a file is wanted", path.display());
            return Err(Error::new(Kind::Io, message)
                .hint("'lr-prompt --text' puts the files of a folder into a prompt"));
        }
        let name = path.to_string_lossy().replace('\n', "\\n");
        Ok(Shown {
            name: say::clean(&name).into_owned(),
            text: read(path)?,
        })
    }
}

/// Whether a word names a file that is there.
pub(crate) fn is_file(word: &str) -> bool {
    Path::new(word).is_file()
}

/// Reads a text, from a pipe too. A byte order mark is left out.
///
/// # Errors
///
/// `io` when it cannot be read, `input` when it is no text, or much too long; both name it.
pub(crate) fn read(path: &Path) -> Result<String, Error> {
    let name = failure::shown(path);
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(MAX_BYTES + 1).read_to_end(&mut bytes))
        .map_err(|error| Error::new(Kind::Io, format!("cannot read '{name}'")).because(error))?;
    if bytes.len() as u64 > MAX_BYTES {
        let message = format!("'{name}' is larger than {} MiB", MAX_BYTES >> 20);
        return Err(Error::new(Kind::Input, message));
    }
    if bytes.starts_with("\u{feff}".as_bytes()) {
        bytes.drain(..3);
    }
    String::from_utf8(bytes).map_err(|error| {
        let valid = error.utf8_error().valid_up_to();
        let line = error.as_bytes()[..valid]
            .split(|byte| *byte == b'\n')
            .count();
        Error::new(Kind::Input, format!("'{name}' is not UTF-8 in line {line}"))
            .hint("only text can be shown to the model")
    })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[track_caller]
    fn check(bytes: &[u8], expected: Result<&str, &str>) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.txt");
        fs::write(&path, bytes).unwrap();
        let actual = read(&path).map_err(|error| error.to_string());
        assert_eq!(actual.as_deref().map_err(String::as_str), expected);
    }

    #[test]
    fn a_text_is_read_and_anything_else_is_refused_by_name() {
        check(b"\xef\xbb\xbfa\r\n", Ok("a\r\n"));
        check(b"", Ok(""));
        check(b"a\nb\xff", Err("'…/a.txt' is not UTF-8 in line 2"));
        let error = read(Path::new("/")).unwrap_err();
        assert_eq!(error.kind, Kind::Io);
        let error = read(Path::new("/dev/zero")).unwrap_err();
        assert_eq!(error.to_string(), "'…/zero' is larger than 64 MiB");
    }
}
