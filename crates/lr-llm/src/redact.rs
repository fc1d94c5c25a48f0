//! Takes a key out of texts, however it is written there: as it is, or escaped for URLs, JSON or HTML, in base64, or in
//! hexadecimal. Pure.

use crate::key::Key;
use crate::wire::complaint::CUT;

/// What stands in place of a key in everything that is written.
pub(crate) const REDACTED: &str = "[redacted]";

/// Shorter than this, a "key" is a placeholder that local servers want, and may stand in any text by chance.
const SHORTEST_SECRET: usize = 7;

/// A text that ends like this much of a key, and with at least half of it, ends with a key that was cut off.
const SHORTEST_CUT: usize = 12;

const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Replaces the key in a text, also where its end was cut off.
pub(crate) fn redact(key: Option<&Key>, text: String) -> String {
    Redactor::new(key).whole(text)
}

/// Replaces the key in a text that comes in pieces, however it is split.
#[derive(Debug)]
pub(crate) struct Redactor {
    spellings: Vec<Spelling>,
    /// With which bytes one of them begins, since most texts hold few of them.
    starts: [bool; 256],
    /// The end of what came, which may be the beginning of the key.
    held: String,
}

/// A way to write the key: for each place of it the texts that may stand there.
type Spelling = Vec<Vec<Form>>;

/// A text that stands for a character of the key, or for a part of it.
#[derive(Debug, Clone)]
struct Form {
    text: String,
    /// Whether small and capital letters differ.
    is_exact: bool,
}

/// What stands at a place of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Found {
    /// The key, so many bytes long.
    Key(usize),
    /// What may become the key with what follows.
    Beginning,
    Other,
}

impl Redactor {
    /// Looks for `key`, if there is one that can be recognised.
    pub(crate) fn new(key: Option<&Key>) -> Self {
        let key = key.map(Key::expose);
        let key = key.filter(|key| key.len() >= SHORTEST_SECRET);
        let spellings = key.map_or_else(Vec::new, |key| spellings(key.as_bytes()));
        let mut starts = [false; 256];
        for form in spellings.iter().filter_map(|forms| forms.first()).flatten() {
            let first = form.text.as_bytes()[0];
            for byte in [
                first,
                first.to_ascii_lowercase(),
                first.to_ascii_uppercase(),
            ] {
                starts[usize::from(byte)] = true;
            }
        }
        Redactor {
            spellings,
            starts,
            held: String::new(),
        }
    }

    /// Replaces the key in a whole text, also where its end was cut off. It must not come amid the pieces of another.
    pub(crate) fn whole(&mut self, text: String) -> String {
        if self.spellings.is_empty() {
            return text;
        }
        let mut shown = String::new();
        for piece in text.split_inclusive(CUT) {
            let whole = piece.trim_end_matches(CUT);
            shown += &self.push(whole);
            shown += &if whole.len() < piece.len() {
                self.end(SHORTEST_SECRET)
            } else {
                self.finish()
            };
            shown += &piece[whole.len()..];
        }
        shown
    }

    /// Takes the next piece and gives what can be shown already.
    pub(crate) fn push(&mut self, piece: &str) -> String {
        if self.spellings.is_empty() {
            return piece.to_owned();
        }
        self.held.push_str(piece);
        let text = std::mem::take(&mut self.held);
        let (mut shown, mut start, mut at) = (String::new(), 0, 0);
        while at < text.len() {
            if !self.starts[usize::from(text.as_bytes()[at])] {
                at += 1;
                continue;
            }
            match self.found(&text.as_bytes()[at..]) {
                Found::Key(length) => {
                    shown.push_str(&text[start..at]);
                    shown.push_str(REDACTED);
                    at += length;
                    start = at;
                }
                Found::Beginning => break,
                Found::Other => at += 1,
            }
        }
        shown.push_str(&text[start..at]);
        text[at..].clone_into(&mut self.held);
        shown
    }

    /// Gives what was held back, unless it is a key that was cut off.
    pub(crate) fn finish(&mut self) -> String {
        let half = self.spellings.first().map_or(0, Vec::len) / 2;
        self.end(half.max(SHORTEST_CUT))
    }

