//! A JSON Schema written as the fields of an object, such as `name, age int, bio: one sentence`, as `llm` takes it. Pure.

use serde_json::{Map, Value, json};

/// The types that a field can have, as they are written and as schemas call them.
const TYPES: [(&str, &str); 4] = [
    ("str", "string"),
    ("int", "integer"),
    ("float", "number"),
    ("bool", "boolean"),
];

/// Whether a word that names no file can be meant for fields: they stand on one line with commas, or each on its own,
/// and have types and descriptions behind them.
pub(crate) fn is_list(word: &str) -> bool {
    word.contains([',', '\n', ' ', ':'])
}

/// Makes the schema. All fields are required, and there are no others.
///
/// # Errors
///
/// What cannot be understood.
pub(crate) fn schema(text: &str) -> Result<Value, String> {
    let divider = if text.contains('\n') { '\n' } else { ',' };
    let fields = text.split(divider).map(str::trim);
    let mut properties = Map::new();
    for field in fields.filter(|field| !field.is_empty()) {
        let (name, property) = property(field)?;
        if properties.insert(name.to_owned(), property).is_some() {
            return Err(format!("the field '{name}' stands in it twice"));
        }
    }
    if properties.is_empty() {
        return Err("it has no fields".to_owned());
    }
    let names: Vec<&String> = properties.keys().collect();
    let required = json!(names);
    Ok(json!({
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": false,
    }))
}

/// The name of a field, and what its value is to be.
fn property(field: &str) -> Result<(&str, Value), String> {
    let (words, description) = field.split_once(':').unwrap_or((field, ""));
    let (name, kind) = match words.split_whitespace().collect::<Vec<_>>()[..] {
        [name] => (name, TYPES[0].0),
        [name, kind] => (name, kind),
        _ => {
            return Err(format!(
                "'{field}' is no field: a name, a type, ':' and words"
            ));
        }
    };
    let Some((_, kind)) = TYPES.iter().find(|(written, _)| *written == kind) else {
        return Err(format!("'{kind}' is no type: str, int, float or bool"));
    };
    let mut property = json!({"type": kind});
    let description = description.trim();
    if !description.is_empty() {
        property["description"] = description.into();
    }
    Ok((name, property))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_become_a_closed_object() {
        let expected = json!({
            "type": "object",
            "properties": {
                "name": {"type": "string"},
                "age": {"type": "integer"},
                "bio": {"type": "string", "description": "one, short"},
            },
            "required": ["age", "bio", "name"],
            "additionalProperties": false,
        });
        assert_eq!(schema("name\n age int\n\nbio: one, short\n"), Ok(expected));
        let one_line = schema("ok bool, x float,").unwrap();
        assert_eq!(
            one_line["properties"],
            json!({"ok": {"type": "boolean"}, "x": {"type": "number"}})
        );
    }

    #[test]
    fn what_is_no_field_is_refused() {
        for (text, reason) in [
            (" , ", "it has no fields"),
            ("a, a int", "the field 'a' stands in it twice"),
            ("a text", "'text' is no type: str, int, float or bool"),
            (
                "a int b",
                "'a int b' is no field: a name, a type, ':' and words",
            ),
            ("a, : b", "': b' is no field: a name, a type, ':' and words"),
        ] {
            assert_eq!(schema(text), Err(reason.to_owned()));
        }
    }
}
