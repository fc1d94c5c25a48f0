//! The `lr-llm` program.

use std::process::ExitCode;

fn main() -> ExitCode {
    lr_stage::main(lr_llm::run)
}
