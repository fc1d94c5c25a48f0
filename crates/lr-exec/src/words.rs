//! A command line as words, as a shell divides it.

/// Divides a command line into words, with quotes and backslashes as in a shell; nothing in it is expanded. `None` if a
/// quote is not closed.
pub fn words(line: &str) -> Option<Vec<String>> {
    shell_words::split(line).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_divided_as_in_a_shell() {
        let expected = ["claude", "-p", "two words", "$HOME"].map(str::to_owned);
        assert_eq!(
            words("claude -p 'two words' \"$HOME\""),
            Some(expected.to_vec())
        );
        assert_eq!(words("a 'b"), None);
    }
}
