//! The `lr-git` program.

use std::process::ExitCode;

fn main() -> ExitCode {
    lr_git::main()
}
