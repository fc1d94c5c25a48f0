//! The words at the end of a run: what the replies said, and one line that says it all.

use std::fmt::Write as _;

use lr_stage::Status;

use crate::progress::plural;
use crate::stop::Reason;

/// How many lines of an explanation are listed; the record and FIXES.md hold it whole.
const LONGEST_NOTES: usize = 12;

/// What a run came to, as the last line tells it.
#[derive(Debug)]
pub(crate) struct Ending<'a> {
    pub(crate) run: &'a str,
    /// Whether it has a work tree of its own.
    pub(crate) is_apart: bool,
    pub(crate) reason: Reason,
    /// What a stage said about why it failed.
    pub(crate) error: Option<&'a str>,
    pub(crate) numbers: Numbers,
    pub(crate) seconds: f64,
    /// The branch of the run, where it has one.
    pub(crate) branch: Option<&'a str>,
    /// Who can show what was changed, where there is no branch.
    pub(crate) changed: Changed,
    /// Whether the run made commits.
    pub(crate) has_commits: bool,
    /// What names the run to `--resume`, where it left a record.
    pub(crate) resume: Option<String>,
}

/// Who can show what a run without a branch has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Changed {
    /// There is nothing to show.
    Nothing,
    /// Git, beside what was written down.
    InGit,
    /// Only what was written down.
    OutsideGit,
}

/// The numbers of a run, at its end or so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Numbers {
    /// Before the first turn and after the last one.
    pub(crate) findings: Option<(u64, u64)>,
    /// Whether those after the last turn hide others that were seen before the first one.
    pub(crate) hides_more: bool,
    /// In how many turns there was a reply or a call.
    pub(crate) turns: u64,
    pub(crate) calls: u64,
    /// Of all calls, in and out.
    pub(crate) tokens: Amount,
    pub(crate) cost: Cost,
}

/// What calls took together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Amount {
    /// As far as it is known.
    pub(crate) known: u64,
    /// What counts against limits: for what is not known, the most it can be.
    pub(crate) counts: u64,
}

/// What calls cost, in millionths of a US dollar.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Cost {
    /// The sum.
    pub(crate) micro_dollars: Amount,
    /// How many calls are in the sum.
    pub(crate) known: u64,
    /// How many are not.
    pub(crate) unknown: u64,
}

impl Ending<'_> {
    /// Returns the line: the reason, findings before and after, turns, tokens, cost, time, the
    /// branch, and what to type next.
    pub(crate) fn line(&self) -> String {
        let mut line = format!("{}: {}", self.reason.name, self.reason.words);
        if let Some(error) = self.error.filter(|_| self.reason != Reason::NO_MODEL) {
            let words: Vec<&str> = error.split_whitespace().collect();
            let _ = write!(line, " ({})", words.join(" "));
        }
        let _ = write!(
            line,
            "; {}, {}, {}",
            self.numbers.words(),
            duration(self.seconds),
            self.branch
                .map_or_else(|| "no branch".to_owned(), |it| format!("branch {it}")),
        );
        if let Some(next) = self.next() {
            let _ = write!(line, "; next: {next}");
        }
        line
    }

    /// Returns what to type next, if there is something to type: first what the reason calls for,
    /// then what may be done with the changes.
    pub(crate) fn next(&self) -> Option<String> {
        let steps: Vec<String> = self.go_on().into_iter().chain(self.changes()).collect();
        (!steps.is_empty()).then(|| steps.join(", "))
    }

    /// What goes on with the run, where that makes sense.
    fn go_on(&self) -> Option<String> {
        let (flags, why) = match self.reason.name {
            "clean" => return None,
            "stop_after" => return Some("the same without --stop-after".to_owned()),
            "dry_run" => return Some("the same without -n".to_owned()),
            "no_model" => (" -m MODEL", "or -L"),
            "iterations" => (" -i N", "more turns"),
            "calls" => (" --max-calls N", "more calls"),
            "tokens" => (" --max-total-tokens N", "more tokens"),
            "cost" => (" --max-cost USD", "more money"),
            "time" => (" --max-time SECONDS", "more time"),
            _ => match self.reason.status {
                Status::Done => return None,
                Status::No => (" -m MODEL", "ask another model"),
                Status::Trouble => ("", "when that is repaired"),
                _ => ("", "go on"),
            },
        };
        let resume = self.resume.as_ref()?;
        Some(format!("lr-loop --resume {resume}{flags} ({why})"))
    }

    /// What may be done with the changes.
    fn changes(&self) -> Option<String> {
        let run = self.run;
        let words = match (self.branch, self.reason.status) {
            (None, _) => match self.changed {
                Changed::Nothing => return None,
                Changed::InGit => {
                    "git diff (see it), less FIXES.md (what was done and why)".to_owned()
                }
                Changed::OutsideGit => "less FIXES.md (what was done and why)".to_owned(),
            },
            (Some(branch), _) if self.is_apart && self.has_commits => format!(
                "git merge {branch} (keep it), git diff refs/lr/{run}/base...{branch} (see it)"
            ),
            (Some(_), _) if self.is_apart => return None,
            (Some(_), _) if !self.has_commits => "git checkout - (leave the branch)".to_owned(),
            (Some(branch), Status::Done) => format!(
                "git checkout - && git merge {branch} (keep it), \
                 git diff refs/lr/{run}/base... (see it), lr-git undo (take it back)"
            ),
            (Some(_), _) => format!(
                "git diff refs/lr/{run}/base... (see it), lr-git undo (take it back), \
                 git checkout - (leave it)"
            ),
        };
        Some(words)
    }
}

