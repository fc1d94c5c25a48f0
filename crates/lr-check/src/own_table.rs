//! What stands in a checker's own configuration, which this project writes for it.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use crate::catalogue::{Checker, Search};
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
    /// Reads the configuration of a checker, or what it cannot do without, for files in a directory: in that or in the
    /// nearest one above it in the project; `None` where there is none, or where it is for the checker to complain about.
    pub(crate) fn of(checker: &'a Checker, directory: &Path, files: &[&str]) -> Option<Self> {
        let places = [&checker.configured_by, &checker.needs];
        let places = places.into_iter().find(|places| !places.is_empty())?;
        let (folder, place) = match checker.search {
            Search::Nearest => installed::configuration(places, directory),
            Search::NearestOfFiles => {
                installed::configuration(places, &directory.join(folder_of(files)))
            }
            Search::ByPlace => places
                .iter()
                .find_map(|place| installed::configuration(std::slice::from_ref(place), directory)),
        }?;
        let (file, table) = place.split_once(':').unwrap_or((place, ""));
        let text = std::fs::read_to_string(folder.join(file)).ok()?;
        let values = table_of(file, table, &checker.name, &text)?;
        Some(Self {
            file,
            folder,
            values,
        })
    }

    /// Returns the path of the file.
    pub(crate) fn path(&self) -> PathBuf {
        self.folder.join(self.file)
    }

    /// Returns the texts of the list that stands under a key, which may have dots, or the only text.
    pub(crate) fn texts(&self, key: &str) -> Vec<String> {
        let text = |value: &Value| value.as_str().map(str::to_owned);
        match self.value(key) {
            Some(Value::Array(items)) => items.iter().filter_map(text).collect(),
            value => value.and_then(text).into_iter().collect(),
        }
    }

    /// Returns the paths under a key: the texts of a list, or what commas, line breaks and maybe blanks part in the only
    /// text.
    pub(crate) fn paths(&self, key: &str, blanks: bool) -> Vec<String> {
        let texts = self.texts(key);
        let is_list = self.value(key).is_some_and(Value::is_array);
        let ends = |one: char| !is_list && (one == ',' || one == '\n' || (blanks && one == ' '));
        let parts = texts.iter().flat_map(|text| text.split(ends));
        let parts = parts.map(str::trim).filter(|path| !path.is_empty());
        parts.map(str::to_owned).collect()
    }

    /// Tells whether anything stands under a key that is not `false`.
    pub(crate) fn has(&self, key: &str) -> bool {
        let value = self.value(key);
        value.is_some_and(|value| *value != Value::Bool(false))
    }

    /// Tells whether a list without items stands under a key.
    pub(crate) fn is_empty_list(&self, key: &str) -> bool {
        let items = self.value(key).and_then(Value::as_array);
        items.is_some_and(Vec::is_empty)
    }

    fn value(&self, key: &str) -> Option<&Value> {
        at(&self.values, key)
    }
}

/// Returns what stands in a document under a name with dots, or all of it where there is no name.
pub(crate) fn at<'v>(document: &'v Value, name: &str) -> Option<&'v Value> {
    let mut steps = name.split('.').filter(|step| !step.is_empty());
    steps.try_fold(document, |table, step| table.get(step))
}

/// Returns the table of a configuration: of TOML and JSON the one of this name, with dots, of other files the section of
/// this name, else of the checker's. Such a section holds as tables those that lie below it by name, and in a file of
/// the checker's own all others.
fn table_of(file: &str, table: &str, checker: &str, text: &str) -> Option<Value> {
    let ending = Path::new(file).extension();
    let document: Value = match ending.and_then(|ending| ending.to_str()) {
        Some("toml") => toml::from_str(text).ok()?,
        Some("json") => serde_json::from_str(&plain_json(text)).ok()?,
        _ => return Some(section(sections(text), table, checker)),
    };
    at(&document, table).cloned()
}

/// Returns the section of this name, else of the checker's, with others in it.
fn section(mut sections: Map<String, Value>, table: &str, checker: &str) -> Value {
    let name = if table.is_empty() { checker } else { table };
    let own = sections.remove(name);
    let mut own = match own {
        Some(Value::Object(own)) => own,
        _ => Map::new(),
    };
    for (heading, values) in sections {
        let below = heading.strip_prefix(&format!("{name}."));
        let below = below.or_else(|| table.is_empty().then_some(heading.as_str()));
        if let Some(below) = below {
            own.entry(below.to_owned()).or_insert(values);
        }
    }
    Value::Object(own)
}

