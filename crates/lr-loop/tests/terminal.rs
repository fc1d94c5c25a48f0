//! What the loop draws on a terminal, looked at as a terminal shows it. The stages wait for what
//! they are meant to be shown with, so nothing here depends on time.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::Path;
use std::thread;
use std::time::Duration;

use lr_exec::{End, Program};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

/// A checker that finds something in the first turn, tells of two jobs, says something, and waits
/// until both jobs were shown.
const CHECK: &str = r#"
if [ "$LR_TURN" = 1 ]; then
  printf '\036ruff\037\037\n\036my\033[2Jpy\037\037\nthe checker says\033[2J a word\n' >&2
  printf '\036ruff\0373\037finding\n' >&2
  until [ -e shown ]; do sleep 0.01; done
fi
./stages check "$@"
"#;

/// What is shown while the checker waits, at the beginning of a line.
const SHOWN: &str = "my\\u{1b}[2Jpy: running";

/// What came of a run on a terminal.
struct Ended {
    status: End,
    /// All bytes that the terminal got.
    transcript: String,
    /// What stands on it at the end.
    screen: Vec<String>,
}

/// A terminal of a certain width, and what was done to it.
struct Terminal {
    columns: u16,
    /// The variable `TERM`.
    name: &'static str,
    /// Typed as soon as the block shows what it is meant to.
    typed: &'static [u8],
}

const WIDE: Terminal = Terminal {
    columns: 400,
    name: "xterm",
    typed: b"",
};

impl Terminal {
    /// Runs the loop with standard error on this terminal and the checker above.
    fn run(&self, flags: &str) -> Ended {
        self.run_with(flags, &|device| format!("2<> {device}"))
    }

    /// The same, with standard error elsewhere.
    fn run_with(&self, flags: &str, stderr: &dyn Fn(&str) -> String) -> Ended {
        let folder = tempfile::tempdir().unwrap();
        let fake = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fake/stages");
        fs::copy(fake, folder.path().join("stages")).unwrap();
        fs::write(folder.path().join("a.txt"), "bad\n").unwrap();
        fs::write(folder.path().join("check"), CHECK).unwrap();
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        let size = Winsize {
            ws_row: 40,
            ws_col: self.columns,
            ws_xpixel: 0,
            ws_ypixel: 0,
        };
        tcsetwinsize(&master, size).unwrap();
        let device = ptsname(&master, Vec::new()).unwrap();
        let script = format!(
            "exec {} --stage=check='. ./check' --stage=start=cat --stage=fix=cat \
             --stage=prompt='./stages prompt' --stage=llm='./stages llm' \
             --stage=apply='./stages repair s/bad//' --stage=commit='./stages commit' \
             {flags} a.txt {} > out",
            env!("CARGO_BIN_EXE_lr-loop"),
            stderr(device.to_str().unwrap())
        );
        // Without an end that stays open, the terminal would be hung up between two writers.
        let held = File::options()
            .write(true)
            .open(device.to_str().unwrap())
            .unwrap();
        let shown = folder.path().join("shown");
        let typed = self.typed;
        let reader = thread::spawn(move || read_all(File::from(master), &shown, typed));
        let finished = Program::new(["sh", "-c", &script])
            .current_dir(folder.path())
            .drop_env(&["LR_MODEL", "LR_PROFILE", "LR_RUN"])
            .env("XDG_CONFIG_HOME", folder.path())
            .env("TERM", self.name)
            .timeout(Duration::from_secs(60))
            .run()
            .unwrap();
        drop(held);
        let transcript = reader.join().unwrap();
        let screen = screen(&transcript, usize::from(self.columns));
        Ended {
            status: finished.end,
            transcript,
            screen,
        }
    }
}

/// Reads until nobody writes any more, and answers when the block shows what it is meant to.
fn read_all(mut master: File, shown: &Path, typed: &[u8]) -> String {
    let mut bytes = Vec::new();
    let mut chunk = [0; 4096];
    let mut is_answered = false;
    while let Ok(count @ 1..) = master.read(&mut chunk) {
        bytes.extend_from_slice(&chunk[..count]);
        let text = String::from_utf8_lossy(&bytes);
        // The block may be drawn before the checker's own line is passed on: both are awaited.
        if !is_answered && text.contains(SHOWN) && text.contains("the checker says") {
            is_answered = true;
            fs::write(shown, "").unwrap();
            master.write_all(typed).unwrap();
        }
    }
    String::from_utf8(bytes).unwrap()
}

