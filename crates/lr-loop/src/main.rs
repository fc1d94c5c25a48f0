//! The `lr-loop` program.

fn main() {}
