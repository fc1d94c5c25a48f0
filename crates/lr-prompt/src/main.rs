//! The `lr-prompt` program.

use std::process::ExitCode;

fn main() -> ExitCode {
    lr_stage::main(lr_prompt::run)
}
