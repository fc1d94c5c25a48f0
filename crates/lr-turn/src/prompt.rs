//! `prompt`: what the model is asked.

use serde::{Deserialize, Serialize};

use crate::{Function, Section, ToolCall};

/// What the model is asked, and what it may change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Prompt {
    /// The conversation to send.
    pub messages: Vec<Message>,
    /// The name of the template it was made from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template: Option<String>,
    /// The format the reply was asked in.
    #[serde(default)]
    pub format: ReplyFormat,
    /// The lengths of the markers that the prompt announced.
    #[serde(default)]
    pub fence: Fence,
    /// The files that were shown and may be changed. Nothing else may.
    #[serde(default)]
    pub offered: Vec<Offered>,
    /// The tools that the model may ask for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tools: Vec<Function>,
    /// The estimated length of the messages, in tokens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tokens: Option<u64>,
}

impl Section for Prompt {
    const KEY: &'static str = "prompt";
}

/// One message of a conversation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Message {
    /// Who speaks.
    pub role: Role,
    /// What is said.
    pub content: String,
    /// The calls of tools that the model has asked for; only in what the model says.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tool_calls: Vec<ToolCall>,
    /// The `id` of the call whose result this is; only in what a tool says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tool_call_id: Option<String>,
}

impl Message {
    /// A message that is only a text.
    pub fn new(role: Role, content: impl Into<String>) -> Self {
        Message {
            role,
            content: content.into(),
            tool_calls: Vec::new(),
            tool_call_id: None,
        }
    }
}

/// Who speaks in a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// The rules, from us.
    System,
    /// The question, from us.
    User,
    /// The model.
    Assistant,
    /// A tool that the model has asked for, by its result.
    Tool,
}

/// How a reply writes new versions of files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum ReplyFormat {
    /// Whole files between `<<<< path <<<<` and `>>>>>>>>`.
    #[default]
    Blocks,
    /// Whole files in Markdown fences with a label.
    Fences,
    /// SEARCH/REPLACE edits.
    Edits,
    /// A unified diff.
    Diff,
    /// The `*** Begin Patch` envelope.
    Patch,
}

/// The lengths of the markers around a text: longer than any run of them in the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Fence {
    /// The number of `<` on each side of the name in an opening line.
    pub open: usize,
    /// The number of `>` in a closing line.
    pub close: usize,
}

impl Default for Fence {
    fn default() -> Self {
        Self { open: 4, close: 8 }
    }
}

/// A file that was shown and may be changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Offered {
    /// The file's path, relative to the working directory.
    pub path: String,
    /// SHA-256 of the bytes that were shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// How much of it was shown.
    #[serde(default)]
    pub shown: Shown,
}

/// How much of a file was shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Shown {
    /// All of it, so that a whole new version may be written.
    #[default]
    Whole,
    /// Some lines of it, so that only edits may be written.
    Windows,
}
