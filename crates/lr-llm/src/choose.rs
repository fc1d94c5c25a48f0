//! Which provider, endpoint and model a request goes to. Pure: variables are looked up through a function.

use lr_config::closest;
use lr_turn::Kind;

use crate::endpoint::Endpoint;
use crate::failure::Failure;
use crate::key::OWN_VARIABLE;
use crate::provider::Provider;

/// Looks up a variable of the environment.
pub(crate) type Lookup<'a> = &'a dyn Fn(&str) -> Option<String>;

/// What the user named; all of it may be left out.
#[derive(Debug, Clone, Default)]
pub(crate) struct Wanted {
    /// `provider/model`, or a model alone.
    pub(crate) model: Option<String>,
    /// The model was named less strongly than the place, which so may not be its own.
    pub(crate) model_is_weaker: bool,
    pub(crate) provider: Option<String>,
    pub(crate) base_url: Option<String>,
    /// A server on this machine, or where `OLLAMA_HOST` says.
    pub(crate) local: bool,
    pub(crate) told: Told,
}

/// What of it a flag or a variable has named, and not only the configuration.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Told {
    pub(crate) model: bool,
    pub(crate) place: bool,
}

/// Where requests go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Choice {
    pub(crate) provider: Provider,
    pub(crate) endpoint: Endpoint,
    /// `None`: the newest that the server offers.
    pub(crate) model: Option<String>,
}

/// Decides where requests go.
///
/// A base URL takes the model's name as it is. Without one, a provider that is named, or that knows the model's name,
/// or whose name stands before the model's first `/`, counts; else the first whose key is there, else one whose
/// server a variable names.
pub(crate) fn choose(
    wanted: &Wanted,
    providers: &[Provider],
    variable: Lookup<'_>,
) -> Result<Choice, Failure> {
    let named = match (&wanted.provider, wanted.local) {
        (Some(name), _) => Some(by_name(name, providers)?),
        (None, true) => Some(by_name("ollama", providers)?),
        (None, false) => None,
    };
    let is_meant = |model: &&str| {
        !wanted.model_is_weaker
            || named.is_none_or(|provider| !belongs_elsewhere(model, provider, providers))
    };
    let model = wanted.model.as_deref().filter(is_meant);
    if let Some(url) = &wanted.base_url {
        let endpoint =
            Endpoint::parse(url).map_err(|reason| unusable_url("base URL", url, reason))?;
        let provider = named
            .or_else(|| by_origin(&endpoint, providers))
            .cloned()
            .unwrap_or_else(|| Provider::unknown(endpoint.to_string(), url.clone()));
        let endpoint = as_spoken(endpoint, &provider);
        let model = model.map(str::to_owned).or(provider.default_model.clone());
        return Ok(Choice {
            provider,
            endpoint,
            model,
        });
    }
    let (provider, model) = match (named, model) {
        (Some(provider), model) => (provider, model.map(|model| without_prefix(model, provider))),
        (None, Some(model)) => of_model(model, providers, variable)?,
        (None, None) => (first_ready(providers, variable).ok_or_else(no_model)?, None),
    };
    Ok(Choice {
        endpoint: as_spoken(endpoint_of(provider, variable)?, provider),
        model: model.map(str::to_owned).or(provider.default_model.clone()),
        provider: provider.clone(),
    })
}

/// What is wanted where another model stands in for the first one: it is asked at the place of the first, unless its
/// name means a provider that the first one's does not.
pub(crate) fn instead(first: &Wanted, model: &str, providers: &[Provider]) -> Wanted {
    let owner = |model: &str| {
        let prefix = model.split_once('/').map(|(prefix, _)| prefix);
        let knows = providers.iter().find(|provider| provider.knows(model));
        let named = || {
            providers
                .iter()
                .find(|provider| prefix.is_some_and(|prefix| provider.is_called(prefix)))
        };
        knows.or_else(named).map(|provider| &provider.name)
    };
    let is_elsewhere = owner(model).is_some_and(|own| {
        first.base_url.is_none() || first.model.as_deref().and_then(owner) != Some(own)
    });
    let place = if is_elsewhere {
        Wanted::default()
    } else {
        first.clone()
    };
    Wanted {
        model: Some(model.to_owned()),
        model_is_weaker: false,
        ..place
    }
}

fn by_name<'a>(name: &str, providers: &'a [Provider]) -> Result<&'a Provider, Failure> {
    providers
        .iter()
        .find(|provider| provider.is_called(name))
        .ok_or_else(|| {
            let names: Vec<&str> = providers
                .iter()
                .map(|provider| provider.name.as_str())
                .collect();
            let failure = Failure::new(Kind::Usage, format!("no provider '{name}'"));
            match closest(name, &names) {
                Some(close) => failure.hint(format!("did you mean '{close}'?")),
                None => failure.hint(format!("the providers are: {}", names.join(", "))),
            }
        })
}

