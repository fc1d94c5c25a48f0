//! What is said in each protocol, and how what comes back is understood.

use lr_tests::fake_model::{Answer, FakeModel, Step, Usage, chunk};
use serde_json::{Value, json};

use crate::support::{self, KEY, turn};
use crate::{PROTOCOLS, ask};

fn each(check: impl Fn(&str)) {
    for protocol in PROTOCOLS {
        check(protocol);
    }
}

#[test]
fn a_question_is_answered_streamed_or_not() {
    each(|protocol| {
        for (args, streams) in [(&["hi"][..], true), (&["--no-stream", "hi"][..], false)] {
            let model = FakeModel::start([Answer::text("Hello, wörld!\n\nBye")]);
            let outcome = ask(&model, protocol, args, None);
            assert_eq!(
                (outcome.status, outcome.stdout.as_str()),
                (0, "Hello, wörld!\n\nBye\n"),
                "{protocol}: {outcome:?}"
            );
            assert_eq!(
                model.requests()[0].body["stream"] == true,
                streams,
                "{protocol}"
            );
        }
    });
}

#[test]
fn each_protocol_has_its_own_place_and_header_for_the_key() {
    for (protocol, path, header, value) in [
        (
            "chat",
            "/v1/chat/completions",
            "authorization",
            format!("Bearer {KEY}"),
        ),
        (
            "responses",
            "/v1/responses",
            "authorization",
            format!("Bearer {KEY}"),
        ),
        ("messages", "/v1/messages", "x-api-key", KEY.to_owned()),
        (
            "ollama",
            "/api/chat",
            "authorization",
            format!("Bearer {KEY}"),
        ),
    ] {
        let model = FakeModel::start([Answer::text("ok")]);
        ask(&model, protocol, &["hi"], None);
        let request = &model.requests()[0];
        assert_eq!(
            (request.path.as_str(), request.header(header)),
            (path, Some(value.as_str()))
        );
        assert_eq!(
            request.header("anthropic-version").is_some(),
            protocol == "messages"
        );
    }
}

#[test]
fn messages_and_wishes_are_said_in_each_protocols_words() {
    let args = [
        "-s",
        "rules",
        "--max-tokens",
        "9",
        "--temperature",
        "0.5",
        "--seed",
        "3",
        "--stop",
        "END",
        "--effort",
        "low",
        "--no-stream",
        "hi",
    ];
    let hi = json!([{"role": "user", "content": "hi"}]);
    let both = json!([{"role": "system", "content": "rules"}, {"role": "user", "content": "hi"}]);
    for (protocol, expected) in [
        (
            "chat",
            json!({"model": "m", "messages": both, "temperature": 0.5, "max_tokens": 9, "seed": 3, "stop": ["END"], "reasoning_effort": "low"}),
        ),
        (
            "responses",
            json!({"model": "m", "instructions": "rules", "input": hi, "store": false, "temperature": 0.5, "max_output_tokens": 9,
            "reasoning": {"effort": "low"}}),
        ),
        (
            "messages",
            json!({"model": "m", "system": "rules", "messages": hi, "max_tokens": 9, "temperature": 0.5, "stop_sequences": ["END"],
            "output_config": {"effort": "low"}}),
        ),
        (
            "ollama",
            json!({"model": "m", "messages": both, "stream": false, "truncate": false, "shift": false, "think": "low",
            "options": {"temperature": 0.5, "num_ctx": 4096, "num_predict": 9, "seed": 3, "stop": ["END"]}}),
        ),
    ] {
        let model = FakeModel::start([Answer::text("ok")]);
        let outcome = ask(&model, protocol, &args, None);
        assert_eq!(outcome.status, 0, "{outcome:?}");
        assert_eq!(model.requests()[0].body, expected, "{protocol}");
    }
}

#[test]
fn usage_and_the_reason_of_the_end_are_normalised() {
    each(|protocol| {
        for (finish, expected, status) in [("stop", "stop", 0), ("length", "length", 3)] {
            let usage = Usage::Tokens {
                input: 20,
                output: 4,
                cost: None,
            };
            let model = FakeModel::start([Answer::finished("text", finish).taking(usage)]);
            let outcome = ask(&model, protocol, &[], Some(&turn("hi")));
            let reply = &outcome.turn()["reply"];
            assert_eq!(outcome.status, status, "{protocol}: {outcome:?}");
            assert_eq!(reply["finish"], expected, "{protocol}");
            assert_eq!(
                (&reply["usage"]["input"], &reply["usage"]["output"]),
                (&json!(20), &json!(4)),
                "{protocol}"
            );
        }
    });
}

