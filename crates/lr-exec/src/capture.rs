//! What a program wrote, in bounded memory: the start and the end of it.

use std::collections::VecDeque;
use std::fs::File;
use std::io::Write;

/// The start and the end of what a program wrote to one stream.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Captured {
    kept: Vec<u8>,
    /// Where in `kept` the dropped bytes belong.
    gap: usize,
    /// The number of bytes between start and end that were dropped; 0 if all is here.
    pub dropped: u64,
}

impl Captured {
    /// All that was kept; where bytes were dropped, the end follows the start without a mark.
    pub fn bytes(&self) -> &[u8] {
        &self.kept
    }

    /// The output as text: what is not UTF-8 becomes U+FFFD, and a line says where how many bytes
    /// were dropped. Control characters stay as they are.
    pub fn text(&self) -> String {
        if self.dropped == 0 {
            return String::from_utf8_lossy(&self.kept).into_owned();
        }
        let (head, tail) = self.kept.split_at(self.gap);
        format!(
            "{}\n[… {} bytes dropped …]\n{}",
            String::from_utf8_lossy(head),
            self.dropped,
            String::from_utf8_lossy(tail)
        )
    }

    /// Whether what was kept is UTF-8, so that [`Captured::text`] changes nothing in it.
    pub fn is_utf8(&self) -> bool {
        let (head, tail) = self.kept.split_at(self.gap);
        str::from_utf8(head).is_ok() && str::from_utf8(tail).is_ok()
    }

    /// How many bytes the program wrote.
    pub fn total(&self) -> u64 {
        self.kept.len() as u64 + self.dropped
    }

    /// Whether the program wrote nothing.
    pub fn is_empty(&self) -> bool {
        self.kept.is_empty() && self.dropped == 0
    }
}

/// Takes the start of what a program writes into a file, as far as there is room.
#[derive(Debug)]
pub(crate) struct FileCopy {
    pub(crate) file: File,
    /// How many bytes it may still take.
    pub(crate) room: u64,
}

impl FileCopy {
    /// Takes a chunk. After a failure it takes nothing more, so that the file is a start, without
    /// a gap, of what was written.
    pub(crate) fn take(&mut self, chunk: &[u8]) {
        let room = usize::try_from(self.room).unwrap_or(usize::MAX);
        let first = &chunk[..chunk.len().min(room)];
        self.room -= first.len() as u64;
        if self.file.write_all(first).is_err() {
            self.room = 0;
        }
    }
}

/// Takes what a program writes, chunk by chunk, and keeps at most `limit` bytes of each end.
#[derive(Debug)]
pub(crate) struct Collector {
    limit: usize,
    head: Vec<u8>,
    tail: VecDeque<u8>,
    dropped: u64,
}

impl Collector {
    pub(crate) fn new(limit: usize) -> Self {
        Self {
            limit,
            head: Vec::new(),
            tail: VecDeque::new(),
            dropped: 0,
        }
    }

    pub(crate) fn take(&mut self, chunk: &[u8]) {
        let room = self.limit - self.head.len();
        let (first, rest) = chunk.split_at(room.min(chunk.len()));
        self.head.extend_from_slice(first);

        let skipped = rest.len().saturating_sub(self.limit);
        let last = &rest[skipped..];
        let displaced = (self.tail.len() + last.len()).saturating_sub(self.limit);
        self.tail.drain(..displaced);
        self.tail.extend(last);
        self.dropped += (skipped + displaced) as u64;
    }

    /// Puts both ends together. A character that was cut in two by dropping is dropped whole.
    pub(crate) fn finish(mut self) -> Captured {
        if self.dropped == 0 {
            self.head.extend(self.tail.drain(..));
        } else {
            let whole = self.head.len() - unfinished_character(&self.head);
            let torn = self
                .tail
                .iter()
                .take(3)
                .take_while(|byte| is_continuation(**byte))
                .count();
            self.dropped += (self.head.len() - whole + torn) as u64;
            self.head.truncate(whole);
            self.tail.drain(..torn);
        }
        let gap = self.head.len();
        let mut kept = self.head;
        kept.extend(self.tail);
        Captured {
            kept,
            gap,
            dropped: self.dropped,
        }
    }
}

/// The length of the character begun but not finished at the end of `bytes`.
fn unfinished_character(bytes: &[u8]) -> usize {
    let behind = bytes
        .iter()
        .rev()
        .take(3)
        .take_while(|byte| is_continuation(**byte))
        .count();
    let begin = bytes
        .len()
        .checked_sub(behind + 1)
        .and_then(|at| bytes.get(at));
    let width = match begin {
        Some(0b1100_0000..=0b1101_1111) => 2,
        Some(0b1110_0000..=0b1110_1111) => 3,
        Some(0b1111_0000..=0b1111_0111) => 4,
        _ => 0,
    };
    if behind + 1 < width { behind + 1 } else { 0 }
}

fn is_continuation(byte: u8) -> bool {
    byte & 0b1100_0000 == 0b1000_0000
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn collect(limit: usize, chunks: &[&[u8]]) -> Captured {
        let mut collector = Collector::new(limit);
        for chunk in chunks {
            collector.take(chunk);
        }
        collector.finish()
    }

    #[test]
    fn keeps_everything_up_to_twice_the_limit() {
        let captured = collect(4, &[b"abc", b"defgh"]);
        assert_eq!(captured.bytes(), b"abcdefgh");
        assert_eq!(captured.text(), "abcdefgh");
        assert_eq!(captured.dropped, 0);
    }

    #[test]
    fn says_between_start_and_end_how_much_was_dropped() {
        let captured = collect(2, &[b"ab", b"cdefg", b"h"]);
        assert_eq!(captured.text(), "ab\n[… 4 bytes dropped …]\ngh");
        assert_eq!(captured.bytes(), b"abgh");
        assert!(!captured.is_empty());
    }

    #[test]
    fn keeps_nothing_when_told_so_but_counts() {
        let captured = collect(0, &[b"abc"]);
        assert_eq!((captured.bytes(), captured.dropped), (&b""[..], 3));
        assert!(!captured.is_empty());
    }

    #[test]
    fn drops_a_torn_character_whole() {
        let captured = collect(4, &["ab€€€€yz".as_bytes()]);
        assert_eq!(captured.text(), "ab\n[… 12 bytes dropped …]\nyz");
        assert!(captured.is_utf8());
    }

    #[test]
    fn says_that_bytes_are_not_text() {
        let captured = collect(100, &[b"a\xffb\0"]);
        assert!(!captured.is_utf8());
        assert_eq!(captured.text(), "a\u{fffd}b\0");
        assert_eq!(captured.bytes(), b"a\xffb\0");
    }

    proptest! {
        #[test]
        fn start_gap_and_end_add_up(
            chunks in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 0..10),
            limit in 0_usize..60,
        ) {
            let all = chunks.concat();
            let captured = collect(limit, &chunks.iter().map(Vec::as_slice).collect::<Vec<_>>());
            let (head, tail) = captured.kept.split_at(captured.gap);
            prop_assert!(all.starts_with(head));
            prop_assert!(all.ends_with(tail));
            prop_assert!(captured.kept.len() <= 2 * limit);
            prop_assert_eq!(captured.kept.len() as u64 + captured.dropped, all.len() as u64);
            prop_assert_eq!(captured.dropped == 0, all.len() <= 2 * limit);
        }

        #[test]
        fn text_stays_text_wherever_it_is_cut(text in "\\PC{0,60}", limit in 0_usize..40) {
            prop_assert!(collect(limit, &[text.as_bytes()]).is_utf8());
        }
    }
}
