//! What the requests of a program may take together, and have taken: pure arithmetic.
//!
//! Before a request is sent, the most it can take is reserved; afterwards what it really took is put in its place. So
//! the limits hold whatever the order in which requests begin and end, as long as none takes more than was reserved.

use lr_turn::Kind;

use crate::failure::Failure;

/// What requests take.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Amount {
    pub(crate) calls: u64,
    pub(crate) tokens: u64,
    /// Millionths of US dollars.
    pub(crate) microusd: u64,
}

impl Amount {
    fn plus(self, other: Amount) -> Amount {
        Amount {
            calls: self.calls.saturating_add(other.calls),
            tokens: self.tokens.saturating_add(other.tokens),
            microusd: self.microusd.saturating_add(other.microusd),
        }
    }

    fn minus(self, other: Amount) -> Amount {
        Amount {
            calls: self.calls.saturating_sub(other.calls),
            tokens: self.tokens.saturating_sub(other.tokens),
            microusd: self.microusd.saturating_sub(other.microusd),
        }
    }
}

/// The limits; `None` is without limit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Ceiling {
    pub(crate) calls: Option<u64>,
    pub(crate) tokens: Option<u64>,
    pub(crate) microusd: Option<u64>,
}

/// A limit that a request would exceed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Shortage {
    /// `calls`, `tokens` or `cost`.
    pub(crate) kind: Kind,
    /// What is left of it; less than `need`.
    pub(crate) left: u64,
    pub(crate) need: u64,
}

/// Why nothing was reserved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refused {
    /// It may fit when requests that are under way have ended.
    ForNow,
    /// It will not fit any more.
    ForGood(Shortage),
}

/// What was taken and reserved.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    ceiling: Ceiling,
    taken: Amount,
    reserved: Amount,
}

impl Ledger {
    /// A ledger in which nothing stands yet.
    pub(crate) fn new(ceiling: Ceiling) -> Self {
        Ledger {
            ceiling,
            ..Ledger::default()
        }
    }

    /// Sets an amount aside, if it fits.
    pub(crate) fn reserve(&mut self, need: Amount) -> Result<(), Refused> {
        if let Some(shortage) = self.shortage(self.taken, need) {
            return Err(Refused::ForGood(shortage));
        }
        if self
            .shortage(self.taken.plus(self.reserved), need)
            .is_some()
        {
            return Err(Refused::ForNow);
        }
        self.reserved = self.reserved.plus(need);
        Ok(())
    }

    /// Puts what was really taken in the place of what was reserved for it.
    pub(crate) fn settle(&mut self, reserved: Amount, taken: Amount) {
        self.reserved = self.reserved.minus(reserved);
        self.taken = self.taken.plus(taken);
    }

    /// The limit that `need` would exceed even if nothing else were under way.
    pub(crate) fn lasting_shortage(&self, need: Amount) -> Option<Shortage> {
        self.shortage(self.taken, need)
    }

    fn shortage(&self, used: Amount, need: Amount) -> Option<Shortage> {
        let Ceiling {
            calls,
            tokens,
            microusd,
        } = self.ceiling;
        let limits = [
            (Kind::Calls, calls, used.calls, need.calls),
            (Kind::Tokens, tokens, used.tokens, need.tokens),
            (Kind::Cost, microusd, used.microusd, need.microusd),
        ];
        limits.into_iter().find_map(|(kind, limit, used, need)| {
            let left = limit?.saturating_sub(used);
            (need > left).then_some(Shortage { kind, left, need })
        })
    }
}

impl From<Shortage> for Failure {
    fn from(shortage: Shortage) -> Self {
        let Shortage { kind, left, need } = shortage;
        match kind {
            Kind::Tokens => Failure::new(
                kind,
                format!("the limit on tokens leaves {left}, and this request may take {need}"),
            )
            .hint(
                "'--max-total-tokens N' allows for more; '--max-tokens N' asks for a shorter reply",
            ),
            Kind::Cost => {
                let [left, need] = [left, need].map(dollars);
                Failure::new(
                    kind,
                    format!(
                        "the limit on cost leaves {left} USD, and this request may cost {need}"
                    ),
                )
                .hint("'--max-cost USD' allows for more; '--max-tokens N' asks for a shorter reply")
            }
            _ => Failure::new(kind, "the limit on calls is reached")
                .hint("'--max-calls N' allows for more"),
        }
    }
}

