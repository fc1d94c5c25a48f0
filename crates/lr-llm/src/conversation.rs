//! What was said before, and where it is kept: in the user's folder for state, or in a file of the user's own.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use lr_stage::environment::var;
use lr_stage::{Error, Kind, say};
use lr_turn::{Message, Reply, Role};

use crate::args::{ConversationArguments, is_stdin};
use crate::history::{Said, Speaker};
use crate::{command, failure, files, history};

/// The name of the conversation that a question begins unless it names one.
const LAST: &str = "last";

/// A conversation so far.
#[derive(Debug, Default)]
pub(crate) struct Conversation {
    /// What was said before.
    before: Vec<Said>,
    /// What is said now.
    now: Vec<Said>,
    /// The model that it was with, unless it was imported.
    speaker: Option<Speaker>,
    /// Where it is kept; `None` if nowhere.
    file: Option<PathBuf>,
    /// The user named it, or goes on with it, so that it must be kept.
    is_wanted: bool,
    /// What its file holds goes on and is not replaced.
    is_old: bool,
    export: Option<PathBuf>,
}

impl Conversation {
    /// Finds the conversation that is to go on; `asks` tells whether there is a question.
    ///
    /// # Errors
    ///
    /// `usage` for names that are none, `input` and `io` when it is not there or cannot be read.
    pub(crate) fn open(args: &ConversationArguments, asks: bool) -> Result<Self, Error> {
        let imported = args
            .import_conversation
            .as_deref()
            .map(import)
            .transpose()?;
        let goes_on = args.goes_on || (!asks && imported.is_none());
        let file = match &args.conversation {
            Some(name) => Some(place(name)?),
            None if goes_on => Some(newest()?),
            None => folder().map(|folder| folder.join(format!("{LAST}.jsonl"))),
        };
        let is_old = args.conversation.is_some() || goes_on;
        let kept = match file.as_deref().filter(|file| is_old && file.exists()) {
            Some(file) => read(file)?,
            None if goes_on => return Err(none_yet(args.conversation.as_deref())),
            None => Vec::new(),
        };
        if imported.is_some() && !kept.is_empty() {
            let name = args.conversation.as_deref().unwrap_or(LAST);
            let message =
                format!("the conversation '{name}' has begun, so nothing can be imported into it");
            return Err(
                Error::new(Kind::Usage, message).hint("'--conversation' takes another name")
            );
        }
        let is_named = args.conversation.as_deref().is_none_or(is_name);
        Ok(Conversation {
            speaker: last_speaker(&kept, is_named).cloned(),
            before: imported.unwrap_or(kept),
            now: Vec::new(),
            is_wanted: (is_old || !asks) && !args.no_keep,
            is_old,
            file: file.filter(|_| !args.no_keep),
            export: args.export_conversation.clone(),
        })
    }

    /// The model that the conversation was with.
    pub(crate) fn speaker(&self) -> Option<&Speaker> {
        self.speaker.as_ref()
    }

    /// Whether the conversation is printed in the place of the reply.
    pub(crate) fn is_printed(&self) -> bool {
        self.export.as_deref().is_some_and(is_stdin)
    }

    /// What the model is asked: all that was said, and the question. A system message takes the place of that before.
    pub(crate) fn ask(&mut self, system: Option<String>, question: String) -> Vec<Message> {
        let system = system.map(|system| Said::new(Role::System, system));
        let question = Said::new(Role::User, question);
        self.now = system.into_iter().chain([question]).collect();
        let all = extended(&self.before, &self.now);
        all.into_iter().map(|said| said.message).collect()
    }

    /// Fails if what is said next could not be kept where the user wants it, so that nothing is paid for in vain.
    ///
    /// # Errors
    ///
    /// Why not.
    pub(crate) fn check(&self) -> Result<(), Error> {
        if let Some(file) = self.file.as_ref().filter(|_| self.is_wanted) {
            lr_files::check_private(file).map_err(unwritable)?;
        }
        match self.export.as_ref().filter(|_| !self.is_printed()) {
            Some(file) => lr_files::check_whole(file).map_err(unwritable),
            None => Ok(()),
        }
    }

    /// Keeps and exports the conversation with what was said last. Gives what is to be printed of it, if that is.
    ///
    /// # Errors
    ///
    /// When it cannot be written where the user wants it.
    pub(crate) fn keep(&self, reply: Option<&Reply>) -> Result<Option<String>, Error> {
        let now: Vec<Said> = self.now.iter().cloned().chain(reply.map(said)).collect();
        let mut all = extended(&self.before, &now);
        if let Some(file) = &self.file {
            match self.save(file, &now) {
                Ok(kept) => all = kept,
                Err(error) if self.is_wanted => return Err(error),
                Err(error) => say::detail(1, &error.to_string()),
            }
        }
        let Some(file) = &self.export else {
            return Ok(None);
        };
        let text = written(file, &all).map_err(unencodable)?;
        if self.is_printed() {
            return Ok(Some(text));
        }
        lr_files::write_whole(file, text.as_bytes()).map_err(unwritable)?;
        Ok(None)
    }

    /// Adds what was said to a file. Where somebody else has said something meanwhile, that is kept too.
    fn save(&self, file: &Path, now: &[Said]) -> Result<Vec<Said>, Error> {
        let mut all = extended(&self.before, now);
        let mut text = written(file, &all);
        let update = |old: Option<Vec<u8>>| {
            let old = old.filter(|_| self.is_old);
            let old = old.and_then(|bytes| history::read(str::from_utf8(&bytes).ok()?).ok());
            if let Some(others) = old.filter(|old| !old.is_empty() && *old != self.before) {
                say::note("the conversation has gone on meanwhile; this comes behind it");
                all = extended(&others, now);
                text = written(file, &all);
            }
            text.as_deref().unwrap_or_default().into()
        };
        lr_files::update_private(file, update).map_err(unwritable)?;
        text.map_err(unencodable)?;
        Ok(all)
    }
}

