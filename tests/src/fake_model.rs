//! A server on this machine that speaks Chat Completions, byte for byte, and fails as it is told.
//!
//! Each request takes the next answer of a script; the last one answers all further requests. `GET …/models` is
//! answered beside the script. Whatever comes in is kept, so that a test can look at it.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

/// The model that the server offers.
pub const MODEL: &str = "fake-model";

/// A request as it came in.
#[derive(Debug, Clone)]
pub struct Received {
    /// `POST` or `GET`.
    pub method: String,
    /// The path, with its query.
    pub path: String,
    /// Names in lower case, and values.
    pub headers: Vec<(String, String)>,
    /// The body; `null` if it is not JSON.
    pub body: Value,
}

impl Received {
    /// The value of a header, by its name in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        let (_, value) = self.headers.iter().find(|(key, _)| key == name)?;
        Some(value)
    }

    /// The content of the last message.
    pub fn question(&self) -> &str {
        let messages = self.body["messages"].as_array();
        messages
            .and_then(|messages| messages.last()?["content"].as_str())
            .unwrap_or_default()
    }
}

/// What the server does about one request.
#[derive(Debug, Clone)]
pub enum Answer {
    /// A reply, streamed if that was asked for.
    Reply {
        /// The content.
        text: String,
        /// The finish reason.
        finish: String,
    },
    /// A response with this status, these header lines and this body.
    Http {
        /// The status code.
        status: u16,
        /// Lines such as `retry-after: 2`.
        headers: Vec<String>,
        /// The body.
        body: String,
    },
    /// Exactly these bytes and pauses, from the status line on; then the connection is closed.
    Steps(Vec<Step>),
}

/// A part of an answer that is spelled out.
#[derive(Debug, Clone)]
pub enum Step {
    /// Sends bytes.
    Send(Vec<u8>),
    /// Does nothing for a while.
    Pause(Duration),
    /// Does nothing until the client gives up.
    Hang,
    /// Breaks the connection off instead of closing it.
    Reset,
}

impl Answer {
    /// A whole reply.
    pub fn text(text: &str) -> Answer {
        Answer::finished(text, "stop")
    }

    /// A reply that ended for the given reason.
    pub fn finished(text: &str, finish: &str) -> Answer {
        Answer::Reply {
            text: text.into(),
            finish: finish.into(),
        }
    }

    /// A response that is not a success, with a message as providers send it.
    pub fn error(status: u16, message: &str) -> Answer {
        Answer::http(
            status,
            &[],
            &json!({"error": {"message": message, "type": "error"}}).to_string(),
        )
    }

    /// Any response with a length.
    pub fn http(status: u16, headers: &[&str], body: &str) -> Answer {
        Answer::Http {
            status,
            headers: headers.iter().map(|&line| line.to_owned()).collect(),
            body: body.to_owned(),
        }
    }

    fn resets(&self) -> bool {
        matches!(self, Answer::Steps(steps) if steps.iter().any(|step| matches!(step, Step::Reset)))
    }

    /// A stream of events whose data are these texts, and then what the last step says.
    pub fn stream(data: &[&str], last: Option<Step>) -> Answer {
        let mut bytes = stream_head();
        for data in data {
            bytes.extend(chunk(&format!("data: {data}\n\n")));
        }
        if last.is_none() {
            bytes.extend(chunk(""));
        }
        Answer::Steps([Step::Send(bytes)].into_iter().chain(last).collect())
    }
}

/// The data of an event that brings a part of a reply.
pub fn part(content: &str) -> String {
    json!({"object": "chat.completion.chunk", "choices": [{"index": 0, "delta": {"content": content}, "finish_reason": null}]})
        .to_string()
}

/// The data of the event that ends a reply.
pub fn end(finish: &str) -> String {
    json!({"object": "chat.completion.chunk", "choices": [{"index": 0, "delta": {}, "finish_reason": finish}]})
        .to_string()
}

/// The head of a response that streams in chunks.
pub fn stream_head() -> Vec<u8> {
    b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n"
        .to_vec()
}

/// A chunk of a body; an empty one ends it.
pub fn chunk(text: &str) -> Vec<u8> {
    format!("{:x}\r\n{text}\r\n", text.len()).into_bytes()
}

type Answers = Box<dyn Fn(&Received, usize) -> Answer + Send + Sync>;

/// A running server; dropping it ends it.
#[derive(Debug)]
pub struct FakeModel {
    address: SocketAddr,
    requests: Arc<Mutex<Vec<Received>>>,
    stopped: Arc<AtomicBool>,
}

impl FakeModel {
    /// Starts a server that answers by a script of at least one answer.
    pub fn start(script: impl IntoIterator<Item = Answer>) -> FakeModel {
        let script: Vec<Answer> = script.into_iter().collect();
        FakeModel::answering(move |_, number| script[number.min(script.len() - 1)].clone())
    }

    /// Starts a server that decides about each request; the second argument counts them from 0.
    #[expect(
        clippy::expect_used,
        reason = "a machine without a free port on its loopback cannot run tests"
    )]
    pub fn answering(
        answers: impl Fn(&Received, usize) -> Answer + Send + Sync + 'static,
    ) -> FakeModel {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let model = FakeModel {
            address: listener
                .local_addr()
                .expect("a bound socket has an address"),
            requests: Arc::default(),
            stopped: Arc::default(),
        };
        let (requests, stopped) = (Arc::clone(&model.requests), Arc::clone(&model.stopped));
        let answers: Arc<Answers> = Arc::new(Box::new(answers));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if stopped.load(Ordering::SeqCst) {
                    return;
                }
                let (requests, answers) = (Arc::clone(&requests), Arc::clone(&answers));
                // What a client does to its connection is the client's affair.
                thread::spawn(move || serve(stream, &requests, &answers));
            }
        });
        model
    }

    /// The base URL of the server.
    pub fn url(&self) -> String {
        format!("http://{}/v1", self.address)
    }

    /// The requests for replies so far, in the order in which they came.
    pub fn requests(&self) -> Vec<Received> {
        lock(&self.requests).clone()
    }
}

