//! The user's file of keys: `keys.toml` in the configuration folder, a line `provider = "key"` for each.
//!
//! It is used only if nobody else can read it.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use lr_stage::{Error, Kind};

use crate::failure;
use crate::key::Key;
use crate::provider::Provider;

/// The name of the file.
const NAME: &str = "keys.toml";

/// The largest file that is read, in bytes.
const LARGEST: u64 = 1 << 20;

/// Keys by the names of their providers.
#[derive(Debug, Default)]
pub(crate) struct KeysFile(BTreeMap<String, Key>);

impl KeysFile {
    /// Reads the file; there need be none.
    ///
    /// # Errors
    ///
    /// `config` when others can read it, or it cannot be understood. What stands in it is not shown.
    pub(crate) fn load(configuration: Option<&Path>) -> Result<KeysFile, Error> {
        let Some(path) = configuration.map(path) else {
            return Ok(KeysFile::default());
        };
        let shown = failure::shown(&path);
        let unusable = |reason: String| {
            Error::new(Kind::Config, format!("cannot use the keys in '{shown}'")).because(reason)
        };
        // Opening what is no file could wait for ever.
        match path.metadata() {
            Err(error) if is_absent(&error) => return Ok(KeysFile::default()),
            Err(error) => return Err(unusable(error.to_string())),
            Ok(metadata) if !metadata.is_file() => return Err(unusable("it is no file".into())),
            Ok(_) => {}
        }
        let file = File::open(&path).map_err(|error| unusable(error.to_string()))?;
        let mode = file
            .metadata()
            .map(|metadata| metadata.permissions().mode());
        if mode.map_err(|error| unusable(error.to_string()))? & 0o077 != 0 {
            let error = unusable("others can read or write it".into());
            return Err(error.hint(format!("chmod 600 {}", path.display())));
        }
        let mut text = String::new();
        file.take(LARGEST)
            .read_to_string(&mut text)
            .map_err(|error| unusable(error.to_string()))?;
        parse(&text).map(KeysFile).map_err(unusable)
    }

    /// The key of a provider.
    pub(crate) fn of(&self, provider: &str) -> Option<&Key> {
        self.0.get(provider)
    }

    /// The key that would stand in a variable, if the user kept keys there: that of the first provider that looks there.
    pub(crate) fn for_variable(&self, name: &str, providers: &[Provider]) -> Option<String> {
        let looks_there =
            |provider: &&Provider| provider.key_variables.iter().any(|own| own == name);
        let mut keys = providers
            .iter()
            .filter(looks_there)
            .filter_map(|provider| self.of(&provider.name));
        keys.next().map(|key| key.expose().to_owned())
    }
}

/// Where the file is in a configuration folder.
pub(crate) fn path(configuration: &Path) -> PathBuf {
    configuration.join(NAME)
}

/// Whether there is no file, or not even a folder for it.
fn is_absent(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
    )
}

/// Reads the text of the file. The error shows none of it but a provider's name.
fn parse(text: &str) -> Result<BTreeMap<String, Key>, String> {
    let table: BTreeMap<String, toml::Value> = toml::from_str(text).map_err(|error| {
        let before = error.span().and_then(|span| text.get(..span.start));
        let line = before.map_or(0, |before| before.matches('\n').count()) + 1;
        format!("line {line} is no TOML; a key is a line such as groq = \"…\"")
    })?;
    let key = |(name, value): (String, toml::Value)| match value.as_str().map(Key::new) {
        Some(Ok(key)) => Ok((name, key)),
        Some(Err(reason)) => Err(format!("of the key of '{name}', {reason}")),
        None => Err(format!("the key of '{name}' is no text in quotes")),
    };
    table.into_iter().map(key).collect()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn load(text: &str, mode: u32) -> Result<KeysFile, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(NAME);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        KeysFile::load(Some(folder.path())).map_err(|error| error.to_string())
    }

    #[test]
    fn a_key_stands_beside_the_name_of_its_provider() {
        let keys = load("groq = 'gsk_secret'\n'box:8080' = 'k-1'\n", 0o600).unwrap();
        assert_eq!(keys.of("groq").map(Key::expose), Some("gsk_secret"));
        assert_eq!(keys.of("box:8080").map(Key::expose), Some("k-1"));
        assert!(keys.of("openai").is_none());
        let providers = crate::provider::load(None).unwrap();
        assert_eq!(
            keys.for_variable("GROQ_API_KEY", &providers),
            Some("gsk_secret".into())
        );
        assert_eq!(keys.for_variable("OPENAI_API_KEY", &providers), None);
        assert!(KeysFile::load(None).unwrap().of("groq").is_none());
    }

    #[test]
    fn a_file_that_others_can_read_is_refused() {
        for mode in [0o640, 0o604, 0o620] {
            let error = load("groq = 'gsk_secret'", mode).unwrap_err();
            assert_eq!(
                error,
                "cannot use the keys in '…/keys.toml': others can read or write it"
            );
        }
    }

    #[test]
    fn what_is_wrong_is_said_without_the_key() {
        let check = |text: &str, expected: &str| {
            let error = load(text, 0o600).unwrap_err();
            assert_eq!(
                error,
                format!("cannot use the keys in '…/keys.toml': {expected}")
            );
        };
        check(
            "a = 'b'\ngroq = gsk_secret",
            "line 2 is no TOML; a key is a line such as groq = \"…\"",
        );
        check(
            "groq = 'gsk secret'",
            "of the key of 'groq', it holds blanks or characters that keys do not have",
        );
        check("groq = 1", "the key of 'groq' is no text in quotes");
    }
}
