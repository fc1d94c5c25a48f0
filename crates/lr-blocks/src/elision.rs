//! Placeholders that stand for text a model left out, such as a comment that says "rest unchanged".

use crate::comparison::Comparison;

/// Words that say by themselves that something was left out.
const STRONG: &str = "brevity elided omitted snip snipped truncated unchanged unmodified untouched";

/// Words that say so together with others.
const TELLING: &str = "existing original previous remainder remaining rest same";

/// Words that say so only after an ellipsis.
const HINTING: &str = "before code here lines more other others";

/// Words a placeholder may have besides.
const FILLING: &str = "\
    a add all and are as body class classes content contents file for from function functions \
    implementation import imports in is it keep left line logic method methods no not of \
    part parts remain remains stay stays test tests the this to was were with your";

/// Two words in a row that are a placeholder, in a comment of nothing but the words above.
const PHRASES: &[[&str; 2]] = &[
    ["as", "before"],
    ["code", "here"],
    ["existing", "code"],
    ["original", "code"],
    ["previous", "code"],
    ["remain", "as"],
    ["remain", "the"],
    ["remains", "as"],
    ["remains", "the"],
    ["remaining", "code"],
    ["rest", "of"],
    ["same", "as"],
    ["stay", "as"],
    ["stay", "the"],
    ["stays", "as"],
    ["stays", "the"],
];

/// The longest line that can be a placeholder, in bytes.
const LONGEST: usize = 200;

/// Finds a placeholder that is new while lines of the old text are gone.
///
/// An ellipsis alone, which in Python is also a statement, counts only if more lines were lost than gained.
pub(crate) fn find<'t>(comparison: &Comparison<'t>) -> Option<&'t str> {
    if comparison.lost.is_empty() {
        return None;
    }
    let is_net_loss = comparison.lost.len() > comparison.gained.len();
    comparison
        .gained
        .iter()
        .copied()
        .find(|line| match placeholder(line) {
            Some(Placeholder::Certain) => true,
            Some(Placeholder::Statement) => is_net_loss,
            None => false,
        })
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Placeholder {
    /// Nothing but a placeholder.
    Certain,
    /// An ellipsis that may be code.
    Statement,
}

fn placeholder(line: &str) -> Option<Placeholder> {
    if line.len() > LONGEST {
        return None;
    }
    let comment = comment_text(line.trim());
    let bracketed = comment
        .is_none()
        .then(|| bracket_text(line.trim()))
        .flatten();
    let text = comment.or(bracketed).unwrap_or(line.trim());
    let ellipsis = Ellipsis::around(text, comment.is_some());
    let is_marked = comment.is_some() || bracketed.is_some() || ellipsis.leads || ellipsis.trails;
    if !is_marked {
        return None;
    }
    let words = words(text);
    if words.is_empty() {
        let is_comment_or_margin = comment.is_some() || line.starts_with(['.', '…']);
        return match (ellipsis.leads, is_comment_or_margin) {
            (false, _) => None,
            (true, true) => Some(Placeholder::Certain),
            (true, false) => Some(Placeholder::Statement),
        };
    }
    says_left_out(&words, ellipsis).then_some(Placeholder::Certain)
}

/// Whether these words, in a comment, in brackets or beside an ellipsis, can only mean that text was left out.
fn says_left_out(words: &[String], ellipsis: Ellipsis) -> bool {
    let is_in = |list: &str, word: &str| list.split_whitespace().any(|known| known == word);
    let has = |list: &str| words.iter().any(|word| is_in(list, word));
    if ellipsis.leads && (has(STRONG) || has(TELLING) || has(HINTING)) {
        return true;
    }
    let nothing_else = words.iter().all(|word| {
        [STRONG, TELLING, HINTING, FILLING]
            .iter()
            .any(|list| is_in(list, word))
    });
    let has_phrase = words
        .windows(2)
        .any(|pair| PHRASES.iter().any(|phrase| pair == phrase.as_slice()));
    nothing_else && (has(STRONG) || has_phrase || (ellipsis.trails && has(TELLING)))
}

/// On which sides of a text an ellipsis stands.
#[derive(Clone, Copy)]
struct Ellipsis {
    leads: bool,
    trails: bool,
}

