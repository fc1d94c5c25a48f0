//! What is to be said about a reply that did not end as it should.

use lr_stage::{Error, Kind, say};
use lr_turn::{Finish, Reply};

/// Says why a reply must not be taken for a whole one. A reason that nobody knows is only warned of.
pub(crate) fn objection(reply: &Reply) -> Option<Error> {
    if reply.finish == Some(Finish::Unknown) {
        say::warn("the provider does not say why the reply ended; it may be incomplete");
    }
    fault(reply)
}

/// Why a reply must not be taken for a whole one.
pub(crate) fn fault(reply: &Reply) -> Option<Error> {
    match reply.finish {
        None | Some(Finish::Stop | Finish::Unknown) => None,
        Some(Finish::Length) => Some(
            Error::new(
                Kind::Cut,
                "the reply is cut off: it reached its limit of tokens",
            )
            .hint("'--max-tokens N' allows for more"),
        ),
        Some(Finish::Filter) => Some(Error::new(
            Kind::Filtered,
            "the reply was withheld, in whole or in part, by a filter",
        )),
        // Calls of tools that the prompt offers are what it asked for.
        Some(Finish::Tool) if !reply.tool_calls.is_empty() => None,
        Some(Finish::Tool) => Some(Error::new(
            Kind::Malformed,
            "the reply ends in a call of a tool that nobody offered",
        )),
    }
}
