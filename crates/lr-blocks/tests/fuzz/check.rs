//! What must hold for any reply and any file, shared by the fuzz targets and by the short run in the tests.

use lr_blocks::{Problem, Terms, read_reply, suspicious};
use lr_turn::ReplyFormat;

fn check_reasons(problems: &[Problem]) {
    assert!(!problems.is_empty(), "a refusal has a reason");
    for problem in problems {
        assert!(!problem.reason.is_empty());
        assert!(
            !problem.reason.chars().any(char::is_control),
            "{:?}",
            problem.reason
        );
    }
}

/// Reads a reply, does to a file what it says, and checks what comes of it.
pub(crate) fn check_reply(text: &str, old: &str, format: Option<ReplyFormat>) {
    let terms = Terms {
        format,
        is_known: &|path| path == "a.py" || path == "LICENSE",
        ..Terms::default()
    };
    let reply = match read_reply(text, &terms) {
        Ok(reply) => reply,
        Err(problems) => return check_reasons(&problems),
    };
    let is_text = |c: char| !c.is_control() || c == '\n' || c == '\t';
    assert!(reply.notes.chars().all(is_text), "{:?}", reply.notes);
    assert!(format.is_none() || reply.format.is_none() || reply.format == format);
    assert!(reply.format.is_some() || reply.blocks.is_empty());
    for (at, block) in reply.blocks.iter().enumerate() {
        let is_again = reply.blocks[..at]
            .iter()
            .any(|other| other.path == block.path);
        assert!(!is_again, "{} is there twice", block.path);
        for old in [Some(old), Some(""), None] {
            match block.apply(old) {
                Ok(Some(new)) => {
                    assert!(new.is_empty() || new.ends_with('\n'), "{new:?}");
                    drop(suspicious(old.unwrap_or_default(), &new));
                }
                Ok(None) => {}
                Err(problems) => check_reasons(&problems),
            }
        }
    }
    assert_eq!(
        read_reply(text, &terms).as_ref(),
        Ok(&reply),
        "reading is repeatable"
    );
}
