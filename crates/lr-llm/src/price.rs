//! What tokens cost: the only file that knows genai-prices, whose lists are read when the first price is needed.
//!
//! A price belongs to a server, not to the name of a model: the same model costs something else elsewhere, and
//! nothing on a machine of one's own. What is not listed has no price, which is not the same as being free.

use genai_prices::{PriceRequest, UsageKey};
use lr_stage::{Error, Kind};
use lr_turn::{Usage, microusd};

use crate::endpoint::Endpoint;

/// Prices of tokens that the user gives, in US dollars for a million of them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Flat {
    pub(crate) input: f64,
    pub(crate) output: f64,
}

impl Flat {
    /// Reads `IN,OUT`.
    pub(crate) fn parse(text: &str) -> Option<Flat> {
        let (input, output) = text.split_once(',')?;
        let number = |text: &str| {
            let number: f64 = text.trim().parse().ok()?;
            (number.is_finite() && number >= 0.0).then_some(number)
        };
        Some(Flat {
            input: number(input)?,
            output: number(output)?,
        })
    }
}

/// Says that a cost cannot be limited; `whose` names the model.
pub(crate) fn unknown(whose: &str) -> Error {
    let message = format!("no price is known for {whose}, so its cost cannot be limited");
    Error::new(Kind::Usage, message).hint(
        "'--price IN,OUT' gives it in USD for a million tokens; '--price 0,0' where it is free",
    )
}

/// Where the price of a model is to be had.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Price {
    /// The user gave it.
    Given(Flat),
    /// It is listed for this server.
    Listed(String),
    /// Nobody knows it.
    Unknown,
}

impl Price {
    /// The price of a model: the user's, else the one that is listed for the server that is asked.
    pub(crate) fn of(given: Option<Flat>, endpoint: &Endpoint, model: &str) -> Price {
        if let Some(flat) = given {
            return Price::Given(flat);
        }
        if endpoint.is_loopback() {
            return Price::Unknown;
        }
        let listed = Price::Listed(endpoint.url(""));
        let is_known = listed.cost(model, &Usage::default()).is_some();
        if is_known { listed } else { Price::Unknown }
    }

    /// What these tokens cost in US dollars.
    pub(crate) fn cost(&self, model: &str, usage: &Usage) -> Option<f64> {
        match self {
            Price::Given(flat) => {
                let cost = tokens(usage.input) * flat.input + tokens(usage.output) * flat.output;
                Some(cost / 1e6)
            }
            Price::Listed(url) => listed(url, model, usage),
            Price::Unknown => None,
        }
    }

    /// What these tokens cost, in millionths of US dollars.
    pub(crate) fn microusd(&self, model: &str, usage: &Usage) -> Option<u64> {
        self.cost(model, usage).map(microusd)
    }
}

/// What the list of prices says. Prices that depend on the length of the prompt or the time of day are its affair.
fn listed(url: &str, model: &str, usage: &Usage) -> Option<f64> {
    let mut told = genai_prices::Usage::from([
        (UsageKey::INPUT_TOKENS, tokens(usage.input)),
        (UsageKey::OUTPUT_TOKENS, tokens(usage.output)),
    ]);
    for (key, count) in [
        (UsageKey::CACHE_READ_TOKENS, usage.cached_input),
        (UsageKey::CACHE_WRITE_TOKENS, usage.cache_write),
    ] {
        if count > 0 {
            told.insert(key, tokens(count));
        }
    }
    let request = PriceRequest::new(model, &told).with_provider_api_url(url);
    let price = genai_prices::calculate(&request).ok()?;
    Some(price.total_price)
}

#[expect(
    clippy::cast_precision_loss,
    reason = "no request has so many tokens that a float cannot count them"
)]
fn tokens(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    const MILLION: Usage = Usage {
        input: 1_000_000,
        output: 1_000_000,
        cached_input: 0,
        cache_write: 0,
        reasoning: 0,
    };

    fn price(given: Option<Flat>, url: &str, model: &str) -> Price {
        Price::of(given, &Endpoint::parse(url).unwrap(), model)
    }

    #[test]
    fn the_prices_of_the_built_in_defaults_are_listed() {
        for provider in crate::provider::load(None).unwrap() {
            let Some(model) = &provider.default_model else {
                continue;
            };
            let price = price(None, &provider.base_url, model);
            let cost = price.cost(model, &MILLION);
            assert!(cost.is_some_and(|cost| cost > 0.1), "{model}: {cost:?}");
            let cached = Usage {
                cached_input: 900_000,
                ..MILLION
            };
            assert!(price.cost(model, &cached) <= cost, "{model}");
        }
    }

    #[test]
    fn what_nobody_lists_has_no_price_and_is_not_free() {
        for (url, model) in [
            ("https://api.groq.com/openai/v1", "no-such-model"),
            ("https://models.example/v1", "openai/gpt-oss-120b"),
            ("http://127.0.0.1:1/v1", "openai/gpt-oss-120b"),
        ] {
            let price = price(None, url, model);
            assert_eq!(price, Price::Unknown, "{url} {model}");
            assert_eq!(price.cost(model, &MILLION), None);
        }
    }

    #[test]
    fn what_the_user_says_counts_everywhere() {
        let given = Flat::parse("0.5, 2");
        let price = price(given, "https://api.groq.com/openai/v1", "x");
        assert_eq!(price.cost("x", &MILLION), Some(2.5));
        assert_eq!(price.microusd("x", &MILLION), Some(2_500_000));
    }

    #[test]
    fn a_price_is_two_amounts() {
        for text in ["1", "1,2,3", "a,b", "-1,2", "inf,1", ""] {
            assert_eq!(Flat::parse(text), None, "{text:?}");
        }
    }
}
