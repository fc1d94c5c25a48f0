//! The flags of `lr-apply`.

use clap::Parser;
use lr_stage::{Common, Form};

/// Write the new file versions of a reply: all of them, or none
///
/// Standard input holds turns with a `reply`, as lr-llm and lr-fix write them, or the bare text of
/// any model's answer. A bare answer names no files, so name those that it may change.
#[derive(Parser, Debug)]
#[command(
    name = "lr-apply",
    version,
    after_help = "Exit status: 0 written; 1 refused, or no new version; 2 trouble; else that of an error a turn carries.\n\n\
                  Examples:\n  \
                  lr-check src/ | lr-fix | lr-prompt | lr-llm | lr-apply\n  \
                  pbpaste | lr-apply --dry-run src/"
)]
pub struct Args {
    /// Files that a bare answer may change, or directories whose files it may change
    #[arg(value_name = "SOURCE")]
    pub sources: Vec<String>,

    /// Print what would change as a unified diff, and write nothing
    #[arg(short = 'n', long)]
    pub dry_run: bool,

    /// Exit with 0 also where nothing is written
    #[arg(long)]
    pub exit_zero: bool,

    /// What standard input holds, where it is not to be guessed
    #[arg(long, value_name = "FORM", value_enum)]
    pub input: Option<Form>,

    /// What to write: turns, or text for people
    #[arg(long, value_name = "FORM", value_enum)]
    pub format: Option<Form>,

    /// The flags that all stages have.
    #[command(flatten)]
    pub common: Common,
}

impl AsRef<Common> for Args {
    fn as_ref(&self) -> &Common {
        &self.common
    }
}
