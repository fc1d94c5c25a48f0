//! One model after the other, where one fails for good: what is given back in the end. Pure.
//!
//! A failure that would be the next model's too, such as a limit of the user's own or a reader that has gone, ends
//! the matter at once.

use std::ops::ControlFlow;

use lr_stage::{Error, Kind, Status};
use lr_turn::Reply;

use crate::finish;

/// What came of the models that were asked so far.
#[derive(Debug, Default)]
pub(crate) struct Failures {
    /// For each model why it failed, with its name.
    reasons: Vec<String>,
    may_pass: bool,
    /// A reply that is not whole, which is better than none.
    reply: Option<Reply>,
}

impl Failures {
    /// Takes over what came of asking a model. Breaks with what is given back, or goes on to `next`, if there is
    /// one, with what is to be said about that.
    pub(crate) fn take(
        &mut self,
        asked: &str,
        result: Result<Reply, Error>,
        next: Option<&str>,
    ) -> ControlFlow<Result<Reply, Error>, String> {
        let problem = match &result {
            Ok(reply) => finish::fault(reply).map(|fault| fault.to_string()),
            Err(error) if error.kind.status() == Status::NoReply => Some(error.to_string()),
            Err(_) => return ControlFlow::Break(self.close(asked, result)),
        };
        match (problem, next) {
            (Some(problem), Some(next)) => {
                self.reasons.push(format!("'{asked}': {problem}"));
                match result {
                    Ok(reply) => self.reply = Some(reply),
                    Err(error) => self.may_pass |= error.retryable,
                }
                ControlFlow::Continue(format!("{problem}; asking '{next}'"))
            }
            _ => ControlFlow::Break(self.close(asked, result)),
        }
    }

    /// The last result, or the reply of an earlier model, or an error that names every failure.
    fn close(&mut self, asked: &str, result: Result<Reply, Error>) -> Result<Reply, Error> {
        let error = match result {
            Err(error) if !self.reasons.is_empty() && error.kind != Kind::ReaderGone => error,
            result => return result,
        };
        if let Some(reply) = self.reply.take() {
            return Ok(reply);
        }
        self.reasons.push(format!("'{asked}': {error}"));
        let all = Error::new(error.kind, self.reasons.join("; "));
        let all = match error.hint {
            Some(hint) => all.hint(hint),
            None => all,
        };
        Err(if error.retryable || self.may_pass {
            all.retryable()
        } else {
            all
        })
    }
}

#[cfg(test)]
mod tests {
    use lr_turn::Finish;

    use super::*;

    fn reply(text: &str, finish: Finish) -> Reply {
        Reply {
            finish: Some(finish),
            ..Reply::by("lr-llm", text.into())
        }
    }

    /// What is given back where models come to this one after the other, and how many of them were asked.
    fn outcome(results: Vec<Result<Reply, Error>>) -> (String, usize) {
        let mut failures = Failures::default();
        let names = ["a", "b", "c"];
        let count = results.len();
        for (number, result) in results.into_iter().enumerate() {
            let next = names[..count].get(number + 1).copied();
            match failures.take(names[number], result, next) {
                ControlFlow::Continue(_) => {}
                ControlFlow::Break(Ok(reply)) => return (reply.text, number + 1),
                ControlFlow::Break(Err(error)) => {
                    return (format!("{}: {error}", error.kind), number + 1);
                }
            }
        }
        panic!("nothing is final");
    }

    fn fails(kind: Kind) -> Result<Reply, Error> {
        Err(Error::new(kind, "no"))
    }

    #[track_caller]
    fn check(results: Vec<Result<Reply, Error>>, expected: &str, asked: usize) {
        assert_eq!(outcome(results), (expected.to_owned(), asked));
    }

    #[test]
    fn the_next_model_is_asked_only_where_one_failed_for_good() {
        let fine = || Ok(reply("fine", Finish::Stop));
        check(vec![fine(), fine()], "fine", 1);
        check(vec![fails(Kind::Auth), fine()], "fine", 2);
        check(vec![Ok(reply("cut", Finish::Length)), fine()], "fine", 2);
        check(vec![Ok(reply("odd", Finish::Unknown)), fine()], "odd", 1);
        check(vec![fails(Kind::Tokens), fine()], "tokens: no", 1);
        check(vec![fails(Kind::Usage), fine()], "usage: no", 1);
        check(vec![fails(Kind::ReaderGone), fine()], "reader_gone: no", 1);
    }

    #[test]
    fn every_failure_is_named() {
        check(vec![fails(Kind::NoKey)], "no_key: no", 1);
        let two = vec![fails(Kind::Network), fails(Kind::NoKey)];
        check(two, "no_key: 'a': no; 'b': no", 2);
        let limit = vec![fails(Kind::Network), fails(Kind::Time)];
        check(limit, "time: 'a': no; 'b': no", 2);
    }

    #[test]
    fn a_reply_that_is_not_whole_is_better_than_none() {
        let cut = || Ok(reply("cut", Finish::Length));
        check(vec![cut(), fails(Kind::Network)], "cut", 2);
        check(vec![cut(), Ok(reply("later", Finish::Filter))], "later", 2);
    }

    #[test]
    fn what_may_pass_for_one_model_may_pass() {
        let mut failures = Failures::default();
        let error = Error::new(Kind::Network, "no").retryable();
        let said = failures.take("a", Err(error), Some("b"));
        assert!(matches!(said, ControlFlow::Continue(note) if note == "no; asking 'b'"));
        let end = failures.take("b", fails(Kind::NoKey), None);
        assert!(matches!(end, ControlFlow::Break(Err(error)) if error.retryable));
    }
}
