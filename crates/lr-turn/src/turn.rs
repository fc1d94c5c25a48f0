//! A turn as an ordered map from key to raw JSON text.

use std::fmt;
use std::ops::Range;

use serde::Serialize;
use serde::de::{DeserializeOwned, DeserializeSeed, Deserializer, Error as _, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::VERSION;

/// A part of a turn that this crate gives a type, written under one top-level key.
pub trait Section: Serialize + DeserializeOwned {
    /// The top-level key the section stands under.
    const KEY: &'static str;
}

/// Which turn of which run a document is, and which share of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Id {
    /// The run, as made by the first `lr-check`, such as `20261121T013000Z-7f3a`.
    pub run: Option<String>,
    /// The number of the turn in its run, from 1.
    pub turn: Option<u64>,
    /// The number of this share of a turn that was split, from 1.
    pub part: Option<u64>,
    /// How many shares the turn was split into.
    pub parts: Option<u64>,
}

/// One turn: an ordered map from key to raw JSON text.
///
/// Sections that are not written stay as they came, byte for byte; only line breaks between
/// tokens are removed, so that a turn is always one line.
///
/// ```
/// let turn = lr_turn::Turn::parse(r#"{"lr":1, "mine":{"x":1.50}}"#)?;
/// assert_eq!(turn.to_line(), r#"{"lr":1, "mine":{"x":1.50}}"#);
/// # Ok::<(), lr_turn::ReadError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Turn {
    /// The text the turn was read from, without line breaks.
    text: String,
    entries: Vec<Entry>,
    modified: bool,
}

#[derive(Clone, Debug)]
struct Entry {
    key: String,
    value: Value,
}

#[derive(Clone, Debug)]
enum Value {
    /// Where the value stands in the turn's text.
    Read(Range<usize>),
    Written(String),
}

/// Why a text is not a turn this crate can work with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReadError {
    /// The text is a complete JSON value, but has no top-level key `lr`.
    NotATurn,
    /// The text is not one JSON object.
    Malformed {
        /// What is wrong, without the position.
        message: String,
        /// The line it is wrong on, from 1.
        line: usize,
        /// The column it is wrong at, from 1, in bytes.
        column: usize,
        /// Whether `lr` was seen as a top-level key before, so that a turn was meant.
        saw_version: bool,
    },
    /// The turn was written for a newer version of the contract.
    Newer(u64),
    /// A section is there but is not of the form the contract gives it.
    Section {
        /// The section's key.
        key: &'static str,
        /// What is wrong with it.
        message: String,
    },
}

impl Turn {
    /// Makes a turn that holds only the version of the contract.
    pub fn new() -> Self {
        Self {
            text: String::new(),
            entries: vec![Entry {
                key: "lr".to_owned(),
                value: Value::Written(VERSION.to_string()),
            }],
            modified: true,
        }
    }

    /// Reads one turn from a text that holds exactly one JSON object.
    ///
    /// # Errors
    ///
    /// See [`ReadError`]; positions count from the start of `text`. A top-level key that stands
    /// twice is malformed, because readers disagree about which of the two counts.
    pub fn parse(text: &str) -> Result<Self, ReadError> {
        let entries = read_entries(text)?;
        if text.contains('\n') || text.contains('\r') {
            let one_line = text.replace(['\n', '\r'], "");
            let entries = read_entries(&one_line)?;
            return Self::checked(one_line, entries);
        }
        Self::checked(text.to_owned(), entries)
    }

    fn checked(text: String, entries: Vec<Entry>) -> Result<Self, ReadError> {
        let turn = Self {
            text,
            entries,
            modified: false,
        };
        let raw = turn.raw("lr").ok_or(ReadError::NotATurn)?;
        match serde_json::from_str::<u64>(raw) {
            Ok(version) if version > VERSION => Err(ReadError::Newer(version)),
            Ok(1..) => Ok(turn),
            _ => Err(ReadError::Section {
                key: "lr",
                message: format!("expected the version {VERSION}, found {raw}"),
            }),
        }
    }

