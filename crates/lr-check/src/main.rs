//! The `lr-check` program.

use std::process::ExitCode;

fn main() -> ExitCode {
    lr_stage::main(lr_check::run)
}
