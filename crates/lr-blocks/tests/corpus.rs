//! Replies as data: every file of `corpus/` is one reply and what is to be understood from it.

#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "the helpers of a test fail it"
)]

use std::path::Path;

use lr_blocks::{Block, Fence, Terms, read_reply, suspicious};
use serde::Deserialize;

/// One reply, see `corpus/README.md`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    about: String,
    reply: String,
    fence: Option<(usize, usize)>,
    refused: Option<Vec<String>>,
    #[serde(default)]
    notes: String,
    #[serde(default)]
    done: bool,
    #[serde(default)]
    blocks: Vec<ExpectedBlock>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ExpectedBlock {
    path: String,
    #[serde(default)]
    old: String,
    #[serde(default)]
    new: String,
    refused: Option<String>,
}

impl Case {
    fn fence(&self) -> Fence {
        self.fence
            .map_or_else(Fence::default, |(open, close)| Fence { open, close })
    }
}

fn cases() -> Vec<(String, Case)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    let mut cases: Vec<(String, Case)> = std::fs::read_dir(folder)
        .expect("the corpus")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "toml")
        })
        .map(|path| {
            let text = std::fs::read_to_string(&path).expect("a readable case");
            let case =
                toml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            (
                path.file_name()
                    .unwrap_or_default()
                    .to_string_lossy()
                    .into_owned(),
                case,
            )
        })
        .collect();
    cases.sort_by(|a, b| a.0.cmp(&b.0));
    cases
}

fn check_block(name: &str, block: &Block, expected: &ExpectedBlock) {
    let new = block
        .apply(Some(&expected.old))
        .expect("a whole version")
        .unwrap_or_default();
    let refused = suspicious(&expected.old, &new).map(|problem| problem.kind.to_string());
    assert_eq!(block.path, expected.path, "{name}");
    assert_eq!(refused, expected.refused, "{name}: {}", block.path);
    if refused.is_none() {
        assert_eq!(new, expected.new, "{name}: {}", block.path);
    }
}

fn check(name: &str, case: &Case) {
    assert!(!case.about.is_empty(), "{name} says what it is about");
    match read_reply(&case.reply, &Terms::announced(case.fence())) {
        Ok(reply) => {
            assert_eq!(case.refused, None, "{name} was read: {reply:?}");
            assert_eq!(reply.notes, case.notes, "{name}");
            assert_eq!(reply.declared_done, case.done, "{name}");
            assert_eq!(reply.blocks.len(), case.blocks.len(), "{name}: {reply:?}");
            for (block, expected) in reply.blocks.iter().zip(&case.blocks) {
                check_block(name, block, expected);
            }
        }
        Err(problems) => {
            let kinds = problems
                .iter()
                .map(|problem| problem.kind.to_string())
                .collect();
            assert_eq!(case.refused, Some(kinds), "{name}: {problems:#?}");
        }
    }
}

#[test]
fn every_reply_is_understood_as_it_says() {
    let cases = cases();
    assert!(cases.len() >= 20, "only {} cases were found", cases.len());
    for (name, case) in &cases {
        check(name, case);
    }
}

#[test]
fn every_good_reply_cut_anywhere_has_complete_blocks_or_none() {
    for (name, case) in &cases() {
        let Ok(whole) = read_reply(&case.reply, &Terms::announced(case.fence())) else {
            continue;
        };
        for bytes in 0..case.reply.len() {
            let cut = String::from_utf8_lossy(&case.reply.as_bytes()[..bytes]);
            if let Ok(cut) = read_reply(&cut, &Terms::announced(case.fence())) {
                assert!(
                    whole.blocks.starts_with(&cut.blocks),
                    "{name} cut after {bytes} bytes"
                );
            }
        }
    }
}