/// A stream of exactly these bytes, then what the last step says.
fn stream(protocol: &str, text: &str, last: Option<Step>) -> Answer {
    let media_type = if protocol == "ollama" {
        "application/x-ndjson"
    } else {
        "text/event-stream"
    };
    let head = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: {media_type}\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n"
    );
    let mut bytes = head.into_bytes();
    bytes.extend(chunk(text));
    if last.is_none() {
        bytes.extend(chunk(""));
    }
    Answer::Steps([Step::Send(bytes)].into_iter().chain(last).collect())
}

/// The beginning of a reply whose text is "half".
fn begun(protocol: &str) -> String {
    let event = |json: Value| format!("data: {json}\n\n");
    match protocol {
        "chat" => event(json!({"choices": [{"index": 0, "delta": {"content": "half"}}]})),
        "responses" => event(json!({"type": "response.output_text.delta", "delta": "half"})),
        "messages" => {
            event(json!({"type": "message_start", "message": {"usage": {"input_tokens": 7}}}))
                + &event(
                    json!({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "half"}}),
                )
        }
        _ => format!(
            "{}\n",
            json!({"message": {"role": "assistant", "content": "half"}, "done": false})
        ),
    }
}

#[test]
fn a_stream_that_ends_too_early_is_no_success_however_it_ends() {
    each(|protocol| {
        for last in [None, Some(Step::Reset)] {
            let model = FakeModel::start([stream(protocol, &begun(protocol), last)]);
            let outcome = ask(&model, protocol, &["hi"], None);
            assert_eq!(
                (outcome.status, outcome.stdout.as_str()),
                (3, "half\n"),
                "{protocol}: {outcome:?}"
            );
        }
        // Lines without the last one, sent as if they were a whole.
        let model = FakeModel::start([Answer::http(
            200,
            &["content-type: application/json"],
            &begun("ollama"),
        )]);
        let outcome = ask(&model, "ollama", &["hi"], None);
        assert_eq!(outcome.status, 3, "{outcome:?}");
    });
}

#[test]
fn an_error_in_a_stream_that_began_well_is_an_error() {
    for (protocol, error) in [
        (
            "chat",
            "data: {\"error\":{\"message\":\"no room\",\"code\":502}}\n\n",
        ),
        (
            "responses",
            "event: error\ndata: {\"type\":\"error\",\"code\":\"server_error\",\"message\":\"no room\"}\n\n",
        ),
        (
            "responses",
            "data: {\"type\":\"response.failed\",\"response\":{\"status\":\"failed\",\"error\":{\"code\":\"server_error\",\"message\":\"no room\"}}}\n\n",
        ),
        (
            "messages",
            "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"no room\"}}\n\n",
        ),
        ("ollama", "{\"error\":\"no room\"}\n"),
    ] {
        let model = FakeModel::start([stream(protocol, &(begun(protocol) + error), None)]);
        let outcome = ask(&model, protocol, &["hi"], None);
        assert_eq!(
            (outcome.status, outcome.stdout.as_str()),
            (3, "half\n"),
            "{protocol}: {outcome:?}"
        );
        assert!(
            outcome.stderr.contains("no room"),
            "{protocol}: {outcome:?}"
        );
    }
}

#[test]
fn the_input_of_messages_counts_what_came_from_a_cache_or_went_there() {
    let body = json!({
        "type": "message", "role": "assistant", "content": [{"type": "thinking", "thinking": "hm"}, {"type": "text", "text": "ok"}],
        "stop_reason": "end_turn",
        "usage": {"input_tokens": 1, "cache_read_input_tokens": 20, "cache_creation_input_tokens": 300, "output_tokens": 5}
    });
    let model = FakeModel::start([Answer::http(
        200,
        &["content-type: application/json"],
        &body.to_string(),
    )]);
    let reply = &ask(&model, "messages", &[], Some(&turn("hi"))).turn()["reply"];
    assert_eq!(reply["text"], "ok");
    assert_eq!(
        reply["usage"],
        json!({"input": 321, "cached_input": 20, "cache_write": 300, "output": 5, "reasoning": 0})
    );
}

