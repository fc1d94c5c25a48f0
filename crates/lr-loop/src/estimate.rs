//! What would be asked in the first turn, and about what that would cost: the page of `--dry-run`.

use std::fmt::Write as _;

use lr_turn::{Estimate, Prompt, ReadError, Reply, Turn};

use crate::money;
use crate::progress::plural;
use crate::reading::Answer;

/// How many files of a part are named.
const NAMED: usize = 3;

/// What is added up over the parts.
#[derive(Default)]
struct Sum {
    parts: u64,
    findings: u64,
    all: Estimate,
    /// Whether a part has no price.
    unknown: bool,
}

/// Returns the page: what is free, a line for each part that would be asked, and their sum.
pub(crate) fn page(fixed: &[Turn], asked: &[Turn]) -> Result<String, ReadError> {
    let mut page = String::new();
    let mut free = 0;
    for turn in fixed {
        let reply: Option<Reply> = turn.get()?;
        free += reply.map_or(0, |reply| reply.fixes.len() as u64);
    }
    if free > 0 {
        let findings = plural(free, "finding");
        let _ = writeln!(
            page,
            "free: lr-fix repairs {findings} first, so that less is asked than this:"
        );
    }
    let mut sum = Sum::default();
    for turn in asked {
        if let Some(prompt) = turn.get::<Prompt>()? {
            page.push_str(&sum.add(turn, &prompt)?);
        }
    }
    let what = format!(
        "in all: {}, {}",
        plural(sum.parts, "request"),
        plural(sum.findings, "finding")
    );
    let _ = writeln!(page, "{what}, {}", takes(&sum.all, sum.unknown));
    page.push_str("Later turns ask about what is left; --max-calls, --max-total-tokens, --max-cost and --max-time bound them all.\n");
    Ok(page)
}

impl Sum {
    /// Adds a part, and returns its line.
    fn add(&mut self, turn: &Turn, prompt: &Prompt) -> Result<String, ReadError> {
        let findings = Answer::of(turn)?.asked.len() as u64;
        let estimate: Option<Estimate> = turn.get()?;
        // A program in the place of lr-llm makes no estimate.
        let estimate = estimate.unwrap_or_else(|| Estimate {
            input: prompt.tokens.unwrap_or_default(),
            ..Estimate::default()
        });
        self.parts += 1;
        self.findings += findings;
        self.all.input += estimate.input;
        self.all.output += estimate.output;
        self.all.most_tokens += estimate.most_tokens;
        add(&mut self.all.cost_microusd, estimate.cost_microusd);
        add(
            &mut self.all.most_cost_microusd,
            estimate.most_cost_microusd,
        );
        self.unknown |= estimate.most_cost_microusd.is_none();
        let mut files: Vec<&str> = prompt.offered.iter().map(|it| it.path.as_str()).collect();
        let more = files.len().saturating_sub(NAMED);
        files.truncate(NAMED);
        let mut line = format!("part {}: {}", self.parts, files.join(", "));
        if more > 0 {
            let _ = write!(line, " and {}", plural(more as u64, "more file"));
        }
        let _ = write!(line, "; {}; ", plural(findings, "finding"));
        if let Some(model) = &estimate.model {
            let _ = write!(line, "{model}, ");
        }
        let unknown = estimate.most_cost_microusd.is_none();
        Ok(line + &takes(&estimate, unknown) + "\n")
    }
}

fn add(sum: &mut Option<u64>, more: Option<u64>) {
    if let Some(more) = more {
        *sum = Some(sum.unwrap_or_default() + more);
    }
}

/// Says what asking takes: tokens and money, likely and at most.
fn takes(estimate: &Estimate, unknown: bool) -> String {
    let (input, output) = (estimate.input, estimate.output);
    let mut words = format!("about {input} + {output} tokens");
    if estimate.most_tokens > 0 {
        let _ = write!(words, ", at most {}", estimate.most_tokens);
    }
    let amounts = (estimate.cost_microusd, estimate.most_cost_microusd);
    if let (Some(likely), Some(most), false) = (amounts.0, amounts.1, unknown) {
        let [likely, most] = [likely, most].map(money::written);
        let _ = write!(words, "; about ${likely}, at most ${most}");
    } else {
        words.push_str("; price unknown");
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(path: &str, cost: &str) -> String {
        format!(
            r#"{{"lr":1,"check":{{"clean":false,"results":[{{"findings":[
                {{"message":"m","key":"{path}","location":{{"path":"{path}"}}}}]}}]}},
                "prompt":{{"messages":[],"offered":[{{"path":"{path}"}}]}},
                "estimate":{{"model":"m","input":100,"output":50,"most_tokens":4200{cost}}}}}"#
        )
    }

    fn shown(fixed: &str, asked: &[String]) -> String {
        let asked: Vec<Turn> = asked
            .iter()
            .map(|text| Turn::parse(text).unwrap())
            .collect();
        let page = page(&[Turn::parse(fixed).unwrap()], &asked).unwrap();
        let (lines, _) = page.rsplit_once("Later turns").unwrap();
        lines.to_owned()
    }

    #[test]
    fn says_what_each_part_takes_and_all_together() {
        let cost = r#","cost_microusd":300,"most_cost_microusd":16800"#;
        assert_eq!(
            shown(r#"{"lr":1}"#, &[part("a.py", cost), part("b.py", cost)]),
            "part 1: a.py; 1 finding; m, about 100 + 50 tokens, at most 4200; about $0.000300, at most $0.016800\n\
             part 2: b.py; 1 finding; m, about 100 + 50 tokens, at most 4200; about $0.000300, at most $0.016800\n\
             in all: 2 requests, 2 findings, about 200 + 100 tokens, at most 8400; about $0.000600, at most $0.033600\n"
        );
    }

    #[test]
    fn one_price_that_is_unknown_makes_the_sum_unknown() {
        let cost = r#","cost_microusd":300,"most_cost_microusd":16800"#;
        let page = shown(r#"{"lr":1}"#, &[part("a.py", cost), part("b.py", "")]);
        assert_eq!(page.matches("price unknown").count(), 2, "{page}");
    }

    #[test]
    fn what_is_free_is_said() {
        let fixed = r#"{"lr":1,"reply":{"text":"","by":"lr-fix","fixes":["k","l"]}}"#;
        let page = shown(fixed, &[]);
        assert!(
            page.starts_with("free: lr-fix repairs 2 findings first"),
            "{page}"
        );
    }
}
