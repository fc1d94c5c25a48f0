//! What lr-check says to people on standard error, and in which form it writes its answer.

mod form;
mod words;

pub(crate) use form::write;
pub use form::{ColourWhen, ReportForm};
pub(crate) use words::{begins, modified, nothing_checked, progress, trouble};