#[test]
fn responses_without_parts_are_read_from_their_last_event() {
    let whole = json!({"type": "response.completed", "response": {
        "object": "response", "status": "completed", "error": null, "output": [
            {"type": "reasoning", "summary": null},
            {"type": "message", "content": [{"type": "output_text", "text": "all at once", "annotations": null}]}
        ],
        "usage": {"input_tokens": 3, "output_tokens": 4, "input_tokens_details": null, "cost": {"total_cost": 0.25}}}});
    let model = FakeModel::start([stream("responses", &format!("data: {whole}\n\n"), None)]);
    let reply = &ask(&model, "responses", &[], Some(&turn("hi"))).turn()["reply"];
    assert_eq!(
        (&reply["text"], &reply["cost_usd"]),
        (&json!("all at once"), &json!(0.25))
    );
}

#[test]
fn models_are_listed() {
    each(|protocol| {
        let model = FakeModel::start([Answer::text("ok")]);
        let outcome = ask(&model, protocol, &["--list-models"], None);
        assert_eq!(
            (outcome.status, outcome.stdout.as_str()),
            (0, "mine/fake-model\n"),
            "{protocol}: {outcome:?}"
        );
        assert!(model.requests().is_empty());
    });
}

#[test]
fn fields_and_headers_are_added() {
    let model = FakeModel::start([Answer::text("ok")]);
    let args = [
        "--extra-body",
        r#"{"top_p": 0.9, "stream_options": null}"#,
        "--extra-header",
        "X-Title: my tool",
        "hi",
    ];
    let outcome = support::ask(&model, &args, None);
    assert_eq!(outcome.status, 0, "{outcome:?}");
    let request = &model.requests()[0];
    assert_eq!(request.body["top_p"], 0.9);
    assert!(request.body.get("stream_options").is_none());
    assert_eq!(request.header("x-title"), Some("my tool"));
    for (args, message) in [
        (["--extra-body", "[1]"], "no JSON object"),
        (
            ["--extra-body", r#"{"model": "x"}"#],
            "cannot replace what lr-llm sends itself",
        ),
        (["--extra-header", "nothing"], "no header"),
        (["--extra-header", "Host: a"], "cannot replace 'host'"),
        (
            ["--extra-header", "Authorization: Bearer secret-secret"],
            "which brings the key",
        ),
    ] {
        let outcome = support::ask(&model, &[&args[..], &["hi"]].concat(), None);
        assert_eq!(outcome.status, 2, "{outcome:?}");
        assert!(
            outcome.stderr.contains(message) && !outcome.stderr.contains("secret-secret"),
            "{outcome:?}"
        );
    }
}

#[test]
fn a_model_that_is_not_there_is_answered_with_those_that_are() {
    for protocol in PROTOCOLS {
        let model = FakeModel::start([Answer::error(404, "model 'm' not found")]);
        let outcome = ask(&model, protocol, &["hi"], None);
        assert_eq!(outcome.status, 3, "{outcome:?}");
        let hint = "hint: name another model with -m; there are 'fake-model'\n";
        assert!(outcome.stderr.ends_with(hint), "{protocol}: {outcome:?}");
    }
}

#[test]
fn a_field_that_is_refused_is_named_by_its_option() {
    for (message, option) in [
        (
            "Unsupported value: 'temperature' does not support 0.2",
            "--temperature",
        ),
        ("seed: Extra inputs are not permitted", "--seed"),
        ("unknown field `reasoning_effort`", "--effort"),
    ] {
        let model = FakeModel::start([Answer::error(400, message)]);
        let outcome = ask(&model, "chat", &["hi"], None);
        let hint = format!("hint: ask without '{option}'; ");
        assert!(outcome.stderr.contains(&hint), "{outcome:?}");
    }
}

#[test]
fn a_stream_without_its_beginning_is_a_reply_and_can_be_cut_off() {
    let part = r#"data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"half"}}"#;
    let end = r#"data: {"type":"message_delta","delta":{"stop_reason":"end_turn"}}"#;
    for (events, finish) in [
        (format!("{part}\n\n"), "no finish"),
        (format!("{part}\n\n{end}\n\n"), "stop"),
    ] {
        let model = FakeModel::start([Answer::http(
            200,
            &["content-type: text/event-stream"],
            &events,
        )]);
        let outcome = ask(&model, "messages", &[], Some(&turn("hello")));
        assert_eq!(
            outcome.turn()["reply"]["finish"]
                .as_str()
                .unwrap_or("no finish"),
            finish,
            "{outcome:?}"
        );
        assert_eq!(outcome.status, if finish == "stop" { 0 } else { 3 });
    }
}
