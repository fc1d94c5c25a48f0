//! Conversations: what goes on, with whom, and where it is kept.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use lr_tests::fake_model::{Answer, FakeModel};
use serde_json::{Value, json};

use crate::at_home;
use crate::support::{program, run};

fn contents(model: &FakeModel) -> Vec<Vec<String>> {
    let contents = |request: &lr_tests::fake_model::Received| {
        let messages = request.body["messages"].as_array().unwrap().iter();
        messages
            .map(|message| message["content"].as_str().unwrap().to_owned())
            .collect()
    };
    model.requests().iter().map(contents).collect()
}

#[test]
fn a_conversation_goes_on_and_is_its_owners_only() {
    let model = FakeModel::answering(|_, count| Answer::text(&format!("answer {count}")));
    let home = tempfile::tempdir().unwrap();
    let ask = |args: &[&str]| {
        let outcome = at_home(home.path(), &model, args, None);
        assert_eq!(outcome.status, 0, "{outcome:?}");
        outcome.stdout.trim_end().to_owned()
    };
    let first = ask(&["-s", "be brief", "a?"]);
    let second = ask(&["-c", "b?"]);
    ask(&["-c", "-s", "be kind", "c?"]);
    let named = ask(&["--conversation", "work", "d?"]);
    ask(&["--conversation", "work", "e?"]);
    ask(&["--no-keep", "f?"]);
    ask(&["-c", "g?"]);
    let asked = contents(&model);
    assert_eq!(asked[1], ["be brief", "a?", &first, "b?"]);
    assert_eq!(asked[2], ["be kind", "a?", &first, "b?", &second, "c?"]);
    assert_eq!(asked[4], ["d?", &named, "e?"]);
    assert_eq!((asked[5].len(), asked[6].len()), (1, 5));
    let folder = home.path().join(".local/state/lr/conversations");
    let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&folder), 0o700);
    assert_eq!(mode(&folder.join("work.jsonl")), 0o600);
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 2);
}

#[test]
fn a_cut_reply_is_not_kept() {
    let model = FakeModel::start([
        Answer::text("whole"),
        Answer::finished("half", "length"),
        Answer::text("ok"),
    ]);
    let home = tempfile::tempdir().unwrap();
    at_home(home.path(), &model, &["a?"], None);
    assert_eq!(at_home(home.path(), &model, &["-c", "b?"], None).status, 3);
    at_home(home.path(), &model, &["-c", "c?"], None);
    assert_eq!(contents(&model)[2], ["a?", "whole", "c?"]);
}

#[test]
fn conversations_move_between_files_and_programs() {
    let model = FakeModel::start([Answer::text("b.")]);
    let home = tempfile::tempdir().unwrap();
    let read = |name: &str| fs::read_to_string(home.path().join(name)).unwrap();
    let old = r#"[{"prompt": "a?", "response": "a.", "tool_calls": []}]"#;
    fs::write(home.path().join("old.json"), old).unwrap();
    let args = [
        "--import-conversation",
        "old.json",
        "--export-conversation",
        "new.json",
        "b?",
    ];
    assert_eq!(at_home(home.path(), &model, &args, None).status, 0);
    assert_eq!(contents(&model)[0], ["a?", "a.", "b?"]);
    let new: Value = serde_json::from_str(&read("new.json")).unwrap();
    assert_eq!(
        new[1],
        json!({"prompt": "b?", "response": "b.", "tool_calls": []})
    );
    let export = run(
        program(home.path(), &["--export-conversation", "all.jsonl"]),
        None,
    );
    assert_eq!((export.status, export.stderr.as_str()), (0, ""));
    assert_eq!(read("all.jsonl").lines().count(), 4);
    let export = run(
        program(home.path(), &["--export-conversation", "-"]),
        Some(""),
    );
    assert_eq!(export.stdout, read("all.jsonl"));
    let import = [
        "--import-conversation",
        "all.jsonl",
        "--conversation",
        "./mine.jsonl",
    ];
    assert_eq!(run(program(home.path(), &import), Some("")).status, 0);
    assert_eq!(read("mine.jsonl"), read("all.jsonl"));
    assert_eq!(model.requests().len(), 1);
    let again = run(program(home.path(), &import), None);
    assert_eq!(again.status, 2);
    assert!(again.stderr.contains("has begun"), "{again:?}");
}

