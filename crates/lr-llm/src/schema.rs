//! A JSON Schema that replies must meet: read, compiled, and held against a reply. No reference leads out of it.

use std::path::Path;

use jsonschema::Validator;
use lr_stage::{Error, Kind, say};
use lr_turn::{Message, Role};
use serde_json::Value;

use crate::exchange::Schema;
use crate::wire::complaint::one_line;
use crate::{failure, fields, files};

/// What a schema is called in requests.
const NAME: &str = "reply";

/// The most objections that are told of one reply.
const MOST_OBJECTIONS: usize = 3;

/// Reads a schema from a file. What names no file may be the schema itself, or the fields of one.
///
/// # Errors
///
/// As [`files::read`]; `input` when it is no JSON Schema, or refers to another file.
pub(crate) fn read(path: &Path) -> Result<Schema, Error> {
    let is_json = path.to_str().is_some_and(|text| text.starts_with('{'));
    let name = if is_json {
        "{…}".to_owned()
    } else {
        failure::shown(path)
    };
    let unusable = |error: &dyn std::fmt::Display| {
        let message = format!("'{name}' is no JSON Schema: {error}");
        Error::new(Kind::Input, message)
    };
    let schema = match path.to_str() {
        Some(text) if is_json => serde_json::from_str(text).map_err(|error| error.to_string()),
        Some(text) if fields::is_list(text) && !files::is_file(text) => fields::schema(text),
        _ => serde_json::from_str(&files::read(path)?).map_err(|error| error.to_string()),
    };
    let schema: Value = schema.map_err(|error| unusable(&error))?;
    if !schema.is_object() {
        return Err(unusable(&"it is no JSON object"));
    }
    validator(&schema).map_err(|error| unusable(&error))?;
    Ok(Schema {
        is_strict: is_strict(&schema),
        name: NAME.to_owned(),
        schema,
    })
}

/// The messages of a question with the schema in words before them, for who cannot be sent it.
pub(crate) fn told(schema: &Schema, messages: &[Message]) -> Vec<Message> {
    let words = Message::new(
        Role::System,
        format!(
            "Answer with JSON and nothing else. It must be valid under this JSON Schema:\n{}",
            schema.schema
        ),
    );
    [words]
        .into_iter()
        .chain(messages.iter().cloned())
        .collect()
}

/// Takes the JSON out of a reply: all of it, or what stands in its first code fence.
///
/// # Errors
///
/// `malformed_reply` when it is no JSON, or where it does not meet the schema.
pub(crate) fn instance(schema: &Schema, reply: &str) -> Result<String, Error> {
    let parse = |text: &str| serde_json::from_str::<Value>(text);
    let whole = reply.trim();
    let (text, value) = match (parse(whole), lr_blocks::first_fenced(reply)) {
        (Ok(value), _) => (whole.to_owned(), value),
        (Err(error), None) => return Err(not_json(&error)),
        (Err(_), Some(block)) => {
            let value = parse(&block).map_err(|error| not_json(&error))?;
            (block.trim().to_owned(), value)
        }
    };
    let validator = validator(&schema.schema).map_err(|error| Error::new(Kind::Input, error))?;
    match objections(&validator, &value) {
        None => Ok(text),
        Some(objections) => {
            let message = format!("the reply does not meet the schema: {objections}");
            Err(Error::new(Kind::Malformed, message))
        }
    }
}

/// Compiles a schema. Nothing is fetched for it.
fn validator(schema: &Value) -> Result<Validator, String> {
    let built = jsonschema::options().offline().build(schema);
    built.map_err(|error| one_line(&error.to_string()))
}

