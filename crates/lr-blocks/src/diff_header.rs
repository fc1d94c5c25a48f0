//! What stands before the hunks of one file in a unified diff: its paths, and what git says about it.

use crate::hunks::{Hunk, Mark};
use crate::problem::quoted;
use crate::read::Part;
use crate::{Content, ProblemKind, Terms, diff, path};

/// Lines of git's header that ask for something that is not done, by how they begin.
const NOT_DONE: [&str; 8] = [
    "old mode ",
    "new mode ",
    "rename from ",
    "rename to ",
    "copy from ",
    "copy to ",
    "GIT binary patch",
    "Binary files ",
];

/// How git's name of the empty text begins.
const EMPTY: &str = "e69de29";

/// Modes of ordinary files.
const ORDINARY: [&str; 2] = ["100644", "0100644"];

/// What stands before the hunks of one file.
#[derive(Default)]
pub(crate) struct Header {
    /// The path after `---`, else that of git's own line.
    old: Option<String>,
    new: Option<String>,
    /// A line that asks for something that is not done.
    not_done: Option<String>,
    is_new: bool,
    is_deleted: bool,
    /// Whether git's name of the empty text shows that there are no hunks.
    is_empty: bool,
}

impl Header {
    /// The header that a diff without one has by the label above it.
    pub(crate) fn of_label(path: Option<String>) -> Self {
        Self {
            old: path.clone(),
            new: path,
            ..Self::default()
        }
    }

    /// Reads the header, and returns the line after it.
    pub(crate) fn read(&mut self, lines: &[&str], mut at: usize) -> usize {
        if let Some(paths) = lines[at].strip_prefix("diff --git ") {
            self.of_git(paths);
            at += 1;
            while let Some(line) = lines.get(at).filter(|line| is_extended(line)) {
                self.extended(line);
                at += 1;
            }
        }
        if diff::begins(lines, at) && lines[at].starts_with("--- ") {
            self.old = Some(named(&lines[at][4..]));
            self.new = Some(named(&lines[at + 1][4..]));
            at += 2;
        }
        at
    }

    /// `a/x b/x`: the halves are alike, so that blanks in names do no harm.
    fn of_git(&mut self, paths: &str) {
        let paths = paths.trim_end();
        let half = paths.len() / 2;
        if let (Some(old), Some(new)) = (paths.get(..half), paths.get(half + 1..)) {
            self.old = Some(unquoted(old));
            self.new = Some(unquoted(new));
        }
    }

    fn extended(&mut self, line: &str) {
        let mode = |mark| line.strip_prefix(mark).map(str::trim);
        self.is_new |= mode("new file mode ").is_some();
        self.is_deleted |= mode("deleted file mode ").is_some();
        let blobs = mode("index ").and_then(|blobs| blobs.split_once(".."));
        self.is_empty |= blobs.is_some_and(|(old, new)| {
            old.starts_with(EMPTY) && self.is_deleted || new.starts_with(EMPTY) && self.is_new
        });
        let is_odd = mode("new file mode ").is_some_and(|mode| !ORDINARY.contains(&mode));
        if is_odd || NOT_DONE.iter().any(|mark| line.starts_with(mark)) {
            self.not_done = Some(line.to_owned());
        }
    }

    /// What the diff does to its file.
    pub(crate) fn part(
        self,
        hunks: Vec<Hunk>,
        terms: &Terms,
    ) -> Result<Part, (ProblemKind, String)> {
        if let Some(line) = &self.not_done {
            let why = format!(
                "asks for something that is not done ({}): give the text of the file only",
                quoted(line)
            );
            return Err((ProblemKind::Unsupported, why));
        }
        let (old, new) = (self.old.unwrap_or_default(), self.new.unwrap_or_default());
        let (is_new, is_deleted) = (
            self.is_new || old == "/dev/null",
            self.is_deleted || new == "/dev/null",
        );
        let path = match (is_new, is_deleted) {
            (true, _) => without_prefix(&new, "b/", terms),
            (_, true) => without_prefix(&old, "a/", terms),
            _ => same_path(&old, &new, terms)?,
        };
        let number = hunks.first().map_or(0, |hunk| hunk.number);
        if hunks.is_empty() && !self.is_empty {
            return Err((
                ProblemKind::Malformed,
                format!("of {} has no hunk, which begins with '@@'", quoted(&path)),
            ));
        }
        let of = |mark| {
            hunks
                .iter()
                .flat_map(|hunk| &hunk.lines)
                .filter(move |line| line.0 == mark)
        };
        let text = |mark| {
            of(mark)
                .flat_map(|(_, line)| [line, "\n"])
                .collect::<String>()
        };
        let content = match (is_new, is_deleted) {
            (true, true) => {
                return Err((
                    ProblemKind::Malformed,
                    "both makes a file and deletes it".to_owned(),
                ));
            }
            (true, _)
                if of(Mark::Put).count() < hunks.iter().map(|hunk| hunk.lines.len()).sum() =>
            {
                return Err((
                    ProblemKind::Malformed,
                    format!("makes {} and has lines that are not new", quoted(&path)),
                ));
            }
            (true, _) => Content::Created(text(Mark::Put)),
            (_, true) => Content::Deleted(Some(text(Mark::Take))),
            _ => Content::Hunks(hunks),
        };
        Ok(Part {
            number,
            path,
            content,
        })
    }
}

