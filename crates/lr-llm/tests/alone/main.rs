//! The program by itself, for a person: files, parts of replies, schemas, conversations, the terminal.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod conversation;
#[path = "../support/mod.rs"]
mod support;
#[cfg(target_os = "linux")]
mod terminal;

use std::fs;
use std::path::Path;

use lr_tests::fake_model::{Answer, FakeModel};
use serde_json::{Value, json};
use support::{KEY, Outcome, ask, program, run, turn};

/// Asks from a home that stays, so that conversations do.
fn at_home(home: &Path, model: &FakeModel, args: &[&str], input: Option<&str>) -> Outcome {
    let url = model.url();
    let all = [&["--base-url", &url, "-m", "some-model"], args].concat();
    run(program(home, &all), input)
}

fn fenced() -> Answer {
    Answer::text("Try this:\n```sh\nls -l\n```\nor:\n```sh\nls\n```\n")
}

#[test]
fn files_are_shown_before_the_question() {
    let model = FakeModel::start([Answer::text("ok")]);
    let home = tempfile::tempdir().unwrap();
    fs::write(home.path().join("a.py"), "x = 1\n").unwrap();
    let outcome = at_home(
        home.path(),
        &model,
        &["-f", "a.py", "-f", "-", "why?"],
        Some("log"),
    );
    assert_eq!(outcome.status, 0, "{outcome:?}");
    assert_eq!(
        model.requests()[0].question(),
        "<<<< a.py <<<<\nx = 1\n>>>>>>>>\n\n<<<<<<<<\nlog\n>>>>>>>>\n\nwhy?"
    );
}

#[test]
fn a_file_that_is_no_text_is_refused_by_name_and_nothing_is_asked() {
    let model = FakeModel::start([Answer::text("ok")]);
    let home = tempfile::tempdir().unwrap();
    fs::write(home.path().join("a.bin"), b"x\n\xff").unwrap();
    for (file, message) in [
        ("a.bin", "lr-llm: 'a.bin' is not UTF-8 in line 2\n"),
        ("gone", "lr-llm: cannot read 'gone': "),
        (".", "lr-llm: '.' is a folder, and a file is wanted\nhint: "),
    ] {
        let outcome = at_home(home.path(), &model, &["-f", file, "why?"], None);
        assert_eq!(outcome.status, 2);
        assert!(outcome.stderr.starts_with(message), "{outcome:?}");
    }
    assert!(model.requests().is_empty());
}

#[test]
fn only_the_first_block_is_printed_and_without_one_nothing() {
    let model = FakeModel::start([
        fenced(),
        Answer::text("no block"),
        Answer::finished("```\nx\n```\n", "length"),
    ]);
    let outcome = ask(&model, &["-x", "how?"], None);
    assert_eq!((outcome.status, outcome.stdout.as_str()), (0, "ls -l\n"));
    let outcome = ask(&model, &["-x", "how?"], None);
    assert_eq!((outcome.status, outcome.stdout.as_str()), (3, ""));
    assert_eq!(
        outcome.stderr,
        "no block\nlr-llm: the reply has no code fence, or none that is closed\n"
    );
    let outcome = ask(&model, &["-x", "how?"], None);
    assert_eq!((outcome.status, outcome.stdout.as_str()), (3, ""));
    assert!(outcome.stderr.contains("cut off"), "{outcome:?}");
}

