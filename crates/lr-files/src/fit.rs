//! Keeping the bytes of a file that a new version does not mean to change.
//!
//! Models answer with text whose lines end in LF. [`plain`] is how a file is shown to them, and
//! [`fit`] gives their text the old file's line ends, byte order mark and missing final newline.

use crate::shared::shared_lines;

const BYTE_ORDER_MARK: char = '\u{feff}';

/// Which habits of the old file are kept; all by default. One is not kept when it is what a
/// finding is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Keep {
    /// LF or CRLF at the end of each line.
    pub line_endings: bool,
    /// Whether the last line ends with a line end.
    pub final_newline: bool,
    /// Whether the text begins with a byte order mark.
    pub bom: bool,
}

impl Default for Keep {
    fn default() -> Self {
        Self {
            line_endings: true,
            final_newline: true,
            bom: true,
        }
    }
}

/// Tells whether a text begins with a byte order mark.
pub fn has_bom(text: &str) -> bool {
    text.starts_with(BYTE_ORDER_MARK)
}

/// The text as it is shown to a model: without byte order mark, every line ending with LF.
pub fn plain(text: &str) -> String {
    let text = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text);
    let mut plain = text.replace("\r\n", "\n");
    if !plain.is_empty() && !plain.ends_with('\n') {
        plain.push('\n');
    }
    plain
}

/// Gives a new text (lines ending with LF) the habits of the old file that `keep` names.
///
/// Where the old file mixes LF and CRLF, the lines it keeps (by a line diff) keep theirs, and
/// new lines get what most lines have. `fit(&plain(old), old, Keep::default())` is `old`.
pub fn fit(new_text: &str, old: &[u8], keep: Keep) -> Vec<u8> {
    let old = String::from_utf8_lossy(old);
    let mut text = String::with_capacity(new_text.len());
    let body = new_text.strip_prefix(BYTE_ORDER_MARK);
    let wants_bom = if keep.bom {
        has_bom(&old)
    } else {
        body.is_some()
    };
    if wants_bom {
        text.push(BYTE_ORDER_MARK);
    }
    let old_body = old.strip_prefix(BYTE_ORDER_MARK).unwrap_or(&old);
    let new_lines = split_lines(body.unwrap_or(new_text));
    let endings = if keep.line_endings {
        choose_endings(&split_lines(old_body), &new_lines)
    } else {
        new_lines.iter().map(|line| line.ending).collect()
    };
    let n_lines = new_lines.len();
    for (number, (line, ending)) in new_lines.iter().zip(endings).enumerate() {
        text.push_str(line.content);
        let is_last = number + 1 == n_lines;
        let is_bare = if is_last && keep.final_newline && !old_body.is_empty() {
            !old_body.ends_with('\n')
        } else {
            line.ending == Ending::None
        };
        text.push_str(if is_bare { "" } else { ending.as_str() });
    }
    text.into_bytes()
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ending {
    None,
    Lf,
    CrLf,
}

impl Ending {
    /// The characters; a line that has no end of its own gets LF when it needs one.
    fn as_str(self) -> &'static str {
        match self {
            Self::CrLf => "\r\n",
            Self::None | Self::Lf => "\n",
        }
    }
}

#[derive(Debug, Clone, Copy)]
struct Line<'text> {
    content: &'text str,
    ending: Ending,
}

fn split_lines(text: &str) -> Vec<Line<'_>> {
    text.split_inclusive('\n')
        .map(|line| {
            if let Some(content) = line.strip_suffix("\r\n") {
                Line {
                    content,
                    ending: Ending::CrLf,
                }
            } else if let Some(content) = line.strip_suffix('\n') {
                Line {
                    content,
                    ending: Ending::Lf,
                }
            } else {
                Line {
                    content: line,
                    ending: Ending::None,
                }
            }
        })
        .collect()
}

/// The line end for each new line.
fn choose_endings(old: &[Line<'_>], new: &[Line<'_>]) -> Vec<Ending> {
    let count = |ending| old.iter().filter(|line| line.ending == ending).count();
    let (crlf, lf) = (count(Ending::CrLf), count(Ending::Lf));
    let usual = if crlf > lf { Ending::CrLf } else { Ending::Lf };
    let mut endings = vec![usual; new.len()];
    if crlf == 0 || lf == 0 {
        return endings;
    }
    for run in shared_lines(&contents(old), &contents(new)) {
        let kept = old.iter().skip(run.old).take(run.len);
        for (ending, line) in endings.iter_mut().skip(run.new).zip(kept) {
            if line.ending != Ending::None {
                *ending = line.ending;
            }
        }
    }
    endings
}