impl Drop for FakeModel {
    fn drop(&mut self) {
        self.stopped.store(true, Ordering::SeqCst);
        // Wakes the thread that accepts connections.
        let _ = TcpStream::connect(self.address);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn serve(
    mut stream: TcpStream,
    requests: &Mutex<Vec<Received>>,
    answers: &Answers,
) -> io::Result<()> {
    let received = receive(&mut stream)?;
    if received.method == "GET" {
        let list = json!({"object": "list", "data": [{"id": MODEL, "object": "model", "created": 1_700_000_000}]});
        return respond(stream, &received, Answer::http(200, &[], &list.to_string()));
    }
    let number = {
        let mut requests = lock(requests);
        requests.push(received.clone());
        requests.len() - 1
    };
    let answer = answers(&received, number);
    if !answer.resets() {
        stream.read_exact(&mut [0])?;
    }
    respond(stream, &received, answer)
}

/// Reads a request, but for the last byte of its body, which is only looked at: a connection that is closed while
/// something is unread is reset.
fn receive(stream: &mut TcpStream) -> io::Result<Received> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte)?;
        head.extend(byte);
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let mut lines = head.lines();
    let mut words = lines
        .next()
        .unwrap_or_default()
        .split(' ')
        .map(str::to_owned);
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_lowercase(), value.trim().to_owned()))
        .collect();
    let length = headers.iter().find(|(name, _)| name == "content-length");
    let mut body = vec![
        0;
        length
            .and_then(|(_, value)| value.parse().ok())
            .unwrap_or(0)
    ];
    if let Some((last, others)) = body.split_last_mut() {
        stream.read_exact(others)?;
        stream.peek(std::slice::from_mut(last))?;
    }
    Ok(Received {
        method: words.next().unwrap_or_default(),
        path: words.next().unwrap_or_default(),
        body: serde_json::from_slice(&body).unwrap_or_default(),
        headers,
    })
}

fn respond(mut stream: TcpStream, received: &Received, answer: Answer) -> io::Result<()> {
    match answer {
        Answer::Reply { text, finish } if received.body["stream"] == true => {
            stream.write_all(&stream_head())?;
            for event in events(received, &text, &finish) {
                stream.write_all(&chunk(&format!("data: {event}\n\n")))?;
            }
            stream.write_all(&chunk(""))
        }
        Answer::Reply { text, finish } => {
            let body = completion(received, &text, &finish).to_string();
            write_response(
                &mut stream,
                200,
                &["content-type: application/json".into()],
                &body,
            )
        }
        Answer::Http {
            status,
            headers,
            body,
        } => write_response(&mut stream, status, &headers, &body),
        Answer::Steps(steps) => steps
            .into_iter()
            .try_for_each(|step| take_step(&mut stream, step)),
    }
}

fn write_response(
    stream: &mut TcpStream,
    status: u16,
    headers: &[String],
    body: &str,
) -> io::Result<()> {
    let mut head = format!(
        "HTTP/1.1 {status} As Told\r\ncontent-length: {}\r\n",
        body.len()
    );
    for line in headers {
        head.push_str(line);
        head.push_str("\r\n");
    }
    stream.write_all(format!("{head}connection: close\r\n\r\n{body}").as_bytes())
}

fn take_step(stream: &mut TcpStream, step: Step) -> io::Result<()> {
    match step {
        Step::Send(bytes) => stream.write_all(&bytes),
        Step::Pause(time) => {
            thread::sleep(time);
            Ok(())
        }
        Step::Hang => stream.read(&mut [0]).map(|_| ()),
        // Ends the answer; closing the connection does the rest.
        Step::Reset => Err(io::ErrorKind::ConnectionReset.into()),
    }
}

fn completion(received: &Received, text: &str, finish: &str) -> Value {
    json!({
        "id": "chatcmpl-fake", "object": "chat.completion", "created": 1_700_000_000, "model": received.body["model"],
        "choices": [{
            "index": 0, "message": {"role": "assistant", "content": text, "refusal": null},
            "logprobs": null, "finish_reason": finish
        }],
        "usage": usage(received, text),
    })
}

/// The data of the events of a streamed reply, a few characters each.
fn events(received: &Received, text: &str, finish: &str) -> Vec<String> {
    let chars: Vec<char> = text.chars().collect();
    let parts = chars
        .chunks(7)
        .map(|chars| part(&chars.iter().collect::<String>()));
    let mut events: Vec<String> = parts.collect();
    events.push(end(finish));
    if received.body["stream_options"]["include_usage"] == true {
        events.push(json!({"object": "chat.completion.chunk", "choices": [], "usage": usage(received, text)}).to_string());
    }
    events.push("[DONE]".into());
    events
}

/// A token for each four bytes.
fn usage(received: &Received, text: &str) -> Value {
    let input = received.body["messages"].to_string().len() / 4;
    let output = text.len().div_ceil(4);
    json!({
        "prompt_tokens": input, "completion_tokens": output, "total_tokens": input + output,
        "prompt_tokens_details": {"cached_tokens": 0}, "completion_tokens_details": {"reasoning_tokens": 0},
    })
}
