//! What was said before, and where it is kept: in the user's folder for state, or in a file of the user's own.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use lr_stage::environment::var;
use lr_stage::{Error, Kind, say};
use lr_turn::{Message, Role};

use crate::args::ConversationArguments;
use crate::{failure, files, history};

/// The name of the conversation that a question begins unless it names one.
const LAST: &str = "last";

/// A conversation so far.
#[derive(Debug, Default)]
pub(crate) struct Conversation {
    messages: Vec<Message>,
    /// Where it is kept; `None` if nowhere.
    file: Option<PathBuf>,
    /// The user named it, so that it must be kept.
    is_wanted: bool,
    export: Option<PathBuf>,
}

impl Conversation {
    /// Finds the conversation that is to go on; `asks` tells whether there is a question.
    ///
    /// # Errors
    ///
    /// `usage` for names that are none, `input` and `io` when it is not there or cannot be read.
    pub(crate) fn open(args: &ConversationArguments, asks: bool) -> Result<Self, Error> {
        let imported = args.import_conversation.as_deref().map(read).transpose()?;
        let goes_on = args.goes_on || (!asks && imported.is_none());
        let file = match &args.conversation {
            Some(name) => Some(place(name)?),
            None if goes_on => Some(newest()?),
            None if args.no_keep => None,
            None => folder().map(|folder| folder.join(format!("{LAST}.jsonl"))),
        };
        let is_wanted = args.conversation.is_some() || goes_on || !asks;
        let is_old = args.conversation.is_some() || goes_on;
        let kept = match file.as_deref().filter(|file| is_old && file.exists()) {
            Some(file) => read(file)?,
            None if args.goes_on => return Err(none_yet(args.conversation.as_deref())),
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
        Ok(Conversation {
            messages: imported.unwrap_or(kept),
            file,
            is_wanted,
            export: args.export_conversation.clone(),
        })
    }

    /// What the model is asked: all that was said, and the question. A system message takes the place of that before.
    pub(crate) fn ask(&self, system: Option<String>, question: String) -> Vec<Message> {
        let message = |role, content| Message { role, content };
        let replaces = system.is_some();
        let before = self.messages.iter();
        let before = before.filter(|message| !(replaces && message.role == Role::System));
        let system = system.map(|system| message(Role::System, system));
        let messages = system.into_iter().chain(before.cloned());
        messages.chain([message(Role::User, question)]).collect()
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
        match &self.export {
            Some(file) => lr_files::check_whole(file).map_err(unwritable),
            None => Ok(()),
        }
    }

    /// Keeps and exports the conversation with what was said last.
    ///
    /// # Errors
    ///
    /// When it cannot be written where the user wants it.
    pub(crate) fn keep(&self, asked: &[Message], reply: Option<&str>) -> Result<(), Error> {
        let said = reply.map(|reply| Message {
            role: Role::Assistant,
            content: reply.to_owned(),
        });
        let messages: Vec<Message> = asked.iter().cloned().chain(said).collect();
        if let Some(file) = &self.file {
            match save(file, &messages) {
                Err(error) if !self.is_wanted => say::detail(1, &error.to_string()),
                result => result?,
            }
        }
        let Some(file) = &self.export else {
            return Ok(());
        };
        let is_json = file
            .extension()
            .is_some_and(|extension| extension == "json");
        let text = if is_json {
            history::exchanges(&messages)
        } else {
            history::lines(&messages)
        };
        lr_files::write_whole(file, text.map_err(unencodable)?.as_bytes()).map_err(unwritable)
    }

    /// Keeps and exports the conversation as it is, without a question.
    ///
    /// # Errors
    ///
    /// As [`keep`](Conversation::keep).
    pub(crate) fn hand_over(&self) -> Result<(), Error> {
        self.keep(&self.messages, None)
    }
}

fn save(file: &Path, messages: &[Message]) -> Result<(), Error> {
    let text = history::lines(messages).map_err(unencodable)?;
    lr_files::write_private(file, text.as_bytes()).map_err(unwritable)
}

/// The folder of all conversations that have names; `None` if nobody says where the user's state is.
fn folder() -> Option<PathBuf> {
    let state = var("XDG_STATE_HOME").map(PathBuf::from);
    let state = state.filter(|path| path.is_absolute());
    let state = state.or_else(|| var("HOME").map(|home| Path::new(&home).join(".local/state")));
    state.map(|state| state.join("lr/conversations"))
}

fn named_folder() -> Result<PathBuf, Error> {
    folder().ok_or_else(|| {
        Error::new(Kind::Config, "there is no folder to keep conversations in")
            .hint("set HOME or XDG_STATE_HOME, or give '--conversation' a file")
    })
}

/// Where the conversation of a name is kept, or the one in a file.
fn place(name: &str) -> Result<PathBuf, Error> {
    if name.contains('/')
        || Path::new(name)
            .extension()
            .is_some_and(|end| end == "jsonl")
    {
        return Ok(PathBuf::from(name));
    }
    let is_sign = |sign: char| sign.is_alphanumeric() || "-_.".contains(sign);
    if name.is_empty() || name.starts_with(['.', '-']) || !name.chars().all(is_sign) {
        let message = format!("'{name}' is no name of a conversation");
        return Err(Error::new(Kind::Usage, message)
            .hint("a name has letters, digits, '-', '_' and '.'; a file is given with '/'"));
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

fn read(file: &Path) -> Result<Vec<Message>, Error> {
    history::read(&files::read(file)?).map_err(|reason| {
        let message = format!("'{}' holds no conversation: {reason}", failure::shown(file));
        Error::new(Kind::Input, message)
    })
}

fn unwritable(error: lr_files::FileError) -> Error {
    Error::new(Kind::Io, "cannot keep the conversation").because(error)
}

fn unencodable(error: serde_json::Error) -> Error {
    Error::new(Kind::Io, "cannot keep the conversation").because(error)
}
