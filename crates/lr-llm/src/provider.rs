//! Providers as data: one TOML file each, built in or the user's own.
//!
//! The user's files lie in `providers/` of the configuration folder; one with the name of a built-in provider
//! replaces it. A project cannot bring providers, since they say where keys go.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use lr_stage::{Error, Kind};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::failure;
use crate::wire::complaint::one_line;
use crate::wire::{FieldNames, Protocol};

/// The providers that are built in, in the order in which they are looked for.
const BUILT_IN: &[(&str, &str)] = &[
    ("groq", include_str!("../providers/groq.toml")),
    ("anthropic", include_str!("../providers/anthropic.toml")),
    ("openai", include_str!("../providers/openai.toml")),
    ("gemini", include_str!("../providers/gemini.toml")),
    ("perplexity", include_str!("../providers/perplexity.toml")),
    ("mistral", include_str!("../providers/mistral.toml")),
    ("deepseek", include_str!("../providers/deepseek.toml")),
    ("openrouter", include_str!("../providers/openrouter.toml")),
    ("xai", include_str!("../providers/xai.toml")),
    ("ollama", include_str!("../providers/ollama.toml")),
    ("llama-cpp", include_str!("../providers/llama-cpp.toml")),
    ("lmstudio", include_str!("../providers/lmstudio.toml")),
    ("vllm", include_str!("../providers/vllm.toml")),
];

/// Where models are to be had, and what this place is particular about.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Provider {
    /// The name of its file.
    #[serde(skip)]
    pub(crate) name: String,
    /// Other names that it goes by.
    #[serde(default)]
    pub(crate) aliases: Vec<String>,
    /// The URL that the protocol's paths are below.
    pub(crate) base_url: String,
    /// What its server speaks.
    #[serde(default)]
    pub(crate) protocol: Protocol,
    /// The header that brings the key, where it is not the protocol's usual one.
    #[serde(default)]
    pub(crate) key_header: Option<String>,
    /// More headers of every request; they win over those of the protocol.
    #[serde(default)]
    pub(crate) headers: BTreeMap<String, String>,
    /// What it refuses, so that it is not sent.
    #[serde(default)]
    pub(crate) refuses: Vec<Refused>,
    /// Changes of requests for some models, in their order.
    #[serde(default)]
    pub(crate) patch: Vec<Patch>,
    /// A variable that replaces `base_url`, as the provider's own programs read it.
    #[serde(default)]
    pub(crate) base_url_variable: Option<String>,
    /// A variable that names the server as Ollama does: a host, `host:port` or a URL.
    #[serde(default)]
    pub(crate) host_variable: Option<String>,
    /// The variables that may hold the key; the first that is set counts.
    #[serde(default)]
    pub(crate) key_variables: Vec<String>,
    /// Further ones, of which it wants what they hold as a token in `authorization`, whatever brings the key.
    #[serde(default)]
    pub(crate) token_variables: Vec<String>,
    /// How keys begin that can only be this provider's.
    #[serde(default)]
    pub(crate) key_prefixes: Vec<String>,
    /// Requests without a key are answered too.
    #[serde(default)]
    pub(crate) key_optional: bool,
    /// The model when none is named; without it, the newest that the server offers.
    #[serde(default)]
    pub(crate) default_model: Option<String>,
    /// A model must be named: the newest of all that the server offers would be a matter of chance.
    #[serde(default)]
    pub(crate) needs_model: bool,
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

/// What a provider may refuse of what is asked for beside the messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Refused {
    /// How freely words are chosen.
    Temperature,
    /// The seed of the sampling.
    Seed,
    /// Texts at which the reply ends.
    Stop,
    /// How much to think.
    Effort,
    /// A schema that the reply must meet.
    Schema,
}

/// A change of the requests for some models.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Patch {
    /// The names of these models; `*` stands for anything.
    models: Vec<String>,
    /// Fields of the body to add or replace.
    #[serde(default)]
    body: Map<String, Value>,
    /// Names of fields of the body to take away, which TOML has no value for.
    #[serde(default)]
    without: Vec<String>,
    /// Headers to add or replace.
    #[serde(default)]
    headers: BTreeMap<String, String>,
    /// What these models refuse, so that it is not sent.
    #[serde(default)]
    refuses: Vec<Refused>,
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
            aliases: Vec::new(),
            base_url,
            protocol: Protocol::default(),
            key_header: None,
            headers: BTreeMap::new(),
            refuses: Vec::new(),
            patch: Vec::new(),
            base_url_variable: None,
            host_variable: None,
            key_variables: Vec::new(),
            token_variables: Vec::new(),
            key_prefixes: Vec::new(),
            key_optional: true,
            default_model: None,
            needs_model: false,
            models: Vec::new(),
            max_tokens_field: default_max_tokens_field(),
            seed_field: default_seed_field(),
        }
    }

    /// Whether this is one of its names.
    pub(crate) fn is_called(&self, name: &str) -> bool {
        self.name == name || self.aliases.iter().any(|alias| alias == name)
    }

    /// The variables that may hold what it knows the user by, in the order in which they count.
    pub(crate) fn secret_variables(&self) -> impl Iterator<Item = &String> {
        self.key_variables.iter().chain(&self.token_variables)
    }

    /// Whether a model's name alone means this provider.
    pub(crate) fn knows(&self, model: &str) -> bool {
        self.models.iter().any(|pattern| matches(pattern, model))
    }

    /// The changes of requests for a model.
    fn patches<'a>(&'a self, model: &'a str) -> impl Iterator<Item = &'a Patch> {
        self.patch
            .iter()
            .filter(move |patch| patch.models.iter().any(|pattern| matches(pattern, model)))
    }

    /// Whether requests for a model must not have something.
    pub(crate) fn refuses(&self, what: Refused, model: &str) -> bool {
        self.refuses.contains(&what)
            || self
                .patches(model)
                .any(|patch| patch.refuses.contains(&what))
    }

    /// Fields of the body of requests for a model; null stands for one to take away.
    pub(crate) fn body_for(&self, model: &str) -> Map<String, Value> {
        let mut body = Map::new();
        for patch in self.patches(model) {
            body.extend(patch.without.iter().map(|name| (name.clone(), Value::Null)));
            body.extend(patch.body.clone());
        }
        body
    }

    /// The headers of requests for a model, beside the key's.
    pub(crate) fn headers_for(&self, model: &str) -> BTreeMap<String, String> {
        let usual = self.protocol.headers().iter();
        let mut headers: BTreeMap<String, String> = usual
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        let own = self.patches(model).map(|patch| &patch.headers);
        for more in [&self.headers].into_iter().chain(own) {
            let lower = more
                .iter()
                .map(|(name, value)| (name.to_lowercase(), value.clone()));
            headers.extend(lower);
        }
        headers
    }

    /// The header that brings the key.
    pub(crate) fn key_header(&self) -> &str {
        self.key_header
            .as_deref()
            .unwrap_or(self.protocol.key_header())
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
        assert_eq!(urls.first(), Some(&("groq", "http://localhost:1")));
        assert_eq!(urls.last(), Some(&("mine", "http://localhost:2")));
        assert_eq!(urls.len(), BUILT_IN.len() + 1);
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
