//! What pylint prints as `json2`: lines from 1, columns from 0.

use std::io::Read;

use lr_turn::Severity;
use serde::Deserialize;

use super::few::Few;
use super::{Complaint, Place};

#[derive(Deserialize)]
struct Report {
    messages: Few<Message>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Message {
    r#type: String,
    symbol: String,
    #[serde(rename = "message")]
    text: String,
    #[serde(rename = "messageId")]
    code: String,
    line: u64,
    column: u64,
    end_line: Option<u64>,
    end_column: Option<u64>,
    path: String,
}

/// Reads the complaints; the symbol, which the identifier abbreviates, goes into the message.
pub(super) fn read(output: impl Read) -> Result<Vec<Complaint>, String> {
    let report: Report = super::json(output)?;
    Ok(report.messages.into_iter().map(complaint).collect())
}

fn complaint(message: Message) -> Complaint {
    let place = |line, column: Option<u64>| Place {
        line,
        column: column.map(|column| column + 1),
    };
    Complaint {
        path: message.path,
        start: Some(place(message.line.max(1), Some(message.column))),
        end: message.end_line.map(|line| place(line, message.end_column)),
        code: message.code,
        message: format!("{} ({})", message.text, message.symbol),
        severity: Some(severity(&message.r#type)),
        ..Complaint::default()
    }
}

fn severity(word: &str) -> Severity {
    match word {
        "fatal" | "error" => Severity::Error,
        "warning" => Severity::Warning,
        _ => Severity::Info,
    }
}
