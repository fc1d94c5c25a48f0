//! The protocols that providers speak: pure translation between their JSON and [`exchange`](crate::exchange).

pub(crate) mod chat;
pub(crate) mod complaint;
