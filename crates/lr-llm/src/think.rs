//! Takes away reasoning that a model writes into its text as `<think>…</think>` before the answer.
//!
//! It is no part of the answer: it may hold blocks that were only considered. Reasoning that is never closed leaves
//! an empty answer, which is an error.

const OPEN: &str = "<think>";
const CLOSE: &str = "</think>";

/// Passes text on piece by piece, without reasoning at its start.
#[derive(Debug, Default)]
pub(crate) struct ThinkFilter {
    state: State,
    held: String,
}

#[derive(Debug, Default, PartialEq, Eq)]
enum State {
    /// Only blanks, or a part of the opening tag, so far.
    #[default]
    Start,
    /// Behind the opening tag.
    Inside,
    /// Behind the closing tag, where blanks are skipped.
    Behind,
    /// In the answer.
    Through,
}

impl ThinkFilter {
    /// Takes the next piece and gives what of the answer is certain.
    pub(crate) fn push(&mut self, piece: &str) -> String {
        if self.state == State::Through {
            return piece.to_owned();
        }
        self.held.push_str(piece);
        if self.state == State::Start {
            let text = self.held.trim_start();
            if let Some(reasoning) = text.strip_prefix(OPEN) {
                self.held = reasoning.to_owned();
                self.state = State::Inside;
            } else if !OPEN.starts_with(text) {
                self.state = State::Through;
                return std::mem::take(&mut self.held);
            }
        }
        if self.state == State::Inside
            && let Some(end) = self.held.find(CLOSE)
        {
            self.held.drain(..end + CLOSE.len());
            self.state = State::Behind;
        }
        if self.state == State::Inside {
            let mut keep = self.held.len().saturating_sub(CLOSE.len());
            while !self.held.is_char_boundary(keep) {
                keep -= 1;
            }
            self.held.drain(..keep);
        }
        if self.state == State::Behind {
            let answer = std::mem::take(&mut self.held).trim_start().to_owned();
            if !answer.is_empty() {
                self.state = State::Through;
            }
            return answer;
        }
        String::new()
    }

    /// Gives what was held back at the end: a start that turned out not to be reasoning.
    pub(crate) fn finish(&mut self) -> String {
        match self.state {
            State::Start => std::mem::take(&mut self.held),
            _ => String::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn filtered<'a>(pieces: impl IntoIterator<Item = &'a str>) -> String {
        let mut filter = ThinkFilter::default();
        let mut text: String = pieces.into_iter().map(|piece| filter.push(piece)).collect();
        text += &filter.finish();
        text
    }

    #[test]
    fn takes_reasoning_away_only_at_the_start() {
        for (text, expected) in [
            ("\n<think>\nhm</think>\n\nanswer <think>", "answer <think>"),
            ("answer <think>a</think>", "answer <think>a</think>"),
            ("<think>never closed", ""),
            ("<thin", "<thin"),
            (" \n", " \n"),
            ("<think></think>", ""),
        ] {
            assert_eq!(filtered([text]), expected, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn any_split_gives_the_same_answer(text in "(<think>)?[<thinké/> ]{0,9}(</think>)?[<a é]{0,9}") {
            let chars: Vec<String> = text.chars().map(String::from).collect();
            prop_assert_eq!(filtered(chars.iter().map(String::as_str)), filtered([text.as_str()]));
        }
    }
}
