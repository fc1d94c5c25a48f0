//! Every setting there is, as data: `settings.toml`.

use std::collections::BTreeSet;

use serde::Deserialize;
use toml::{Table, Value};

use lr_stage::{Error, Kind};

use crate::layers::Settings;

/// The list of settings.
const SETTINGS: &str = include_str!("settings.toml");

/// A setting.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Setting {
    /// The table it stands in.
    pub table: String,
    /// Its key in that table.
    pub key: String,
    /// What kind of value it takes, in a word.
    pub r#type: String,
    /// What holds where nobody sets it.
    pub default: Option<Value>,
    /// What happens where nobody sets it and there is no default.
    pub otherwise: Option<String>,
    /// A value to show where there is no default.
    pub example: Option<Value>,
    /// The variable that sets it.
    pub variable: Option<String>,
    /// The flags that set it, each with its program.
    #[serde(default)]
    pub flags: Vec<String>,
    /// Whether a project may not set it.
    #[serde(default)]
    pub user_only: bool,
    /// The setting that takes its place where a stronger layer sets that one.
    pub rival: Option<String>,
    /// Whether the lists of all files count together.
    #[serde(default)]
    pub joined: bool,
    /// What it is about.
    pub text: String,
}

impl Setting {
    /// Returns the name of the flag with which a program sets it, without `--`.
    pub fn flag_of(&self, program: &str) -> Option<&str> {
        let flags = self.flags.iter().filter_map(|flag| flag.split_once(" --"));
        flags
            .filter(|(name, _)| *name == program)
            .map(|(_, flag)| flag)
            .next()
    }

    /// Returns what holds where nobody sets it, in words.
    pub fn default_words(&self) -> String {
        match (&self.default, &self.otherwise) {
            (Some(value), _) => value.to_string(),
            (None, Some(words)) => words.clone(),
            (None, None) => "none".to_owned(),
        }
    }
}

#[derive(Deserialize)]
struct List {
    setting: Vec<Setting>,
}

/// Returns all settings, table by table.
///
/// # Errors
///
/// `config` when the list itself is broken, which a test rules out.
pub fn settings() -> Result<Vec<Setting>, Error> {
    let list: List = toml::from_str(SETTINGS).map_err(|error| {
        Error::new(Kind::Config, "cannot understand the list of settings").because(error)
    })?;
    Ok(list.setting)
}

/// Returns the keys that the settings of a stage have and the list of all settings has not, or the
/// other way round; for the tests of the stages.
pub fn unlisted<S: Settings>() -> Vec<String> {
    let unknown = Table::from_iter([("?".to_owned(), Value::Boolean(true))]);
    let error = S::deserialize(Value::Table(unknown)).err();
    let message = error.map_or_else(String::new, |error| error.message().to_owned());
    let known = message.split('`').skip(3).step_by(2).map(str::to_owned);
    let known: BTreeSet<String> = known.collect();
    let listed = settings().into_iter().flatten();
    let listed = listed.filter(|it| it.table == S::TABLE).map(|it| it.key);
    let listed: BTreeSet<String> = listed.collect();
    known.symmetric_difference(&listed).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_whole_and_sorted_into_tables() {
        let settings = settings().unwrap();
        let mut seen: Vec<&str> = Vec::new();
        for (position, setting) in settings.iter().enumerate() {
            let name = format!("[{}] {}", setting.table, setting.key);
            let is_same = |it: &Setting| it.table == setting.table && it.key == setting.key;
            assert!(
                !settings[..position].iter().any(is_same),
                "{name} stands there twice"
            );
            let is_rival =
                |it: &Setting| it.table == setting.table && Some(&it.key) == setting.rival.as_ref();
            assert!(
                setting.rival.is_none() || settings.iter().any(is_rival),
                "{name}"
            );
            if seen.last() != Some(&setting.table.as_str()) {
                assert!(
                    !seen.contains(&setting.table.as_str()),
                    "{name} stands apart"
                );
                seen.push(&setting.table);
            }
            assert!(setting.text.ends_with('.'), "{name}");
            assert_eq!(
                setting.default.is_some(),
                setting.otherwise.is_none() && setting.example.is_none(),
                "{name} has a default, or else words and an example"
            );
            let value = setting
                .default
                .as_ref()
                .or(setting.example.as_ref())
                .unwrap();
            let fits = match setting.r#type.as_str() {
                "list" => value.is_array(),
                "text" => value.is_str(),
                "yes or no" => value.is_bool(),
                "number" | "seconds" => value.is_integer() || value.is_float(),
                other => panic!("{name} is of an unknown type {other}"),
            };
            assert!(fits, "{name}");
        }
    }

    #[test]
    fn a_flag_is_found_by_its_program() {
        let settings = settings().unwrap();
        let url = settings.iter().find(|it| it.key == "base-url").unwrap();
        assert_eq!(url.flag_of("lr-loop"), Some("llm-url"));
        assert_eq!(url.flag_of("lr-check"), None);
    }
}
