//! The `lr-apply` program.

use std::process::ExitCode;

fn main() -> ExitCode {
    lr_stage::main(lr_apply::run)
}
