//! The `lr-check` program.

fn main() {}
