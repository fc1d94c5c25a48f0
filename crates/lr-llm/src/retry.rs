//! When a request that failed is sent again. Pure: waiting itself is done, and said, by [`ask`](crate::ask).

use std::collections::BTreeMap;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::{Duration, SystemTime};

use crate::exchange::TimeLimits;
use crate::failure::{Failure, Retry};

/// The longest that a server may make us wait; one that asks for more is not waited for.
pub(crate) const LONGEST_WAIT: Duration = Duration::from_secs(120);

const FIRST_BACKOFF: Duration = Duration::from_millis(500);
const LONGEST_BACKOFF: Duration = Duration::from_secs(8);

/// How much of a backoff chance may take away.
const JITTER: f64 = 0.25;

/// What bounds the attempts for one question.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) time: TimeLimits,
    /// Attempts for one question, at least 1.
    pub(crate) max_attempts: u32,
    /// Time to wait for a server that is down or too busy, from its first failure on.
    pub(crate) outage: Duration,
    /// The same for a server that has gone away after a request has reached it.
    pub(crate) restart: Duration,
}

impl Limits {
    /// How long a server that failed in this way may be down.
    pub(crate) fn outage(&self, failure: &Failure, was_reached: bool) -> Duration {
        if failure.is_unsent() && was_reached {
            self.outage.max(self.restart)
        } else {
            self.outage
        }
    }
}

/// What remains to be spent on one request.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Budget {
    /// Attempts made so far, at least 1.
    pub(crate) attempts: u32,
    /// Attempts that may be made in all.
    pub(crate) max_attempts: u32,
    /// Time until the whole request must be done.
    pub(crate) time_left: Duration,
    /// Time to wait for a server that is down or too busy, however many attempts that takes.
    pub(crate) outage_left: Duration,
}

/// Whether to send the request again.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Decision {
    /// After this time.
    Wait(Duration),
    /// Not at all; with a reason, where a person may wonder.
    GiveUp(Option<String>),
}

/// Decides about a failure. `chance` is any number from 0 to 1.
pub(crate) fn decide(failure: &Failure, budget: Budget, chance: f64) -> Decision {
    // Whatever was not worked on costs nothing to ask again.
    let is_down = failure.spent.is_none() && !budget.outage_left.is_zero();
    let wait = match failure.retry {
        Retry::WhenBack if !is_down => return Decision::GiveUp(None),
        Retry::Never => return Decision::GiveUp(None),
        Retry::After(wait) if wait > LONGEST_WAIT => {
            let reason = format!(
                "the server asks to wait {} s, more than the {} s that are waited",
                wait.as_secs(),
                LONGEST_WAIT.as_secs()
            );
            return Decision::GiveUp(Some(reason));
        }
        Retry::After(wait) if budget.attempts < budget.max_attempts => wait,
        Retry::After(wait) => wait.max(backoff(budget.attempts, chance)),
        Retry::Backoff | Retry::WhenBack => backoff(budget.attempts, chance),
    };
    if budget.attempts >= budget.max_attempts && !is_down {
        let reason = (budget.attempts > 1).then(|| format!("{} attempts made", budget.attempts));
        return Decision::GiveUp(reason);
    }
    if wait >= budget.time_left {
        let seconds = (wait.as_secs_f64() * 10.0).round() / 10.0;
        let reason = format!("a wait of {seconds} s would exceed the time limit");
        return Decision::GiveUp(Some(reason));
    }
    Decision::Wait(wait)
}

fn backoff(attempts: u32, chance: f64) -> Duration {
    let doublings = attempts.saturating_sub(1).min(16);
    let full = (FIRST_BACKOFF * 2_u32.pow(doublings)).min(LONGEST_BACKOFF);
    full.mul_f64(1.0 - JITTER * chance.clamp(0.0, 1.0))
}

/// Understands `retry-after-ms` and `Retry-After`: seconds, fractions of them, or a date. Other text is ignored,
/// a moment that has passed is no wait at all.
pub(crate) fn retry_after(
    milliseconds: Option<&str>,
    seconds_or_date: Option<&str>,
    now: SystemTime,
) -> Option<Duration> {
    let number = |text: &str| text.trim().parse::<f64>().ok().filter(|n| n.is_finite());
    if let Some(milliseconds) = milliseconds.and_then(number) {
        return Some(duration(milliseconds / 1000.0));
    }
    let text = seconds_or_date?;
    if let Some(seconds) = number(text) {
        return Some(duration(seconds));
    }
    let date = jiff::fmt::rfc2822::parse(text.trim()).ok()?;
    let date = SystemTime::from(date.timestamp());
    Some(date.duration_since(now).unwrap_or_default())
}

