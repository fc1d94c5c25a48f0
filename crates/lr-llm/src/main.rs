//! The `lr-llm` program.

fn main() {}
