//! The `lr-view` program.

use std::process::ExitCode;

fn main() -> ExitCode {
    lr_stage::main(lr_view::run)
}
