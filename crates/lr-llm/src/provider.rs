//! Providers as data: one TOML file each, built in or the user's own.
//!
//! The user's files lie in `providers/` of the configuration folder; one with the name of a built-in provider
//! replaces it. A project cannot bring providers, since they say where keys go.

use std::fs;
use std::path::Path;

use lr_stage::{Error, Kind};
use serde::Deserialize;

use crate::failure;
use crate::wire::chat::FieldNames;
use crate::wire::complaint::one_line;

/// The providers that are built in, in the order in which they are looked for.
const BUILT_IN: &[(&str, &str)] = &[
    ("groq", include_str!("../providers/groq.toml")),
    ("openai", include_str!("../providers/openai.toml")),
    ("ollama", include_str!("../providers/ollama.toml")),
];

/// Where models are to be had, and what this place is particular about.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Provider {
    /// The name of its file.
    #[serde(skip)]
    pub(crate) name: String,
    /// The URL that the protocol's paths are below.
    pub(crate) base_url: String,
    /// A variable that replaces `base_url`, as the provider's own programs read it.
    #[serde(default)]
    pub(crate) base_url_variable: Option<String>,
    /// A variable that names the server as Ollama does: a host, `host:port` or a URL.
    #[serde(default)]
    pub(crate) host_variable: Option<String>,
    /// The variables that may hold the key; the first that is set counts.
    #[serde(default)]
    pub(crate) key_variables: Vec<String>,
    /// How keys begin that can only be this provider's.
    #[serde(default)]
    pub(crate) key_prefixes: Vec<String>,
    /// Requests without a key are answered too.
    #[serde(default)]
    pub(crate) key_optional: bool,
    /// The model when none is named; without it, the newest that the server offers.
    #[serde(default)]
    pub(crate) default_model: Option<String>,
    /// Names of models that mean this provider; `*` stands for anything.
    #[serde(default)]
    pub(crate) models: Vec<String>,
    /// The field of a request that caps the reply.
    #[serde(default = "default_max_tokens_field")]
    pub(crate) max_tokens_field: String,
    /// The field of a request that seeds the sampling.
    #[serde(default = "default_seed_field")]
    pub(crate) seed_field: String,
}

fn default_max_tokens_field() -> String {
    "max_tokens".into()
}

fn default_seed_field() -> String {
    "seed".into()
}

impl Provider {
    /// A server that nothing is known of but its URL.
    pub(crate) fn unknown(name: String, base_url: String) -> Self {
        Provider {
            name,
            base_url,
            base_url_variable: None,
            host_variable: None,
            key_variables: Vec::new(),
            key_prefixes: Vec::new(),
            key_optional: true,
            default_model: None,
            models: Vec::new(),
            max_tokens_field: default_max_tokens_field(),
            seed_field: default_seed_field(),
        }
    }

    /// Whether a model's name alone means this provider.
    pub(crate) fn knows(&self, model: &str) -> bool {
        self.models.iter().any(|pattern| matches(pattern, model))
    }

    /// The names of the fields it is particular about.
    pub(crate) fn field_names(&self) -> FieldNames<'_> {
        FieldNames {
            max_tokens: &self.max_tokens_field,
            seed: &self.seed_field,
        }
    }
}

/// Whether a name matches a pattern in which each `*` stands for any text.
fn matches(pattern: &str, name: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == name,
        Some((start, rest)) => name.strip_prefix(start).is_some_and(|name| {
            let mut ends = name.char_indices().map(|(at, _)| at).chain([name.len()]);
            ends.any(|at| matches(rest, &name[at..]))
        }),
    }
}

/// All providers: the built-in ones, then the user's own by name.
///
/// # Errors
///
/// `config` when one of the user's files cannot be read or understood.
pub(crate) fn load(configuration: Option<&Path>) -> Result<Vec<Provider>, Error> {
    let mut providers = Vec::new();
    for (name, text) in BUILT_IN {
        providers.push(parse(name, text).map_err(|error| unusable(name, error))?);
    }
    let Some(entries) =
        configuration.and_then(|folder| fs::read_dir(folder.join("providers")).ok())
    else {
        return Ok(providers);
    };
    let mut paths: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
    paths.retain(|path| {
        path.extension()
            .is_some_and(|extension| extension == "toml")
    });
    paths.sort();
    for path in paths {
        let shown = failure::shown(&path);
        let name = path
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let text = fs::read_to_string(&path).map_err(|error| unusable(&shown, error))?;
        let own = parse(&name, &text).map_err(|error| unusable(&shown, error))?;
        match providers.iter_mut().find(|provider| provider.name == name) {
            Some(replaced) => *replaced = own,
            None => providers.push(own),
        }
    }
    Ok(providers)
}

/// Reads a provider. The error is one line, which may become part of a turn.
fn parse(name: &str, text: &str) -> Result<Provider, String> {
    let provider: Provider = toml::from_str(text).map_err(|error| {
        let before = error.span().and_then(|span| text.get(..span.start));
        let line = before.map_or(0, |before| before.matches('\n').count()) + 1;
        format!("line {line}: {}", one_line(error.message()))
    })?;
    Ok(Provider {
        name: name.to_owned(),
        ..provider
    })
}

fn unusable(name: &str, error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    Error::new(Kind::Config, format!("cannot use provider '{name}'")).because(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_of_the_folder_is_built_in_and_valid() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("providers");
        let mut files: Vec<_> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        files.sort();
        let mut names: Vec<_> = load(None)
            .unwrap()
            .iter()
            .map(|provider| {
                crate::endpoint::Endpoint::parse(&provider.base_url).unwrap();
                format!("{}.toml", provider.name)
            })
            .collect();
        names.sort();
        assert_eq!(files, names);
    }

    #[test]
    fn the_users_own_replaces_and_adds() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("providers")).unwrap();
        let write = |name: &str, text: &str| {
            fs::write(folder.path().join("providers").join(name), text).unwrap();
        };
        write("groq.toml", "base_url = 'http://localhost:1'");
        write("mine.toml", "base_url = 'http://localhost:2'");
        write("notes.txt", "not a provider");
        let providers = load(Some(folder.path())).unwrap();
        let urls: Vec<_> = providers
            .iter()
            .map(|provider| (provider.name.as_str(), provider.base_url.as_str()))
            .collect();
        assert_eq!(
            urls,
            [
                ("groq", "http://localhost:1"),
                ("openai", "https://api.openai.com/v1"),
                ("ollama", "http://127.0.0.1:11434/v1"),
                ("mine", "http://localhost:2")
            ]
        );
        write(
            "mine.toml",
            "base_url = 'http://localhost:2'\nbase_ulr = 'x'",
        );
        let error = load(Some(folder.path())).unwrap_err().to_string();
        assert!(
            error
                .starts_with("cannot use provider '…/mine.toml': line 2: unknown field `base_ulr`"),
            "{error}"
        );
        assert_eq!(error.lines().count(), 1, "{error}");
    }

    #[test]
    fn patterns_stand_for_whole_names() {
        for (pattern, name, expected) in [
            ("gpt-*", "gpt-6-luna", true),
            ("gpt-*", "my-gpt-6", false),
            ("a*c*e", "abcde", true),
            ("a*c*e", "abcdf", false),
            ("a", "ab", false),
            ("*", "", true),
        ] {
            assert_eq!(matches(pattern, name), expected, "{pattern} {name}");
        }
    }
}
