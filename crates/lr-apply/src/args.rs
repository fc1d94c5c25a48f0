//! The flags of `lr-apply`.

use clap::{Parser, ValueEnum};
use lr_stage::{Common, Form};
use lr_turn::ReplyFormat;

/// Write the new file versions of a reply: all of them, or none
///
/// Standard input holds turns with a `reply`, as lr-llm and lr-fix write them, or the bare text of
/// any model's answer. A bare answer names no files, so name those that it may change.
///
/// GLOB is a pattern as in .gitignore, as seen from the working directory.
#[derive(Parser, Debug)]
#[command(
    name = "lr-apply",
    version,
    after_help = "Exit status: 0 written; 1 refused, or no new version; 2 trouble; else that of an error a turn carries.\n\n\
                  Examples:\n  \
                  lr-check src/ | lr-fix | lr-prompt | lr-llm | lr-apply\n  \
                  pbpaste | lr-apply --dry-run src/\n  \
                  pbpaste | lr-apply --allow-new='tests/**/*.py' src/\n  \
                  lr-apply -n --patch-out change.patch src/ < answer.txt && git apply change.patch"
)]
pub struct Args {
    /// Files that a bare answer may change, or directories whose files it may change
    #[arg(value_name = "SOURCE")]
    pub sources: Vec<String>,

    /// Print what would change as a unified diff, and write nothing
    #[arg(short = 'n', long)]
    pub dry_run: bool,

    /// Write all changes to FILE, as a patch for 'git apply'; '-' is standard output, in place of the page
    #[arg(long, value_name = "FILE")]
    pub patch_out: Option<String>,

    /// Settle a change that was interrupted, and do nothing else; every other run does it first
    #[arg(long, conflicts_with_all = ["sources", "dry_run", "patch_out"])]
    pub recover: bool,

    /// Exit with 0 also where nothing is written
    #[arg(long)]
    pub exit_zero: bool,

    /// What standard input holds, where it is not to be guessed
    #[arg(long, value_name = "FORM", value_enum)]
    pub input: Option<Form>,

    /// What to write: turns, or text for people
    #[arg(long, value_name = "FORM", value_enum)]
    pub format: Option<Form>,

    /// How the reply is read and what it may do.
    #[command(flatten)]
    pub leave: LeaveArguments,

    /// The flags that all stages have.
    #[command(flatten)]
    pub common: Common,
}

/// The flags that say how a reply is read and what it may do.
#[derive(clap::Args, Debug, Default)]
#[command(next_help_heading = "What a reply may do")]
pub struct LeaveArguments {
    /// Read the reply in this format only, where it is not to be recognised
    #[arg(long, value_name = "FORMAT", value_enum)]
    pub reply_format: Option<Format>,

    /// Let a reply make files that match GLOB, or any
    #[arg(long, value_name = "GLOB", num_args = 0..=1, require_equals = true, default_missing_value = "**")]
    pub allow_new: Vec<String>,

    /// Let a reply delete offered files that match GLOB, or any of them
    #[arg(long, value_name = "GLOB", num_args = 0..=1, require_equals = true, default_missing_value = "**")]
    pub allow_delete: Vec<String>,

    /// The bare answer is known to be complete; edits and diffs do not show it when they are cut
    #[arg(long)]
    pub complete: bool,

    /// Refuse a reply that brings in suppressions such as 'noqa', or skips or deletes a test
    #[arg(long)]
    pub no_new_suppressions: bool,

    /// Refuse a version that loses more than PERCENT of a file's lines, and 15 or more [default: 75]; 100 takes pieces of files too
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u8).range(0..=100))]
    pub max_shrink: Option<u8>,
}

/// How a reply writes new versions, as a flag names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Whole files between '<<<< path <<<<' and '>>>>>>>>'
    Blocks,
    /// Whole files in Markdown fences with a label
    Fences,
    /// SEARCH/REPLACE edits
    Edits,
    /// A unified diff
    Diff,
    /// The '*** Begin Patch' envelope
    Patch,
}

impl From<Format> for ReplyFormat {
    fn from(format: Format) -> Self {
        match format {
            Format::Blocks => Self::Blocks,
            Format::Fences => Self::Fences,
            Format::Edits => Self::Edits,
            Format::Diff => Self::Diff,
            Format::Patch => Self::Patch,
        }
    }
}

impl AsRef<Common> for Args {
    fn as_ref(&self) -> &Common {
        &self.common
    }
}
