//! The flags and their help, nothing else.

use std::path::PathBuf;

use crate::plan::Replacement;

const EXIT_STATUS: &str = "\
Exit status:
  0  the checks are clean (or --stop-after, -n or --print did what was asked); with --until done, also
     declared_done, no_edits and no_change, if the last check is clean
  1  stopped before clean: declared_done, no_edits, no_change, seen, stalled, refused, no_model
  2  trouble: broken, missing, repository, stage_failed, or a wrong command line
  3  a model was asked for but gave no usable reply: model_failed
  4  a limit was reached: iterations, calls, tokens, cost, time
  130, 143  interrupted, terminated

Standard output is a page for people on a terminal; in a pipe it is one line of JSON whose section
'loop' says why the loop stopped and what it did. The last line for people says so too, and what
to type next; -q leaves only this line. The record of a run is .lr/runs/ID/turns.jsonl.";

/// Repair files in a loop: check, fix for free, ask a model, apply, check again, commit
#[derive(clap::Parser, Debug)]
#[command(name = "lr-loop", version, after_help = EXIT_STATUS, args_override_self = true)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a flag of the command line"
)]
pub struct Args {
    /// Files and directories to repair
    #[arg(value_name = "SOURCES")]
    pub sources: Vec<String>,

    /// What is checked, and how.
    #[command(flatten)]
    pub checking: Checking,

    /// Who is asked, and for what.
    #[command(flatten)]
    pub asking: Asking,

    /// When the loop stops.
    #[command(flatten)]
    pub stopping: Stopping,

    /// Change the files in place: no branch, no commits, FIXES.md without hashes
    #[arg(short = 'g', long, help_heading = "Running")]
    pub no_git: bool,

    /// Work in a linked work tree of its own and leave this checkout alone; the branch stays
    #[arg(long, conflicts_with = "no_git", help_heading = "Running")]
    pub worktree: bool,

    /// Run CMD with sh in the place of a stage: check, start, fix, prompt, llm, apply, commit or restore
    #[arg(long = "stage", value_name = "NAME=CMD", help_heading = "Running")]
    pub stages: Vec<Replacement>,

    /// Go on with a run that was killed, interrupted or stopped [default: the newest that is not clean]
    ///
    /// It keeps its arguments; flags that are given here come on top of them, such as a higher limit
    /// or another model. What was complete is not done again, and no reply is asked for twice.
    #[arg(long, value_name = "ID", num_args = 0..=1, default_missing_value = "", help_heading = "Running")]
    pub resume: Option<String>,

    /// Keep the record of this run in DIR instead of .lr/runs/ID
    #[arg(long, value_name = "DIR", help_heading = "Running")]
    pub run_dir: Option<PathBuf>,

    /// Write a commented lr.toml at the project's root, or FILE ('-' for standard output), and do no more
    #[arg(long, value_name = "FILE", num_args = 0..=1, require_equals = true, default_missing_value = "", help_heading = "Configuration")]
    pub init_config: Option<String>,

    /// Print every setting with its value and where that comes from, and do no more
    #[arg(long, help_heading = "Configuration")]
    pub show_config: bool,

    /// Print the same loop as a shell script instead of running it
    ///
    /// The script keeps to -i, and knows no other limit, no --patience, --until, --keep, --if and
    /// --escalate; it keeps no record.
    #[arg(long, help_heading = "Running")]
    pub print: bool,

    /// Say more; 2 stops after the reply and 3 after the prompt, as --stop-after does
    #[arg(short, long, value_name = "LEVEL", num_args = 0..=1, default_missing_value = "1", help_heading = "Running")]
    pub debug: Option<String>,

    /// Whether standard output gets one turn of JSON or a page of text
    #[arg(long, value_name = "FORM", value_enum, help_heading = "Running")]
    pub format: Option<lr_stage::Form>,

    /// The flags that every stage has.
    #[command(flatten)]
    pub common: lr_stage::Common,
}

/// What is checked, and how.
#[derive(clap::Args, Debug, Default)]
#[command(next_help_heading = "Checking")]
pub struct Checking {
    /// Run these checkers instead of the usual ones
    #[arg(long, alias = "checkers", value_name = "A,B")]
    pub linters: Option<String>,

    /// Run this command as the checker, on each file unless it names {files}
    #[arg(
        short = 's',
        long = "linter-script",
        alias = "script",
        value_name = "CMD",
        conflicts_with = "linters"
    )]
    pub script: Option<String>,

    /// Run up to JOBS checkers, and make up to JOBS requests, at once
    #[arg(short, long, value_name = "JOBS")]
    pub jobs: Option<u32>,
}

/// Who is asked, and for what.
#[derive(clap::Args, Debug, Default)]
#[command(next_help_heading = "Asking")]
pub struct Asking {
    /// Ask this model
    #[arg(short, long, value_name = "MODEL")]
    pub model: Option<String>,

    /// Ask this model where the one before it has failed; may be given again
    #[arg(long, value_name = "MODEL")]
    pub fallback: Vec<String>,