#[test]
fn a_reply_must_meet_the_schema() {
    let model = FakeModel::start([
        Answer::text("{\"age\": 4}"),
        Answer::text("{\"age\": \"four\"}"),
        Answer::text("four"),
    ]);
    let home = tempfile::tempdir().unwrap();
    let schema =
        json!({"type": "object", "properties": {"age": {"type": "integer"}}, "required": ["age"]});
    fs::write(home.path().join("s.json"), schema.to_string()).unwrap();
    let args = ["--schema", "s.json", "how old?"];
    let outcome = at_home(home.path(), &model, &args, None);
    assert_eq!(
        (outcome.status, outcome.stdout.as_str()),
        (0, "{\"age\": 4}\n"),
        "{outcome:?}"
    );
    assert_eq!(
        model.requests()[0].body["response_format"]["json_schema"],
        json!({"name": "reply", "strict": false, "schema": schema})
    );
    for message in [
        "{\"age\": \"four\"}\nlr-llm: the reply does not meet the schema: '/age': \"four\" is not of type \"integer\"\n",
        "four\nlr-llm: the reply is not JSON: expected ident at line 1 column 2\n",
    ] {
        let outcome = at_home(home.path(), &model, &args, None);
        assert_eq!((outcome.status, outcome.stdout.as_str()), (3, ""));
        assert_eq!(outcome.stderr, message);
    }
}

#[test]
fn a_turn_tells_that_the_schema_is_not_met() {
    let model = FakeModel::start([Answer::text("four")]);
    let args = ["--json", "--schema", "{\"type\": \"object\"}", "how old?"];
    let outcome = ask(&model, &args, None);
    assert_eq!(outcome.status, 3, "{outcome:?}");
    let turn = outcome.turn();
    assert_eq!(turn["error"]["kind"], "malformed_reply");
    assert!(turn["reply"].is_null(), "{turn}");
}

#[test]
fn a_schema_can_be_written_as_its_fields() {
    let model = FakeModel::start([Answer::text("{\"name\": \"Ada\", \"born\": 1815}")]);
    let outcome = ask(
        &model,
        &["--schema", "name, born int", "Ada Lovelace"],
        None,
    );
    assert_eq!(outcome.status, 0, "{outcome:?}");
    let format = &model.requests()[0].body["response_format"]["json_schema"];
    assert_eq!(format["strict"], true);
    assert_eq!(
        format["schema"]["properties"]["born"],
        json!({"type": "integer"})
    );
}

#[test]
fn a_program_is_told_the_schema_in_words() {
    let home = tempfile::tempdir().unwrap();
    let schema = r#"{"type": "object"}"#;
    let args = ["-m", "command:cat", "-n", "--schema", schema, "how old?"];
    let request = run(program(home.path(), &args), None).turn();
    let prompt = request["stdin"].as_str().unwrap();
    let words = "It must be valid under this JSON Schema:\n{\"type\":\"object\"}";
    assert!(prompt.contains(words), "{prompt}");
    assert!(prompt.trim_end().ends_with("how old?"), "{prompt}");
}

#[test]
fn what_the_reply_took_is_said_beside_it() {
    let model = FakeModel::start([Answer::text("ok")]);
    let outcome = ask(&model, &["--usage", "--price", "1,1", "hi"], None);
    assert_eq!(outcome.stdout, "ok\n");
    assert!(outcome.stderr.contains(" tokens in, "), "{outcome:?}");
    assert!(outcome.stderr.contains(" USD; "), "{outcome:?}");
    let outcome = ask(&model, &["--usage", "hi"], None);
    assert!(outcome.stderr.contains("; cost unknown; "), "{outcome:?}");
    let outcome = ask(&model, &["--json", "hi"], None);
    assert_eq!(outcome.turn()["reply"]["text"], "ok");
}

#[test]
fn what_went_wrong_is_a_turn_too_where_one_is_asked_for() {
    let model = FakeModel::start([Answer::error(401, "who are you?")]);
    let outcome = ask(&model, &["--json", "hi"], None);
    assert_eq!(outcome.status, 3);
    let error = &outcome.turn()["error"];
    assert_eq!(
        (&error["stage"], &error["kind"]),
        (&json!("lr-llm"), &json!("auth"))
    );
}

#[test]
fn a_dry_run_gives_the_command_that_curl_takes() {
    let model = FakeModel::start([Answer::text("it works")]);
    let outcome = ask(&model, &["-n", "it's"], None);
    let command = outcome.turn()["curl"].clone();
    let outcome = ask(&model, &["-n", "--format", "text", "it's"], None);
    assert_eq!(Value::from(outcome.stdout.trim_end()), command);
    assert!(
        outcome
            .stdout
            .contains("\"authorization: Bearer $LR_API_KEY\""),
        "{outcome:?}"
    );
    assert!(!outcome.stdout.contains(KEY));
    assert!(model.requests().is_empty());
}

