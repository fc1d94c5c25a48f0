//! What stands on standard input: a stream of turns, or text.
//!
//! The rule, for every stage: a byte order mark and blanks are skipped. If the next byte is not
//! `{`, it is text. Else one JSON value is read: an object with a top-level key `lr` begins a
//! stream of turns, one per line or pretty-printed; a complete value without it is text; one that
//! breaks after `lr` was seen is an error, else text.

use std::io::{self, BufRead, IsTerminal};

use lr_turn::{ReadError, Turn};

use crate::{Error, Form, Kind, say};

/// What stands on standard input.
pub enum Input {
    /// A stream of turns.
    Turns(TurnReader),
    /// A text.
    Text(String),
}

/// A stream of turns, read one by one.
pub struct TurnReader {
    source: Box<dyn BufRead + Send>,
    /// The name of the source, for messages.
    name: String,
    /// The turn that told turns from text.
    first: Option<Turn>,
    /// The number of line breaks read.
    lines: usize,
    /// Whether the stream has ended, well or badly.
    ended: bool,
}

/// Reads standard input as its contents or `form` say, and says on standard error what it waits
/// for when nothing comes.
///
/// # Errors
///
/// `empty_input` when there is nothing but blanks; `input` when a turn was meant and is malformed
/// or the text is not UTF-8; `newer_contract`; `io`.
pub fn read(form: Option<Form>, waits_for: &str) -> Result<Input, Error> {
    announce_wait(waits_for);
    // Not the lock, which is bound to its thread: turns may be read in another one.
    let source = io::BufReader::with_capacity(64 << 10, io::stdin());
    sniff(Box::new(source), "standard input", form)
}

/// Reads turns from standard input.
///
/// # Errors
///
/// As [`read`]; text is an error too.
pub fn read_turns(waits_for: &str) -> Result<TurnReader, Error> {
    match read(Some(Form::Turn), waits_for)? {
        Input::Turns(turns) => Ok(turns),
        Input::Text(_) => Err(Error::new(Kind::Input, "standard input holds no turns")),
    }
}

/// Reads all turns of a file.
///
/// # Errors
///
/// As [`read`]; the messages name the file.
pub fn read_file(path: &std::path::Path) -> Result<Vec<Turn>, Error> {
    let name = format!("'{}'", path.display());
    let file = std::fs::File::open(path)
        .map_err(|error| Error::new(Kind::Io, format!("cannot read {name}")).because(error))?;
    match sniff(Box::new(io::BufReader::new(file)), &name, Some(Form::Turn))? {
        Input::Turns(reader) => reader.collect(),
        Input::Text(_) => Err(Error::new(Kind::Input, format!("{name} holds no turns"))),
    }
}

/// Waits up to two seconds for the first byte before saying so; at once on a terminal.
fn announce_wait(waits_for: &str) {
    let stdin = io::stdin();
    if stdin.is_terminal() {
        say::note(&format!(
            "reading {waits_for} from the terminal; Ctrl-D ends it"
        ));
        return;
    }
    let two_seconds = rustix::event::Timespec {
        tv_sec: 2,
        tv_nsec: 0,
    };
    let mut ready = [rustix::event::PollFd::new(
        &stdin,
        rustix::event::PollFlags::IN,
    )];
    if rustix::event::poll(&mut ready, Some(&two_seconds)) == Ok(0) {
        say::note(&format!("waiting for {waits_for} on standard input"));
    }
}

