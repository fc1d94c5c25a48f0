//! lr-git as a program, against real git in sealed sandboxes.
#![expect(
    clippy::unwrap_used,
    reason = "the lint knows test functions, not what they share"
)]

mod commit;
mod faults;
mod hooks;
mod odd;
mod recheck;
mod recover;
mod restore;
mod resume;
mod start;
mod states;
mod support;
mod undo;
mod worktree;