impl Ellipsis {
    /// In code it must stand apart (`...rest` is an argument list in JavaScript), in a comment it need not.
    fn around(text: &str, is_comment: bool) -> Self {
        let dots = |part: &str| part.starts_with("...") || part.starts_with('…');
        let dots_at_end = |part: &str| part.ends_with("...") || part.ends_with('…');
        if is_comment {
            return Self {
                leads: dots(text),
                trails: dots_at_end(text),
            };
        }
        let is_dots = |word: Option<&str>| {
            word.is_some_and(|word| dots(word) && word.trim_matches(['.', '…']).is_empty())
        };
        Self {
            leads: is_dots(text.split_whitespace().next()),
            trails: is_dots(text.split_whitespace().next_back()),
        }
    }
}

/// The text of a line that is a comment in one of the usual languages.
fn comment_text(line: &str) -> Option<&str> {
    const BEGINS: [&str; 8] = ["<!--", "{/*", "/*", "//", "--", "#", ";", "%"];
    const ENDS: [&str; 3] = ["-->", "*/}", "*/"];
    let mark = BEGINS.iter().find(|mark| line.starts_with(**mark))?;
    let text = line[mark.len()..].trim_start_matches(['#', '/', '*', '-', ';', '%']);
    let end = ENDS.iter().find(|mark| text.ends_with(**mark));
    Some(text[..text.len() - end.map_or(0, |mark| mark.len())].trim())
        .map(|text| bracket_text(text).unwrap_or(text))
}

/// The text of a line that stands in brackets.
fn bracket_text(line: &str) -> Option<&str> {
    const PAIRS: [(char, char); 4] = [('(', ')'), ('[', ']'), ('<', '>'), ('{', '}')];
    PAIRS
        .iter()
        .find_map(|(open, close)| line.strip_prefix(*open)?.strip_suffix(*close))
        .map(str::trim)
}

/// The words in lower case; numbers are left out.
fn words(text: &str) -> Vec<String> {
    text.split(|c: char| !c.is_alphanumeric() && c != '_')
        .filter(|word| !word.chars().all(|c| c.is_ascii_digit()))
        .map(str::to_lowercase)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_all(lines: &[&str], expected: Option<Placeholder>) {
        for line in lines {
            assert_eq!(placeholder(line), expected, "{line:?}");
        }
    }

    #[test]
    fn words_for_text_left_out_are_placeholders() {
        check_all(
            &[
                "# ... rest unchanged",
                "    // ... existing code ...",
                "<!-- unchanged -->",
                "{/* ... */}",
                "# …",
                "...",
                "# (rest of the file remains the same)",
                "# [rest of code unchanged]",
                "/* … 40 more lines … */",
                "-- ... other queries ...",
                "... rest of the code ...",
                "    [... unchanged ...]",
                "# rest of the code",
                "# Remaining methods unchanged...",
                "// same as before",
                "// the remaining methods...",
                "# other methods remain the same",
                "; ...snip...",
                "# (other functions stay the same)",
                "// the rest stays as is",
                "# all other methods as before",
                "# ... (implementation of parse as before)",
                "// omitted for brevity",
                "# Your code here",
                "// ... add your existing code here",
            ],
            Some(Placeholder::Certain),
        );
    }

    #[test]
    fn ordinary_lines_are_not_placeholders() {
        check_all(
            &[
                "",
                "x = 1",
                "...rest,",
                "rest,",
                "(rest)",
                "other",
                "# Other imports",
                "# existing file",
                "# as before, the cache is read first",
                "# Loading the rest of the data...",
                "# The rest of the arguments are passed on to pytest",
                "# waits for existing connections to close...",
                "# left unchanged because the cache relies on it",
                "#!/bin/sh",
                "#",
                "# ---",
                "print('...')",
                "def f(*rest): ...",
                "x = y[...]",
            ],
            None,
        );
    }

    #[test]
    fn an_ellipsis_alone_may_be_a_statement() {
        check_all(&["    ...", "\t..."], Some(Placeholder::Statement));
    }

    #[test]
    fn a_stub_is_no_loss_but_an_emptied_body_is() {
        let find = |old, new| super::find(&Comparison::of(old, new));
        assert_eq!(find("def f():\n    pass\n", "def f():\n    ...\n"), None);
        let body = "def f():\n    a = 1\n    return a\n";
        assert_eq!(find(body, "def f():\n    ...\n"), Some("    ..."));
    }

    #[test]
    fn placeholders_the_file_has_already_are_its_own() {
        let find = |old, new| super::find(&Comparison::of(old, new));
        let file = "# ... rest unchanged\nx\ny\n";
        assert_eq!(find(file, "# ... rest unchanged\nx\n"), None);
        assert_eq!(find("x\n", "x\n# ... rest unchanged\n"), None);
        assert_eq!(find("x\ny\n", "x\n# ...\n"), Some("# ..."));
    }
}
