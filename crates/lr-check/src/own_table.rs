//! What stands in a checker's own configuration, which this project writes for it.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use crate::catalogue::Checker;
use crate::installed;

/// The table in which a project configures a checker.
pub(crate) struct OwnTable<'a> {
    /// The file, as the entry of the checker names it.
    pub(crate) file: &'a str,
    /// The folder in which that lies.
    pub(crate) folder: PathBuf,
    values: Value,
}

impl<'a> OwnTable<'a> {
    /// Reads the configuration of a checker in a directory, or in the nearest one above it in the project; `None` where there
    /// is none, or where it is for the checker to complain about.
    pub(crate) fn of(checker: &'a Checker, directory: &Path) -> Option<Self> {
        let (folder, place) = installed::configuration(&checker.configured_by, directory)?;
        let (file, table) = place.split_once(':').unwrap_or((place, ""));
        let text = std::fs::read_to_string(folder.join(file)).ok()?;
        let values = table_of(file, table, &checker.name, &text)?;
        Some(Self {
            file,
            folder,
            values,
        })
    }

    /// Returns the texts of the list that stands under a key, which may have dots, or the only text.
    pub(crate) fn texts(&self, key: &str) -> Vec<String> {
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let mut steps = key.split('.');
        match steps.try_fold(&self.values, |values, step| values.get(step)) {
            Some(Value::Array(items)) => items.iter().filter_map(text).collect(),
            value => value.and_then(text).into_iter().collect(),
        }
    }
}

/// Returns the table of a configuration: of TOML and JSON the one of this name, with dots, of other files the section of
/// this name, else of the checker's.
fn table_of(file: &str, table: &str, checker: &str, text: &str) -> Option<Value> {
    let document: Value = match Path::new(file).extension()?.to_str()? {
        "toml" => toml::from_str(text).ok()?,
        "json" => serde_json::from_str(text).ok()?,
        _ if table.is_empty() => return Some(section(text, checker)),
        _ => return Some(section(text, table)),
    };
    let mut steps = table.split('.').filter(|step| !step.is_empty());
    steps.try_fold(document, |mut table, step| {
        Some(table.get_mut(step)?.take())
    })
}

/// Returns the values of a section of an INI file; a line that is indented goes on with the value before it.
fn section(text: &str, name: &str) -> Value {
    let heading = format!("[{name}]");
    let mut values: Map<String, Value> = Map::new();
    let mut is_in = false;
    let mut last: Option<String> = None;
    for line in text.lines() {
        let words = line.trim();
        if words.is_empty() || words.starts_with(['#', ';']) {
            continue;
        }
        if line.starts_with('[') {
            is_in = words == heading;
            last = None;
        } else if line.starts_with([' ', '\t']) {
            if let Some(Value::String(value)) = last.as_ref().and_then(|key| values.get_mut(key)) {
                value.push('\n');
                value.push_str(words);
            }
        } else if is_in && let Some((key, value)) = words.split_once(['=', ':']) {
            let key = key.trim().to_lowercase();
            values.insert(key.clone(), value.trim().into());
            last = Some(key);
        }
    }
    Value::Object(values)
}
