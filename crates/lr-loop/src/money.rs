//! US dollars as whole numbers of millionths, so that sums stay exact.

/// How many millionths a dollar has.
const DOLLAR: u64 = 1_000_000;

/// Returns an amount that somebody wrote in dollars; `None` if it is no amount of money.
pub(crate) fn read(usd: f64) -> Option<u64> {
    if !usd.is_finite() || usd < 0.0 {
        return None;
    }
    let digits = format!("{usd:.6}").replace('.', "");
    digits.parse().ok()
}

/// Returns an amount in dollars, with all its digits.
pub(crate) fn written(microusd: u64) -> String {
    format!("{}.{:06}", microusd / DOLLAR, microusd % DOLLAR)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dollars_are_read_and_written_to_the_millionth() {
        for (usd, microusd, text) in [
            (0.0, 0, "0.000000"),
            (0.1, 100_000, "0.100000"),
            (12.345_678_9, 12_345_679, "12.345679"),
        ] {
            assert_eq!(read(usd), Some(microusd));
            assert_eq!(written(microusd), text);
        }
        assert_eq!(read(-1.0), None);
        assert_eq!(read(f64::NAN), None);
    }
}
