//! A request as a command line of curl that a shell runs as it is. Pure.

use std::fmt::Write as _;

use serde_json::Value;

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

/// What a shell takes as one word, whatever is in it.
pub(crate) fn quoted(text: &str) -> String {
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
