//! Requests over HTTP: the only place that knows ureq.
//!
//! Every request is bounded in time and size, goes to exactly the endpoint named (no redirects), and never through
//! a proxy to this machine itself. Compression is neither asked for nor accepted, so that sizes are true.
//! Idle time is watched by [`idle`](crate::idle), because ureq's own limit per read also bounds the wait for the headers.

mod early;

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::time::{Duration, Instant, SystemTime};

use lr_turn::Kind;
use ureq::http::{self, HeaderMap};
use ureq::tls::{RootCerts, TlsConfig};
use ureq::unversioned::resolver::DefaultResolver;
use ureq::unversioned::transport::{Connector, DefaultConnector};
use ureq::{Agent, Timeout};

use self::early::EarlyAnswers;
use crate::endpoint::Endpoint;
use crate::exchange::{Spent, TimeLimits};
use crate::failure::{Failure, Hints, Retry};
use crate::idle::{Idle, IdleWatch};
use crate::key::Key;
use crate::retry;
use crate::source::{Framing, Source};
use crate::wire::Protocol;

/// What to do where a connection through a proxy fails.
const SEE_PROXY: &str =
    "a proxy is in use: see the variables HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY";

/// What a request needs beside its body.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Target<'a> {
    /// Whether the model may ask for tools.
    pub(crate) has_tools: bool,
    pub(crate) endpoint: &'a Endpoint,
    /// Below the endpoint's base.
    pub(crate) path: &'a str,
    /// What is spoken there.
    pub(crate) protocol: Protocol,
    /// Headers beside the key's, by their names.
    pub(crate) headers: &'a BTreeMap<String, String>,
    /// The header that brings the key.
    pub(crate) key_header: &'a str,
    pub(crate) key: Option<&'a Key>,
    /// `whole` is what is left of it for this request.
    pub(crate) limits: TimeLimits,
    /// The most bytes the response's body may have.
    pub(crate) max_bytes: u64,
}

/// A response whose head has been read.
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) hints: Hints,
    /// Its read errors are understood by [`broken`].
    pub(crate) body: Body,
}

/// Sends a JSON body and waits for the head of the response, whatever its status.
pub(crate) fn post(target: &Target<'_>, body: &[u8]) -> Result<Response, Failure> {
    let request = request(target, http::Method::POST).header("content-type", "application/json");
    send(target, request.body(body))
}

/// Asks for a resource and waits for the head of the response, whatever its status.
pub(crate) fn get(target: &Target<'_>) -> Result<Response, Failure> {
    send(target, request(target, http::Method::GET).body(()))
}

fn request(target: &Target<'_>, method: http::Method) -> http::request::Builder {
    let mut request = http::Request::builder()
        .method(method)
        .uri(target.endpoint.url(target.path))
        .header("accept-encoding", "identity");
    for (name, value) in target.headers {
        request = request.header(name, value);
    }
    match target.key {
        Some(key) => {
            let header = key.header(target.key_header);
            request.header(header, format!("{}{}", key_scheme(header), key.expose()))
        }
        None => request,
    }
}

/// What stands before the key in its header.
pub(crate) fn key_scheme(header: &str) -> &'static str {
    if header.eq_ignore_ascii_case("authorization") {
        "Bearer "
    } else {
        ""
    }
}

fn send<B: ureq::AsSendBody>(
    target: &Target<'_>,
    request: http::Result<http::Request<B>>,
) -> Result<Response, Failure> {
    let agent = agent(target);
    let failed = |error| {
        let failure = failure(error, target.endpoint, target.limits);
        if agent.config().proxy().is_some() && failure.kind == Kind::Network {
            return failure.hint(SEE_PROXY);
        }
        failure
    };
    let request = request.map_err(|error| failed(error.into()))?;
    let response = agent.run(request).map_err(failed)?;
    let (head, body) = response.into_parts();
    let host = target.endpoint;
    let is_compressed = is_compressed(&head.headers);
    if is_compressed && head.status.is_success() {
        let message = format!("the answer of '{host}' is compressed, which was not asked for");
        return Err(Failure::new(Kind::Malformed, message));
    }
    let watch = IdleWatch::start(|| agent.shutdown())
        .map_err(|error| Failure::new(Kind::Io, format!("cannot start a thread: {error}")))?;
    // Of a failure the status says enough.
    let max_bytes = if is_compressed { 0 } else { target.max_bytes };
    let reader = body.into_with_config().limit(max_bytes).reader();
    Ok(Response {
        status: head.status.as_u16(),
        hints: hints(&head.headers),
        body: Body {
            framing: framing(&head.headers),
            reader,
            watch,
            idle: target.limits.idle,
            end: None,
        },
    })
}