impl Numbers {
    /// Returns the numbers as they stand in one line.
    pub(crate) fn words(&self) -> String {
        let findings = match self.findings {
            Some((before, after)) => format!("findings {before} -> {after}"),
            None => "findings unknown".to_owned(),
        };
        let hidden = if self.hides_more {
            " (others are hidden)"
        } else {
            ""
        };
        format!(
            "{findings}{hidden}, {}, {}, {}, {}",
            plural(self.turns, "turn"),
            plural(self.calls, "call"),
            self.tokens.words(|tokens| plural(tokens, "token")),
            self.cost.words(),
        )
    }
}

impl Amount {
    fn words(self, written: impl Fn(u64) -> String) -> String {
        let bound = if self.counts > self.known {
            "at most "
        } else {
            ""
        };
        format!("{bound}{}", written(self.counts))
    }
}

impl Cost {
    fn words(self) -> String {
        let sum = self.micro_dollars.words(dollars);
        match (self.known, self.unknown) {
            (0, 1..) => "cost unknown".to_owned(),
            (_, 0) => sum,
            (_, unknown) => format!("{sum} and the unknown cost of {}", plural(unknown, "call")),
        }
    }
}

/// Writes an amount exactly, with cents at least.
fn dollars(micro_dollars: u64) -> String {
    let cents = format!("{:06}", micro_dollars % 1_000_000);
    let more = cents[2..].trim_end_matches('0');
    format!("${}.{}{more}", micro_dollars / 1_000_000, &cents[..2])
}

/// Writes a time as people say it.
pub(crate) fn duration(seconds: f64) -> String {
    if seconds < 60.0 {
        return format!("{seconds:.1} s");
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a run takes no more than 10^19 seconds"
    )]
    let whole = seconds as u64;
    match (whole / 3600, whole / 60 % 60, whole % 60) {
        (0, minutes, seconds) => format!("{minutes} min {seconds} s"),
        (hours, minutes, _) => format!("{hours} h {minutes} min"),
    }
}

