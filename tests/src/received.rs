//! A request to the fake model, as it came in.

use std::io::{self, Read};
use std::net::TcpStream;

use serde_json::Value;

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

    /// The blocks that the last message shows, as path and text; they are at least as long as the default's markers.
    pub fn files(&self) -> Vec<(String, String)> {
        let mut files = Vec::new();
        let mut lines = self.question().lines();
        while let Some(line) = lines.next() {
            let path = line.trim_matches('<').trim();
            if !line.starts_with("<<<<") || !line.ends_with("<<<<") || path.is_empty() {
                continue;
            }
            let block = lines
                .by_ref()
                .take_while(|line| !line.starts_with(">>>>>>>>"));
            let text = block.fold(String::new(), |text, line| text + line + "\n");
            files.push((path.to_owned(), text));
        }
        files
    }
}

/// Reads a request, but for the last byte of its body, which is only looked at: a connection that is closed while
/// something is unread is reset.
pub(crate) fn receive(stream: &mut TcpStream) -> io::Result<Received> {
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_files_of_a_question_are_found_in_it() {
        let question = "Some files\n<<<< a.txt <<<<\none\n>>>>>>>>\n<<<<< b c <<<<<\n>> x\n>>>>>>>>>\n<<<<<<<<\nls\n>>>>>>>>\n";
        let received = Received {
            method: "POST".into(),
            path: String::new(),
            headers: Vec::new(),
            body: json!({"messages": [{"role": "user", "content": question}]}),
        };
        let pair = |path: &str, text: &str| (path.to_owned(), text.to_owned());
        assert_eq!(
            received.files(),
            [pair("a.txt", "one\n"), pair("b c", ">> x\n")]
        );
    }
}
