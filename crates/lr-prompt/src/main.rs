//! The `lr-prompt` program.

fn main() {}
