//! A server on this machine that speaks the protocols of models, byte for byte, and fails as it is told.
//!
//! Each request takes the next answer of a script; the last one answers all further requests. `GET …/models` and
//! `POST /api/show` are answered beside the script. Whatever comes in is kept, so that a test can look at it, and what is answered is
//! counted. The server can go down and come back at the same address.

use std::fmt;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

pub use crate::answer::{Answer, Step, Usage, chunk, end, part, stream_head};
pub use crate::received::Received;
use crate::received::receive;
pub use crate::spoil::Spoil;
use crate::spoken::{Protocol, tokens};

/// The model that the server offers.
pub const MODEL: &str = "fake-model";

/// What a server has answered so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Requests for replies, whatever came of them.
    pub calls: usize,
    /// Tokens of the prompts of those that got a reply, as the replies say.
    pub input: u64,
    /// Tokens of these replies.
    pub output: u64,
    /// The most requests that waited for their answer to begin at the same time.
    pub most_at_once: usize,
}

type Answers = Box<dyn Fn(&Received, usize) -> Answer + Send + Sync>;

/// A running server; dropping it ends it.
#[derive(Debug)]
pub struct FakeModel {
    shop: Arc<Shop>,
    address: SocketAddr,
    listening: Mutex<Option<JoinHandle<()>>>,
}

/// What the threads of a server share.
struct Shop {
    answers: Answers,
    counts: Mutex<Counts>,
    closed: AtomicBool,
}

#[derive(Debug, Default)]
struct Counts {
    requests: Vec<Received>,
    tally: Tally,
    open: usize,
}

impl fmt::Debug for Shop {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.counts.fmt(out)
    }
}

impl FakeModel {
    /// Starts a server that answers by a script of at least one answer.
    pub fn start(script: impl IntoIterator<Item = Answer>) -> FakeModel {
        let script: Vec<Answer> = script.into_iter().collect();
        FakeModel::answering(move |_, number| script[number.min(script.len() - 1)].clone())
    }

    /// Starts a server that decides about each request; the second argument counts them from 0.
    pub fn answering(
        answers: impl Fn(&Received, usize) -> Answer + Send + Sync + 'static,
    ) -> FakeModel {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr();
        let shop = Arc::new(Shop {
            answers: Box::new(answers),
            counts: Mutex::default(),
            closed: AtomicBool::new(false),
        });
        FakeModel {
            listening: Mutex::new(Some(listen(listener, Arc::clone(&shop)))),
            address: address.expect("a bound socket has an address"),
            shop,
        }
    }

    /// The base URL of the server.
    pub fn url(&self) -> String {
        format!("http://{}/v1", self.address)
    }

    /// The requests for replies so far, in the order in which they came.
    pub fn requests(&self) -> Vec<Received> {
        lock(&self.shop.counts).requests.clone()
    }

    /// What was asked and answered so far.
    pub fn tally(&self) -> Tally {
        lock(&self.shop.counts).tally
    }

    /// Refuses connections from now on; requests that are open are still answered.
    pub fn go_down(&self) {
        self.shop.closed.store(true, Ordering::SeqCst);
        // Wakes the thread that accepts connections.
        let _ = TcpStream::connect(self.address);
        if let Some(listening) = lock(&self.listening).take() {
            let _ = listening.join();
        }
    }

    /// Accepts connections again, after [`go_down`](FakeModel::go_down).
    pub fn come_back(&self) {
        let listener = TcpListener::bind(self.address).expect("the same port again");
        self.shop.closed.store(false, Ordering::SeqCst);
        *lock(&self.listening) = Some(listen(listener, Arc::clone(&self.shop)));
    }
}

impl Drop for FakeModel {
    fn drop(&mut self) {
        self.go_down();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn listen(listener: TcpListener, shop: Arc<Shop>) -> JoinHandle<()> {
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            if shop.closed.load(Ordering::SeqCst) {
                return;
            }
            let shop = Arc::clone(&shop);
            // What a client does to its connection is the client's affair.
            thread::spawn(move || shop.serve(stream));
        }
    })
}

impl Shop {
    fn serve(&self, mut stream: TcpStream) -> io::Result<()> {
        let received = receive(&mut stream)?;
        if received.method == "GET" {
            let list = Protocol::list(&received, MODEL).to_string();
            return respond(stream, &received, Answer::http(200, &[], &list));
        }
        if received.path.ends_with("/api/show") {
            return respond(stream, &received, Answer::http(200, &[], "{}"));
        }
        let number = self.begin(&received);
        let answer = late((self.answers)(&received, number));
        self.end(&received, &answer);
        if !answer.resets() {
            stream.read_exact(&mut [0])?;
        }
        respond(stream, &received, answer)
    }

    /// Counts a request that came in, and gives its number.
    fn begin(&self, received: &Received) -> usize {
        let mut counts = lock(&self.counts);
        counts.requests.push(received.clone());
        counts.open += 1;
        counts.tally.calls += 1;
        counts.tally.most_at_once = counts.tally.most_at_once.max(counts.open);
        counts.requests.len() - 1
    }

    /// Counts an answer that is about to begin, so that nobody can ask again before.
    fn end(&self, received: &Received, answer: &Answer) {
        let mut counts = lock(&self.counts);
        counts.open -= 1;
        if let Answer::Reply { text, usage, .. } = answer {
            let (input, output) = tokens(received, text, *usage);
            counts.tally.input += input;
            counts.tally.output += output;
        }
    }
}

/// Waits as long as the answer is late.
fn late(answer: Answer) -> Answer {
    match answer {
        Answer::Late(pause, answer) => {
            thread::sleep(pause);
            late(*answer)
        }
        answer => answer,
    }
}

fn respond(mut stream: TcpStream, received: &Received, answer: Answer) -> io::Result<()> {
    match answer {
        Answer::Reply {
            text,
            finish,
            usage,
        } if Protocol::of(received).streams(received) => {
            let protocol = Protocol::of(received);
            stream.write_all(&protocol.stream_head())?;
            for piece in protocol.stream(received, &text, &finish, usage) {
                stream.write_all(&chunk(&piece))?;
            }
            stream.write_all(&chunk(""))
        }
        Answer::Reply {
            text,
            finish,
            usage,
        } => {
            let body = Protocol::of(received).whole(received, &text, &finish, usage);
            write_response(
                &mut stream,
                200,
                &["content-type: application/json".into()],
                &body.to_string(),
            )
        }
        Answer::Http {
            status,
            headers,
            body,
        } => write_response(&mut stream, status, &headers, &body),
        Answer::Refusal {
            status,
            headers,
            message,
            code,
        } => {
            let body = Protocol::of(received).error(&message, &code).to_string();
            write_response(&mut stream, status, &headers, &body)
        }
        Answer::Spoilt { text, spoil } => {
            let steps = Protocol::of(received).spoilt(received, &text, spoil);
            respond(stream, received, Answer::Steps(steps))
        }
        Answer::Steps(steps) => steps
            .into_iter()
            .try_for_each(|step| take_step(&mut stream, step)),
        Answer::Late(_, answer) => respond(stream, received, *answer),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_comes_back_where_it_was() {
        let model = FakeModel::start([Answer::text("x")]);
        let address = model.address;
        model.go_down();
        assert!(TcpStream::connect(address).is_err());
        model.come_back();
        assert!(TcpStream::connect(address).is_ok());
    }
}
