//! What `go test -json` prints: one event per line. A failed test is a finding where the first line
//! of its output says; of a test and its parts only the parts count.

use std::collections::{BTreeMap, HashSet};
use std::io::BufRead;
use std::sync::LazyLock;

use regex::Regex;
use serde::Deserialize;

use super::few::MOST;
use super::{Complaint, Place};

/// The code of what keeps tests from being built.
const BUILD: &str = "build error";

/// How much of what a test prints is looked at, in bytes.
const LONGEST_WORDS: usize = 1024 * 1024;

/// A place in what a test or the compiler prints.
static PLACE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"^\s*(?P<path>[^\s:]+\.go):(?P<line>\d+)(?::(?P<column>\d+))?:? ?(?P<message>.*)")
        .ok()
});

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Event {
    action: String,
    #[serde(default)]
    package: String,
    test: Option<String>,
    #[serde(default)]
    output: String,
}

/// Reads the tests that failed, and what keeps tests from being built.
pub(super) fn read(output: impl BufRead) -> Result<Vec<Complaint>, String> {
    let mut said: BTreeMap<(String, String), String> = BTreeMap::new();
    let mut failed: Vec<(String, String)> = Vec::new();
    let mut complaints = Vec::new();
    for line in output.lines() {
        if failed.len() + complaints.len() > MOST {
            return Err(super::too_many());
        }
        let line = line.map_err(|error| error.to_string())?;
        if !line.starts_with('{') {
            continue;
        }
        let event: Event = serde_json::from_str(&line).map_err(|error| error.to_string())?;
        match (event.action.as_str(), event.test) {
            ("build-output", _) => complaints.extend(build_error(&event.output)),
            ("output", Some(test)) => {
                let words = said.entry((event.package, test)).or_default();
                if words.len() < LONGEST_WORDS {
                    words.push_str(&event.output);
                }
            }
            ("pass" | "skip", Some(test)) => {
                said.remove(&(event.package, test));
            }
            ("fail", Some(test)) => failed.push((event.package, test)),
            _ => {}
        }
    }
    let whole = failed.iter().flat_map(|(package, part)| {
        let ends = part.match_indices('/').map(|(at, _)| at);
        ends.map(move |end| (package.as_str(), &part[..end]))
    });
    let whole: HashSet<(&str, &str)> = whole.collect();
    for name in &failed {
        if !whole.contains(&(name.0.as_str(), name.1.as_str())) {
            let words = said.get(name).map_or("", String::as_str);
            complaints.push(failure(name, words));
        }
    }
    Ok(complaints)
}

fn build_error(line: &str) -> Option<Complaint> {
    let found = PLACE.as_ref()?.captures(line.trim_end())?;
    Some(Complaint {
        path: found["path"].to_owned(),
        start: place(&found),
        code: BUILD.to_owned(),
        message: found["message"].to_owned(),
        ..Complaint::default()
    })
}

fn failure((package, test): &(String, String), words: &str) -> Complaint {
    let is_frame = |line: &&str| {
        ["=== ", "--- "]
            .iter()
            .any(|frame| line.trim_start().starts_with(frame))
    };
    let lines: Vec<&str> = words.lines().filter(|line| !is_frame(line)).collect();
    let places = || {
        lines
            .iter()
            .filter_map(|line| PLACE.as_ref()?.captures(line))
    };
    // The absolute paths are those of a panic's frames, most of which lie elsewhere.
    let found = places()
        .find(|found| !found["path"].starts_with('/'))
        .or_else(|| places().find(|found| found["path"].ends_with("_test.go")));
    let panic = lines.iter().find(|line| line.starts_with("panic: "));
    let first = lines.first().map_or("the test failed", |line| line.trim());
    let message = match (&found, panic) {
        (_, Some(panic)) => panic,
        (Some(found), None) if !found["message"].is_empty() => &found["message"],
        _ => first,
    };
    let message = message.to_owned();
    Complaint {
        // A test names the file only; the folder is that of its package.
        path: match &found {
            Some(found) if found["path"].starts_with('/') => found["path"].to_owned(),
            Some(found) => format!("{package}/{}", &found["path"]),
            None => String::new(),
        },
        start: found.as_ref().and_then(place),
        code: test.clone(),
        message,
        ..Complaint::default()
    }
}

fn place(found: &regex::Captures<'_>) -> Option<Place> {
    Some(Place {
        line: found["line"].parse::<u64>().ok()?.max(1),
        column: found
            .name("column")
            .and_then(|column| column.as_str().parse().ok()),
    })
}
