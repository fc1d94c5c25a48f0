//! The `lr-pages` program.

use std::process::ExitCode;

fn main() -> ExitCode {
    lr_stage::main(lr_pages::run)
}
