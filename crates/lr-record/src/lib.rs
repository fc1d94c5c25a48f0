//! The record of a run: the folder `.lr/runs/ID`, its files, writing them and reading them.
//!
//! A run is a sequence of *steps*; in each, one stage runs once. `steps.jsonl` gets a line when a
//! step is complete, and only that line makes it so: a run that was killed goes on behind the last
//! complete step. `turns.jsonl` holds what each step added to the turns, and everything that is
//! told of a run is summed over its lines ([`Ledger`]). `options.json` holds how the run was
//! begun, and `summary.json` what it came to so far.
//!
//! Deliberately absent: what the steps are and in which order they come (that is `lr-loop`), and
//! how a run is shown (that is `lr-view`).

mod findings;
mod folder;
mod git_folder;
mod ledger;
mod leftovers;
mod lines;
mod lock;
mod lost;
mod options;
mod reading;
mod record;
pub mod runs;
mod seal;
mod steps;
mod summary;
mod whole;

pub use findings::finding_keys;
pub use git_folder::is_in_git;
pub use ledger::{Ledger, Span, Taken, TurnTaken};
pub use leftovers::{Leftover, write_turns};
pub use lines::Author;
pub use lock::{Lock, is_at_work};
pub use lost::{Lost, calls_file};
pub use options::Options;
pub use record::{Done, Record};
pub use steps::{Log, Resumed, Step};
pub use summary::{RUNNING, Summary};
