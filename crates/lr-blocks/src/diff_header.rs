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
            self.old = Some(old.to_owned());
            self.new = Some(new.to_owned());
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
    let name = date(name).map_or(name, |at| name[..at].trim_end());
    let inner = name
        .strip_prefix('"')
        .and_then(|name| name.strip_suffix('"'));
    inner
        .filter(|name| !name.contains('\\'))
        .unwrap_or(name)
        .to_owned()
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
    let why = format!(
        "renames {} to {}, which is not done",
        quoted(old),
        quoted(new)
    );
    Err((ProblemKind::Unsupported, why))
}
