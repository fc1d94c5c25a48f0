//! The layers of configuration: `lr.toml` at the project's root over the user's own
//! `config.toml`. Flags and `LR_*` variables stand above both, defaults below.
//!
//! A file holds one table per stage (`[check]`, `[llm]`, …), and tables `[profile.NAME]` that
//! hold such tables again and are used with `--profile NAME`. Because a project may come from
//! anybody, it may not set everything: see [`Settings::USER_ONLY`].

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use serde::de::DeserializeOwned;
use toml::{Table, Value};

use lr_stage::{Common, Error, Kind, environment, project};

use crate::catalogue::{self, Setting};

/// The largest file that is read, in bytes.
const LARGEST: u64 = 1 << 20;

/// The tables a configuration file may hold; the last one holds such tables again.
const TABLES: &[&str] = &[
    "check", "prompt", "llm", "apply", "git", "loop", "checker", "profile",
];

/// The tables that hold tables by names which anybody chooses; what stands in these is no setting.
const BY_NAME: &[&str] = &["checker", "profile"];

/// The settings of one stage, as they stand in its table.
pub trait Settings: DeserializeOwned + Default {
    /// The name of the table.
    const TABLE: &'static str;
    /// The keys that only the user's own file may set.
    const USER_ONLY: &'static [&'static str] = &[];
    /// The keys whose lists add up over the files instead of replacing each other: a project's come
    /// first and the user's own last, so that the user has the last word where order counts.
    const JOINED: &'static [&'static str] = &[];

    /// Says what is wrong with the values that one file sets, as the end of a sentence about the file.
    ///
    /// # Errors
    ///
    /// That sentence's end.
    fn check(&self, _is_project: bool) -> Result<(), String> {
        Ok(())
    }
}

/// The configuration files that hold here, from the weakest to the strongest.
#[derive(Debug, Default)]
pub struct Config {
    pub(crate) layers: Vec<Layer>,
    /// The name of the profile that is used.
    pub(crate) profile: Option<String>,
}

/// One file.
#[derive(Debug)]
pub(crate) struct Layer {
    pub(crate) path: PathBuf,
    /// What it says, with the profile that is used laid over it.
    pub(crate) table: Table,
    pub(crate) is_project: bool,
}

impl Config {
    /// Reads the configuration files that hold for the working directory.
    ///
    /// # Errors
    ///
    /// `config` when a file cannot be read, is not TOML, or holds a table that is not known.
    pub fn load(common: &Common) -> Result<Self, Error> {
        let directory = std::env::current_dir().map_err(|error| {
            Error::new(Kind::Io, "cannot tell the working directory").because(error)
        })?;
        let user = environment::config_folder().map(|folder| folder.join("config.toml"));
        let project = project::root(&directory).join("lr.toml");
        let mut config = Self::default();
        for (path, is_project) in user
            .into_iter()
            .map(|path| (path, false))
            .chain([(project, true)])
        {
            if let Some(text) = read_if_there(&path, is_project)? {
                config.add(path, &text, is_project)?;
            }
        }
        if !config.layers.is_empty() {
            let settings = catalogue::settings()?;
            for layer in &config.layers {
                layer.check_all(&settings)?;
            }
        }
        if let Some(profile) = &common.profile {
            config.use_profile(profile)?;
        }
        Ok(config)
    }

    /// Reads the settings of a stage: the strongest file that sets a key counts.
    ///
    /// # Errors
    ///
    /// `config` when a key is not known, has a value of the wrong type, or is set by a project
    /// that may not.
    pub fn settings<S: Settings>(&self) -> Result<S, Error> {
        let mut merged = Table::new();
        for layer in &self.layers {
            let Some(value) = layer.table.get(S::TABLE) else {
                continue;
            };
            let table = layer.stage_table(S::TABLE, value)?;
            layer.check_trust::<S>(table)?;
            S::deserialize(Value::Table(table.clone()))
                .map_err(|error| layer.malformed(S::TABLE, &error))?
                .check(layer.is_project)
                .map_err(|reason| layer.error(&reason))?;
            let mut table = table.clone();
            for key in S::JOINED {
                if let (Some(Value::Array(below)), Some(Value::Array(list))) =
                    (merged.get(*key), table.get_mut(*key))
                {
                    list.extend(below.iter().cloned());
                }
            }
            merge(&mut merged, &table);
        }
        S::deserialize(Value::Table(merged)).map_err(|error| {
            Error::new(Kind::Config, format!("cannot read table [{}]", S::TABLE)).because(error)
        })
    }

