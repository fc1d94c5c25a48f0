//! What a program can do wrong, with real processes. The names are those of the fault catalogue.
#![expect(
    clippy::unwrap_used,
    reason = "a test whose case cannot be set up has failed"
)]

use std::fs::{self, File, Permissions};
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::{Duration, Instant};

use lr_exec::{End, Finished, Program, StartError};

/// Long enough that only a program that hangs reaches it.
const PATIENCE: Duration = Duration::from_secs(20);

fn sh(script: &str) -> Program {
    Program::new(["sh", "-c", script]).timeout(PATIENCE)
}

fn run(program: Program) -> Finished {
    program.run().unwrap()
}

/// Whether the process whose id stands in the file is still there.
fn survives(id_file: &Path) -> bool {
    let id = fs::read_to_string(id_file).unwrap();
    Path::new("/proc").join(id.trim()).exists()
}

fn script(dir: &Path, name: &str, text: &str) -> String {
    let path = dir.join(name);
    fs::write(&path, text).unwrap();
    fs::set_permissions(&path, Permissions::from_mode(0o755)).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn reports_status_output_and_time() {
    let finished = run(sh("echo out; echo err >&2; exit 7"));
    assert_eq!(finished.end, End::Exited(7));
    assert_eq!(finished.stdout.text(), "out\n");
    assert_eq!(finished.stderr.text(), "err\n");
    assert!(!finished.succeeded());
    assert!(finished.seconds > 0.0);
}

#[test]
fn c1_hang_is_ended_when_its_time_is_up() {
    let finished = run(sh("echo begun; sleep 60").timeout(Duration::from_secs(2)));
    assert_eq!(finished.end, End::TimedOut);
    assert_eq!(finished.stdout.text(), "begun\n");
    assert!(finished.seconds < 10.0);
}

#[test]
fn c1_hang_may_end_itself_within_its_grace() {
    let tidy = "trap 'echo tidied; exit 0' TERM; sleep 60 & wait";
    let finished = run(sh(tidy).timeout(Duration::from_secs(2)));
    assert_eq!(finished.end, End::TimedOut);
    assert_eq!(finished.stdout.text(), "tidied\n");
}

#[test]
fn c1_hang_ignores_term_and_is_killed_with_its_children() {
    let dir = tempfile::tempdir().unwrap();
    let script =
        "trap '' TERM; echo $$ > a; sh -c 'echo $$ > b; sleep 60; sleep 60' & sleep 60; sleep 60";
    let finished = run(sh(script)
        .current_dir(dir.path())
        .timeout(Duration::from_secs(2)));
    assert_eq!(finished.end, End::TimedOut);
    assert!(!survives(&dir.path().join("a")));
    assert!(!survives(&dir.path().join("b")));
}

#[test]
fn c2_bg_holds_stdout_does_not_delay_the_result() {
    let finished = run(sh("sleep 60 & echo done"));
    assert_eq!(finished.end, End::Exited(0));
    assert_eq!(finished.stdout.text(), "done\n");
    assert!(finished.seconds < 10.0);
}

#[test]
fn c2_what_is_written_just_after_the_exit_is_kept() {
    let finished = run(sh("(sleep 0.01; echo late) & echo early"));
    assert_eq!(finished.stdout.text(), "early\nlate\n");
}

#[cfg(target_os = "linux")]
mod daemons {
    use super::*;

    #[test]
    fn c2_daemon_holds_stdout() {
        let dir = tempfile::tempdir().unwrap();
        let script =
            "setsid sh -c 'echo $$ > id; sleep 60; :' & until [ -s id ]; do :; done; echo done";
        let finished = run(sh(script).current_dir(dir.path()));
        assert_eq!(finished.stdout.text(), "done\n");
        assert!(finished.seconds < 10.0);
        assert!(!survives(&dir.path().join("id")));
    }

    #[test]
    fn c3_daemonises_with_closed_streams_after_a_double_fork() {
        let dir = tempfile::tempdir().unwrap();
        let stubborn = "trap \"\" TERM; sh -c \"echo \\$PPID\" > id; sleep 60; :";
        let script = format!(
            "setsid sh -c '({stubborn}) &' </dev/null >/dev/null 2>&1; until [ -s id ]; do :; done"
        );
        let finished = run(sh(&script).current_dir(dir.path()));
        assert_eq!(finished.end, End::Exited(0));
        assert!(!survives(&dir.path().join("id")));
    }

    #[test]
    fn c3_daemon_with_an_empty_environment_does_not_outlive_the_last_program() {
        let dir = tempfile::tempdir().unwrap();
        let daemon = "env -i setsid sh -c 'echo $$ > id; sleep 60; :' >/dev/null 2>&1 &";
        run(sh(&format!("{daemon} until [ -s id ]; do :; done")).current_dir(dir.path()));
        // Tests run at once: the daemon may be left to another test's program, but not for long.
        let begin = Instant::now();
        while survives(&dir.path().join("id")) && begin.elapsed() < PATIENCE {
            run(sh("sleep 0.05"));
        }
        assert!(!survives(&dir.path().join("id")));
    }

    #[test]
    fn c3_forkstorm() {
        let dir = tempfile::tempdir().unwrap();
        let each = "(setsid sh -c 'echo $$ >> ids; (sleep 61 & sleep 62 & wait) & sleep 63' &)";
        let script = format!(
            "for i in 1 2 3 4 5 6 7 8 9 10; do {each}; done; \
             until [ \"$(wc -l < ids)\" -eq 10 ]; do sleep 0.01; done 2>/dev/null"
        );
        assert_eq!(run(sh(&script).current_dir(dir.path())).end, End::Exited(0));
        let ids = fs::read_to_string(dir.path().join("ids")).unwrap();
        assert!(
            ids.lines().all(|id| !Path::new("/proc").join(id).exists()),
            "{ids}"
        );
    }
}

#[test]
fn c4_endless_ends_at_the_limit_with_start_and_end_kept() {
    let finished = run(sh("echo first; yes")
        .timeout(Duration::from_secs(2))
        .capture_limit(1000));
    assert_eq!(finished.end, End::TimedOut);
    assert!(finished.stdout.dropped > 0);
    assert_eq!(finished.stdout.bytes().len(), 2000);
    assert!(finished.stdout.text().starts_with("first\ny\n"));
}

#[test]
fn c4_one_long_line_is_cut_in_the_middle() {
    let finished = run(sh("head -c 100000 /dev/zero | tr '\\0' x").capture_limit(10));
    assert_eq!(
        finished.stdout.text(),
        "xxxxxxxxxx\n[… 99980 bytes dropped …]\nxxxxxxxxxx"
    );
}

#[test]
fn c4_stderr_flood_first_does_not_block() {
    let finished = run(sh(
        "head -c 3000000 /dev/zero >&2; head -c 3000000 /dev/zero; echo end",
    ));
    assert_eq!(finished.end, End::Exited(0));
    assert!(finished.stdout.text().ends_with("end\n"));
    assert_eq!(
        finished.stderr.bytes().len() as u64 + finished.stderr.dropped,
        3_000_000
    );
    assert_eq!(finished.stderr.dropped, 3_000_000 - 2 * 1_048_576);
}

#[test]
fn c5_bad_utf8_and_nul_bytes_come_through_as_bytes() {
    let finished = run(sh(r"printf 'a\377\000b\033[31m'"));
    assert_eq!(finished.stdout.bytes(), b"a\xff\0b\x1b[31m");
    assert!(!finished.stdout.is_utf8());
}

#[test]
fn c7_kills_group_does_not_reach_us() {
    assert_eq!(run(sh("kill -KILL 0")).end, End::Signalled(9));
}

#[test]
fn c7_self_segv_is_no_exit_status() {
    let finished = run(sh("kill -SEGV $$"));
    assert_eq!(finished.end, End::Signalled(11));
    assert!(!finished.succeeded());
}

#[test]
fn c7_self_kill_under_a_limit_is_not_a_time_out() {
    assert_eq!(run(sh("kill -TERM $$")).end, End::Signalled(15));
}

#[test]
fn c8_reads_stdin_and_finds_it_empty() {
    assert_eq!(run(sh("cat; echo end")).stdout.text(), "end\n");
}

#[test]
fn c8_wants_tty_and_gets_none() {
    let finished = run(sh("(: < /dev/tty) 2>/dev/null && echo tty; exit 0"));
    assert_eq!(finished.stdout.text(), "");
}

#[test]
fn c8_closes_stdio_and_still_ends_with_its_own_status() {
    assert_eq!(
        run(sh("exec <&- >&- 2>&-; sleep 0.2; exit 3")).end,
        End::Exited(3)
    );
}

#[test]
fn c9_missing() {
    let check = |name: &str, expected: &str| {
        let error = Program::new([name])
            .run()
            .expect_err("there is no such program");
        assert!(matches!(error, StartError::Missing { .. }));
        assert_eq!(error.to_string(), expected);
    };
    check(
        "no-such-program",
        "cannot run 'no-such-program': not found in PATH",
    );
    check(
        "./no-such-file",
        "cannot run './no-such-file': no such file",
    );
}

#[test]
fn c9_not_executable() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("x"), "#!/bin/sh\n").unwrap();
    let error = Program::new(["./x"])
        .current_dir(dir.path())
        .run()
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "cannot run './x': not an executable file"
    );
    assert_eq!(
        error.hint().as_deref(),
        Some("make it executable: chmod +x ./x")
    );
}

