//! What the fake model does about a request: replies, failures, and answers that are spelled out byte for byte.

use std::time::Duration;

use serde_json::json;

use crate::spoil::Spoil;

/// What the server does about one request.
#[derive(Debug, Clone)]
pub enum Answer {
    /// A reply, streamed if that was asked for.
    Reply {
        /// The content.
        text: String,
        /// The finish reason.
        finish: String,
        /// What it says that it took.
        usage: Usage,
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
    /// A response that is not a success, in the words of the protocol.
    Refusal {
        /// The status code.
        status: u16,
        /// Lines such as `retry-after: 2`.
        headers: Vec<String>,
        /// What is said to a person.
        message: String,
        /// What is said to a program.
        code: String,
    },
    /// A reply that is spoilt on its way.
    Spoilt {
        /// The content.
        text: String,
        /// How.
        spoil: Spoil,
    },
    /// Exactly these bytes and pauses, from the status line on; then the connection is closed.
    Steps(Vec<Step>),
    /// Another answer, after a while.
    Late(Duration, Box<Answer>),
}

/// What a reply says that it took.
#[derive(Debug, Clone, Copy)]
pub enum Usage {
    /// A token for each four bytes, in and out.
    Counted,
    /// These tokens, whatever was said.
    Tokens {
        /// Of the prompt.
        input: u64,
        /// Of the reply.
        output: u64,
        /// What is charged for them in US dollars, if the provider says so.
        cost: Option<f64>,
    },
    /// Nothing.
    Untold,
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
            usage: Usage::Counted,
        }
    }

    /// The same reply, saying that it took this.
    #[must_use]
    pub fn taking(self, usage: Usage) -> Answer {
        match self {
            Answer::Reply { text, finish, .. } => Answer::Reply {
                text,
                finish,
                usage,
            },
            other => other,
        }
    }

    /// The same answer, begun after a while.
    #[must_use]
    pub fn after(self, pause: Duration) -> Answer {
        Answer::Late(pause, Box::new(self))
    }

    /// A response that is not a success, with a message as providers send it.
    pub fn error(status: u16, message: &str) -> Answer {
        Answer::http(
            status,
            &[],
            &json!({"error": {"message": message, "type": "error"}}).to_string(),
        )
    }

    /// A response that is not a success, in the words of the protocol.
    pub fn refusal(status: u16, headers: &[&str], message: &str, code: &str) -> Answer {
        Answer::Refusal {
            status,
            headers: headers.iter().map(|&line| line.to_owned()).collect(),
            message: message.to_owned(),
            code: code.to_owned(),
        }
    }

    /// A reply that is spoilt on its way.
    pub fn spoilt(text: &str, spoil: Spoil) -> Answer {
        Answer::Spoilt {
            text: text.to_owned(),
            spoil,
        }
    }

    /// Any response with a length.
    pub fn http(status: u16, headers: &[&str], body: &str) -> Answer {
        Answer::Http {
            status,
            headers: headers.iter().map(|&line| line.to_owned()).collect(),
            body: body.to_owned(),
        }
    }

    pub(crate) fn resets(&self) -> bool {
        match self {
            Answer::Steps(steps) => steps.iter().any(|step| matches!(step, Step::Reset)),
            Answer::Spoilt { spoil, .. } => *spoil == Spoil::Reset,
            Answer::Late(_, answer) => answer.resets(),
            _ => false,
        }
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
