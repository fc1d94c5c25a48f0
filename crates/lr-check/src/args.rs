//! The flags of `lr-check`.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use clap::Parser;
use lr_stage::Common;

use crate::changed::HEAD;
use crate::from::ReportFrom;
use crate::report::{ColourWhen, ReportForm};

/// Run checkers over sources, and write what they found as a turn
///
/// Without --script or a command behind `--`, the checkers of the sources' languages are run, as
/// far as they are installed: the usual ones (for Python ruff, flake8, pylint and pytest), and
/// those that the project configures (mypy with a mypy.ini, eslint with an eslint.config.js); a
/// linter that it does not configure is left out where it configures another one.
#[derive(Parser, Debug)]
#[command(
    name = "lr-check",
    version,
    after_help = "Exit status: 0 clean; 1 findings; 2 a checker broken or missing, or nothing checked.\n\n\
                  Examples:\n  \
                  lr-check .\n  \
                  lr-check --linters ruff,pytest src/ tests/\n  \
                  lr-check --script './my_checks.sh --fee' src/\n  \
                  lr-check src/ -- make test"
)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub struct Args {
    /// Files, and directories whose files are checked
    #[arg(value_name = "SOURCE")]
    pub sources: Vec<PathBuf>,

    /// Take the names of further sources from this list, one a line; - is standard input
    #[arg(long, value_name = "FILE")]
    pub files_from: Option<PathBuf>,

    /// The names in --files-from end with a NUL, as find -print0 and git -z write them
    #[arg(short = '0', long, requires = "files_from")]
    pub null: bool,

    /// Check only those of the sources that differ from this commit or are new to git; without
    /// sources those of the whole directory [default commit: HEAD]
    #[arg(long, value_name = "REF", num_args = 0..=1, default_missing_value = HEAD)]
    pub only_changed: Option<String>,

    /// Run these checkers instead of the usual ones, for example ruff,pytest
    #[arg(
        long,
        visible_alias = "checkers",
        value_name = "NAMES",
        value_delimiter = ',',
        env = "LR_LINTERS"
    )]
    pub linters: Vec<String>,

    /// Leave out these checkers
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub skip: Vec<String>,

    /// Run checkers one after the other, each only about files of which none before it complained
    #[arg(long)]
    pub fail_fast: bool,

    /// List the checkers that are known: which are installed, and which run on the sources
    #[arg(long, conflicts_with_all = ["script", "command", "selftest"])]
    pub list: bool,

    /// Try whether each installed checker still finds something in a file that is known to be bad
    #[arg(long, conflicts_with_all = ["script", "command"])]
    pub selftest: bool,

    /// Run this command instead of the usual checkers: {file} is each file in turn, {files} all of
    /// them; without either the file is appended
    #[arg(long, value_name = "CMD ARGS", conflicts_with = "command")]
    pub script: Option<String>,

    /// Run the script once, without files
    #[arg(long, requires = "script")]
    pub project: bool,

    /// Give the script the file's text on standard input
    #[arg(long, requires = "script")]
    pub stdin: bool,

    /// Run this command once instead of the usual checkers, with the files appended
    #[arg(last = true, value_name = "CMD ARGS")]
    pub command: Vec<String>,

    /// Run nothing, and read what other tools said from a report on standard input; without sources
    /// it is about the files that the report names
    #[arg(long, value_name = "FORM", value_enum, conflicts_with_all = ["linters", "script", "command"])]
    pub from: Option<ReportFrom>,

    /// End a checker after this many seconds [default: 300]
    #[arg(long, value_name = "SECONDS", value_parser = seconds, env = "LR_CHECK_TIMEOUT")]
    pub timeout: Option<Duration>,

    /// Run at most this many programs at once [default: the number of processors]
    #[arg(short, long, value_name = "JOBS", env = "LR_JOBS")]
    pub jobs: Option<NonZeroUsize>,

    /// Ask all checkers again, and remember nothing of what they say
    #[arg(long)]
    pub no_cache: bool,

    /// Let checkers see this environment variable although it looks like a key
    #[arg(long, value_name = "NAME")]
    pub env: Vec<String>,

    /// Turns of the turn before, whose outcome the new turn tells
    #[arg(long, value_name = "FILE")]
    pub previous: Option<PathBuf>,

    /// Exit with 0 also where there are findings
    #[arg(long)]
    pub exit_zero: bool,

    /// What to write [default: text on a terminal, else a turn]
    #[arg(long, value_name = "FORM", value_enum)]
    pub format: Option<ReportForm>,

    /// When the text for people has colours
    #[arg(
        long,
        value_name = "WHEN",
        value_enum,
        default_value_t,
        hide_default_value = true
    )]
    pub color: ColourWhen,

    /// The flags that all stages have.
    #[command(flatten)]
    pub common: Common,
}

impl AsRef<Common> for Args {
    fn as_ref(&self) -> &Common {
        &self.common
    }
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| "not a number of seconds")?;
    match Duration::try_from_secs_f64(seconds) {
        Ok(duration) if !duration.is_zero() => Ok(duration),
        _ => Err("not a time that can pass".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_flags_are_consistent() {
        Args::command().debug_assert();
    }
}
