//! Joins the stages into a loop until the checks are clean:
//! check → fix for free → prompt → ask a model → apply → check again → commit.
//!
//! The loop runs one program at a time, a file of turns in and a file of turns out, and reads of
//! the turns only what it needs to decide whether to go on. `scripts/loop.sh` is the same loop in
//! ordinary shell.
//!
//! Deliberately absent: everything that knows what a checker, a model, a reply or a repository is,
//! options that belong to one stage (beyond the predecessor's letters), pipes and threads, but for those of `server`.

mod apart;
mod args;
mod configuration;
mod run;

mod asking;
mod estimate;
mod plan;
mod rounds;
mod settings;
mod stop;

mod money;
mod outcome;
mod paid;
mod reading;
mod recorded;
mod replay;
mod resume;
mod server;
mod stage;

mod page;

mod block;
mod jobs;
mod lines;
mod onlooker;

mod print;
mod progress;
mod summary;

pub use args::{Args, Asking, Checking, StopAfter, Stopping};
pub use plan::Replacement;
pub use run::run;
