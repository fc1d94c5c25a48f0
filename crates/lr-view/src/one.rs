//! The page of one run: a line per turn, and charts of what changed from turn to turn.

use std::fmt::Write as _;

use lr_record::{Taken, TurnTaken};
use lr_turn::Rank;

use crate::chart::bars;
use crate::list::{began, reason};
use crate::state::{Known, State};
use crate::words::{cost, duration, span, table};

const HEADS: [&str; 9] = [
    "turn", "findings", "rank", "outcome", "tokens", "cost", "time", "model", "commits",
];

/// Which columns stand to the right.
const RIGHT: [bool; 9] = [true, true, false, false, true, true, true, false, false];

/// Returns the page.
pub(crate) fn page(known: &Known) -> String {
    let summary = &known.summary;
    let mut page = format!("run      {}\n", summary.run);
    let _ = writeln!(page, "began    {}", began(&summary.started));
    if let Some(options) = &known.options {
        let _ = writeln!(
            page,
            "with     lr-loop {}",
            shell_words::join(&options.args)
        );
    }
    let _ = writeln!(page, "reason   {}", reason(known));
    if let Some(branch) = &summary.branch {
        let _ = writeln!(page, "branch   {branch}");
    }
    let total = row("all".to_owned(), &summary.totals, summary.seconds);
    let mut rows = vec![HEADS.map(ToOwned::to_owned).to_vec()];
    rows.extend(summary.turns.iter().map(turn));
    rows.push(total);
    let _ = write!(page, "\n{}", table(&rows, &RIGHT));
    page.push_str(&charts(&summary.turns));
    let next = match known.state {
        State::Killed => Some(format!("lr-loop --resume {}", summary.run)),
        State::Running | State::Ended => summary.next.clone(),
    };
    if let Some(next) = next {
        let _ = writeln!(page, "\nnext     {next}");
    }
    page
}

fn turn(turn: &TurnTaken) -> Vec<String> {
    let seconds = turn.taken.seconds.values().sum();
    row(turn.turn.to_string(), &turn.taken, seconds)
}

fn row(name: String, taken: &Taken, seconds: f64) -> Vec<String> {
    vec![
        name,
        span(taken.findings.before, taken.findings.after),
        rank(taken.rank.before, taken.rank.after),
        outcomes(taken),
        taken.charged.tokens.to_string(),
        cost(taken.charged.cost_microusd, taken.unpriced),
        duration(seconds),
        taken.models.join(", "),
        commits(&taken.commits),
    ]
}

/// Writes ranks shortly, and whether they got better.
fn rank(before: Option<Rank>, after: Option<Rank>) -> String {
    let digits = |rank: Rank| rank.map(|number| number.to_string()).join(".");
    match (before, after) {
        (Some(before), Some(after)) => {
            let word = match after.cmp(&before) {
                std::cmp::Ordering::Less => "better",
                std::cmp::Ordering::Equal => "same",
                std::cmp::Ordering::Greater => "worse",
            };
            format!("{} {word}", digits(after))
        }
        (Some(rank), None) | (None, Some(rank)) => digits(rank),
        (None, None) => "-".to_owned(),
    }
}

fn outcomes(taken: &Taken) -> String {
    let words = taken.outcomes.iter().map(|(outcome, count)| {
        let outcome = outcome.replace('_', " ");
        if *count == 1 {
            outcome
        } else {
            format!("{count} {outcome}")
        }
    });
    let words: Vec<String> = words.collect();
    if words.is_empty() {
        return "-".to_owned();
    }
    words.join(", ")
}

/// The most commits that are named in a line.
const MOST_COMMITS: usize = 2;

fn commits(commits: &[String]) -> String {
    let short = |id: &String| id.get(..8).unwrap_or(id).to_owned();
    let named: Vec<String> = commits.iter().take(MOST_COMMITS).map(short).collect();
    match commits.len() {
        0 => "-".to_owned(),
        count if count > MOST_COMMITS => format!("{count} of them"),
        _ => named.join(" "),
    }
}

/// Charts of what is left of the findings, and of what each turn cost.
fn charts(turns: &[TurnTaken]) -> String {
    let first = turns.first().and_then(|turn| turn.taken.findings.before);
    let after = turns.iter().filter_map(|turn| turn.taken.findings.after);
    let findings: Vec<u64> = first.into_iter().chain(after).collect();
    let costs: Vec<u64> = turns
        .iter()
        .map(|turn| turn.taken.charged.cost_microusd.unwrap_or(0))
        .collect();
    let tokens: Vec<u64> = turns.iter().map(|turn| turn.taken.charged.tokens).collect();
    let mut page = String::new();
    let spent = if costs.iter().any(|cost| *cost > 0) {
        ("cost", &costs)
    } else {
        ("tokens", &tokens)
    };
    for (name, values) in [("findings", &findings), spent] {
        if values.iter().any(|value| *value > 0) {
            let _ = write!(page, "\n{name:<8} |{}|", bars(values));
        }
    }
    if !page.is_empty() {
        page.push('\n');
    }
    page
}
