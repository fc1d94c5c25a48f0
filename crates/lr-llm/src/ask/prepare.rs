//! Turning a question into a request: what of the wishes is sent, and what it may take.

use lr_stage::{Error, say};
use lr_turn::Charge;

use super::Client;
use crate::fit::{Fitted, fit};
use crate::need::Need;
use crate::price;
use crate::request::Request;
use crate::terms::Question;
use crate::wire::Asked;

impl Client {
    /// Turns a question into a request. Where limits depend on it, the request says how long the reply may be.
    pub(super) fn prepare(&self, question: Question<'_>) -> Result<Request, Error> {
        let Question {
            messages,
            tools,
            stream,
            place,
        } = question;
        let model = self.model()?;
        let provider = &self.choice.provider;
        let names = provider.field_names();
        let Fitted {
            mut wishes,
            left_out,
        } = fit(&self.terms.wishes, provider, &model);
        self.left_out.get_or_init(|| {
            for option in left_out {
                let name = &provider.name;
                say::warn(&format!(
                    "'{model}' of '{name}' refuses '{option}', so it is not sent"
                ));
            }
        });
        let need = Need::of_messages(messages, tools, &wishes, names);
        if self.purse.needs_cap() || provider.protocol.needs_cap() {
            wishes.max_tokens.get_or_insert(need.output);
        }
        if let Some(server) = self.loader() {
            wishes.context = Some(server.context(need));
        }
        let mut most = Charge {
            tokens: need.tokens(),
            cost_microusd: None,
        };
        if self.purse.needs_price() {
            let cost = self.price(&model).microusd(&model, &need.usage());
            most.cost_microusd = Some(cost.ok_or_else(|| {
                price::unknown(&format!("'{model}' at '{}'", self.choice.endpoint))
            })?);
        }
        let asked = Asked {
            model: &model,
            messages,
            tools,
            wishes: &wishes,
            names,
            stream,
        };
        Ok(Request {
            body: provider.protocol.request(asked),
            has_tools: !tools.is_empty(),
            headers: wishes.headers,
            place,
            model,
            need,
            most,
        })
    }
}
