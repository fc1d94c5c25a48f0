//! The folder of a run, and the record in it.
//!
//! `turns.jsonl` holds, per stage and turn, one line with `lr run turn part stage at` and only
//! what that stage added. Each line is a valid turn; the whole turn is their merge. Beside it lies
//! the output of each stage, as it came.

use std::fs::File;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use lr_stage::project::{self, LR_FOLDER};
use lr_stage::{Error, Kind, clock, say};
use lr_turn::{Section, Turn};
use serde::{Deserialize, Serialize};
use tempfile::TempDir;

use crate::plan::Stage;

/// The name of the record in the folder of a run.
const RECORD: &str = "turns.jsonl";

/// The folder of one run.
#[derive(Debug)]
pub(crate) struct Record {
    folder: PathBuf,
    /// `None` where no record can be kept.
    lines: Option<File>,
    /// Removes the folder of a run that leaves none.
    _temporary: Option<TempDir>,
}

impl Record {
    /// Makes the folder of a run: the named one, else one at the project's root, else, in a
    /// read-only tree, one that goes away with the run.
    pub(crate) fn open(run: &str, named: Option<&Path>) -> Result<Self, Error> {
        if let Some(folder) = named {
            let made = std::fs::create_dir_all(folder).and_then(|()| Self::begin(folder.into()));
            return made.map_err(|error| {
                let message = format!("cannot keep the record in '{}'", folder.display());
                Error::new(Kind::Io, message).because(error)
            });
        }
        match in_project(run).and_then(Self::begin) {
            Ok(record) => Ok(record),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(Error::new(
                Kind::Usage,
                format!("there is a run '{run}' already"),
            )
            .hint("unset LR_RUN, or choose another name")),
            Err(error) => {
                say::warn(&format!("this run leaves no record: {error}"));
                say::note("hint: --run-dir keeps it elsewhere");
                Self::temporary()
            }
        }
    }

    fn begin(folder: PathBuf) -> io::Result<Self> {
        let lines = File::create_new(folder.join(RECORD))?;
        Ok(Self {
            folder,
            lines: Some(lines),
            _temporary: None,
        })
    }

    fn temporary() -> Result<Self, Error> {
        let folder = TempDir::with_prefix("lr-loop-").map_err(|error| {
            Error::new(Kind::Io, "cannot make a temporary folder").because(error)
        })?;
        Ok(Self {
            folder: folder.path().to_path_buf(),
            lines: None,
            _temporary: Some(folder),
        })
    }

    /// Returns the path of a file in the folder.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Adds what a stage added to its turns, and puts it on disk before the next stage begins.
    pub(crate) fn add(
        &mut self,
        stage: Stage,
        before: &[Turn],
        after: &[Turn],
    ) -> Result<(), Error> {
        let Some(file) = &mut self.lines else {
            return Ok(());
        };
        let at = format!("{:.3}", clock::now());
        let mut lines = String::new();
        for (position, turn) in after.iter().enumerate() {
            let before = before.get(position).filter(|_| before.len() == after.len());
            if let Some(line) = line(stage, &at, before, turn) {
                lines.push_str(&line.to_line());
                lines.push('\n');
            }
        }
        file.write_all(lines.as_bytes())
            .map_err(|error| Error::new(Kind::Io, "cannot write the record").because(error))
    }
}

/// Makes the line of a turn; `None` where the stage added nothing.
fn line(stage: Stage, at: &str, before: Option<&Turn>, after: &Turn) -> Option<Turn> {
    let is_new = |key: &str| match stage {
        Stage::CHECK => true,
        _ => after.has(key) && before.is_none_or(|before| before.raw(key) != after.raw(key)),
    };
    let failed = is_new("error");
    let added = stage.adds.last().is_some_and(|key| is_new(key));
    if !added && !failed {
        return None;
    }
    let mut line = Turn::new();
    for key in ["run", "turn", "part", "parts"] {
        line.copy(key, after);
    }
    line.set(&Author(stage.program.to_owned()));
    line.set(&Moment(at.to_owned()));
    if added {
        stage.adds.iter().for_each(|key| line.copy(key, after));
    }
    if failed {
        line.copy("error", after);
    }
    Some(line)
}

/// `stage`: the program that added what the line holds.
#[derive(Serialize, Deserialize)]
struct Author(String);

impl Section for Author {
    const KEY: &'static str = "stage";
}

/// `at`: when it was done, in UTC.
#[derive(Serialize, Deserialize)]
struct Moment(String);

impl Section for Moment {
    const KEY: &'static str = "at";
}

