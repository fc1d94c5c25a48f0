//! From the body of a successful response to an answer, whether the server streams or not.
//!
//! What the server sends decides how it is read, not what was asked for: some stream anyway, some never do.

use std::io::{BufRead, BufReader, Read};
use std::time::Duration;

use lr_stage::Error;
use lr_turn::{Finish, Kind};
use serde_json::Value;
use serde_json::de::{Deserializer, Read as JsonRead};

use crate::exchange::{Answer, Piece, Spent};
use crate::failure::{self, Failure, Retry};
use crate::http::{self, Target};
use crate::redact::Redactor;
use crate::source::{Bounded, Framing, Source};
use crate::stream::Events;
use crate::think::ThinkFilter;
use crate::wire::complaint;

/// The most bytes of a response that comes as a whole, of one event of a stream, or of all its text.
const MAX_BYTES: usize = 16 << 20;

/// The most bytes of a stream, whose framing takes some hundred bytes for a few of text.
pub(crate) const MAX_STREAM_BYTES: u64 = 256 << 20;

/// The data of the event that ends a stream of Chat Completions.
const STREAM_END: &str = "[DONE]";

/// What some programs write before a text; no document and no event begins with one of these bytes.
const BYTE_ORDER_MARK: [u8; 3] = *b"\xEF\xBB\xBF";

/// How long to wait for the usage and the end of a stream whose reply has ended; some servers keep it open.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// Who gets the text while it comes.
pub(crate) trait Listener {
    /// Takes the next part of the text. An error ends the request.
    fn text(&mut self, text: &str) -> Result<(), Error>;

    /// Takes the next part of the reasoning, which is no part of the reply.
    fn reasoning(&mut self, _: &str) -> Result<(), Error> {
        Ok(())
    }

    /// Whether some of the text was shown, so that it cannot be asked for again.
    fn has_shown(&self) -> bool;

    /// Fails with `reader_gone` when nobody waits for the text any more, so that nothing more is paid for.
    fn still_there(&self) -> Result<(), Error>;
}

/// Why there is no answer.
#[derive(Debug)]
pub(crate) enum Stop {
    /// The server, or the way to it.
    Failed(Failure),
    /// The listener.
    Listener(Error),
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Stop::Failed(failure)
    }
}

/// Reads the body of a response to its end.
pub(crate) fn read(
    body: impl Source,
    target: &Target<'_>,
    listener: &mut dyn Listener,
) -> Result<Answer, Stop> {
    let mut collector = Collector {
        target,
        listener,
        framing: body.framing(),
        called: 0,
        has_text: false,
        thought_redactor: Redactor::new(target.key),
        thoughts: ThinkFilter::default(),
        redactor: Redactor::new(target.key),
        answer: Answer::default(),
        is_refused: false,
    };
    match collector.read(BufReader::with_capacity(64 << 10, body)) {
        Ok(()) => Ok(collector.answer),
        Err(Stop::Failed(failure)) if !collector.is_refused => {
            Err(Stop::Failed(failure.having_spent(collector.spent())))
        }
        Err(stop) => Err(stop),
    }
}

struct Collector<'a> {
    target: &'a Target<'a>,
    listener: &'a mut dyn Listener,
    framing: Framing,
    /// The bytes that the calls of tools may take.
    called: usize,
    /// Some text has come, whether or not it was shown.
    has_text: bool,
    thoughts: ThinkFilter,
    thought_redactor: Redactor,
    redactor: Redactor,
    answer: Answer,
    /// The server reported an error before it began a reply.
    is_refused: bool,
}

