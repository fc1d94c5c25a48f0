//! From what the user wants to a model that can be asked: provider, endpoint, name and key.

use std::sync::Arc;
use std::time::Duration;

use lr_stage::{Error, environment};

use crate::ask::Client;
use crate::choose::{self, Choice, Wanted};
use crate::key::{self, Key, KeySource};
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
) -> Result<Client, Error> {
    let providers = provider::load(environment::config_folder().as_deref())?;
    let choice = choose(options, &wanted(options, position, &providers), &providers)?;
    let is_at_first_place = position == 0
        || choose(options, &options.wanted, &providers)
            .is_ok_and(|first| first.endpoint.origin() == choice.endpoint.origin());
    let key = if is_at_first_place {
        key::find(&options.key, &choice, &environment::var)?
    } else {
        key_of_its_own(&choice)?
    };
    if let Some(key) = &key {
        key::refuse_stranger(key, &choice, &providers)?;
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
    Ok(Client::new(choice, key, terms, purse))
}

/// The provider's own name for the model at a position; `None` if nobody named one.
pub(crate) fn model(options: &Options, position: usize) -> Option<String> {
    let named = match position.checked_sub(1) {
        None => options.wanted.model.clone(),
        Some(fallback) => options.fallbacks.get(fallback).cloned(),
    }?;
    choice(options, position).map_or(Some(named), |choice| choice.model)
}

/// The choice of a model at a position, which needs no key.
///
/// # Errors
///
/// Why there is no such model.
pub(crate) fn choice(options: &Options, position: usize) -> Result<Choice, Error> {
    let providers = provider::load(environment::config_folder().as_deref())?;
    choose(options, &wanted(options, position, &providers), &providers)
}

fn wanted(options: &Options, position: usize, providers: &[Provider]) -> Wanted {
    let fallback = position.checked_sub(1);
    match fallback.and_then(|fallback| options.fallbacks.get(fallback)) {
        Some(model) => choose::instead(&options.wanted, model, providers),
        None => options.wanted.clone(),
    }
}

/// Chooses a provider and a model; a key that was given as a flag stands for the variable of our own.
fn choose(options: &Options, wanted: &Wanted, providers: &[Provider]) -> Result<Choice, Error> {
    let variable = |name: &str| match &options.key.given {
        Some(key) if name == key::OWN_VARIABLE => Some(key.clone()),
        _ => environment::var(name),
    };
    Ok(choose::choose(wanted, providers, &variable)?)
}

/// The key for a server that is not the first one's, whose key it must not get: the provider's own variable, or ours
/// if its beginning tells that it is this provider's.
fn key_of_its_own(choice: &Choice) -> Result<Option<Key>, Error> {
    let is_its = |key: &String| {
        let prefixes = &choice.provider.key_prefixes;
        prefixes.iter().any(|prefix| key.starts_with(prefix))
    };
    let variable = |name: &str| match name {
        key::OWN_VARIABLE => environment::var(name).filter(is_its),
        _ => environment::var(name),
    };
    Ok(key::find(&KeySource::default(), choice, &variable)?)
}