/// Returns what the replies said outside their blocks, turn by turn.
pub(crate) fn explanations(explanations: &[(u64, String)]) -> String {
    let mut page = String::new();
    if !explanations.is_empty() {
        page.push_str("what was done, in the words of the replies:\n");
    }
    for (turn, notes) in explanations {
        let shown: Vec<&str> = notes.lines().take(LONGEST_NOTES).collect();
        let _ = writeln!(page, "  turn {turn}: {}", shown.join("\n    "));
        let left_out = notes.lines().count() - shown.len();
        if left_out > 0 {
            let _ = writeln!(page, "    (and {})", plural(left_out as u64, "more line"));
        }
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    fn amount(known: u64, counts: u64) -> Amount {
        Amount { known, counts }
    }

    fn ending(reason: Reason) -> Ending<'static> {
        Ending {
            run: "r",
            is_apart: false,
            reason,
            error: None,
            numbers: Numbers {
                findings: Some((12, 1)),
                hides_more: false,
                turns: 3,
                calls: 2,
                tokens: amount(34, 34),
                cost: Cost {
                    micro_dollars: amount(1_200, 1_200),
                    known: 2,
                    unknown: 0,
                },
            },
            seconds: 1.234,
            branch: Some("lr/r"),
            changed: Changed::InGit,
            has_commits: true,
            resume: Some("r".to_owned()),
        }
    }

    #[test]
    fn the_last_line_says_it_all() {
        assert_eq!(
            ending(Reason::STALLED).line(),
            "stalled: turn after turn removes nothing it is asked to; findings 12 -> 1, 3 turns, \
             2 calls, 34 tokens, $0.0012, 1.2 s, branch lr/r; next: lr-loop --resume r -m MODEL \
             (ask another model), git diff refs/lr/r/base... (see it), lr-git undo (take it back), git checkout - (leave it)"
        );
        let ending = Ending {
            numbers: Numbers::default(),
            error: Some("no\n  reply"),
            branch: None,
            changed: Changed::Nothing,
            resume: None,
            ..ending(Reason::MODEL_FAILED)
        };
        assert_eq!(
            ending.line(),
            "model_failed: the model gave no usable reply (no reply); findings unknown, 0 turns, \
             0 calls, 0 tokens, $0.00, 1.2 s, no branch"
        );
    }

    #[test]
    fn what_to_type_next_depends_on_the_reason() {
        let next = |reason| ending(reason).next().unwrap();
        assert!(next(Reason::CLEAN).starts_with("git checkout - && git merge lr/r (keep it)"));
        let without_branch = |reason, changed| {
            let ending = Ending {
                branch: None,
                changed,
                ..ending(reason)
            };
            ending.next()
        };
        assert_eq!(without_branch(Reason::CLEAN, Changed::Nothing), None);
        assert_eq!(
            without_branch(Reason::CLEAN, Changed::InGit).unwrap(),
            "git diff (see it), less FIXES.md (what was done and why)"
        );
        assert_eq!(
            without_branch(Reason::CLEAN, Changed::OutsideGit).unwrap(),
            "less FIXES.md (what was done and why)"
        );
        for (reason, expected) in [
            (Reason::NO_MODEL, "lr-loop --resume r -m MODEL (or -L)"),
            (Reason::ITERATIONS, "lr-loop --resume r -i N (more turns)"),
            (
                Reason::COST,
                "lr-loop --resume r --max-cost USD (more money)",
            ),
            (Reason::BROKEN, "lr-loop --resume r (when that is repaired)"),
            (Reason::MODEL_FAILED, "lr-loop --resume r (go on)"),
            (Reason::INTERRUPTED, "lr-loop --resume r (go on)"),
            (Reason::STOP_AFTER, "the same without --stop-after"),
        ] {
            assert_eq!(without_branch(reason, Changed::Nothing).unwrap(), expected);
        }
    }

    #[test]
    fn costs_are_exact_and_what_is_unknown_is_said() {
        let words = |micro_dollars, known, unknown| {
            let cost = Cost {
                micro_dollars,
                known,
                unknown,
            };
            cost.words()
        };
        assert_eq!(words(amount(0, 0), 0, 0), "$0.00");
        assert_eq!(words(amount(1_500_001, 1_500_001), 2, 0), "$1.500001");
        assert_eq!(words(amount(0, 0), 0, 1), "cost unknown");
        assert_eq!(
            words(amount(250_000, 250_000), 1, 1),
            "$0.25 and the unknown cost of 1 call"
        );
        assert_eq!(words(amount(250_000, 270_000), 2, 0), "at most $0.27");
    }

    #[test]
    fn what_nobody_counted_and_what_nobody_sees_is_said() {
        let numbers = Numbers {
            findings: Some((12, 1)),
            hides_more: true,
            turns: 1,
            calls: 1,
            tokens: amount(0, 4_200),
            ..Numbers::default()
        };
        assert_eq!(
            numbers.words(),
            "findings 12 -> 1 (others are hidden), 1 turn, 1 call, at most 4200 tokens, $0.00"
        );
    }

    #[test]
    fn a_time_is_told_as_people_say_it() {
        let check = |seconds, expected: &str| assert_eq!(duration(seconds), expected);
        check(0.04, "0.0 s");
        check(125.9, "2 min 5 s");
        check(7_380.0, "2 h 3 min");
    }

    #[test]
    fn explanations_are_listed_by_turn_and_shortened() {
        let notes = |text: &str| explanations(&[(2, text.to_owned())]);
        assert_eq!(
            notes("Removed x.\nAnd y."),
            "what was done, in the words of the replies:\n  turn 2: Removed x.\n    And y.\n"
        );
        let long = notes(&"x\n".repeat(14));
        assert_eq!(long.matches("    x\n").count(), LONGEST_NOTES - 1);
        assert!(long.ends_with("    (and 2 more lines)\n"));
        assert_eq!(explanations(&[]), "");
    }
}
