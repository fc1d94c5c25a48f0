//! The command line of `lr-prompt`.

use std::path::PathBuf;

use lr_stage::{Common, Form};
use lr_turn::ReplyFormat;

const AFTER_HELP: &str = "\
Without files, turns are read from standard input and written with their prompt, or a text is read
and taken for the report of another program. With files, a turn about just them is made; standard
input is then read only if it is a pipe or a file, for such a report.

Examples:
  lr-check --exit-zero src/ | lr-prompt | lr-llm | lr-apply
  ./mychecks.sh 2>&1 | lr-prompt a.py | lr-llm | lr-apply
  lr-prompt --text --instructions 'Add type hints' a.py | llm | lr-apply a.py
  lr-prompt --show-template > mine.hbs

Exit status:
  0    done, whether there was something to ask or not
  2    unreadable input, a template that cannot be used, or a file that is no longer what was checked
  130  interrupted";

/// Build the prompts of turns from their sources and what the checkers found
#[derive(clap::Parser, Debug)]
#[command(name = "lr-prompt", version, after_help = AFTER_HELP)]
pub struct Args {
    /// Files to show and to offer for change
    pub sources: Vec<String>,

    /// The same as a file among the sources
    #[arg(long, value_name = "FILE")]
    pub file: Vec<String>,

    /// Show what another program reported about the files; - for standard input
    #[arg(long, value_name = "FILE")]
    pub issues: Option<PathBuf>,

    /// Say what to do, instead of the template's own words
    #[arg(long, value_name = "TEXT|@FILE")]
    pub instructions: Option<String>,

    /// Use a template of your own, by its file or its name in the configuration folder
    #[arg(long, value_name = "FILE|NAME")]
    pub template: Option<String>,

    /// Show files of more lines than this only around what was found in them; 0 leaves it to the size
    /// of what is found [default: 400]
    #[arg(long, value_name = "LINES", env = "LR_WHOLE_BELOW")]
    pub whole_below: Option<usize>,

    /// Split a turn whose prompt would be longer into parts, by an estimate of a token for four bytes
    #[arg(long, value_name = "N", env = "LR_PROMPT_TOKENS", value_parser = clap::value_parser!(u64).range(1..))]
    pub prompt_tokens: Option<u64>,

    /// Ask for replies in one format; else for edits where a file is shown in part, and for blocks
    #[arg(long, value_name = "FORMAT", value_enum, env = "LR_REPLY_FORMAT")]
    pub reply_format: Option<AskedFormat>,

    /// Print the template that would be used, to begin one from
    #[arg(long)]
    pub show_template: bool,

    /// Ask for improvements although the checks are clean
    #[arg(long)]
    pub even_if_clean: bool,

    /// Write only the prompt's text; the same as --format text
    #[arg(long, conflicts_with = "format")]
    pub text: bool,

    /// Whether standard input holds turns or text
    #[arg(long, value_name = "FORM", value_enum)]
    pub input: Option<Form>,

    /// Write turns or text, instead of turns into a pipe and text on a terminal
    #[arg(long, value_name = "FORM", value_enum)]
    pub format: Option<Form>,

    #[command(flatten)]
    #[expect(missing_docs, reason = "a doc comment here would become help text")]
    pub common: Common,
}

/// A format that replies can be asked for in.
#[derive(clap::ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum AskedFormat {
    /// Whole files between markers
    Blocks,
    /// Whole files in Markdown fences
    Fences,
    /// Lines to search for and lines to replace them
    Edits,
    /// A unified diff
    Diff,
    /// A patch in the envelope `*** Begin Patch`
    Patch,
}

impl From<AskedFormat> for ReplyFormat {
    fn from(format: AskedFormat) -> Self {
        match format {
            AskedFormat::Blocks => Self::Blocks,
            AskedFormat::Fences => Self::Fences,
            AskedFormat::Edits => Self::Edits,
            AskedFormat::Diff => Self::Diff,
            AskedFormat::Patch => Self::Patch,
        }
    }
}

impl AsRef<Common> for Args {
    fn as_ref(&self) -> &Common {
        &self.common
    }
}
