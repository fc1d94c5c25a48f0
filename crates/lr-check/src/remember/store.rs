//! The file of one checker: what it said, by key, the oldest first.
//!
//! The file is read once and written as a whole. Of two processes that write at once the last one
//! wins, and what the other one had learned is learned again.

use std::collections::{HashMap, HashSet};
use std::io::{self, Read as _};

use lr_files::Root;
use lr_turn::Finding;
use serde::{Deserialize, Serialize};

/// How long the file of one checker may become, in bytes; the oldest entries go first.
const LONGEST: usize = 16 * 1024 * 1024;

/// What is known by key.
#[derive(Debug, Default)]
pub(super) struct Store {
    entries: HashMap<String, Entry>,
}

/// One line of the file.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Entry {
    /// What the answer was made of.
    pub(super) key: String,
    /// The exit status of the call, where it was about what was found here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) exit: Option<i32>,
    /// What was found.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) findings: Vec<Finding>,
}

impl Store {
    /// Reads the file of a checker; what cannot be read counts as unknown.
    pub(super) fn read(project: &Root, checker: &str) -> Self {
        let text = read(project, checker).unwrap_or_default();
        let entries = text
            .lines()
            .filter_map(|line| serde_json::from_str::<Entry>(line).ok())
            .map(|entry| (entry.key.clone(), entry))
            .collect();
        Self { entries }
    }

    /// Returns what is known under a key.
    pub(super) fn get(&self, key: &str) -> Option<&Entry> {
        self.entries.get(key)
    }
}

/// Adds entries to the file of a checker.
///
/// # Errors
///
/// Why it cannot be written.
pub(super) fn add(
    project: &Root,
    checker: &str,
    entries: &[Entry],
) -> Result<(), lr_files::FileError> {
    let old = read(project, checker).unwrap_or_default();
    let new: Vec<String> = entries
        .iter()
        .filter_map(|entry| serde_json::to_string(entry).ok())
        .collect();
    let text = joined(&old, &new, LONGEST);
    lr_files::write_cache(project, &file_name(checker), text.as_bytes())
}

/// Puts old and new lines together, each once, and leaves out the oldest beyond the limit.
fn joined(old: &str, new: &[String], longest: usize) -> String {
    let is_new: HashSet<&str> = new.iter().map(String::as_str).collect();
    let old = old.lines().filter(|line| !is_new.contains(line));
    let lines: Vec<&str> = old.chain(new.iter().map(String::as_str)).collect();
    let mut length = 0;
    let kept = lines.iter().rev().take_while(|line| {
        length += line.len() + 1;
        length <= longest
    });
    let first = lines.len() - kept.count();
    let mut text = lines[first..].join("\n");
    text.push('\n');
    text
}

fn file_name(checker: &str) -> String {
    format!("check-{checker}.jsonl")
}

fn read(project: &Root, checker: &str) -> io::Result<String> {
    let path = project.path().join(".lr/cache").join(file_name(checker));
    let mut text = String::new();
    let file = std::fs::File::open(path)?;
    file.take(2 * LONGEST as u64).read_to_string(&mut text)?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_added_is_known() {
        let folder = tempfile::tempdir().unwrap();
        let root = Root::open(folder.path()).unwrap();
        for key in ["a", "b"] {
            let entry = Entry {
                key: key.to_owned(),
                exit: None,
                findings: Vec::new(),
            };
            add(&root, "ruff", &[entry]).unwrap();
        }
        let store = Store::read(&root, "ruff");
        assert!(store.get("a").is_some() && store.get("b").is_some());
        assert!(store.get("c").is_none());
        assert!(Store::read(&root, "mypy").get("a").is_none());
    }

    #[test]
    fn a_damaged_file_is_no_knowledge() {
        let folder = tempfile::tempdir().unwrap();
        let root = Root::open(folder.path()).unwrap();
        let text = "{\"key\":\"a\"}\n{\"key\":\"b\",\"findi";
        lr_files::write_cache(&root, "check-ruff.jsonl", text.as_bytes()).unwrap();
        let store = Store::read(&root, "ruff");
        assert!(store.get("a").is_some() && store.get("b").is_none());
    }

    #[test]
    fn the_oldest_go_first() {
        let new = ["c".to_owned(), "a".to_owned()];
        assert_eq!(joined("a\nb\n", &new, 100), "b\nc\na\n");
        assert_eq!(joined("a\nb\n", &new, 4), "c\na\n");
    }
}