#[test]
fn c9_is_a_directory() {
    let error = Program::new(["/tmp"]).run().unwrap_err();
    assert_eq!(error.to_string(), "cannot run '/tmp': is a directory");
}

#[test]
fn c9_scripts_that_cannot_run() {
    let dir = tempfile::tempdir().unwrap();
    let check = |name: &str, text: &str, expected: &str| {
        script(dir.path(), name, text);
        let name = format!("./{name}");
        let error = Program::new([&name])
            .current_dir(dir.path())
            .run()
            .unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("cannot run '{name}': {expected}")
        );
    };
    let asks = "its first line asks for '/no/such', which is not there";
    check("bad-interp", "#!/no/such -x\n", asks);
    let asks = "its first line asks for 'no-such-python', which is not there";
    check("bad-env-interp", "#!/usr/bin/env no-such-python\n", asks);
    check(
        "crlf-shebang",
        "#!/bin/sh\r\necho\r\n",
        "its first line ends with a carriage return",
    );
    let form = "neither machine code nor a script with a '#!' line";
    check("no-shebang", "echo hello\n", form);
    check("empty", "", form);
}

#[test]
fn c9_no_directory_to_run_in() {
    let error = sh(":").current_dir("/no/such/place").run().unwrap_err();
    assert_eq!(
        error.to_string(),
        "cannot run in '/no/such/place': not a directory"
    );
}

