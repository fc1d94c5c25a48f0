//! The page with all runs, the newest first.

use crate::state::{Known, State};
use crate::words::{cost, duration, span, table};

const HEADS: [&str; 9] = [
    "run", "began", "reason", "findings", "turns", "tokens", "cost", "time", "branch",
];

/// Which columns stand to the right.
const RIGHT: [bool; 9] = [false, false, false, true, true, true, true, true, false];

/// Returns the page.
pub(crate) fn page(runs: &[Known]) -> String {
    let mut rows = vec![HEADS.map(ToOwned::to_owned).to_vec()];
    rows.extend(runs.iter().map(row));
    table(&rows, &RIGHT)
}

fn row(known: &Known) -> Vec<String> {
    let summary = &known.summary;
    let totals = &summary.totals;
    vec![
        summary.run.clone(),
        began(&summary.started),
        reason(known),
        span(totals.findings.before, totals.findings.after),
        known.turns.to_string(),
        totals.charged.tokens.to_string(),
        cost(totals.charged.cost_microusd, totals.unpriced),
        duration(summary.seconds),
        summary.branch.clone().unwrap_or_else(|| "-".to_owned()),
    ]
}

/// Returns why a run ended, or how it stands.
pub(crate) fn reason(known: &Known) -> String {
    match known.state {
        State::Running => format!("running ({})", known.summary.pid),
        State::Ended | State::Killed => known.summary.reason.clone(),
    }
}

/// Writes a moment without its date's delimiter and the fractions of a second.
pub(crate) fn began(moment: &str) -> String {
    let short = moment.get(..16).unwrap_or(moment).replace('T', " ");
    if short.is_empty() {
        "?".to_owned()
    } else {
        short
    }
}
