//! The configuration for people: the file to begin with, and what holds and why.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::ArgMatches;
use clap::parser::ValueSource;
use lr_config::{Config, Effective, Given, Setting};
use lr_stage::output::Output;
use lr_stage::{Common, Error, Form, Kind, environment, project, say};
use lr_turn::{Section, Turn};
use serde::{Deserialize, Serialize};

use crate::args::Args;

/// `config`: every setting with its value and where that comes from.
#[derive(Serialize, Deserialize)]
struct ConfigSection(Vec<Effective>);

impl Section for ConfigSection {
    const KEY: &'static str = "config";
}

/// Writes the commented file to begin with: at the project's root, where it is named, or on standard
/// output for `-`.
///
/// # Errors
///
/// The file is there, or cannot be written.
pub(crate) fn begin(file: &str, output: &mut Output) -> Result<(), Error> {
    if file == "-" {
        return output.text(&lr_config::example()?);
    }
    let file = match file {
        "" => named_from_here(project::root(Path::new(".")).join("lr.toml")),
        named => PathBuf::from(named),
    };
    lr_config::write_example(&file)?;
    say::note(&format!(
        "wrote '{}', in which nothing is set yet",
        file.display()
    ));
    Ok(())
}

/// Writes every setting with its value and where that comes from.
///
/// # Errors
///
/// The configuration cannot be used, or the output not written.
pub(crate) fn show(output: &mut Output) -> Result<(), Error> {
    let settings = effective(std::env::args_os())?;
    match output.form {
        Form::Text => output.text(&say::clean(&lr_config::text(&settings))),
        Form::Turn => {
            let mut turn = Turn::new();
            turn.set(&ConfigSection(settings));
            output.turn(&turn)
        }
    }
}

/// Returns every setting with its value and where that comes from; `words` are the command line,
/// program first.
///
/// # Errors
///
/// The configuration or the command line cannot be used.
pub(crate) fn effective(
    words: impl IntoIterator<Item = OsString>,
) -> Result<Vec<Effective>, Error> {
    let flags = lr_stage::matches::<Args>(words).map_err(|error| {
        Error::new(Kind::Usage, "cannot understand the command line").because(error.to_string())
    })?;
    let config = Config::load(&Common {
        profile: flags.get_one("profile").cloned(),
        ..Common::default()
    })?;
    lr_config::effective(&config, |setting| {
        given_by_flag(setting, &flags).or_else(|| given_by_variable(setting))
    })
}

fn given_by_flag(setting: &Setting, flags: &ArgMatches) -> Option<Given> {
    let flag = setting.flag_of("lr-loop")?;
    if setting.key == "provider" && flags.get_flag("local") {
        return Some(Given {
            value: "ollama".to_owned(),
            origin: "flag",
            from: "--local".to_owned(),
        });
    }
    let name = argument_of(flag)?;
    if flags.value_source(&name) != Some(ValueSource::CommandLine) {
        return None;
    }
    let values = flags.get_raw(&name)?;
    let values: Vec<String> = values.map(|it| it.to_string_lossy().into_owned()).collect();
    Some(Given {
        value: values.join(","),
        origin: "flag",
        from: format!("--{flag}"),
    })
}

/// Returns the name by which clap knows the argument of a flag.
fn argument_of(flag: &str) -> Option<String> {
    let command = <Args as clap::CommandFactory>::command();
    let argument = command
        .get_arguments()
        .find(|it| it.get_long() == Some(flag))?;
    Some(argument.get_id().to_string())
}

fn given_by_variable(setting: &Setting) -> Option<Given> {
    let name = setting.variable.as_deref()?;
    Some(Given {
        value: environment::var(name)?,
        origin: "variable",
        from: name.to_owned(),
    })
}

/// Spells a path from the working directory where it lies beneath it.
fn named_from_here(path: PathBuf) -> PathBuf {
    let here = std::env::current_dir().and_then(|here| here.canonicalize());
    match here.as_ref().map(|here| path.strip_prefix(here)) {
        Ok(Ok(inner)) => inner.to_path_buf(),
        _ => path,
    }
}
