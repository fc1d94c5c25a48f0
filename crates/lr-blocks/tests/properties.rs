//! What holds for every text and every reply.

use lr_blocks::{Block, Content, Fence, Reply, Terms, read_reply, suspicious, write_block};
use proptest::collection::vec;
use proptest::prelude::*;

/// Lines that could be taken for something else, and lines of any kind.
fn line() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[<>]{0,12}[ \t]?([a-z.]{0,3}[ ]?[<>]{0,12})?[ \t\r]?",
        2 => "(```|~~~|````)[a-z ]{0,3}",
        1 => prop::sample::select(vec![
            "<think>", "</think>", "<thinking>", "<<<< a.py <<<<", ">>>>>>>>", "No further improvements possible",
            "# ... rest unchanged", "1 | x", "\u{feff}", "\u{1b}[0m", "\\n", "",
        ]).prop_map(str::to_owned),
        4 => "[ -~]{0,20}",
        1 => "[^\n]{0,8}",
    ]
}

/// A text of such lines, with either line end, with or without a last one.
fn text() -> impl Strategy<Value = String> {
    (vec((line(), any::<bool>()), 0..12), any::<bool>()).prop_map(|(lines, ends)| {
        let mut text: String = lines
            .iter()
            .flat_map(|(line, crlf)| [line.as_str(), if *crlf { "\r\n" } else { "\n" }])
            .collect();
        if !ends {
            text.truncate(text.trim_end_matches(['\r', '\n']).len());
        }
        text
    })
}

/// A text as it is after being shown and copied faithfully.
fn as_read_back(text: &str) -> String {
    let end = if text.is_empty() || text.ends_with('\n') {
        ""
    } else {
        "\n"
    };
    format!("{text}{end}").replace("\r\n", "\n")
}

/// The text of a block as it stood between the markers.
fn whole_text(block: &Block) -> &str {
    match &block.content {
        Content::Whole(whole) => whole.hugged.as_deref().unwrap_or(&whole.text),
        _ => "not whole",
    }
}

fn written(texts: &[String], remark: &str) -> (String, Fence) {
    let fence = Fence::clear_of(texts.iter().map(String::as_str));
    let mut reply = String::new();
    for (index, text) in texts.iter().enumerate() {
        reply.push_str(remark);
        write_block(&mut reply, &format!("src/{index}.py"), text, fence);
    }
    reply.push_str(remark);
    (reply, fence)
}

/// Reads what is left of a reply after so many bytes.
fn read_cut(reply: &str, bytes: usize, fence: Fence) -> Option<Reply> {
    read_reply(
        &String::from_utf8_lossy(&reply.as_bytes()[..bytes]),
        &Terms::announced(fence),
    )
    .ok()
}

/// Every block of every cut of a good reply is one of the whole reply, in the same order.
fn check_cuts(reply: &str, fence: Fence) {
    let whole = read_reply(reply, &Terms::announced(fence)).unwrap_or_default();
    for bytes in 0..reply.len() {
        if let Some(cut) = read_cut(reply, bytes, fence) {
            assert!(
                whole.blocks.starts_with(&cut.blocks),
                "cut after {bytes} bytes: {cut:?}"
            );
        }
    }
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(texts in vec(text(), 1..5)) {
        let (reply, fence) = written(&texts, "A remark.\n");
        let read = read_reply(&reply, &Terms::announced(fence)).expect("a good reply");
        let read: Vec<&str> = read.blocks.iter().map(whole_text).collect();
        let expected: Vec<String> = texts.iter().map(|text| as_read_back(text)).collect();
        prop_assert_eq!(read, expected);
    }

    #[test]
    fn a_block_is_given_back_to_the_file_it_came_from(text in text()) {
        let (reply, fence) = written(std::slice::from_ref(&text), "");
        let read = read_reply(&reply, &Terms::announced(fence)).expect("a good reply");
        prop_assert_eq!(read.blocks[0].apply(Some(&text)), Ok(Some(as_read_back(&text))));
    }

    #[test]
    fn a_cut_reply_has_complete_blocks_or_none(
        texts in vec(text(), 1..4),
        remark in prop_oneof![Just(""), Just("Wäre <so> >> gut.\n"), Just("<think>\n<<<< a <<<<\n</think>\n")],
    ) {
        let (reply, fence) = written(&texts, remark);
        check_cuts(&reply, fence);
    }

    #[test]
    fn no_text_is_too_odd_to_be_read(old in text(), bytes in vec(any::<u8>(), 0..200), lines in text()) {
        for reply in [&*String::from_utf8_lossy(&bytes), &*lines] {
            match read_reply(reply, &Terms::default()) {
                Ok(reply) => {
                    for block in &reply.blocks {
                        if let Ok(Some(new)) = block.apply(Some(&old)) {
                            suspicious(&old, &new);
                        }
                    }
                    prop_assert!(!reply.notes.chars().any(|c| c.is_control() && c != '\n' && c != '\t'));
                }
                Err(problems) => {
                    prop_assert!(!problems.is_empty());
                    prop_assert!(!problems.iter().any(|problem| problem.reason.chars().any(char::is_control)));
                }
            }
            suspicious(&old, reply);
        }
    }

    #[test]
    fn the_same_text_again_is_never_suspicious(text in text()) {
        prop_assert_eq!(suspicious(&text, &text), None);
        let text = text.replace('\0', "");
        let lf = text.replace("\r\n", "\n");
        prop_assert_eq!(suspicious(&text, &lf), None);
    }
}

