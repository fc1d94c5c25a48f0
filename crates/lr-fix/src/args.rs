//! The command line of `lr-fix`.

use lr_stage::{Common, Form};

const AFTER_HELP: &str = "\
Reads turns and writes them all. One whose check is not clean and that has neither a prompt nor a
reply gets a reply in block form, if a checker suggested an edit that is safe. The files are read
to test every edit against their text; nothing is written to them.

Example:
  lr-check --exit-zero src/ | lr-fix | lr-apply

Exit status:
  0    done, whether there was something to fix or not
  2    unreadable input, or a file that is no longer what was checked
  130  interrupted";

/// Answer turns with the fixes that the checkers themselves suggest, without a model
#[derive(clap::Parser, Debug)]
#[command(name = "lr-fix", version, after_help = AFTER_HELP)]
pub struct Args {
    /// Write turns or text, instead of turns into a pipe and text on a terminal
    #[arg(long, value_name = "FORM", value_enum)]
    pub format: Option<Form>,

    #[command(flatten)]
    #[expect(missing_docs, reason = "a doc comment here would become help text")]
    pub common: Common,
}

impl AsRef<Common> for Args {
    fn as_ref(&self) -> &Common {
        &self.common
    }
}