/// Millionths of US dollars as dollars.
pub(crate) fn dollars(microusd: u64) -> String {
    let (whole, rest) = (microusd / 1_000_000, microusd % 1_000_000);
    let text = format!("{whole}.{rest:06}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn amount(calls: u64, tokens: u64, microusd: u64) -> Amount {
        Amount {
            calls,
            tokens,
            microusd,
        }
    }

    #[test]
    fn what_does_not_fit_now_may_fit_when_others_have_ended() {
        let mut ledger = Ledger::new(Ceiling {
            tokens: Some(100),
            ..Ceiling::default()
        });
        assert_eq!(ledger.reserve(amount(1, 60, 0)), Ok(()));
        assert_eq!(ledger.reserve(amount(1, 60, 0)), Err(Refused::ForNow));
        ledger.settle(amount(1, 60, 0), amount(1, 10, 0));
        assert_eq!(ledger.reserve(amount(1, 60, 0)), Ok(()));
        let shortage = Shortage {
            kind: Kind::Tokens,
            left: 90,
            need: 91,
        };
        assert_eq!(
            ledger.reserve(amount(1, 91, 0)),
            Err(Refused::ForGood(shortage))
        );
    }

    #[test]
    fn says_what_is_left_and_what_is_needed() {
        let said = |kind| {
            let failure = Failure::from(Shortage {
                kind,
                left: 1_200,
                need: 3_100,
            });
            (failure.kind.status().code(), failure.message)
        };
        assert_eq!(
            said(Kind::Tokens),
            (
                4,
                "the limit on tokens leaves 1200, and this request may take 3100".into()
            )
        );
        assert_eq!(
            said(Kind::Cost),
            (
                4,
                "the limit on cost leaves 0.0012 USD, and this request may cost 0.0031".into()
            )
        );
        assert_eq!(
            said(Kind::Calls),
            (4, "the limit on calls is reached".into())
        );
    }

    #[test]
    fn dollars_have_no_more_digits_than_they_need() {
        let shown = [0, 1, 500, 1_000_000, 12_340_000].map(dollars);
        assert_eq!(shown, ["0", "0.000001", "0.0005", "1", "12.34"]);
    }

    proptest! {
        #[test]
        fn no_limit_is_exceeded_whatever_the_order(
            limits in (0..9u64, 0..900u64, 0..900u64),
            steps in prop::collection::vec((0..5usize, 0..300u64, 0..300u64, 0..101u64), 0..60),
        ) {
            let ceiling = Ceiling { calls: Some(limits.0), tokens: Some(limits.1), microusd: Some(limits.2) };
            let mut ledger = Ledger::new(ceiling);
            let mut under_way = Vec::new();
            let mut taken = Amount::default();
            for (choice, tokens, microusd, percent) in steps {
                if choice < under_way.len() {
                    let reserved: Amount = under_way.swap_remove(choice);
                    let share = |most: u64| most * percent / 100;
                    let real = amount(1, share(reserved.tokens), share(reserved.microusd));
                    ledger.settle(reserved, real);
                    taken = taken.plus(real);
                } else if ledger.reserve(amount(1, tokens, microusd)).is_ok() {
                    under_way.push(amount(1, tokens, microusd));
                }
                prop_assert_eq!(ledger.taken, taken);
                let most = under_way.iter().fold(taken, |sum, need| sum.plus(*need));
                prop_assert!(most.calls <= limits.0 && most.tokens <= limits.1 && most.microusd <= limits.2, "{:?}", ledger);
            }
        }

        #[test]
        fn waiting_ends_when_nothing_is_under_way(tokens in 0..300u64, limit in 0..300u64, taken in 0..300u64) {
            let mut ledger = Ledger::new(Ceiling { tokens: Some(limit), ..Ceiling::default() });
            ledger.settle(Amount::default(), amount(1, taken, 0));
            prop_assert_ne!(ledger.reserve(amount(1, tokens, 0)), Err(Refused::ForNow));
        }
    }
}