/// All that was said; a system message of now takes the place of that before.
fn extended(before: &[Said], now: &[Said]) -> Vec<Said> {
    let is_rule = |said: &&Said| said.message.role == Role::System;
    let rule = now.iter().find(is_rule);
    let before = before.iter();
    let before = before.filter(|said| rule.is_none() || !is_rule(said));
    let rest = now.iter().filter(|said| !is_rule(said));
    rule.into_iter()
        .chain(before)
        .chain(rest)
        .cloned()
        .collect()
}

/// A reply, with who has given it.
fn said(reply: &Reply) -> Said {
    let by = reply.provider.clone().zip(reply.model.clone());
    Said {
        by: by.map(|(provider, model)| Speaker { provider, model }),
        ..Said::new(Role::Assistant, reply.text.clone())
    }
}

/// Who has spoken last. A file that came from elsewhere cannot name a program.
fn last_speaker(said: &[Said], is_named: bool) -> Option<&Speaker> {
    let speaker = said.iter().rev().find_map(|said| said.by.as_ref());
    speaker.filter(|speaker| is_named || command::line(&speaker.model).is_none())
}

/// A conversation in the form that the name of its file asks for.
fn written(file: &Path, said: &[Said]) -> Result<String, serde_json::Error> {
    if ends_in(file, "json") {
        history::exchanges(said)
    } else {
        history::lines(said)
    }
}

fn ends_in(file: &Path, end: &str) -> bool {
    file.extension().is_some_and(|extension| extension == end)
}

/// The folder of all conversations that have names; `None` if nobody says where the user's state is.
fn folder() -> Option<PathBuf> {
    let state = var("XDG_STATE_HOME").map(PathBuf::from);
    let state = state.filter(|path| path.is_absolute());
    let home = || {
        var("HOME")
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
    };
    let state = state.or_else(|| home().map(|home| home.join(".local/state")));
    state.map(|state| state.join("lr/conversations"))
}

fn named_folder() -> Result<PathBuf, Error> {
    folder().ok_or_else(|| {
        Error::new(Kind::Config, "there is no folder to keep conversations in")
            .hint("set HOME or XDG_STATE_HOME, or give '--conversation' a file")
    })
}

/// Whether a word is the name of a conversation, and not the path of a file.
fn is_name(word: &str) -> bool {
    let is_file = |end| ends_in(Path::new(word), end);
    !(word.contains('/') || is_file("jsonl") || is_file("json"))
}

/// Where the conversation of a name is kept, or the one in a file.
fn place(name: &str) -> Result<PathBuf, Error> {
    if !is_name(name) {
        return Ok(PathBuf::from(name));
    }
    let is_sign = |sign: char| sign.is_alphanumeric() || "-_.".contains(sign);
    if name.is_empty() || name.starts_with(['.', '-']) || !name.chars().all(is_sign) {
        let message = format!("'{name}' is no name of a conversation");
        return Err(Error::new(Kind::Usage, message)
            .hint("a name has letters, digits, '-', '_' and '.'; a file has a '/' in its path, or ends in '.jsonl' or '.json'"));
    }
    Ok(named_folder()?.join(format!("{name}.jsonl")))
}

/// The conversation that something was said in last.
fn newest() -> Result<PathBuf, Error> {
    let entries = fs::read_dir(named_folder()?).map_err(|_| none_yet(None))?;
    let changed = |path: &Path| -> Option<SystemTime> { path.metadata().ok()?.modified().ok() };
    let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    paths
        .filter(|path| path.extension().is_some_and(|end| end == "jsonl"))
        .filter_map(|path| Some((changed(&path)?, path)))
        .max()
        .map(|(_, path)| path)
        .ok_or_else(|| none_yet(None))
}

fn none_yet(name: Option<&str>) -> Error {
    let message = match name {
        Some(name) => format!("there is no conversation '{name}'"),
        None => "there is no conversation to go on with".to_owned(),
    };
    Error::new(Kind::Input, message).hint("a question without '--continue' begins one")
}

/// Reads a conversation that is kept.
fn read(file: &Path) -> Result<Vec<Said>, Error> {
    load(file).map_err(|error| {
        let path = file.display();
        error.hint(format!(
            "look at '{path}'; without it a conversation begins anew"
        ))
    })
}

/// Reads a conversation from elsewhere; `-` is standard input. What is empty was meant to be none.
fn import(file: &Path) -> Result<Vec<Said>, Error> {
    let file = if is_stdin(file) {
        Path::new("/dev/stdin")
    } else {
        file
    };
    let text = files::read(file)?;
    if text.trim().is_empty() {
        return Err(holds_none(file, "it is empty").hint("did the program that wrote it fail?"));
    }
    history::read(&text).map_err(|reason| holds_none(file, &reason))
}

fn load(file: &Path) -> Result<Vec<Said>, Error> {
    history::read(&files::read(file)?).map_err(|reason| holds_none(file, &reason))
}

fn holds_none(file: &Path, reason: &str) -> Error {
    let message = format!("'{}' holds no conversation: {reason}", failure::shown(file));
    Error::new(Kind::Input, message)
}

fn unwritable(error: lr_files::FileError) -> Error {
    Error::new(Kind::Io, "cannot keep the conversation").because(error)
}

fn unencodable(error: serde_json::Error) -> Error {
    Error::new(Kind::Io, "cannot keep the conversation").because(error)
}
