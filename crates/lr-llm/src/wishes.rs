//! What is asked for beside the messages: from flags and settings to [`Wishes`].

use std::collections::BTreeMap;
use std::path::Path;

use lr_stage::{Error, Kind};
use serde_json::{Map, Value};

use crate::args::RequestArguments;
use crate::exchange::Wishes;
use crate::schema;

/// Fields that lr-llm fills itself, in any protocol.
const OWN_FIELDS: [&str; 4] = ["messages", "input", "model", "stream"];

/// Headers that decide about the connection, which nobody else may.
const OWN_HEADERS: [&str; 6] = [
    "accept-encoding",
    "connection",
    "content-length",
    "content-type",
    "host",
    "transfer-encoding",
];

/// Headers that bring keys.
const KEY_HEADERS: [&str; 4] = [
    "api-key",
    "authorization",
    "proxy-authorization",
    "x-api-key",
];

/// What the settings say.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Settled {
    pub(crate) temperature: Option<f64>,
    pub(crate) max_tokens: Option<u64>,
    pub(crate) seed: Option<i64>,
}

/// Lays the flags over the settings.
///
/// # Errors
///
/// `usage` for what makes no sense in a request, and why the schema cannot be used.
pub(crate) fn decide(
    flags: &RequestArguments,
    schema: Option<&Path>,
    settled: Settled,
) -> Result<Wishes, Error> {
    let temperature = flags.temperature.or(settled.temperature);
    if temperature.is_some_and(|temperature| !temperature.is_finite() || temperature < 0.0) {
        return Err(Error::new(
            Kind::Usage,
            "a temperature is a number from 0 on",
        ));
    }
    let max_tokens = flags.max_tokens.or(settled.max_tokens);
    if max_tokens == Some(0) {
        let message = "a reply of no tokens cannot be asked for: 'max-tokens' is 1 or more";
        return Err(Error::new(Kind::Usage, message));
    }
    Ok(Wishes {
        temperature,
        max_tokens,
        seed: flags.seed.or(settled.seed),
        stop: flags
            .stop
            .iter()
            .filter(|text| !text.is_empty())
            .cloned()
            .collect(),
        effort: flags.effort.clone().filter(|level| !level.is_empty()),
        schema: schema.map(schema::read).transpose()?,
        headers: headers(&flags.extra_header)?,
        extra: extra(flags)?,
        options: options(flags)?,
        context: None,
    })
}

/// The fields of `--extra-body`.
fn extra(flags: &RequestArguments) -> Result<Map<String, Value>, Error> {
    let mut extra = Map::new();
    for text in &flags.extra_body {
        let Ok(Value::Object(fields)) = serde_json::from_str(text) else {
            let error = Error::new(Kind::Usage, "the value of '--extra-body' is no JSON object");
            return Err(error.hint(r#"--extra-body '{"top_p": 0.9}'"#));
        };
        for (key, value) in fields {
            refuse_own(&key, "--extra-body")?;
            extra.insert(key, value);
        }
    }
    Ok(extra)
}

/// The options of `-o`.
fn options(flags: &RequestArguments) -> Result<Map<String, Value>, Error> {
    let mut options = Map::new();
    for pair in flags.option.chunks(2) {
        let [key, value] = pair else { continue };
        if let Some((name, value)) = key.split_once('=') {
            let message = format!("'{key}' is no name of a field");
            return Err(Error::new(Kind::Usage, message).hint(format!("-o {name} {value}")));
        }
        refuse_own(key, "-o")?;
        let value = serde_json::from_str(value).unwrap_or_else(|_| Value::String(value.clone()));
        options.insert(key.clone(), value);
    }
    Ok(options)
}

fn refuse_own(key: &str, option: &str) -> Result<(), Error> {
    if OWN_FIELDS.contains(&key) {
        let message = format!("'{option} {key}' cannot replace what lr-llm sends itself");
        return Err(Error::new(Kind::Usage, message));
    }
    Ok(())
}

fn headers(lines: &[String]) -> Result<BTreeMap<String, String>, Error> {
    let mut headers = BTreeMap::new();
    for line in lines {
        let (name, value) = header(line).ok_or_else(|| {
            // The line itself may hold a secret.
            Error::new(Kind::Usage, "the value of '--extra-header' is no header")
                .hint("--extra-header 'X-Title: lr'")
        })?;
        if OWN_HEADERS.contains(&name.as_str()) {
            let message =
                format!("'--extra-header' cannot replace '{name}', which lr-llm sends itself");
            return Err(Error::new(Kind::Usage, message));
        }
        if KEY_HEADERS.contains(&name.as_str()) {
            let message = format!("'--extra-header' does not take '{name}', which brings the key");
            return Err(Error::new(Kind::Usage, message)
                .hint("'--api-key-file FILE' gives the key, and 'key_header' of a provider of your own names the header"));
        }
        headers.insert(name, value);
    }
    Ok(headers)
}

/// A line `Name: value`, with the name in lower case; `None` if it cannot be sent.
fn header(line: &str) -> Option<(String, String)> {
    let (name, value) = line.split_once(':')?;
    let value = value.trim();
    let is_sign = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    let is_name = !name.is_empty() && name.bytes().all(is_sign);
    let is_value = value
        .bytes()
        .all(|byte| byte.is_ascii_graphic() || byte == b' ');
    (is_name && is_value).then(|| (name.to_ascii_lowercase(), value.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_has_a_name_and_a_value_that_can_be_sent() {
        let pair = |name: &str, value: &str| Some((name.to_owned(), value.to_owned()));
        assert_eq!(header("X-Title: my tool "), pair("x-title", "my tool"));
        assert_eq!(header("x:"), pair("x", ""));
        for line in ["x", ": a", "a b: c", "x: a\nb: c", "x: é"] {
            assert_eq!(header(line), None, "{line}");
        }
    }
}
