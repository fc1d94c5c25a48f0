//! The flags that every stage has, spelled the same everywhere.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// The flags that every stage has.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Common options")]
pub struct Common {
    /// Work in DIR instead of the current directory
    #[arg(short = 'C', long = "directory", value_name = "DIR", global = true)]
    pub directory: Option<PathBuf>,

    /// Say more on standard error; twice for details
    #[arg(short, long, action = clap::ArgAction::Count, global = true)]
    pub verbose: u8,

    /// Say nothing on standard error but errors
    #[arg(short, long, conflicts_with = "verbose", global = true)]
    pub quiet: bool,

    /// Use the table [profile.NAME] of the configuration
    #[arg(long, value_name = "NAME", env = "LR_PROFILE", global = true)]
    pub profile: Option<String>,

    /// Say on standard error, in lines for lr-loop, which jobs begin and what they come to
    #[arg(long, hide = true, global = true)]
    pub tell_jobs: bool,
}

/// The form of what a stage reads or writes, where the user names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Form {
    /// Turns, one line of JSON each
    Turn,
    /// Text for people
    Text,
}
