//! The `lr-fix` program.

use std::process::ExitCode;

fn main() -> ExitCode {
    lr_stage::main(lr_fix::run)
}