fn by_origin<'a>(endpoint: &Endpoint, providers: &'a [Provider]) -> Option<&'a Provider> {
    providers.iter().find(|provider| {
        Endpoint::parse(&provider.base_url).is_ok_and(|own| own.origin() == endpoint.origin())
    })
}

fn of_model<'a, 'm>(
    model: &'m str,
    providers: &'a [Provider],
    variable: Lookup<'_>,
) -> Result<(&'a Provider, Option<&'m str>), Failure> {
    if let Some(provider) = providers.iter().find(|provider| provider.knows(model)) {
        return Ok((provider, Some(model)));
    }
    if let Some((prefix, rest)) = model.split_once('/')
        && let Some(provider) = providers.iter().find(|provider| provider.is_called(prefix))
    {
        return Ok((provider, (!rest.is_empty()).then_some(rest)));
    }
    let provider = first_ready(providers, variable).ok_or_else(|| {
        let failure = Failure::new(
            Kind::NoModel,
            format!("no provider known for model '{model}'"),
        );
        match meant(model, providers) {
            Some(meant) => failure.hint(format!("did you mean '{meant}'?")),
            None => failure
                .hint("name it as PROVIDER/MODEL, or add --provider NAME, --base-url URL or -L"),
        }
    })?;
    Ok((provider, Some(model)))
}

/// What a model's name was probably meant to be: a provider's alone, or one with a provider that is misspelt.
fn meant(model: &str, providers: &[Provider]) -> Option<String> {
    let names: Vec<&str> = providers
        .iter()
        .map(|provider| provider.name.as_str())
        .collect();
    let (prefix, rest) = model.split_once('/').unwrap_or((model, ""));
    let is_short = !model.contains('/') && !names.contains(&model);
    let name = closest(prefix, &names).filter(|_| !is_short)?;
    Some(format!("{name}/{rest}"))
}

/// Whether a model's name means another provider.
fn belongs_elsewhere(model: &str, provider: &Provider, providers: &[Provider]) -> bool {
    let prefix = model.split_once('/').map(|(prefix, _)| prefix);
    let means = |other: &Provider| {
        other.knows(model) || prefix.is_some_and(|prefix| other.is_called(prefix))
    };
    !means(provider) && providers.iter().any(means)
}

fn without_prefix<'m>(model: &'m str, provider: &Provider) -> &'m str {
    model
        .split_once('/')
        .filter(|(prefix, _)| provider.is_called(prefix))
        .map(|(_, rest)| rest)
        .filter(|rest| !rest.is_empty() && !provider.knows(model))
        .unwrap_or(model)
}

/// The first provider whose key is there, else the first whose server a variable names. A key of our own counts where
/// its beginning tells whose it is; to guess would be to show it to somebody else.
fn first_ready<'a>(providers: &'a [Provider], variable: Lookup<'_>) -> Option<&'a Provider> {
    let is_set = |name: &String| variable(name).is_some();
    let own_key = variable(OWN_VARIABLE).unwrap_or_default();
    let has_key = |provider: &&Provider| {
        let is_its = |prefix: &String| own_key.starts_with(prefix.as_str());
        let required = !provider.key_optional;
        required
            && (provider.secret_variables().any(is_set) || provider.key_prefixes.iter().any(is_its))
    };
    let has_host = |provider: &&Provider| provider.host_variable.iter().any(is_set);
    providers
        .iter()
        .find(has_key)
        .or_else(|| providers.iter().find(has_host))
}

/// An endpoint without the version in its path, where the provider's protocol has it in its own paths.
fn as_spoken(endpoint: Endpoint, provider: &Provider) -> Endpoint {
    if provider.protocol.is_below_the_version() {
        endpoint.without_version()
    } else {
        endpoint
    }
}

fn endpoint_of(provider: &Provider, variable: Lookup<'_>) -> Result<Endpoint, Failure> {
    let set = |name: &Option<String>| {
        name.as_deref()
            .and_then(|name| Some((name.to_owned(), variable(name)?)))
    };
    if let Some((name, host)) = set(&provider.host_variable) {
        return Endpoint::parse_ollama(&host).map_err(|reason| unusable_url(&name, &host, reason));
    }
    if let Some((name, url)) = set(&provider.base_url_variable) {
        return Endpoint::parse(&url).map_err(|reason| unusable_url(&name, &url, reason));
    }
    let url = &provider.base_url;
    Endpoint::parse(url)
        .map_err(|reason| unusable_url(&format!("base URL of {}", provider.name), url, reason))
}

