//! Spans of time as people write them, such as `1h 30m`.

/// Returns how many seconds a text such as `1h 30m` stands for.
pub fn seconds(text: &str) -> Result<u64, String> {
    let mut total = 0;
    for word in text.split(' ') {
        let unit = word.chars().last().unwrap();
        let number: u64 = word[..word.len() - 1].parse().unwrap();
        total = total + number * seconds_of(unit)?;
    }
    return Ok(total);
}

/// Returns how many seconds a unit has.
fn seconds_of(unit: char) -> Result<u64, String> {
    return match unit {
        'h' => Ok(3600),
        'm' => Ok(60),
        's' => Ok(1),
        _ => Err(format!("'{unit}' is no unit of time")),
    };
}
