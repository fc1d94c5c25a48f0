//! Which lines of a text were probably meant by lines that do not stand in it, in words for the model.

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};

use crate::problem::quoted;

/// A line that has this share of its words in common with another is near it: one in so many.
const FRACTION: usize = 2;

/// Says which lines of a text are nearest to a run that does not stand in it; empty if none are.
pub(crate) fn did_you_mean(text: &[&str], run: &[&str]) -> String {
    let Some(begin) = by_lines(text, run).or_else(|| by_words(text, run)) else {
        return String::new();
    };
    let end = (begin + run.len()).min(text.len());
    let place = match end - begin {
        1 => format!("line {}", begin + 1),
        _ => format!("lines {} to {end}", begin + 1),
    };
    let differs = (begin..end).find(|at| text[*at] != run[*at - begin]);
    match differs {
        Some(at) if text[at].trim() == run[at - begin].trim() => format!(
            "; did you mean {place}? line {} differs in its blanks: it is {}",
            at + 1,
            quoted(text[at])
        ),
        Some(at) => format!(
            "; did you mean {place}? line {} is {}",
            at + 1,
            quoted(text[at])
        ),
        None => format!("; did you mean {place}? the file ends there"),
    }
}

/// Where the run begins if most of its lines that say something shall stand in their places, blanks around them aside;
/// at least half of them must.
fn by_lines(text: &[&str], run: &[&str]) -> Option<usize> {
    let mut offsets: HashMap<&str, usize> = HashMap::new();
    let mut n_wanted = 0;
    for (offset, line) in run
        .iter()
        .enumerate()
        .filter(|(_, line)| says_something(line))
    {
        offsets.entry(line.trim()).or_insert(offset);
        n_wanted += 1;
    }
    let mut votes: HashMap<usize, usize> = HashMap::new();
    for (at, line) in text.iter().enumerate() {
        if let Some(begin) = offsets
            .get(line.trim())
            .and_then(|offset| at.checked_sub(*offset))
        {
            *votes.entry(begin).or_default() += 1;
        }
    }
    let best = votes
        .into_iter()
        .max_by_key(|(begin, votes)| (*votes, Reverse(*begin)));
    best.filter(|(_, votes)| votes * FRACTION >= n_wanted)
        .map(|(begin, _)| begin)
}

fn says_something(line: &str) -> bool {
    line.chars().any(char::is_alphanumeric)
}

/// Words are compared in texts of so many lines at most: it takes long.
const MOST_LINES: usize = 20_000;

/// The window in which the longest line of the run stands where the line with most of its words stands.
fn by_words(text: &[&str], run: &[&str]) -> Option<usize> {
    if text.len() > MOST_LINES {
        return None;
    }
    let (offset, longest) = run
        .iter()
        .enumerate()
        .max_by_key(|(_, line)| line.trim().len())?;
    let wanted: HashSet<&str> = words(longest).collect();
    let score = |line: &str| {
        words(line)
            .collect::<HashSet<_>>()
            .intersection(&wanted)
            .count()
    };
    let (at, best) = text
        .iter()
        .map(|line| score(line))
        .enumerate()
        .max_by_key(|(at, score)| (*score, Reverse(*at)))?;
    let n_words = wanted
        .len()
        .max(words(text[at]).collect::<HashSet<_>>().len());
    (best > 0 && best * FRACTION >= n_words).then(|| at.saturating_sub(offset))
}

fn words(line: &str) -> impl Iterator<Item = &str> {
    line.split(|c: char| !c.is_alphanumeric() && c != '_')
        .filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: [&str; 5] = [
        "import os",
        "",
        "def f(path):",
        "    x = os.stat(path)",
        "    return x",
    ];

    fn check(run: &[&str], expected: &str) {
        assert_eq!(did_you_mean(&TEXT, run), expected, "{run:?}");
    }

    #[test]
    fn says_which_lines_are_nearest() {
        check(
            &["def f(path):", "    x = os.lstat(path)"],
            "; did you mean lines 3 to 4? line 4 is '    x = os.stat(path)'",
        );
        check(
            &["    y = os.stat(path)"],
            "; did you mean line 4? line 4 is '    x = os.stat(path)'",
        );
        check(
            &["  return x"],
            "; did you mean line 5? line 5 differs in its blanks: it is '    return x'",
        );
        check(
            &["    return x", "", ""],
            "; did you mean line 5? the file ends there",
        );
    }

    #[test]
    fn says_nothing_where_nothing_is_near() {
        check(&["class Other:"], "");
        check(&[""], "");
        check(&[], "");
        assert_eq!(did_you_mean(&[], &["x"]), "");
    }
}