    /// Ask this model about findings that are still there after --tries turns
    #[arg(long, value_name = "MODEL", env = "LR_ESCALATE")]
    pub escalate: Option<String>,

    /// Ask about a finding in N turns before another model is asked [default: 2]
    #[arg(long, value_name = "N", env = "LR_TRIES", value_parser = clap::value_parser!(u64).range(1..))]
    pub tries: Option<u64>,

    /// Ask a model of this provider
    #[arg(long, value_name = "NAME")]
    pub provider: Option<String>,

    /// Ask a local Ollama; if it does not run, start it until the run ends
    #[arg(short = 'L', long)]
    pub local: bool,

    /// Ask the server at this address
    #[arg(long = "llm-url", alias = "base-url", value_name = "URL")]
    pub url: Option<String>,

    /// Use this key; other users can see it, so better put it into the environment
    #[arg(long, value_name = "KEY")]
    pub api_key: Option<String>,

    /// Do a run again with its replies, or answer from those recorded in DIR, without a network
    ///
    /// RUN is a run's name, the beginning of it, or its folder. Each part of a turn gets the reply that
    /// it got then. Where no sources are named, they and all other flags are those the run was begun
    /// with.
    #[arg(long, value_name = "RUN|DIR")]
    pub replay: Option<PathBuf>,

    /// Record the replies in DIR
    #[arg(long, value_name = "DIR", conflicts_with = "replay")]
    pub record: Option<PathBuf>,

    /// What a million tokens of prompts and of replies cost in US dollars, where that is not known
    #[arg(long, value_name = "IN,OUT")]
    pub price: Option<String>,

    /// Say this to the model instead of the usual instructions; @FILE reads a file
    #[arg(long, value_name = "TEXT")]
    pub instructions: Option<String>,

    /// Build the prompt from this template
    #[arg(long, value_name = "FILE|NAME")]
    pub template: Option<String>,
}

/// When the loop stops, besides when the checks are clean.
#[derive(clap::Args, Debug, Default)]
#[command(next_help_heading = "Stopping")]
pub struct Stopping {
    /// Ask a model in at most N turns [default: 100]
    #[arg(
        short,
        long,
        alias = "max-iterations",
        value_name = "N",
        env = "LR_ITERATIONS"
    )]
    pub iterations: Option<u64>,

    /// Make at most N calls to a model
    #[arg(long, value_name = "N", env = "LR_MAX_CALLS")]
    pub max_calls: Option<u64>,

    /// Let all prompts and replies together take at most N tokens
    #[arg(long, value_name = "N", env = "LR_MAX_TOTAL_TOKENS")]
    pub max_total_tokens: Option<u64>,

    /// Spend at most USD dollars on all replies together
    #[arg(long, value_name = "USD", env = "LR_MAX_COST")]
    pub max_cost: Option<f64>,

    /// Begin nothing new after SECONDS; what was answered by then is applied and checked
    #[arg(long, value_name = "SECONDS", env = "LR_MAX_TIME")]
    pub max_time: Option<f64>,

    /// Stop after N turns in a row that removed nothing they were asked to [default: 3]
    #[arg(long, value_name = "N", env = "LR_PATIENCE", value_parser = clap::value_parser!(u64).range(1..))]
    pub patience: Option<u64>,

    /// Ask until the checks are clean, or on until the model has nothing more to improve [default: clean]
    #[arg(long, value_name = "WHEN", value_enum, env = "LR_UNTIL")]
    pub until: Option<Until>,

    /// End on the best state that was seen, by a commit that takes back what came after it, or on the
    /// last [default: best]
    #[arg(long, value_name = "STATE", value_enum, env = "LR_KEEP")]
    pub keep: Option<Keep>,

    /// Commit only what the next check finds better, and put the rest back
    #[arg(long = "if", value_name = "CONDITION", value_enum)]
    pub condition: Option<Condition>,

    /// Print the first prompt, or the first reply, and change nothing
    #[arg(long, value_name = "STAGE", value_enum)]
    pub stop_after: Option<StopAfter>,

    /// Say what would be asked in the first turn and about what that would cost; ask nothing and
    /// change nothing
    #[arg(short = 'n', long, conflicts_with = "stop_after")]
    pub dry_run: bool,
}

/// How long a model is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Until {
    /// Until the checks are clean
    Clean,
    /// Also when they are clean, until a reply declares itself done or changes nothing
    Done,
}

/// The state that a run ends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Keep {
    /// The best that was seen
    Best,
    /// The last, whether or not it is the best
    Last,
}

/// When a change is committed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Condition {
    /// The rank is smaller, or equal with a finding gone that was asked about
    Improved,
}

/// The stage after which to stop with nothing changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum StopAfter {
    /// Print the prompt
    Prompt,
    /// Print the reply
    Llm,
    /// Say what would be asked, as --dry-run does
    #[value(skip)]
    Estimate,
}

impl AsRef<lr_stage::Common> for Args {
    fn as_ref(&self) -> &lr_stage::Common {
        &self.common
    }
}