fn sniff(
    mut source: Box<dyn BufRead + Send>,
    name: &str,
    form: Option<Form>,
) -> Result<Input, Error> {
    let mut head = Vec::new();
    let first = if form == Some(Form::Text) {
        read_blanks(&mut source, &mut head)
    } else {
        read_blanks(&mut source, &mut head).and_then(|first| {
            if first == Some(b'{') {
                read_value(&mut source, &mut head)?;
            }
            Ok(first)
        })
    }
    .map_err(|error| unreadable(name, error))?;
    let Some(first) = first else {
        return Err(Error::new(Kind::EmptyInput, format!("nothing on {name}"))
            .hint("did the stage before fail?"));
    };
    if form != Some(Form::Text) && first == b'{' {
        let reader = first_turn(&head);
        match reader {
            Ok(turn) => {
                return Ok(Input::Turns(TurnReader {
                    source,
                    name: name.to_owned(),
                    first: Some(turn),
                    lines: count_lines(&head),
                    ended: false,
                }));
            }
            Err(error) if was_meant(&error) || form == Some(Form::Turn) => {
                return Err(at(error, name, 0));
            }
            Err(_) => {}
        }
    } else if form == Some(Form::Turn) {
        return Err(Error::new(Kind::Input, format!("{name} holds no turns"))
            .hint("turns are JSON objects with a key 'lr', as lr-check writes them"));
    }
    read_text(source, head, name).map(Input::Text)
}

fn first_turn(head: &[u8]) -> Result<Turn, ReadError> {
    let text = std::str::from_utf8(head).map_err(|error| ReadError::Malformed {
        message: "not UTF-8".to_owned(),
        line: count_lines(&head[..error.valid_up_to()]) + 1,
        column: 1,
        saw_version: false,
    })?;
    Turn::parse(text.trim_start_matches('\u{feff}'))
}

/// Tells whether a text that is no turn was meant to be one.
fn was_meant(error: &ReadError) -> bool {
    match error {
        ReadError::NotATurn => false,
        ReadError::Malformed { saw_version, .. } => *saw_version,
        ReadError::Newer(_) | ReadError::Section { .. } => true,
    }
}

fn read_text(
    mut source: Box<dyn BufRead + Send>,
    mut bytes: Vec<u8>,
    name: &str,
) -> Result<String, Error> {
    source
        .read_to_end(&mut bytes)
        .map_err(|error| unreadable(name, error))?;
    if bytes.starts_with(b"\xef\xbb\xbf") {
        bytes.drain(..3);
    }
    String::from_utf8(bytes).map_err(|error| {
        let line = count_lines(&error.as_bytes()[..error.utf8_error().valid_up_to()]) + 1;
        Error::new(Kind::Input, format!("{name} is not UTF-8 in line {line}"))
    })
}

impl Iterator for TurnReader {
    type Item = Result<Turn, Error>;

    /// Reads the next turn as soon as its last byte is there. An error ends the stream.
    fn next(&mut self) -> Option<Self::Item> {
        if let Some(turn) = self.first.take() {
            return Some(Ok(turn));
        }
        if self.ended {
            return None;
        }
        let next = self.next_turn().transpose();
        self.ended = !matches!(next, Some(Ok(_)));
        next
    }
}

impl TurnReader {
    fn next_turn(&mut self) -> Result<Option<Turn>, Error> {
        let mut blanks = Vec::new();
        let first = read_blanks(&mut self.source, &mut blanks)
            .map_err(|error| unreadable(&self.name, error))?;
        self.lines += count_lines(&blanks);
        if first.is_none() {
            return Ok(None);
        }
        let mut bytes = Vec::new();
        if first == Some(b'{') {
            read_value(&mut self.source, &mut bytes)
                .map_err(|error| unreadable(&self.name, error))?;
        } else {
            let line = self.lines + 1;
            let message = format!(
                "{} holds something other than a turn in line {line}",
                self.name
            );
            return Err(Error::new(Kind::Input, message));
        }
        let turn = first_turn(&bytes).map_err(|error| at(error, &self.name, self.lines))?;
        self.lines += count_lines(&bytes);
        Ok(Some(turn))
    }
}

/// Says where in its source a turn is malformed.
fn at(error: ReadError, name: &str, lines_before: usize) -> Error {
    match error {
        ReadError::Malformed {
            message,
            line,
            column,
            ..
        } => Error::new(
            Kind::Input,
            format!(
                "malformed turn on {name}, line {}, column {column}: {message}",
                line + lines_before
            ),
        )
        .hint("was the stage before interrupted?"),
        other => other.into(),
    }
}

