//! The kinds of error, and the one table from kind to exit status.

use std::fmt;

/// How a program ended, as its exit status.
///
/// The order is the order of severity in the contract: the status of a stage is the highest of
/// its turns'.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    /// 0: done.
    Done,
    /// 1: the answer is no: findings, a refused reply, nothing to commit, not clean.
    No,
    /// 2: trouble: usage, unreadable input, a broken or missing tool, an unusable repository.
    Trouble,
    /// 3: no usable reply from a model.
    NoReply,
    /// 4: a limit was reached.
    Limit,
    /// 130: interrupted.
    Interrupted,
    /// 143: terminated.
    Terminated,
}

impl Status {
    /// Returns the number that the program exits with.
    pub fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::No => 1,
            Self::Trouble => 2,
            Self::NoReply => 3,
            Self::Limit => 4,
            Self::Interrupted => 130,
            Self::Terminated => 143,
        }
    }
}

macro_rules! kinds {
    ($($(#[$doc:meta])+ $variant:ident $name:literal $status:ident,)+) => {
        /// What went wrong: `error.kind` of a turn, and the reason a program failed.
        ///
        /// The kind decides the exit status, once, in [`Kind::status`]. Kinds may be added.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Kind {
            $($(#[$doc])+ $variant,)+
        }

        impl Kind {
            /// Every kind, in the order of the table.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// Returns the name that stands in `error.kind`.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)+
                }
            }

            /// Returns the exit status of a program that failed for this reason.
            pub fn status(self) -> Status {
                match self {
                    $(Self::$variant => Status::$status,)+
                }
            }

            /// Finds a kind by the name that stands in `error.kind`.
            pub fn from_name(name: &str) -> Option<Self> {
                match name {
                    $($name => Some(Self::$variant),)+
                    _ => None,
                }
            }
        }
    };
}

kinds! {
    /// The reader of standard output has gone: nothing is wrong, and nobody is listening.
    ReaderGone "reader_gone" Done,
    /// The command line makes no sense.
    Usage "usage" Trouble,
    /// Standard input or a named file could not be understood.
    Input "input" Trouble,
    /// There was nothing on standard input.
    EmptyInput "empty_input" Trouble,
    /// A turn of a newer contract.
    Newer "newer_contract" Trouble,
    /// A configuration file could not be understood, or sets what it may not.
    Config "config" Trouble,
    /// A file could not be read or written.
    Io "io" Trouble,
    /// A checker that the user or the project named is not installed.
    Missing "missing" Trouble,
    /// A checker did not work.
    Broken "broken" Trouble,
    /// No checker ran.
    NothingChecked "nothing_checked" Trouble,
    /// A template could not be read or rendered.
    Template "template" Trouble,
    /// The repository cannot be used as it is.
    Repository "repository" Trouble,
    /// Another program holds a lock.
    Locked "locked" Trouble,
    /// A file is not as it was when it was shown.
    Changed "changed" Trouble,
    /// An unfinished write of an earlier run could neither be finished nor taken back.
    Recovery "recovery" Trouble,
    /// A stage could not be run or did not keep to the contract.
    Stage "stage" Trouble,
    /// No model is configured.
    NoModel "no_model" NoReply,
    /// No key for the provider.
    NoKey "no_key" NoReply,
    /// The provider refused the key.
    Auth "auth" NoReply,
    /// No connection, or it broke.
    Network "network" NoReply,
    /// The provider did not answer in time.
    TimedOut "timed_out" NoReply,
    /// Too many requests, for now.
    RateLimited "rate_limited" NoReply,
    /// No credit or no quota left.
    Quota "quota" NoReply,
    /// The provider is overloaded or failed.
    Provider "provider" NoReply,
    /// The provider refused the request.
    BadRequest "bad_request" NoReply,
    /// The provider does not have the model.
    NotFound "model_not_found" NoReply,
    /// The prompt is longer than the model takes.
    TooLong "context_length" NoReply,
    /// The provider's answer could not be understood.
    Malformed "malformed_reply" NoReply,
    /// The reply is empty.
    Empty "empty_reply" NoReply,
    /// The reply was cut off.
    Cut "cut_reply" NoReply,
    /// The reply was withheld by the provider's filter.
    Filtered "filtered" NoReply,
    /// The recordings hold no answer to this prompt.
    NotRecorded "not_recorded" NoReply,
    /// The limit on calls was reached.
    Calls "calls" Limit,
    /// The limit on tokens was reached.
    Tokens "tokens" Limit,
    /// The limit on cost was reached.
    Cost "cost" Limit,
    /// The limit on time was reached.
    Time "time" Limit,
    /// Interrupted from the keyboard.
    Interrupted "interrupted" Interrupted,
    /// Asked to end.
    Terminated "terminated" Terminated,
}

impl fmt::Display for Kind {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_kinds_are_one_to_one() {
        for kind in Kind::ALL {
            assert_eq!(Kind::from_name(kind.name()), Some(*kind));
        }
        assert_eq!(Kind::from_name("no_such_kind"), None);
    }

    #[test]
    fn statuses_are_ordered_by_their_numbers() {
        let mut codes: Vec<_> = Kind::ALL.iter().map(|kind| kind.status()).collect();
        codes.sort();
        assert!(
            codes
                .windows(2)
                .all(|pair| pair[0].code() <= pair[1].code())
        );
    }
}