    /// Tells whether a section is there. A `null` counts as absent.
    pub fn has(&self, key: &str) -> bool {
        self.raw(key).is_some()
    }

    /// Returns the raw JSON text of a section, unless it is absent or `null`.
    pub fn raw(&self, key: &str) -> Option<&str> {
        let entry = self.entries.iter().find(|entry| entry.key == key)?;
        let raw = self.value_text(entry);
        (raw != "null").then_some(raw)
    }

    /// Reads a section, `None` where it is absent.
    ///
    /// # Errors
    ///
    /// [`ReadError::Section`] if the section is not of its form.
    pub fn get<S: Section>(&self) -> Result<Option<S>, ReadError> {
        self.get_key(S::KEY)
    }

    /// Writes a section in place of one of the same key, else behind all others.
    pub fn set<S: Section>(&mut self, section: &S) {
        self.set_key(S::KEY, section);
    }

    /// Removes a section, so that its stage works on the turn again.
    pub fn remove(&mut self, key: &str) {
        self.modified = true;
        self.entries.retain(|entry| entry.key != key);
    }

    /// Reads which turn of which run this is.
    ///
    /// # Errors
    ///
    /// [`ReadError::Section`] if `run` is not a string or another one not a number.
    pub fn id(&self) -> Result<Id, ReadError> {
        Ok(Id {
            run: self.get_key("run")?,
            turn: self.get_key("turn")?,
            part: self.get_key("part")?,
            parts: self.get_key("parts")?,
        })
    }

    /// Writes which turn of which run this is; what is `None` is left as it is.
    pub fn set_id(&mut self, id: &Id) {
        if let Some(run) = &id.run {
            self.set_key("run", run);
        }
        for (key, number) in [("turn", id.turn), ("part", id.part), ("parts", id.parts)] {
            if let Some(number) = number {
                self.set_key(key, &number);
            }
        }
    }

    /// Writes a section as raw JSON text in place of one of the same key, else behind all others.
    pub(crate) fn set_raw(&mut self, key: &str, raw: String) {
        self.put(key, raw);
    }

    /// Returns the keys in their order.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.entries.iter().map(|entry| entry.key.as_str())
    }

    /// Copies a section as raw text from another turn, whatever its form; nothing if it is absent.
    pub fn copy(&mut self, key: &str, from: &Turn) {
        if let Some(raw) = from.raw(key) {
            let raw = raw.to_owned();
            self.put(key, raw);
        }
    }

    /// Returns the turn as one line of JSON without the line break at the end.
    ///
    /// A turn that was not written to is returned as it came. In one that was, `lr` stands first.
    pub fn to_line(&self) -> String {
        if !self.modified {
            return self.text.trim_matches([' ', '\t']).to_owned();
        }
        let mut line = String::with_capacity(self.text.len() + 256);
        line.push('{');
        let (version, others): (Vec<_>, Vec<_>) =
            self.entries.iter().partition(|entry| entry.key == "lr");
        for (position, entry) in version.into_iter().chain(others).enumerate() {
            if position > 0 {
                line.push(',');
            }
            line.push_str(&json_text(&entry.key));
            line.push(':');
            line.push_str(self.value_text(entry));
        }
        line.push('}');
        line
    }

    fn value_text<'a>(&'a self, entry: &'a Entry) -> &'a str {
        match &entry.value {
            Value::Read(range) => &self.text[range.clone()],
            Value::Written(text) => text,
        }
    }

    fn get_key<T: DeserializeOwned>(&self, key: &'static str) -> Result<Option<T>, ReadError> {
        let Some(raw) = self.raw(key) else {
            return Ok(None);
        };
        serde_json::from_str(raw)
            .map(Some)
            .map_err(|error| ReadError::Section {
                key,
                message: error.to_string(),
            })
    }

    fn set_key<T: Serialize>(&mut self, key: &str, value: &T) {
        self.put(key, json_text(value));
    }

    fn put(&mut self, key: &str, raw: String) {
        self.modified = true;
        match self.entries.iter_mut().find(|entry| entry.key == key) {
            Some(entry) => entry.value = Value::Written(raw),
            None => self.entries.push(Entry {
                key: key.to_owned(),
                value: Value::Written(raw),
            }),
        }
    }
}