impl Collector<'_> {
    fn read(&mut self, mut body: BufReader<impl Source>) -> Result<(), Stop> {
        match self.first_byte(&mut body)? {
            None => return Err(self.malformed("is empty").into()),
            Some(_) if self.framing.is_lines => self.lines(body)?,
            Some(b'{' | b'[') => self.whole(body)?,
            Some(b'<') => return Err(self.html(body)?.into()),
            Some(_) => self.stream(body)?,
        }
        let rest = self.thoughts.finish();
        let thought = self.thought_redactor.push(&rest.reasoning);
        let thought = thought + &self.thought_redactor.finish();
        self.reason(&thought)?;
        let rest = self.redactor.push(&rest.answer) + &self.redactor.finish();
        self.show(rest)?;
        self.answer.settle();
        self.judge().map_err(Stop::Failed)
    }

    /// The first byte that is neither blank nor part of a mark of the byte order; blanks before it are signs of life.
    fn first_byte(&self, body: &mut impl BufRead) -> Result<Option<u8>, Failure> {
        loop {
            let buffer = body
                .fill_buf()
                .map_err(|error| http::broken(error, self.target))?;
            let Some(&first) = buffer.first() else {
                return Ok(None);
            };
            if !(first.is_ascii_whitespace() || BYTE_ORDER_MARK.contains(&first)) {
                return Ok(Some(first));
            }
            body.consume(1);
        }
    }

    /// Takes over a JSON document, or several: some servers send a line for each part without saying so.
    fn whole(&mut self, body: impl Read) -> Result<(), Stop> {
        let mut body = Bounded::new(body, MAX_BYTES);
        if self.target.protocol.ends_with_the_reason() {
            return self.documents(Deserializer::from_reader(body));
        }
        let mut bytes = Vec::new();
        body.read_to_end(&mut bytes)
            .map_err(|error| http::broken(error, self.target))?;
        self.documents(Deserializer::from_slice(&bytes))
    }

    fn documents<'de>(&mut self, documents: Deserializer<impl JsonRead<'de>>) -> Result<(), Stop> {
        let mut count = 0;
        for value in documents.into_iter() {
            let value = match value {
                Err(error) if error.is_io() => {
                    return Err(http::broken(error.into(), self.target).into());
                }
                Err(error) if error.is_eof() && !self.framing.is_bounded => {
                    return Err(self.cut().into());
                }
                value => value.map_err(|error| self.not_json(&error))?,
            };
            self.take_value(&value)?;
            if self.answer.finish.is_some() && self.target.protocol.ends_with_the_reason() {
                return Ok(());
            }
            count += 1;
        }
        // Of several documents the last one says why the reply ended, or they are cut off.
        if count == 1 && !self.target.protocol.ends_with_the_reason() {
            self.answer.finish.get_or_insert(Finish::Unknown);
        }
        Ok(())
    }

    /// Reads a stream of lines, each of them a JSON document.
    fn lines(&mut self, mut body: BufReader<impl Source>) -> Result<(), Stop> {
        loop {
            let mut line = Vec::new();
            let read = (&mut body)
                .take(MAX_BYTES as u64 + 1)
                .read_until(b'\n', &mut line);
            match read {
                Ok(0) => return Ok(()),
                Ok(_) if line.len() > MAX_BYTES => return Err(self.too_large().into()),
                // What a broken connection left of a line says nothing.
                Ok(_)
                    if !line.ends_with(b"\n")
                        && serde_json::from_slice::<Value>(&line).is_err() =>
                {
                    return Ok(());
                }
                Ok(_) => {
                    self.take(&line)?;
                    if self.answer.finish.is_some() {
                        return Ok(());
                    }
                }
                Err(error) => return Err(http::broken(error, self.target).into()),
            }
        }
    }

    fn stream(&mut self, body: BufReader<impl Source>) -> Result<(), Stop> {
        let mut events = Events::new(body, MAX_BYTES);
        loop {
            match events.next_data() {
                Ok(Some(data)) if data.trim() != STREAM_END => {
                    let has_text = self.take(data.as_bytes())?;
                    let is_over = self.answer.finish.is_some() && !has_text;
                    let body = events.source_mut().get_mut();
                    body.wait_at_most(is_over.then_some(LAST_WORDS));
                }
                Ok(_) => return Ok(()),
                // What the server said was complete, however it hangs up.
                Err(_) if self.answer.finish.is_some() => return Ok(()),
                Err(error) => return Err(http::broken(error, self.target).into()),
            }
        }
    }

    /// Takes over one JSON document of the protocol, and says whether it held text.
    fn take(&mut self, json: &[u8]) -> Result<bool, Stop> {
        if json.iter().all(u8::is_ascii_whitespace) {
            return Ok(false);
        }
        let value: Value = serde_json::from_slice(json).map_err(|error| self.not_json(&error))?;
        self.take_value(&value)
    }

    fn take_value(&mut self, value: &Value) -> Result<bool, Stop> {
        let host = self.target.endpoint.to_string();
        let pieces = self.target.protocol.pieces(value).map_err(|complaint| {
            self.is_refused = !self.answer.begun;
            failure::of_complaint(&host, &complaint)
        })?;
        let mut has_text = false;
        for piece in pieces {
            let piece = match piece {
                Piece::WholeText(text) if !self.has_text => Piece::Text(text),
                piece => piece,
            };
            match piece {
                Piece::ToolCall(part) => {
                    self.called += part.id.len() + part.name.len() + part.arguments.len() + 64;
                    if self.called > MAX_BYTES {
                        return Err(self.too_large().into());
                    }
                    self.answer.take(Piece::ToolCall(part));
                }
                Piece::Text(text) => {
                    let parts = self.thoughts.push(&text);
                    let thought = self.thought_redactor.push(&parts.reasoning);
                    self.reason(&thought)?;
                    let shown = self.redactor.push(&parts.answer);
                    self.show(shown)?;
                    (has_text, self.has_text) = (true, true);
                }
                Piece::Reasoning(text) => {
                    let thought = self.thought_redactor.push(&text);
                    self.reason(&thought)?;
                }
                piece => self.answer.take(piece),
            }
        }
        Ok(has_text)
    }

    fn reason(&mut self, thought: &str) -> Result<(), Stop> {
        if thought.is_empty() {
            return Ok(());
        }
        self.listener.reasoning(thought).map_err(Stop::Listener)
    }

    fn show(&mut self, text: String) -> Result<(), Stop> {
        if text.is_empty() {
            return Ok(());
        }
        if self.answer.text.len() + text.len() > MAX_BYTES {
            return Err(self.too_large().into());
        }
        self.listener.text(&text).map_err(Stop::Listener)?;
        self.answer.take(Piece::Text(text));
        Ok(())
    }

    fn html(&self, body: impl Read) -> Result<Failure, Failure> {
        let mut bytes = Vec::new();
        body.take(64 << 10)
            .read_to_end(&mut bytes)
            .map_err(|error| http::broken(error, self.target))?;
        let shown = complaint::from_body(&String::from_utf8_lossy(&bytes)).message;
        Ok(self
            .malformed(&format!("is a page for browsers: {shown}"))
            .hint(self.target.protocol.base_hint()))
    }

    /// Refuses what is no answer although the server calls it a success.
    fn judge(&self) -> Result<(), Failure> {
        let host = self.target.endpoint;
        if !self.answer.begun {
            return Err(self.malformed("holds no reply"));
        }
        let Some(finish) = self.answer.finish else {
            return Err(self.cut());
        };
        let is_called = finish == Finish::Tool && self.answer.has_calls() && self.target.has_tools;
        if is_called || !self.answer.text.trim().is_empty() {
            return Ok(());
        }
        Err(match finish {
            Finish::Filter => Failure::new(
                Kind::Filtered,
                format!("the reply of '{host}' was withheld by its filter"),
            ),
            Finish::Length => Failure::new(
                Kind::Cut,
                format!("the reply of '{host}' was cut off before its first word"),
            )
            .hint("'--max-tokens N' allows for more; reasoning counts too"),
            Finish::Tool => Failure::new(
                Kind::Empty,
                format!("the model at '{host}' asks for a tool instead of answering"),
            ),
            Finish::Stop | Finish::Unknown => {
                Failure::new(Kind::Empty, format!("the reply of '{host}' is empty"))
            }
        })
    }

    fn cut(&self) -> Failure {
        let host = self.target.endpoint;
        let message = format!("the reply of '{host}' was cut off: the stream ended too early");
        Failure::new(Kind::Cut, message).retry(Retry::Backoff)
    }

    /// What was taken although there is no reply. What a stream says before its end is not the last word.
    fn spent(&self) -> Spent {
        match self.answer.finish {
            Some(_) => self.answer.spent,
            None => Spent::default(),
        }
    }

    fn not_json(&self, error: &serde_json::Error) -> Failure {
        self.malformed(&format!("is not JSON: {error}"))
    }

    fn too_large(&self) -> Failure {
        self.malformed(&format!("is larger than {} MiB", MAX_BYTES >> 20))
    }

    fn malformed(&self, what: &str) -> Failure {
        Failure::new(
            Kind::Malformed,
            format!("the answer of '{}' {what}", self.target.endpoint),
        )
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use lr_turn::ToolCall;
    use proptest::prelude::*;

    use super::*;
    use crate::endpoint::Endpoint;
    use crate::exchange::TimeLimits;
    use crate::source::Split;
    use crate::wire::Protocol;

    /// Keeps what it hears.
    #[derive(Debug, Default, PartialEq)]
    struct Heard {
        text: String,
        reasoning: String,
    }

    impl Listener for Heard {
        fn text(&mut self, text: &str) -> Result<(), Error> {
            self.text.push_str(text);
            Ok(())
        }

        fn reasoning(&mut self, text: &str) -> Result<(), Error> {
            self.reasoning.push_str(text);
            Ok(())
        }

        fn has_shown(&self) -> bool {
            false
        }

        fn still_there(&self) -> Result<(), Error> {
            Ok(())
        }
    }

    /// What is heard, and what comes of it in the end.
    type Outcome = (Heard, Result<(Answer, Vec<ToolCall>), String>);

    fn outcome(protocol: Protocol, bytes: &[u8], sizes: Vec<usize>, is_lines: bool) -> Outcome {
        let time = Duration::from_secs(1);
        let target = Target {
            has_tools: true,
            endpoint: &Endpoint::parse("http://localhost").unwrap(),
            path: "",
            protocol,
            headers: &BTreeMap::new(),
            key_header: "",
            key: None,
            limits: TimeLimits {
                connect: time,
                first_byte: time,
                idle: time,
                whole: time,
            },
            max_bytes: 0,
        };
        let framing = Framing {
            is_lines,
            is_bounded: true,
        };
        let source = Split {
            bytes,
            sizes,
            framing,
        };
        let mut heard = Heard::default();
        let result = match read(source, &target, &mut heard) {
            Ok(mut answer) => {
                let calls = answer.take_calls(true, |text| text);
                Ok((answer, calls))
            }
            Err(Stop::Failed(failure)) => Err(failure.message),
            Err(Stop::Listener(error)) => Err(error.to_string()),
        };
        (heard, result)
    }

    /// The recorded bodies, with their protocol and whether they are lines of JSON.
    fn samples() -> Vec<(Protocol, String, bool)> {
        #[derive(serde::Deserialize)]
        struct Sample {
            protocol: Protocol,
            media_type: String,
            body: String,
        }
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/wire");
        let mut paths: Vec<_> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect();
        paths.sort();
        let read = |path| {
            let sample: Sample = toml::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
            (
                sample.protocol,
                sample.body,
                sample.media_type.contains("ndjson"),
            )
        };
        paths.into_iter().map(read).collect()
    }

    proptest! {
        #[test]
        fn any_split_of_the_bytes_gives_the_same_answer(
            number in any::<prop::sample::Index>(),
            sizes in prop::collection::vec(1_usize..40, 0..400),
        ) {
            let samples = samples();
            let (protocol, body, is_lines) = number.get(&samples);
            let whole = outcome(*protocol, body.as_bytes(), Vec::new(), *is_lines);
            prop_assert_eq!(outcome(*protocol, body.as_bytes(), sizes, *is_lines), whole);
        }

        #[test]
        fn a_stream_that_ends_too_early_says_no_more_than_the_whole_and_is_not_whole(
            number in any::<prop::sample::Index>(),
            end in any::<prop::sample::Index>(),
        ) {
            let samples: Vec<_> = samples().into_iter().filter(|(_, body, _)| {
                !body.contains("rror") && (body.contains("data:") || body.lines().count() > 1)
            }).collect();
            let (protocol, body, is_lines) = number.get(&samples);
            let whole = outcome(*protocol, body.as_bytes(), Vec::new(), *is_lines);
            let cut = &body.as_bytes()[..end.index(body.len())];
            let (heard, result) = outcome(*protocol, cut, Vec::new(), *is_lines);
            prop_assert!(whole.0.text.starts_with(&heard.text));
            prop_assert!(whole.0.reasoning.starts_with(&heard.reasoning));
            if let (Ok((answer, calls)), Ok((all, all_calls))) = (result, whole.1) {
                prop_assert_eq!((answer.text, answer.finish, calls), (all.text, all.finish, all_calls));
            }
        }

        #[test]
        fn any_bytes_are_read_to_their_end(
            bytes in prop::collection::vec(any::<u8>(), 0..300),
            is_lines in any::<bool>(),
            prefix in "(data: |\\{\"choices\":\\[|\\{\"type\":\"|\\{\"message\":|)",
        ) {
            let bytes = [prefix.as_bytes(), &bytes].concat();
            for protocol in [Protocol::Chat, Protocol::Responses, Protocol::Messages, Protocol::Ollama] {
                let (heard, result) = outcome(protocol, &bytes, Vec::new(), is_lines);
                prop_assert!(result.is_err(), "{heard:?}");
            }
        }
    }
}
