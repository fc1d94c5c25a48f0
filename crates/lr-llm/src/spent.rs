//! What a reply took, in words: `--usage`. Pure.

use lr_turn::Reply;

use crate::command;
use crate::ledger::dollars;

/// One line about the tokens of a reply, its cost, its time and its model.
pub(crate) fn line(reply: &Reply) -> String {
    let tokens = match &reply.usage {
        None => "tokens unknown".to_owned(),
        Some(usage) => {
            let parts = |parts: &[(u64, &str)]| {
                let parts = parts.iter().filter(|(count, _)| *count > 0);
                let parts: Vec<_> = parts
                    .map(|(count, what)| format!("{count} {what}"))
                    .collect();
                if parts.is_empty() {
                    String::new()
                } else {
                    format!(" ({})", parts.join(", "))
                }
            };
            let input = parts(&[
                (usage.cached_input, "cached"),
                (usage.cache_write, "cache write"),
            ]);
            let output = parts(&[(usage.reasoning, "reasoning")]);
            format!(
                "{} tokens in{input}, {} out{output}",
                usage.input, usage.output
            )
        }
    };
    let cost = match reply.cost_usd {
        Some(cost) => format!("{} USD", dollars(lr_turn::microusd(cost))),
        None => "cost unknown".to_owned(),
    };
    let time = reply.seconds.map(|seconds| format!("; {seconds:.1} s"));
    let model = match (&reply.model, &reply.provider) {
        (Some(model), _) if command::line(model).is_some() => format!("; {model}"),
        (Some(model), Some(provider)) => format!("; {model} of {provider}"),
        _ => String::new(),
    };
    format!("{tokens}; {cost}{}{model}", time.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use lr_turn::Usage;

    use super::*;

    #[test]
    fn says_what_is_known_and_that_the_rest_is_not() {
        let mut reply = Reply::by("lr-llm", "text".into());
        assert_eq!(line(&reply), "tokens unknown; cost unknown");
        reply.usage = Some(Usage {
            input: 12,
            cached_input: 3,
            cache_write: 0,
            output: 45,
            reasoning: 10,
        });
        (reply.cost_usd, reply.seconds) = (Some(0.0012), Some(1.24));
        (reply.model, reply.provider) = (Some("m".into()), Some("groq".into()));
        assert_eq!(
            line(&reply),
            "12 tokens in (3 cached), 45 out (10 reasoning); 0.0012 USD; 1.2 s; m of groq"
        );
    }
}
