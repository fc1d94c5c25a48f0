//! From the body of a successful response to an answer, whether the server streams or not.
//!
//! What the server sends decides how it is read, not what was asked for: some stream anyway, some never do.

use std::io::{BufRead, BufReader, Read};
use std::time::Duration;

use lr_stage::Error;
use lr_turn::{Finish, Kind};
use serde_json::Value;

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
        let body = Bounded::new(body, MAX_BYTES);
        let mut documents = 0;
        for value in serde_json::Deserializer::from_reader(body).into_iter() {
            let value = match value {
                Err(error) if error.is_io() => {
                    return Err(http::broken(error.into(), self.target).into());
                }
                Err(error) if error.is_eof() && !self.framing.is_bounded => {
                    return Err(self.cut().into());
                }
                value => value,
            };
            let value = value.map_err(|error| self.not_json(&error))?;
            self.take_value(&value)?;
            if self.answer.finish.is_some() && self.target.protocol.ends_with_the_reason() {
                return Ok(());
            }
            documents += 1;
        }
        // Of several documents the last one says why the reply ended, or they are cut off.
        if documents == 1 && !self.target.protocol.ends_with_the_reason() {
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
            .hint("see whether the base URL is right; it usually ends in '/v1'"))
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
