//! The `lr-fix` program.

fn main() {}
