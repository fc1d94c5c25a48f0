//! One piece of a turn as text.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use clap::ValueEnum as _;
use lr_stage::{Error, Kind};
use lr_turn::{Apply, Check, Prompt, Reply, Turn, TurnError};

use crate::args::Piece;

/// Which piece is wanted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wanted {
    /// The kind of piece.
    pub(crate) piece: Piece,
    /// The turn; the last one that has such a piece unless it is named.
    pub(crate) turn: Option<u64>,
    /// The part; all of the turn unless one is named.
    pub(crate) part: Option<u64>,
}

/// The pieces of one kind, each with its turn and part.
type Pieces = Vec<(u64, u64, String)>;

/// Returns a piece of a turn as text, or in words which there are where that one is not.
///
/// # Errors
///
/// The record cannot be read.
pub(crate) fn text(folder: &Path, wanted: Wanted) -> Result<Result<String, String>, Error> {
    let all = read(folder, wanted)?;
    let is_wanted = |(turn, part, _): &&(u64, u64, String)| {
        wanted.turn.is_none_or(|it| it == *turn) && wanted.part.is_none_or(|it| it == *part)
    };
    let Some(turn) = all.iter().filter(is_wanted).map(|(turn, ..)| *turn).max() else {
        return Ok(Err(absent(&all, wanted)));
    };
    let found = all.iter().filter(is_wanted).filter(|it| it.0 == turn);
    let mut found: Vec<(u64, &str)> = found.map(|(_, part, text)| (*part, &text[..])).collect();
    found.sort_by_key(|(part, _)| *part);
    let is_one = found.len() == 1;
    let mut text = String::new();
    for (part, piece) in found {
        if !is_one {
            let _ = writeln!(text, "--- part {part}");
        }
        text.push_str(piece);
        if !piece.ends_with('\n') {
            text.push('\n');
        }
    }
    Ok(Ok(text))
}

/// Reads all pieces of one kind.
fn read(folder: &Path, wanted: Wanted) -> Result<Pieces, Error> {
    let path = folder.join("turns.jsonl");
    let bytes = fs::read(&path).map_err(|error| {
        Error::new(Kind::Io, format!("cannot read '{}'", path.display())).because(error)
    })?;
    let record = String::from_utf8_lossy(&bytes);
    let mut found = Pieces::new();
    for line in record.lines() {
        let Ok(line) = Turn::parse(line) else {
            continue;
        };
        // The prompt's line repeats the check, narrowed to its part.
        if wanted.piece == Piece::Check && wanted.part.is_none() && line.has("prompt") {
            continue;
        }
        let Some(text) = of_line(&line, wanted.piece).filter(|text| !text.is_empty()) else {
            continue;
        };
        let id = line.id().unwrap_or_default();
        let place = (id.turn.unwrap_or(1), id.part.unwrap_or(1));
        // What was done again for a part takes the place of what was there.
        found.retain(|(turn, part, _)| (*turn, *part) != place);
        found.push((place.0, place.1, text));
    }
    Ok(found)
}

/// Says that a piece is not there, and which of its kind are.
fn absent(all: &Pieces, wanted: Wanted) -> String {
    let piece = wanted.piece.to_possible_value();
    let piece = piece.as_ref().map_or("piece", |value| value.get_name());
    let turns: BTreeSet<u64> = all.iter().map(|(turn, ..)| *turn).collect();
    if turns.is_empty() {
        return format!("the run has no {piece}");
    }
    let of_turn = all.iter().filter(|it| Some(it.0) == wanted.turn);
    let parts: BTreeSet<u64> = of_turn.map(|(_, part, _)| *part).collect();
    let what = match (wanted.turn, wanted.part) {
        (Some(turn), Some(part)) if !parts.is_empty() => {
            let parts = numbers(&parts);
            return format!("part {part} of turn {turn} has no {piece}; these parts have: {parts}");
        }
        (Some(turn), _) => format!("turn {turn} has no {piece}"),
        (None, Some(part)) => format!("no part {part} has a {piece}"),
        (None, None) => format!("the run has no {piece}"),
    };
    format!("{what}; these turns have: {}", numbers(&turns))
}

/// Writes numbers shortly: `1-3, 5`.
fn numbers(numbers: &BTreeSet<u64>) -> String {
    let mut ranges: Vec<(u64, u64)> = Vec::new();
    for number in numbers {
        match ranges.last_mut() {
            Some((_, last)) if *last + 1 == *number => *last = *number,
            _ => ranges.push((*number, *number)),
        }
    }
    let ranges = ranges.iter().map(|(first, last)| match last - first {
        0 => first.to_string(),
        1 => format!("{first}, {last}"),
        _ => format!("{first}-{last}"),
    });
    ranges.collect::<Vec<_>>().join(", ")
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
        // What only says that a command failed says nothing without what it printed.
        if result.findings.iter().all(|it| it.location.range.is_none()) {
            for printed in [&result.stdout, &result.stderr].into_iter().flatten() {
                text.push_str(printed);
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_absent(all: &[(u64, u64)], place: (Option<u64>, Option<u64>), expected: &str) {
        let all = all
            .iter()
            .map(|(turn, part)| (*turn, *part, "x".to_owned()));
        let wanted = Wanted {
            piece: Piece::Diff,
            turn: place.0,
            part: place.1,
        };
        assert_eq!(absent(&all.collect(), wanted), expected);
    }

    #[test]
    fn a_command_that_failed_is_shown_with_what_it_printed() {
        let check = r#"{"lr":1,"check":{"clean":false,"results":[
            {"findings":[{"message":"./my.sh a: exit status 1","location":{"path":"a"}}],"stdout":"line 3 is bad\n"},
            {"findings":[{"message":"m","location":{"path":"b","range":{"start":{"line":2}}}}],"stdout":"raw\n"}]}}"#;
        let check = Turn::parse(check).unwrap().get().unwrap().unwrap();
        let expected = "a: ./my.sh a: exit status 1\nline 3 is bad\nb:2: m\n";
        assert_eq!(checked(&check), expected);
    }

    #[test]
    fn what_is_not_there_is_named_with_what_is() {
        let all = [(1, 1), (1, 2), (2, 1), (3, 1), (5, 1), (6, 1)];
        check_absent(&[], (Some(9), None), "the run has no diff");
        let turns = "these turns have: 1-3, 5, 6";
        check_absent(
            &all,
            (Some(9), None),
            &format!("turn 9 has no diff; {turns}"),
        );
        check_absent(
            &all,
            (Some(9), Some(1)),
            &format!("turn 9 has no diff; {turns}"),
        );
        check_absent(
            &all,
            (None, Some(7)),
            &format!("no part 7 has a diff; {turns}"),
        );
        let parts = "part 3 of turn 1 has no diff; these parts have: 1, 2";
        check_absent(&all, (Some(1), Some(3)), parts);
    }
}