/// Understands the headers of providers about limits, as names in lower case and values: the longest wait for one of
/// which nothing remains. A moment is a duration such as `6m0s`, seconds, or a date of RFC 3339.
pub(crate) fn reset_after<'a>(
    headers: impl Iterator<Item = (&'a str, &'a str)>,
    now: SystemTime,
) -> Option<Duration> {
    let headers: BTreeMap<&str, &str> = headers
        .filter(|(name, _)| name.contains("ratelimit"))
        .collect();
    let used_up = headers
        .iter()
        .filter(|(name, value)| name.contains("remaining") && value.trim() == "0");
    let resets = used_up.filter_map(|(name, _)| {
        let reset = headers.get(name.replace("remaining", "reset").as_str())?;
        moment(reset.trim(), now)
    });
    resets.max()
}

/// Understands the words of a server about how long to wait: "Please try again in 5.289s."
pub(crate) fn in_words(message: &str, now: SystemTime) -> Option<Duration> {
    let phrases = ["try again in ", "retry in ", "retry after "];
    let behind = phrases
        .iter()
        .find_map(|phrase| Some(message.split_once(phrase)?.1))?;
    let words: Vec<&str> = behind.split_whitespace().take(2).collect();
    let clean = |text: &str| text.trim_end_matches(['.', ',', ';']).to_owned();
    let both = moment(&clean(&words.join(" ")), now);
    both.or_else(|| moment(&clean(words.first()?), now))
}

/// The time until a moment.
fn moment(text: &str, now: SystemTime) -> Option<Duration> {
    if let Ok(seconds) = text.parse::<f64>() {
        // More than a year is a date in seconds or milliseconds, which providers disagree about.
        return (0.0..3e7).contains(&seconds).then(|| duration(seconds));
    }
    if let Ok(wait) = text.parse::<jiff::SignedDuration>() {
        return Some(wait.try_into().unwrap_or_default());
    }
    let date: jiff::Timestamp = text.parse().ok()?;
    let date = SystemTime::from(date);
    Some(date.duration_since(now).unwrap_or_default())
}

/// A number of seconds; below zero is zero, and what no clock can hold is the longest there is.
fn duration(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds.max(0.0)).unwrap_or(Duration::MAX)
}

/// A number from 0 to 1 that nobody can foresee.
pub(crate) fn chance() -> f64 {
    let random = RandomState::new().build_hasher().finish();
    f64::from((random >> 32) as u32) / f64::from(u32::MAX)
}

/// What is said before an attempt.
pub(crate) fn announcement(failure: &Failure, wait: Duration, budget: Budget) -> String {
    let (next, most) = (budget.attempts + 1, budget.max_attempts);
    let of = if next <= most {
        format!(" of {most}")
    } else {
        String::new()
    };
    let seconds = wait.as_secs_f64();
    format!("{}; attempt {next}{of} in {seconds:.1} s", failure.message)
}

#[cfg(test)]
mod tests {
    use lr_turn::Kind;

    use super::*;
    use crate::exchange::Spent;

    fn after(text: &str) -> Option<Duration> {
        retry_after(None, Some(text), SystemTime::UNIX_EPOCH)
    }

    fn decide_about(retry: Retry, attempts: u32) -> Decision {
        let budget = Budget {
            attempts,
            max_attempts: 4,
            time_left: Duration::from_secs(60),
            outage_left: Duration::ZERO,
        };
        decide(&Failure::new(Kind::Provider, "x").retry(retry), budget, 0.0)
    }

    #[test]
    fn understands_every_form_of_retry_after() {
        assert_eq!(after("2"), Some(Duration::from_secs(2)));
        assert_eq!(after(" 0.25 "), Some(Duration::from_millis(250)));
        assert_eq!(after("-1"), Some(Duration::ZERO));
        assert_eq!(
            after("Thu, 01 Jan 1970 00:00:07 GMT"),
            Some(Duration::from_secs(7))
        );
        assert_eq!(after("Wed, 31 Dec 1969 23:59:59 GMT"), Some(Duration::ZERO));
        assert_eq!(
            retry_after(Some("1500"), Some("9"), SystemTime::UNIX_EPOCH),
            Some(Duration::from_millis(1500))
        );
    }

    #[test]
    fn ignores_a_retry_after_that_means_nothing() {
        for junk in [
            "soon",
            "",
            "NaN",
            "inf",
            "1 2",
            "Thu, 99 Jan 1970 00:00:07 GMT",
        ] {
            assert_eq!(after(junk), None, "{junk:?}");
        }
        assert_eq!(after("1e300"), Some(Duration::MAX));
    }