#[test]
fn c9_too_many_arguments() {
    let arguments =
        std::iter::once("true".to_owned()).chain(std::iter::repeat_n("x".repeat(100_000), 100));
    let error = Program::new(arguments).run().unwrap_err();
    assert_eq!(
        error.to_string(),
        "cannot run 'true': the argument list is too long"
    );
}

#[test]
fn c9_no_program_named() {
    let error = Program::new(Vec::<String>::new()).run().unwrap_err();
    assert!(matches!(error, StartError::Unnamed));
}

#[test]
fn a_script_is_found_in_the_directory_it_runs_in() {
    let dir = tempfile::tempdir().unwrap();
    script(dir.path(), "x", "#!/bin/sh\necho \"$0\"; pwd\n");
    let finished = run(Program::new(["./x"]).current_dir(dir.path()));
    let expected = format!("./x\n{}\n", dir.path().canonicalize().unwrap().display());
    assert_eq!(finished.stdout.text(), expected);
}

#[test]
fn c11_needs_env_and_gets_no_keys() {
    let finished =
        run(sh("echo \"${A_TOKEN:-none} $NO_COLOR $TERM $LC_ALL\"").env("TERM", "vt100"));
    assert_eq!(finished.stdout.text(), "none 1 vt100 C.UTF-8\n");
    let finished = run(sh("echo \"$A_TOKEN\"").env("A_TOKEN", "given"));
    assert_eq!(finished.stdout.text(), "given\n");
}

