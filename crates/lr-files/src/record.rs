//! The document in which the journal describes one change.
//!
//! The same document serves three times; the name of its file says how far the change is:
//! [`INTENT`] (temporary files may exist, no target was touched), [`COMMIT`] (everything is on the
//! disk, the targets are being replaced), [`DONE`] (all are replaced; kept as the receipt).

use serde::{Deserialize, Serialize};

use crate::path::relative_path;
use crate::root::{Root, State};

/// The record of a change that is being prepared.
pub(crate) const INTENT: &str = "intent.json";
/// The record of a change that will be finished whatever happens.
pub(crate) const COMMIT: &str = "commit.json";
/// The record of the last finished change.
pub(crate) const DONE: &str = "done.json";

const VERSION: u32 = 1;

/// One change of a set of files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Record {
    lr_journal: u32,
    /// The working directory relative to the project's root; empty for the root itself.
    pub(crate) base: String,
    /// Directories to be made, parents first.
    pub(crate) directories: Vec<String>,
    pub(crate) entries: Vec<Entry>,
    /// What is to be left for a rerun, of this change and of those before it that belong to it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    receipts: Vec<Receipt>,
}

/// One file of the set; `None` stands for a file that is not there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Entry {
    pub(crate) path: String,
    /// The hash of the old version.
    pub(crate) before: Option<String>,
    /// The hash of the new version.
    pub(crate) after: Option<String>,
    /// The name, beside the target, of the new version before and the old one after the swap.
    pub(crate) temporary: String,
}

/// What a finished change left for a rerun of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// The text the caller gave to [`Journal::replace`](crate::Journal::replace).
    pub text: String,
    /// The directory the paths are relative to, itself relative to the project's root.
    pub base: String,
    /// Each path with the hash of what was written, `None` where the file was deleted.
    pub files: Vec<(String, Option<String>)>,
}

impl Record {
    pub(crate) fn new(base: String, directories: Vec<String>, entries: Vec<Entry>) -> Self {
        Self {
            lr_journal: VERSION,
            base,
            directories,
            entries,
            receipts: Vec::new(),
        }
    }

    /// The receipt of this change with the caller's text.
    pub(crate) fn receipt(&self, text: &str) -> Receipt {
        let files = self.entries.iter();
        Receipt {
            text: text.to_owned(),
            base: self.base.clone(),
            files: files
                .map(|entry| (entry.path.clone(), entry.after.clone()))
                .collect(),
        }
    }

    pub(crate) fn with_receipts(mut self, receipts: Vec<Receipt>) -> Self {
        self.receipts = receipts;
        self
    }

    pub(crate) fn into_receipts(self) -> Vec<Receipt> {
        self.receipts
    }

    /// Reads a record, or says what is wrong with it.
    ///
    /// A record may come with a cloned repository, so it is not trusted: it can name nothing
    /// outside the project and no temporary file but lr's own.
    pub(crate) fn parse(text: &[u8]) -> Result<Self, String> {
        let record: Self = serde_json::from_slice(text).map_err(|error| error.to_string())?;
        if record.lr_journal != VERSION {
            return Err(format!("version {} is not known", record.lr_journal));
        }
        let base = Some(&record.base).filter(|base| !base.is_empty());
        let targets = record.entries.iter().map(|entry| &entry.path);
        for path in base.into_iter().chain(&record.directories).chain(targets) {
            if relative_path(path).as_ref() != Ok(path) {
                return Err(format!("it names '{}'", path.escape_debug()));
            }
        }
        for entry in &record.entries {
            if !is_temporary_name(&entry.temporary) {
                return Err(format!("it names '{}'", entry.temporary.escape_debug()));
            }
        }
        Ok(record)
    }
}

impl Receipt {
    /// Tells whether every file still is as it was written.
    ///
    /// `root` is the directory the caller works in; compare it with [`base`](Self::base) where
    /// several working directories share a project.
    pub fn is_on_disk(&self, root: &Root) -> bool {
        self.files.iter().all(|(path, after)| {
            root.state(path)
                .is_ok_and(|state| is_version(&state, after.as_deref()))
        })
    }
}

/// Tells whether a state is the version with this hash, `None` being absence.
pub(crate) fn is_version(state: &State, hash: Option<&str>) -> bool {
    match (state, hash) {
        (State::Absent, None) => true,
        (State::File(file), Some(hash)) => file.sha256 == hash,
        _ => false,
    }
}

fn is_temporary_name(name: &str) -> bool {
    name.strip_prefix(".lr-")
        .is_some_and(|digits| digits.len() == 16 && digits.bytes().all(|b| b.is_ascii_hexdigit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(base: &str, path: &str, temporary: &str) -> Record {
        let entry = Entry {
            path: path.to_owned(),
            before: None,
            after: Some("00".to_owned()),
            temporary: temporary.to_owned(),
        };
        let record = Record::new(base.to_owned(), vec!["new".to_owned()], vec![entry]);
        let receipt = record.receipt("{}");
        record.with_receipts(vec![receipt])
    }

    fn check(record: &Record, expected: Result<(), &str>) {
        let text = serde_json::to_vec(record).unwrap();
        let parsed = Record::parse(&text);
        match expected {
            Ok(()) => assert_eq!(parsed.as_ref(), Ok(record)),
            Err(message) => assert_eq!(parsed, Err(message.to_owned())),
        }
    }

    #[test]
    fn reads_what_was_written() {
        let name = crate::disk::temporary_name();
        check(&record("", "a.py", &name), Ok(()));
        check(&record("sub/dir", "src/a.py", &name), Ok(()));
    }

    #[test]
    fn trusts_no_record_that_leads_elsewhere() {
        let name = ".lr-0123456789abcdef";
        check(&record("..", "a", name), Err("it names '..'"));
        check(&record("", "/etc/a", name), Err("it names '/etc/a'"));
        check(&record("", ".git/a", name), Err("it names '.git/a'"));
        check(&record("", "a", "../a"), Err("it names '../a'"));
        check(&record("", "a", "a.py"), Err("it names 'a.py'"));
    }

    #[test]
    fn refuses_another_version() {
        let mut newer = record("", "a", ".lr-0123456789abcdef");
        newer.lr_journal = 2;
        check(&newer, Err("version 2 is not known"));
    }
}
