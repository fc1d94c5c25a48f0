//! Numbers as people read them, and tables of them.

/// Writes an amount of millionths of a dollar with cents at least; `?` where it is not known.
pub(crate) fn cost(microusd: Option<u64>, unpriced: u64) -> String {
    let Some(micro) = microusd else {
        return if unpriced > 0 { "?" } else { "-" }.to_owned();
    };
    let digits = format!("{:06}", micro % 1_000_000);
    let more = digits[2..].trim_end_matches('0');
    let and_more = if unpriced > 0 { "+?" } else { "" };
    format!("${}.{}{more}{and_more}", micro / 1_000_000, &digits[..2])
}

/// Writes a time.
pub(crate) fn duration(seconds: f64) -> String {
    if seconds < 60.0 {
        return format!("{seconds:.1} s");
    }
    let minutes = (seconds / 60.0).floor();
    if minutes < 60.0 {
        return format!("{minutes:.0} min {:.0} s", (seconds % 60.0).floor());
    }
    format!(
        "{:.0} h {:.0} min",
        (minutes / 60.0).floor(),
        minutes % 60.0
    )
}

/// Writes a value before and after; `?` for what is not known.
pub(crate) fn span(before: Option<u64>, after: Option<u64>) -> String {
    let word = |value: Option<u64>| value.map_or_else(|| "?".to_owned(), |it| it.to_string());
    match (before, after) {
        (None, None) => "-".to_owned(),
        _ => format!("{} -> {}", word(before), word(after)),
    }
}

/// Writes rows in columns, the first row as their heads; numbers stand to the right.
pub(crate) fn table(rows: &[Vec<String>], right: &[bool]) -> String {
    let count = rows.first().map_or(0, Vec::len);
    let width = |column: usize| {
        let lengths = rows.iter().map(|row| row[column].chars().count());
        lengths.max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..count).map(width).collect();
    let mut text = String::new();
    for row in rows {
        let mut line = String::new();
        for (column, cell) in row.iter().enumerate() {
            let room = " ".repeat(widths[column] - cell.chars().count());
            if column > 0 {
                line.push_str("  ");
            }
            if right[column] {
                line.push_str(&room);
                line.push_str(cell);
            } else {
                line.push_str(cell);
                line.push_str(&room);
            }
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_and_times_read_well() {
        assert_eq!(cost(Some(1_234_500), 0), "$1.2345");
        assert_eq!(cost(Some(500_000), 1), "$0.50+?");
        assert_eq!(cost(None, 2), "?");
        assert_eq!(cost(None, 0), "-");
        assert_eq!(duration(4.25), "4.2 s");
        assert_eq!(duration(125.0), "2 min 5 s");
        assert_eq!(duration(7_300.0), "2 h 1 min");
        assert_eq!(span(Some(3), None), "3 -> ?");
    }

    #[test]
    fn columns_are_as_wide_as_they_must_be() {
        let row = |cells: [&str; 2]| cells.map(ToOwned::to_owned).to_vec();
        let rows = [row(["name", "n"]), row(["a", "12"]), row(["bé", ""])];
        assert_eq!(table(&rows, &[false, true]), "name   n\na     12\nbé\n");
    }
}