    pub(crate) fn add(&mut self, path: PathBuf, text: &str, is_project: bool) -> Result<(), Error> {
        let table: Table = text.parse().map_err(|error: toml::de::Error| {
            let message = format!(
                "cannot understand '{}'{}",
                path.display(),
                place(text, &error)
            );
            Error::new(Kind::Config, message).because(error.message().to_owned())
        })?;
        let layer = Layer {
            path,
            table,
            is_project,
        };
        layer.check_tables(&layer.table)?;
        self.layers.push(layer);
        Ok(())
    }

    /// Lays the tables of a profile over the others, each layer over its own.
    pub(crate) fn use_profile(&mut self, name: &str) -> Result<(), Error> {
        let mut found = false;
        for layer in &mut self.layers {
            let profile = layer
                .table
                .get("profile")
                .and_then(|profiles| profiles.get(name))
                .and_then(Value::as_table)
                .cloned();
            if let Some(profile) = profile {
                found = true;
                merge(&mut layer.table, &profile);
            }
        }
        if found {
            self.profile = Some(name.to_owned());
            return Ok(());
        }
        let message = format!("no table [profile.{name}] in the configuration");
        let error = Error::new(Kind::Config, message);
        let mut names: Vec<&str> = self.layers.iter().flat_map(Layer::profiles).collect();
        names.sort_unstable();
        names.dedup();
        Err(match closest(name, &names) {
            Some(close) => error.hint(format!("did you mean '{close}'?")),
            None if names.is_empty() => error.hint("define it in lr.toml, or leave out --profile"),
            None => error.hint(format!("the profiles are: {}", names.join(", "))),
        })
    }
}

/// Where a file cannot be understood. The line itself is not shown: in a project it may be a link to any file.
fn place(text: &str, error: &toml::de::Error) -> String {
    let before = error.span().and_then(|span| text.get(..span.start));
    before.map_or_else(String::new, |before| {
        let line = before.matches('\n').count() + 1;
        let column = before
            .rsplit('\n')
            .next()
            .unwrap_or_default()
            .chars()
            .count()
            + 1;
        format!(", line {line}, column {column}")
    })
}

impl Layer {
    /// Looks at every table, also at those of programs that are not running and at those of
    /// profiles that are not used: each key must be known, and a project may not set every one.
    fn check_all(&self, settings: &[Setting]) -> Result<(), Error> {
        self.check_keys(&self.table, "", settings)?;
        let profiles = self.table.get("profile").and_then(Value::as_table);
        for (name, profile) in profiles.into_iter().flatten() {
            let place = format!("profile.{name}");
            let profile = self.stage_table(&place, profile)?;
            self.check_names(profile, &TABLES[..TABLES.len() - 1])?;
            self.check_keys(profile, &format!("{place}."), settings)?;
        }
        Ok(())
    }

    fn check_keys(&self, tables: &Table, place: &str, settings: &[Setting]) -> Result<(), Error> {
        let settings_of = |(name, _): &(&String, &Value)| !BY_NAME.contains(&name.as_str());
        for (name, table) in tables.iter().filter(settings_of) {
            let known = settings.iter().filter(|it| it.table == *name);
            for key in self.stage_table(&format!("{place}{name}"), table)?.keys() {
                match known.clone().find(|it| it.key == *key) {
                    None => {
                        let known: Vec<&str> = known.map(|it| it.key.as_str()).collect();
                        return Err(self.unknown(key, &format!("{place}{name}"), &known));
                    }
                    Some(setting) if setting.user_only && self.is_project => {
                        return Err(self.forbidden(key, &format!("{place}{name}")));
                    }
                    Some(_) => {}
                }
            }
        }
        Ok(())
    }

