//! Which path names may be used at all, decided on the text alone.
//!
//! Nothing here looks at the disk; what a name leads to is [`Root`](crate::Root)'s business.

use std::error::Error;
use std::fmt;

/// The longest path, in bytes.
const LONGEST: usize = 4096;

/// Why a path is not one that lr reads or writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum PathProblem {
    /// Nothing is left of it, as of `""` or `"./"`.
    Empty,
    /// It is longer than any path that the operating system takes.
    TooLong,
    /// It begins with `/`.
    Absolute,
    /// It has a component `..`.
    Parent,
    /// It begins with `~`, which a shell would expand.
    Home,
    /// It begins with a drive letter.
    Drive,
    /// It contains a backslash; components are separated by `/`.
    Backslash,
    /// It contains a control or invisible formatting character.
    Character(char),
    /// A component is `.git` in some spelling.
    Git,
    /// A component is `.lr` or a name that lr gives its temporary files.
    Lr,
}

impl fmt::Display for PathProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("the path is empty"),
            Self::TooLong => write!(f, "the path is longer than {LONGEST} bytes"),
            Self::Absolute => f.write_str("the path is absolute, not relative"),
            Self::Parent => f.write_str("the path contains '..'"),
            Self::Home => f.write_str("the path begins with '~'"),
            Self::Drive => f.write_str("the path begins with a drive letter"),
            Self::Backslash => f.write_str("the path contains a backslash instead of '/'"),
            Self::Character(c) => write!(
                f,
                "the path contains the invisible character U+{:04X}",
                u32::from(*c)
            ),
            Self::Git => f.write_str("the path leads into '.git'"),
            Self::Lr => f.write_str("the path is one of lr's own"),
        }
    }
}

impl Error for PathProblem {}

/// Cleans a relative path: removes `.` components, doubled and trailing slashes.
///
/// # Errors
///
/// Refuses everything that could lead out of the working directory, into a `.git` (in any
/// spelling a file system might take for it, at any depth) or into lr's own files, and names
/// with control or formatting characters.
pub fn relative_path(input: &str) -> Result<String, PathProblem> {
    if input.len() > LONGEST {
        return Err(PathProblem::TooLong);
    }
    if let Some(c) = input.chars().find(|&c| is_invisible(c)) {
        return Err(PathProblem::Character(c));
    }
    if input.starts_with('/') {
        return Err(PathProblem::Absolute);
    }
    if has_drive_letter(input) {
        return Err(PathProblem::Drive);
    }
    if input.contains('\\') {
        return Err(PathProblem::Backslash);
    }
    let mut cleaned = String::with_capacity(input.len());
    for component in input.split('/').filter(|c| !matches!(*c, "" | ".")) {
        check_component(component, cleaned.is_empty())?;
        if !cleaned.is_empty() {
            cleaned.push('/');
        }
        cleaned.push_str(component);
    }
    if cleaned.is_empty() {
        return Err(PathProblem::Empty);
    }
    Ok(cleaned)
}

fn check_component(component: &str, is_first: bool) -> Result<(), PathProblem> {
    if component == ".." {
        return Err(PathProblem::Parent);
    }
    if is_first && component.starts_with('~') {
        return Err(PathProblem::Home);
    }
    // Windows and macOS ignore case, what follows a colon, and blanks and dots at the end.
    let stem = component.split(':').next().unwrap_or_default();
    let folded = stem.trim_end_matches(['.', ' ']).to_lowercase();
    if matches!(folded.as_str(), ".git" | "git~1") {
        return Err(PathProblem::Git);
    }
    if folded == ".lr" || folded.starts_with(".lr-") {
        return Err(PathProblem::Lr);
    }
    Ok(())
}

fn has_drive_letter(input: &str) -> bool {
    matches!(input.as_bytes(), [letter, b':', ..] if letter.is_ascii_alphabetic())
}

/// Tells control characters, line separators and the Unicode category Cf.
pub(crate) fn is_invisible(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{600}'..='\u{605}' | '\u{61c}' | '\u{6dd}' | '\u{70f}'
            | '\u{890}' | '\u{891}' | '\u{8e2}' | '\u{180e}' | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}' | '\u{110bd}' | '\u{110cd}' | '\u{13430}'..='\u{1343f}'
            | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn cleans(input: &str, expected: &str) {
        assert_eq!(relative_path(input).as_deref(), Ok(expected), "{input:?}");
    }

    fn refuses(input: &str, expected: PathProblem) {
        assert_eq!(relative_path(input), Err(expected), "{input:?}");
    }

    #[test]
    fn keeps_ordinary_names() {
        for name in [
            "a.py",
            "src/a b.py",
            ".github/x.yml",
            "a..b",
            "ä/ö.py",
            "-x",
            "x~",
            ".lrc",
        ] {
            cleans(name, name);
        }
    }

    #[test]
    fn cleans_dots_and_slashes() {
        cleans("./src//a.py", "src/a.py");
        cleans("src/./a.py", "src/a.py");
        cleans("src/", "src");
    }

    #[test]
    fn refuses_ways_out_of_the_directory() {
        refuses("", PathProblem::Empty);
        refuses("./", PathProblem::Empty);
        refuses("/etc/passwd", PathProblem::Absolute);
        refuses(&"a/".repeat(3000), PathProblem::TooLong);
        refuses("src/../../x", PathProblem::Parent);
        refuses("~/x", PathProblem::Home);
        refuses("./~root/x", PathProblem::Home);
        refuses("C:x", PathProblem::Drive);
        refuses(r"c:\x", PathProblem::Drive);
        refuses(r"src\a.py", PathProblem::Backslash);
    }

    #[test]
    fn refuses_git_in_every_spelling_and_depth() {
        for name in [
            ".git",
            ".git/config",
            "a/.GIT/b",
            "a/.git",
            ".git. /x",
            ".git::$INDEX_ALLOCATION/x",
            "GIT~1/config",
        ] {
            refuses(name, PathProblem::Git);
        }
    }

    #[test]
    fn refuses_the_files_of_lr_itself() {
        refuses(".lr/journal/commit.json", PathProblem::Lr);
        refuses("src/.lr-0123456789abcdef", PathProblem::Lr);
    }

    #[test]
    fn refuses_invisible_characters() {
        refuses("a\nb", PathProblem::Character('\n'));
        refuses("a\u{202e}b", PathProblem::Character('\u{202e}'));
        refuses(".g\u{200c}it/config", PathProblem::Character('\u{200c}'));
    }

    proptest! {
        #[test]
        fn a_cleaned_path_is_clean_and_stays_inside(input in "[./~a-c:\\\\git GIT\u{200b}]{0,12}") {
            if let Ok(path) = relative_path(&input) {
                prop_assert_eq!(relative_path(&path), Ok(path.clone()));
                for component in path.split('/') {
                    prop_assert!(!matches!(component, "" | "." | ".." | ".git"));
                }
            }
        }
    }
}
