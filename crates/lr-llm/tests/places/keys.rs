//! Where the key comes from, and who sees it.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use lr_tests::fake_model::{Answer, FakeModel};

use crate::support::{KEY, Outcome, ask, program, run, turn};

/// Asks a fake server, with more arguments and a home that was prepared; gives the key that it got as well.
fn ask_with(home: &Path, args: &[&str]) -> (Outcome, Option<String>) {
    let model = FakeModel::start([Answer::text("fine")]);
    let url = model.url();
    let mut all = vec!["--base-url", &url, "-m", "some-model"];
    all.extend(args);
    all.push("hello");
    let mut command = program(home, &all);
    command
        .env_remove("LR_API_KEY")
        .env("PATH", "/usr/bin:/bin");
    let outcome = run(command, None);
    let requests = model.requests();
    let sent = requests
        .first()
        .and_then(|request| request.header("authorization"));
    (outcome, sent.map(str::to_owned))
}

fn configure(home: &Path, name: &str, text: &str) {
    let folder = home.join(".config/lr");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join(name), text).unwrap();
    fs::set_permissions(folder.join(name), fs::Permissions::from_mode(0o600)).unwrap();
}

#[test]
fn a_command_prints_the_key() {
    let home = tempfile::tempdir().unwrap();
    let line = format!("/bin/sh -c 'echo {KEY}; echo not this'");
    let (outcome, sent) = ask_with(home.path(), &["--api-key-cmd", &line]);
    assert_eq!((outcome.status, outcome.stdout.as_str()), (0, "fine\n"));
    assert_eq!(sent, Some(format!("Bearer {KEY}")));
}

#[test]
fn what_a_command_that_fails_prints_is_not_shown() {
    let home = tempfile::tempdir().unwrap();
    let line = format!("/bin/sh -c 'echo {KEY}; echo {KEY} >&2; exit 1'");
    let (outcome, sent) = ask_with(home.path(), &["--api-key-cmd", &line]);
    assert_eq!((outcome.status, sent), (3, None), "{outcome:?}");
    assert!(
        outcome.stderr.contains("it failed (exit status 1)"),
        "{outcome:?}"
    );
}

#[test]
fn a_command_for_the_key_is_the_users_to_name() {
    let home = tempfile::tempdir().unwrap();
    let mark = home.path().join("mark");
    let line = format!("[llm]\napi-key-cmd = 'touch {}'\n", mark.display());
    fs::write(home.path().join("lr.toml"), &line).unwrap();
    let (outcome, _) = ask_with(home.path(), &[]);
    assert_eq!(outcome.status, 2, "{outcome:?}");
    assert!(!mark.exists());
    fs::remove_file(home.path().join("lr.toml")).unwrap();
    configure(
        home.path(),
        "config.toml",
        &format!("[llm]\napi-key-cmd = 'echo {KEY}'\n"),
    );
    let (_, sent) = ask_with(home.path(), &[]);
    assert_eq!(sent, Some(format!("Bearer {KEY}")));
}

#[test]
fn the_file_of_keys_counts_where_nothing_else_is_named() {
    let home = tempfile::tempdir().unwrap();
    configure(home.path(), "keys.toml", &format!("groq = '{KEY}'\n"));
    let (_, sent) = ask_with(home.path(), &["--provider", "groq"]);
    assert_eq!(sent, Some(format!("Bearer {KEY}")));
    let (_, sent) = ask_with(
        home.path(),
        &["--provider", "groq", "--api-key-cmd", "echo k-other"],
    );
    assert_eq!(sent, Some("Bearer k-other".into()));
    let (_, sent) = ask_with(home.path(), &["--provider", "mistral"]);
    assert_eq!(sent, None, "it is another provider's");
    let mut command = program(home.path(), &["--dry-run", "hello"]);
    command.env_remove("LR_API_KEY");
    let outcome = run(command, None);
    assert!(
        outcome.stdout.contains("https://api.groq.com"),
        "{outcome:?}"
    );
}

#[test]
fn a_file_of_keys_that_others_can_read_is_refused() {
    let home = tempfile::tempdir().unwrap();
    configure(home.path(), "keys.toml", &format!("groq = '{KEY}'\n"));
    let path = home.path().join(".config/lr/keys.toml");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    let (outcome, sent) = ask_with(home.path(), &["--provider", "groq"]);
    assert_eq!((outcome.status, sent), (2, None), "{outcome:?}");
    assert!(outcome.stderr.contains("chmod 600"), "{outcome:?}");
}

#[test]
fn a_key_that_comes_back_in_a_turn_is_not_shown() {
    let model = FakeModel::start([Answer::text(&format!("it is {KEY}, isn't it?"))]);
    let outcome = ask(&model, &[], Some(&turn("what is my key?")));
    assert_eq!(
        outcome.turn()["reply"]["text"],
        "it is [redacted], isn't it?"
    );
}
