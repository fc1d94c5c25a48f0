//! What the command line and the configuration say together.

use std::path::Path;

use lr_config::{Config, Settings};
use lr_files::{Root, SourceFile};
use lr_guard::{Guard, Protect};
use lr_stage::{Common, Error, Kind, environment};
use lr_turn::ReplyFormat;
use serde::Deserialize;

use crate::Args;
use crate::render::{BUILT_IN, DEFAULT};

/// What the command line and the configuration say together.
#[derive(Debug, Default)]
pub(crate) struct Options {
    /// Ask although the checks are clean.
    pub(crate) even_if_clean: bool,
    /// What to do, by the command line.
    pub(crate) instructions: Option<String>,
    template: Option<String>,
    limits: Limits,
    common: Common,
}

/// What is shown and how replies are asked for.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Limits {
    /// Files of up to so many lines are shown whole.
    pub(crate) whole_below: Option<usize>,
    /// The format of replies, where one is named.
    pub(crate) reply_format: Option<ReplyFormat>,
    /// How many tokens a prompt may have.
    pub(crate) prompt_tokens: Option<u64>,
}

/// A template, not compiled yet.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Template {
    /// The name it goes by in turns.
    pub(crate) name: String,
    /// Its text.
    pub(crate) text: String,
}

/// The table `[prompt]` of the configuration.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
struct PromptSettings {
    template: Option<String>,
    whole_below: Option<usize>,
    reply_format: Option<ReplyFormat>,
    prompt_tokens: Option<u64>,
}

impl Settings for PromptSettings {
    const TABLE: &'static str = "prompt";
}

impl Options {
    /// Reads the command line.
    ///
    /// # Errors
    ///
    /// `io` when the file of instructions cannot be read.
    pub(crate) fn new(args: &Args) -> Result<Self, Error> {
        let instructions = match args.instructions.as_deref() {
            Some(text) => Some(match text.strip_prefix('@') {
                Some(path) => read(path.as_ref(), Kind::Io)?,
                None => text.to_owned(),
            }),
            None => None,
        };
        Ok(Self {
            even_if_clean: args.even_if_clean,
            instructions: instructions.map(|text| text.trim().to_owned()),
            template: args.template.clone(),
            limits: Limits {
                whole_below: args.whole_below,
                reply_format: args.reply_format.map(ReplyFormat::from),
                prompt_tokens: args.prompt_tokens,
            },
            common: args.common.clone(),
        })
    }

    /// Returns what the flags say, else the configuration.
    ///
    /// # Errors
    ///
    /// `config`.
    pub(crate) fn limits(&self) -> Result<Limits, Error> {
        let settings: PromptSettings = Config::load(&self.common)?.settings()?;
        Ok(Limits {
            whole_below: self.limits.whole_below.or(settings.whole_below),
            reply_format: self.limits.reply_format.or(settings.reply_format),
            prompt_tokens: self.limits.prompt_tokens.or(settings.prompt_tokens),
        })
    }

    /// Returns the guard of the files that no reply may touch, as lr-apply will have it.
    ///
    /// # Errors
    ///
    /// `config`, `usage` and `io`.
    pub(crate) fn guard(&self) -> Result<Guard, Error> {
        let settings: Protect = Config::load(&self.common)?.settings()?;
        let root =
            Root::open(".".as_ref()).map_err(|error| Error::new(Kind::Io, error.to_string()))?;
        Guard::new(&root, &settings.protect)
    }

    /// Finds the template: a file, else one of the user's own by its name, else a built-in one.
    ///
    /// # Errors
    ///
    /// `template` when there is none, and `config`.
    pub(crate) fn template(&self) -> Result<Template, Error> {
        if let Some(name) = &self.template {
            if is_path(name) {
                let text = read(name.as_ref(), Kind::Template)?;
                return Ok(Template::of_file(name, text));
            }
            return Template::named(name);
        }
        let settings: PromptSettings = Config::load(&self.common)?.settings()?;
        match settings.template {
            Some(path) if is_path(&path) => Ok(Template::of_file(&path, read_in_project(&path)?)),
            Some(name) => Template::named(&name),
            None => Template::named(DEFAULT),
        }
    }
}

impl Template {
    fn of_file(path: &str, text: String) -> Self {
        let name = Path::new(path).file_stem().unwrap_or_default();
        Self {
            name: name.to_string_lossy().into_owned(),
            text,
        }
    }

    /// Finds one of the user's own templates, else a built-in one.
    fn named(name: &str) -> Result<Self, Error> {
        let own = environment::config_folder()
            .map(|folder| folder.join("templates").join(format!("{name}.hbs")))
            .filter(|path| path.exists());
        let text = match own {
            Some(path) => read(&path, Kind::Template)?,
            None => match BUILT_IN.iter().find(|(known, _)| *known == name) {
                Some((_, text)) => (*text).to_owned(),
                None => return Err(unknown(name)),
            },
        };
        let name = name.to_owned();
        Ok(Self { name, text })
    }
}

fn unknown(name: &str) -> Error {
    Error::new(Kind::Template, format!("no template '{name}'"))
        .hint("name a file by its path, or put it into lr/templates of the configuration folder")
}

fn is_path(name: &str) -> bool {
    name.contains('/') || has_ending(Path::new(name))
}

/// Reads a template that a configuration file names. A project may come from anybody, so what it
/// shows to a model lies in the project and is reached through no link.
fn read_in_project(path: &str) -> Result<String, Error> {
    let root = lr_stage::project::root(Path::new("."));
    let read = Root::open(&root).and_then(|root| root.read(path));
    read.map(SourceFile::into_text).map_err(|error| {
        let message = format!("cannot use the configured template: {error}");
        Error::new(Kind::Template, message)
            .hint("it lies beneath the project's root; any other is named with --template")
    })
}

fn has_ending(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending == "hbs")
}

fn read(path: &Path, kind: Kind) -> Result<String, Error> {
    std::fs::read_to_string(path).map_err(|error| {
        Error::new(kind, format!("cannot read '{}'", path.display())).because(error)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_setting_is_listed() {
        assert_eq!(
            lr_config::unlisted::<PromptSettings>(),
            Vec::<String>::new()
        );
    }
}
