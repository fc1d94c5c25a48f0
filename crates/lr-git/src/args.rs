//! The command line of lr-git.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};
use lr_stage::{Common, Form};

/// Keep what a run of lr changes on a branch of its own: a commit per fix, and FIXES.md
///
/// Your own branch, index and uncommitted work stay as they are. History is never rewritten.
#[derive(Parser, Debug)]
#[command(
    name = "lr-git",
    version,
    after_help = "Exit status: 0 done; 1 nothing to commit or to take back; 2 trouble; else that of an error a turn carries.\n\n\
                  Examples:\n  \
                  lr-git start < check\n  \
                  lr-git commit --if improved --rechecked next < applied\n  \
                  lr-git undo --dry-run"
)]
pub struct Args {
    /// What to do
    #[command(subcommand)]
    pub(crate) command: Command,

    #[command(flatten)]
    pub(crate) common: Common,
}

impl AsRef<Common> for Args {
    fn as_ref(&self) -> &Common {
        &self.common
    }
}

/// What to do.
#[derive(Subcommand, Debug)]
pub(crate) enum Command {
    /// Make the branch of a run, after looking for everything that would be in its way
    ///
    /// Reads the turns of a first check from standard input and writes them on unchanged. The
    /// branch is 'lr/RUN', begins at HEAD, and is checked out without touching a file. With --resume
    /// it only looks whether a run that has begun can go on here.
    Start(Start),
    /// Commit what was applied, and write it down in FIXES.md
    ///
    /// Reads turns from standard input and writes them on; those that were applied get a section
    /// 'commit'. Exits with 1 if there was nothing to commit.
    Commit(Commit),
    /// Bring back the contents that a run changed, with a commit of its own
    ///
    /// Makes one commit on the present branch in which every file that the run's commits changed
    /// is what it was before. Refuses files that somebody changed since.
    Undo(Undo),
    /// Bring back the contents as they were when a turn began, with a commit of its own
    ///
    /// Takes back what the run's commits from turn T on changed. FIXES.md keeps its entries, and
    /// gets one that says what was taken back; turns may follow. Refuses files that somebody
    /// changed since. Exits with 1 if there is nothing to take back.
    Restore(Restore),
    /// Make a linked work tree of HEAD in a new folder, or remove one, so that this one is left alone
    ///
    /// Its HEAD is detached, and what is not committed is not in it. Writes the folder in it that
    /// corresponds to the present one. It is git that makes it, with the filters and hooks of yours.
    Worktree(Worktree),
    /// Complete a 'git commit' that was killed: bring the index up to the commit at HEAD
    ///
    /// A commit that was killed at the wrong moment leaves the version before it in the index, so
    /// that the next commit would take it back. Only the index is written, and in it only the files
    /// of that commit. Locks of others are never removed. Exits with 1 if there is nothing to do.
    Recover(Recover),
}

/// The flags of `lr-git start`.
#[derive(ClapArgs, Debug)]
pub(crate) struct Start {
    /// Go on with a run that has begun: its branch has to be the present one, without commits of others
    ///
    /// Completes what was killed, and takes sources as they are: what the run left half-way is
    /// looked at by 'lr-git commit'.
    #[arg(long)]
    pub(crate) resume: bool,

    #[command(flatten)]
    pub(crate) fixes: Fixes,

    /// Write turns or text [default: turns into a pipe or file, text on a terminal]
    #[arg(long, value_name = "FORM")]
    pub(crate) format: Option<Form>,
}

/// The flags of `lr-git commit`.
#[derive(ClapArgs, Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a flag of the command line"
)]
pub(crate) struct Commit {
    /// Read the turns of the next check, to tell what was fixed
    #[arg(long, value_name = "FILE")]
    pub(crate) rechecked: Option<PathBuf>,

    /// Commit only if the next check is better, and else put the files back
    #[arg(long = "if", value_name = "CONDITION", requires = "rechecked")]
    pub(crate) condition: Option<Condition>,

    /// Stay on the present branch, whoever made it and its commits
    #[arg(long)]
    pub(crate) here: bool,

