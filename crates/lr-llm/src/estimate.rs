//! What asking would take, guessed without asking: for a turn, and summed up for a person. Pure.

use std::fmt::Write as _;

use lr_turn::{Estimate, Function, Id, Message, ReplyFormat, Usage};

use crate::choose::Choice;
use crate::fit::fit;
use crate::ledger::dollars;
use crate::need::{self, Need};
use crate::price::Price;
use crate::provider::Provider;
use crate::terms::Terms;

/// Guesses what a prompt takes. A reply of whole files is about half as long as the prompt that shows them, one that
/// changes lines much shorter. Without a choice only tokens are known.
pub(crate) fn estimate(
    messages: &[Message],
    tools: &[Function],
    format: ReplyFormat,
    terms: &Terms,
    choice: Option<&Choice>,
) -> Estimate {
    let unknown = Provider::unknown(String::new(), String::new());
    let provider = choice.map_or(&unknown, |choice| &choice.provider);
    let model = choice.and_then(|choice| choice.model.as_deref());
    let wishes = fit(&terms.wishes, provider, model.unwrap_or_default()).wishes;
    let need = Need::of_messages(messages, tools, &wishes, provider.field_names());
    let input = (need::bytes(messages, tools) as u64).div_ceil(4);
    let output = match format {
        ReplyFormat::Blocks | ReplyFormat::Fences => input.div_ceil(2),
        ReplyFormat::Edits | ReplyFormat::Diff | ReplyFormat::Patch => input.div_ceil(5),
    };
    let output = output.min(need.output);
    let likely = Usage {
        input,
        output,
        ..Usage::default()
    };
    let cost = |usage: &Usage| {
        let name = model.unwrap_or_default();
        Price::of(terms.price, &choice?.endpoint, name).microusd(name, usage)
    };
    Estimate {
        provider: choice.map(|choice| choice.provider.name.clone()),
        model: model.map(str::to_owned),
        input,
        output,
        most_tokens: need.tokens(),
        cost_microusd: cost(&likely),
        most_cost_microusd: cost(&need.usage()),
    }
}

/// The estimates of several turns, for a person.
#[derive(Debug, Default)]
pub(crate) struct Sum {
    count: usize,
    total: Estimate,
    /// The price of one of them is not known.
    is_incomplete: bool,
}

impl Sum {
    /// Adds the estimate of a turn and gives its line, which names the turn if that has a number.
    pub(crate) fn add(&mut self, id: &Id, estimate: &Estimate) -> String {
        let total = &mut self.total;
        total.input += estimate.input;
        total.output += estimate.output;
        total.most_tokens += estimate.most_tokens;
        let add = |sum: &mut Option<u64>, cost: Option<u64>| {
            *sum = Some(sum.unwrap_or(0) + cost.unwrap_or(0));
        };
        add(&mut total.cost_microusd, estimate.cost_microusd);
        add(&mut total.most_cost_microusd, estimate.most_cost_microusd);
        self.is_incomplete |= estimate.cost_microusd.is_none();
        self.count += 1;
        let mut line = String::new();
        if let Some(turn) = id.turn {
            let _ = write!(line, "turn {turn}");
            if let Some(part) = id.part {
                let _ = write!(line, ", part {part}");
            }
            if let Some(parts) = id.parts {
                let _ = write!(line, " of {parts}");
            }
            line.push_str(": ");
        }
        let at = match (&estimate.model, &estimate.provider) {
            (Some(model), Some(provider)) => format!("{model} of {provider}"),
            (None, Some(provider)) => format!("the newest model of {provider}"),
            _ => "no model is configured".to_owned(),
        };
        format!("{line}{} ({at})\n", words(estimate, true))
    }

    /// The line that sums up.
    pub(crate) fn line(&self) -> String {
        match self.count {
            0 => "nothing is to be asked\n".to_owned(),
            count => {
                let what = if count == 1 { "request" } else { "requests" };
                let words = words(&self.total, !self.is_incomplete);
                format!("in all {count} {what}: {words}\n")
            }
        }
    }
}

