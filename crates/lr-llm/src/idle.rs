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
    /// Alternately how long the read that begins may take, and `None` when it is over.
    pulse: Sender<Option<Duration>>,
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
    pub(crate) fn start(end: impl FnOnce() + Send + 'static) -> io::Result<Self> {
        let (pulse, pulses) = mpsc::channel();
        let expired = Arc::new(AtomicBool::new(false));
        let watch = IdleWatch {
            pulse,
            expired: Arc::clone(&expired),
        };
        thread::Builder::new().spawn(move || {
            if falls_silent(&pulses) {
                expired.store(true, Ordering::SeqCst);
                end();
            }
        })?;
        Ok(watch)
    }

    /// Reads for at most `limit`. What fails, or seems to be at its end, because the watch ended it is [`Idle`].
    pub(crate) fn during(
        &self,
        limit: Duration,
        read: impl FnOnce() -> io::Result<usize>,
    ) -> io::Result<usize> {
        // The thread has gone only if it has ended the connection.
        let _ = self.pulse.send(Some(limit));
        let result = read();
        let _ = self.pulse.send(None);
        match result {
            Err(_) | Ok(0) if self.expired.load(Ordering::SeqCst) => Err(io::Error::other(Idle)),
            result => result,
        }
    }
}

/// Waits until a read takes longer than it may (true) or nobody reads any more (false).
fn falls_silent(pulses: &Receiver<Option<Duration>>) -> bool {
    while let Ok(pulse) = pulses.recv() {
        let Some(limit) = pulse else { continue };
        match pulses.recv_timeout(limit) {
            Ok(_) => {}
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

    #[track_caller]
    fn check_ended(result: io::Result<usize>) {
        let (end, ended) = mpsc::channel::<()>();
        let watch = IdleWatch::start(move || drop(end)).unwrap();
        let hang = || {
            let _ = ended.recv();
            result
        };
        let error = watch.during(SHORT, hang).unwrap_err();
        assert_eq!(error.to_string(), "idle for too long");
    }

    #[test]
    fn a_read_that_hangs_is_ended() {
        check_ended(Err(io::ErrorKind::ConnectionAborted.into()));
    }

    #[test]
    fn the_end_that_it_makes_is_not_the_end_of_the_body() {
        check_ended(Ok(0));
    }

    #[test]
    fn time_between_reads_does_not_count() {
        let (end, ended) = mpsc::channel::<()>();
        let watch = IdleWatch::start(move || drop(end)).unwrap();
        watch.during(SHORT, || Ok(0)).unwrap();
        thread::sleep(SHORT * 3);
        assert_eq!(ended.try_recv(), Err(mpsc::TryRecvError::Empty));
        let broken = || Err(io::ErrorKind::ConnectionReset.into());
        let error = watch.during(SHORT, broken).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::ConnectionReset);
    }
}