    /// Leave out the hooks that 'git commit --no-verify' leaves out: pre-commit and commit-msg
    ///
    /// All others run: prepare-commit-msg, post-commit, reference-transaction and post-index-change.
    #[arg(long)]
    pub(crate) no_verify: bool,

    /// End a git command, with its hooks, after SECONDS
    #[arg(long, value_name = "SECONDS", default_value_t = 300)]
    pub(crate) timeout: u64,

    /// Only write the fixes down, and commit nothing; this needs no repository
    #[arg(long, conflicts_with_all = ["condition", "here", "no_verify"])]
    pub(crate) no_git: bool,

    /// Exit with 0 where there was nothing to commit
    #[arg(long)]
    pub(crate) exit_zero: bool,

    #[command(flatten)]
    pub(crate) fixes: Fixes,

    /// Write turns or text [default: turns into a pipe or file, text on a terminal]
    #[arg(long, value_name = "FORM")]
    pub(crate) format: Option<Form>,
}

/// The flags of `lr-git undo`.
#[derive(ClapArgs, Debug)]
pub(crate) struct Undo {
    /// The run to take back [default: that of the present branch]
    #[arg(long, value_name = "ID", env = "LR_RUN")]
    pub(crate) run: Option<String>,

    /// Only say what would be brought back
    #[arg(short = 'n', long)]
    pub(crate) dry_run: bool,

    /// End a git command, with its hooks, after SECONDS
    #[arg(long, value_name = "SECONDS", default_value_t = 300)]
    pub(crate) timeout: u64,

    /// Leave out the hooks that 'git commit --no-verify' leaves out
    #[arg(long)]
    pub(crate) no_verify: bool,
}

/// The flags of `lr-git restore`.
#[derive(ClapArgs, Debug)]
pub(crate) struct Restore {
    /// The first turn to take back
    #[arg(long, value_name = "T")]
    pub(crate) turn: u64,

    /// The run to take it back from [default: that of the present branch]
    #[arg(long, value_name = "ID", env = "LR_RUN")]
    pub(crate) run: Option<String>,

    /// Say in the commit and in FIXES.md why it is taken back
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: Option<String>,

    /// Take it back although somebody else has committed on the run's branch
    #[arg(long)]
    pub(crate) here: bool,

    /// Leave out the hooks that 'git commit --no-verify' leaves out
    #[arg(long)]
    pub(crate) no_verify: bool,

    /// End a git command, with its hooks, after SECONDS
    #[arg(long, value_name = "SECONDS", default_value_t = 300)]
    pub(crate) timeout: u64,

    /// Exit with 0 where there was nothing to take back
    #[arg(long)]
    pub(crate) exit_zero: bool,

    #[command(flatten)]
    pub(crate) fixes: Fixes,

    /// Write a turn or text [default: a turn into a pipe or file, text on a terminal]
    #[arg(long, value_name = "FORM")]
    pub(crate) format: Option<Form>,
}

/// The flags of `lr-git worktree`.
#[derive(ClapArgs, Debug)]
pub(crate) struct Worktree {
    /// The folder, which must not be there yet
    #[arg(value_name = "DIR")]
    pub(crate) folder: PathBuf,

    /// Remove the work tree DIR, unless something in it is not committed; branches stay
    #[arg(long)]
    pub(crate) remove: bool,

    /// End a git command, with its hooks, after SECONDS
    #[arg(long, value_name = "SECONDS", default_value_t = 300)]
    pub(crate) timeout: u64,
}

/// The flags of `lr-git recover`.
#[derive(ClapArgs, Debug)]
pub(crate) struct Recover {}

/// Where fixes are written down.
#[derive(ClapArgs, Debug)]
pub(crate) struct Fixes {
    /// Write fixes down in NAME [default: FIXES.md]
    #[arg(long, value_name = "NAME", conflicts_with = "no_fixes")]
    pub(crate) fixes_file: Option<String>,

    /// Do not write fixes down
    #[arg(long)]
    pub(crate) no_fixes: bool,
}

/// When to commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Condition {
    /// The rank is smaller, or equal with a finding gone that was asked about
    Improved,
}
