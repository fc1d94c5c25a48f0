//! Asking a person something on the terminal, while standard input holds something else.

use std::fs::OpenOptions;
use std::io::{self, BufRead, BufReader, IsTerminal, Write};

use crate::say;

/// Asks a question that is answered with yes or no; anything but a yes is a no.
///
/// `None`: there is nobody to ask, because standard error is no terminal or there is none at all.
pub fn yes(question: &str) -> Option<bool> {
    if !io::stderr().is_terminal() {
        return None;
    }
    let terminal = OpenOptions::new().read(true).write(true).open("/dev/tty");
    let mut terminal = BufReader::new(terminal.ok()?);
    let question = say::clean(question);
    write!(terminal.get_mut(), "{}: {question} [y/N] ", say::program()).ok()?;
    let mut answer = String::new();
    terminal.read_line(&mut answer).ok()?;
    Some(is_yes(&answer))
}

fn is_yes(answer: &str) -> bool {
    matches!(answer.trim().to_lowercase().as_str(), "y" | "yes")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_yes_is_a_yes() {
        for (answer, expected) in [
            ("y\n", true),
            (" Yes \n", true),
            ("\n", false),
            ("yep\n", false),
        ] {
            assert_eq!(is_yes(answer), expected, "{answer:?}");
        }
    }
}