#[test]
fn a_conversation_is_printed_in_the_place_of_the_reply_and_read_from_a_pipe() {
    let model = FakeModel::start([Answer::text("a."), Answer::finished("half", "length")]);
    let home = tempfile::tempdir().unwrap();
    let export = ["--export-conversation", "-", "a?"];
    let first = at_home(home.path(), &model, &export, None);
    let lines: Vec<Value> = first
        .stdout
        .lines()
        .map(|line| line.parse().unwrap())
        .collect();
    assert_eq!(lines[0], json!({"role": "user", "content": "a?"}));
    assert_eq!((lines.len(), &lines[1]["content"]), (2, &json!("a.")));
    assert_eq!(lines[1]["model"], "some-model");
    let import = ["--import-conversation", "-", "--export-conversation", "-"];
    let again = run(program(home.path(), &import), Some(&first.stdout));
    assert_eq!(
        (again.status, &again.stdout),
        (0, &first.stdout),
        "{again:?}"
    );
    let cut = at_home(home.path(), &model, &export, None);
    assert_eq!((cut.status, cut.stdout.as_str()), (3, ""));
    assert!(cut.stderr.starts_with("half\nlr-llm: "), "{cut:?}");
    for args in [
        &["-x"][..],
        &["--json"],
        &["--import-conversation", "-", "-f", "-"],
    ] {
        let outcome = at_home(home.path(), &model, &[&export, args].concat(), Some("x"));
        assert_eq!(
            (outcome.status, outcome.stdout.as_str()),
            (2, ""),
            "{args:?}"
        );
    }
    assert_eq!(model.requests().len(), 2);
}

#[test]
fn a_conversation_goes_on_with_the_model_that_it_was_with() {
    let model = FakeModel::start([Answer::text("ok")]);
    let home = tempfile::tempdir().unwrap();
    let url = model.url();
    let ask = |args: &[&str], variables: &[(&str, &str)]| {
        let mut command = program(home.path(), args);
        command.envs(variables.iter().copied());
        let outcome = run(command, None);
        assert_eq!(outcome.status, 0, "{args:?} {outcome:?}");
        outcome.stdout
    };
    let here = [("LR_BASE_URL", url.as_str())];
    let named = [here[0], ("LR_MODEL", "named")];
    ask(&["-m", "chosen", "a?"], &here);
    ask(&["-c", "b?"], &here);
    ask(&["-c", "c?"], &named);
    ask(&["-c", "d?"], &here);
    ask(&["-c", "-m", "other", "e?"], &named);
    let asked: Vec<Value> = model
        .requests()
        .iter()
        .map(|request| request.body["model"].clone())
        .collect();
    assert_eq!(asked, ["chosen", "chosen", "named", "named", "other"]);
    let outcome = run(program(home.path(), &["-c", "f?"]), None);
    assert_eq!(outcome.status, 3);
    assert!(
        outcome
            .stderr
            .starts_with("lr-llm: the conversation was with 'other' at '127.0.0.1:"),
        "{outcome:?}"
    );
    ask(&["-m", "command:cat", "a?"], &[]);
    assert_eq!(ask(&["-c", "b?"], &named[..1]), "ok\n");
    ask(&["-m", "command:cat", "a?"], &[]);
    assert!(ask(&["-c", "b?"], &[]).ends_with("User: b?\n"));
    let url_of = |args: &[&str]| {
        ask(
            &[&["-n"], args].concat(),
            &[("GEMINI_API_KEY", "x"), ("GROQ_API_KEY", "y")],
        )
    };
    let line = |name: &str| {
        format!(
            "{{\"role\":\"assistant\",\"content\":\"\",\"provider\":\"{name}\",\"model\":\"command:touch x\"}}"
        )
    };
    fs::write(home.path().join("theirs.jsonl"), line("gemini")).unwrap();
    assert!(url_of(&["--conversation", "./theirs.jsonl", "b?"]).contains("https://api.groq.com/"));
    fs::write(
        home.path().join("mine.jsonl"),
        line("gemini").replace("command:touch x", "m"),
    )
    .unwrap();
    assert!(
        url_of(&["--conversation", "./mine.jsonl", "b?"]).contains("https://generativelanguage")
    );
}