    #[test]
    fn the_longest_wait_for_a_limit_that_is_used_up_counts() {
        let check = |headers: &[(&str, &str)], expected: Option<u64>| {
            let wait = reset_after(headers.iter().copied(), SystemTime::UNIX_EPOCH);
            assert_eq!(
                wait.map(|wait| wait.as_millis()),
                expected.map(u128::from),
                "{headers:?}"
            );
        };
        let requests = ("x-ratelimit-remaining-requests", "0");
        check(
            &[requests, ("x-ratelimit-reset-requests", "6m0s")],
            Some(360_000),
        );
        check(
            &[requests, ("x-ratelimit-reset-requests", "12ms")],
            Some(12),
        );
        check(
            &[requests, ("x-ratelimit-reset-requests", "7.66s")],
            Some(7_660),
        );
        check(
            &[requests, ("x-ratelimit-reset-requests", "2")],
            Some(2_000),
        );
        check(
            &[requests, ("x-ratelimit-reset-requests", "1741305600000")],
            None,
        );
        check(&[requests, ("x-ratelimit-reset-requests", "soon")], None);
        check(&[requests, ("x-ratelimit-reset-tokens", "2s")], None);
        check(
            &[
                ("anthropic-ratelimit-requests-remaining", "0"),
                ("anthropic-ratelimit-requests-reset", "1970-01-01T00:00:03Z"),
                ("anthropic-ratelimit-tokens-remaining", "9"),
                ("anthropic-ratelimit-tokens-reset", "1970-01-01T00:10:00Z"),
            ],
            Some(3_000),
        );
    }

    #[test]
    fn the_words_about_a_wait_are_understood() {
        for (words, milliseconds) in [
            (
                "Limit 8000. Please try again in 5.289s. Visit https://x",
                Some(5_289),
            ),
            ("Please try again in 20s.", Some(20_000)),
            ("try again in 6m0s", Some(360_000)),
            ("Please retry after 26 seconds.", Some(26_000)),
            ("Please retry in 12ms, or pay", Some(12)),
            ("Please try again in a while", None),
            ("Please try again later", None),
        ] {
            let wait = in_words(words, SystemTime::UNIX_EPOCH);
            assert_eq!(wait.map(|wait| wait.as_millis()), milliseconds, "{words}");
        }
    }

    #[test]
    fn backs_off_twice_as_long_each_time_up_to_a_limit() {
        let waits: Vec<u128> = (1..8).map(|n| backoff(n, 0.0).as_millis()).collect();
        assert_eq!(waits, [500, 1000, 2000, 4000, 8000, 8000, 8000]);
        assert_eq!(backoff(1, 1.0).as_millis(), 375);
    }

    #[test]
    fn waits_as_long_as_the_server_says_within_the_limit() {
        let wait = Duration::from_secs(2);
        assert_eq!(decide_about(Retry::After(wait), 1), Decision::Wait(wait));
        let Decision::GiveUp(Some(reason)) =
            decide_about(Retry::After(Duration::from_secs(86400)), 1)
        else {
            panic!("waits for a day");
        };
        assert_eq!(
            reason,
            "the server asks to wait 86400 s, more than the 120 s that are waited"
        );
    }

    #[test]
    fn a_server_that_is_down_is_waited_for_if_that_costs_nothing() {
        let check = |failure: Failure, outage: u64, expected: Decision| {
            let budget = Budget {
                attempts: 9,
                max_attempts: 4,
                time_left: Duration::from_secs(60),
                outage_left: Duration::from_secs(outage),
            };
            assert_eq!(decide(&failure, budget, 0.0), expected, "{failure:?}");
        };
        let failure = |retry| Failure::new(Kind::Provider, "x").retry(retry);
        let wait = Decision::Wait(LONGEST_BACKOFF);
        check(failure(Retry::WhenBack), 1, wait.clone());
        check(failure(Retry::WhenBack), 0, Decision::GiveUp(None));
        check(failure(Retry::Backoff), 1, wait.clone());
        check(failure(Retry::After(Duration::ZERO)), 1, wait);
        check(failure(Retry::Never), 1, Decision::GiveUp(None));
        let paid = failure(Retry::Backoff).having_spent(Spent::default());
        let end = Decision::GiveUp(Some("9 attempts made".into()));
        check(paid, 1, end);
    }

    #[test]
    fn gives_up_after_the_last_attempt_and_when_time_runs_out() {
        assert_eq!(decide_about(Retry::Never, 1), Decision::GiveUp(None));
        assert_eq!(
            decide_about(Retry::Backoff, 3),
            Decision::Wait(Duration::from_secs(2))
        );
        assert_eq!(
            decide_about(Retry::Backoff, 4),
            Decision::GiveUp(Some("4 attempts made".into()))
        );
        assert_eq!(
            decide_about(Retry::After(Duration::from_secs(61)), 1),
            Decision::GiveUp(Some("a wait of 61 s would exceed the time limit".into()))
        );
    }
}
