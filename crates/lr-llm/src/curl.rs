//! A request as a command line of curl that a shell runs as it is. Pure.

use std::fmt::Write as _;
use std::path::Path;

use serde_json::Value;

use crate::choose::Lookup;
use crate::key::{KeySource, OWN_VARIABLE};
use crate::provider::Provider;

/// The longest body that stands on the command line itself; systems limit the length of one argument.
const LONGEST_ARGUMENT: usize = 100_000;

/// Writes a request that is only shown as a command. `key` is what the shell puts in place of the key that is left out.
pub(crate) fn command(request: &Value, key: &str) -> String {
    let text = |name: &str| request[name].as_str().unwrap_or_default();
    let mut command = "curl -sS --fail-with-body".to_owned();
    if request["body"]["stream"] == true {
        command.push_str(" -N");
    }
    let _ = write!(command, " {}", quoted(text("url")));
    for (name, value) in request["headers"].as_object().into_iter().flatten() {
        let header = format!("{name}: {}", value.as_str().unwrap_or_default());
        let header = match header.split_once("[redacted]") {
            // A shell puts the key in between double quotes.
            Some((before, _)) if !before.contains(['"', '$', '`', '\\']) => {
                format!("\"{before}{key}\"")
            }
            _ => quoted(&header),
        };
        let _ = write!(command, " -H {header}");
    }
    let body = request["body"].to_string();
    if body.len() > LONGEST_ARGUMENT {
        // JSON on one line holds no line 'END'.
        let _ = write!(command, " --data-binary @- <<'END'\n{body}\nEND");
    } else {
        let _ = write!(command, " --data-binary {}", quoted(&body));
    }
    command
}

/// What a shell puts in place of the key, which is not shown itself; `kept` is the user's file of keys if it has one.
pub(crate) fn key_word(
    source: &KeySource,
    kept: Option<&Path>,
    provider: &Provider,
    variable: Lookup<'_>,
) -> String {
    if let (None, Some(path)) = (&source.given, &source.file) {
        return format!("$(cat {})", quoted(&path.to_string_lossy()));
    }
    if let (None, Some(command)) = (&source.given, &source.command) {
        return format!("$({command})");
    }
    let own = [OWN_VARIABLE.to_owned()];
    let mut known = own.iter().chain(provider.secret_variables());
    let is_set = known.find(|name| variable(name).is_some());
    let named = source.variable.as_ref().filter(|_| source.given.is_none());
    if let (None, None, None, Some(path)) = (&source.given, named, &is_set, kept) {
        let line = format!(r#"s/^ *{} *= *"\(.*\)".*/\1/p"#, provider.name);
        return format!(
            "$(sed -n {} {})",
            quoted(&line),
            quoted(&path.to_string_lossy())
        );
    }
    let name = named.or(is_set).or(provider.key_variables.first());
    format!("${}", name.map_or(OWN_VARIABLE, String::as_str))
}

/// What a shell takes as one word, whatever is in it.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_request_becomes_a_command() {
        let request = json!({
            "url": "https://h/v1/chat/completions",
            "headers": {"authorization": "Bearer [redacted]", "content-type": "application/json"},
            "body": {"model": "it's", "stream": true},
        });
        assert_eq!(
            command(&request, "$GROQ_API_KEY"),
            "curl -sS --fail-with-body -N 'https://h/v1/chat/completions' \
             -H \"authorization: Bearer $GROQ_API_KEY\" -H 'content-type: application/json' \
             --data-binary '{\"model\":\"it'\\''s\",\"stream\":true}'"
        );
    }

    #[track_caller]
    fn check_key(source: &KeySource, set: &[&str], expected: &str) {
        let mut provider = Provider::unknown("https://h".into(), "h".into());
        provider.key_variables = vec!["A_KEY".into(), "B_KEY".into()];
        let variable = |name: &str| set.contains(&name).then(|| "secret".to_owned());
        assert_eq!(key_word(source, None, &provider, &variable), expected);
    }

    #[test]
    fn the_key_is_left_to_the_shell() {
        check_key(&KeySource::default(), &[], "$A_KEY");
        check_key(&KeySource::default(), &["B_KEY"], "$B_KEY");
        check_key(
            &KeySource::default(),
            &["B_KEY", "LR_API_KEY"],
            "$LR_API_KEY",
        );
        let mut source = KeySource {
            variable: Some("MINE".into()),
            ..KeySource::default()
        };
        check_key(&source, &["B_KEY"], "$MINE");
        source.file = Some("it's".into());
        check_key(&source, &[], r"$(cat 'it'\''s')");
        source.given = Some("secret".into());
        check_key(&source, &[], "$A_KEY");
    }

    #[test]
    fn a_key_that_is_kept_is_taken_from_the_file_unless_a_variable_has_one() {
        let mut provider = Provider::unknown("https://h".into(), "h".into());
        provider.name = "groq".into();
        provider.key_variables = vec!["A_KEY".into()];
        let word = |is_set: bool| {
            let variable = |_: &str| is_set.then(|| "secret".to_owned());
            let path = Some(Path::new("/k.toml"));
            key_word(&KeySource::default(), path, &provider, &variable)
        };
        let sed = r#"$(sed -n 's/^ *groq *= *"\(.*\)".*/\1/p' '/k.toml')"#;
        assert_eq!(
            (word(false).as_str(), word(true).as_str()),
            (sed, "$LR_API_KEY")
        );
    }

    #[test]
    fn a_long_body_is_no_argument() {
        let request =
            json!({"url": "http://h", "headers": {}, "body": "x".repeat(LONGEST_ARGUMENT)});
        let command = command(&request, "");
        assert!(
            command.contains(" --data-binary @- <<'END'\n\"xx"),
            "{}",
            &command[..80]
        );
        assert!(command.ends_with("xx\"\nEND"));
    }
}
