//! The commented configuration file to begin with.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, Write as _};
use std::path::Path;

use lr_stage::{Error, Kind};

use crate::catalogue::{self, Setting};

const HEAD: &str = "\
# The configuration of lr for this project. Remove a '#' to set something; everything here is what holds
# without it, or an example. Flags and variables count more than this file, and this file more than your own
# config.toml in ~/.config/lr, which may hold the same tables. 'lr-loop --show-config' says what holds, and why.
";

const TAIL: &str = "
# A profile holds such tables again, and is used with --profile NAME:
# [profile.fast.llm]
# model = \"groq/openai/gpt-oss-20b\"
";

/// Returns a configuration file in which every setting is commented out.
///
/// # Errors
///
/// Only what [`catalogue::settings`] says.
pub fn example() -> Result<String, Error> {
    let mut text = HEAD.to_owned();
    let mut table = String::new();
    for setting in catalogue::settings()? {
        if setting.table != table {
            let _ = writeln!(text, "\n[{}]", setting.table);
            table.clone_from(&setting.table);
        }
        let _ = writeln!(text, "# {}", about(&setting));
        if let Some(value) = setting.default.as_ref().or(setting.example.as_ref()) {
            let _ = writeln!(text, "# {} = {value}", setting.key);
        }
    }
    text.push_str(TAIL);
    Ok(text)
}

fn about(setting: &Setting) -> String {
    let mut about = setting.text.clone();
    if let Some(words) = &setting.otherwise {
        let _ = write!(about, " If not set: {words}.");
    }
    if setting.user_only {
        about.push_str(" Only in your own config.toml, never in a project's lr.toml.");
    }
    about
}

/// Writes the example to a file that is not there yet.
///
/// # Errors
///
/// `usage` when the file is there, `io` when it cannot be written.
pub fn write_example(path: &Path) -> Result<(), Error> {
    let text = example()?;
    let written = File::create_new(path).and_then(|mut file| file.write_all(text.as_bytes()));
    written.map_err(|error| {
        let name = path.display();
        if error.kind() == io::ErrorKind::AlreadyExists {
            Error::new(Kind::Usage, format!("'{name}' is there already"))
                .hint("lr-loop --init-config=- prints a new one, to compare")
        } else {
            Error::new(Kind::Io, format!("cannot write '{name}'")).because(error)
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_sets_nothing_and_every_line_of_it_can_be_used() {
        let example = example().unwrap();
        let tables: toml::Table = example.parse().unwrap();
        assert!(
            tables
                .values()
                .all(|it| it.as_table().is_some_and(toml::Table::is_empty))
        );
        let is_setting = |line: &&str| {
            line.strip_prefix("# ").is_some_and(|it| {
                it.split_once(" = ")
                    .is_some_and(|(key, _)| !key.contains(' '))
            })
        };
        let lines: Vec<&str> = example.lines().filter(is_setting).collect();
        assert_eq!(lines.len(), catalogue::settings().unwrap().len() + 1);
        let used = example
            .lines()
            .map(|line| if is_setting(&line) { &line[2..] } else { line });
        let used: Vec<&str> = used.collect();
        let tables: toml::Table = used.join("\n").parse().unwrap();
        assert_eq!(tables["check"]["timeout"].as_integer(), Some(300));
    }

    #[test]
    fn a_file_that_is_there_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lr.toml");
        write_example(&path).unwrap();
        std::fs::write(&path, "mine").unwrap();
        let error = write_example(&path).unwrap_err();
        assert!(error.message.ends_with("lr.toml' is there already"));
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "mine");
    }
}
