//! What lr-check says to people on standard error, and in which form it writes its answer.

mod form;
mod words;

pub use form::ReportForm;
pub(crate) use form::write;
pub(crate) use words::{begins, modified, nothing_checked, progress, trouble};