fn words(estimate: &Estimate, is_priced: bool) -> String {
    let Estimate {
        input,
        output,
        most_tokens,
        ..
    } = estimate;
    let cost = match (estimate.cost_microusd, estimate.most_cost_microusd) {
        (Some(cost), Some(most)) if is_priced => {
            format!("about {} USD, at most {}", dollars(cost), dollars(most))
        }
        _ => "price unknown".to_owned(),
    };
    format!("about {input} tokens in and {output} out, at most {most_tokens}; {cost}")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use lr_turn::Role;

    use super::*;
    use crate::choose::{Wanted, choose};
    use crate::exchange::{TimeLimits, Wishes};
    use crate::price::Flat;
    use crate::retry::Limits;

    fn terms(price: Option<Flat>) -> Terms {
        let time = Duration::from_secs(1);
        Terms {
            wishes: Wishes::default(),
            limits: Limits {
                time: TimeLimits {
                    connect: time,
                    first_byte: time,
                    idle: time,
                    whole: time,
                },
                max_attempts: 1,
                outage: time,
                restart: time,
            },
            price,
            is_local: false,
            hidden: Vec::new(),
        }
    }

    fn chosen(model: &str) -> Choice {
        let wanted = Wanted {
            model: Some(model.into()),
            base_url: Some("http://box/v1".into()),
            ..Wanted::default()
        };
        choose(&wanted, &crate::provider::load(None).unwrap(), &|_| None).unwrap()
    }

    fn of(format: ReplyFormat, price: Option<Flat>, choice: Option<&Choice>) -> Estimate {
        let message = Message::new(Role::User, "x".repeat(40_000));
        estimate(&[message], &[], format, &terms(price), choice)
    }

    #[test]
    fn says_what_is_likely_and_what_would_be_set_aside() {
        let choice = chosen("m");
        let estimate = of(ReplyFormat::Blocks, Flat::parse("1,10"), Some(&choice));
        assert_eq!((estimate.input, estimate.output), (10_000, 5_000));
        assert!(
            (26_600..27_000).contains(&estimate.most_tokens),
            "{estimate:?}"
        );
        assert_eq!(estimate.cost_microusd, Some(60_000));
        assert!(estimate.most_cost_microusd > Some(140_000), "{estimate:?}");
        assert_eq!(of(ReplyFormat::Edits, None, Some(&choice)).output, 2_000);
    }

    #[test]
    fn what_is_not_known_is_left_out() {
        let choice = chosen("m");
        let estimate = of(ReplyFormat::Blocks, None, Some(&choice));
        assert_eq!(
            (estimate.cost_microusd, estimate.provider.as_deref()),
            (None, Some("box"))
        );
        let estimate = of(ReplyFormat::Blocks, Flat::parse("1,1"), None);
        assert_eq!((estimate.cost_microusd, estimate.provider), (None, None));
    }

    #[test]
    fn sums_up_for_a_person() {
        let id = Id {
            turn: Some(2),
            part: Some(1),
            parts: Some(2),
            ..Id::default()
        };
        let priced = Estimate {
            provider: Some("groq".into()),
            model: Some("m".into()),
            input: 100,
            output: 50,
            most_tokens: 4_200,
            cost_microusd: Some(45),
            most_cost_microusd: Some(2_500),
        };
        let unknown = Estimate {
            cost_microusd: None,
            most_cost_microusd: None,
            ..priced.clone()
        };
        let mut sum = Sum::default();
        assert_eq!(sum.line(), "nothing is to be asked\n");
        assert_eq!(
            sum.add(&id, &priced),
            "turn 2, part 1 of 2: about 100 tokens in and 50 out, at most 4200; \
             about 0.000045 USD, at most 0.0025 (m of groq)\n"
        );
        assert_eq!(
            sum.line(),
            "in all 1 request: about 100 tokens in and 50 out, at most 4200; about 0.000045 USD, at most 0.0025\n"
        );
        sum.add(&id, &unknown);
        assert_eq!(
            sum.line(),
            "in all 2 requests: about 200 tokens in and 100 out, at most 8400; price unknown\n"
        );
    }
}