/// Takes the comments and the commas behind last items out of JSON, which many programs allow in their configuration.
fn plain_json(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(next) = rest.chars().next() {
        let length = match next {
            '"' => length_of_text(rest),
            '/' if rest.starts_with("//") => {
                rest = rest.find('\n').map_or("", |end| &rest[end..]);
                continue;
            }
            '/' if rest.starts_with("/*") => {
                rest = rest[2..].find("*/").map_or("", |end| &rest[end + 4..]);
                continue;
            }
            ']' | '}' => {
                let kept = plain.trim_end();
                plain.truncate(kept.strip_suffix(',').unwrap_or(kept).len());
                1
            }
            other => other.len_utf8(),
        };
        plain.push_str(&rest[..length]);
        rest = &rest[length..];
    }
    plain
}

/// Returns how many bytes the text in quotes takes with which JSON begins.
fn length_of_text(json: &str) -> usize {
    let mut is_escaped = false;
    let end = json.char_indices().skip(1).find(|(_, next)| {
        let is_end = *next == '"' && !is_escaped;
        is_escaped = *next == '\\' && !is_escaped;
        is_end
    });
    end.map_or(json.len(), |(at, _)| at + 1)
}

/// Returns the sections of an INI file with their values; a line that is indented more than the one that began a value
/// goes on with it.
fn sections(text: &str) -> Map<String, Value> {
    let mut sections: Map<String, Value> = Map::new();
    let mut within = String::new();
    let mut indent = usize::MAX;
    let mut last: Option<String> = None;
    for line in text.lines() {
        let words = line.trim();
        if words.is_empty() || words.starts_with(['#', ';']) {
            continue;
        }
        let own_indent = line.len() - line.trim_start().len();
        let goes_on = own_indent > indent;
        if goes_on {
            let section = sections.get_mut(&within);
            let value = last.as_ref().and_then(|key| section?.get_mut(key));
            if let Some(Value::String(value)) = value {
                value.push('\n');
                value.push_str(words);
            }
            continue;
        }
        indent = own_indent;
        if let Some((heading, _)) = words
            .strip_prefix('[')
            .and_then(|rest| rest.rsplit_once(']'))
        {
            heading.clone_into(&mut within);
            indent = usize::MAX;
            last = None;
        } else if let Some((key, value)) = words.split_once(['=', ':']) {
            let key = key.trim().to_lowercase();
            let section = sections.entry(&within);
            let section = section.or_insert_with(|| Value::Object(Map::new()));
            section[&key] = value.trim().into();
            last = Some(key);
        }
    }
    sections
}

/// Returns the folder in which all the files lie.
fn folder_of(files: &[&str]) -> PathBuf {
    let mut folders = files.iter().map(|file| match file.rsplit_once('/') {
        Some((folder, _)) => folder.split('/').collect(),
        None => Vec::new(),
    });
    let mut common: Vec<&str> = folders.next().unwrap_or_default();
    for folder in folders {
        let alike = common
            .iter()
            .zip(&folder)
            .take_while(|(one, other)| one == other);
        let alike = alike.count();
        common.truncate(alike);
    }
    common.iter().collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &Value) {
        assert_eq!(table_of("a.json", "", "", text).as_ref(), Some(expected));
    }

    #[test]
    fn json_may_have_comments_and_commas_behind_the_last_items() {
        check(
            "// a\n{\"a\": [1, /*/ ] */ 2, // \"\n ], }",
            &json!({"a": [1, 2]}),
        );
        check(
            r#"{"//": "/* \\", "b": "\",] //"}"#,
            &json!({"//": "/* \\", "b": "\",] //"}),
        );
        assert_eq!(table_of("a.json", "", "", "{\"a"), None);
    }

    proptest! {
        #[test]
        fn plain_json_stays_as_it_is(texts in prop::collection::vec("[a-z\"\\\\/*,\\]}]{0,6}", 0..6)) {
            let value = json!({ "a": texts });
            check(&value.to_string(), &value);
        }

        #[test]
        fn no_text_is_too_odd(text in "[\"\\\\/*,\\]}\\n é]{0,20}") {
            plain_json(&text);
        }
    }
}
