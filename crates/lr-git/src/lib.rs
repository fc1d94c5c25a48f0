//! The branch of a run, a commit per fix, FIXES.md, and the way back.
//!
//! * [`start`] makes the branch of a run, after looking for everything in its way.
//! * [`commit`] commits what lr-apply wrote, and writes it down in FIXES.md.
//! * [`undo`] brings back what a run changed, [`restore`] what it changed from a turn on, and
//!   [`recover`] completes a commit that was killed.
//! * [`worktree`] makes a linked work tree, and removes one.
//! * [`preflight`] looks for what would be in the way, before anything is made.
//! * [`findings`] compares the findings before and after, and [`tally`] counts them; [`subject`],
//!   [`message`] and [`fixes`] put that into words. These are pure.
//! * [`repo`] is the only place that knows git, and [`files`] the only one that changes files.
//!
//! Deliberately absent: changing the user's branch, index or files, rewriting history, pushing,
//! and a commit message that a model wrote.

mod args;
mod bring_back;
mod commit;
mod commits;
mod files;
mod findings;
mod fix;
mod fixes;
mod message;
mod page;
mod preflight;
mod put_back;
mod recover;
mod repo;
mod restore;
mod run;
mod settings;
mod start;
mod subject;
mod tally;
mod undo;
mod verify;
mod without_git;
mod worktree;

use lr_exec::signals;
use lr_stage::{Error, Kind, Status};

pub use args::Args;
use args::Command;

/// Does what the command line says.
///
/// # Errors
///
/// What concerns the run as a whole; what concerns one turn stands in that turn.
pub fn run(args: Args) -> Result<Status, Error> {
    signals::install()
        .map_err(|error| Error::new(Kind::Io, "cannot listen for signals").because(error))?;
    match args.command {
        Command::Start(start) => start::run(&start, &args.common),
        Command::Commit(commit) => commit::run(&commit, &args.common),
        Command::Undo(undo) => undo::run(&undo),
        Command::Restore(restore) => restore::run(&restore, &args.common),
        Command::Worktree(worktree) => worktree::run(&worktree),
        Command::Recover(_) => recover::run(),
    }
}
