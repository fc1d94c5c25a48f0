//! The folder of one run, while it is written.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use lr_stage::{Error, Kind, clock, say};
use lr_turn::Turn;
use serde::Serialize;
use tempfile::TempDir;

use crate::folder;
use crate::ledger::{Ledger, rounded};
use crate::lines::{Author, line};
use crate::lost::Lost;
use crate::options::Options;
use crate::reading;
use crate::steps::{Log, Resumed, Step};
use crate::summary::Summary;

/// The name of the file with what each step added.
pub(crate) const TURNS: &str = "turns.jsonl";
/// The name of the file that says which steps are complete.
pub(crate) const STEPS: &str = "steps.jsonl";

/// The folder of one run, while it is written.
#[derive(Debug)]
pub struct Record {
    folder: PathBuf,
    /// `None` where no record can be kept.
    files: Option<Files>,
    log: Log,
    ledger: Ledger,
    /// Removes the folder of a run that leaves none.
    _temporary: Option<TempDir>,
}

/// The files that grow with each step.
#[derive(Debug)]
struct Files {
    turns: File,
    steps: File,
    /// How long the first of them is.
    length: u64,
}

/// A step that was just done.
#[derive(Clone, Copy, Debug)]
pub struct Done<'a> {
    /// Its number in the run.
    pub number: u32,
    /// The turn it belongs to.
    pub turn: u64,
    /// The name of the stage.
    pub stage: &'a str,
    /// The stage as the author of what it added.
    pub author: Author<'a>,
    /// The exit status of the stage.
    pub status: u8,
    /// How long it took.
    pub seconds: f64,
    /// The file that holds what it wrote.
    pub file: &'a Path,
    /// Whether it cost money, so that it is brought to the disk before the next step.
    pub is_paid: bool,
}

impl Record {
    /// Makes the folder of a run: the named one, else one at the project's root, else, in a
    /// read-only tree, one that goes away with the run.
    ///
    /// # Errors
    ///
    /// `io` when the named folder cannot be used; `usage` when there is such a run already.
    pub fn create(run: &str, named: Option<&Path>) -> Result<Self, Error> {
        if let Some(folder) = named {
            let made = std::fs::create_dir_all(folder).and_then(|()| Self::begin(folder.into()));
            return made.map_err(|error| {
                let message = format!("cannot keep the record in '{}'", folder.display());
                Error::new(Kind::Io, message).because(error)
            });
        }
        match folder::make_run(run).and_then(Self::begin) {
            Ok(record) => Ok(record),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                Err(
                    Error::new(Kind::Usage, format!("there is a run '{run}' already")).hint(
                        format!("go on with it: lr-loop --resume {run}; or choose another name"),
                    ),
                )
            }
            Err(error) => {
                say::warn(&format!("this run leaves no record: {error}"));
                say::note("hint: --run-dir keeps it elsewhere");
                Self::temporary()
            }
        }
    }

    fn begin(folder: PathBuf) -> io::Result<Self> {
        let files = Files {
            turns: File::create_new(folder.join(TURNS))?,
            steps: File::create_new(folder.join(STEPS))?,
            length: 0,
        };
        Ok(Self::of(folder, Some(files), None))
    }

    fn temporary() -> Result<Self, Error> {
        let folder = TempDir::with_prefix("lr-loop-").map_err(|error| {
            Error::new(Kind::Io, "cannot make a temporary folder").because(error)
        })?;
        Ok(Self::of(folder.path().to_path_buf(), None, Some(folder)))
    }

    fn of(folder: PathBuf, files: Option<Files>, temporary: Option<TempDir>) -> Self {
        Self {
            folder,
            files,
            log: Log::default(),
            ledger: Ledger::default(),
            _temporary: temporary,
        }
    }

    /// Opens the folder of a run to go on with it: what its last, incomplete step left in the
    /// files that grow is cut off.
    ///
    /// # Errors
    ///
    /// `io` when the files cannot be read or written.
    pub fn resume(folder: &Path) -> Result<Self, Error> {
        let known = reading::read(folder).map_err(|error| cannot_resume(folder, error))?;
        let open = |name: &str, length: u64| -> io::Result<File> {
            let file = OpenOptions::new().append(true).open(folder.join(name))?;
            file.set_len(length)?;
            Ok(file)
        };
        let files = open(TURNS, known.turns_length).and_then(|turns| {
            let steps = open(STEPS, known.steps_length)?;
            let length = known.turns_length;
            Ok(Files {
                turns,
                steps,
                length,
            })
        });
        let files = files.map_err(|error| cannot_resume(folder, error))?;
        let mut record = Self::of(folder.to_path_buf(), Some(files), None);
        record.log = known.log;
        record.ledger = known.ledger;
        Ok(record)
    }

    /// Makes the record independent of the working directory.
    ///
    /// # Errors
    ///
    /// `io` when that is not known.
    pub fn anchor(&mut self) -> Result<(), Error> {
        self.folder = std::path::absolute(&self.folder).map_err(cannot_write)?;
        Ok(())
    }

    /// Returns the folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Returns which steps are complete.
    pub fn log(&self) -> &Log {
        &self.log
    }

    /// Tells whether a stage was run in a complete step.
    pub fn has_step(&self, stage: &str) -> bool {
        self.log.steps.iter().any(|step| step.stage == stage)
    }

    /// Returns what the run has taken so far.
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// Returns the file in which a step writes.
    pub fn step_file(&self, number: u32, stage: &str) -> PathBuf {
        self.file_of_try(number, stage, self.log.generation())
    }

    /// Returns the file in which a step wrote after the run was taken up so often.
    pub(crate) fn file_of_try(&self, number: u32, stage: &str, again: usize) -> PathBuf {
        let name = match again {
            0 => format!("{number:03}-{stage}.jsonl"),
            again => format!("{number:03}-{stage}.{again}.jsonl"),
        };
        self.folder.join(name)
    }

    /// Returns a step that was complete when the run was taken up again, if it is this one.
    pub fn completed(&self, number: u32, turn: u64, stage: &str) -> Option<&Step> {
        let mut steps = self.log.steps.iter();
        steps.find(|it| it.step == number && it.turn == turn && it.stage == stage)
    }

    /// Writes how the run was begun.
    ///
    /// # Errors
    ///
    /// `io` when that cannot be written.
    pub fn begun(&self, options: Options) -> Result<(), Error> {
        if self.files.is_none() {
            return Ok(());
        }
        options.write(&self.folder).map_err(cannot_write)
    }

    /// Writes what the run came to so far.
    ///
    /// # Errors
    ///
    /// `io` when that cannot be written.
    pub fn summarize(&self, summary: &Summary) -> Result<(), Error> {
        if self.files.is_none() {
            return Ok(());
        }
        summary.write(&self.folder).map_err(cannot_write)
    }

    /// Notes that a run which had ended is taken up again.
    ///
    /// # Errors
    ///
    /// `io` when that cannot be written.
    pub fn take_up(&mut self, ended: &str, after: u32, keep: bool) -> Result<(), Error> {
        let resumed = Resumed {
            resumed: at(),
            ended: ended.to_owned(),
            after,
            keep,
        };
        if let Some(files) = &mut self.files {
            files.add_line(&resumed).map_err(cannot_write)?;
        }
        self.log.add_resumed(resumed);
        Ok(())
    }

    /// Adds a step: what it added to the turns, and that it is complete.
    ///
    /// # Errors
    ///
    /// `io` when that cannot be written.
    pub fn complete(&mut self, done: &Done, before: &[Turn], after: &[Turn]) -> Result<(), Error> {
        let at = at();
        let mut text = String::new();
        for (position, turn) in after.iter().enumerate() {
            let before = before.get(position).filter(|_| before.len() == after.len());
            if let Some(line) = line(done.author, &at, before, turn) {
                self.ledger.add(&line)?;
                text.push_str(&line.to_line());
                text.push('\n');
            }
        }
        let done = &Done {
            seconds: rounded(done.seconds),
            ..*done
        };
        self.ledger.add_seconds(done.turn, done.stage, done.seconds);
        if done.stage == "check" && done.status == 2 {
            self.ledger.add_trouble(done.turn);
        }
        if let Some(files) = &mut self.files {
            let step = files.complete(done, &text, at).map_err(cannot_write)?;
            self.log.add_step(step);
        }
        Ok(())
    }
}

