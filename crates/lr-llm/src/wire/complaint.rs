//! What went wrong in a server's words: the body of a 4xx or 5xx, or an error inside a 200.
//!
//! Providers agree only roughly: `{"error":{"message","type","code"}}`, `{"error":"text"}`, `{"message"}`,
//! `{"detail"}`; proxies answer with HTML or nothing. What a person gets to see is one short printable line.

use serde_json::Value;

use crate::exchange::Complaint;

/// The longest sentence passed on, in characters.
const MAX_CHARS: usize = 300;

/// What stands where a text was cut.
pub(crate) const CUT: char = '…';

/// Reads the body of a response whose status says that it failed.
pub(crate) fn from_body(body: &str) -> Complaint {
    let body = body.trim_start_matches('\u{feff}');
    // Where a stream was asked for, the error may come as its only event.
    let event = body.lines().find_map(|line| line.strip_prefix("data:"));
    let told = event.filter(|_| body.starts_with("data:") || body.starts_with("event:"));
    let value = serde_json::from_str::<Value>(told.unwrap_or(body)).ok();
    let known = value.as_ref().and_then(|value| {
        within(value).or_else(|| {
            let text = sentence(value.get("message").or_else(|| value.get("detail"))?)?;
            Some(complaint(&text, value))
        })
    });
    known.unwrap_or_else(|| Complaint {
        message: one_line(&without_tags(body)),
        codes: String::new(),
    })
}

/// The error that a JSON body reports, if it reports one.
pub(crate) fn within(body: &Value) -> Option<Complaint> {
    // Gemini puts it into a list.
    let body = body.get(0).unwrap_or(body);
    let errors = [
        body.get("error"),
        body.pointer("/x_groq/error"),
        body.pointer("/choices/0/error"),
    ];
    let is_told = |error: &&Value| match error {
        Value::Null | Value::Bool(false) => false,
        Value::String(text) => !text.is_empty(),
        Value::Object(object) => !object.is_empty(),
        _ => true,
    };
    // Some servers say with a word that the body itself is the error.
    let is_error = body.get("object").is_some_and(|kind| kind == "error");
    let error = errors.into_iter().flatten().find(is_told);
    error.or(is_error.then_some(body)).map(of_object)
}

/// What an object says that is known to report an error.
pub(super) fn of_object(error: &Value) -> Complaint {
    let text = sentence(error).unwrap_or_else(|| "the server reports an error".into());
    complaint(&text, error)
}

fn complaint(text: &str, error: &Value) -> Complaint {
    let codes: Vec<String> = ["type", "code", "status"]
        .into_iter()
        .filter_map(|key| match error.get(key)? {
            Value::String(word) => Some(one_line(&word.to_lowercase())),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        })
        .collect();
    Complaint {
        message: one_line(text),
        codes: codes.join(" "),
    }
}

/// A sentence out of whatever stands where a message is expected.
fn sentence(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Object(object) => {
            let text = ["message", "msg", "detail"]
                .into_iter()
                .find_map(|key| object.get(key)?.as_str())?;
            let place = object.get("loc").and_then(Value::as_array);
            let place = place.into_iter().flatten().filter_map(Value::as_str);
            // Everything is in the body.
            let place: Vec<&str> = place.skip_while(|name| *name == "body").collect();
            Some(if place.is_empty() {
                text.to_owned()
            } else {
                format!("{}: {text}", place.join("."))
            })
        }
        Value::Array(items) => items.iter().find_map(sentence),
        _ => None,
    }
}

/// HTML without its tags, styles and scripts; other text as it is.
fn without_tags(body: &str) -> String {
    if !body.trim_start().starts_with('<') {
        return body.to_owned();
    }
    let mut text = String::new();
    let mut rest = body;
    while let Some((before, tag)) = rest.split_once('<') {
        text.push_str(before);
        text.push(' ');
        let skipped = ["style", "script"]
            .into_iter()
            .find(|name| starts_with_ignoring_case(tag, name));
        rest = match skipped.and_then(|name| tag.find(&format!("</{name}"))) {
            Some(end) => &tag[end..],
            None => tag,
        };
        rest = rest.split_once('>').map_or("", |(_, after)| after);
    }
    text.push_str(rest);
    text
}

fn starts_with_ignoring_case(text: &str, prefix: &str) -> bool {
    text.get(..prefix.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(prefix))
}

/// Folds blanks, drops what a terminal would obey, cuts what is too long.
pub(crate) fn one_line(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    let line: String = words.join(" ");
    let mut chars = line.chars().filter(|c| !c.is_control());
    let mut short: String = chars.by_ref().take(MAX_CHARS).collect();
    if chars.next().is_some() {
        short.push(CUT);
    }
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(body: &str, message: &str, codes: &str) {
        let expected = Complaint {
            message: message.into(),
            codes: codes.into(),
        };
        assert_eq!(from_body(body), expected);
    }

    #[test]
    fn reads_every_form_of_error_body() {
        check(
            r#"{"error":{"message":"Rate limit","type":"tokens","code":"rate_limit_exceeded","param":null}}"#,
            "Rate limit",
            "tokens rate_limit_exceeded",
        );
        check(
            r#"{"error":"model 'x' not found"}"#,
            "model 'x' not found",
            "",
        );
        check(
            r#"{"message":"Unauthorized","type":"auth"}"#,
            "Unauthorized",
            "auth",
        );
        check(
            r#"{"detail":[{"loc":["body"],"msg":"field required"}]}"#,
            "field required",
            "",
        );
        check(
            r#"{"error":{"code":402,"status":"NO_MONEY"}}"#,
            "the server reports an error",
            "402 no_money",
        );
    }

    #[test]
    fn an_error_may_come_as_an_event() {
        let error = r#"{"error":{"message":"Error processing stream start","code":"500"}}"#;
        for begin in ["", "event: error\n"] {
            let body = format!("{begin}data: {error}\n\ndata: [DONE]\n\n");
            check(&body, "Error processing stream start", "500");
        }
    }

    #[test]
    fn shows_html_as_text() {
        check(
            "<html><head><style>b{x}</style><title>502 Bad Gateway</title></head>\n<body><h1>502</h1></body></html>",
            "502 Bad Gateway 502",
            "",
        );
        check("<", "", "");
        check("<script>", "", "");
    }

    #[test]
    fn passes_other_text_on_without_control_characters() {
        check("no  such\n\x1b[31mroute\x07", "no such [31mroute", "");
        check("", "", "");
    }

    #[test]
    fn cuts_what_is_too_long() {
        let complaint = from_body(&"é".repeat(1000));
        assert_eq!(complaint.message, format!("{}…", "é".repeat(MAX_CHARS)));
    }

    #[test]
    fn an_empty_error_is_none() {
        use serde_json::json;
        for error in [json!(null), json!(false), json!(""), json!({})] {
            assert_eq!(within(&json!({ "error": error })), None, "{error}");
        }
        assert_ne!(within(&json!({"error": [1]})), None);
    }

    #[test]
    fn a_body_may_say_that_it_is_an_error() {
        let body = serde_json::json!({"object": "error", "message": "no room", "code": 400});
        assert_eq!(within(&body).unwrap().message, "no room");
        check("\u{feff}{\"error\":\"no room\"}", "no room", "");
    }
}