/// Large enough that anything worse than linear would not end.
#[test]
fn ten_thousand_blocks_are_read() {
    let texts: Vec<String> = (0..10_000)
        .map(|n| format!("x = {n}  # {}\n", "x".repeat(80)).repeat(10))
        .collect();
    let (reply, fence) = written(&texts, "Some words.\n");
    let read = read_reply(&reply, &Terms::announced(fence)).expect("a good reply");
    assert_eq!(read.blocks.len(), 10_000);
    assert_eq!(read.notes.len(), "Some words.\n\n".len() * 10_001 - 2);
}

/// So many that anything worse than linear would not end.
#[test]
fn hunks_and_edits_among_lines_that_are_all_alike_are_applied() {
    const N: usize = 50_000;
    let all = |line: fn(usize) -> String| (1..=N).map(line).collect::<Vec<_>>().concat();
    let hunks = all(|n| format!("@@ -{n} +{n} @@\n-x\n+y{n}\n"));
    let edits = all(|n| format!("<<<<<<< SEARCH\nx\nz{n}\n=======\ny{n}\n>>>>>>> REPLACE\n"));
    let changed = all(|n| format!("y{n}\n"));
    for (reply, old) in [
        (format!("--- a/a\n+++ b/a\n{hunks}"), "x\n".repeat(N)),
        (format!("a.py\n{edits}"), all(|n| format!("x\nz{n}\n"))),
    ] {
        let read = read_reply(&reply, &Terms::default()).expect("a good reply");
        let new = read.blocks[0].apply(Some(&old)).expect("a good change");
        assert!(new.is_some_and(|new| new == changed));
    }
}

/// Long enough that anything worse than linear would not end.
#[test]
fn much_reasoning_in_one_line_is_passed() {
    let text = format!("{}Done.", "<think>a</THINK>".repeat(200_000));
    let read = read_reply(&text, &Terms::default()).expect("a good reply");
    assert_eq!(read.notes, "Done.");
}

#[test]
fn baits_are_read() {
    const SIZE: usize = 200_000;
    let baits = [
        "<",
        ">",
        "\n",
        " ",
        "`",
        "```\n",
        "*",
        "<<<< ",
        "<<<< a <<<<\n",
        "<<<< a <<<<\n>>>>>>>>\n",
        "<<<< ./",
        ">>>>>>>>\n",
        "<think></think>",
        "<think>",
        "<THINK>x</THINK>y",
        "</think>",
        "### a.py\n",
        "**a.py**: x\n",
        "- a.py\n",
        "## `a.py` ",
        "a/",
        "file: ",
        "a.py\n```\n\n",
        "### a.py\n```python\n",
        "```python:a.py\n",
        "<<< a <<<\n",
        "<<<<<<< HEAD\n",
        "{\"content\"",
        "\n```json\n",
        "</think>\n",
        "\r",
        "\\n",
        "1|\n",
        "# ...\n",
        "\u{1b}",
    ];
    for bait in baits {
        let text = bait.repeat(SIZE / bait.len());
        let read = read_reply(&text, &Terms::default());
        assert!(
            read.is_err() || read.is_ok_and(|reply| reply.blocks.len() <= 1),
            "{bait:?}"
        );
        let block = format!("<<<< a <<<<\n{text}\n>>>>>>>>\n");
        let fence = Fence::clear_of([&*text]);
        assert!(fence.open >= 4, "{bait:?}");
        drop(read_reply(&block, &Terms::default()));
        suspicious("x\n", &text);
        suspicious(&text, "x\n");
    }
}
