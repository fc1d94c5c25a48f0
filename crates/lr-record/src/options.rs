//! `options.json`: how a run was begun, so that it can be taken up again or replayed.

use std::fs;
use std::io;
use std::path::Path;

use lr_stage::{Error, Kind};
use serde::{Deserialize, Serialize};

use crate::{seal, whole};

/// The name of the file.
pub(crate) const OPTIONS: &str = "options.json";

/// How a run was begun.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Options {
    /// The version of the record.
    pub lr: u64,
    /// The version of the program.
    pub version: String,
    /// The name of the run.
    pub run: String,
    /// The arguments as they were given, without keys.
    pub args: Vec<String>,
    /// The working directory, relative to the project's root.
    pub directory: String,
    /// The configuration as it held at the beginning, for people to look up.
    #[serde(default, skip_serializing_if = "serde_json::Value::is_null")]
    pub config: serde_json::Value,
    /// What shows that the record was made here; see [`Options::is_ours`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seal: Option<String>,
}

impl Options {
    /// Writes the file into the folder of a run, sealed.
    pub(crate) fn write(mut self, folder: &Path) -> io::Result<()> {
        self.seal = None;
        self.seal = seal::seal(&self.text()?);
        whole::write(&folder.join(OPTIONS), &self.text()?)
    }

    /// Reads the file in the folder of a run.
    ///
    /// # Errors
    ///
    /// `io` when it cannot be read; `input` when it cannot be understood; `newer_contract`.
    pub fn read(folder: &Path) -> Result<Self, Error> {
        let path = folder.join(OPTIONS);
        let text = fs::read_to_string(&path).map_err(|error| {
            Error::new(Kind::Io, format!("cannot read '{}'", path.display())).because(error)
        })?;
        let options: Self = serde_json::from_str(&text).map_err(|error| {
            let message = format!("cannot understand '{}'", path.display());
            Error::new(Kind::Input, message).because(error)
        })?;
        if options.lr > lr_turn::VERSION {
            let message = format!("'{}' was written by a newer lr", path.display());
            return Err(Error::new(Kind::Newer, message)
                .hint("use an lr that is at least as new as the one that made the run"));
        }
        Ok(options)
    }

    /// Tells whether the record was made here, by this user, and so may say which programs to run.
    pub fn is_ours(&self) -> bool {
        let mut plain = self.clone();
        let Some(found) = plain.seal.take() else {
            return false;
        };
        let text = plain.text().ok();
        text.and_then(|text| seal::seal(&text)) == Some(found)
    }

    fn text(&self) -> io::Result<String> {
        Ok(serde_json::to_string(self)? + "\n")
    }
}
