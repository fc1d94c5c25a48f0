//! The `lr-git` program.

use std::process::ExitCode;

fn main() -> ExitCode {
    lr_stage::main(lr_git::run)
}
