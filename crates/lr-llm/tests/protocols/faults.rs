//! Every fault that does not depend on a protocol, in each of the four, for a turn and for a question whose reply is
//! streamed: what comes of it, how often it was asked, and that nothing half is taken for whole.

use lr_tests::fake_model::{Answer, FakeModel, Spoil};

use crate::support::{KEY, turn};
use crate::{PROTOCOLS, ask, ask_again};

/// The text of replies that are spoilt, long enough to have a midst.
const TEXT: &str =
    "Hello, wörld! This is a reply 😀 of some length, so that there is a midst of it.";

/// A fault, and what must come of it.
struct Fault {
    name: &'static str,
    /// The first answer; a good one follows.
    answer: Answer,
    /// `error.kind`, or `reply.finish`.
    outcome: &'static str,
    /// How many requests were sent for a turn.
    requests: usize,
}

fn fault(name: &'static str, answer: Answer, outcome: &'static str, requests: usize) -> Fault {
    Fault {
        name,
        answer,
        outcome,
        requests,
    }
}

/// A refusal that is the end of it.
fn refused(name: &'static str, status: u16, code: &str, outcome: &'static str) -> Fault {
    let answer = Answer::refusal(status, &[], "what is wrong", code);
    fault(name, answer, outcome, 1)
}

/// A refusal after which the next attempt succeeds.
fn passing(name: &'static str, status: u16, headers: &[&str]) -> Fault {
    let answer = Answer::refusal(status, headers, "what is wrong", "odd");
    fault(name, answer, "stop", 2)
}

/// A success with this body, whatever was asked.
fn body(name: &'static str, text: &str, outcome: &'static str) -> Fault {
    let answer = Answer::http(200, &["content-type: application/json"], text);
    fault(name, answer, outcome, 1)
}

fn spoilt(name: &'static str, spoil: Spoil, outcome: &'static str, requests: usize) -> Fault {
    fault(name, Answer::spoilt(TEXT, spoil), outcome, requests)
}

fn refusals() -> Vec<Fault> {
    let long = Answer::refusal(400, &[], "maximum context length is 8", "odd");
    let quota = Answer::refusal(429, &[], "You exceeded your current quota", "odd");
    let unknown = Answer::refusal(404, &[], "model 'x' not found", "odd");
    let compressed = Answer::http(401, &["content-encoding: gzip"], "\u{1f}");
    let loop_back = Answer::http(302, &["location: /v1/chat/completions"], "");
    vec![
        refused("400", 400, "odd", "bad_request"),
        refused("401", 401, "odd", "auth"),
        refused("402", 402, "odd", "quota"),
        refused("403", 403, "odd", "auth"),
        refused("404", 404, "odd", "bad_request"),
        refused("413", 413, "odd", "context_length"),
        refused("422", 422, "odd", "bad_request"),
        fault("400-context-length", long, "context_length", 1),
        fault("429-quota", quota, "quota", 1),
        fault("404-model", unknown, "model_not_found", 1),
        fault("401-gzip", compressed, "auth", 1),
        fault("redirect-loop", loop_back, "bad_request", 1),
        fault(
            "429-retry-after-day",
            Answer::refusal(429, &["retry-after: 86400"], "slow", "odd"),
            "rate_limited",
            1,
        ),
    ]
}

fn what_passes() -> Vec<Fault> {
    let soon = &["retry-after: 0"][..];
    let reset = &[
        "x-ratelimit-remaining-tokens: 0",
        "x-ratelimit-reset-tokens: 20ms",
    ];
    vec![
        passing("429-retry-after", 429, soon),
        passing("429-retry-after-ms", 429, &["retry-after-ms: 20"]),
        passing("429-retry-after-negative", 429, &["retry-after: -5"]),
        passing("429-reset", 429, reset),
        passing("500", 500, soon),
        passing("502", 502, soon),
        passing("503", 503, soon),
        passing("529", 529, soon),
        passing("408", 408, soon),
        passing("409", 409, soon),
        fault("close-before-headers", Answer::Steps(vec![]), "stop", 2),
    ]
}

