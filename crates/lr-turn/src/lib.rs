//! The document that the lr stages exchange: one turn, as one line of JSON.
