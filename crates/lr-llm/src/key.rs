//! The key for a provider: where it comes from, and that it is never shown.

use std::fmt;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use lr_stage::say;
use lr_turn::Kind;

use crate::choose::{Choice, Lookup};
use crate::failure::{self, Failure};
use crate::key_command;
use crate::provider::Provider;
use crate::redact::REDACTED;

/// The variable of our own that holds a key for whatever provider is chosen.
pub(crate) const OWN_VARIABLE: &str = "LR_API_KEY";

/// A key that only [`http`](crate::http) looks at.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Key {
    text: String,
    /// It is sent as a token in `authorization`, whatever brings other keys of the provider.
    is_token: bool,
}

impl Key {
    /// Takes the text of a variable or a file; blanks around it are dropped.
    /// The error says what is wrong, without the text itself.
    pub(crate) fn new(text: &str) -> Result<Key, &'static str> {
        let text = text.trim();
        if text.is_empty() {
            return Err("it is empty");
        }
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err("it holds blanks or characters that keys do not have");
        }
        Ok(Key {
            text: text.to_owned(),
            is_token: false,
        })
    }

    /// The key itself.
    pub(crate) fn expose(&self) -> &str {
        &self.text
    }

    /// The header that brings it, where `usual` brings other keys of the provider.
    pub(crate) fn header<'a>(&self, usual: &'a str) -> &'a str {
        if self.is_token {
            "authorization"
        } else {
            usual
        }
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(REDACTED)
    }
}

/// Where the user says the key is; the first that is named counts.
#[derive(Debug, Clone, Default)]
pub(crate) struct KeySource {
    pub(crate) given: Option<String>,
    pub(crate) file: Option<PathBuf>,
    /// A command line that prints it.
    pub(crate) command: Option<String>,
    pub(crate) variable: Option<String>,
    /// The key of the provider in the user's file of keys, which counts least.
    pub(crate) kept: Option<Key>,
}

impl KeySource {
    /// Whether the user says where the key is, apart from variables and files that always count.
    pub(crate) fn is_named(&self) -> bool {
        self.given.is_some()
            || self.file.is_some()
            || self.command.is_some()
            || self.variable.is_some()
    }
}

/// Finds the key for a choice: where the user says, else in the provider's own variables, else in the file of keys.
///
/// `None` where the server may do without. A key is never sent where others can read it on its way.
pub(crate) fn find(
    source: &KeySource,
    choice: &Choice,
    variable: Lookup<'_>,
) -> Result<Option<Key>, Failure> {
    let key = read(source, choice, variable)?;
    if key.is_some() && choice.endpoint.is_exposed() {
        let message = format!("cannot send a key to '{}' over plain http", choice.endpoint);
        return Err(
            Failure::new(Kind::Usage, message).hint("use https, or a tunnel to a local port")
        );
    }
    let provider = &choice.provider;
    // One of the user's own that names no variable may want no key.
    let wanted = provider.secret_variables().next();
    match wanted.filter(|_| key.is_none() && !provider.key_optional && is_own(choice)) {
        None => Ok(key),
        Some(name) => {
            let message = format!("no key for '{}'", provider.name);
            Err(Failure::new(Kind::NoKey, message).hint(format!(
                "export {name}=…, or use --api-key-file FILE or --api-key-cmd CMD"
            )))
        }
    }
}

/// Refuses to show a key that can only be one provider's to another one. A project may name a model, and with it a
/// provider, but not where the user's key goes.
pub(crate) fn refuse_stranger(
    key: &Key,
    choice: &Choice,
    providers: &[Provider],
) -> Result<(), Failure> {
    let is_its = |prefix: &String| key.text.starts_with(prefix.as_str());
    let owner = providers
        .iter()
        .find(|provider| provider.key_prefixes.iter().any(is_its));
    match owner {
        Some(owner) if owner.name != choice.provider.name && is_own(choice) => {
            let (owner, other) = (&owner.name, &choice.provider.name);
            let message = format!("the key is one of '{owner}', so '{other}' does not get it");
            let hint = format!("ask a model of '{owner}', or give a key of '{other}'");
            Err(Failure::new(Kind::NoKey, message).hint(hint))
        }
        _ => Ok(()),
    }
}

fn read(source: &KeySource, choice: &Choice, variable: Lookup<'_>) -> Result<Option<Key>, Failure> {
    let unusable = |from: &str, reason: &str| {
        Failure::new(
            Kind::NoKey,
            format!("cannot use the key from {from}: {reason}"),
        )
    };
    let checked = |from: &str, text: &str| {
        Key::new(text)
            .map(Some)
            .map_err(|reason| unusable(from, reason))
    };
    if let Some(text) = &source.given {
        return checked("'--api-key'", text);
    }
    if let Some(path) = &source.file {
        let from = format!("'{}'", failure::shown(path));
        warn_if_others_can_read(path);
        let text = fs::read_to_string(path).map_err(|error| unusable(&from, &error.to_string()))?;
        return checked(&from, &text);
    }
    if let Some(line) = &source.command {
        return key_command::key(line, &choice.provider.key_variables).map(Some);
    }
    if let Some(name) = &source.variable {
        let from = format!("'{name}'");
        let text = variable(name).ok_or_else(|| unusable(&from, "the variable is not set"))?;
        return checked(&from, &text);
    }
    let mut names = [OWN_VARIABLE]
        .into_iter()
        .chain(choice.provider.secret_variables().map(String::as_str));
    let found = names.find_map(|name| Some((name, variable(name)?)));
    found.map_or(Ok(source.kept.clone()), |(name, text)| {
        let is_token = choice
            .provider
            .token_variables
            .iter()
            .any(|own| own == name);
        let key = checked(&format!("'{name}'"), &text)?;
        Ok(key.map(|key| Key { is_token, ..key }))
    })
}

