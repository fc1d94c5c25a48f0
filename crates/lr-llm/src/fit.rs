//! What of the user's wishes a provider takes, and what it wants beside them. Pure.

use serde_json::{Map, Value};

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
        let is_refused = provider.refuses(what, model) || provider.protocol.lacks(what);
        let is_dropped = is_set && is_refused;
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
    merge_over(&mut fitted.extra, &wishes.extra);
    let options = std::mem::take(&mut fitted.options);
    merge_over(&mut fitted.extra, &provider.protocol.placed(options));
    fitted.headers = provider.headers_for(model);
    fitted.headers.extend(wishes.headers.clone());
    Fitted {
        wishes: fitted,
        left_out,
    }
}

/// Lays the user's own fields over others; null stays, so that it takes away what lr-llm would send.
fn merge_over(fields: &mut Map<String, Value>, own: &Map<String, Value>) {
    merge(fields, own);
    let nulls = own.iter().filter(|(_, value)| value.is_null());
    fields.extend(nulls.map(|(key, _)| (key.clone(), Value::Null)));
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
            Value::Object(fitted.extra),
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

    #[test]
    fn options_stand_where_the_protocol_has_them_and_what_it_lacks_is_left_out() {
        let fitted = |protocol: &str| {
            let provider = format!("base_url = 'http://localhost'\nprotocol = '{protocol}'");
            let provider: Provider = toml::from_str(&provider).unwrap();
            let object = |value: Value| value.as_object().unwrap().clone();
            let wishes = Wishes {
                seed: Some(1),
                stop: vec!["x".into()],
                extra: object(json!({"top_p": 1, "options": {"top_k": 1}})),
                options: object(json!({"top_p": 2, "think": null})),
                ..Wishes::default()
            };
            let Fitted { wishes, left_out } = fit(&wishes, &provider, "m");
            assert!(wishes.options.is_empty());
            (Value::Object(wishes.extra), left_out)
        };
        let flat = json!({"top_p": 2, "options": {"top_k": 1}, "think": null});
        assert_eq!(fitted("chat"), (flat.clone(), vec![]));
        assert_eq!(fitted("messages"), (flat.clone(), vec!["--seed"]));
        assert_eq!(fitted("responses"), (flat, vec!["--seed", "--stop"]));
        let nested = json!({"top_p": 1, "options": {"top_k": 1, "top_p": 2}, "think": null});
        assert_eq!(fitted("ollama"), (nested, vec![]));
    }
}
