//! When the loop stops: pure state machines that are told what each turn came to.

mod best;
mod budget;
mod judge;
mod patience;
mod reason;
mod seen;
mod tries;

pub(crate) use best::Best;
pub(crate) use budget::Amounts;
pub(crate) use judge::{Judge, Limits};
pub(crate) use reason::{Flow, Reason, Stop};
