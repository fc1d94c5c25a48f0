//! A question that is ready to be sent: what it may take, and what an attempt took. Pure.

use std::collections::BTreeMap;

use lr_turn::Charge;
use serde_json::{Value, json};

use crate::exchange::Spent;
use crate::http;
use crate::ledger::Amount;
use crate::need::Need;
use crate::price::Price;
use crate::rerun::Place;

/// A question, ready to be sent.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) model: String,
    pub(crate) body: Value,
    /// Whether the model may ask for tools.
    pub(crate) has_tools: bool,
    /// The headers beside the key's.
    pub(crate) headers: BTreeMap<String, String>,
    /// The turn that it is for.
    pub(crate) place: Option<Place>,
    pub(crate) need: Need,
    /// The most that one attempt can take; without a cost where nothing depends on it.
    pub(crate) most: Charge,
}

impl Request {
    /// The request for a person to read: without the key, which a header of this name brings.
    pub(crate) fn shown(self, url: &str, key_header: Option<&str>) -> Value {
        let headers: BTreeMap<_, _> = self.headers.iter().map(shown_header).collect();
        let mut request =
            json!({"method": "POST", "url": url, "headers": headers, "body": self.body});
        request["headers"]["content-type"] = "application/json".into();
        if let Some(name) = key_header {
            request["headers"][name] = format!("{}[redacted]", http::key_scheme(name)).into();
        }
        request
    }

    /// What an attempt took: what the server says, else the most it can have been; nothing where no model was at work.
    pub(crate) fn taken<'p>(&self, spent: Option<&Spent>, price: impl Fn() -> &'p Price) -> Charge {
        let Some(spent) = spent else {
            return Charge::default();
        };
        let usage = spent.usage.unwrap_or(self.need.usage());
        let told = spent.cost_usd.map(lr_turn::microusd);
        Charge {
            tokens: usage.input.saturating_add(usage.output),
            cost_microusd: told.or_else(|| price().microusd(&self.model, &usage)),
        }
    }
}

/// What one request takes of the limits of the program.
pub(crate) fn amount(charge: Charge) -> Amount {
    Amount {
        calls: 1,
        tokens: charge.tokens,
        microusd: charge.cost_microusd.unwrap_or(0),
    }
}

/// A header as a request that is only shown has it: what may be a secret is left out.
fn shown_header((name, value): (&String, &String)) -> (String, String) {
    let secrets = ["auth", "cookie", "key", "secret", "token"];
    let is_secret = secrets.iter().any(|word| name.contains(word));
    let value = if is_secret { "[redacted]" } else { value };
    (name.clone(), value.to_owned())
}

#[cfg(test)]
mod tests {
    use lr_turn::Usage;

    use super::*;
    use crate::price::Flat;

    #[track_caller]
    fn check(price: &Price, spent: Option<Spent>, expected: (u64, Option<u64>)) {
        let request = Request {
            model: "m".into(),
            body: Value::Null,
            has_tools: false,
            headers: BTreeMap::new(),
            place: None,
            need: Need {
                input: 100,
                output: 900,
            },
            most: Charge::default(),
        };
        let taken = request.taken(spent.as_ref(), || price);
        assert_eq!((taken.tokens, taken.cost_microusd), expected);
    }

    fn spent(input: u64, output: u64, cost_usd: Option<f64>) -> Spent {
        let usage = Usage {
            input,
            output,
            ..Usage::default()
        };
        Spent {
            usage: Some(usage),
            cost_usd,
        }
    }

    #[test]
    fn what_the_server_says_counts_and_else_the_most_it_can_have_been() {
        let price = Price::Given(Flat {
            input: 1.0,
            output: 10.0,
        });
        check(&price, None, (0, None));
        check(&price, Some(spent(10, 5, None)), (15, Some(60)));
        check(&price, Some(spent(10, 5, Some(0.5))), (15, Some(500_000)));
        check(&price, Some(Spent::default()), (1000, Some(9_100)));
        check(&Price::Unknown, Some(Spent::default()), (1000, None));
        check(&Price::Unknown, Some(spent(10, 5, None)), (15, None));
    }
}