/// Returns the lines that stand on a terminal after it got all this; it is higher than what is written.
fn screen(transcript: &str, columns: usize) -> Vec<String> {
    let mut lines: Vec<Vec<char>> = vec![Vec::new()];
    let (mut row, mut column) = (0, 0);
    let mut characters = transcript.chars();
    while let Some(character) = characters.next() {
        match character {
            '\r' => column = 0,
            '\n' => row += 1,
            '\u{1b}' => {
                let mut sequence: String = characters.by_ref().take(1).collect();
                assert_eq!(sequence, "[", "an unknown command to the terminal");
                sequence.clear();
                let end = loop {
                    match characters.next().unwrap() {
                        end @ '@'..='~' => break end,
                        other => sequence.push(other),
                    }
                };
                let count = sequence.parse().unwrap_or(1);
                match end {
                    'A' => row -= count,
                    'B' => row += count,
                    'K' => lines[row].clear(),
                    other => assert_eq!(other, 'm', "an unknown command to the terminal"),
                }
            }
            _ => {
                if column == columns {
                    (row, column) = (row + 1, 0);
                }
                lines.resize(lines.len().max(row + 1), Vec::new());
                let line = &mut lines[row];
                line.resize(line.len().max(column + 1), ' ');
                line[column] = character;
                column += 1;
            }
        }
        lines.resize(lines.len().max(row + 1), Vec::new());
    }
    let line = |line: &Vec<char>| line.iter().collect::<String>().trim_end().to_owned();
    let mut lines: Vec<String> = lines.iter().map(line).collect();
    while lines.last().is_some_and(String::is_empty) {
        lines.pop();
    }
    lines
}

/// The beginnings of the lines that stand on the screen.
fn beginnings(ended: &Ended) -> Vec<&str> {
    let lines = ended.screen.iter();
    lines
        .map(|line| line.split(" -> ").next().unwrap())
        .map(|line| line.split("; ").next().unwrap())
        .collect()
}

const SAID: [&str; 9] = [
    "the checker says\\u{1b}[2J a word",
    "lr-loop: turn 1: $ sh -c '. ./check' lr-check a.txt",
    "lr-loop: turn 1: $ sh -c cat lr-git",
    "lr-loop: turn 1: $ sh -c cat lr-fix",
    "lr-loop: turn 1: $ sh -c './stages prompt' lr-prompt",
    "lr-loop: turn 1: $ sh -c './stages llm' lr-llm",
    "lr-loop: turn 1: $ sh -c './stages repair s/bad//' lr-apply",
    "lr-loop: turn 2: $ sh -c '. ./check' lr-check a.txt",
    "lr-loop: turn 1: $ sh -c './stages commit' lr-git",
];

#[test]
fn the_block_shows_what_is_going_on_and_leaves_nothing_behind() {
    let ended = WIDE.run("");
    assert_eq!(ended.status, End::Exited(0));
    for shown in [
        "turn 1: lr-check, ",
        " s; my\\u{1b}[2Jpy: running; ruff: 3 findings\r",
    ] {
        assert!(ended.transcript.contains(shown), "{:?}", ended.transcript);
    }
    let lines = beginnings(&ended);
    assert_eq!(lines[..SAID.len()], SAID);
    assert_eq!(
        lines[SAID.len()..],
        [
            "lr-loop: what was done, in the words of the replies:",
            "lr-loop:   turn 1: I repaired it.",
            "lr-loop: clean: the checks are clean",
        ]
    );
}

#[test]
fn a_narrow_terminal_gets_shorter_lines() {
    let ended = Terminal {
        columns: 47,
        ..WIDE
    }
    .run("");
    assert_eq!(ended.status, End::Exited(0));
    assert!(
        ended.transcript.contains(" s; my\\u{1b}[2Jpy: running\r"),
        "{:?}",
        ended.transcript
    );
    assert!(!ended.transcript.contains("ruff: 3"));
    assert_eq!(ended.screen[0], SAID[0]);
    assert_eq!(ended.screen[1], &SAID[1][..47]);
}

#[test]
fn ctrl_c_takes_the_block_away_and_leaves_the_cursor() {
    let ended = Terminal {
        typed: b"\x03",
        ..WIDE
    }
    .run("");
    assert_eq!(ended.status, End::Exited(130));
    assert_eq!(
        beginnings(&ended),
        [
            SAID[0],
            "lr-loop: interrupted",
            "lr-loop: interrupted: asked to stop"
        ]
    );
    assert!(!ended.transcript.contains("\u{1b}[?25l"));
    assert!(ended.transcript.ends_with('\n'));
}

#[test]
fn a_terminal_that_cannot_move_its_cursor_gets_a_log() {
    let dumb = Terminal {
        name: "dumb",
        ..WIDE
    };
    let ended = dumb.run("--stage=check='./stages check \"$@\"'");
    assert_eq!(ended.status, End::Exited(0));
    assert!(!ended.transcript.contains('\u{1b}'));
    assert_eq!(beginnings(&ended)[1..3], SAID[2..4]);
}

#[test]
fn quiet_leaves_only_the_last_line() {
    let ended = WIDE.run("-q --stage=check='./stages check \"$@\"'");
    assert_eq!(beginnings(&ended), ["lr-loop: clean: the checks are clean"]);
}

#[test]
fn nobody_has_to_listen() {
    let check = "--stage=check='./stages check \"$@\"'";
    let ended = WIDE.run_with(check, &|_| "2>&-".to_owned());
    assert_eq!(
        (ended.status, ended.transcript.as_str()),
        (End::Exited(0), "")
    );
}
