//! Colours of the page for people. Nothing else in it may command a terminal.

use std::borrow::Cow;

use lr_stage::say;

/// Whether the page has colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Colours {
    /// It is text and nothing else.
    Plain,
    /// It has the sequences by which terminals set colours.
    Terminal,
}

/// How a piece of the page stands out.
#[derive(Clone, Copy)]
pub(crate) enum Style {
    Heading,
    Trouble,
    Good,
}

/// Returns a piece of the page with its colour; what commands a terminal in it is made visible.
pub(crate) fn painted(text: &str, style: Style, colours: Colours) -> String {
    let text = say::clean(text);
    if colours == Colours::Plain {
        return text.into_owned();
    }
    let code = match style {
        Style::Heading => "1",
        Style::Trouble => "1;31",
        Style::Good => "1;32",
    };
    format!("\u{1b}[{code}m{text}\u{1b}[0m")
}

/// Makes visible what commands a terminal in a drawing, but for what sets colours where it has them.
pub(crate) fn harmless(drawn: &str, colours: Colours) -> Cow<'_, str> {
    if colours == Colours::Plain {
        return say::clean(drawn);
    }
    let mut text = String::with_capacity(drawn.len());
    let mut rest = drawn;
    while let Some(at) = rest.find("\u{1b}[") {
        let (before, sequence) = rest.split_at(at);
        text.push_str(&say::clean(before));
        let inner = sequence[2..].find(|character: char| !matches!(character, '0'..='9' | ';'));
        let end = inner.map_or(sequence.len(), |inner| inner + 2);
        if sequence[end..].starts_with('m') {
            text.push_str(&sequence[..=end]);
            rest = &sequence[end + 1..];
        } else {
            text.push_str(&say::clean(&sequence[..end]));
            rest = &sequence[end..];
        }
    }
    text.push_str(&say::clean(rest));
    Cow::Owned(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_but_colours_commands_a_terminal() {
        let drawn = "\u{1b}[1m\u{1b}[38;5;9ma\u{1b}[0m\u{1b}[2J\u{1b}]0;b\u{7}\u{1b}[";
        let expected = "\u{1b}[1m\u{1b}[38;5;9ma\u{1b}[0m\\u{1b}[2J\\u{1b}]0;b\\u{7}\\u{1b}[";
        assert_eq!(harmless(drawn, Colours::Terminal), expected);
        assert!(!harmless(drawn, Colours::Plain).contains('\u{1b}'));
        assert_eq!(
            painted("a\u{1b}b", Style::Heading, Colours::Terminal),
            "\u{1b}[1ma\\u{1b}b\u{1b}[0m"
        );
    }
}
