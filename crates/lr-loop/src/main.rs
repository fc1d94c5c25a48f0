//! The `lr-loop` program.

use std::process::ExitCode;

fn main() -> ExitCode {
    lr_stage::main(lr_loop::run)
}
