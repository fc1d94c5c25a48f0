//! Watches that a server does not fall silent while somebody waits for its next bytes.
//!
//! Only the time inside of reads counts: a reader that takes its time is not the server's silence.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread;
use std::time::Duration;

/// Ends a connection when a read from it takes too long.
#[derive(Debug)]
pub(crate) struct IdleWatch {
    /// Alternately "a read begins" and "it is over".
    pulse: Sender<()>,
    expired: Arc<AtomicBool>,
}

/// The error of a read that was ended.
#[derive(Debug)]
pub(crate) struct Idle;

impl IdleWatch {
    /// Watches from a thread of its own; `end` makes a read that hangs return.
    ///
    /// # Errors
    ///
    /// When there can be no more threads.
    pub(crate) fn start(limit: Duration, end: impl FnOnce() + Send + 'static) -> io::Result<Self> {
        let (pulse, pulses) = mpsc::channel();
        let expired = Arc::new(AtomicBool::new(false));
        let watch = IdleWatch {
            pulse,
            expired: Arc::clone(&expired),
        };
        thread::Builder::new().spawn(move || {
            if falls_silent(&pulses, limit) {
                expired.store(true, Ordering::SeqCst);
                end();
            }
        })?;
        Ok(watch)
    }

    /// Reads under watch. What fails because the watch ended it is [`Idle`].
    pub(crate) fn during<T>(&self, read: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
        // The thread has gone only if it has ended the connection.
        let _ = self.pulse.send(());
        let result = read();
        let _ = self.pulse.send(());
        result.map_err(|error| {
            if self.expired.load(Ordering::SeqCst) {
                io::Error::other(Idle)
            } else {
                error
            }
        })
    }
}

/// Waits until a read takes longer than `limit` (true) or nobody reads any more (false).
fn falls_silent(pulses: &Receiver<()>, limit: Duration) -> bool {
    while pulses.recv().is_ok() {
        match pulses.recv_timeout(limit) {
            Ok(()) => {}
            Err(RecvTimeoutError::Timeout) => return true,
            Err(RecvTimeoutError::Disconnected) => return false,
        }
    }
    false
}

impl fmt::Display for Idle {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("idle for too long")
    }
}

impl std::error::Error for Idle {}

#[cfg(test)]
mod tests {
    use super::*;

    const SHORT: Duration = Duration::from_millis(20);

    /// A read that returns, with an error, only when it is ended.
    fn hang(ended: &Receiver<()>) -> io::Result<()> {
        let _ = ended.recv();
        Err(io::ErrorKind::ConnectionAborted.into())
    }

    #[test]
    fn a_read_that_hangs_is_ended() {
        let (end, ended) = mpsc::channel();
        let watch = IdleWatch::start(SHORT, move || drop(end)).unwrap();
        let error = watch.during(|| hang(&ended)).unwrap_err();
        assert_eq!(error.to_string(), "idle for too long");
    }

    #[test]
    fn time_between_reads_does_not_count() {
        let (end, ended) = mpsc::channel::<()>();
        let watch = IdleWatch::start(SHORT, move || drop(end)).unwrap();
        watch.during(|| Ok(())).unwrap();
        thread::sleep(SHORT * 3);
        assert_eq!(ended.try_recv(), Err(mpsc::TryRecvError::Empty));
        let broken = || -> io::Result<()> { Err(io::ErrorKind::ConnectionReset.into()) };
        let error = watch.during(broken).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::ConnectionReset);
    }
}
