//! What makes a program a stage of lr: its common arguments, turns in and turns out, errors to
//! exit status, and words on standard error.
//!
//! A stage is six lines of `main.rs`, its flags in `args.rs`, and a function that takes the flags
//! and returns a [`Status`]. The rules that hold for all of them live here, once:
//!
//! * [`main`] parses the command line, changes to the directory of `-C`, and turns an [`Error`]
//!   into two lines on standard error and an exit status.
//! * [`input`] tells turns from text on standard input.
//! * [`turns`] hands each turn to a [`turns::Worker`] and writes every one of them.
//! * [`output`] writes turns or a page, and notices when nobody reads it any more.
//! * [`say`] is the only place that writes to standard error.
//!
//! Deliberately absent: anything that one stage needs and another does not, and everything about
//! files, checkers and models.

mod arguments;
pub mod ask;
pub mod clock;
pub mod environment;
mod error;
pub mod input;
pub mod output;
mod program;
pub mod project;
pub mod say;
pub mod turns;

pub use arguments::{Common, Form};
pub use error::Error;
pub use lr_turn::{Kind, Status};
pub use program::{main, matches, parse};

/// Turns "the answer is no" into "done" where the user asked for that with `--exit-zero`.
pub fn exit_zero(status: Status, asked: bool) -> Status {
    if asked && status == Status::No {
        Status::Done
    } else {
        status
    }
}