/// An agent of its own for every request, so that ending one ends no other.
fn agent(target: &Target<'_>) -> Agent {
    let tls = TlsConfig::builder()
        .root_certs(RootCerts::PlatformVerifier)
        .build();
    let limits = target.limits;
    let config = Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .user_agent(concat!("lr-llm/", env!("CARGO_PKG_VERSION")))
        .tls_config(tls)
        .timeout_resolve(Some(limits.connect))
        .timeout_connect(Some(limits.connect))
        .timeout_send_request(Some(limits.first_byte))
        .timeout_send_body(Some(limits.first_byte))
        .timeout_recv_response(Some(limits.first_byte))
        .timeout_global(Some(limits.whole));
    let config = if target.endpoint.is_loopback() {
        config.proxy(None)
    } else {
        config
    };
    let connector = DefaultConnector::new().chain(EarlyAnswers);
    Agent::with_parts(config.build(), connector, DefaultResolver::default())
}

fn is_compressed(headers: &HeaderMap) -> bool {
    let encoding = headers.get("content-encoding");
    encoding.is_some_and(|name| !name.as_bytes().eq_ignore_ascii_case(b"identity"))
}

/// What the head says about the bytes of a body.
fn framing(headers: &HeaderMap) -> Framing {
    let media_type = headers.get("content-type");
    let media_type = media_type.and_then(|value| value.to_str().ok());
    let is_named = |media_type: &str| media_type.contains("ndjson") || media_type.contains("jsonl");
    Framing {
        is_lines: media_type.is_some_and(is_named),
        is_bounded: ["content-length", "transfer-encoding"]
            .iter()
            .any(|name| headers.contains_key(*name)),
    }
}

fn hints(headers: &HeaderMap) -> Hints {
    let text = |name: &str| headers.get(name)?.to_str().ok();
    let texts = headers.iter();
    let texts = texts.filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)));
    Hints {
        retry_after: retry::retry_after(
            text("retry-after-ms"),
            text("retry-after"),
            SystemTime::now(),
        ),
        reset: retry::reset_after(texts, SystemTime::now()),
        should_retry: text("x-should-retry").and_then(|word| word.parse().ok()),
        location: text("location").map(crate::wire::complaint::one_line),
    }
}

/// The body of a response, as it comes.
pub(crate) struct Body {
    reader: ureq::BodyReader<'static>,
    watch: IdleWatch,
    idle: Duration,
    framing: Framing,
    /// When there is no more waiting, whatever signs of life there are.
    end: Option<Instant>,
}

impl Source for Body {
    fn framing(&self) -> Framing {
        self.framing
    }

    fn wait_at_most(&mut self, longest: Option<Duration>) {
        self.end = longest.map(|longest| Instant::now() + longest);
    }
}

impl Read for Body {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = |end: Instant| end.saturating_duration_since(Instant::now());
        let limit = self.end.map_or(self.idle, |end| left(end).min(self.idle));
        self.watch.during(limit, || self.reader.read(buffer))
    }
}

/// Says why a body could not be read to its end.
pub(crate) fn broken(error: io::Error, target: &Target<'_>) -> Failure {
    let host = target.endpoint;
    if is::<Idle>(&error) {
        let seconds = target.limits.idle.as_secs_f64();
        return timed_out(
            format!("nothing more from '{host}' for {seconds} s"),
            "--idle-timeout",
        );
    }
    if error.kind() == io::ErrorKind::InvalidData && !is::<ureq::Error>(&error) {
        return Failure::new(
            Kind::Malformed,
            format!("the answer of '{host}' cannot be read: {error}"),
        );
    }
    failure(error.into(), host, target.limits)
}

/// Whether an error of reading is one of ours, or of the library, in disguise.
fn is<E: std::error::Error + 'static>(error: &io::Error) -> bool {
    let inner = error.get_ref().map(|inner| inner as &dyn std::error::Error);
    inner.is_some_and(<dyn std::error::Error>::is::<E>)
}

fn failure(error: ureq::Error, host: &Endpoint, limits: TimeLimits) -> Failure {
    match error {
        ureq::Error::Timeout(which) => timeout(which, host, limits),
        ureq::Error::HostNotFound => {
            Failure::new(Kind::Network, format!("host not found: '{host}'"))
        }
        ureq::Error::Io(error) => disconnected(&error, host),
        ureq::Error::BodyExceedsLimit(limit) => {
            let mebibytes = limit >> 20;
            Failure::new(
                Kind::Malformed,
                format!("the answer of '{host}' is larger than {mebibytes} MiB"),
            )
            .having_spent(Spent::default())
        }
        ureq::Error::Protocol(_) | ureq::Error::LargeResponseHeader(..) => Failure::new(
            Kind::Malformed,
            format!("the answer of '{host}' is not HTTP: {error}"),
        )
        .having_spent(Spent::default()),
        ureq::Error::ConnectProxyFailed(_) | ureq::Error::InvalidProxyUrl => Failure::new(
            Kind::Network,
            format!("no connection to '{host}' through the proxy: {error}"),
        ),
        _ => Failure::new(Kind::Network, format!("no connection to '{host}': {error}")),
    }
}