#[test]
fn two_that_go_on_with_a_conversation_lose_nothing() {
    let model =
        FakeModel::answering(|request, _| Answer::text(&format!("re: {}", request.question())));
    let home = tempfile::tempdir().unwrap();
    let ask = |args: &[&str]| {
        let outcome = at_home(home.path(), &model, args, None);
        assert_eq!(outcome.status, 0, "{outcome:?}");
        outcome
    };
    std::thread::scope(|scope| {
        for question in ["a?", "b?", "c?", "d?"] {
            scope.spawn(move || ask(&["--conversation", "work", question]));
        }
    });
    let all = ask(&["--conversation", "work", "--export-conversation", "-", "e?"]).stdout;
    for question in ["a?", "b?", "c?", "d?", "e?"] {
        let lines: Vec<Value> = all.lines().map(|line| line.parse().unwrap()).collect();
        let at = lines
            .iter()
            .position(|line| line["content"] == question)
            .unwrap();
        assert_eq!(lines[at + 1]["content"], format!("re: {question}"), "{all}");
    }
    assert_eq!(all.lines().count(), 10);
}

#[test]
fn what_is_not_to_be_kept_goes_on_all_the_same() {
    let model = FakeModel::start([Answer::text("ok")]);
    let home = tempfile::tempdir().unwrap();
    for args in [&["a?"][..], &["-c", "--no-keep", "b?"], &["-c", "c?"]] {
        assert_eq!(at_home(home.path(), &model, args, None).status, 0);
    }
    assert_eq!(contents(&model)[1], ["a?", "ok", "b?"]);
    assert_eq!(contents(&model)[2], ["a?", "ok", "c?"]);
}

#[test]
fn what_is_no_conversation_is_refused_before_anything_is_asked() {
    let model = FakeModel::start([Answer::text("ok")]);
    let home = tempfile::tempdir().unwrap();
    fs::write(
        home.path().join("bad.jsonl"),
        "{\"role\":\"user\",\"content\":\"a\"}\n7\n",
    )
    .unwrap();
    fs::write(home.path().join("empty"), "\n").unwrap();
    fs::create_dir(home.path().join("folder.jsonl")).unwrap();
    for (args, message) in [
        (&["-c"][..], "there is no conversation to go on with"),
        (
            &["-c", "--conversation", "gone"],
            "there is no conversation 'gone'",
        ),
        (
            &["--conversation", "bad.jsonl"],
            "without it a conversation begins anew",
        ),
        (
            &["--conversation", ".."],
            "'..' is no name of a conversation",
        ),
        (
            &["--conversation", "a b"],
            "'a b' is no name of a conversation",
        ),
        (
            &["--conversation", "./bad.jsonl"],
            "holds no conversation: no message and no exchange in line 2",
        ),
        (&["--conversation", "./folder.jsonl"], "folder.jsonl"),
        (&["--conversation", "/dev/null"], "no regular file"),
        (
            &["--export-conversation", "gone/x.json"],
            "cannot keep the conversation",
        ),
        (
            &["--export-conversation", "."],
            "cannot keep the conversation",
        ),
        (&["--import-conversation", "gone"], "cannot read 'gone'"),
        (&["--import-conversation", "empty"], "it is empty"),
    ] {
        let args = [args, &["hi"]].concat();
        let outcome = at_home(home.path(), &model, &args, None);
        assert_eq!(outcome.status, 2, "{args:?} {outcome:?}");
        assert!(outcome.stderr.contains(message), "{args:?} {outcome:?}");
    }
    assert!(model.requests().is_empty());
    let gone = ["--conversation", "gone", "--export-conversation", "-"];
    let outcome = run(program(home.path(), &gone), None);
    assert_eq!((outcome.status, outcome.stdout.as_str()), (2, ""));
    assert!(
        outcome
            .stderr
            .starts_with("lr-llm: there is no conversation 'gone'\n"),
        "{outcome:?}"
    );
}
