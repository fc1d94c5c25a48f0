//! The only place that asks what time it is, and the names of runs that come from it.

use std::hash::{BuildHasher, Hasher, RandomState};

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// Returns the present moment.
pub fn now() -> Timestamp {
    Timestamp::now()
}

/// Makes the name of a new run, such as `20261121T013000Z-7f3a`: the time in UTC, and four random
/// digits so that two runs of one second differ.
pub fn run_id() -> String {
    run_id_at(now(), RandomState::new().build_hasher().finish())
}

fn run_id_at(now: Timestamp, random: u64) -> String {
    let time = now.to_zoned(TimeZone::UTC);
    format!(
        "{}-{:04x}",
        time.strftime("%Y%m%dT%H%M%SZ"),
        random & 0xffff
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_named_by_time_and_chance() {
        let moment: Timestamp = "2026-11-21T01:30:00Z".parse().unwrap();
        assert_eq!(run_id_at(moment, 0xabc_7f3a), "20261121T013000Z-7f3a");
    }
}
