//! Characters that do not print as they read: control characters, and those that turn the direction of writing.

/// Replaces every character that could play tricks on a terminal or a reader by U+FFFD.
/// Line ends and tabs stay.
pub(crate) fn neutralised(text: &str) -> String {
    text.chars()
        .map(|c| {
            if is_treacherous(c) {
                char::REPLACEMENT_CHARACTER
            } else {
                c
            }
        })
        .collect()
}

/// Whether a character is a control character other than a line feed or a tab, or a bidirectional control.
pub(crate) fn is_treacherous(c: char) -> bool {
    let is_bidirectional_control = matches!(
        c,
        '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
    );
    is_bidirectional_control || (c.is_control() && !matches!(c, '\n' | '\t'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_treacherous_characters_are_replaced() {
        assert_eq!(neutralised("a\tb\nç 漢 👩‍🚀"), "a\tb\nç 漢 👩‍🚀");
        assert_eq!(
            neutralised("\0\r\u{1b}\u{85}\u{202e}"),
            "\u{fffd}".repeat(5)
        );
    }
}