/// Whether a line belongs to the header that git writes.
pub(crate) fn is_extended(line: &str) -> bool {
    const MARKS: [&str; 6] = [
        "index ",
        "new file mode ",
        "deleted file mode ",
        "similarity index ",
        "dissimilarity index ",
        "mode ",
    ];
    MARKS
        .iter()
        .chain(&NOT_DONE)
        .any(|mark| line.starts_with(mark))
}

/// The name in a line of a header, without the time that some programs write behind it and the quotes around it.
fn named(text: &str) -> String {
    let name = text.split('\t').next().unwrap_or(text).trim();
    let name = name.split_once("  ").map_or(name, |(name, _)| name);
    unquoted(date(name).map_or(name, |at| name[..at].trim_end()))
}

/// A name without the quotes that git puts around one with unusual characters, and these as they are.
fn unquoted(name: &str) -> String {
    let inner = name
        .strip_prefix('"')
        .and_then(|name| name.strip_suffix('"'));
    inner.and_then(unescaped).unwrap_or_else(|| name.to_owned())
}

/// A name whose bytes are written as in C: `gr\303\274n.py` is `grün.py`.
fn unescaped(name: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(name.len());
    let mut rest = name;
    while let Some((plain, escape)) = rest.split_once('\\') {
        bytes.extend(plain.bytes());
        let (byte, length) = match escape.bytes().next()? {
            b'"' => (b'"', 1),
            b'\\' => (b'\\', 1),
            b't' => (b'\t', 1),
            b'n' => (b'\n', 1),
            _ => (u8::from_str_radix(escape.get(..3)?, 8).ok()?, 3),
        };
        bytes.push(byte);
        rest = &escape[length..];
    }
    bytes.extend(rest.bytes());
    String::from_utf8(bytes).ok()
}

/// Where ` 2024-05-06` begins.
fn date(name: &str) -> Option<usize> {
    let shape = |text: &str| {
        text.chars()
            .map(|c| if c.is_ascii_digit() { '0' } else { c })
            .collect::<String>()
    };
    name.match_indices(' ').map(|(at, _)| at).find(|at| {
        name.get(at + 1..at + 11)
            .is_some_and(|date| shape(date) == "0000-00-00")
    })
}

/// A path without the prefix of its side, unless the path with it is a known one.
fn without_prefix(path: &str, prefix: &str, terms: &Terms) -> String {
    let short = path
        .strip_prefix(prefix)
        .filter(|short| !(terms.is_known)(path) || (terms.is_known)(short));
    path::undecorated(short.unwrap_or(path))
}

/// The path of both sides without prefixes that tell them apart, other than `a/` and `b/`: those that git writes with
/// `diff.mnemonicPrefix`, and those that people write.
fn below_prefixes(old: &str, new: &str) -> Option<String> {
    const PREFIXES: [(&str, &str); 7] = [
        ("i/", "w/"),
        ("c/", "i/"),
        ("c/", "w/"),
        ("o/", "w/"),
        ("old/", "new/"),
        ("orig/", "new/"),
        ("original/", "modified/"),
    ];
    PREFIXES.iter().find_map(|(before, after)| {
        let path = old.strip_prefix(before)?;
        (new.strip_prefix(after) == Some(path)).then(|| path::undecorated(path))
    })
}

/// The one path that both sides mean.
fn same_path(old: &str, new: &str, terms: &Terms) -> Result<String, (ProblemKind, String)> {
    let (bare_old, bare_new) = (path::undecorated(old), path::undecorated(new));
    if bare_old == bare_new {
        return Ok(bare_new);
    }
    let short_old = without_prefix(old, "a/", terms);
    let short_new = without_prefix(new, "b/", terms);
    let is_backup = [".orig", ".old", ".bak", "~"]
        .iter()
        .any(|end| short_old.strip_suffix(end) == Some(&*short_new));
    if short_old == short_new || is_backup {
        return Ok(short_new);
    }
    if let Some(path) = below_prefixes(old, new) {
        return Ok(path);
    }
    let why = format!(
        "renames {} to {}, which is not done",
        quoted(old),
        quoted(new)
    );
    Err((ProblemKind::Unsupported, why))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_git_quotes_are_read() {
        assert_eq!(named("\"a/gr\\303\\274n.py\""), "a/grün.py");
        assert_eq!(named("\"a/x\\\"y\\\\z.py\"\t2024-01-01"), "a/x\"y\\z.py");
        for name in ["\"a/\\377.py\"", "\"a/\\9.py\"", "\"a\\\"", "\"a", "a/b.py"] {
            assert_eq!(named(name), name);
        }
    }

    #[test]
    fn sides_may_have_other_prefixes() {
        let path = |old, new| same_path(old, new, &Terms::default()).ok();
        for (old, new) in [("i/a.py", "w/a.py"), ("old/a.py", "new/a.py")] {
            assert_eq!(path(old, new).as_deref(), Some("a.py"), "{old}");
        }
        assert_eq!(path("i/a.py", "w/b.py"), None);
        assert_eq!(path("i/a.py", "i/a.py").as_deref(), Some("i/a.py"));
        assert_eq!(path("x/a.py", "y/a.py"), None);
    }
}
