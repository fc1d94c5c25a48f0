//! What a server may do wrong, by the names of the fault catalogue, and what must come of it.

#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "a test fails by panicking, and looks at the program from outside"
)]

mod support;

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use lr_tests::fake_model::{Answer, FakeModel, Step, chunk, end, part, stream_head};
use support::{KEY, ask, program, run, turn};

/// Answers a turn by a script and gives `error.kind`, or `reply.finish`, and how many requests were sent.
fn outcome(script: Vec<Answer>, args: &[&str]) -> (String, usize) {
    let model = FakeModel::start(script);
    let outcome = ask(&model, args, Some(&turn("hello")));
    let turn = outcome.turn();
    let word = match turn["error"]["kind"].as_str() {
        Some(kind) => {
            assert_eq!(outcome.status, 3, "{outcome:?}");
            assert!(turn["reply"].is_null(), "{outcome:?}");
            kind
        }
        None => turn["reply"]["finish"].as_str().unwrap_or("no finish"),
    };
    (word.to_owned(), model.requests().len())
}

#[track_caller]
fn check(name: &str, script: Vec<Answer>, expected: &str, requests: usize) {
    assert_eq!(
        outcome(script, &["--retries", "1"]),
        (expected.to_owned(), requests),
        "{name}"
    );
}

/// A status that may pass, without a wait.
fn soon(status: u16) -> Answer {
    Answer::http(status, &["retry-after: 0"], "")
}

#[test]
fn refusals_are_not_tried_again() {
    check("401", vec![Answer::error(401, "bad key")], "auth", 1);
    check("403", vec![Answer::error(403, "no")], "auth", 1);
    check(
        "404",
        vec![Answer::error(404, "no such route")],
        "bad_request",
        1,
    );
    check(
        "404-model",
        vec![Answer::error(404, "model 'x' not found")],
        "model_not_found",
        1,
    );
    check("400", vec![Answer::error(400, "bad")], "bad_request", 1);
    check(
        "400-context-length",
        vec![Answer::error(400, "maximum context length is 8192 tokens")],
        "context_length",
        1,
    );
    check("413", vec![Answer::http(413, &[], "")], "context_length", 1);
    check("402", vec![Answer::error(402, "pay")], "quota", 1);
    check(
        "429-quota",
        vec![Answer::error(429, "You exceeded your current quota")],
        "quota",
        1,
    );
}

#[test]
fn what_may_pass_is_tried_again() {
    let ok = || Answer::text("fine");
    check("429-retry-after", vec![soon(429), ok()], "stop", 2);
    check("429", vec![soon(429)], "rate_limited", 2);
    for status in [500, 502, 503, 529, 409] {
        check("5xx", vec![soon(status), ok()], "stop", 2);
    }
    check("408", vec![soon(408)], "timed_out", 2);
    check(
        "502-html",
        vec![Answer::http(
            502,
            &["retry-after: 0"],
            "<html><h1>Bad Gateway</h1></html>",
        )],
        "provider",
        2,
    );
    check(
        "429-junk",
        vec![Answer::http(429, &["retry-after: soon"], ""), ok()],
        "stop",
        2,
    );
    check(
        "close-before-headers",
        vec![Answer::Steps(vec![]), ok()],
        "stop",
        2,
    );
    let date = Answer::http(429, &["retry-after: Thu, 01 Jan 1970 00:00:00 GMT"], "");
    check("429-date", vec![date, ok()], "stop", 2);
    let script = vec![soon(500), soon(500), soon(500), ok()];
    assert_eq!(
        outcome(script, &[]),
        ("stop".into(), 4),
        "four attempts at most"
    );
}

#[test]
fn a_wait_that_is_too_long_is_not_waited() {
    let day = vec![Answer::http(429, &["retry-after: 86400"], "")];
    check("429-day", day, "rate_limited", 1);
}

#[test]
fn waiting_is_said() {
    let model = FakeModel::start([
        Answer::http(429, &["retry-after-ms: 20"], "slow down"),
        Answer::text("fine"),
    ]);
    let outcome = ask(&model, &["hi"], None);
    assert_eq!(outcome.stdout, "fine\n");
    let host = model.url().replace("http://", "").replace("/v1", "");
    assert_eq!(
        outcome.stderr,
        format!(
            "lr-llm: too many requests for '{host}' (HTTP 429): slow down; attempt 2 of 4 in 0.0 s\n"
        )
    );
}

