//! Server-sent events, read from bytes as they come.
//!
//! Any split of the bytes gives the same events. Lines may end in LF, CRLF or CR; comments and blank lines are only
//! signs of life. A line that the end of the stream cuts off is dropped, as is what the size limit forbids.
//! Deliberately absent: what the events mean, and reconnecting.

use std::io::{self, BufRead};

/// Reads events one after the other.
#[derive(Debug)]
pub(crate) struct Events<R> {
    source: R,
    max_bytes: usize,
    after_cr: bool,
    at_start: bool,
}

impl<R: BufRead> Events<R> {
    /// Reads from `source`; an event of more than `max_bytes` is an error.
    pub(crate) fn new(source: R, max_bytes: usize) -> Self {
        Events {
            source,
            max_bytes,
            after_cr: false,
            at_start: true,
        }
    }

    /// Where the bytes come from.
    pub(crate) fn source_mut(&mut self) -> &mut R {
        &mut self.source
    }

    /// The data of the next event, `None` at the end of the stream.
    ///
    /// An event that is too long or not UTF-8 is an error of kind `InvalidData`; others are the source's.
    pub(crate) fn next_data(&mut self) -> io::Result<Option<String>> {
        let mut data: Option<Vec<u8>> = None;
        loop {
            let used = data.as_ref().map_or(0, Vec::len);
            let room = self.max_bytes.saturating_sub(used);
            match self.line(room)? {
                Some(line) if !line.is_empty() => add_data(&mut data, &line),
                Some(_) if data.is_none() => {}
                _ => return data.map(into_text).transpose(),
            }
        }
    }

    /// The next line without its end; `None` at the end of the stream, where an unfinished line is dropped.
    fn line(&mut self, max_bytes: usize) -> io::Result<Option<Vec<u8>>> {
        let mut line = Vec::new();
        loop {
            let buffer = match self.source.fill_buf() {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                other => other?,
            };
            if buffer.is_empty() {
                return Ok(None);
            }
            if std::mem::take(&mut self.after_cr) && buffer.starts_with(b"\n") {
                self.source.consume(1);
                continue;
            }
            let end = buffer.iter().position(|byte| matches!(byte, b'\n' | b'\r'));
            line.extend_from_slice(&buffer[..end.unwrap_or(buffer.len())]);
            self.after_cr = end.is_some_and(|end| buffer[end] == b'\r');
            let used = end.map_or(buffer.len(), |end| end + 1);
            self.source.consume(used);
            if line.len() > max_bytes {
                return Err(invalid("an event of the stream is too long"));
            }
            if end.is_some() {
                if std::mem::take(&mut self.at_start) && line.starts_with(b"\xEF\xBB\xBF") {
                    line.drain(..3);
                }
                return Ok(Some(line));
            }
        }
    }
}

/// Takes over a `data` line; other fields and comments are skipped.
fn add_data(data: &mut Option<Vec<u8>>, line: &[u8]) {
    let Some(rest) = line.strip_prefix(b"data") else {
        return;
    };
    let value = match rest {
        [] => rest,
        [b':', b' ', value @ ..] | [b':', value @ ..] => value,
        _ => return,
    };
    match data {
        None => *data = Some(value.to_vec()),
        Some(data) => {
            data.push(b'\n');
            data.extend_from_slice(value);
        }
    }
}

fn into_text(data: Vec<u8>) -> io::Result<String> {
    String::from_utf8(data).map_err(|_| invalid("the stream is not UTF-8"))
}

fn invalid(message: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, message)
}

#[cfg(test)]
mod tests {
    use std::io::BufReader;

    use proptest::prelude::*;

    use super::*;
    use crate::source::{Framing, Split};

    fn events_of(source: impl BufRead, max_bytes: usize) -> Result<Vec<String>, String> {
        let mut events = Events::new(source, max_bytes);
        let mut all = Vec::new();
        while let Some(data) = events.next_data().map_err(|error| error.to_string())? {
            all.push(data);
        }
        Ok(all)
    }

    #[track_caller]
    fn check(stream: &str, expected: &[&str]) {
        let expected: Vec<String> = expected.iter().map(|&data| data.to_owned()).collect();
        assert_eq!(events_of(stream.as_bytes(), 1000), Ok(expected));
    }

    #[test]
    fn reads_events_with_any_line_end() {
        check("data: a\n\ndata: b\r\n\r\ndata:c\r\r", &["a", "b", "c"]);
    }

    #[test]
    fn joins_the_lines_of_an_event() {
        check("data: a\ndata\ndata:  b\n\n", &["a\n\n b"]);
    }

    #[test]
    fn comments_blank_lines_and_other_fields_are_signs_of_life() {
        check(
            "\u{feff}: hello\n\n\n\nevent: x\nid: 1\ndatax: 9\n\n: again\ndata: a\n\n",
            &["a"],
        );
    }

    #[test]
    fn keeps_a_last_event_whose_line_was_finished() {
        check("data: a\n\ndata: b\n", &["a", "b"]);
    }

    #[test]
    fn drops_a_line_that_was_cut_off() {
        check("data: a\n\ndata: {\"b", &["a"]);
    }

    #[test]
    fn refuses_what_is_too_long() {
        let long = format!("data: {}\n\n", "x".repeat(100));
        assert_eq!(
            events_of(long.as_bytes(), 50),
            Err("an event of the stream is too long".into())
        );
        let many = "data: xxxxxxxxxx\n".repeat(100);
        assert!(events_of(many.as_bytes(), 50).is_err());
    }

    #[test]
    fn refuses_what_is_not_utf8() {
        assert_eq!(
            events_of(&b"data: \xff\n\n"[..], 50),
            Err("the stream is not UTF-8".into())
        );
    }

    proptest! {
        #[test]
        fn any_split_of_the_bytes_gives_the_same_events(
            lines in prop::collection::vec(("(data: ?|: |event: |data|)", "[a-zé{}:\" ]{0,8}", "(\n|\r\n|\r)"), 0..30),
            sizes in prop::collection::vec(1_usize..9, 0..300),
        ) {
            let stream: String = lines.iter().flat_map(|(field, value, end)| [field.as_str(), value, end]).collect();
            let whole = events_of(stream.as_bytes(), 1000);
            let split = BufReader::with_capacity(7, Split { bytes: stream.as_bytes(), sizes, framing: Framing::default() });
            prop_assert_eq!(events_of(split, 1000), whole);
        }
    }
}
