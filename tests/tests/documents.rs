//! Runs the shell blocks of the README and of `docs/`, in the order of the page, so that every
//! example on them works. A page gets a copy of `examples/python-quality`, a checker script and a
//! fake model that has nothing to add.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use lr_tests::fake_model::{Answer, FakeModel};
use lr_tests::{Sandbox, sandbox};

fn blocks(page: &str) -> Vec<String> {
    let mut blocks = Vec::new();
    let mut open: Option<String> = None;
    for line in page.lines() {
        match (&mut open, line) {
            (None, "```sh") => open = Some(String::new()),
            (Some(_), "```") => blocks.extend(open.take()),
            (Some(block), line) => {
                block.push_str(line);
                block.push('\n');
            }
            (None, _) => {}
        }
    }
    assert!(open.is_none(), "a block is not closed");
    blocks
}

fn check(page: &str) {
    let text = std::fs::read_to_string(sandbox::project().join(page)).unwrap();
    let blocks = blocks(&text);
    assert!(!blocks.is_empty(), "{page} has no block to run");
    let model = FakeModel::answering(|request, _| answer(request.question()));
    let mut sandbox = Sandbox::with_example("python-quality");
    sandbox.write("my_checks.sh", "#!/bin/sh\nwhile [ $# -gt 0 ]; do case $1 in --*) ;; *) grep -n 'os' \"$1\" && bad=1 ;; esac; shift; done\nexit ${bad:-0}\n");
    sandbox.bash("chmod +x my_checks.sh").success();
    sandbox.commit_all();
    sandbox.set("LR_MODEL", "test-model");
    sandbox.set("LR_BASE_URL", &model.url());
    for block in blocks {
        let outcome = sandbox.bash(&block);
        // The fake model declares that nothing is left to improve, which is no success.
        let ends_with_a_loop = block.lines().last().unwrap().starts_with("lr-loop ");
        let expected = i32::from(ends_with_a_loop);
        assert_eq!(outcome.status, expected, "{page}:\n{block}\n{outcome}");
    }
}

/// Adds type hints where it is asked to, and has nothing to add otherwise.
fn answer(question: &str) -> Answer {
    if !question.contains("add type hints") {
        return Answer::text("Nothing to add.\n\nNo further improvements possible");
    }
    let example = sandbox::project().join("examples/python-quality/shop/money.py");
    let text = std::fs::read_to_string(example).unwrap();
    let text = text.replace(
        "def format_cents(cents):",
        "def format_cents(cents: int) -> str:",
    );
    Answer::text(&format!("<<<< shop/money.py <<<<\n{text}>>>>>>>>\n"))
}

#[test]
fn the_readme_works() {
    check("README.md");
}

#[test]
fn how_to_write_a_stage_works() {
    check("docs/stages.md");
}

#[test]
fn how_a_reply_is_read_works() {
    check("docs/replies.md");
}

/// Every kind of problem that a reader of replies can report stands in the table.
#[test]
fn every_kind_of_refusal_is_explained() {
    let page = std::fs::read_to_string(sandbox::project().join("docs/replies.md")).unwrap();
    let source = sandbox::project().join("crates/lr-blocks/src/problem.rs");
    let source = std::fs::read_to_string(source).unwrap();
    let kinds: Vec<&str> = source
        .lines()
        .filter_map(|line| line.trim().strip_prefix("Self::")?.split_once("=> \""))
        .filter_map(|(_, kind)| kind.strip_suffix("\","))
        .collect();
    assert!(kinds.len() > 10, "{kinds:?}");
    for kind in kinds {
        assert!(page.contains(&format!("`{kind}`")), "{kind} is not there");
    }
}