#[test]
fn stalls_end_at_the_limit_and_are_not_tried_again() {
    let limits = |option| ["--retries", "3", option, "0.2"];
    let hang = |bytes: Vec<u8>| vec![Answer::Steps(vec![Step::Send(bytes), Step::Hang])];
    let mid = [stream_head(), chunk(&format!("data: {}\n\n", part("he")))].concat();
    let stalled = ("timed_out".to_owned(), 1);
    assert_eq!(
        outcome(hang(vec![]), &limits("--first-byte-timeout")),
        stalled,
        "stall-before-headers"
    );
    assert_eq!(
        outcome(hang(stream_head()), &limits("--idle-timeout")),
        stalled,
        "stall-after-headers"
    );
    assert_eq!(
        outcome(hang(mid), &limits("--idle-timeout")),
        stalled,
        "stall-mid-stream"
    );
    assert_eq!(
        outcome(hang(vec![]), &limits("--timeout")),
        stalled,
        "stall-whole"
    );
    let unframed = b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\ndata: ".to_vec();
    assert_eq!(
        outcome(hang(unframed), &limits("--idle-timeout")),
        stalled,
        "stall-without-length"
    );
}

#[test]
fn a_drip_ends_at_the_whole_limit() {
    let mut steps = vec![Step::Send(stream_head())];
    for _ in 0..100 {
        steps.extend([
            Step::Send(chunk(": alive\n\n")),
            Step::Pause(Duration::from_millis(20)),
        ]);
    }
    let drip = vec![Answer::Steps(steps)];
    assert_eq!(
        outcome(drip, &["--timeout", "0.3"]),
        ("timed_out".into(), 1)
    );
}

#[test]
fn slow_headers_are_not_idleness_and_comments_are_signs_of_life() {
    let mut steps = vec![
        Step::Pause(Duration::from_millis(600)),
        Step::Send(stream_head()),
    ];
    for _ in 0..6 {
        steps.extend([
            Step::Pause(Duration::from_millis(100)),
            Step::Send(chunk(": alive\n\n")),
        ]);
    }
    steps.push(Step::Send(chunk(&format!(
        "data: {}\n\ndata: {}\n\n",
        part("hi"),
        end("stop")
    ))));
    let slow = vec![Answer::Steps(steps)];
    assert_eq!(
        outcome(slow, &["--idle-timeout", "0.4"]),
        ("stop".into(), 1)
    );
}

#[test]
fn a_stream_without_a_finish_reason_is_cut() {
    let half = part("half");
    let cut = |last| Answer::stream(&[&half], last);
    check("sse-cut-clean", vec![cut(None)], "cut_reply", 2);
    check("sse-cut-rst", vec![cut(Some(Step::Reset))], "network", 2);
    let mid_event = [
        stream_head(),
        chunk(&format!("data: {half}\n\ndata: {{\"choi")),
        chunk(""),
    ]
    .concat();
    check(
        "sse-cut-mid-event",
        vec![Answer::Steps(vec![Step::Send(mid_event)])],
        "cut_reply",
        2,
    );
    check(
        "sse-done-without-finish",
        vec![Answer::stream(&[&half, "[DONE]"], None)],
        "cut_reply",
        2,
    );
    let short = b"HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n{\"choices\":".to_vec();
    check(
        "close-mid-body",
        vec![Answer::Steps(vec![Step::Send(short)])],
        "network",
        2,
    );
}

#[test]
fn a_finish_reason_completes_a_stream_whatever_follows() {
    let (text, end) = (part("whole"), end("stop"));
    check(
        "sse-no-done",
        vec![Answer::stream(&[&text, &end], None)],
        "stop",
        1,
    );
    check(
        "sse-no-done-cut",
        vec![Answer::stream(&[&text, &end], Some(Step::Send(vec![])))],
        "stop",
        1,
    );
}