    /// Gives what was held back, unless it is as long as a part of the key that must not be shown.
    fn end(&mut self, shortest: usize) -> String {
        let held = std::mem::take(&mut self.held);
        if held.len() < shortest {
            return held;
        }
        REDACTED.to_owned()
    }

    /// What a text begins with.
    fn found(&self, text: &[u8]) -> Found {
        let mut best = Found::Other;
        for spelling in &self.spellings {
            match (found(spelling, text), best) {
                (Found::Key(length), Found::Key(longest)) if length <= longest => {}
                (found @ Found::Key(_), _) | (found @ Found::Beginning, Found::Other) => {
                    best = found;
                }
                _ => {}
            }
        }
        best
    }
}

/// What a text begins with in one spelling. Where a text may go on in several ways, each is followed.
fn found(spelling: &[Vec<Form>], text: &[u8]) -> Found {
    let Some((forms, further)) = spelling.split_first() else {
        return Found::Key(0);
    };
    let mut best = Found::Other;
    for form in forms {
        let length = form.text.len();
        if form.begins(text) {
            match found(further, &text[length..]) {
                Found::Key(rest) => return Found::Key(length + rest),
                Found::Beginning => best = Found::Beginning,
                Found::Other => {}
            }
        } else if form.is_begun_by(text) {
            best = Found::Beginning;
        }
    }
    best
}

impl Form {
    fn exact(text: impl Into<String>) -> Form {
        Form {
            text: text.into(),
            is_exact: true,
        }
    }

    fn any_case(text: String) -> Form {
        Form {
            text,
            is_exact: false,
        }
    }

    fn begins(&self, text: &[u8]) -> bool {
        let start = text.get(..self.text.len());
        start.is_some_and(|start| self.is(self.text.as_bytes(), start))
    }

    /// Whether a text ends before this form does, and is like it so far.
    fn is_begun_by(&self, text: &[u8]) -> bool {
        let start = self.text.as_bytes().get(..text.len());
        start.is_some_and(|start| self.is(start, text))
    }

    fn is(&self, own: &[u8], other: &[u8]) -> bool {
        own == other || !self.is_exact && own.eq_ignore_ascii_case(other)
    }
}

/// Every way to write the key that is looked for; the first is character by character.
fn spellings(key: &[u8]) -> Vec<Spelling> {
    let escaped = key.iter().copied().map(escaped).collect();
    let hexadecimal = |byte: &u8| vec![Form::any_case(format!("{byte:02x}"))];
    let mut all: Vec<Spelling> = vec![escaped, key.iter().map(hexadecimal).collect()];
    // Where the key begins in the encoded bytes decides about its signs.
    let base64 = (0..3).map(|before| base64(key, before));
    all.extend(base64.filter(|spelling| spelling.len() >= SHORTEST_SECRET));
    all
}

/// A byte of the key in texts, URLs, JSON and HTML. What is longer comes first.
fn escaped(byte: u8) -> Vec<Form> {
    let mut forms = vec![
        Form::any_case(format!("\\u{byte:04x}")),
        Form::any_case(format!("\\x{byte:02x}")),
        Form::any_case(format!("%25{byte:02x}")),
        Form::any_case(format!("%{byte:02x}")),
        Form::any_case(format!("&#x{byte:x};")),
        Form::exact(format!("&#{byte};")),
    ];
    let named = match byte {
        b'&' => "&amp;",
        b'<' => "&lt;",
        b'>' => "&gt;",
        b'"' => "&quot;",
        b'/' => "\\/",
        b'\\' => "\\\\",
        _ => "",
    };
    if !named.is_empty() {
        forms.push(Form::exact(named));
    }
    forms.push(Form::exact(char::from(byte)));
    forms
}