fn bodies() -> Vec<Fault> {
    vec![
        body("no-body", "", "malformed_reply"),
        body("no-choices", "{}", "malformed_reply"),
        body(
            "200-html",
            "<html><title>Sign in</title></html>",
            "malformed_reply",
        ),
        body("invalid-json", "{\"choices\": [", "malformed_reply"),
        body("deep-json", &"[".repeat(100_000), "malformed_reply"),
        fault(
            "200-error-body",
            Answer::http(
                200,
                &[],
                "{\"error\": {\"message\": \"no\", \"code\": 500}}",
            ),
            "stop",
            2,
        ),
        body("200-error-text", "{\"error\": \"no\"}", "provider"),
        body(
            "200-error-object",
            "{\"object\": \"error\", \"message\": \"no\"}",
            "provider",
        ),
        fault(
            "gzip",
            Answer::http(200, &["content-encoding: gzip"], "\u{1f}"),
            "malformed_reply",
            1,
        ),
        fault("empty", Answer::text(""), "empty_reply", 1),
        fault("think-only", Answer::text("<think>hm"), "empty_reply", 1),
        fault(
            "finish-length",
            Answer::finished(TEXT, "length"),
            "length",
            1,
        ),
    ]
}

fn ways() -> Vec<Fault> {
    vec![
        spoilt("cut", Spoil::Cut, "malformed_reply", 1),
        spoilt("cut-inside", Spoil::CutInside, "malformed_reply", 1),
        spoilt("reset", Spoil::Reset, "stop", 2),
        spoilt("error", Spoil::Fail, "provider", 1),
        spoilt("unframed-cut", Spoil::UnframedCut, "stop", 2),
        spoilt("single-bytes", Spoil::Single, "stop", 1),
        spoilt("crlf", Spoil::CrLf, "stop", 1),
        spoilt("comments", Spoil::Comments, "stop", 1),
        spoilt("byte-order-mark", Spoil::ByteOrderMark, "stop", 1),
        spoilt("http-1.0", Spoil::Unframed, "stop", 1),
        spoilt("trailer", Spoil::Trailer, "stop", 1),
        spoilt("1xx", Spoil::Informed, "stop", 1),
    ]
}

fn server(fault: &Fault) -> FakeModel {
    FakeModel::start([fault.answer.clone(), Answer::text(TEXT)])
}

/// What is wrong about a turn, if anything is.
fn problem_of_a_turn(fault: &Fault, protocol: &str) -> Option<String> {
    let model = server(fault);
    let outcome = ask_again(&model, protocol, "1", &[], Some(&turn("hello")));
    let turn = outcome.turn();
    let word = turn["error"]["kind"]
        .as_str()
        .or(turn["reply"]["finish"].as_str());
    let is_whole = word == Some("stop");
    let is_right = word == Some(fault.outcome)
        && model.requests().len() == fault.requests
        && outcome.status == if is_whole { 0 } else { 3 }
        && (!is_whole || turn["reply"]["text"] == TEXT)
        && (is_whole || (1..=2).contains(&outcome.stderr.lines().count()));
    (!is_right).then(|| format!("{} of {protocol}: {outcome:?}", fault.name))
}

/// What is wrong about a question whose reply is streamed, if anything is: a part that was shown is not asked for again.
fn problem_of_a_question(fault: &Fault, protocol: &str) -> Option<String> {
    let model = server(fault);
    let outcome = ask_again(&model, protocol, "1", &["hello"], None);
    let whole = format!("{TEXT}\n");
    let shown = outcome.stdout.trim_end_matches('\n');
    let is_right = match outcome.status {
        0 => fault.outcome == "stop" && outcome.stdout == whole,
        3 => TEXT.starts_with(shown) && (fault.outcome != "stop" || !shown.is_empty()),
        _ => false,
    };
    (!is_right).then(|| format!("{} of {protocol}, streamed: {outcome:?}", fault.name))
}

