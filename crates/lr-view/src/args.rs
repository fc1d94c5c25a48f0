//! The command line of lr-view.

use lr_stage::Common;

/// Show what runs of lr-loop came to
///
/// Without RUN it lists the runs of this project, the newest first. It reads records and changes
/// nothing, so it may be used while a run is at work.
#[derive(clap::Parser, Debug)]
#[command(
    name = "lr-view",
    version,
    after_help = "Exit status: 0 done; 1 there is nothing to show; 2 trouble.\n\n\
                  Examples:\n  \
                  lr-view last\n  \
                  lr-view last --turn 2 --section reply\n  \
                  lr-view --json | jq -r 'select(.reason != \"clean\").run'"
)]
pub struct Args {
    /// The run: its name, the beginning of its name, its folder, or 'last'
    #[arg(value_name = "RUN")]
    pub run: Option<String>,

    /// Show a piece of this turn [default: the last turn that has one]
    #[arg(long, value_name = "N", requires = "section")]
    pub turn: Option<u64>,

    /// Show only this part of the turn
    #[arg(long, value_name = "P", requires = "section")]
    pub part: Option<u64>,

    /// Show this piece of a turn as text
    #[arg(long, value_name = "PIECE", value_enum, requires = "run")]
    pub section: Option<Piece>,

    /// Write JSON: one line per run, or all that is known of one
    #[arg(long, conflicts_with = "section")]
    pub json: bool,

    /// The flags that every program has.
    #[command(flatten)]
    pub common: Common,
}

impl AsRef<Common> for Args {
    fn as_ref(&self) -> &Common {
        &self.common
    }
}

/// A piece of a turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Piece {
    /// What the model was asked
    Prompt,
    /// What was answered
    Reply,
    /// What was changed
    Diff,
    /// What was found at the beginning of the turn
    Check,
    /// What the reply said outside its blocks, or why it was refused
    Notes,
}