fn objections(validator: &Validator, value: &Value) -> Option<String> {
    let mut errors = validator.iter_errors(value);
    let told: Vec<String> = errors
        .by_ref()
        .take(MOST_OBJECTIONS)
        .map(|error| {
            let place = error.instance_path().to_string();
            let place = if place.is_empty() {
                "the whole"
            } else {
                &place
            };
            let words: String = error.to_string().chars().take(200).collect();
            say::clean(&format!("'{place}': {words}")).replace('\n', " ")
        })
        .collect();
    let more = match errors.count() {
        0 => String::new(),
        count => format!("; and {count} more"),
    };
    (!told.is_empty()).then(|| told.join("; ") + &more)
}

fn not_json(error: &serde_json::Error) -> Error {
    Error::new(Kind::Malformed, format!("the reply is not JSON: {error}"))
}

/// Whether a provider that allows only for what it can force takes a schema: every object in it names all its
/// properties as required, and allows for no others.
fn is_strict(schema: &Value) -> bool {
    match schema {
        Value::Array(items) => items.iter().all(is_strict),
        Value::Object(fields) => {
            let is_object = fields.get("type").is_some_and(names_object);
            let is_property = |name: &String| {
                let required = fields.get("required").and_then(Value::as_array);
                required.is_some_and(|required| required.iter().any(|other| other == name.as_str()))
            };
            let properties = fields.get("properties").and_then(Value::as_object);
            let is_closed = fields.get("additionalProperties") == Some(&Value::Bool(false))
                && properties.is_some_and(|properties| properties.keys().all(is_property));
            (!is_object || is_closed) && fields.values().all(is_strict)
        }
        _ => true,
    }
}

fn names_object(kind: &Value) -> bool {
    let is_object = |kind: &Value| kind == "object";
    is_object(kind)
        || kind
            .as_array()
            .is_some_and(|kinds| kinds.iter().any(is_object))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn schema() -> Schema {
        let schema = json!({
            "type": "object",
            "properties": {"name": {"type": "string"}, "age": {"type": "integer", "minimum": 0}},
            "required": ["name"],
        });
        Schema {
            is_strict: is_strict(&schema),
            name: NAME.into(),
            schema,
        }
    }

    #[track_caller]
    fn check(reply: &str, expected: Result<&str, &str>) {
        let actual = instance(&schema(), reply).map_err(|error| error.to_string());
        assert_eq!(actual.as_deref().map_err(String::as_str), expected);
    }

    #[test]
    fn json_is_taken_from_the_reply_or_its_fence() {
        check(" {\"name\": \"a\"}\n", Ok("{\"name\": \"a\"}"));
        check(
            "Here:\n```json\n{\"name\": \"a\"}\n```\n",
            Ok("{\"name\": \"a\"}"),
        );
    }

    #[test]
    fn what_does_not_meet_the_schema_is_told_with_its_place() {
        check(
            "{\"name\": \"a\", \"age\": -1}",
            Err("the reply does not meet the schema: '/age': -1 is less than the minimum of 0"),
        );
        check(
            "[]",
            Err("the reply does not meet the schema: 'the whole': [] is not of type \"object\""),
        );
        check(
            "{\"name\": \"a\"",
            Err("the reply is not JSON: EOF while parsing an object at line 1 column 12"),
        );
    }

    #[test]
    fn a_schema_is_strict_if_every_object_is_closed() {
        assert!(!schema().is_strict);
        let closed = json!({
            "type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"], "additionalProperties": false
        });
        assert!(is_strict(&closed));
        assert!(is_strict(&json!({"type": "array", "items": closed})));
        assert!(!is_strict(
            &json!({"type": "array", "items": {"type": ["object", "null"]}})
        ));
    }

    #[test]
    fn a_schema_that_leads_elsewhere_or_is_none_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("s.json");
        for text in [
            "",
            "[]",
            r#"{"type": 7}"#,
            r#"{"$ref": "http://localhost:9/x"}"#,
            r#"{"$ref": "file:///etc/passwd"}"#,
        ] {
            std::fs::write(&path, text).unwrap();
            let error = read(&path).unwrap_err();
            assert!(
                error.to_string().contains("is no JSON Schema"),
                "{text}: {error}"
            );
        }
    }
}
