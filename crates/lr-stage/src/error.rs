//! The one error type of the stages.

use std::fmt;

use lr_turn::{Charge, Kind, ReadError, TurnError};

/// What happened, to which file, and what to do next.
///
/// The message is a sentence about the user's world: lower case, the error first, the subject in
/// single quotes, no full stop.
#[derive(Debug)]
pub struct Error {
    /// What went wrong; it decides the exit status.
    pub kind: Kind,
    /// What happened, to which file.
    pub message: String,
    /// What to do next.
    pub hint: Option<String>,
    /// Whether the same may work later.
    pub retryable: bool,
    /// How many requests were sent to a model in vain.
    pub attempts: u64,
    /// What counts against limits although there is no reply.
    pub charged: Option<Charge>,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl Error {
    /// Makes an error of a kind with its message.
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            hint: None,
            retryable: false,
            attempts: 0,
            charged: None,
            source: None,
        }
    }

    /// Adds what to do next.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Adds the error it comes from, which is printed behind the message.
    #[must_use]
    pub fn because(mut self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// Says that the same may work later.
    #[must_use]
    pub fn retryable(mut self) -> Self {
        self.retryable = true;
        self
    }

    /// Adds how many requests were sent to a model in vain, and what counts against limits for them.
    #[must_use]
    pub fn after_attempts(mut self, attempts: u64, charged: Option<Charge>) -> Self {
        self.attempts = attempts;
        self.charged = charged;
        self
    }

    /// Returns the error as the `error` section of a turn.
    pub fn to_section(&self, stage: &str) -> TurnError {
        TurnError {
            stage: stage.to_owned(),
            kind: self.kind.name().to_owned(),
            message: self.to_string(),
            retryable: self.retryable,
            attempts: self.attempts,
            charged: self.charged,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.message)?;
        let mut source = std::error::Error::source(self);
        while let Some(cause) = source {
            write!(out, ": {cause}")?;
            source = cause.source();
        }
        Ok(())
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source
            .as_deref()
            .map(|source| source as &(dyn std::error::Error + 'static))
    }
}

impl From<ReadError> for Error {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Newer(_) => Self::new(Kind::Newer, error.to_string())
                .hint("use an lr that is at least as new as the one that wrote the turn"),
            _ => Self::new(Kind::Input, error.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_its_causes_on_one_line() {
        let cause = std::io::Error::from(std::io::ErrorKind::PermissionDenied);
        let error = Error::new(Kind::Io, "cannot read 'a.py'").because(cause);
        assert_eq!(error.to_string(), "cannot read 'a.py': permission denied");
    }
}
