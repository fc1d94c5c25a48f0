//! Tells reasoning that a model writes into its text as `<think>…</think>` before the answer from the answer.
//!
//! It is no part of the answer: it may hold blocks that were only considered. Reasoning that is never closed leaves
//! an empty answer, which is an error.

const OPEN: &str = "<think>";
const CLOSE: &str = "</think>";

/// The most bytes of blanks behind which reasoning is looked for.
const MOST_BLANKS: usize = 1024;

/// Passes text on piece by piece, the reasoning at its start apart from the answer.
#[derive(Debug, Default)]
pub(crate) struct ThinkFilter {
    state: State,
    held: String,
}

/// What of a text is certain.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Parts {
    /// The next part of the reasoning.
    pub(crate) reasoning: String,
    /// The next part of the answer.
    pub(crate) answer: String,
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
    /// Takes the next piece and gives what is certain.
    pub(crate) fn push(&mut self, piece: &str) -> Parts {
        let mut parts = Parts::default();
        if self.state == State::Through {
            piece.clone_into(&mut parts.answer);
            return parts;
        }
        self.held.push_str(piece);
        if self.state == State::Start {
            let text = self.held.trim_start();
            if let Some(reasoning) = text.strip_prefix(OPEN) {
                self.held = reasoning.to_owned();
                self.state = State::Inside;
            } else if !OPEN.starts_with(text) || self.held.len() > MOST_BLANKS {
                self.state = State::Through;
                parts.answer = std::mem::take(&mut self.held);
            }
        }
        if self.state == State::Inside {
            parts.reasoning = self.reasoning();
        }
        if self.state == State::Behind {
            self.held.trim_start().clone_into(&mut parts.answer);
            self.held.clear();
            if !parts.answer.is_empty() {
                self.state = State::Through;
            }
        }
        parts
    }

    /// What is certain to be reasoning of what is held.
    fn reasoning(&mut self) -> String {
        let end = self.held.find(CLOSE);
        let mut certain = end.unwrap_or(self.held.len().saturating_sub(CLOSE.len()));
        while !self.held.is_char_boundary(certain) {
            certain -= 1;
        }
        let rest = self.held.split_off(certain);
        let reasoning = std::mem::replace(&mut self.held, rest);
        if end.is_some() {
            self.held.drain(..CLOSE.len());
            self.state = State::Behind;
        }
        reasoning
    }

    /// Gives what was held back at the end: a start that turned out not to be reasoning, or the end of what was never
    /// closed.
    pub(crate) fn finish(&mut self) -> Parts {
        let held = std::mem::take(&mut self.held);
        let (reasoning, answer) = match self.state {
            State::Inside => (held, String::new()),
            _ => (String::new(), held),
        };
        Parts { reasoning, answer }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn filtered<'a>(pieces: impl IntoIterator<Item = &'a str>) -> Parts {
        let mut filter = ThinkFilter::default();
        let mut all = Parts::default();
        let mut add = |parts: Parts| {
            all.reasoning += &parts.reasoning;
            all.answer += &parts.answer;
        };
        for piece in pieces {
            add(filter.push(piece));
        }
        add(filter.finish());
        all
    }

    #[test]
    fn takes_reasoning_away_only_at_the_start() {
        for (text, reasoning, answer) in [
            (
                "\n<think>\nhm</think>\n\nanswer <think>",
                "\nhm",
                "answer <think>",
            ),
            ("answer <think>a</think>", "", "answer <think>a</think>"),
            ("<think>never closed</thin", "never closed</thin", ""),
            ("<thin", "", "<thin"),
            (" \n", "", " \n"),
            ("<think></think>", "", ""),
        ] {
            let parts = filtered([text]);
            assert_eq!(
                (&*parts.reasoning, &*parts.answer),
                (reasoning, answer),
                "{text:?}"
            );
        }
    }

    #[test]
    fn blanks_without_end_are_not_held() {
        let mut filter = ThinkFilter::default();
        let blanks = " ".repeat(2 * MOST_BLANKS);
        assert_eq!(filter.push(&blanks).answer, blanks);
    }

    proptest! {
        #[test]
        fn any_split_gives_the_same(text in "(<think>)?[<thinké/> ]{0,9}(</think>)?[<a é]{0,9}") {
            let chars: Vec<String> = text.chars().map(String::from).collect();
            prop_assert_eq!(filtered(chars.iter().map(String::as_str)), filtered([text.as_str()]));
        }
    }
}