fn unreadable(name: &str, error: io::Error) -> Error {
    Error::new(Kind::Io, format!("cannot read {name}")).because(error)
}

fn count_lines(bytes: &[u8]) -> usize {
    memchr::memchr_iter(b'\n', bytes).count()
}

/// Moves a byte order mark and blanks from `source` to `head`, and returns the byte behind them,
/// which stays in `source`; `None` at the end.
fn read_blanks(source: &mut dyn BufRead, head: &mut Vec<u8>) -> io::Result<Option<u8>> {
    loop {
        let Some(&byte) = fill(source)?.first() else {
            return Ok(None);
        };
        let in_mark = head.len() < 3
            && b"\xef\xbb\xbf".starts_with(head)
            && byte == b"\xef\xbb\xbf"[head.len()];
        if !in_mark && !byte.is_ascii_whitespace() {
            return Ok(Some(byte));
        }
        head.push(byte);
        source.consume(1);
    }
}

/// Moves one value that begins with a brace from `source` to `value`: up to the brace that closes
/// it, or to the end of the source.
fn read_value(source: &mut dyn BufRead, value: &mut Vec<u8>) -> io::Result<()> {
    let mut scan = Scan::default();
    loop {
        let chunk = fill(source)?;
        if chunk.is_empty() {
            return Ok(());
        }
        let end = scan.end_in(chunk);
        let taken = end.map_or(chunk.len(), |last| last + 1);
        value.extend_from_slice(&chunk[..taken]);
        source.consume(taken);
        if end.is_some() {
            return Ok(());
        }
    }
}

/// As `fill_buf`, but goes on when a signal interrupts it.
fn fill(source: &mut dyn BufRead) -> io::Result<&[u8]> {
    let is_at_end = loop {
        match source.fill_buf() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
            Ok(bytes) => break bytes.is_empty(),
        }
    };
    if is_at_end {
        // To ask again would wait for another Ctrl-D on a terminal.
        return Ok(&[]);
    }
    source.fill_buf()
}

/// Finds the end of a JSON object without judging what is in it.
#[derive(Default)]
struct Scan {
    depth: usize,
    in_string: bool,
    escaped: bool,
}

impl Scan {
    /// Returns where in the next bytes the object ends, if it ends there.
    fn end_in(&mut self, bytes: &[u8]) -> Option<usize> {
        let mut at = 0;
        while at < bytes.len() {
            if self.in_string && !self.escaped {
                at += memchr::memchr2(b'"', b'\\', &bytes[at..])?;
            }
            if self.closes_with(bytes[at]) {
                return Some(at);
            }
            at += 1;
        }
        None
    }

