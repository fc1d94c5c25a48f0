//! From what the user wants to a model that can be asked: provider, endpoint, name and key.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use lr_stage::{Error, Kind, environment};

use crate::ask::Client;
use crate::backend::Backend;
use crate::choose::{self, Choice, Wanted};
use crate::command::{self, Command};
use crate::history::Speaker;
use crate::key::{self, Key, KeySource};
use crate::keys_file::{self, KeysFile};
use crate::options::Options;
use crate::provider::{self, Provider};
use crate::purse::Purse;

/// Chooses a model and finds its key: the first one at position 0, behind it those that stand in for it.
///
/// # Errors
///
/// Why there is no such model, or no key for it.
pub(crate) fn connect(
    options: &Options,
    position: usize,
    purse: Arc<Purse>,
) -> Result<Backend, Error> {
    let places = Places::load()?;
    let wanted = wanted(options, position, &places.providers);
    if let Some(line) = wanted.model.as_deref().and_then(command::line) {
        let command = Command::new(line, options.terms.clone(), purse)?;
        return Ok(Backend::Program(Box::new(command)));
    }
    let choice = places.choose(options, &wanted)?;
    let is_at_first_place = position == 0
        || places
            .choose(options, &options.wanted)
            .is_ok_and(|first| first.endpoint.origin() == choice.endpoint.origin());
    let key = if is_at_first_place {
        let kept = places.keys.of(&choice.provider.name).cloned();
        let source = KeySource {
            kept,
            ..options.key.clone()
        };
        key::find(&source, &choice, &environment::var)?
    } else {
        places.key_of_its_own(&choice)?
    };
    if let Some(key) = &key {
        key::refuse_stranger(key, &choice, &places.providers)?;
    }
    let mut terms = options.terms.clone();
    if !is_at_first_place {
        // They were given for the first one's server, and may hold something that is only its own.
        terms.wishes.headers.clear();
    }
    if position < options.fallbacks.len() {
        // Another model is asked sooner than a server that is down comes back.
        terms.limits.outage = Duration::ZERO;
        terms.limits.restart = Duration::ZERO;
    }
    let client = Client::new(choice, key, terms, purse);
    Ok(Backend::Server(Box::new(client)))
}

/// The user's file of keys, if it has one for a provider.
///
/// # Errors
///
/// When it, or the providers, cannot be read.
pub(crate) fn file_with_key(provider: &str) -> Result<Option<PathBuf>, Error> {
    let has_one = Places::load()?.keys.of(provider).is_some();
    let folder = environment::config_folder().filter(|_| has_one);
    Ok(folder.as_deref().map(keys_file::path))
}

/// The provider's own name for the model at a position; `None` if nobody named one.
pub(crate) fn model(options: &Options, position: usize) -> Option<String> {
    let named = match position.checked_sub(1) {
        None => options.wanted.model.clone(),
        Some(fallback) => options.fallbacks.get(fallback).cloned(),
    }?;
    choice(options, position).map_or(Some(named), |choice| choice.model)
}

/// Has the model asked that a conversation was with, unless a flag or a variable names another one or another place.
///
/// # Errors
///
/// `no_model` when nobody can tell where it was, and when the providers cannot be read.
pub(crate) fn go_on_with(options: &mut Options, speaker: &Speaker) -> Result<(), Error> {
    let Speaker { provider, model } = speaker;
    let told = options.wanted.told;
    if told.model {
        return Ok(());
    }
    let places = Places::load()?;
    let is_here = choice(options, 0).is_ok_and(|choice| choice.provider.name == *provider);
    let is_known = places.providers.iter().any(|known| known.name == *provider);
    let wanted = &mut options.wanted;
    if command::line(model).is_some() && !told.place {
        wanted.model = Some(model.clone());
    } else if is_here && wanted.base_url.is_some() {
        (wanted.model, wanted.model_is_weaker) = (Some(model.clone()), false);
    } else if is_known && (is_here || !told.place) {
        *wanted = Wanted {
            model: Some(format!("{provider}/{model}")),
            provider: Some(provider.clone()),
            local: wanted.local && is_here,
            ..Wanted::default()
        };
    } else if !told.place {
        // What was said there may be nobody else's business.
        let message = format!("the conversation was with '{model}' at '{provider}'");
        return Err(Error::new(Kind::NoModel, message)
            .hint("'--base-url URL' goes on there, '-m MODEL' with another model"));
    }
    Ok(())
}

/// The choice of a model at a position, which needs no key.
///
/// # Errors
///
/// Why there is no such model.
pub(crate) fn choice(options: &Options, position: usize) -> Result<Choice, Error> {
    let places = Places::load()?;
    places.choose(options, &wanted(options, position, &places.providers))
}

fn wanted(options: &Options, position: usize, providers: &[Provider]) -> Wanted {
    let fallback = position.checked_sub(1);
    match fallback.and_then(|fallback| options.fallbacks.get(fallback)) {
        Some(model) => choose::instead(&options.wanted, model, providers),
        None => options.wanted.clone(),
    }
}

/// Where models are to be had, and the keys that the user keeps for these places.
struct Places {
    providers: Vec<Provider>,
    keys: KeysFile,
}

impl Places {
    fn load() -> Result<Places, Error> {
        let folder = environment::config_folder();
        Ok(Places {
            providers: provider::load(folder.as_deref())?,
            keys: KeysFile::load(folder.as_deref())?,
        })
    }

    /// Chooses a provider and a model; a key that was given as a flag stands for the variable of our own, and one that
    /// is kept for its provider's.
    fn choose(&self, options: &Options, wanted: &Wanted) -> Result<Choice, Error> {
        if wanted.model.as_deref().and_then(command::line).is_some() {
            return Err(Error::new(Kind::Usage, "a program has no server"));
        }
        let variable = |name: &str| match &options.key.given {
            Some(key) if name == key::OWN_VARIABLE => Some(key.clone()),
            _ => environment::var(name).or_else(|| self.keys.for_variable(name, &self.providers)),
        };
        Ok(choose::choose(wanted, &self.providers, &variable)?)
    }

    /// The key for a server that is not the first one's, whose key it must not get: the provider's own variable, or
    /// ours if its beginning tells that it is this provider's, or the one that is kept for it.
    fn key_of_its_own(&self, choice: &Choice) -> Result<Option<Key>, Error> {
        let is_its = |key: &String| {
            let prefixes = &choice.provider.key_prefixes;
            prefixes.iter().any(|prefix| key.starts_with(prefix))
        };
        let variable = |name: &str| match name {
            key::OWN_VARIABLE => environment::var(name).filter(is_its),
            _ => environment::var(name),
        };
        let source = KeySource {
            kept: self.keys.of(&choice.provider.name).cloned(),
            ..KeySource::default()
        };
        Ok(key::find(&source, choice, &variable)?)
    }
}