#[test]
fn a_server_that_keeps_the_stream_open_behind_the_end_does_not_hold_us() {
    let events = [
        &part("hi"),
        &end("stop"),
        r#"{"choices":[],"usage":{"prompt_tokens":9}}"#,
    ]
    .map(|data| chunk(&format!("data: {data}\n\n")));
    let mut steps = vec![Step::Send([stream_head(), events.concat()].concat())];
    for _ in 0..100 {
        steps.extend([
            Step::Send(chunk(": alive\n\n")),
            Step::Pause(Duration::from_millis(100)),
        ]);
    }
    let model = FakeModel::start([Answer::Steps(steps)]);
    let outcome = ask(&model, &["--timeout", "9"], Some(&turn("hello")));
    assert_eq!(outcome.status, 0, "{outcome:?}");
    let reply = &outcome.turn()["reply"];
    assert_eq!(
        (&reply["finish"], &reply["usage"]["input"]),
        (&"stop".into(), &9.into())
    );
    assert!(reply["seconds"].as_f64().unwrap() < 9.0, "{reply}");
}

#[test]
fn every_finish_reason_is_told() {
    for (reason, finish, status) in [
        ("stop", "stop", 0),
        ("length", "length", 3),
        ("content_filter", "filter", 3),
        ("tool_calls", "tool", 3),
        ("tired", "unknown", 0),
    ] {
        let model = FakeModel::start([Answer::finished("some text", reason)]);
        let outcome = ask(&model, &[], Some(&turn("hello")));
        let turn = outcome.turn();
        assert_eq!(
            (turn["reply"]["finish"].as_str(), outcome.status),
            (Some(finish), status),
            "{outcome:?}"
        );
        assert_eq!(turn["reply"]["text"], "some text");
    }
}

/// A success with this body.
fn body(body: &str) -> Vec<Answer> {
    vec![Answer::http(200, &["content-type: application/json"], body)]
}

/// A success whose reply is this message.
fn message(message: &str) -> Vec<Answer> {
    body(&format!(
        r#"{{"choices":[{{"message":{message},"finish_reason":"stop"}}]}}"#
    ))
}

