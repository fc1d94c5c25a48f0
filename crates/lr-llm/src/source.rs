//! Where the bytes of an answer come from, and what is known of them before they are read.

use std::io::{self, Read};
use std::time::Duration;

/// What the head of a response says about its bytes.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Framing {
    /// The server says that it sends lines of JSON.
    pub(crate) is_lines: bool,
    /// The end of the bytes is told from the end of a connection, which may have broken.
    pub(crate) is_bounded: bool,
}

/// The bytes of an answer, as they come. Errors are understood by [`broken`](crate::http::broken).
pub(crate) trait Source: Read {
    /// What is known of them.
    fn framing(&self) -> Framing;

    /// Waits for more no longer than this, all reads together; `None` only obeys the limits of the request again.
    fn wait_at_most(&mut self, longest: Option<Duration>);
}

/// Bytes of which only so many are read; more are an error.
pub(crate) struct Bounded<R> {
    bytes: R,
    most: usize,
    read: usize,
}

impl<R> Bounded<R> {
    pub(crate) fn new(bytes: R, most: usize) -> Self {
        Bounded {
            bytes,
            most,
            read: 0,
        }
    }
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.bytes.read(buffer)?;
        self.read += count;
        if self.read > self.most {
            let reason = format!("it is larger than {} MiB", self.most >> 20);
            return Err(io::Error::new(io::ErrorKind::InvalidData, reason));
        }
        Ok(count)
    }
}

/// Gives its bytes in pieces of the given sizes, the last one first.
#[cfg(test)]
pub(crate) struct Split<'a> {
    pub(crate) bytes: &'a [u8],
    pub(crate) sizes: Vec<usize>,
    pub(crate) framing: Framing,
}

#[cfg(test)]
impl Read for Split<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let wanted = self.sizes.pop().unwrap_or(usize::MAX).max(1);
        let count = wanted.min(buffer.len()).min(self.bytes.len());
        buffer[..count].copy_from_slice(&self.bytes[..count]);
        self.bytes = &self.bytes[count..];
        Ok(count)
    }
}

#[cfg(test)]
impl Source for Split<'_> {
    fn framing(&self) -> Framing {
        self.framing
    }

    fn wait_at_most(&mut self, _: Option<Duration>) {}
}
