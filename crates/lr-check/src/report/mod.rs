//! What lr-check says to people: the page on standard output, and words on standard error.

mod page;
mod words;

pub(crate) use page::{name, page};
pub(crate) use words::{begins, modified, nothing_checked, progress, trouble};
