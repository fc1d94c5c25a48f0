//! A text file as it was read, and the name of its version.

use std::fmt::Write as _;

use sha2::{Digest, Sha256};

use crate::error::{FileError, FileErrorKind as Kind};

/// A regular text file as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceFile {
    /// The cleaned path, relative to the root.
    pub path: String,
    /// The SHA-256 of its bytes, in hex.
    pub sha256: String,
    text: String,
}

impl SourceFile {
    /// Takes what was read from a path, if it is text.
    pub(crate) fn new(path: String, bytes: Vec<u8>) -> Result<Self, FileError> {
        let sha256 = sha256_hex(&bytes);
        let not_text = |why| FileError::new(Kind::NotText, "cannot read", &path).because(why);
        if bytes.contains(&0) {
            return Err(not_text("it contains a NUL byte, so it is not a text file"));
        }
        match String::from_utf8(bytes) {
            Ok(text) => Ok(Self { path, sha256, text }),
            Err(_) => Err(not_text("it is not UTF-8")),
        }
    }

    /// The content, byte order mark and line ends as in the file.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The content as bytes.
    pub fn bytes(&self) -> &[u8] {
        self.text.as_bytes()
    }

    /// Takes the content out.
    pub fn into_text(self) -> String {
        self.text
    }
}

/// The SHA-256 of `bytes`, in lower-case hex.
pub fn sha256_hex(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    let mut hex = String::with_capacity(2 * digest.len());
    for byte in digest {
        // Writing into a string cannot fail.
        let _ = write!(hex, "{byte:02x}");
    }
    hex
}