    fn closes_with(&mut self, byte: u8) -> bool {
        if self.in_string {
            match byte {
                _ if self.escaped => self.escaped = false,
                b'\\' => self.escaped = true,
                b'"' => self.in_string = false,
                _ => {}
            }
            return false;
        }
        match byte {
            b'"' => self.in_string = true,
            b'{' | b'[' => self.depth += 1,
            b'}' | b']' => self.depth = self.depth.saturating_sub(1),
            _ => {}
        }
        self.depth == 0
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use proptest::prelude::*;

    use super::*;

    fn check(text: &str, expected: &str) {
        check_form(None, text, expected);
    }

    fn check_form(form: Option<Form>, text: &str, expected: &str) {
        // A reader of single bytes, so that every value is cut everywhere.
        let source = io::BufReader::with_capacity(1, io::Cursor::new(text.as_bytes().to_vec()));
        let actual = match sniff(Box::new(source), "standard input", form) {
            Ok(Input::Text(text)) => format!("text {text}"),
            Ok(Input::Turns(turns)) => turns
                .map(|turn| match turn {
                    Ok(turn) => turn.to_line(),
                    Err(error) => format!("{}: {error}", error.kind),
                })
                .collect::<Vec<_>>()
                .join("\n"),
            Err(error) => format!("{}: {error}", error.kind),
        };
        assert_eq!(actual, expected, "for {text:?}");
    }

    #[test]
    fn tells_turns_from_text() {
        check("hello\n", "text hello\n");
        check("{ hello }", "text { hello }");
        check("{\"a\":1}\n", "text {\"a\":1}\n");
        check("[1]", "text [1]");
        check("{\"a\":", "text {\"a\":");
        check("\u{feff} {\"lr\":1}", "{\"lr\":1}");
        check("\u{feff}text", "text text");
        check(
            "{\"x\":{},\"lr\":1}\n\n {\"lr\":1,\"y\":\"}\"}\n",
            "{\"x\":{},\"lr\":1}\n{\"lr\":1,\"y\":\"}\"}",
        );
        check(
            "{\n  \"lr\": 1\n}\n{\n  \"lr\": 1\n}\n",
            "{  \"lr\": 1}\n{  \"lr\": 1}",
        );
    }

    #[test]
    fn the_user_may_say_what_it_is() {
        check_form(Some(Form::Text), "{\"lr\":1}", "text {\"lr\":1}");
        check_form(
            Some(Form::Turn),
            "{\"a\":1}",
            "input: not a turn: no top-level key 'lr'",
        );
        check_form(
            Some(Form::Turn),
            "hello",
            "input: standard input holds no turns",
        );
    }

    #[test]
    fn nothing_is_an_error() {
        for text in ["", " \n\t\r\n", "\u{feff}"] {
            check(text, "empty_input: nothing on standard input");
            check_form(
                Some(Form::Text),
                text,
                "empty_input: nothing on standard input",
            );
        }
    }

    /// A terminal, on which the end is only the end of what was typed so far.
    struct Terminal(Option<&'static [u8]>);

    impl Read for Terminal {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let typed = self.0.expect("it is read behind its end");
            let count = typed.len().min(buffer.len());
            buffer[..count].copy_from_slice(&typed[..count]);
            self.0 = (count > 0).then_some(&typed[count..]);
            Ok(count)
        }
    }

    #[test]
    fn the_end_is_read_once() {
        for typed in ["", " \n", "hello\n", "{\"lr\":1}\n"] {
            let source = io::BufReader::new(Terminal(Some(typed.as_bytes())));
            let read = sniff(Box::new(source), "standard input", None);
            if let Ok(Input::Turns(turns)) = read {
                assert_eq!(turns.count(), 1);
            }
        }
    }

    #[test]
    fn a_broken_turn_is_named_with_line_and_column() {
        check(
            "{\"lr\":1,\n\"check\":{\"clean\":tr",
            "input: malformed turn on standard input, line 2, column 19: EOF while parsing a value",
        );
        check(
            "{\"lr\":1}\n{\"lr\":1}}\n",
            "{\"lr\":1}\n{\"lr\":1}\ninput: standard input holds something other than a turn in line 2",
        );
        check(
            "{\"lr\":1}\n{\"lr\":1,\n \"lr\":1}\n",
            "{\"lr\":1}\ninput: malformed turn on standard input, line 3, column 5: key 'lr' stands twice",
        );
    }

    #[test]
    fn a_newer_contract_is_refused() {
        check(
            "{\"lr\":99}",
            "newer_contract: this turn is of version 99 of the contract, newer than 1",
        );
    }

    proptest! {
        #[test]
        fn never_panics_and_loses_no_text(text in "[{}\\[\\]\"\\\\a:,lr1 \n]{0,40}") {
            let source = io::Cursor::new(text.clone().into_bytes());
            if let Ok(Input::Text(read)) = sniff(Box::new(source), "x", None) {
                prop_assert_eq!(read, text);
            }
        }
    }
}
