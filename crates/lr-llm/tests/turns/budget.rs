//! What the requests of a program take together: no limit is exceeded by what is sent.

use std::time::Duration;

use crate::support::{ask, turn};
use crate::{kinds, questions, turns};
use lr_tests::fake_model::{Answer, FakeModel, Step, Usage};
use serde_json::{Value, json};

/// Replies that take these tokens.
fn taking(input: u64, output: u64, cost: Option<f64>) -> FakeModel {
    let usage = Usage::Tokens {
        input,
        output,
        cost,
    };
    FakeModel::start([Answer::text("fine")
        .taking(usage)
        .after(Duration::from_millis(5))])
}

const TWENTY: [&str; 20] = ["question"; 20];

#[test]
fn no_request_exceeds_the_limit_on_tokens() {
    for jobs in ["1", "8"] {
        let model = taking(60, 1000, None);
        let limits = [
            "--max-total-tokens",
            "6000",
            "--max-tokens",
            "1000",
            "-j",
            jobs,
        ];
        let outcome = ask(&model, &limits, Some(&questions(&TWENTY)));
        assert_eq!(outcome.status, 4, "{outcome:?}");
        let turns = turns(&outcome);
        let tally = model.tally();
        assert!(tally.input + tally.output <= 6000, "{tally:?}");
        assert_eq!(tally.calls, 5, "as many as fit are sent: {tally:?}");
        assert_eq!(kinds(&turns), ["tokens"; 15]);
    }
}

#[test]
fn a_limit_that_depends_on_the_reply_says_how_long_it_may_be() {
    let model = taking(10, 10, None);
    ask(&model, &["--max-total-tokens", "9000"], Some(&turn("a")));
    ask(
        &model,
        &["--max-cost", "1", "--price", "1,1"],
        Some(&turn("a")),
    );
    ask(&model, &["--max-calls", "9"], Some(&turn("a")));
    let long = turn(&"x".repeat(30_000));
    ask(&model, &["--max-total-tokens", "90000"], Some(&long));
    let caps: Vec<Value> = model
        .requests()
        .iter()
        .map(|request| request.body["max_tokens"].clone())
        .collect();
    assert_eq!(caps[..3], [json!(4096), json!(4096), Value::Null]);
    assert!(
        (10_000..10_100).contains(&caps[3].as_u64().unwrap()),
        "{caps:?}"
    );
}

#[test]
fn no_request_exceeds_the_limit_on_cost() {
    for jobs in ["1", "8"] {
        let model = taking(60, 100, None);
        let price = [
            "--price",
            "1,10",
            "--max-cost",
            "0.005",
            "--max-tokens",
            "100",
        ];
        let outcome = ask(
            &model,
            &[&price[..], &["-j", jobs]].concat(),
            Some(&questions(&TWENTY)),
        );
        assert_eq!(outcome.status, 4, "{outcome:?}");
        let tally = model.tally();
        assert_eq!(tally.calls, 4, "{tally:?}");
        let turns = turns(&outcome);
        let costs = turns.iter().map(|turn| turn["reply"]["cost_usd"].as_f64());
        assert_eq!(costs.flatten().collect::<Vec<_>>(), [0.00106; 4]);
        assert_eq!(kinds(&turns), ["cost"; 16]);
    }
}

#[test]
fn what_the_provider_charges_counts_more_than_a_price() {
    let model = taking(60, 100, Some(0.004));
    let limits = [
        "--price",
        "1,10",
        "--max-cost",
        "0.01",
        "--max-tokens",
        "100",
        "-j",
        "1",
    ];
    let outcome = ask(&model, &limits, Some(&questions(&TWENTY)));
    assert_eq!(model.tally().calls, 3, "{outcome:?}");
    assert_eq!(turns(&outcome)[0]["reply"]["cost_usd"], 0.004);
}

#[test]
fn a_reply_of_unknown_usage_is_charged_in_full() {
    let model = FakeModel::start([Answer::text("fine").taking(Usage::Untold)]);
    let limits = [
        "--max-total-tokens",
        "2500",
        "--max-tokens",
        "1000",
        "-j",
        "1",
    ];
    let outcome = ask(&model, &limits, Some(&questions(&["a", "b", "c"])));
    let turns = turns(&outcome);
    assert_eq!(model.tally().calls, 2);
    let charged = turns[0]["reply"]["charged"]["tokens"].as_u64().unwrap();
    assert!((1001..1100).contains(&charged), "{charged}");
    assert_eq!(kinds(&turns), ["tokens"]);
}

