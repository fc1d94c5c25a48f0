//! The tables `[checker.NAME]`, which make checkers known.

use std::path::Path;

use toml::Table;

use lr_stage::Error;

use crate::layers::Config;

/// A table `[checker.NAME]`, which makes a checker known.
#[derive(Debug)]
pub struct CheckerTable<'a> {
    /// The file it stands in.
    pub path: &'a Path,
    /// Whether that is the project's.
    pub is_project: bool,
    /// The checker's name.
    pub name: &'a str,
    /// What it says; what that means is `lr-check`'s.
    pub table: &'a Table,
}

impl Config {
    /// Returns the tables `[checker.NAME]`, those of the weakest file first.
    ///
    /// # Errors
    ///
    /// `config` when one of them is no table.
    pub fn checkers(&self) -> Result<Vec<CheckerTable<'_>>, Error> {
        let mut entries = Vec::new();
        for layer in &self.layers {
            let Some(checkers) = layer.table.get("checker") else {
                continue;
            };
            for (name, entry) in layer.stage_table("checker", checkers)? {
                entries.push(CheckerTable {
                    path: &layer.path,
                    is_project: layer.is_project,
                    name,
                    table: layer.stage_table(&format!("checker.{name}"), entry)?,
                });
            }
        }
        Ok(entries)
    }
}