impl Default for Turn {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Display for ReadError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotATurn => write!(out, "not a turn: no top-level key 'lr'"),
            Self::Malformed {
                message,
                line,
                column,
                ..
            } => write!(out, "{message} at line {line} column {column}"),
            Self::Newer(version) => write!(
                out,
                "this turn is of version {version} of the contract, newer than {VERSION}"
            ),
            Self::Section { key, message } => {
                write!(out, "section '{key}' is not of its form: {message}")
            }
        }
    }
}

impl std::error::Error for ReadError {}

#[expect(
    clippy::expect_used,
    reason = "plain structs of strings, numbers and lists always serialize"
)]
fn json_text<T: Serialize + ?Sized>(value: &T) -> String {
    serde_json::to_string(value).expect("a section is plain data")
}

/// Reads the keys of a JSON object, each with the place of its value in the text.
pub(crate) fn read_object(text: &str) -> Result<Vec<(String, Range<usize>)>, ReadError> {
    let entries = read_entries(text)?.into_iter();
    Ok(entries
        .filter_map(|entry| match entry.value {
            Value::Read(range) => Some((entry.key, range)),
            Value::Written(_) => None,
        })
        .collect())
}

fn read_entries(text: &str) -> Result<Vec<Entry>, ReadError> {
    let mut reader = EntryReader {
        text,
        entries: Vec::new(),
        saw_version: false,
    };
    let mut json = serde_json::Deserializer::from_str(text);
    let read = reader
        .deserialize(&mut json)
        .and_then(|()| json.end())
        .map_err(|error| (error.line(), error.column(), plain_message(&error)));
    match read {
        Ok(()) => Ok(reader.entries),
        Err((line, column, message)) => Err(ReadError::Malformed {
            message,
            line: line.max(1),
            column: column.max(1),
            saw_version: reader.saw_version,
        }),
    }
}

/// What `serde_json` says, without the position it appends.
fn plain_message(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.rfind(" at line ") {
        Some(end) => text[..end].to_owned(),
        None => text,
    }
}

struct EntryReader<'t> {
    text: &'t str,
    entries: Vec<Entry>,
    saw_version: bool,
}

impl<'de> EntryReader<'de> {
    fn deserialize<D: Deserializer<'de>>(&mut self, json: D) -> Result<(), D::Error> {
        DeserializeSeed::deserialize(self, json)
    }
}

impl<'de> DeserializeSeed<'de> for &mut EntryReader<'de> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for &mut EntryReader<'de> {
    type Value = ();

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            self.saw_version |= key == "lr";
            if self.entries.iter().any(|entry| entry.key == key) {
                return Err(A::Error::custom(format!("key '{key}' stands twice")));
            }
            let raw = map.next_value::<&'de RawValue>()?.get();
            let start = raw.as_ptr().addr() - self.text.as_ptr().addr();
            self.entries.push(Entry {
                key,
                value: Value::Read(start..start + raw.len()),
            });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{Commit, Reply};

    fn line(text: &str) -> String {
        Turn::parse(text).unwrap().to_line()
    }

    #[test]
    fn an_untouched_turn_leaves_as_it_came() {
        let text =
            r#"{"z":[1.0, 2e5,  "é\u00e9"] ,"lr":1,"a":{"n":123456789012345678901234567890}}"#;
        assert_eq!(line(text), text);
    }