#[test]
fn files_that_a_shell_puts_behind_the_first_one_are_told_of() {
    let model = FakeModel::start([Answer::text("ok")]);
    let home = tempfile::tempdir().unwrap();
    for name in ["a.py", "b.py"] {
        fs::write(home.path().join(name), "x = 1\n").unwrap();
    }
    let args = ["-f", "a.py", "b.py", "why?"];
    let outcome = at_home(home.path(), &model, &args, None);
    assert_eq!((outcome.status, outcome.stdout.as_str()), (0, "ok\n"));
    let warning =
        "lr-llm: warning: 'b.py' is taken for a word of the question; '-f b.py' shows the file\n";
    assert_eq!(outcome.stderr, warning);
    let outcome = at_home(home.path(), &model, &["-f", "a.py", "b.py"], None);
    assert_eq!(outcome.stderr, "");
}

#[test]
fn what_makes_no_sense_is_refused_with_what_would() {
    let model = FakeModel::start([Answer::text("ok")]);
    let home = tempfile::tempdir().unwrap();
    for (args, message) in [
        (
            &["--max-tokens", "0"][..],
            "a reply of no tokens cannot be asked for: 'max-tokens' is 1 or more\n",
        ),
        (
            &["-o", "top_p=0.2"],
            "'top_p=0.2' is no name of a field\nhint: -o top_p 0.2\n",
        ),
        (
            &["--schema", "name, age number"],
            "'name, age number' is no JSON Schema: 'number' is no type: str, int, float or bool\n",
        ),
        (
            &["--schema", r#"{"$ref": "https://a.test/b"}"#],
            "'{…}' is no JSON Schema: Resource 'https://a.test/b' is not present in a registry and retrieving it \
             failed: Retrieval is disabled, cannot fetch https://a.test/b\n",
        ),
    ] {
        let outcome = at_home(home.path(), &model, &[args, &["why?"]].concat(), None);
        assert_eq!(
            (outcome.status, outcome.stderr),
            (2, format!("lr-llm: {message}"))
        );
    }
    assert!(model.requests().is_empty());
}

#[test]
fn an_empty_question_is_none() {
    let home = tempfile::tempdir().unwrap();
    for args in [
        &[""][..],
        &[" \n"],
        &["-c", ""],
        &["--export-conversation", "x", ""],
    ] {
        let outcome = run(
            program(home.path(), &[&["-m", "command:cat"], args].concat()),
            None,
        );
        assert_eq!(
            (outcome.status, outcome.stderr.as_str()),
            (2, "lr-llm: the question is empty\n")
        );
    }
    let outcome = run(program(home.path(), &[]), None);
    assert_eq!(
        outcome.stderr,
        "lr-llm: nothing on standard input\nhint: lr-llm \"a question\"; 'lr-llm --help' says more\n"
    );
    let outcome = run(
        program(home.path(), &["-m", "command:cat", "-s", "", ""]),
        Some("log"),
    );
    assert_eq!((outcome.status, outcome.stdout.as_str()), (0, "log\n"));
}

#[test]
fn flags_for_a_question_are_refused_for_turns() {
    let model = FakeModel::start([Answer::text("ok")]);
    for (args, flag) in [
        (&["-x"][..], "--extract"),
        (&["-c"], "--continue"),
        (&["--usage"], "--usage"),
    ] {
        let outcome = ask(&model, args, Some(&turn("hi")));
        assert_eq!(outcome.status, 2);
        let message = format!("lr-llm: '{flag}' is for a question, not for turns\n");
        assert!(outcome.stderr.starts_with(&message), "{outcome:?}");
    }
    assert!(model.requests().is_empty());
}
