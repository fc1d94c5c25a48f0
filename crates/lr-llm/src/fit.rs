//! What of the user's wishes a provider takes, and what it wants beside them. Pure.

use crate::exchange::Wishes;
use crate::provider::{Provider, Refused};
use crate::wire::merge;

/// The wishes for one model of a provider.
#[derive(Debug, Clone, Default)]
pub(crate) struct Fitted {
    pub(crate) wishes: Wishes,
    /// What is left out because the provider refuses it, as the user calls it.
    pub(crate) left_out: Vec<&'static str>,
}

/// Fits wishes to a model: what the provider wants for it is added below what the user adds, and what it refuses is
/// taken away.
pub(crate) fn fit(wishes: &Wishes, provider: &Provider, model: &str) -> Fitted {
    let mut left_out = Vec::new();
    let mut fitted = wishes.clone();
    let mut drop = |what: Refused, name: &'static str, is_set: bool| {
        let is_dropped = is_set && provider.refuses(what, model);
        left_out.extend(is_dropped.then_some(name));
        is_dropped
    };
    if drop(
        Refused::Temperature,
        "--temperature",
        wishes.temperature.is_some(),
    ) {
        fitted.temperature = None;
    }
    if drop(Refused::Seed, "--seed", wishes.seed.is_some()) {
        fitted.seed = None;
    }
    if drop(Refused::Stop, "--stop", !wishes.stop.is_empty()) {
        fitted.stop.clear();
    }
    if drop(Refused::Effort, "--effort", wishes.effort.is_some()) {
        fitted.effort = None;
    }
    if drop(Refused::Schema, "--schema", wishes.schema.is_some()) {
        fitted.schema = None;
    }
    fitted.extra = provider.body_for(model);
    merge_over(&mut fitted, wishes);
    fitted.headers = provider.headers_for(model);
    fitted.headers.extend(wishes.headers.clone());
    Fitted {
        wishes: fitted,
        left_out,
    }
}

/// Lays the user's own fields over the provider's; null stays, so that it takes away what lr-llm would send.
fn merge_over(fitted: &mut Wishes, wishes: &Wishes) {
    let nulls = wishes.extra.iter().filter(|(_, value)| value.is_null());
    let nulls: Vec<String> = nulls.map(|(key, _)| key.clone()).collect();
    merge(&mut fitted.extra, &wishes.extra);
    for key in nulls {
        fitted.extra.insert(key, serde_json::Value::Null);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_a_provider_refuses_is_left_out_and_what_it_wants_is_added() {
        let provider = r#"
            base_url = "http://localhost"
            refuses = ["seed"]
            [[patch]]
            models = ["picky-*"]
            refuses = ["temperature"]
            body = { top = 1, mode = "a" }
            without = ["stream_options"]
            headers = { X-Beta = "1" }
        "#;
        let provider: Provider = toml::from_str(provider).unwrap();
        let wishes = Wishes {
            temperature: Some(0.5),
            seed: Some(1),
            extra: json!({"mode": "b", "store": null})
                .as_object()
                .unwrap()
                .clone(),
            ..Wishes::default()
        };
        let Fitted {
            wishes: fitted,
            left_out,
        } = fit(&wishes, &provider, "picky-1");
        assert_eq!(left_out, ["--temperature", "--seed"]);
        assert_eq!((fitted.temperature, fitted.seed), (None, None));
        assert_eq!(
            serde_json::Value::Object(fitted.extra),
            json!({"top": 1, "mode": "b", "stream_options": null, "store": null})
        );
        assert_eq!(fitted.headers["x-beta"], "1");
        let Fitted {
            wishes: fitted,
            left_out,
        } = fit(&wishes, &provider, "easy");
        assert_eq!((left_out, fitted.temperature), (vec!["--seed"], Some(0.5)));
        assert!(fitted.headers.is_empty());
    }
}
