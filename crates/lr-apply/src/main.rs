//! The `lr-apply` program.

fn main() {}