/// The signs of base64 that only depend on the key, where so many bytes stand before it.
fn base64(key: &[u8], before: usize) -> Spelling {
    let bytes = [&[0; 2][..before], key].concat();
    let bits = bytes.len() * 8;
    let sign = |number: usize| {
        let bit = |at: usize| usize::from(bytes[at / 8] >> (7 - at % 8) & 1);
        (number * 6..number * 6 + 6).fold(0, |sign, at| sign << 1 | bit(at))
    };
    ((before * 8).div_ceil(6)..bits / 6)
        .map(|number| match BASE64[sign(number)] {
            b'+' => ["+", "-", "%2B"].map(Form::exact).into(),
            b'/' => ["/", "_", "\\/", "%2F"].map(Form::exact).into(),
            sign => vec![Form::exact(char::from(sign))],
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn key(text: &str) -> Key {
        Key::new(text).unwrap()
    }

    #[track_caller]
    fn check(key_text: &str, text: &str, expected: &str) {
        let key = key(key_text);
        assert_eq!(redact(Some(&key), text.into()), expected);
    }

    #[test]
    fn a_key_is_not_shown_however_it_is_written() {
        const KEY: &str = "LRSECRET/7f3a+0&9";
        for written in [
            KEY,
            "LRSECRET%2F7f3a%2B0%269",
            "LRSECRET%2f7f3a%2b0%269",
            "LRSECRET%252F7f3a%252B0%25269",
            r"LRSECRET\/7f3a+0&9",
            r"LRSECRET\u002F7f3a\u002b0\u00269",
            r"\x4cRSECRET/7f3a+0&9",
            "LRSECRET/7f3a+0&amp;9",
            "&#76;RSECRET&#x2F;7f3a+0&9",
            "4c525345435245542f376633612b302639",
            "4C525345435245542F376633612B302639",
        ] {
            check(KEY, &format!("<{written}>"), "<[redacted]>");
        }
    }

    #[test]
    fn a_key_in_base64_is_not_shown_wherever_it_stands_in_it() {
        // `KEY`, `x:KEY` and `Bearer KEY`; the last one for URLs.
        check(
            "LRSECRET-7f3a?>~",
            "TFJTRUNSRVQtN2YzYT8+fg==",
            "[redacted]g==",
        );
        check(
            "LRSECRET-7f3a?>~",
            "eDpMUlNFQ1JFVC03ZjNhPz5+",
            "eDp[redacted]",
        );
        check(
            "LRSECRET-7f3a?>~",
            "QmVhcmVyIExSU0VDUkVULTdmM2E_Pn4",
            "QmVhcmVyIE[redacted]4",
        );
    }

    #[test]
    fn a_key_that_was_cut_off_is_no_more_shown_than_a_whole_one() {
        check(
            "abcabcabd",
            "key abcabcab…; again",
            "key [redacted]…; again",
        );
        check("abcabcabd", "ab… abcabcabd… é…", "ab… [redacted]… é…");
        check(
            "LRSECRET/0123456789",
            "it is LRSECRET%2F0123…",
            "it is [redacted]…",
        );
        check(
            "LRSECRET/0123456789",
            "it is LRSECRET/0123",
            "it is [redacted]",
        );
        check("LRSECRET/0123456789", "it is LRSECRET", "it is LRSECRET");
    }

    #[test]
    fn a_placeholder_is_not_a_secret() {
        check("none", "none", "none");
    }

    proptest! {
        #[test]
        fn pieces_are_redacted_like_the_whole(
            pieces in prop::collection::vec("(a|b|c|ab|abc|abcab&%/|é|%6|1|\\\\|u0|061|YWJj|YWIv|2f|&|amp;|%25|25){0,3}", 0..12)
        ) {
            let key = key("abcab&%/");
            let mut redactor = Redactor::new(Some(&key));
            let mut shown: String = pieces.iter().map(|piece| redactor.push(piece)).collect();
            shown += &redactor.finish();
            prop_assert_eq!(shown, redact(Some(&key), pieces.concat()));
        }

        #[test]
        fn no_text_is_lost(pieces in prop::collection::vec("[xyz%&\\\\ ]{0,5}", 0..12)) {
            let mut redactor = Redactor::new(Some(&key("abcabcab/")));
            let mut shown: String = pieces.iter().map(|piece| redactor.push(piece)).collect();
            shown += &redactor.finish();
            prop_assert_eq!(shown, pieces.concat());
        }
    }
}