fn timeout(which: Timeout, host: &Endpoint, limits: TimeLimits) -> Failure {
    match which {
        Timeout::Resolve | Timeout::Connect => {
            let seconds = limits.connect.as_secs_f64();
            let message = format!("no connection to '{host}' within {seconds} s");
            Failure::new(Kind::Network, message).retry(Retry::Backoff)
        }
        Timeout::SendRequest | Timeout::SendBody | Timeout::RecvResponse => {
            let seconds = limits.first_byte.as_secs_f64();
            timed_out(
                format!("no answer from '{host}' within {seconds} s"),
                "--first-byte-timeout",
            )
        }
        _ => timed_out(
            format!("'{host}' was not done within the time limit"),
            "--timeout",
        ),
    }
}

/// A model may be at work, and paid for, when time runs out; so such a request is not sent again.
fn timed_out(message: String, option: &str) -> Failure {
    Failure::new(Kind::TimedOut, message)
        .hint(format!("'{option} SECONDS' gives it more time"))
        .having_spent(Spent::default())
}

fn disconnected(error: &io::Error, host: &Endpoint) -> Failure {
    let text = error.to_string();
    if text.starts_with("failed to lookup address") {
        let failure = Failure::new(Kind::Network, format!("host not found: '{host}'"));
        // Of all the resolver's answers only this one may be another in a moment.
        let temporary = text.contains("Temporary failure");
        return if temporary {
            failure.retry(Retry::Backoff)
        } else {
            failure
        };
    }
    let refused = error.kind() == io::ErrorKind::ConnectionRefused;
    if refused && host.is_loopback() {
        let message = format!("nothing listens on '{host}'");
        return Failure::new(Kind::Network, message)
            .hint("start the server, such as 'ollama serve'")
            .retry(Retry::WhenBack);
    }
    if error.kind() == io::ErrorKind::InvalidData {
        return insecure(&text, host);
    }
    let message = if refused {
        format!("connection refused by '{host}'")
    } else {
        format!("the connection to '{host}' broke: {text}")
    };
    let failure = Failure::new(Kind::Network, message).retry(Retry::Backoff);
    if is_before_the_request(error.kind()) {
        return failure;
    }
    failure.having_spent(Spent::default())
}

/// Says why there is no secure connection, in words for what is wrong with a certificate most often.
fn insecure(text: &str, host: &Endpoint) -> Failure {
    const TRUST: &str = "SSL_CERT_FILE=FILE names more certificates to trust";
    let problems = [
        (
            "not valid for name",
            "its certificate is for another host",
            None,
        ),
        ("certificate expired", "its certificate has expired", None),
        (
            "not valid yet",
            "its certificate is not valid yet",
            Some("see whether the clock is right"),
        ),
        (
            "UnknownIssuer",
            "nobody that is trusted vouches for its certificate",
            Some(TRUST),
        ),
        (
            "CaUsedAsEndEntity",
            "nobody that is trusted vouches for its certificate",
            Some(TRUST),
        ),
        (
            "InvalidContentType",
            "it does not speak TLS",
            Some("see whether the base URL is right: http:// instead of https://"),
        ),
    ];
    let known = problems.into_iter().find(|(name, ..)| text.contains(name));
    let (reason, hint) = known.map_or((text, None), |(_, reason, hint)| (reason, hint));
    let message = format!("no secure connection to '{host}': {reason}");
    let failure = Failure::new(Kind::Network, message);
    match hint {
        Some(hint) => failure.hint(hint),
        None => failure,
    }
}

/// Whether a connection broke before a request can have gone through it.
fn is_before_the_request(kind: io::ErrorKind) -> bool {
    matches!(
        kind,
        io::ErrorKind::ConnectionRefused
            | io::ErrorKind::HostUnreachable
            | io::ErrorKind::NetworkUnreachable
            | io::ErrorKind::NetworkDown
            | io::ErrorKind::AddrNotAvailable
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_host_that_was_judged_is_the_host_that_is_asked(
            url in "https?://(a|b\\.c|127\\.0\\.0\\.1|\\[::1\\]|:80|[@:0-9\\\\/?#%\\[\\] -]){1,4}"
        ) {
            if let Ok(endpoint) = Endpoint::parse(&url)
                && let Ok(uri) = endpoint.url("/x").parse::<http::Uri>()
            {
                let port = uri.port_u16().unwrap_or(if url.starts_with("https") { 443 } else { 80 });
                let asked = format!("{}://{}:{port}", uri.scheme_str().unwrap(), uri.host().unwrap());
                let judged = Endpoint::parse(&asked).unwrap();
                prop_assert_eq!(judged.origin(), endpoint.origin());
            }
        }
    }
}