fn contents<'text>(lines: &[Line<'text>]) -> Vec<&'text str> {
    lines.iter().map(|line| line.content).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(new: &str, old: &str, expected: &str) {
        let fitted = fit(new, old.as_bytes(), Keep::default());
        assert_eq!(String::from_utf8(fitted).unwrap(), expected);
    }

    fn check_keep(keep: Keep, new: &str, old: &str, expected: &str) {
        assert_eq!(
            String::from_utf8(fit(new, old.as_bytes(), keep)).unwrap(),
            expected
        );
    }

    #[test]
    fn leaves_plain_text_alone() {
        check("b\n", "a\n", "b\n");
        check("", "a\n", "");
        check("a\n", "", "a\n");
        check("a", "", "a");
    }

    #[test]
    fn gives_every_line_crlf_where_all_had_it() {
        check("a\nx\nb\n", "a\r\nb\r\n", "a\r\nx\r\nb\r\n");
    }

    #[test]
    fn does_not_double_crlf_that_is_there_already() {
        check("a\r\nb\r\n", "a\r\n", "a\r\nb\r\n");
        check("a\r\nb\r\n", "a\n", "a\nb\n");
    }

    #[test]
    fn keeps_the_ends_of_unchanged_lines_in_a_mixed_file() {
        check("a\nnew\nb\nc\n", "a\r\nb\nc\r\n", "a\r\nnew\r\nb\nc\r\n");
        check("new\nb\n", "a\r\nb\nc\n", "new\nb\n");
    }

    #[test]
    fn keeps_a_missing_final_newline() {
        check("a\nc\n", "a\nb", "a\nc");
        check("a\nc\n", "a\r\nb", "a\r\nc");
        check("c\n", "b", "c");
    }

    #[test]
    fn keeps_a_final_newline() {
        check("a\nc", "a\nb\n", "a\nc\n");
        check("c", "b\r\n", "c\r\n");
    }

    #[test]
    fn keeps_the_byte_order_mark_and_its_absence() {
        check("b\n", "\u{feff}a\n", "\u{feff}b\n");
        check("\u{feff}b\n", "\u{feff}a\n", "\u{feff}b\n");
        check("\u{feff}b\n", "a\n", "b\n");
    }

    #[test]
    fn changes_what_a_finding_is_about() {
        let all = Keep::default();
        let keep = Keep {
            final_newline: false,
            ..all
        };
        check_keep(keep, "a\nb\n", "a\r\nb", "a\r\nb\r\n");
        let keep = Keep {
            line_endings: false,
            ..all
        };
        check_keep(keep, "a\nb\n", "a\r\nb", "a\nb");
        let keep = Keep { bom: false, ..all };
        check_keep(keep, "a\n", "\u{feff}a\n", "a\n");
    }

    #[test]
    fn shows_text_with_plain_lines() {
        assert_eq!(plain("\u{feff}a\r\nb\rc"), "a\nb\rc\n");
        assert_eq!(plain(""), "");
        assert!(has_bom("\u{feff}") && !has_bom("a"));
    }

    proptest! {
        #[test]
        fn an_unchanged_text_gives_the_old_bytes(old in "\u{feff}?([ab]{0,2}(\ra)?(\r\n|\n)?){0,8}") {
            let fitted = fit(&plain(&old), old.as_bytes(), Keep::default());
            prop_assert_eq!(String::from_utf8(fitted).unwrap(), old);
        }

        #[test]
        fn the_new_content_survives(
            new in "([ab]{0,2}\n){0,8}",
            old in "([ab]{0,2}(\r\n|\n)){0,8}[ab]?",
        ) {
            let fitted = String::from_utf8(fit(&new, old.as_bytes(), Keep::default())).unwrap();
            let wanted = new.trim_end_matches('\n');
            let found = plain(&fitted);
            prop_assert_eq!(found.trim_end_matches('\n'), wanted);
        }
    }
}
