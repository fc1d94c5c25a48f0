//! The forms of a conversation in a file: JSON Lines of messages, and what llm-loop exports. Pure.

use lr_turn::{Message, Role};
use serde::{Deserialize, Deserializer, Serialize};

/// Which model has said something, and where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Speaker {
    /// The provider, or the server where it is none that has a name.
    pub(crate) provider: String,
    /// The model as the provider calls it.
    pub(crate) model: String,
}

/// A message of a conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Said {
    #[serde(flatten)]
    pub(crate) message: Message,
    /// Who said it, if it was a model that is known.
    #[serde(flatten)]
    pub(crate) by: Option<Speaker>,
}

impl Said {
    /// A message that nobody is named for.
    pub(crate) fn new(role: Role, content: String) -> Said {
        Said {
            message: Message::new(role, content),
            by: None,
        }
    }
}

/// One exchange as llm-loop writes it; it has tool calls too, which mean nothing without the tools.
#[derive(Debug, Serialize, Deserialize)]
struct Exchange {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    system: Option<String>,
    /// It may be null, but not absent.
    #[serde(deserialize_with = "Option::deserialize")]
    prompt: Option<String>,
    response: Option<String>,
    #[serde(default, deserialize_with = "or_none")]
    tool_calls: Vec<serde_json::Value>,
}

/// A list, for which null may stand.
fn or_none<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<serde_json::Value>, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// A document: a message of ours, or an exchange of llm-loop's.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Entry {
    Message(Said),
    Exchange(Exchange),
    List(Vec<Entry>),
}

/// Reads a conversation in either form.
///
/// # Errors
///
/// What is wrong with it, and where.
pub(crate) fn read(text: &str) -> Result<Vec<Said>, String> {
    let mut messages = Vec::new();
    let mut entries = serde_json::Deserializer::from_str(text).into_iter::<Entry>();
    loop {
        let rest = &text[entries.byte_offset()..];
        let before = &text[..text.len() - rest.trim_start().len()];
        let line = before.split('\n').count();
        let Some(entry) = entries.next() else {
            return Ok(messages);
        };
        match entry {
            Ok(entry) => add(&mut messages, entry),
            Err(error) if error.is_data() => {
                return Err(format!("no message and no exchange in line {line}"));
            }
            Err(error) => return Err(error.to_string()),
        }
    }
}

fn add(messages: &mut Vec<Said>, entry: Entry) {
    match entry {
        Entry::Message(message) => messages.push(message),
        Entry::List(entries) => entries.into_iter().for_each(|entry| add(messages, entry)),
        Entry::Exchange(exchange) => {
            let Exchange {
                system,
                prompt,
                response,
                ..
            } = exchange;
            let parts = [
                (Role::System, system),
                (Role::User, prompt),
                (Role::Assistant, response),
            ];
            for (role, content) in parts {
                let content = content.filter(|content| !content.is_empty());
                messages.extend(content.map(|content| Said::new(role, content)));
            }
        }
    }
}

/// Writes messages, one a line.
///
/// # Errors
///
/// When they cannot be written as JSON.
pub(crate) fn lines(messages: &[Said]) -> Result<String, serde_json::Error> {
    let mut text = String::new();
    for message in messages {
        text.push_str(&serde_json::to_string(message)?);
        text.push('\n');
    }
    Ok(text)
}

/// Writes a conversation as llm-loop does. A system message stands beside the prompt after it.
///
/// # Errors
///
/// When it cannot be written as JSON.
pub(crate) fn exchanges(messages: &[Said]) -> Result<String, serde_json::Error> {
    let mut exchanges: Vec<Exchange> = Vec::new();
    let mut system = None;
    for message in messages.iter().map(|said| &said.message) {
        let content = Some(message.content.clone());
        match (message.role, exchanges.last_mut()) {
            (Role::System, _) => system = content,
            (Role::Assistant, Some(last)) if last.response.is_none() => last.response = content,
            (Role::User, _) => exchanges.push(exchange(system.take(), content, None)),
            (Role::Assistant, _) => exchanges.push(exchange(system.take(), None, content)),
            // Calls of tools mean nothing without the tools.
            (Role::Tool, _) => {}
        }
    }
    for exchange in &mut exchanges {
        exchange.prompt.get_or_insert_default();
        exchange.response.get_or_insert_default();
    }
    serde_json::to_string_pretty(&exchanges).map(|text| text + "\n")
}

fn exchange(system: Option<String>, prompt: Option<String>, response: Option<String>) -> Exchange {
    Exchange {
        system,
        prompt,
        response,
        tool_calls: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn message(role: Role, content: &str) -> Said {
        Said::new(role, content.to_owned())
    }

    fn talk() -> Vec<Said> {
        vec![
            message(Role::System, "be brief"),
            message(Role::User, "a?\nb?"),
            message(Role::Assistant, "a."),
            message(Role::User, "c?"),
        ]
    }

    #[test]
    fn both_forms_are_read() {
        assert_eq!(read(&lines(&talk()).unwrap()), Ok(talk()));
        let exported = r#"[{"prompt": "a?", "response": "a.", "tool_calls": [{"name": "ls"}]}, {"prompt": "", "response": "b.", "tool_calls": null}]"#;
        let expected = vec![
            message(Role::User, "a?"),
            message(Role::Assistant, "a."),
            message(Role::Assistant, "b."),
        ];
        assert_eq!(read(exported), Ok(expected));
        assert_eq!(read(" \n"), Ok(vec![]));
    }

    #[test]
    fn who_has_spoken_stands_beside_what_was_said() {
        let line = r#"{"role":"assistant","content":"a.","provider":"groq","model":"m"}"#;
        let said = read(line).unwrap();
        let expected = Speaker {
            provider: "groq".into(),
            model: "m".into(),
        };
        assert_eq!(said[0].by, Some(expected));
        assert_eq!(lines(&said).unwrap().trim_end(), line);
        let half = r#"{"role":"assistant","content":"a.","model":"m","at":7}"#;
        assert_eq!(read(half), Ok(vec![message(Role::Assistant, "a.")]));
    }

    #[test]
    fn what_llm_loop_reads_is_written() {
        let text = exchanges(&talk()).unwrap();
        let expected = serde_json::json!([
            {"system": "be brief", "prompt": "a?\nb?", "response": "a.", "tool_calls": []},
            {"prompt": "c?", "response": "", "tool_calls": []},
        ]);
        assert_eq!(
            serde_json::from_str::<serde_json::Value>(&text).unwrap(),
            expected
        );
        assert_eq!(read(&text), Ok(talk()));
    }

    #[test]
    fn what_is_no_conversation_is_refused_with_its_line() {
        let second = "{\"role\":\"user\",\"content\":\"a\"}\n{\"role\":\"user\"}\n";
        let refusal = "no message and no exchange in line 2";
        assert_eq!(read(second), Err(refusal.into()));
        assert_eq!(
            read(&second.replace("{\"role\":\"user\"}", "7")),
            Err(refusal.into())
        );
        assert!(read("hello").unwrap_err().contains("line 1"));
        assert!(read("{\"role\":").unwrap_err().contains("EOF"));
    }

    proptest! {
        #[test]
        fn messages_come_back_as_they_were(contents in proptest::collection::vec(".*", 0..5)) {
            let talk: Vec<_> = contents.iter().map(|content| message(Role::User, content)).collect();
            prop_assert_eq!(read(&lines(&talk).unwrap()), Ok(talk));
        }
    }
}
