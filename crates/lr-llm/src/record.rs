//! Recorded answers, so that a run can be had again without a network.
//!
//! A folder holds one JSON file per exchange, named by its messages and its model. Messages are compared without
//! blanks at line ends; everything else that varies is the caller's to normalise. Keys are never recorded.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use lr_stage::{Error, Kind};
use lr_turn::{Message, Reply};
use serde::{Deserialize, Serialize};

use crate::failure;
use crate::wire::complaint::one_line;

/// One recorded exchange.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Recording {
    model: String,
    reply: Reply,
    messages: Vec<Message>,
}

/// A folder of recordings.
#[derive(Debug, Clone)]
pub(crate) struct Recordings {
    folder: PathBuf,
}

impl Recordings {
    /// The recordings in a folder, which need not be there yet.
    pub(crate) fn new(folder: &Path) -> Self {
        Recordings {
            folder: folder.to_owned(),
        }
    }

    /// Makes the folder, so that no reply is paid for that cannot be kept.
    ///
    /// # Errors
    ///
    /// `io` when that fails.
    pub(crate) fn prepare(&self) -> Result<(), Error> {
        fs::create_dir_all(&self.folder).map_err(|error| self.unwritable(error))
    }

    /// Writes a reply in place of an earlier one to the same messages by the same model.
    ///
    /// # Errors
    ///
    /// `io` when the folder or the file cannot be written.
    pub(crate) fn record(
        &self,
        model: &str,
        messages: &[Message],
        reply: &Reply,
    ) -> Result<(), Error> {
        let recording = Recording {
            model: model.to_owned(),
            reply: Reply {
                seconds: None,
                ..reply.clone()
            },
            messages: normalised(messages),
        };
        let path = self.folder.join(file_name(&recording.messages, model));
        let write = || -> std::io::Result<()> {
            let mut text = serde_json::to_string_pretty(&recording)?;
            text.push('\n');
            let unfinished = path.with_extension(format!("{}.tmp", std::process::id()));
            fs::write(&unfinished, text)?;
            fs::rename(&unfinished, &path)
        };
        write().map_err(|error| self.unwritable(error))
    }

    /// Finds the reply to these messages, by `model` or, without one, by any.
    ///
    /// # Errors
    ///
    /// `not_recorded`, which shows what comes nearest; `io` and `input` when the folder cannot be read.
    pub(crate) fn find(&self, model: Option<&str>, messages: &[Message]) -> Result<Reply, Error> {
        let messages = normalised(messages);
        let mut all = self.read(&prompt_name(&messages))?;
        if all.is_empty() {
            all = self.read("")?;
        }
        let same: Vec<_> = all
            .iter()
            .filter(|(_, recording)| recording.messages == messages)
            .collect();
        let fits = |recording: &Recording| model.is_none_or(|model| recording.model == model);
        match same.iter().find(|(_, recording)| fits(recording)) {
            Some((_, recording)) => Ok(recording.reply.clone()),
            None => Err(match same.first() {
                Some((name, other)) => self.missing(&format!(
                    "no recording of model '{}'; '{name}' has the same prompt for '{}'",
                    model.unwrap_or_default(),
                    other.model
                )),
                None => self.miss(&messages, &all),
            }),
        }
    }

    /// The recordings in files whose names start like this, with these names and in their order.
    fn read(&self, start: &str) -> Result<Vec<(String, Recording)>, Error> {
        let shown = failure::shown(&self.folder);
        let unreadable = |error: std::io::Error| {
            Error::new(Kind::Io, format!("cannot read recordings in '{shown}'")).because(error)
        };
        let mut paths = Vec::new();
        for entry in fs::read_dir(&self.folder).map_err(unreadable)? {
            paths.push(entry.map_err(unreadable)?.path());
        }
        paths.retain(|path| {
            path.extension()
                .is_some_and(|extension| extension == "json")
        });
        paths.retain(|path: &PathBuf| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            name.starts_with(start)
        });
        paths.sort();
        paths
            .into_iter()
            .map(|path| {
                let name = path
                    .file_name()
                    .unwrap_or_default()
                    .to_string_lossy()
                    .into_owned();
                let text = fs::read_to_string(&path).map_err(unreadable)?;
                let recording: Recording = serde_json::from_str(&text).map_err(|error| {
                    Error::new(
                        Kind::Input,
                        format!("'{}' is not a recording", failure::shown(&path)),
                    )
                    .because(error)
                })?;
                let messages = normalised(&recording.messages);
                Ok((
                    name,
                    Recording {
                        messages,
                        ..recording
                    },
                ))
            })
            .collect()
    }

    /// Says which recording comes nearest, and where it differs first.
    fn miss(&self, messages: &[Message], all: &[(String, Recording)]) -> Error {
        let asked = lines(messages);
        let nearest = all
            .iter()
            .map(|(name, recording)| (name, lines(&recording.messages)))
            .max_by_key(|(_, recorded)| shared(&asked, recorded));
        let Some((name, recorded)) = nearest else {
            return self.missing("no recordings at all");
        };
        let longest = asked.len().max(recorded.len());
        let line = (0..longest)
            .find(|&line| asked.get(line) != recorded.get(line))
            .unwrap_or(0);
        let show = |lines: &[String]| {
            lines
                .get(line)
                .map_or("nothing".into(), |text| format!("'{}'", one_line(text)))
        };
        let (ours, theirs) = (show(&asked), show(&recorded));
        self.missing(&format!(
            "no recording of this prompt; nearest is '{name}', different from line {} on: asked {ours}, recorded {theirs}",
            line + 1
        ))
    }

    fn unwritable(&self, error: std::io::Error) -> Error {
        let message = format!("cannot record into '{}'", failure::shown(&self.folder));
        Error::new(Kind::Io, message).because(error)
    }

    fn missing(&self, what: &str) -> Error {
        Error::new(
            Kind::NotRecorded,
            format!("{what} in '{}'", failure::shown(&self.folder)),
        )
        .hint("record it with a model and '--record DIR'")
    }
}

