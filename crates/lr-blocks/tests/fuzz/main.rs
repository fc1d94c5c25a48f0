//! Replies of the corpus, damaged at random but always alike, read and applied.
//!
//! `LR_FUZZ_ROUNDS` makes the run longer; `fuzz/` has the same checks for cargo-fuzz.

#![expect(clippy::expect_used, reason = "the helpers of a test fail it")]

mod check;

use std::path::Path;

use check::check_reply;
use lr_turn::ReplyFormat;

/// So many damaged replies are read for each reply of the corpus.
const ROUNDS: usize = 40;

/// Pieces that mean something in one of the formats.
const PIECES: [&str; 22] = [
    "\n",
    "<<<<<<< SEARCH\n",
    "=======\n",
    ">>>>>>> REPLACE\n",
    "<<<<<<< HEAD\n",
    ">>>>>>> updated\n",
    "```\n",
    "```python\n",
    "a.py\n",
    "--- a/a.py\n+++ b/a.py\n",
    "@@ -1,2 +1,2 @@\n",
    "-x\n",
    "+x\n",
    " x\n",
    "*** Begin Patch\n",
    "*** End Patch\n",
    "*** Update File: a.py\n",
    "<<<< a.py <<<<\n",
    ">>>>>>>>\n",
    "<think>\n",
    "\u{1b}[2J",
    "é",
];

/// Numbers that are the same in every run (xorshift).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        let limit = u64::try_from(limit.max(1)).unwrap_or(1);
        usize::try_from(self.0 % limit).unwrap_or(0)
    }
}

/// The replies of the corpus, and the texts of files in it.
fn corpus() -> (Vec<String>, Vec<String>) {
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus")];
    let (mut replies, mut olds) = (Vec::new(), vec![String::new()]);
    while let Some(folder) = folders.pop() {
        let entries = std::fs::read_dir(folder).expect("a folder");
        let mut paths: Vec<_> = entries
            .map(|entry| entry.expect("an entry").path())
            .collect();
        paths.sort();
        for path in paths {
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "toml") {
                let text = std::fs::read_to_string(&path).expect("a readable case");
                let case: toml::Table = text.parse().expect("a case");
                replies.extend(case["reply"].as_str().map(str::to_owned));
                let blocks = case.get("blocks").and_then(toml::Value::as_array);
                let texts = blocks
                    .into_iter()
                    .flatten()
                    .filter_map(|block| block.get("old"));
                olds.extend(texts.filter_map(toml::Value::as_str).map(str::to_owned));
            }
        }
    }
    (replies, olds)
}

/// The text with lines left out, repeated, moved or spoilt.
fn damaged(text: &str, numbers: &mut Numbers) -> String {
    let mut lines: Vec<String> = text.split_inclusive('\n').map(str::to_owned).collect();
    for _ in 0..=numbers.below(4) {
        let (at, other) = (numbers.below(lines.len()), numbers.below(lines.len()));
        let piece = PIECES[numbers.below(PIECES.len())];
        match numbers.below(6) {
            _ if lines.is_empty() => lines.push(piece.to_owned()),
            0 => drop(lines.remove(at)),
            1 => lines.swap(at, other),
            2 => lines.insert(other, lines[at].clone()),
            3 => lines.insert(at, piece.to_owned()),
            4 => lines[at].insert_str(0, [" ", "\t", "+", "-", "<", ">"][numbers.below(6)]),
            _ => drop(lines[at].pop()),
        }
    }
    lines.concat()
}

#[test]
fn damaged_replies_are_read_or_refused_in_good_order() {
    let rounds = std::env::vars()
        .find(|(name, _)| name == "LR_FUZZ_ROUNDS")
        .and_then(|(_, rounds)| rounds.parse().ok())
        .unwrap_or(ROUNDS);
    let (replies, olds) = corpus();
    let formats = [
        None,
        Some(ReplyFormat::Blocks),
        Some(ReplyFormat::Fences),
        Some(ReplyFormat::Edits),
        Some(ReplyFormat::Diff),
        Some(ReplyFormat::Patch),
    ];
    let mut numbers = Numbers(0x9e37_79b9_7f4a_7c15);
    for reply in &replies {
        for _ in 0..rounds {
            let reply = damaged(reply, &mut numbers);
            let old = &olds[numbers.below(olds.len())];
            // Mostly as it is recognised by itself.
            let format = formats[numbers
                .below(2 * formats.len())
                .saturating_sub(formats.len())];
            check_reply(&reply, old, format);
        }
    }
}
