//! Moving bytes to and from a running program, all streams at once, without a thread.

use std::io::{self, ErrorKind, PipeReader, PipeWriter, Read, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec};

use crate::capture::{Captured, Collector, FileCopy};

/// As much as a pipe usually holds.
const CHUNK_SIZE: usize = 64 * 1024;

/// How many chunks may wait in a pipe whose writers are gone (the largest pipe is 1 MiB by default).
const CHUNKS_IN_A_PIPE: usize = 16;

/// Our ends of a program's streams.
#[derive(Debug)]
pub(crate) struct Pump {
    feed: Option<Feed>,
    stdout: Drain,
    stderr: Drain,
    chunk: Vec<u8>,
}

impl Pump {
    /// Feeds standard input, and takes the outputs.
    pub(crate) fn new(feed: Option<Feed>, stdout: Drain, stderr: Drain) -> Self {
        Self {
            feed,
            stdout,
            stderr,
            chunk: vec![0; CHUNK_SIZE],
        }
    }

    /// Waits until a stream or one of the `watched` is ready, a signal comes or the time is up, and
    /// moves what can be moved. Says whether anything was.
    pub(crate) fn turn(&mut self, watched: &[BorrowedFd<'_>], timeout: Option<Duration>) -> bool {
        let [feed, stdout, stderr] = self.wait(watched, timeout);
        if feed && !self.feed.as_mut().is_some_and(Feed::push) {
            self.feed = None;
        }
        if stdout {
            self.stdout.pull(&mut self.chunk);
        }
        if stderr {
            self.stderr.pull(&mut self.chunk);
        }
        feed || stdout || stderr
    }

    /// Takes what is left in the pipes, without waiting for more.
    pub(crate) fn take_rest(&mut self) {
        self.close_input();
        for _ in 0..CHUNKS_IN_A_PIPE {
            if !self.turn(&[], Some(Duration::ZERO)) {
                break;
            }
        }
    }

    /// Keeps what comes on standard error for [`Pump::fresh_stderr`] as well.
    pub(crate) fn hand_over_stderr(&mut self) {
        self.stderr.fresh = Some(Vec::new());
    }

    /// Hands over what came on standard error since the last time.
    pub(crate) fn fresh_stderr(&mut self) -> Vec<u8> {
        self.stderr
            .fresh
            .as_mut()
            .map(std::mem::take)
            .unwrap_or_default()
    }

    /// Gives up on input that was not read.
    pub(crate) fn close_input(&mut self) {
        self.feed = None;
    }

    /// Whether nobody can write to the captured streams any more.
    pub(crate) fn is_dry(&self) -> bool {
        self.stdout.pipe.is_none() && self.stderr.pipe.is_none()
    }

    /// Returns standard output and standard error.
    pub(crate) fn finish(self) -> (Captured, Captured) {
        (
            self.stdout.collector.finish(),
            self.stderr.collector.finish(),
        )
    }

    /// Which of standard input, output and error are ready.
    fn wait(&self, watched: &[BorrowedFd<'_>], timeout: Option<Duration>) -> [bool; 3] {
        let streams = [
            self.feed
                .as_ref()
                .map(|feed| (feed.pipe.as_fd(), PollFlags::OUT)),
            self.stdout
                .pipe
                .as_ref()
                .map(|pipe| (pipe.as_fd(), PollFlags::IN)),
            self.stderr
                .pipe
                .as_ref()
                .map(|pipe| (pipe.as_fd(), PollFlags::IN)),
        ];
        let watched = watched
            .iter()
            .map(|descriptor| (*descriptor, PollFlags::IN));
        let mut events: Vec<PollFd<'_>> = streams
            .into_iter()
            .flatten()
            .chain(watched)
            .map(|(descriptor, flags)| PollFd::from_borrowed_fd(descriptor, flags))
            .collect();
        let timeout = timeout.and_then(|timeout| Timespec::try_from(timeout).ok());
        if rustix::event::poll(&mut events, timeout.as_ref()).is_err() {
            return [false; 3]; // A signal came; whoever waits looks what it was.
        }
        let mut ready = events.iter().map(|event| !event.revents().is_empty());
        streams.map(|stream| stream.is_some() && ready.next() == Some(true))
    }
}

/// Bytes on their way into a program.
#[derive(Debug)]
pub(crate) struct Feed {
    pipe: PipeWriter,
    bytes: Vec<u8>,
    written: usize,
}

impl Feed {
    pub(crate) fn new(pipe: PipeWriter, bytes: Vec<u8>) -> io::Result<Self> {
        rustix::io::ioctl_fionbio(&pipe, true)?;
        Ok(Self {
            pipe,
            bytes,
            written: 0,
        })
    }

    /// Writes as much as fits; says whether there is more and somebody who may read it.
    fn push(&mut self) -> bool {
        match self.pipe.write(&self.bytes[self.written..]) {
            Ok(count) => {
                self.written += count;
                self.written < self.bytes.len()
            }
            Err(error) => is_passing(&error),
        }
    }
}

/// Bytes on their way out of a program; no pipe once nobody can write to it.
#[derive(Debug)]
pub(crate) struct Drain {
    pipe: Option<PipeReader>,
    collector: Collector,
    copy: Option<FileCopy>,
    /// What nobody has looked at yet, where somebody looks on.
    fresh: Option<Vec<u8>>,
}

impl Drain {
    /// Keeps at most `limit` bytes of each end in memory.
    pub(crate) fn new(pipe: Option<PipeReader>, limit: usize, copy: Option<FileCopy>) -> Self {
        Self {
            pipe,
            collector: Collector::new(limit),
            copy,
            fresh: None,
        }
    }

    /// Reads once from a pipe that is ready.
    fn pull(&mut self, chunk: &mut [u8]) {
        let Some(pipe) = &mut self.pipe else { return };
        match pipe.read(chunk) {
            Ok(count) if count > 0 => {
                self.collector.take(&chunk[..count]);
                if let Some(copy) = &mut self.copy {
                    copy.take(&chunk[..count]);
                }
                if let Some(fresh) = &mut self.fresh {
                    fresh.extend_from_slice(&chunk[..count]);
                }
            }
            Err(error) if is_passing(&error) => {}
            Ok(_) | Err(_) => self.pipe = None,
        }
    }
}

fn is_passing(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted)
}
