//! What can go wrong with a file, as a kind for programs and a sentence for people.

use std::error::Error;
use std::fmt;
use std::io;

use rustix::io::Errno;

use crate::path::{PathProblem, is_invisible};

/// What is wrong, for callers that decide by it. Prints as the word used in refusals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum FileErrorKind {
    /// There is no such file.
    NotFound,
    /// A file that must not be there is.
    Exists,
    /// A directory, FIFO, socket or device, or a file where a directory was expected.
    NotAFile,
    /// The path is, or leads through, a symbolic link.
    Symlink,
    /// The file has other names, which would keep the old content.
    HardLink,
    /// The path leads out of the working directory or is not a path lr uses.
    Outside,
    /// The path leads into a `.git`, another repository, or lr's own files.
    Protected,
    /// The file is larger than the limit.
    TooLarge,
    /// The file is not UTF-8, or contains NUL.
    NotText,
    /// The file is not the version that was shown.
    Changed,
    /// The disk or the quota is full.
    NoSpace,
    /// The user may not do this.
    Permission,
    /// The file system is mounted read-only.
    ReadOnly,
    /// Another lr is writing in the same project.
    Busy,
    /// An interrupted change can neither be finished nor taken back.
    Conflict,
    /// Anything else the operating system reports.
    Io,
}

impl FileErrorKind {
    /// The word in snake case, such as `not_a_file`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotFound => "not_found",
            Self::Exists => "exists",
            Self::NotAFile => "not_a_file",
            Self::Symlink => "symlink",
            Self::HardLink => "hard_link",
            Self::Outside => "outside",
            Self::Protected => "protected",
            Self::TooLarge => "too_large",
            Self::NotText => "not_text",
            Self::Changed => "changed",
            Self::NoSpace => "no_space",
            Self::Permission => "permission",
            Self::ReadOnly => "read_only",
            Self::Busy => "busy",
            Self::Conflict => "conflict",
            Self::Io => "io",
        }
    }

    fn of(error: &io::Error) -> Self {
        match error.raw_os_error().map(Errno::from_raw_os_error) {
            Some(Errno::NOSPC | Errno::DQUOT) => Self::NoSpace,
            Some(Errno::ACCESS | Errno::PERM) => Self::Permission,
            Some(Errno::ROFS) => Self::ReadOnly,
            Some(Errno::NOENT) => Self::NotFound,
            Some(Errno::EXIST) => Self::Exists,
            Some(Errno::LOOP) => Self::Symlink,
            Some(Errno::NOTDIR | Errno::ISDIR | Errno::NXIO) => Self::NotAFile,
            _ => Self::Io,
        }
    }
}

impl fmt::Display for FileErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// An error about one file, in the house's words: what happened, to which file, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileError {
    kind: FileErrorKind,
    path: String,
    message: String,
    hint: Option<String>,
}

impl FileError {
    /// What went wrong, for programs.
    pub fn kind(&self) -> FileErrorKind {
        self.kind
    }

    /// The file or directory it is about, as the caller named it.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// What the user can do next, if something is known to help.
    pub fn hint(&self) -> Option<&str> {
        self.hint.as_deref()
    }

    /// Makes the error "`what` 'path'".
    pub(crate) fn new(kind: FileErrorKind, what: &str, path: &str) -> Self {
        Self {
            kind,
            path: path.to_owned(),
            message: format!("{what} '{}'", printable(path)),
            hint: None,
        }
    }

    /// Makes the error "cannot `action` 'path': cause" of what the operating system reported.
    pub(crate) fn os(action: &str, path: &str, cause: &io::Error) -> Self {
        let kind = FileErrorKind::of(cause);
        let words = match kind {
            FileErrorKind::NoSpace => "the disk is full".to_owned(),
            FileErrorKind::ReadOnly => "the file system is read-only".to_owned(),
            _ => plain_words(cause),
        };
        Self::new(kind, &format!("cannot {action}"), path).because(&words)
    }

    /// Makes the error for a path that [`relative_path`](crate::relative_path) refuses.
    pub(crate) fn of_path(problem: PathProblem, path: &str) -> Self {
        let kind = match problem {
            PathProblem::Git | PathProblem::Lr => FileErrorKind::Protected,
            _ => FileErrorKind::Outside,
        };
        Self::new(kind, "cannot use", path).because(&problem.to_string())
    }

    /// Adds ": `cause`" to the message.
    pub(crate) fn because(mut self, cause: &str) -> Self {
        self.message.push_str(": ");
        self.message.push_str(cause);
        self
    }

    /// Adds what the user can do next.
    pub(crate) fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl Error for FileError {}

/// The system's words, in the house's style: lower case, without the number.
fn plain_words(cause: &io::Error) -> String {
    let text = cause.to_string();
    let words = text.split(" (os error").next().unwrap_or_default();
    let mut characters = words.chars();
    characters.next().map_or_else(String::new, |first| {
        first.to_lowercase().chain(characters).collect()
    })
}

/// The path without anything that could steer a terminal or deceive the eye.
fn printable(path: &str) -> String {
    let mut printable = String::with_capacity(path.len());
    for c in path.chars() {
        if is_invisible(c) {
            printable.extend(c.escape_unicode());
        } else {
            printable.push(c);
        }
    }
    printable
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(errno: Errno, kind: &str, message: &str) {
        let error = FileError::os("write", "src/a.py", &errno.into());
        assert_eq!(error.kind().as_str(), kind);
        assert_eq!(error.to_string(), message);
    }

    #[test]
    fn says_what_happened_to_which_file_and_why() {
        check(
            Errno::ACCESS,
            "permission",
            "cannot write 'src/a.py': permission denied",
        );
        check(
            Errno::NOSPC,
            "no_space",
            "cannot write 'src/a.py': the disk is full",
        );
        check(
            Errno::ROFS,
            "read_only",
            "cannot write 'src/a.py': the file system is read-only",
        );
        check(
            Errno::IO,
            "io",
            "cannot write 'src/a.py': input/output error",
        );
    }

    #[test]
    fn escapes_invisible_characters_in_names() {
        let error = FileError::new(FileErrorKind::NotFound, "cannot find", "ä\x1b[2J\u{202e}");
        assert_eq!(error.to_string(), r"cannot find 'ä\u{1b}[2J\u{202e}'");
        assert_eq!(error.path(), "ä\x1b[2J\u{202e}");
    }
}
