//! Running another program: time limit, bounded capture, clean environment.
//!
//! ```
//! use std::time::Duration;
//! use lr_exec::{End, Program};
//!
//! let finished = Program::new(["sh", "-c", "echo found; exit 3"])
//!     .timeout(Duration::from_secs(10))
//!     .run()?;
//! assert_eq!(finished.end, End::Exited(3));
//! assert_eq!(finished.stdout.text(), "found\n");
//! # Ok::<(), lr_exec::StartError>(())
//! ```
//!
//! A program gets a session of its own, an empty standard input, an environment without keys, and
//! as much memory for its output as the caller allows. When [`Program::run`] returns, no process
//! that the program started is left, whether it ended by itself or was ended, whether it was
//! obedient or ignored the request, left its session or became a daemon. (Only Linux can find those
//! that left the session; elsewhere the process group of the program is what is ended.)
//!
//! Deliberately absent: pipelines (a stage reads a file and writes a file), a shell, a terminal,
//! and any judgement of what a program wrote. Output is bytes and may hold control characters.
//! Confinement (no network, nothing written outside a directory) is not here yet.

mod program;
mod start_error;

mod capture;
mod environment;
mod locate;
pub mod signals;

mod procfs;
mod pump;
mod run;
mod session;
mod spawn;
mod sys;
mod watch;
mod words;

pub use capture::Captured;
pub use environment::child_variables;
pub use locate::find;
pub use program::{End, Finished, Program};
pub use start_error::StartError;
pub use watch::Watcher;
pub use words::words;