impl Record {
    /// Adds what calls have taken whose replies were lost.
    pub(crate) fn add_lost(
        &mut self,
        lost: Lost,
        file: &Path,
        author: Author<'_>,
        turns: &[Turn],
    ) -> Result<(), Error> {
        let at = at();
        let lines: Vec<Turn> = turns
            .iter()
            .filter_map(|turn| line(author, &at, None, turn))
            .collect();
        for line in &lines {
            self.ledger.add(line)?;
        }
        let text: String = lines.iter().map(|line| line.to_line() + "\n").collect();
        if let Some(files) = &mut self.files {
            let lost = files
                .add_lost(lost, file, &text, at)
                .map_err(cannot_write)?;
            self.log.add_lost(lost);
        }
        Ok(())
    }
}

impl Files {
    fn add_lost(&mut self, lost: Lost, file: &Path, text: &str, at: String) -> io::Result<Lost> {
        self.turns.write_all(text.as_bytes())?;
        self.length += text.len() as u64;
        self.turns.sync_data()?;
        let name = file.file_name().unwrap_or_default();
        let step = Step {
            file: name.to_string_lossy().into_owned(),
            bytes: file.metadata()?.len(),
            record: self.length,
            at,
            ..lost.lost
        };
        let lost = Lost { lost: step, ..lost };
        self.add_line(&lost)?;
        self.steps.sync_data()?;
        Ok(lost)
    }

    fn complete(&mut self, done: &Done, text: &str, at: String) -> io::Result<Step> {
        self.turns.write_all(text.as_bytes())?;
        self.length += text.len() as u64;
        let written = File::open(done.file)?;
        if done.is_paid {
            written.sync_data()?;
            self.turns.sync_data()?;
        }
        let name = done.file.file_name().unwrap_or_default();
        let step = Step {
            step: done.number,
            turn: done.turn,
            stage: done.stage.to_owned(),
            status: done.status,
            file: name.to_string_lossy().into_owned(),
            bytes: written.metadata()?.len(),
            record: self.length,
            seconds: done.seconds,
            at,
        };
        self.add_line(&step)?;
        if done.is_paid {
            self.steps.sync_data()?;
        }
        Ok(step)
    }

    fn add_line(&mut self, line: &impl Serialize) -> io::Result<()> {
        let mut text = serde_json::to_string(line)?;
        text.push('\n');
        self.steps.write_all(text.as_bytes())
    }
}

/// The present moment, as it stands in the record.
fn at() -> String {
    format!("{:.3}", clock::now())
}

fn cannot_write(error: io::Error) -> Error {
    Error::new(Kind::Io, "cannot write the record").because(error)
}

fn cannot_resume(folder: &Path, error: io::Error) -> Error {
    let message = format!("cannot go on with the run in '{}'", folder.display());
    Error::new(Kind::Io, message).because(error)
}