/// Makes the folder of a run at the project's root; `.lr` ignores itself.
fn in_project(run: &str) -> io::Result<PathBuf> {
    let here = std::env::current_dir()?;
    let root = project::root(&here);
    let lr = root.strip_prefix(&here).unwrap_or(&root).join(LR_FOLDER);
    make_unless_there(&lr)?;
    match File::create_new(lr.join(".gitignore")) {
        Ok(mut file) => file.write_all(b"*\n")?,
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        Err(error) => return Err(error),
    }
    let runs = lr.join("runs");
    make_unless_there(&runs)?;
    let folder = runs.join(run);
    make(&folder)?;
    Ok(folder)
}

/// Makes a folder unless it is there; a symbolic link is not followed out of the project.
fn make_unless_there(folder: &Path) -> io::Result<()> {
    match make(folder) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        Err(_) if !folder.symlink_metadata()?.is_dir() => {
            let message = format!("'{}' is not a folder", folder.display());
            Err(io::Error::new(io::ErrorKind::NotADirectory, message))
        }
        _ => Ok(()),
    }
}

fn make(folder: &Path) -> io::Result<()> {
    std::fs::create_dir(folder).map_err(|error| {
        let message = format!("cannot make '{}': {error}", folder.display());
        io::Error::new(error.kind(), message)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recorded(stage: Stage, before: &[&str], after: &[&str]) -> String {
        let turns = |lines: &[&str]| -> Vec<Turn> {
            lines
                .iter()
                .map(|line| Turn::parse(line).unwrap())
                .collect()
        };
        let folder = tempfile::tempdir().unwrap();
        let mut record = Record::open("r", Some(folder.path())).unwrap();
        record.add(stage, &turns(before), &turns(after)).unwrap();
        let text = std::fs::read_to_string(folder.path().join(RECORD)).unwrap();
        let mut shown = String::new();
        for line in text.lines() {
            let mut turn = Turn::parse(line).unwrap();
            turn.remove("at");
            shown.push_str(&turn.to_line());
            shown.push('\n');
        }
        shown
    }

    #[test]
    fn a_line_holds_only_what_the_stage_added() {
        let check = r#"{"lr":1,"run":"r","turn":2,"sources":[],"previous":{},"check":{"clean":false},"x":1}"#;
        assert_eq!(
            recorded(Stage::CHECK, &[], &[check]),
            "{\"lr\":1,\"run\":\"r\",\"turn\":2,\"stage\":\"lr-check\",\"sources\":[],\
             \"previous\":{},\"check\":{\"clean\":false}}\n"
        );
        let replied = r#"{"lr":1,"run":"r","turn":2,"check":{},"reply":{"text":"t"}}"#;
        assert_eq!(
            recorded(Stage::FIX, &[check], &[replied]),
            "{\"lr\":1,\"run\":\"r\",\"turn\":2,\"stage\":\"lr-fix\",\"reply\":{\"text\":\"t\"}}\n"
        );
        assert_eq!(recorded(Stage::LLM, &[replied], &[replied]), "");
        assert_eq!(recorded(Stage::START, &[check], &[check]), "");
    }

    #[test]
    fn a_split_turn_is_recorded_with_what_each_part_holds() {
        let check = r#"{"lr":1,"run":"r","turn":1,"check":{}}"#;
        let part = r#"{"lr":1,"run":"r","turn":1,"part":1,"parts":2,"check":{},"prompt":{}}"#;
        let other = r#"{"lr":1,"run":"r","turn":1,"part":2,"parts":2,"check":{},"prompt":{}}"#;
        assert_eq!(
            recorded(Stage::PROMPT, &[check], &[part, other]),
            "{\"lr\":1,\"run\":\"r\",\"turn\":1,\"part\":1,\"parts\":2,\"stage\":\"lr-prompt\",\
             \"check\":{},\"prompt\":{}}\n\
             {\"lr\":1,\"run\":\"r\",\"turn\":1,\"part\":2,\"parts\":2,\"stage\":\"lr-prompt\",\
             \"check\":{},\"prompt\":{}}\n"
        );
    }

    #[test]
    fn an_error_is_recorded_once() {
        let check = r#"{"lr":1,"run":"r","turn":1,"check":{}}"#;
        let failed = r#"{"lr":1,"run":"r","turn":1,"check":{},"error":{"stage":"lr-llm","kind":"network","message":"m"}}"#;
        assert_eq!(
            recorded(Stage::LLM, &[check], &[failed]),
            "{\"lr\":1,\"run\":\"r\",\"turn\":1,\"stage\":\"lr-llm\",\
             \"error\":{\"stage\":\"lr-llm\",\"kind\":\"network\",\"message\":\"m\"}}\n"
        );
        assert_eq!(recorded(Stage::APPLY, &[failed], &[failed]), "");
    }

    #[test]
    fn a_folder_that_holds_a_record_is_not_written_over() {
        let folder = tempfile::tempdir().unwrap();
        Record::open("r", Some(folder.path())).unwrap();
        assert!(Record::open("r", Some(folder.path())).is_err());
    }
}
