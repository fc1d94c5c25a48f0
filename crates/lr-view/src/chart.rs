//! Numbers as a line of bars.

/// The bars, from nothing to the most there is.
const BARS: [char; 9] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// The most bars of a line; of more values, each bar shows the largest of several.
const WIDEST: usize = 60;

/// Returns one bar for each value, the largest as high as can be. What is above zero is seen.
pub(crate) fn bars(values: &[u64]) -> String {
    let size = values.len().div_ceil(WIDEST).max(1);
    let heights: Vec<u64> = values
        .chunks(size)
        .map(|some| some.iter().copied().max().unwrap_or(0))
        .collect();
    let most = heights.iter().copied().max().unwrap_or(0).max(1);
    let bar = |value: u64| {
        let height = (u128::from(value) * 8).div_ceil(u128::from(most));
        BARS[usize::try_from(height).unwrap_or(8).min(8)]
    };
    heights.into_iter().map(bar).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_is_a_whole_bar_and_zero_is_none() {
        assert_eq!(bars(&[8, 4, 1, 0]), "█▄▁ ");
        assert_eq!(bars(&[1000, 1]), "█▁");
        assert_eq!(bars(&[0]), " ");
        assert_eq!(bars(&[]), "");
    }

    #[test]
    fn many_values_share_bars() {
        let many: Vec<u64> = (0..600).collect();
        assert_eq!(bars(&many).chars().count(), WIDEST);
    }
}
