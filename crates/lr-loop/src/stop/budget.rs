//! What all calls of a run may take together: calls, tokens, money and time.
//!
//! Each amount is a whole number: money in millionths of a dollar, time in milliseconds.

use std::time::Duration;

use super::reason::Reason;
use crate::money;
use crate::reading::Taken;

/// From which share of a limit on the user is warned, in hundredths.
const WARN_AT: u64 = 80;

/// One value for each thing that is limited.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Amounts<T> {
    /// Calls to a model.
    pub(crate) calls: T,
    /// Tokens of prompts and replies.
    pub(crate) tokens: T,
    /// Millionths of a US dollar.
    pub(crate) microusd: T,
    /// Milliseconds.
    pub(crate) millis: T,
}

/// Something that is limited.
struct Measure {
    /// The flag that sets the limit, of lr-loop and of lr-llm.
    flag: &'static str,
    /// Why the loop stops where nothing is left.
    reason: Reason,
    /// Writes an amount as the flag takes it.
    written: fn(u64) -> String,
}

/// What is limited, in the order of [`Amounts::list`].
#[rustfmt::skip]
const MEASURES: [Measure; 4] = [
    Measure { flag: "--max-calls", reason: Reason::CALLS, written: plain },
    Measure { flag: "--max-total-tokens", reason: Reason::TOKENS, written: plain },
    Measure { flag: "--max-cost", reason: Reason::COST, written: money::written },
    Measure { flag: "--max-time", reason: Reason::TIME, written: seconds },
];

impl<T> Amounts<T> {
    fn list(self) -> [T; 4] {
        [self.calls, self.tokens, self.microusd, self.millis]
    }
}

/// What may be taken, and what was.
#[derive(Debug)]
pub(super) struct Budget {
    limits: Amounts<Option<u64>>,
    used: Amounts<u64>,
    warned: [bool; 4],
}

impl Budget {
    /// Begins with nothing used.
    pub(super) fn new(limits: Amounts<Option<u64>>) -> Self {
        Self {
            limits,
            used: Amounts::default(),
            warned: [false; 4],
        }
    }

    /// Counts what asking a model took.
    pub(super) fn spend(&mut self, taken: &Taken) {
        self.used.calls += taken.calls;
        self.used.tokens += taken.charge.tokens;
        self.used.microusd += taken.charge.cost_microusd.unwrap_or_default();
    }

    /// Counts time that passed.
    pub(super) fn pass(&mut self, time: Duration) {
        self.used.millis += u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
    }

    /// Tells of which limit nothing is left, time first.
    pub(super) fn used_up(&self) -> Option<Reason> {
        let mut limits = self.limited().rev();
        let (measure, ..) = limits.find(|(_, limit, used)| used >= limit)?;
        Some(measure.reason)
    }

    /// Returns the flags that hand what is left to the model's stage.
    pub(super) fn flags(&self) -> Vec<String> {
        let flags = self.limited().map(|(measure, limit, used)| {
            let left = (measure.written)(limit.saturating_sub(used));
            [measure.flag.to_owned(), left]
        });
        flags.flatten().collect()
    }

    /// Tells each limit of which most is used, once.
    pub(super) fn warnings(&mut self) -> Vec<String> {
        let mut told = Vec::new();
        let amounts = self.limits.list().into_iter().zip(self.used.list());
        for ((measure, warned), (limit, used)) in MEASURES.iter().zip(&mut self.warned).zip(amounts)
        {
            let Some(limit) = limit else { continue };
            if *warned || used.saturating_mul(100) < limit.saturating_mul(WARN_AT) {
                continue;
            }
            *warned = true;
            let [used, limit] = [used, limit].map(measure.written);
            told.push(format!("{used} of {} {limit} is used", measure.flag));
        }
        told
    }

    /// What is limited: its measure, the limit, and what is used.
    fn limited(&self) -> impl DoubleEndedIterator<Item = (&'static Measure, u64, u64)> {
        let amounts = self.limits.list().into_iter().zip(self.used.list());
        let measures = MEASURES.iter().zip(amounts);
        measures.filter_map(|(measure, (limit, used))| Some((measure, limit?, used)))
    }
}

fn plain(amount: u64) -> String {
    amount.to_string()
}

fn seconds(millis: u64) -> String {
    format!("{}.{:03}", millis / 1000, millis % 1000)
}

#[cfg(test)]
mod tests {
    use lr_turn::Charge;

    use super::*;

    fn taken(calls: u64, tokens: u64, microusd: u64) -> Taken {
        Taken {
            calls,
            charge: Charge {
                tokens,
                cost_microusd: Some(microusd),
            },
            ..Taken::default()
        }
    }

    const LIMITS: Amounts<Option<u64>> = Amounts {
        calls: Some(10),
        tokens: Some(1000),
        microusd: Some(1_500_000),
        millis: Some(60_000),
    };

    #[test]
    fn what_is_left_is_handed_on() {
        let mut budget = Budget::new(LIMITS);
        budget.spend(&taken(2, 300, 250_000));
        budget.pass(Duration::from_millis(1500));
        assert_eq!(
            budget.flags().join(" "),
            "--max-calls 8 --max-total-tokens 700 --max-cost 1.250000 --max-time 58.500"
        );
        assert_eq!(budget.used_up(), None);
        assert!(Budget::new(Amounts::default()).flags().is_empty());
    }

    #[test]
    fn each_limit_has_its_reason() {
        let used_up = |taken: Taken, seconds| {
            let mut budget = Budget::new(LIMITS);
            budget.spend(&taken);
            budget.pass(Duration::from_secs(seconds));
            budget.used_up()
        };
        assert_eq!(used_up(taken(9, 999, 1_499_999), 59), None);
        assert_eq!(used_up(taken(10, 0, 0), 0), Some(Reason::CALLS));
        assert_eq!(used_up(taken(0, 1200, 0), 0), Some(Reason::TOKENS));
        assert_eq!(used_up(taken(0, 0, 1_500_000), 0), Some(Reason::COST));
        assert_eq!(used_up(taken(10, 0, 0), 60), Some(Reason::TIME));
    }

    #[test]
    fn warns_once_for_each_limit_of_which_most_is_used() {
        let mut budget = Budget::new(LIMITS);
        budget.spend(&taken(7, 799, 1_199_999));
        assert!(budget.warnings().is_empty());
        budget.spend(&taken(1, 0, 1));
        assert_eq!(
            budget.warnings(),
            [
                "8 of --max-calls 10 is used",
                "1.200000 of --max-cost 1.500000 is used"
            ]
        );
        assert!(budget.warnings().is_empty());
    }
}