/// The URL itself is left out where it may hold a key.
fn unusable_url(what: &str, url: &str, reason: &str) -> Failure {
    let shown = if url.contains('@') { "…" } else { url };
    Failure::new(
        Kind::Usage,
        format!("cannot use {what} '{shown}': {reason}"),
    )
}

/// No model is configured in any way; the three shortest ways to get one.
fn no_model() -> Failure {
    Failure::new(Kind::NoModel, "no model is configured").hint(
        "any one of these gives you one:\n\
         \x20 export GROQ_API_KEY=…        (or OPENAI_API_KEY)\n\
         \x20 ollama serve                 and the option -L, or export OLLAMA_HOST=127.0.0.1\n\
         \x20 --base-url URL -m NAME       any server that speaks Chat Completions",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `provider url model` of a choice for flags and variables, written as words.
    fn chosen(flags: &str, variables: &[(&str, &str)]) -> Result<String, Failure> {
        let words: Vec<&str> = flags.split_whitespace().collect();
        let flag = |name: &str| {
            let at = words.iter().position(|&word| word == name)?;
            Some(words[at + 1].to_owned())
        };
        let wanted = Wanted {
            model: flag("-m").or(flag("weak")),
            model_is_weaker: flag("-m").is_none(),
            provider: flag("--provider"),
            base_url: flag("--base-url"),
            local: words.contains(&"-L"),
            told: Told::default(),
        };
        let lookup = |name: &str| {
            let (_, value) = variables.iter().find(|(key, _)| *key == name)?;
            Some((*value).to_owned())
        };
        let providers = crate::provider::load(None).unwrap();
        choose(&wanted, &providers, &lookup).map(|choice| {
            let model = choice.model.unwrap_or_else(|| "?".into());
            format!(
                "{} {} {model}",
                choice.provider.name,
                choice.endpoint.url("")
            )
        })
    }

    #[track_caller]
    fn check(flags: &str, variables: &[(&str, &str)], expected: &str) {
        assert_eq!(chosen(flags, variables), Ok(expected.to_owned()));
    }

    const GROQ: &str = "https://api.groq.com/openai/v1";
    const LOCAL: &str = "http://127.0.0.1:11434";

    #[test]
    fn a_model_names_its_provider() {
        check("-m groq/x/y", &[], &format!("groq {GROQ} x/y"));
        check(
            "-m openai/gpt-oss-120b",
            &[],
            &format!("groq {GROQ} openai/gpt-oss-120b"),
        );
        check(
            "-m groq/openai/gpt-oss-20b",
            &[],
            &format!("groq {GROQ} openai/gpt-oss-20b"),
        );
        check(
            "-m gpt-6-luna",
            &[],
            "openai https://api.openai.com/v1 gpt-6-luna",
        );
        check(
            "-m openai/gpt-6-luna",
            &[],
            "openai https://api.openai.com/v1 gpt-6-luna",
        );
        for name in ["llama.cpp", "llama-cpp"] {
            check(
                &format!("-m {name}/x"),
                &[],
                "llama-cpp http://127.0.0.1:8080/v1 x",
            );
        }
        check(
            "-m ollama/qwen3:8b",
            &[],
            &format!("ollama {LOCAL} qwen3:8b"),
        );
        check("-m groq/", &[], &format!("groq {GROQ} openai/gpt-oss-120b"));
    }

    #[test]
    fn a_provider_that_is_misspelt_or_stands_alone_is_told_of() {
        let hint = |model: &str| chosen(&format!("-m {model}"), &[]).unwrap_err().hint;
        assert_eq!(hint("grok/x").as_deref(), Some("did you mean 'groq/x'?"));
        assert_eq!(hint("groq").as_deref(), Some("did you mean 'groq/'?"));
        for model in ["grok", "a-vendor/x"] {
            assert!(
                hint(model)
                    .unwrap()
                    .starts_with("name it as PROVIDER/MODEL")
            );
        }
    }

    #[test]
    fn a_provider_that_is_named_counts_more() {
        check("--provider groq -m x", &[], &format!("groq {GROQ} x"));
        check("--provider groq -m groq/x", &[], &format!("groq {GROQ} x"));
        check(
            "--provider groq -m openai/gpt-oss-20b",
            &[],
            &format!("groq {GROQ} openai/gpt-oss-20b"),
        );
        check(
            "--provider groq",
            &[],
            &format!("groq {GROQ} openai/gpt-oss-120b"),
        );
        check(
            "-L",
            &[("OLLAMA_HOST", "0.0.0.0:5")],
            "ollama http://127.0.0.1:5 ?",
        );
        check(
            "-L -m m",
            &[("GROQ_API_KEY", "k")],
            &format!("ollama {LOCAL} m"),
        );
    }

    #[test]
    fn a_model_that_is_only_configured_gives_way_to_a_place_that_is_named() {
        check(
            "-L weak openai/gpt-oss-20b",
            &[],
            &format!("ollama {LOCAL} ?"),
        );
        check(
            "--provider groq weak ollama/x",
            &[],
            &format!("groq {GROQ} openai/gpt-oss-120b"),
        );
        check("--provider groq weak x", &[], &format!("groq {GROQ} x"));
        check(
            "--base-url http://box/v1 weak openai/x",
            &[],
            "box http://box/v1 openai/x",
        );
        check(
            "weak groq/x",
            &[("OPENAI_API_KEY", "k")],
            &format!("groq {GROQ} x"),
        );
    }

    #[test]
    fn a_base_url_takes_the_name_as_it_is() {
        check(
            "--base-url http://box:8000/v1 -m openai/gpt-oss-20b",
            &[],
            "box:8000 http://box:8000/v1 openai/gpt-oss-20b",
        );
        check(
            "--base-url http://box/v1/chat/completions",
            &[],
            "box http://box/v1 ?",
        );
        check(
            "--base-url https://api.groq.com/openai/v1/chat/completions",
            &[],
            &format!("groq {GROQ} openai/gpt-oss-120b"),
        );
        check(
            "--provider groq --base-url http://box/v1 -m m",
            &[],
            "groq http://box/v1 m",
        );
    }

    #[test]
    fn a_model_that_stands_in_is_asked_where_its_name_says_or_at_the_same_place() {
        let providers = crate::provider::load(None).unwrap();
        let place = |base_url: Option<&str>, first: &str, model: &str| {
            let first = Wanted {
                model: Some(first.into()),
                base_url: base_url.map(Into::into),
                ..Wanted::default()
            };
            let wanted = instead(&first, model, &providers);
            let variable = |name: &str| (name == "OPENAI_API_KEY").then(|| "k".to_owned());
            let choice = choose(&wanted, &providers, &variable).unwrap();
            format!("{} {}", choice.provider.name, choice.model.unwrap())
        };
        let box_url = Some("http://box/v1");
        assert_eq!(place(box_url, "a", "b"), "box b");
        assert_eq!(place(box_url, "a", "groq/b"), "groq b");
        let at_the_box = place(box_url, "openai/gpt-oss-120b", "openai/gpt-oss-20b");
        assert_eq!(at_the_box, "box openai/gpt-oss-20b");
        assert_eq!(place(None, "gpt-6-luna", "groq/b"), "groq b");
        assert_eq!(place(None, "groq/a", "gpt-6-luna"), "openai gpt-6-luna");
        assert_eq!(place(None, "gpt-6-luna", "b"), "openai b");
    }

    #[test]
    fn without_flags_keys_and_then_hosts_decide() {
        check(
            "",
            &[("OPENAI_API_KEY", "k"), ("OLLAMA_HOST", "box")],
            "openai https://api.openai.com/v1 gpt-6-luna",
        );
        check(
            "",
            &[("GROQ_API_KEY", "k"), ("OPENAI_API_KEY", "k")],
            &format!("groq {GROQ} openai/gpt-oss-120b"),
        );
        check(
            "",
            &[("OLLAMA_HOST", "box"), ("OLLAMA_API_KEY", "k")],
            "ollama http://box:11434 ?",
        );
        check(
            "-m llama9",
            &[("OLLAMA_HOST", "box")],
            "ollama http://box:11434 llama9",
        );
        check(
            "",
            &[
                ("OPENAI_API_KEY", "k"),
                ("OPENAI_BASE_URL", "http://box/v1"),
            ],
            "openai http://box/v1 gpt-6-luna",
        );
    }

    #[test]
    fn a_key_of_our_own_goes_only_where_it_can_belong() {
        check(
            "",
            &[("LR_API_KEY", "gsk_1")],
            &format!("groq {GROQ} openai/gpt-oss-120b"),
        );
        let failure = chosen("", &[("LR_API_KEY", "sk-1")]).unwrap_err();
        assert_eq!(failure.kind, Kind::NoModel);
    }

    #[test]
    fn without_anything_the_ways_to_a_model_are_said() {
        let failure = chosen("", &[]).unwrap_err();
        assert_eq!(failure.kind, Kind::NoModel);
        assert_eq!(failure.hint.unwrap().lines().count(), 4);
        assert_eq!(chosen("-m llama9", &[]).unwrap_err().kind, Kind::NoModel);
    }

    #[test]
    fn refuses_names_and_urls_that_mean_nothing() {
        let failure = chosen("--provider gorq", &[]).unwrap_err();
        assert_eq!(failure.hint.as_deref(), Some("did you mean 'groq'?"));
        let failure = chosen("--base-url https://me:key@a.b", &[]).unwrap_err();
        assert!(!failure.message.contains("key@"), "{}", failure.message);
    }
}
