//! The languages, as data: which files are of which one.

use std::collections::BTreeMap;

use serde::Deserialize;

/// Which files are of which language, by name or by the program their first line names.
#[derive(Debug, Deserialize)]
#[serde(transparent)]
pub(crate) struct Languages {
    languages: BTreeMap<String, Language>,
}

/// One language.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Language {
    /// The names of its files.
    pub(crate) globs: Vec<String>,
    /// The programs that its scripts name in their first line.
    pub(crate) interpreters: Vec<String>,
}

impl Languages {
    /// Reads the built-in list.
    ///
    /// # Errors
    ///
    /// Why the list is not of its form.
    pub(crate) fn built_in() -> Result<Self, String> {
        toml::from_str(include_str!("../../languages.toml"))
            .map_err(|error| format!("the list of languages is not of its form: {error}"))
    }

    /// Returns each language with its name.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &Language)> {
        self.languages
            .iter()
            .map(|(name, language)| (name.as_str(), language))
    }
}
