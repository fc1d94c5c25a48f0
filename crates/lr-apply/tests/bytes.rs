//! What `lr-apply` does to real files, byte for byte.

#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "a test runs the program itself, and fails by panicking"
)]

mod program;

use std::path::Path;
use std::process::Command;

use program::lr_apply;

fn apply(folder: &Path, turn: &str) -> (i32, String) {
    let output = lr_apply(folder, &[], turn);
    (
        output.status.code().unwrap(),
        String::from_utf8(output.stdout).unwrap(),
    )
}

fn turn(path: &str, text: &str, check: &str) -> String {
    let end = if text.is_empty() || text.ends_with(r"\n") {
        ""
    } else {
        r"\n"
    };
    let reply = format!(r"<<<< {path} <<<<\n{text}{end}>>>>>>>>\n");
    format!(
        r#"{{"lr":1,"run":"r","turn":1,"sources":[{{"path":"{path}"}}],{check}"reply":{{"text":"{reply}"}}}}"#
    )
}

fn check(old: &[u8], text: &str, check: &str, new: &[u8]) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.txt");
    std::fs::write(&file, old).unwrap();
    let (status, _) = apply(folder.path(), &turn("a.txt", text, check));
    assert_eq!(status, 0);
    assert_eq!(std::fs::read(&file).unwrap(), new);
}

#[test]
fn keeps_line_endings_byte_order_mark_and_a_missing_final_newline() {
    check(b"a\r\nb", r"a\nc\n", "", b"a\r\nc");
    check(b"\xef\xbb\xbfa\n", r"b\n", "", b"\xef\xbb\xbfb\n");
}

#[test]
fn a_finding_about_the_final_newline_lets_it_change() {
    let finding = r#""check":{"clean":false,"results":[{"argv":[],"findings":[{"message":"m","location":{"path":"a.txt"},"bytes":"final_newline"}]}]},"#;
    check(b"a\nb", r"a\nb\n", finding, b"a\nb\n");
}