#[test]
fn attempts_in_vain_are_charged_where_a_model_may_have_been_at_work() {
    let charged = |answer: Answer| {
        let model = FakeModel::start([answer]);
        let args = ["--retries", "1", "--max-tokens", "1000", "--price", "0,1"];
        let outcome = ask(&model, &args, Some(&turn("a")));
        let error = outcome.turn()["error"].clone();
        assert_eq!(error["attempts"], 2, "{outcome:?}");
        error["charged"].clone()
    };
    let busy = Answer::http(503, &["retry-after: 0"], "");
    assert_eq!(charged(busy), Value::Null);
    let broken = charged(Answer::Steps(vec![]));
    assert!(
        (2002..2200).contains(&broken["tokens"].as_u64().unwrap()),
        "{broken}"
    );
    assert_eq!(broken["cost_microusd"], 2000);
    let error = r#"{"error":{"message":"busy","code":503}}"#;
    assert_eq!(charged(Answer::stream(&[error], None)), Value::Null);
}

#[test]
fn a_reply_that_cannot_be_used_is_charged_as_told() {
    let usage = Usage::Tokens {
        input: 40,
        output: 2,
        cost: None,
    };
    let model = FakeModel::start([Answer::text("").taking(usage)]);
    let outcome = ask(&model, &[], Some(&turn("a")));
    let error = &outcome.turn()["error"];
    assert_eq!(
        (&error["kind"], &error["charged"]),
        (&json!("empty_reply"), &json!({"tokens": 42}))
    );
}

#[test]
fn a_cost_without_a_price_cannot_be_limited() {
    let model = taking(1, 1, None);
    let outcome = ask(&model, &["--max-cost", "1"], Some(&turn("a")));
    assert_eq!(outcome.status, 2);
    let host = model.url().replace("http://", "").replace("/v1", "");
    assert_eq!(
        outcome.stderr,
        format!(
            "lr-llm: no price is known for 'some-model' at '{host}', so its cost cannot be limited\n\
             hint: '--price IN,OUT' gives it in USD for a million tokens; '--price 0,0' where it is free\n"
        )
    );
    assert!(model.requests().is_empty());
}

#[test]
fn no_wait_passes_the_limit_on_time() {
    let model = FakeModel::start([Answer::http(429, &["retry-after: 100"], "slow down")]);
    let outcome = ask(&model, &["--max-time", "50"], Some(&turn("a")));
    assert_eq!(
        (outcome.status, &outcome.turn()["error"]["kind"]),
        (4, &json!("time"))
    );
    let end = "slow down; the limit of 50 s on time is reached\nhint: '--max-time SECONDS' allows for more\n";
    assert!(outcome.stderr.ends_with(end), "{outcome:?}");
    assert_eq!(model.tally().calls, 1);
}

#[test]
fn time_ends_what_is_under_way_and_what_waits() {
    let model = FakeModel::start([Answer::Steps(vec![Step::Hang])]);
    let limits = ["--max-time", "0.3", "-j", "2"];
    let outcome = ask(&model, &limits, Some(&questions(&["a", "b", "c"])));
    assert_eq!(outcome.status, 4);
    let turns = turns(&outcome);
    assert_eq!(kinds(&turns), ["time"; 3]);
    assert_eq!(model.tally().calls, 2);
    assert!(turns[0]["error"]["charged"]["tokens"].is_number());
    assert!(turns[2]["error"]["charged"].is_null());
}

#[test]
fn values_that_are_no_limits_are_refused() {
    let model = taking(1, 1, None);
    for (args, message) in [
        (["--max-cost", "-1"], "error: unexpected argument"),
        (["--max-cost", "nan"], "lr-llm: 'max-cost' is an amount"),
        (
            ["--max-time", "0"],
            "lr-llm: 'max-time' must be more than 0",
        ),
        (["--price", "1"], "lr-llm: '1' is no price"),
    ] {
        let outcome = ask(&model, &args, Some(&turn("a")));
        assert_eq!(outcome.status, 2, "{outcome:?}");
        assert!(outcome.stderr.starts_with(message), "{outcome:?}");
    }
}
