//! What a person sees on a terminal.

use std::fs::File;
use std::io::Read;
use std::process::Stdio;
use std::thread;

use lr_tests::fake_model::{Answer, FakeModel, end, part};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use serde_json::json;

use crate::support::program;

/// A model that thinks before it answers.
fn thinker() -> FakeModel {
    let thought = |text: &str| json!({"choices": [{"delta": {"reasoning": text}}]}).to_string();
    let events = [
        thought("hm, \u{1b}[2J"),
        thought("so"),
        part("an answer"),
        end("stop"),
        "[DONE]".to_owned(),
    ];
    FakeModel::start([Answer::stream(&events.each_ref().map(String::as_str), None)])
}

/// Runs the program with standard output on a terminal called `name`, and gives what that shows.
fn shown(model: &FakeModel, name: &str, args: &[&str]) -> String {
    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&master).unwrap();
    unlockpt(&master).unwrap();
    let device = ptsname(&master, Vec::new()).unwrap();
    let open = || File::options().write(true).open(device.to_str().unwrap());
    // Without an end that stays open, the terminal could be hung up before anything is written.
    let held = open().unwrap();
    let reader = thread::spawn(move || {
        let (mut bytes, mut master) = (Vec::new(), File::from(master));
        // A terminal that nobody writes to any more ends with an error.
        let _ = master.read_to_end(&mut bytes);
        String::from_utf8(bytes).unwrap()
    });
    let home = tempfile::tempdir().unwrap();
    let url = model.url();
    let all = [&["--base-url", &url, "-m", "some-model"], args].concat();
    let mut command = program(home.path(), &all);
    command
        .env("TERM", name)
        .stdout(Stdio::from(open().unwrap()));
    let status = command.status().unwrap();
    drop((command, held));
    let text = reader.join().unwrap();
    assert!(status.success(), "{status}: {text}");
    text.replace("\r\n", "\n")
}

#[test]
fn reasoning_is_dim_and_stands_before_the_reply() {
    let model = thinker();
    assert_eq!(
        shown(&model, "xterm", &["--reasoning", "why?"]),
        "\u{1b}[2mhm, \\u{1b}[2J\u{1b}[0m\u{1b}[2mso\u{1b}[0m\n\nan answer\n"
    );
    assert_eq!(shown(&model, "xterm", &["why?"]), "an answer\n");
    let plain = "hm, \\u{1b}[2Jso\n\nan answer\n";
    assert_eq!(shown(&model, "dumb", &["--reasoning", "why?"]), plain);
    let turn = shown(&model, "xterm", &["--reasoning", "--json", "why?"]);
    assert!(turn.starts_with("{\"lr\":1,"), "{turn}");
}