#[track_caller]
fn check(faults: &[Fault]) {
    let problems = PROTOCOLS.map(|protocol| {
        std::thread::scope(|scope| {
            let threads = faults.iter().map(|fault| {
                scope.spawn(move || {
                    let turn = problem_of_a_turn(fault, protocol);
                    turn.into_iter()
                        .chain(problem_of_a_question(fault, protocol))
                        .collect()
                })
            });
            let threads: Vec<_> = threads.collect();
            let joined = threads.into_iter().map(std::thread::ScopedJoinHandle::join);
            let problems: Vec<Vec<String>> = joined.map(Result::unwrap).collect();
            problems.concat()
        })
    });
    let problems = problems.concat();
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn a_refusal_is_the_end_of_it_and_told_in_one_line() {
    check(&refusals());
}

#[test]
fn what_may_pass_is_asked_again() {
    check(&what_passes());
}

#[test]
fn a_success_that_is_none_is_an_error() {
    check(&bodies());
}

#[test]
fn whatever_happens_on_the_way_a_reply_is_whole_or_none() {
    check(&ways());
}

#[test]
fn a_stall_ends_at_the_limit() {
    for protocol in PROTOCOLS {
        let model = FakeModel::start([Answer::spoilt(TEXT, Spoil::Stall)]);
        let args = ["--idle-timeout", "0.2"];
        let outcome = ask(&model, protocol, &args, Some(&turn("hello")));
        assert_eq!(outcome.turn()["error"]["kind"], "timed_out", "{protocol}");
        assert_eq!(
            (outcome.status, model.requests().len()),
            (3, 1),
            "{protocol}"
        );
    }
}

#[test]
fn a_connection_that_stays_open_behind_a_streamed_reply_does_not_hold_us() {
    for protocol in PROTOCOLS {
        let model = FakeModel::start([Answer::spoilt(TEXT, Spoil::Open)]);
        let outcome = ask(&model, protocol, &["--idle-timeout", "20", "hello"], None);
        assert_eq!(
            outcome.stdout,
            format!("{TEXT}\n"),
            "{protocol}: {outcome:?}"
        );
    }
}

/// The key as servers may write it.
fn spellings() -> [(&'static str, String); 4] {
    let each = |form: fn(u8) -> String| KEY.bytes().map(form).collect();
    [
        ("as it is", KEY.to_owned()),
        ("percent-encoded", each(|byte| format!("%{byte:02X}"))),
        ("escaped as in JSON", each(|byte| format!("\\u{byte:04x}"))),
        ("in hexadecimal", each(|byte| format!("{byte:02x}"))),
    ]
}

#[test]
fn a_key_that_comes_back_is_not_shown_however_it_is_written() {
    for (name, written) in spellings() {
        for protocol in PROTOCOLS {
            let reply = Answer::text(&format!("it is {written}, isn't it?"));
            let model = FakeModel::start([reply]);
            let shown = ask(&model, protocol, &["hello"], None).stdout;
            assert_eq!(shown, "it is [redacted], isn't it?\n", "{protocol}, {name}");
            let refusal = Answer::refusal(401, &[], &format!("{written} is wrong"), "odd");
            let model = FakeModel::start([refusal]);
            let turn = ask(&model, protocol, &[], Some(&turn("hello"))).turn();
            let message = turn["error"]["message"].as_str().unwrap();
            assert!(
                message.ends_with(": [redacted] is wrong"),
                "{protocol}, {name}: {message}"
            );
        }
    }
}

#[test]
fn a_place_that_a_server_does_not_have_is_answered_with_how_base_urls_end() {
    for (protocol, end) in [
        ("chat", "it usually ends in '/v1'"),
        ("responses", "it usually ends in '/v1'"),
        ("messages", "it ends before '/v1' or '/api'"),
        ("ollama", "it ends before '/v1' or '/api'"),
    ] {
        let answers = [
            Answer::refusal(404, &[], "no such page", "odd"),
            Answer::http(200, &[], "<html>hello</html>"),
        ];
        for answer in answers {
            let outcome = ask(&FakeModel::start([answer]), protocol, &["hello"], None);
            let hint = format!("\nhint: see whether the base URL is right; {end}\n");
            assert!(outcome.stderr.ends_with(&hint), "{protocol}: {outcome:?}");
        }
    }
}