#[test]
fn c12_silent_fail_and_exit_255() {
    let finished = run(sh("exit 7"));
    assert_eq!(finished.end, End::Exited(7));
    assert!(finished.stdout.is_empty() && finished.stderr.is_empty());
    assert_eq!(run(sh("exit 255")).end, End::Exited(255));
}

#[test]
fn p8_a_program_may_delete_its_working_directory() {
    let dir = tempfile::tempdir().unwrap();
    let finished = run(sh("rmdir \"$PWD\"; sh -c 'echo still'").current_dir(dir.path().join(".")));
    assert_eq!(finished.stdout.text(), "still\n");
}

#[test]
fn large_stdin_is_delivered_whole() {
    let finished = run(sh("wc -c; echo").stdin_bytes(vec![b'x'; 20_000_000]));
    assert_eq!(finished.stdout.text().trim(), "20000000");
}

#[test]
fn large_stdin_that_comes_back_does_not_block() {
    let finished = run(Program::new(["cat"])
        .stdin_bytes(vec![b'x'; 5_000_000])
        .timeout(PATIENCE));
    assert_eq!(
        finished.stdout.bytes().len() as u64 + finished.stdout.dropped,
        5_000_000
    );
}

#[test]
fn large_stdin_that_nobody_reads_does_not_block() {
    let finished = run(sh("exec <&-; echo done").stdin_bytes(vec![b'x'; 20_000_000]));
    assert_eq!(finished.stdout.text(), "done\n");
    let finished = run(sh("sleep 0.1; exit 4").stdin_bytes(vec![b'x'; 20_000_000]));
    assert_eq!(finished.end, End::Exited(4));
}

#[test]
fn files_can_take_the_place_of_the_streams() {
    let dir = tempfile::tempdir().unwrap();
    let (from, to) = (dir.path().join("from"), dir.path().join("to"));
    fs::write(&from, "one\n").unwrap();
    let program = sh("cat; echo two; echo words >&2");
    let finished = run(program
        .stdin_file(File::open(&from).unwrap())
        .stdout_file(File::create(&to).unwrap()));
    assert!(finished.stdout.is_empty());
    assert_eq!(finished.stderr.text(), "words\n");
    let mut written = String::new();
    File::open(&to)
        .unwrap()
        .read_to_string(&mut written)
        .unwrap();
    assert_eq!(written, "one\ntwo\n");
}

#[test]
fn eight_at_once_leave_each_other_alone() {
    let checker = |number: usize| {
        let script = format!("(sleep 60 &) ; setsid sleep 60 & sleep 0.{number}; echo {number}");
        std::thread::spawn(move || run(sh(&script)))
    };
    let checkers: Vec<_> = (1..=8).map(checker).collect();
    for (number, checker) in (1..=8).zip(checkers) {
        let finished = checker.join().unwrap();
        assert_eq!(finished.end, End::Exited(0));
        assert_eq!(finished.stdout.text(), format!("{number}\n"));
    }
}

#[test]
fn c4_what_is_not_kept_in_memory_may_go_to_a_file() {
    let copied = |limit| {
        let dir = tempfile::tempdir().unwrap();
        let copy = |name| File::create(dir.path().join(name)).unwrap();
        let finished = run(sh("printf 0123456789; printf abc >&2")
            .capture_limit(2)
            .copy_stdout(copy("out"), limit)
            .copy_stderr(copy("err"), limit));
        assert_eq!((finished.stdout.total(), finished.stderr.total()), (10, 3));
        ["out", "err"].map(|name| fs::read_to_string(dir.path().join(name)).unwrap())
    };
    assert_eq!(copied(100), ["0123456789", "abc"]);
    assert_eq!(copied(5), ["01234", "abc"]);
}