fn file_name(messages: &[Message], model: &str) -> String {
    let model = hash(model) >> 32;
    format!("{}-{model:08x}.json", prompt_name(messages))
}

fn prompt_name(messages: &[Message]) -> String {
    format!("{:016x}", hash(&lines(messages).join("\n")))
}

/// FNV-1a, the same in every version of the program. It only names files: contents are compared.
fn hash(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// Messages with LF line ends, without blanks at the ends of lines and of the whole.
fn normalised(messages: &[Message]) -> Vec<Message> {
    let text = |content: &str| {
        let lines: Vec<&str> = content.lines().map(str::trim_end).collect();
        lines.join("\n").trim_end().to_owned()
    };
    let message = |message: &Message| Message {
        content: text(&message.content),
        ..message.clone()
    };
    messages.iter().map(message).collect()
}

/// A conversation as lines, the role before each message.
fn lines(messages: &[Message]) -> Vec<String> {
    let mut lines = Vec::new();
    for message in messages {
        lines.push(format!("[{:?}]", message.role).to_lowercase());
        lines.extend(message.content.lines().map(str::to_owned));
    }
    lines
}

/// The number of lines that two conversations share, wherever they stand.
fn shared(ours: &[String], theirs: &[String]) -> usize {
    let mut counts: HashMap<&str, usize> = HashMap::new();
    for line in ours {
        *counts.entry(line).or_default() += 1;
    }
    let mut take = |line: &String| match counts.get_mut(line.as_str()) {
        Some(count) if *count > 0 => {
            *count -= 1;
            true
        }
        _ => false,
    };
    theirs.iter().filter(|line| take(line)).count()
}

#[cfg(test)]
mod tests {
    use lr_turn::Role;

    use super::*;

    fn prompt(text: &str) -> Vec<Message> {
        let message = Message::new;
        vec![message(Role::System, "rules"), message(Role::User, text)]
    }

    fn reply(text: &str) -> Reply {
        Reply::by("lr-llm", text.into())
    }

    fn found(
        recordings: &Recordings,
        model: Option<&str>,
        text: &str,
    ) -> Result<String, (Kind, String)> {
        let folder = failure::shown(&recordings.folder);
        match recordings.find(model, &prompt(text)) {
            Ok(reply) => Ok(reply.text),
            Err(error) => Err((error.kind, error.to_string().replace(&folder, "DIR"))),
        }
    }

    #[test]
    fn an_answer_is_found_by_model_and_messages() {
        let folder = tempfile::tempdir().unwrap();
        let recordings = Recordings::new(&folder.path().join("new"));
        recordings.prepare().unwrap();
        recordings
            .record("m", &prompt("a\nb"), &reply("1"))
            .unwrap();
        recordings
            .record("n", &prompt("a\nb"), &reply("2"))
            .unwrap();
        assert_eq!(
            found(&recordings, Some("n"), "a  \r\nb\n\n"),
            Ok("2".into())
        );
        assert!(found(&recordings, None, "a\nb").is_ok());
        recordings
            .record("n", &prompt("a\nb"), &reply("3"))
            .unwrap();
        assert_eq!(found(&recordings, Some("n"), "a\nb"), Ok("3".into()));
    }

    #[test]
    fn a_miss_shows_the_nearest_and_the_first_difference() {
        let folder = tempfile::tempdir().unwrap();
        let recordings = Recordings::new(folder.path());
        recordings
            .record("m", &prompt("x\ny\nz"), &reply("1"))
            .unwrap();
        recordings.record("m", &prompt("q"), &reply("2")).unwrap();
        let near = file_name(&prompt("x\ny\nz"), "m");
        assert_eq!(
            found(&recordings, None, "x\nY\nz"),
            Err((
                Kind::NotRecorded,
                format!(
                    "no recording of this prompt; nearest is '{near}', different from line 5 on: asked 'Y', recorded 'y' in 'DIR'"
                )
            ))
        );
        assert_eq!(
            found(&recordings, Some("other"), "x\ny\nz"),
            Err((
                Kind::NotRecorded,
                format!(
                    "no recording of model 'other'; '{near}' has the same prompt for 'm' in 'DIR'"
                )
            ))
        );
    }

    #[test]
    fn an_empty_or_missing_folder_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let recordings = Recordings::new(folder.path());
        assert_eq!(
            found(&recordings, None, "x"),
            Err((Kind::NotRecorded, "no recordings at all in 'DIR'".into()))
        );
        let missing = Recordings::new(&folder.path().join("no"));
        assert_eq!(found(&missing, None, "x").unwrap_err().0, Kind::Io);
    }

    #[test]
    fn a_file_that_is_no_recording_is_named() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("x.json"), "{}").unwrap();
        let (kind, message) = found(&Recordings::new(folder.path()), None, "x").unwrap_err();
        assert_eq!(kind, Kind::Input);
        assert!(
            message.starts_with("'…/x.json' is not a recording: "),
            "{message}"
        );
    }
}
