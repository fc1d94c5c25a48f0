//! One piece of a turn as text.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use lr_stage::{Error, Kind};
use lr_turn::{Apply, Check, Prompt, Reply, Turn, TurnError};

use crate::args::Piece;

/// Returns a piece of a turn, of all its parts unless one is named; empty if there is none.
///
/// # Errors
///
/// The record cannot be read.
pub(crate) fn text(
    folder: &Path,
    piece: Piece,
    turn: Option<u64>,
    part: Option<u64>,
) -> Result<String, Error> {
    let path = folder.join("turns.jsonl");
    let bytes = fs::read(&path).map_err(|error| {
        Error::new(Kind::Io, format!("cannot read '{}'", path.display())).because(error)
    })?;
    let record = String::from_utf8_lossy(&bytes);
    let mut found: Vec<(u64, u64, String)> = Vec::new();
    for line in record.lines() {
        let Ok(line) = Turn::parse(line) else {
            continue;
        };
        let id = line.id().unwrap_or_default();
        let place = (id.turn.unwrap_or(1), id.part.unwrap_or(1));
        let is_asked = turn.is_none_or(|it| it == place.0) && part.is_none_or(|it| it == place.1);
        let Some(text) = of_line(&line, piece).filter(|_| is_asked) else {
            continue;
        };
        // What was done again for a part takes the place of what was there.
        found.retain(|(turn, part, _)| (*turn, *part) != place);
        found.push((place.0, place.1, text));
    }
    let last = found.iter().map(|(turn, ..)| *turn).max();
    found.retain(|(number, ..)| Some(*number) == turn.or(last));
    found.sort_by_key(|(_, part, _)| *part);
    let is_one = found.len() == 1;
    let mut text = String::new();
    for (_, part, piece) in found {
        if !is_one {
            let _ = writeln!(text, "--- part {part}");
        }
        text.push_str(&piece);
        if !piece.ends_with('\n') {
            text.push('\n');
        }
    }
    Ok(text)
}

/// Returns the piece that a line of the record holds; one that is not of its form is none.
fn of_line(line: &Turn, piece: Piece) -> Option<String> {
    match piece {
        Piece::Prompt => line
            .get()
            .ok()
            .flatten()
            .map(|prompt: Prompt| prompted(&prompt)),
        Piece::Reply => match line.get::<Reply>() {
            Ok(Some(reply)) => Some(reply.text),
            _ => line
                .get()
                .ok()
                .flatten()
                .map(|error: TurnError| failed(&error)),
        },
        Piece::Diff => {
            let apply: Apply = line.get().ok()??;
            let diffs: String = apply
                .changes
                .into_iter()
                .filter_map(|change| change.diff)
                .collect();
            (!diffs.is_empty()).then_some(diffs)
        }
        // The prompt's line repeats the check, narrowed to its part.
        Piece::Check if line.has("prompt") => None,
        Piece::Check => line
            .get()
            .ok()
            .flatten()
            .map(|check: Check| checked(&check)),
        Piece::Notes => {
            let apply: Apply = line.get().ok()??;
            let mut notes = apply.notes.clone();
            for refusal in &apply.refusals {
                let path = refusal.path.as_deref().unwrap_or("the reply");
                let _ = write!(notes, "\nrefused: {path}: {}\n", refusal.reason);
            }
            (!notes.is_empty()).then_some(notes)
        }
    }
}

fn prompted(prompt: &Prompt) -> String {
    let contents = prompt
        .messages
        .iter()
        .map(|message| message.content.trim_end());
    contents.collect::<Vec<_>>().join("\n\n") + "\n"
}

fn failed(error: &TurnError) -> String {
    format!("{}: {}: {}\n", error.stage, error.kind, error.message)
}

fn checked(check: &Check) -> String {
    if check.clean {
        return "clean\n".to_owned();
    }
    let mut text = String::new();
    for result in &check.results {
        for finding in &result.findings {
            let location = &finding.location;
            let start = location.range.as_ref().map(|range| &range.start);
            let line = start.map_or_else(String::new, |start| format!(":{}", start.line));
            let _ = writeln!(text, "{}{line}: {}", location.path, finding.message);
        }
        if result.findings.is_empty() {
            for printed in [&result.stdout, &result.stderr].into_iter().flatten() {
                text.push_str(printed);
            }
        }
    }
    text
}
