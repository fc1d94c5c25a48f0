//! Why a reply is refused, in words for the model that wrote it.

use std::fmt;

use crate::printable;

/// One reason why a reply changes nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The number of the block in the reply, from 1, if it concerns one.
    pub block: Option<usize>,
    /// The path the block names, if it concerns one; as unchecked as [`crate::Block::path`].
    pub path: Option<String>,
    /// What is wrong, for programs.
    pub kind: ProblemKind,
    /// What is wrong, where, and what would have been accepted; one line without control characters.
    pub reason: String,
}

impl Problem {
    /// A problem of the reply as a whole.
    pub(crate) fn new(kind: ProblemKind, reason: impl Into<String>) -> Self {
        Self {
            block: None,
            path: None,
            kind,
            reason: reason.into(),
        }
    }

    /// The same problem, said about one block.
    pub(crate) fn of_block(mut self, number: usize, path: &str) -> Self {
        self.block = Some(number);
        self.path = Some(path.to_owned());
        self
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason)
    }
}

/// The kinds of problems; each prints as a word in `snake_case`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ProblemKind {
    /// The reply says nothing.
    Empty,
    /// The reply ends inside a block or inside its reasoning.
    Cut,
    /// The reply can be read in more than one way.
    Ambiguous,
    /// A line is almost, but not quite, what the format asks for.
    Malformed,
    /// The lines an edit is about do not stand in the file.
    NoMatch,
    /// The change an edit would make is there already.
    AlreadySo,
    /// A file that would be made is there already.
    Exists,
    /// Something that is understood, and is not done.
    Unsupported,
    /// The new version is empty, the file is not.
    Wiped,
    /// The new version has a placeholder such as `# ... rest unchanged` instead of lines of the file.
    Elided,
    /// The new version has far fewer lines than the file.
    Shrunk,
    /// The new version is escaped like a JSON string.
    Escaped,
    /// The lines of the new version have line numbers in front.
    Numbered,
    /// The new version begins or ends with a code fence that does not belong to the file.
    Fenced,
    /// The new version is an edit or a diff, not the text of the file.
    Edit,
    /// The new version brings in control characters or damaged ones.
    Unprintable,
}

impl ProblemKind {
    /// The word for this kind, as it stands in a turn.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::Cut => "cut",
            Self::Ambiguous => "ambiguous",
            Self::Malformed => "malformed",
            Self::NoMatch => "no_match",
            Self::AlreadySo => "already_so",
            Self::Exists => "exists",
            Self::Unsupported => "unsupported",
            Self::Wiped => "wiped",
            Self::Elided => "elided",
            Self::Shrunk => "shrunk",
            Self::Escaped => "escaped",
            Self::Numbered => "numbered",
            Self::Fenced => "fenced",
            Self::Edit => "edit",
            Self::Unprintable => "unprintable",
        }
    }
}

impl fmt::Display for ProblemKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A piece of a reply as it may stand in a reason: in quotes, on one line, printable, not too long.
pub(crate) fn quoted(text: &str) -> String {
    const LONGEST: usize = 100;
    let mut short: String = text.chars().take(LONGEST).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    format!(
        "'{}'",
        printable::neutralised(&short).replace(['\n', '\t'], " ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_are_short_and_printable() {
        assert_eq!(quoted("a.py"), "'a.py'");
        assert_eq!(quoted("a\u{1b}[31m\tb"), "'a\u{fffd}[31m b'");
        assert_eq!(quoted(&"é".repeat(101)), format!("'{}…'", "é".repeat(100)));
    }
}