    /// Returns the names of its profiles.
    fn profiles(&self) -> impl Iterator<Item = &str> {
        let profiles = self.table.get("profile").and_then(Value::as_table);
        profiles
            .into_iter()
            .flat_map(Table::keys)
            .map(String::as_str)
    }

    fn check_tables(&self, table: &Table) -> Result<(), Error> {
        self.check_names(table, TABLES)
    }

    fn check_names(&self, table: &Table, names: &[&str]) -> Result<(), Error> {
        match table.keys().find(|key| !names.contains(&key.as_str())) {
            None => Ok(()),
            Some(key) => {
                let error = self.error(&format!("table or key '{key}' is not known"));
                Err(match closest(key, names) {
                    Some(name) => error.hint(format!("did you mean [{name}]?")),
                    None => error.hint(format!("the tables are: {}", names.join(", "))),
                })
            }
        }
    }

    pub(crate) fn stage_table<'a>(&self, name: &str, value: &'a Value) -> Result<&'a Table, Error> {
        value
            .as_table()
            .ok_or_else(|| self.error(&format!("'{name}' must be a table")))
    }

    fn check_trust<S: Settings>(&self, table: &Table) -> Result<(), Error> {
        let forbidden = table
            .keys()
            .find(|key| self.is_project && S::USER_ONLY.contains(&key.as_str()));
        match forbidden {
            None => Ok(()),
            Some(key) => Err(self.forbidden(key, S::TABLE)),
        }
    }

    fn forbidden(&self, key: &str, table: &str) -> Error {
        self.error(&format!("a project may not set '{key}' in [{table}]"))
            .hint("set it in your own config.toml, or on the command line")
    }

    fn unknown(&self, key: &str, table: &str, known: &[&str]) -> Error {
        let error = self.error(&format!("key '{key}' in [{table}] is not known"));
        if known.is_empty() {
            return error.hint("remove it; this table has no keys");
        }
        match closest(key, known) {
            Some(name) => error.hint(format!("did you mean '{name}'?")),
            None => error.hint(format!("the keys are: {}", known.join(", "))),
        }
    }

    fn malformed(&self, table: &str, error: &toml::de::Error) -> Error {
        let message = error.message();
        let mut words = message.split('`').skip(1).step_by(2);
        if let Some(key) = words
            .next()
            .filter(|_| message.starts_with("unknown field"))
        {
            let known: Vec<&str> = words.collect();
            return self.unknown(key, table, &known);
        }
        self.error(&format!("in [{table}]: {message}"))
    }

    fn error(&self, message: &str) -> Error {
        let message = format!("cannot use '{}': {message}", self.path.display());
        Error::new(Kind::Config, message)
    }
}

/// Reads a configuration file; a pipe in its place is not waited for, and a project's must be a file
/// of the project itself.
fn read_if_there(path: &Path, is_project: bool) -> Result<Option<String>, Error> {
    match read_file(path, is_project) {
        Ok(text) => Ok(Some(text)),
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
            ) =>
        {
            Ok(None)
        }
        Err(error) => {
            let message = format!("cannot read '{}'", path.display());
            Err(Error::new(Kind::Config, message).because(error))
        }
    }
}

fn read_file(path: &Path, is_project: bool) -> io::Result<String> {
    let mut flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC;
    if is_project {
        flags |= OFlags::NOFOLLOW;
    }
    let file = match rustix::fs::open(path, flags, Mode::empty()) {
        Err(Errno::LOOP) => return Err(io::Error::other("it is a symbolic link")),
        opened => File::from(opened?),
    };
    let metadata = file.metadata()?;
    if !metadata.is_file() && !metadata.is_dir() {
        return Err(io::Error::other("it is not a regular file"));
    }
    if metadata.len() > LARGEST {
        let message = format!("it has more than {} KiB", LARGEST / 1024);
        return Err(io::Error::other(message));
    }
    io::read_to_string(file.take(LARGEST))
}

