//! The command line of a run: as it goes into the record, and as it is read from there again.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use lr_record::Options;
use lr_stage::{Error, Kind, project};
use lr_turn::VERSION;

use crate::args::Args;
use crate::configuration;

/// What only holds for one call, and is no part of how a run is begun.
const ONCE: [&str; 2] = ["--api-key", "--resume"];

/// How much is said, which whoever takes a run up decides each time.
const LOUDNESS: [&str; 5] = ["-q", "--quiet", "-v", "-vv", "--verbose"];

/// The command line of a run that is in the record.
#[derive(Debug)]
pub(crate) struct Recorded(Options);

impl Recorded {
    /// Reads how a run was begun.
    ///
    /// # Errors
    ///
    /// That cannot be read, or was not recorded here, so that it could start any program.
    pub(crate) fn read(folder: &Path) -> Result<Self, Error> {
        let options = Options::read(folder)?;
        if options.is_ours() {
            return Ok(Self(options));
        }
        let message = format!("the run in '{}' was not begun here", folder.display());
        Err(Error::new(Kind::Usage, message)
            .hint("its arguments could start any program; begin a new run: lr-loop SOURCES"))
    }

    /// Changes to the directory that the run worked in, and returns it.
    ///
    /// # Errors
    ///
    /// It is not there.
    pub(crate) fn enter(&self) -> Result<PathBuf, Error> {
        let root = project::root(Path::new("."));
        let place = root.join(&self.0.directory);
        std::env::set_current_dir(&place).map_err(|error| {
            let message = format!("cannot work in '{}'", place.display());
            Error::new(Kind::Io, message).because(error)
        })?;
        Ok(place)
    }

    /// Returns the arguments with those of now on top, also as they are recorded the next time.
    ///
    /// # Errors
    ///
    /// They do not go together.
    pub(crate) fn with_more(&self) -> Result<(Args, Options), Error> {
        let recorded = self.0.args.iter().cloned();
        let args = parse(recorded.clone().chain(own_words()))?;
        let key = args.asking.api_key.as_deref();
        let mut lasting = without(&ONCE, own_words(), key);
        lasting.retain(|word| !LOUDNESS.contains(&word.as_str()));
        let options = Options {
            args: recorded.chain(lasting).collect(),
            ..self.0.clone()
        };
        Ok((args, options))
    }

    /// Returns the arguments for a new run that does the same with the replies in a folder, and the
    /// words they are made of. Those of now are on top.
    ///
    /// # Errors
    ///
    /// They do not go together.
    pub(crate) fn again(&self, folder: &Path) -> Result<(Args, Vec<String>), Error> {
        let of_that_run = ["--record", "--replay", "--run-dir"];
        let mut words = without(&of_that_run, self.0.args.iter().cloned(), None);
        words.extend(without(&["--replay"], own_words(), None));
        words.push(format!("--replay={}", folder.display()));
        Ok((parse(words.iter().cloned())?, words))
    }
}

/// Returns how a new run is begun, for its record.
pub(crate) fn options(run: &str, words: Vec<String>, key: Option<&str>) -> Options {
    let here = std::env::current_dir().unwrap_or_default();
    let root = project::root(&here);
    let here = here.canonicalize().unwrap_or(here);
    let directory = here.strip_prefix(root).unwrap_or(Path::new(""));
    Options {
        lr: VERSION,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        run: run.to_owned(),
        args: without(&ONCE, words.into_iter(), key),
        config: configuration::effective(std::env::args_os())
            .ok()
            .and_then(|settings| serde_json::to_value(settings).ok())
            .unwrap_or_default(),
        directory: directory.display().to_string(),
        ..Options::default()
    }
}

/// The words of the command line, without the program's name.
pub(crate) fn own_words() -> impl Iterator<Item = String> {
    let words = std::env::args_os().skip(1);
    words.map(|word| word.to_string_lossy().into_owned())
}

/// Leaves out flags with their values, and whatever holds the key that was given.
fn without(flags: &[&str], words: impl Iterator<Item = String>, key: Option<&str>) -> Vec<String> {
    let mut kept: Vec<String> = Vec::new();
    let mut words = words.peekable();
    while let Some(word) = words.next() {
        let name = word.split('=').next().unwrap_or_default();
        if flags.contains(&name) {
            // A value that may be left out does not begin like a flag.
            let has_value = name == word && words.peek().is_some_and(|it| !it.starts_with('-'));
            if has_value {
                words.next();
            }
        } else if key.is_none_or(|key| !word.contains(key)) {
            kept.push(word);
        }
    }
    kept
}

fn parse(words: impl Iterator<Item = String>) -> Result<Args, Error> {
    let words = std::iter::once(OsString::from("lr-loop")).chain(words.map(OsString::from));
    lr_stage::parse(words).map_err(|error| {
        let text = error.render().to_string();
        let first = text.lines().next().unwrap_or_default();
        let said = first.strip_prefix("error: ").unwrap_or(first).to_owned();
        Error::new(
            Kind::Usage,
            "these flags do not go with those the run was begun with",
        )
        .because(said)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_never_recorded() {
        let kept = |line: &str, key: Option<&str>| {
            let words = line.split(' ').map(ToOwned::to_owned);
            without(&ONCE, words, key).join(" ")
        };
        let secret = Some("SECRET");
        assert_eq!(kept("-m m --api-key SECRET a.py", secret), "-m m a.py");
        assert_eq!(kept("--api-key=SECRET a.py", secret), "a.py");
        assert_eq!(kept("-m m a.py", None), "-m m a.py");
    }

    #[test]
    fn what_holds_for_one_call_is_not_recorded() {
        let kept = |line: &str| {
            let words = line.split(' ').map(ToOwned::to_owned);
            without(&ONCE, words, None).join(" ")
        };
        assert_eq!(kept("--resume r1 --max-calls 9"), "--max-calls 9");
        assert_eq!(kept("--resume --max-calls 9"), "--max-calls 9");
        assert_eq!(kept("-i 3 --resume=r1"), "-i 3");
    }
}