#[test]
fn running_a_turn_twice_is_harmless() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.txt");
    std::fs::write(&file, "old\n").unwrap();
    let sha256 = lr_files::sha256_hex(b"old\n");
    let turn =
        turn("a.txt", r"new\n", "").replace("\"}],", &format!("\",\"sha256\":\"{sha256}\"}}],"));
    let first = apply(folder.path(), &turn);
    assert_eq!(first.0, 0);
    assert_eq!(apply(folder.path(), &turn), first);
    std::fs::write(&file, "somebody else's\n").unwrap();
    let (status, output) = apply(folder.path(), &turn);
    assert_eq!(status, 1);
    assert!(output.contains(r#""kind":"changed""#), "{output}");
    assert_eq!(std::fs::read(&file).unwrap(), b"somebody else's\n");
}

#[test]
fn the_parts_of_a_turn_can_be_run_again_from_any_point() {
    let folder = tempfile::tempdir().unwrap();
    let sha256 = lr_files::sha256_hex(b"old\n");
    let known = format!("\",\"sha256\":\"{sha256}\"}}],");
    let part = |number: u32| {
        let name = format!("{number}.txt");
        std::fs::write(folder.path().join(&name), "old\n").unwrap();
        let head = format!(r#""turn":1,"part":{number},"parts":3,"#);
        let turn = turn(&name, r"new\n", "").replace(r#""turn":1,"#, &head);
        turn.replace("\"}],", &known) + "\n"
    };
    let parts = [part(1), part(2), part(3)];
    apply(folder.path(), &parts[..2].concat());
    let all = apply(folder.path(), &parts.concat());
    assert_eq!(all.0, 0, "{}", all.1);
    assert_eq!(all.1.matches(r#""outcome":"applied""#).count(), 3);
    assert_eq!(apply(folder.path(), &parts.concat()), all);
}

#[test]
fn running_a_turn_that_made_a_file_twice_is_harmless() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(
        folder.path().join("lr.toml"),
        "[apply]\nallow-new = ['new/']\n",
    )
    .unwrap();
    let turn = turn("new/a.txt", r"a\r\nb", "").replace("a.txt\"}],", "b.txt\"}],");
    let first = apply(folder.path(), &turn);
    assert_eq!(first.0, 0, "{}", first.1);
    assert_eq!(apply(folder.path(), &turn), first);
    let file = folder.path().join("new/a.txt");
    assert_eq!(std::fs::read(&file).unwrap(), b"a\nb\n");
    std::fs::write(&file, "somebody else's\n").unwrap();
    let (status, output) = apply(folder.path(), &turn);
    assert_eq!(status, 1);
    assert!(output.contains(r#""kind":"not_offered""#), "{output}");
    assert_eq!(std::fs::read(&file).unwrap(), b"somebody else's\n");
}

#[test]
fn running_a_turn_that_deleted_a_file_twice_is_harmless() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(
        folder.path().join("lr.toml"),
        "[apply]\nallow-delete = ['*']\n",
    )
    .unwrap();
    std::fs::write(folder.path().join("a.txt"), "old\n").unwrap();
    let patch = r"*** Begin Patch\n*** Delete File: a.txt\n*** End Patch\n";
    let turn = format!(
        r#"{{"lr":1,"run":"r","turn":1,"sources":[{{"path":"a.txt"}}],"reply":{{"text":"{patch}"}}}}"#
    );
    let first = apply(folder.path(), &turn);
    assert_eq!(first.0, 0, "{}", first.1);
    assert!(first.1.contains(r#""kind":"deleted""#), "{}", first.1);
    assert!(!folder.path().join("a.txt").exists());
    assert_eq!(apply(folder.path(), &turn), first);
}

#[cfg(unix)]
#[test]
fn symbolic_links_and_hard_links_are_not_written_through() {
    let folder = tempfile::tempdir().unwrap();
    let outside = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(outside.path(), "secret\n").unwrap();
    std::os::unix::fs::symlink(outside.path(), folder.path().join("link")).unwrap();
    std::fs::write(folder.path().join("one"), "x\n").unwrap();
    std::fs::hard_link(folder.path().join("one"), folder.path().join("two")).unwrap();
    for (path, kind) in [("link", "symlink"), ("two", "hard_link")] {
        let (status, output) = apply(folder.path(), &turn(path, r"y\n", ""));
        assert_eq!(status, 1, "{output}");
        assert!(output.contains(&format!(r#""kind":"{kind}""#)), "{output}");
    }
    assert_eq!(std::fs::read(outside.path()).unwrap(), b"secret\n");
    assert_eq!(std::fs::read(folder.path().join("one")).unwrap(), b"x\n");
}

#[test]
fn one_bad_block_and_no_byte_is_written() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a"), "1\n").unwrap();
    std::fs::write(folder.path().join("b"), "1\n").unwrap();
    let turn = r#"{"lr":1,"sources":[{"path":"a"},{"path":"b"}],"reply":{"text":"<<<< a <<<<\n2\n>>>>>>>>\n<<<< b <<<<\n2\n"}}"#;
    let (status, output) = apply(folder.path(), turn);
    assert_eq!(status, 1, "{output}");
    assert_eq!(std::fs::read(folder.path().join("a")).unwrap(), b"1\n");
    assert!(
        !folder.path().join(".lr").exists(),
        "nothing to write, nothing left behind"
    );
}

#[test]
fn a_computed_fix_may_empty_a_file_and_a_model_may_not() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.py");
    std::fs::write(&file, "import os\n").unwrap();
    let by_model = turn("a.py", "", "");
    let (status, output) = apply(folder.path(), &by_model);
    assert_eq!(status, 1);
    assert!(output.contains(r#""kind":"wiped""#), "{output}");
    let computed = by_model.replace("\"reply\":{", "\"reply\":{\"fixes\":[\"k\"],");
    let (status, output) = apply(folder.path(), &computed);
    assert_eq!(status, 0, "{output}");
    assert_eq!(std::fs::read(&file).unwrap(), b"");
}

#[cfg(target_os = "linux")]
#[test]
fn a_page_that_cannot_be_written_does_not_hide_that_files_were_changed() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a.txt"), "a\n").unwrap();
    std::fs::write(folder.path().join("turn"), turn("a.txt", r"b\n", "")).unwrap();
    let output = Command::new("sh")
        .args(["-c", "exec \"$0\" < turn > /dev/full"])
        .arg(env!("CARGO_BIN_EXE_lr-apply"))
        .current_dir(folder.path())
        .output()
        .unwrap();
    let words = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{words}");
    assert!(words.contains("files were changed before this"), "{words}");
    let text = std::fs::read_to_string(folder.path().join("a.txt")).unwrap();
    assert_eq!(text, "b\n");
}
