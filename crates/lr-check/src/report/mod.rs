//! What lr-check says to people.

mod page;

pub(crate) use page::{name, page};
