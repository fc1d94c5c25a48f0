//! Replies as data: every file of `corpus/` and its folders is one reply and what is to be understood from it.

#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "the helpers of a test fail it"
)]

use std::collections::BTreeMap;
use std::path::Path;

use lr_blocks::{Block, Content, Fence, Reply, Terms, fragment, read_reply, suspicious};
use lr_turn::ReplyFormat;
use serde::Deserialize;

/// One reply, see `corpus/README.md`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    about: String,
    reply: String,
    fence: Option<(usize, usize)>,
    reply_format: Option<ReplyFormat>,
    #[serde(default)]
    known: Vec<String>,
    format: Option<ReplyFormat>,
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
    old: Option<String>,
    #[serde(default)]
    new: String,
    #[serde(default)]
    deleted: bool,
    refused: Option<String>,
}

impl Case {
    fn read(&self, reply: &str) -> Result<Reply, Vec<lr_blocks::Problem>> {
        let fence = self
            .fence
            .map_or_else(Fence::default, |(open, close)| Fence { open, close });
        let terms = Terms {
            fence,
            format: self.reply_format,
            is_known: &|path| self.known.iter().any(|known| known == path),
        };
        read_reply(reply, &terms)
    }
}

/// All cases, by their path below `corpus/`.
fn cases() -> BTreeMap<String, Case> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    let mut folders = vec![root.clone()];
    let mut cases = BTreeMap::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path
                .extension()
                .is_some_and(|extension| extension == "toml")
            {
                let text = std::fs::read_to_string(&path).expect("a readable case");
                let case = toml::from_str(&text)
                    .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
                let name = path.strip_prefix(&root).expect("a path below the corpus");
                cases.insert(name.display().to_string(), case);
            }
        }
    }
    cases
}

/// What becomes of a file, or the kind of the first problem with that.
fn outcome(block: &Block, old: Option<&str>) -> Result<Option<String>, String> {
    let new = block
        .apply(old)
        .map_err(|problems| problems[0].kind.to_string())?;
    let problem = new.as_ref().and_then(|new| {
        let old = old.unwrap_or_default();
        let is_piece = || block.is_whole().then(|| fragment(old, new)).flatten();
        suspicious(old, new).or_else(is_piece)
    });
    match problem {
        Some(problem) => Err(problem.kind.to_string()),
        None => Ok(new),
    }
}

fn check_block(name: &str, block: &Block, expected: &ExpectedBlock) {
    assert_eq!(block.path, expected.path, "{name}");
    let wanted = match &expected.refused {
        Some(kind) => Err(kind.clone()),
        None => Ok((!expected.deleted).then(|| expected.new.clone())),
    };
    let outcome = outcome(block, expected.old.as_deref());
    assert_eq!(
        outcome,
        wanted,
        "{name}: {}: {:?}",
        block.path,
        block.apply(expected.old.as_deref())
    );
}

fn check(name: &str, case: &Case) {
    assert!(!case.about.is_empty(), "{name} says what it is about");
    match case.read(&case.reply) {
        Ok(reply) => {
            assert_eq!(case.refused, None, "{name} was read: {reply:?}");
            assert_eq!(reply.notes, case.notes, "{name}");
            assert_eq!(reply.declared_done, case.done, "{name}");
            assert_eq!(reply.blocks.len(), case.blocks.len(), "{name}: {reply:?}");
            if case.format.is_some() {
                assert_eq!(reply.format, case.format, "{name}");
            }
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
fn problems_are_told_on_one_printable_line() {
    for (name, case) in &cases() {
        let mut problems = Vec::new();
        match case.read(&case.reply) {
            Ok(reply) => {
                let pairs = reply.blocks.iter().zip(&case.blocks);
                problems.extend(
                    pairs
                        .filter_map(|(block, expected)| block.apply(expected.old.as_deref()).err())
                        .flatten(),
                );
            }
            Err(found) => problems = found,
        }
        for problem in problems {
            assert!(
                !problem.reason.chars().any(char::is_control),
                "{name}: {problem}"
            );
            assert!(!problem.reason.ends_with('.'), "{name}: {problem}");
        }
    }
}

/// Whether what a cut reply does to a file is the beginning of what the whole one does to it.
fn begins(cut: &Content, whole: &Content) -> bool {
    match (cut, whole) {
        (Content::Edits(cut), Content::Edits(whole)) => whole.starts_with(cut),
        (Content::Hunks(cut), Content::Hunks(whole)) => whole.starts_with(cut),
        (cut, whole) => cut == whole,
    }
}

/// Complete versions are there or not. Of edits and hunks the first ones may be: nothing in a reply tells that more
/// were to come, so that those who apply them ask whether the model ended as it should.
#[test]
fn every_good_reply_cut_anywhere_does_a_beginning_of_what_it_does_whole() {
    for (name, case) in &cases() {
        let Ok(whole) = case.read(&case.reply) else {
            continue;
        };
        for bytes in 0..case.reply.len() {
            let Ok(cut) = case.read(&String::from_utf8_lossy(&case.reply.as_bytes()[..bytes]))
            else {
                continue;
            };
            let is_beginning = cut.blocks.len() <= whole.blocks.len()
                && cut.blocks.iter().zip(&whole.blocks).all(|(cut, whole)| {
                    cut.number == whole.number
                        && cut.path == whole.path
                        && begins(&cut.content, &whole.content)
                });
            assert!(is_beginning, "{name} cut after {bytes} bytes: {cut:?}");
        }
    }
}
