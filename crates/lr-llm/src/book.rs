//! A book in which each request is written down before it is sent, with the most that it may take, and afterwards with
//! what it took: so a run that is killed knows what was under way.
//!
//! The variable `LR_CALLS` names the file, which only grows. Each line is written at once.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};

use lr_stage::environment::var;
use lr_turn::{Charge, Kind};
use serde_json::json;

use crate::failure::Failure;
use crate::rerun::Place;

/// The variable that names the file.
const VARIABLE: &str = "LR_CALLS";

/// The book of a run; of none by default.
#[derive(Debug, Default)]
pub(crate) struct Book {
    path: Option<PathBuf>,
    count: AtomicU64,
}

/// A request that was written down.
#[derive(Debug)]
pub(crate) struct Entry(Option<(File, String)>);

impl Book {
    /// The book of the run that this program is a stage of.
    pub(crate) fn of_run() -> Self {
        Book {
            path: var(VARIABLE).map(PathBuf::from),
            count: AtomicU64::new(0),
        }
    }

    /// Writes down a request for a turn that is about to be sent, and the most that it may take.
    pub(crate) fn begin(&self, place: Option<Place>, most: Charge) -> Result<Entry, Failure> {
        let (Some(path), Some(place)) = (&self.path, place) else {
            return Ok(Entry(None));
        };
        let number = self.count.fetch_add(1, Ordering::Relaxed);
        let call = format!("{}-{number}", std::process::id());
        let (turn, part) = place.numbers();
        let line = json!({"call": call, "turn": turn, "part": part, "most": most});
        let file = OpenOptions::new().append(true).create(true).open(path);
        let written = file.and_then(|mut file| {
            writeln(&mut file, &line.to_string())?;
            Ok(file)
        });
        let file = written.map_err(|error| {
            let message = format!(
                "cannot write down a request in '{}': {error}",
                path.display()
            );
            Failure::new(Kind::Io, message)
                .hint("nothing was sent, because a limit could not be kept")
        })?;
        Ok(Entry(Some((file, call))))
    }
}

impl Entry {
    /// Writes down what the request took, if it was sent at all.
    pub(crate) fn end(self, taken: Charge, was_sent: bool) {
        if let Some((mut file, call)) = self.0 {
            let line = json!({"call": call, "taken": taken, "sent": was_sent});
            // Without it the most counts that it may have taken.
            let _ = writeln(&mut file, &line.to_string());
        }
    }
}

/// Writes a line by one call, so that those of several threads do not mix.
fn writeln(file: &mut File, line: &str) -> std::io::Result<()> {
    file.write_all(format!("{line}\n").as_bytes())
}