/// Whether requests go to the provider's own server, not to a stand-in that may want no key.
fn is_own(choice: &Choice) -> bool {
    crate::endpoint::Endpoint::parse(&choice.provider.base_url)
        .is_ok_and(|own| own.origin() == choice.endpoint.origin())
}

fn warn_if_others_can_read(path: &Path) {
    let others =
        |metadata: &fs::Metadata| metadata.is_file() && metadata.permissions().mode() & 0o077 != 0;
    if fs::metadata(path).is_ok_and(|metadata| others(&metadata)) {
        say::warn(&format!(
            "others can read the key in '{}'; 'chmod 600' stops that",
            path.display()
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_a_key_as_files_and_variables_hold_it() {
        assert_eq!(Key::new(" k-1\r\n").unwrap().expose(), "k-1");
    }

    #[test]
    fn refuses_what_would_break_a_header() {
        for text in ["", " \n", "a b", "a\r\nx-evil: 1", "schlüssel"] {
            assert!(Key::new(text).is_err(), "{text:?}");
        }
    }

    fn found(
        source: &KeySource,
        url: &str,
        variables: &[(&str, &str)],
    ) -> Result<Option<String>, Kind> {
        let wanted = crate::choose::Wanted {
            provider: Some("groq".into()),
            base_url: Some(url.into()),
            ..Default::default()
        };
        let providers = crate::provider::load(None).unwrap();
        let choice = crate::choose::choose(&wanted, &providers, &|_| None).unwrap();
        let lookup = |name: &str| {
            let (_, value) = variables.iter().find(|(key, _)| *key == name)?;
            Some((*value).to_owned())
        };
        match find(source, &choice, &lookup) {
            Ok(key) => Ok(key.map(|key| key.text)),
            Err(failure) => Err(failure.kind),
        }
    }

    const GROQ: &str = "https://api.groq.com/openai/v1";

    #[test]
    fn what_the_user_names_counts_more_than_the_providers_variable() {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), "from-file\n").unwrap();
        let variables = [
            ("GROQ_API_KEY", "own"),
            ("OTHER", "other"),
            ("LR_API_KEY", "ours"),
        ];
        let mut source = KeySource::default();
        assert_eq!(
            found(&source, GROQ, &variables[..2]),
            Ok(Some("own".into()))
        );
        assert_eq!(found(&source, GROQ, &variables), Ok(Some("ours".into())));
        source.variable = Some("OTHER".into());
        assert_eq!(found(&source, GROQ, &variables), Ok(Some("other".into())));
        source.file = Some(file.path().into());
        assert_eq!(
            found(&source, GROQ, &variables),
            Ok(Some("from-file".into()))
        );
        source.given = Some("given".into());
        assert_eq!(found(&source, GROQ, &variables), Ok(Some("given".into())));
    }

    #[test]
    fn a_key_that_is_missing_is_said_where_it_is_needed() {
        let named = KeySource {
            variable: Some("OTHER".into()),
            ..KeySource::default()
        };
        assert_eq!(found(&KeySource::default(), GROQ, &[]), Err(Kind::NoKey));
        assert_eq!(
            found(&named, GROQ, &[("GROQ_API_KEY", "own")]),
            Err(Kind::NoKey)
        );
        assert_eq!(
            found(&KeySource::default(), "http://127.0.0.1:1/v1", &[]),
            Ok(None)
        );
    }

    #[test]
    fn a_provider_that_names_no_variable_may_want_no_key() {
        let provider: Provider = toml::from_str("base_url = 'https://box/v1'").unwrap();
        let wanted = crate::choose::Wanted {
            provider: Some(String::new()),
            ..Default::default()
        };
        let choice = crate::choose::choose(&wanted, &[provider], &|_| None).unwrap();
        assert_eq!(find(&KeySource::default(), &choice, &|_| None), Ok(None));
    }

    #[test]
    fn a_key_of_one_provider_is_not_shown_to_another() {
        let providers = crate::provider::load(None).unwrap();
        let check = |key: &str, provider: &str, url: Option<&str>| {
            let wanted = crate::choose::Wanted {
                provider: Some(provider.into()),
                base_url: url.map(Into::into),
                ..Default::default()
            };
            let choice = crate::choose::choose(&wanted, &providers, &|_| None).unwrap();
            let refused = refuse_stranger(&Key::new(key).unwrap(), &choice, &providers);
            refused.err().map(|failure| failure.kind)
        };
        assert_eq!(check("gsk_abcdefg", "openai", None), Some(Kind::NoKey));
        assert_eq!(check("gsk_abcdefg", "groq", None), None);
        assert_eq!(check("abcdefg", "openai", None), None);
        assert_eq!(
            check("gsk_abcdefg", "openai", Some("https://proxy.example/v1")),
            None
        );
    }

    #[test]
    fn a_key_is_never_sent_in_the_open() {
        let variables = [("GROQ_API_KEY", "own")];
        let source = KeySource::default();
        assert_eq!(
            found(&source, "http://box/v1", &variables),
            Err(Kind::Usage)
        );
        assert_eq!(found(&source, "http://box/v1", &[]), Ok(None));
        assert_eq!(
            found(&source, "http://localhost/v1", &variables),
            Ok(Some("own".into()))
        );
    }

    #[test]
    fn is_never_shown() {
        assert_eq!(
            format!("{:?}", Key::new("abcabcabd").unwrap()),
            "[redacted]"
        );
    }
}
