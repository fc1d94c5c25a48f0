//! What a question is, and what is asked for whatever the question.

use lr_turn::{Function, Message};

use crate::exchange::Wishes;
use crate::price::Flat;
use crate::rerun::Place;
use crate::retry::Limits;

/// What is asked for, whatever the question, and within which limits.
#[derive(Debug, Clone)]
pub(crate) struct Terms {
    pub(crate) wishes: Wishes,
    pub(crate) limits: Limits,
    /// The price that the user gives.
    pub(crate) price: Option<Flat>,
    /// A server on this machine is started, and models are loaded into it, if they are not there.
    pub(crate) is_local: bool,
    /// The variables that hold keys for us, by whatever name: no program sees them.
    pub(crate) hidden: Vec<String>,
}

/// What is asked, and whether the text is wanted as it comes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Question<'a> {
    pub(crate) messages: &'a [Message],
    /// The tools that the model may ask for.
    pub(crate) tools: &'a [Function],
    pub(crate) stream: bool,
    /// Where it comes from; `None` if it is no turn.
    pub(crate) place: Option<Place>,
}