    #[test]
    fn a_pretty_printed_turn_becomes_one_line() {
        let text = "{\n  \"lr\": 1,\r\n  \"a\": [\n    \"x\\ny\"\n  ]\n}\n";
        assert_eq!(line(text), r#"{  "lr": 1,  "a": [    "x\ny"  ]}"#);
    }

    #[test]
    fn a_written_turn_has_the_version_first_and_foreign_keys_unchanged() {
        let mut turn = Turn::parse(r#"{"b":{"x":1.50, "x":2},"lr":1}"#).unwrap();
        turn.set(&Commit {
            put_back: true,
            ..Commit::default()
        });
        assert_eq!(
            turn.to_line(),
            r#"{"lr":1,"b":{"x":1.50, "x":2},"commit":{"put_back":true}}"#
        );
    }

    #[test]
    fn null_counts_as_absent_and_is_replaced_in_its_place() {
        let mut turn = Turn::parse(r#"{"lr":1,"reply":null,"z":0}"#).unwrap();
        assert!(!turn.has("reply"));
        assert_eq!(turn.get::<Reply>().unwrap(), None);
        turn.set(&Reply::by("me", "hello".to_owned()));
        assert_eq!(
            turn.to_line(),
            r#"{"lr":1,"reply":{"text":"hello","by":"me"},"z":0}"#
        );
    }

    #[test]
    fn refuses_what_is_not_a_turn() {
        let error = |text: &str| Turn::parse(text).unwrap_err();
        assert_eq!(error(r#"{"a":1}"#), ReadError::NotATurn);
        assert_eq!(error(r#"{"lr":99,"x":1}"#), ReadError::Newer(99));
        assert!(matches!(
            error(r#"{"lr":"1"}"#),
            ReadError::Section { key: "lr", .. }
        ));
        assert!(matches!(
            error(r#"{"lr":0}"#),
            ReadError::Section { key: "lr", .. }
        ));
    }

    #[test]
    fn says_where_a_turn_breaks_and_whether_one_was_meant() {
        let malformed = |text: &str| match Turn::parse(text).unwrap_err() {
            ReadError::Malformed {
                line,
                column,
                saw_version,
                ..
            } => (line, column, saw_version),
            other => panic!("{other:?}"),
        };
        assert_eq!(malformed("{\"lr\":1,\n \"a\": ]}"), (2, 7, true));
        assert_eq!(malformed("{\"a\":1"), (1, 6, false));
        assert_eq!(malformed("{\"lr\":1,\"lr\":1}"), (1, 12, true));
    }

    #[test]
    fn reads_and_writes_the_number_of_a_turn() {
        let mut turn = Turn::parse(r#"{"lr":1,"run":"r","turn":3}"#).unwrap();
        turn.set_id(&Id {
            part: Some(2),
            parts: Some(4),
            ..Id::default()
        });
        assert_eq!(
            turn.to_line(),
            r#"{"lr":1,"run":"r","turn":3,"part":2,"parts":4}"#
        );
        assert_eq!(turn.id().unwrap().turn, Some(3));
        let wrong = Turn::parse(r#"{"lr":1,"turn":"x"}"#).unwrap();
        assert!(matches!(
            wrong.id(),
            Err(ReadError::Section { key: "turn", .. })
        ));
    }

    proptest! {
        #[test]
        fn never_panics(text in ".{0,200}") {
            let _ = Turn::parse(&text);
        }

        #[test]
        fn any_json_object_survives(pairs in proptest::collection::btree_map("[a-z\"\\\\é]{1,6}", ".{0,20}", 0..6)) {
            let mut object = serde_json::Map::new();
            object.insert("lr".to_owned(), 1.into());
            for (key, value) in pairs {
                object.insert(format!("_{key}"), value.into());
            }
            let text = serde_json::to_string(&object).unwrap();
            let mut turn = Turn::parse(&text).unwrap();
            prop_assert_eq!(turn.to_line(), text);
            turn.set(&Commit::default());
            turn.remove("commit");
            let again: serde_json::Map<String, serde_json::Value> =
                serde_json::from_str(&turn.to_line()).unwrap();
            prop_assert_eq!(again, object);
        }
    }
}