/// Lays `over` on `base`; tables in tables are merged, all else is replaced.
fn merge(base: &mut Table, over: &Table) {
    for (key, value) in over {
        match (base.get_mut(key), value) {
            (Some(Value::Table(below)), Value::Table(above)) => merge(below, above),
            _ => {
                base.insert(key.clone(), value.clone());
            }
        }
    }
}

/// Returns the name that a misspelt one was probably meant to be.
pub fn closest<'a>(word: &str, names: &[&'a str]) -> Option<&'a str> {
    names
        .iter()
        .map(|name| (strsim::damerau_levenshtein(word, name), *name))
        .filter(|(distance, name)| *distance <= 2.max(name.len() / 3))
        .min()
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Default, Deserialize, PartialEq)]
    #[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
    struct Llm {
        model: Option<String>,
        base_url: Option<String>,
        max_tokens: Option<u64>,
        stop: Vec<String>,
    }

    impl Settings for Llm {
        const TABLE: &'static str = "llm";
        const USER_ONLY: &'static [&'static str] = &["base-url"];
        const JOINED: &'static [&'static str] = &["stop"];
    }

    fn config(user: &str, project: &str, profile: Option<&str>) -> Result<Config, Error> {
        let mut config = Config::default();
        config.add("config.toml".into(), user, false)?;
        config.add("lr.toml".into(), project, true)?;
        profile.map_or(Ok(()), |name| config.use_profile(name))?;
        Ok(config)
    }

    fn refused(user: &str, project: &str) -> String {
        let error = config(user, project, None)
            .and_then(|config| config.settings::<Llm>())
            .unwrap_err();
        format!("{error}; {}", error.hint.as_deref().unwrap_or_default())
    }

    #[test]
    fn the_project_counts_more_than_the_user() {
        let config = config(
            "[llm]\nmodel = 'a'\nbase-url = 'u'",
            "[llm]\nmodel = 'b'\n[check]\nx = 1",
            None,
        );
        let expected = Llm {
            model: Some("b".to_owned()),
            base_url: Some("u".to_owned()),
            max_tokens: None,
            stop: Vec::new(),
        };
        assert_eq!(config.unwrap().settings::<Llm>().unwrap(), expected);
    }

    #[test]
    fn in_a_list_that_adds_up_the_user_has_the_last_word() {
        let project = "[llm]\nstop = ['project']";
        let both = config("[llm]\nstop = ['user']", project, None).unwrap();
        assert_eq!(both.settings::<Llm>().unwrap().stop, ["project", "user"]);
        let one = config("", project, None).unwrap();
        assert_eq!(one.settings::<Llm>().unwrap().stop, ["project"]);
    }

    #[test]
    fn a_profile_counts_more_than_its_file() {
        let project = "[llm]\nmodel = 'a'\n[profile.fast.llm]\nmodel = 'b'";
        let config_fast = config("", project, Some("fast")).unwrap();
        assert_eq!(config_fast.settings::<Llm>().unwrap().model.unwrap(), "b");
        let error = config("", project, Some("fats")).unwrap_err();
        assert_eq!(
            error.message,
            "no table [profile.fats] in the configuration"
        );
    }

    #[test]
    fn unknown_names_are_refused_with_a_suggestion() {
        assert_eq!(
            refused("", "[llm]\nmodle = 'a'"),
            "cannot use 'lr.toml': key 'modle' in [llm] is not known; did you mean 'model'?"
        );
        assert_eq!(
            refused("[lmm]", ""),
            "cannot use 'config.toml': table or key 'lmm' is not known; did you mean [llm]?"
        );
        assert_eq!(
            refused("", "[llm]\nmodel = 3"),
            "cannot use 'lr.toml': in [llm]: invalid type: integer `3`, expected a string; "
        );
    }

    #[test]
    fn a_project_may_not_say_where_prompts_and_keys_go() {
        assert_eq!(
            refused("", "[llm]\nbase-url = 'http://evil'"),
            "cannot use 'lr.toml': a project may not set 'base-url' in [llm]; \
             set it in your own config.toml, or on the command line"
        );
        let profile = "[profile.p.llm]\nbase-url = 'http://evil'";
        let config = config("", profile, Some("p")).unwrap();
        assert!(config.settings::<Llm>().is_err());
    }

    /// What is said about a project's file by a program that reads another table.
    fn refused_as_a_whole(project: &str) -> String {
        let config = config("", project, None).unwrap();
        let settings = catalogue::settings().unwrap();
        let error = config.layers[1].check_all(&settings).unwrap_err();
        let message = error.message.replace("cannot use 'lr.toml': ", "");
        format!("{message}; {}", error.hint.as_deref().unwrap_or_default())
    }

    #[test]
    fn tables_of_other_programs_and_unused_profiles_are_looked_at_too() {
        let check = |project: &str, expected: &str| {
            assert_eq!(refused_as_a_whole(project), expected);
        };
        check(
            "[git]\nfixs = true",
            "key 'fixs' in [git] is not known; did you mean 'fixes'?",
        );
        check(
            "[profile.x.llm]\nmodle = 'a'",
            "key 'modle' in [profile.x.llm] is not known; did you mean 'model'?",
        );
        check(
            "[profile.x.profile.y]",
            "table or key 'profile' is not known; the tables are: check, prompt, llm, apply, git, loop, checker",
        );
        check("[profile]\nx = 1", "'profile.x' must be a table; ");
        check(
            "[profile.x.llm]\nbase-url = 'http://evil'",
            "a project may not set 'base-url' in [profile.x.llm]; \
             set it in your own config.toml, or on the command line",
        );
    }

    #[test]
    fn of_several_profiles_one_is_used_and_a_misspelt_one_is_told() {
        let project = "[profile.fast.llm]\nmodel = 'a'\n[profile.slow.llm]\nmodel = 'b'";
        let model = |profile| {
            config("", project, Some(profile))
                .unwrap()
                .settings::<Llm>()
        };
        assert_eq!(model("fast").unwrap().model.unwrap(), "a");
        assert_eq!(model("slow").unwrap().model.unwrap(), "b");
        let hint = |name| config("", project, Some(name)).unwrap_err().hint.unwrap();
        assert_eq!(hint("fsat"), "did you mean 'fast'?");
        assert_eq!(hint("another"), "the profiles are: fast, slow");
    }

    #[test]
    fn a_file_must_be_of_the_project_and_of_a_usual_size() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lr.toml");
        std::fs::write(folder.path().join("other"), "").unwrap();
        std::os::unix::fs::symlink("other", &path).unwrap();
        let why = |is_project| {
            let read = read_if_there(&path, is_project);
            read.map_err(|error| error.to_string().rsplit_once(": ").unwrap().1.to_owned())
        };
        assert_eq!(why(true).unwrap_err(), "it is a symbolic link");
        assert_eq!(why(false).unwrap(), Some(String::new()));
        std::fs::remove_file(&path).unwrap();
        std::fs::File::create(&path)
            .unwrap()
            .set_len(LARGEST + 1)
            .unwrap();
        assert_eq!(why(true).unwrap_err(), "it has more than 1024 KiB");
    }

    #[test]
    fn a_file_that_is_not_understood_is_not_quoted() {
        let error = config("", "[llm]\nsecret of somebody else", None).unwrap_err();
        let text = error.to_string();
        assert!(
            text.starts_with("cannot understand 'lr.toml', line 2, column "),
            "{text}"
        );
        assert!(
            !text.contains("secret") && !text.contains("somebody"),
            "{text}"
        );
    }

    #[test]
    fn a_pipe_in_the_place_of_a_file_is_not_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lr.toml");
        assert_eq!(read_if_there(&path, true).unwrap(), None);
        rustix::fs::mkfifoat(rustix::fs::CWD, &path, Mode::RWXU).unwrap();
        let error = read_if_there(&path, true).unwrap_err().to_string();
        assert!(
            error.ends_with("lr.toml': it is not a regular file"),
            "{error}"
        );
    }
}
