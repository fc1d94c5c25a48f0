//! What the command line and the configuration say together.

use std::path::Path;

use lr_stage::config::{Config, Settings};
use lr_stage::{Common, Error, Kind, environment};
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
    common: Common,
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
            common: args.common.clone(),
        })
    }

    /// Finds the template: a file, else one of the user's own by its name, else a built-in one.
    ///
    /// # Errors
    ///
    /// `template` when there is none, and `config`.
    pub(crate) fn template(&self) -> Result<Template, Error> {
        let configured = match &self.template {
            Some(name) => Some(name.clone()),
            None => {
                Config::load(&self.common)?
                    .settings::<PromptSettings>()?
                    .template
            }
        };
        let name = configured.unwrap_or_else(|| DEFAULT.to_owned());
        let is_path = name.contains('/') || has_ending(Path::new(&name));
        let own = environment::config_folder()
            .map(|folder| folder.join("templates").join(format!("{name}.hbs")));
        let path = if is_path {
            Some(Path::new(&name).to_path_buf())
        } else {
            own.filter(|path| path.exists())
        };
        if let Some(path) = path {
            let text = read(&path, Kind::Template)?;
            let name = path.file_stem().unwrap_or_default().to_string_lossy();
            return Ok(Template {
                name: name.into_owned(),
                text,
            });
        }
        match BUILT_IN.iter().find(|(known, _)| *known == name) {
            Some((_, text)) => Ok(Template {
                name,
                text: (*text).to_owned(),
            }),
            None => Err(Error::new(Kind::Template, format!("no template '{name}'"))
                .hint("name a file by its path, or put it into lr/templates of the configuration folder")),
        }
    }
}

fn has_ending(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending == "hbs")
}

fn read(path: &Path, kind: Kind) -> Result<String, Error> {
    std::fs::read_to_string(path).map_err(|error| {
        Error::new(kind, format!("cannot read '{}'", path.display())).because(error)
    })
}
