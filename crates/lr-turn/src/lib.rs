//! The document that the lr stages exchange: one *turn*, as one line of JSON.
//!
//! A turn is made of *sections*, one per stage: `sources`, `check`, `prompt`, `reply`, `apply`,
//! `commit` and, where a stage failed, `error`. Only `lr`, the version of this contract, is
//! required. A stage works on a turn when the section it reads is there and the section it writes
//! is not; every other turn goes through byte for byte.
//!
//! [`Turn`] keeps every section as the raw text it came as, so sections and keys that this crate
//! does not know survive unchanged. The typed sections below describe what the stages read and
//! write; a field may be added to any of them, so readers ignore fields they do not know.
//!
//! Deliberately absent: reading from files or pipes (that is `lr-stage`), and anything that knows
//! what a checker or a model is.

mod apply;
mod caused;
mod check;
mod commit;
mod error;
mod estimate;
mod function;
#[cfg(test)]
mod golden;
mod kind;
mod previous;
mod prompt;
mod reply;
mod share;
mod source;
mod turn;

pub use apply::{Apply, Change, ChangeKind, Outcome, Refusal, Suppressed};
pub use caused::NewFinding;
pub use check::{
    Applicability, BytesAspect, Check, CheckResult, CheckStatus, Code, Finding, Location, Position,
    Range, Rank, Script, Severity, Suggestion, Tool, Weight,
};
pub use commit::Commit;
pub use error::TurnError;
pub use estimate::Estimate;
pub use function::{Function, ToolCall};
pub use kind::{Kind, Status};
pub use previous::{Previous, PreviousPart};
pub use prompt::{Fence, Message, Offered, Prompt, ReplyFormat, Role, Shown};
pub use reply::{Charge, Finish, Reply, Usage, microusd};
pub use share::Share;
pub use source::{Source, SourceRole};
pub use turn::{Id, ReadError, Section, Turn};

/// The version of the contract that this crate writes and the newest it reads.
pub const VERSION: u64 = 1;

/// For `#[serde(skip_serializing_if)]`: absent is how the contract writes "no".
#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde hands over a reference"
)]
fn is_false(value: &bool) -> bool {
    !value
}

/// For `#[serde(skip_serializing_if)]`: absent is how the contract writes zero dropped bytes.
#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde hands over a reference"
)]
fn is_zero(value: &u64) -> bool {
    *value == 0
}