#[test]
fn a_success_without_text_is_an_error() {
    check("empty", message(r#"{"content":""}"#), "empty_reply", 1);
    check(
        "null-content",
        message(r#"{"content":null}"#),
        "empty_reply",
        1,
    );
    check(
        "reasoning-only",
        message(r#"{"content":"","reasoning":"hm"}"#),
        "empty_reply",
        1,
    );
    check(
        "think-only",
        message(r#"{"content":"<think>hm"}"#),
        "empty_reply",
        1,
    );
    let calls = r#"{"content":null,"tool_calls":[{"id":"1"}]}"#;
    check("tool-calls-only", message(calls), "empty_reply", 1);
}

#[test]
fn a_success_that_cannot_be_read_is_an_error() {
    let raw = |bytes: &[u8]| vec![Answer::Steps(vec![Step::Send(bytes.to_vec())])];
    let not_utf8 = b"HTTP/1.1 200 OK\r\n\r\n{\"choices\":\"\xff\"}";
    for (name, script) in [
        ("no-body", body("")),
        ("no-choices", body("{}")),
        ("200-html", body("<html><title>Sign in</title></html>")),
        ("invalid-json", body("{\"choices\": [")),
        ("deep-json", body(&"[".repeat(100_000))),
        ("not-utf8", raw(not_utf8)),
        ("not-http", raw(b"SSH-2.0-OpenSSH\r\n\r\n")),
        ("sse-bad-json", vec![Answer::stream(&["{oops"], None)]),
    ] {
        check(name, script, "malformed_reply", 1);
    }
}

#[test]
fn an_error_inside_a_success_is_an_error() {
    let error = r#"{"error":{"message":"out of order","code":"odd"}}"#;
    check("200-error-body", body(error), "provider", 1);
    check(
        "sse-error-event",
        vec![Answer::stream(&[error], None)],
        "provider",
        1,
    );
    let overloaded = r#"{"error":{"message":"busy","code":503}}"#;
    check(
        "sse-error-event-that-may-pass",
        vec![Answer::stream(&[overloaded], None)],
        "provider",
        2,
    );
}

#[test]
fn what_is_too_large_is_refused() {
    let large = vec![Answer::http(
        200,
        &[],
        &format!("{{\"x\":\"{}\"}}", "x".repeat(17 << 20)),
    )];
    check("gigantic", large, "malformed_reply", 1);
    let (part, end) = (part(&"x".repeat(1 << 20)), end("stop"));
    let parts = [&[part.as_str(); 17][..], &[&end]].concat();
    let stream = vec![Answer::stream(&parts, None)];
    check("gigantic-stream", stream, "malformed_reply", 1);
    let gzip = vec![Answer::http(200, &["content-encoding: gzip"], "\u{1f}")];
    check("gzip-bomb", gzip, "malformed_reply", 1);
}

#[test]
fn redirects_are_not_followed() {
    let other = FakeModel::start([Answer::text("caught")]);
    for status in [301, 302, 303, 307, 308] {
        let location = format!("location: {}/chat/completions", other.url());
        let model = FakeModel::start([Answer::http(status, &[&location], "")]);
        let outcome = ask(&model, &[], Some(&turn("hello")));
        assert_eq!(outcome.turn()["error"]["kind"], "bad_request");
        assert!(
            outcome.stderr.contains("redirects are not followed"),
            "{outcome:?}"
        );
    }
    assert!(other.requests().is_empty());
}

#[test]
fn a_key_that_comes_back_is_redacted() {
    let echo = format!("invalid key {KEY}");
    let model = FakeModel::start([Answer::error(401, &echo)]);
    let outcome = ask(&model, &[], Some(&turn("hello")));
    let message = outcome.turn()["error"]["message"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(message.ends_with("invalid key [redacted]"), "{message}");

    let model = FakeModel::start([Answer::text(&format!("your key is {KEY}!"))]);
    assert_eq!(
        ask(&model, &["hi"], None).stdout,
        "your key is [redacted]!\n"
    );
    assert_eq!(
        model.requests()[0].header("authorization"),
        Some(format!("Bearer {KEY}").as_str())
    );
}

#[test]
fn nothing_a_server_says_commands_the_terminal() {
    let model = FakeModel::start([Answer::http(
        400,
        &[],
        "{\"error\":\"\\u001b[31mred\\u0007\"}",
    )]);
    let outcome = ask(&model, &["hi"], None);
    assert!(!outcome.stderr.contains(['\u{1b}', '\u{7}']), "{outcome:?}");
}

#[test]
fn a_server_that_is_not_there_is_named_with_a_hint() {
    let home = tempfile::tempdir().unwrap();
    let outcome = run(
        program(
            home.path(),
            &["--base-url", "http://127.0.0.1:1/v1", "-m", "m", "hi"],
        ),
        None,
    );
    assert_eq!(outcome.status, 3);
    assert_eq!(
        outcome.stderr,
        "lr-llm: nothing listens on '127.0.0.1:1'\nhint: start the server, such as 'ollama serve'\n"
    );
}

#[test]
fn a_key_is_not_sent_over_plain_http_to_another_machine() {
    let home = tempfile::tempdir().unwrap();
    let outcome = run(
        program(
            home.path(),
            &["--base-url", "http://192.0.2.1/v1", "-m", "m", "hi"],
        ),
        None,
    );
    assert_eq!(outcome.status, 2);
    assert!(
        outcome
            .stderr
            .starts_with("lr-llm: cannot send a key to '192.0.2.1' over plain http\n"),
        "{outcome:?}"
    );
}

#[test]
fn a_proxy_is_not_used_for_this_machine() {
    let model = FakeModel::start([Answer::text("direct")]);
    let home = tempfile::tempdir().unwrap();
    let url = model.url();
    let mut command = program(home.path(), &["--base-url", &url, "-m", "m", "hi"]);
    for name in ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "HTTPS_PROXY"] {
        command.env(name, "http://127.0.0.1:1");
    }
    assert_eq!(run(command, None).stdout, "direct\n");
}

#[test]
fn a_proxy_that_fails_is_not_taken_for_the_server_alone() {
    let home = tempfile::tempdir().unwrap();
    let args = [
        "--base-url",
        "https://192.0.2.1/v1",
        "-m",
        "m",
        "--retries",
        "0",
        "hi",
    ];
    let mut command = program(home.path(), &args);
    command.env("HTTPS_PROXY", "http://127.0.0.1:1");
    let outcome = run(command, None);
    assert_eq!(outcome.status, 3);
    assert!(
        outcome.stderr.contains("\nhint: a proxy is in use: "),
        "{outcome:?}"
    );
}

#[test]
fn a_server_without_tls_is_an_error_at_once() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://{}/v1", listener.local_addr().unwrap());
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        stream
            .write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            .unwrap();
    });
    let home = tempfile::tempdir().unwrap();
    let outcome = run(
        program(home.path(), &["--base-url", &url, "-m", "m", "hi"]),
        None,
    );
    server.join().unwrap();
    assert_eq!(outcome.status, 3);
    let host = url.replace("https://", "").replace("/v1", "");
    assert_eq!(
        outcome.stderr,
        format!(
            "lr-llm: no secure connection to '{host}': it does not speak TLS\n\
             hint: see whether the base URL is right: http:// instead of https://\n"
        )
    );
}

/// Serves one connection by `answer`, and gives its base URL.
fn serve(answer: impl FnOnce(TcpStream) + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/v1", listener.local_addr().unwrap());
    std::thread::spawn(move || answer(listener.accept().unwrap().0));
    url
}

#[test]
fn an_answer_that_comes_before_the_request_was_read_is_read() {
    let url = serve(|mut stream| {
        stream.read_exact(&mut [0; 1000]).unwrap();
        let body = r#"{"error":"no more than 1 MiB"}"#;
        let head = format!(
            "HTTP/1.1 413 Too Large\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        stream.write_all((head + body).as_bytes()).unwrap();
    });
    let home = tempfile::tempdir().unwrap();
    let args = ["--base-url", &url, "-m", "m", "--retries", "0"];
    let question = turn(&"x".repeat(8 << 20));
    let outcome = run(program(home.path(), &args), Some(&question));
    let error = &outcome.turn()["error"];
    assert_eq!(error["kind"], "context_length", "{}", outcome.stderr);
    assert!(
        outcome.stderr.contains(": no more than 1 MiB\n"),
        "{}",
        outcome.stderr
    );
}

#[test]
fn the_limit_on_time_holds_for_what_is_asked_beside_the_question() {
    let url = serve(|mut stream| {
        let _ = stream.read_to_end(&mut Vec::new());
    });
    let home = tempfile::tempdir().unwrap();
    let mut command = program(home.path(), &["--provider", "ollama", "--max-time", "0.3"]);
    command.env("OLLAMA_HOST", url.replace("/v1", ""));
    let outcome = run(command, Some(&turn("hello")));
    assert_eq!(outcome.turn()["error"]["kind"], "time", "{outcome:?}");
    assert_eq!(outcome.status, 4);
}

#[test]
fn a_model_whose_name_is_the_key_is_not_shown() {
    let url = serve(|mut stream| {
        let _ = stream.read(&mut [0; 4096]);
        let body = format!(r#"{{"data":[{{"id":"{KEY}"}}]}}"#);
        let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", body.len());
        stream.write_all((head + &body).as_bytes()).unwrap();
    });
    let home = tempfile::tempdir().unwrap();
    let args = ["--base-url", &url, "--list-models"];
    let shown = run(program(home.path(), &args), None).stdout;
    assert!(shown.ends_with("/[redacted]\n"), "{shown}");
}

#[test]
fn a_reply_that_was_interrupted_is_said_to_be_incomplete() {
    for (signal, status, said) in [("-INT", 130, "interrupted"), ("-TERM", 143, "terminated")] {
        let begun = [stream_head(), chunk(&format!("data: {}\n\n", part("half")))].concat();
        let model = FakeModel::start([Answer::Steps(vec![Step::Send(begun), Step::Hang])]);
        let home = tempfile::tempdir().unwrap();
        let url = model.url();
        let mut command = program(home.path(), &["--base-url", &url, "-m", "m", "hi"]);
        let mut child = command.spawn().unwrap();
        let mut shown = [0; 4];
        child
            .stdout
            .as_mut()
            .unwrap()
            .read_exact(&mut shown)
            .unwrap();
        let kill = std::process::Command::new("kill")
            .args([signal, &child.id().to_string()])
            .status();
        assert!(kill.unwrap().success());
        let output = child.wait_with_output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!((&shown, output.status.code()), (b"half", Some(status)));
        assert_eq!(
            stderr,
            format!("lr-llm: {said}: the reply is not complete\n")
        );
    }
}
