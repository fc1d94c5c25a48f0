//! The `lr-git` program.

fn main() {}
