//! Which file a piece of a reply is about: labels in lines above it, and in the info string of its code fence.
//!
//! A line is a label if it is nothing but a path, or a heading, bold or led by `File:` with one path in it. A word is
//! a path if it names a known file, or looks like one; prose that mentions a path is no label.

use crate::Terms;
use crate::markdown::CodeFence;
use crate::path::undecorated;

/// The labels that were passed last.
#[derive(Debug, Default)]
pub(crate) struct Labels {
    /// The label just above, blank lines aside.
    pub(crate) direct: Option<String>,
    /// The label of the section: a heading, with prose since.
    pub(crate) section: Option<String>,
    /// The last label or labelled item, whatever came since.
    pub(crate) current: Option<String>,
}

impl Labels {
    /// Takes note of a line outside items, and says whether it is nothing but a path.
    pub(crate) fn line(&mut self, line: &str, terms: &Terms) -> bool {
        if line.trim().is_empty() || is_markup(line) {
            return false;
        }
        let label = label(line, terms);
        if label.is_some() || is_heading(line) {
            self.section.clone_from(&label);
        }
        if label.is_some() {
            self.current.clone_from(&label);
        }
        self.direct = label;
        self.direct.is_some() && self.direct.as_deref() == Some(&*whole(line))
    }

    /// Takes note of a line that opens a code fence.
    pub(crate) fn fence(&mut self, line: &str, terms: &Terms) {
        if let Some(path) = in_info(line, terms) {
            self.direct = Some(path.clone());
            self.current = Some(path);
        }
    }

    /// The label an item with its own label leaves for those that follow.
    pub(crate) fn used(&mut self, path: &str) {
        self.direct = None;
        self.current = Some(path.to_owned());
    }
}

/// Lines that some models put between a label and what it labels.
fn is_markup(line: &str) -> bool {
    matches!(line.trim(), "<diff>" | "<content>" | "<replace_in_file>")
}

fn is_heading(line: &str) -> bool {
    let line = line.trim_start();
    let level = line.bytes().take_while(|byte| *byte == b'#').count();
    (1..=6).contains(&level) && line[level..].starts_with(' ')
}

/// What is left of a line without headings, list marks, decoration and what stands in parentheses.
fn whole(line: &str) -> String {
    let text = line.trim().trim_start_matches('#').trim();
    undecorated(without_parenthesis(without_list_mark(text)))
}

/// The path that a line is the label of.
pub(crate) fn label(line: &str, terms: &Terms) -> Option<String> {
    let line = line.trim();
    if let Some(path) = tagged(line) {
        return Some(undecorated(path));
    }
    let is_heading = is_heading(line);
    let text = without_list_mark(line.trim_start_matches('#').trim());
    let whole = whole(line);
    if is_path(&whole, terms) {
        return Some(whole);
    }
    let is_marked = is_heading || is_bold(text) || has_label_word(text);
    is_marked.then(|| only_path_in(text, terms)).flatten()
}

/// `<path>src/a.py</path>`
fn tagged(line: &str) -> Option<&str> {
    line.strip_prefix("<path>")?.strip_suffix("</path>")
}

fn is_bold(text: &str) -> bool {
    text.starts_with("**") && text.trim_end_matches(':').ends_with("**")
}

fn has_label_word(text: &str) -> bool {
    let text = text.trim_start_matches(['*', '_']).to_lowercase();
    ["file:", "filename:", "path:", "file `"]
        .iter()
        .any(|word| text.starts_with(word))
}

fn without_list_mark(text: &str) -> &str {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let numbered = (digits > 0)
        .then(|| text[digits..].strip_prefix(['.', ')']))
        .flatten();
    numbered
        .or_else(|| text.strip_prefix(['-', '+']))
        .and_then(|rest| rest.strip_prefix(' '))
        .map_or(text, str::trim_start)
}

/// `a.py (new file)` without what stands in parentheses.
fn without_parenthesis(text: &str) -> &str {
    let inner = text.trim_end_matches(['*', ':']).strip_suffix(')');
    match inner.and_then(|inner| inner.rsplit_once('(')) {
        Some((before, _)) if before.ends_with(' ') => before.trim_end(),
        _ => text,
    }
}

/// The one path in a text of several words: those in backticks first, else any word.
fn only_path_in(text: &str, terms: &Terms) -> Option<String> {
    let spans: Vec<&str> = text.split('`').skip(1).step_by(2).collect();
    let words: Vec<&str> = text.split_whitespace().collect();
    for candidates in [spans, words] {
        let mut paths: Vec<String> = candidates
            .iter()
            .map(|word| undecorated(word.trim_matches(['(', ')', ',', ';', '[', ']', '*', ':'])))
            .filter(|path| is_path(path, terms))
            .collect();
        paths.dedup();
        match paths.len() {
            0 => {}
            1 => return paths.pop(),
            _ => return None,
        }
    }
    None
}

/// The one known file that a sentence mentions.
pub(crate) fn known_in(line: &str, terms: &Terms) -> Option<String> {
    let words = line.split(|c: char| c.is_whitespace() || "`'\"()[],;*".contains(c));
    let mut paths: Vec<String> = words
        .map(|word| undecorated(word.trim_end_matches(['.', ':', '!', '?'])))
        .filter(|path| !path.is_empty() && (terms.is_known)(path))
        .collect();
    paths.sort();
    paths.dedup();
    if paths.len() == 1 { paths.pop() } else { None }
}

/// Whether a text names a file: a known one, or one that looks like a path of a file.
fn is_path(text: &str, terms: &Terms) -> bool {
    if text.is_empty() {
        return false;
    }
    if (terms.is_known)(text) {
        return true;
    }
    let is_plain = |c: char| c.is_alphanumeric() || "._-/@+~\\".contains(c);
    if text.contains("://") || text.contains("...") || !text.chars().all(is_plain) {
        return false;
    }
    let name = text.rsplit(['/', '\\']).next().unwrap_or(text);
    has_ending(name)
        || (text.contains('/') && !name.is_empty() && text.len() > name.len() + 1)
        || [
            "Makefile",
            "Dockerfile",
            "Jenkinsfile",
            "Rakefile",
            "Gemfile",
        ]
        .contains(&name)
}

/// Whether a name ends as those of files do, such as `.py`.
fn has_ending(name: &str) -> bool {
    let Some((stem, ending)) = name.rsplit_once('.') else {
        return false;
    };
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let is_ending = (1..=10).contains(&ending.len())
        && ending.chars().all(is_word)
        && ending.starts_with(|c: char| c.is_ascii_alphabetic());
    is_ending && !stem.ends_with('.') && (!stem.is_empty() || ending.len() > 2)
}

/// The path in the info string of a line that opens a code fence: ```` ```python title="a.py" ````,
/// ```` ```python:a.py ````, ```` ```a.py ````.
pub(crate) fn in_info(line: &str, terms: &Terms) -> Option<String> {
    let info = CodeFence::info(line)?;
    if let Some(path) = in_attribute(info) {
        return Some(undecorated(path));
    }
    let mut words = info.split_whitespace();
    let first = words.next()?;
    let second = words.next();
    let after_language = first.split_once(':').map(|(_, path)| path);
    let candidates = [after_language, Some(first), second, Some(info)];
    candidates
        .into_iter()
        .flatten()
        .map(undecorated)
        .find(|path| is_path(path, terms))
}

/// The value of `title="…"` and its like.
fn in_attribute(info: &str) -> Option<&str> {
    const NAMES: [&str; 5] = ["title=", "filename=", "file=", "path=", "name="];
    let value = NAMES.iter().find_map(|name| {
        let at = info.find(name)?;
        let is_word = info[..at].ends_with([' ', '{', ',', ':']);
        is_word.then(|| &info[at + name.len()..])
    })?;
    match value.chars().next()? {
        quote @ ('"' | '\'') => value[1..].split(quote).next(),
        _ => value.split([' ', '}', ',']).next(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &str, expected: Option<&str>) {
        let terms = Terms {
            is_known: &|path| path == "LICENSE" || path == "my file.py",
            ..Terms::default()
        };
        assert_eq!(label(line, &terms).as_deref(), expected, "{line:?}");
    }

    fn check_info(line: &str, expected: Option<&str>) {
        assert_eq!(
            in_info(line, &Terms::default()).as_deref(),
            expected,
            "{line:?}"
        );
    }

    #[test]
    fn a_line_of_a_path_is_a_label() {
        for line in [
            "a.py",
            "`a.py`",
            "**a.py**",
            "### a.py",
            "## `a.py`:",
            "File: a.py",
            "**File: `a.py`**",
            "1. `a.py`",
            "- a.py:",
            "#### 2. **a.py**",
            "a.py (updated)",
            "### `a.py` (new file):",
            "<path>a.py</path>",
        ] {
            check(line, Some("a.py"));
        }
        check("LICENSE", Some("LICENSE"));
        check("my file.py", Some("my file.py"));
        check("### src/a.py", Some("src/a.py"));
        check("src/bin/tool", Some("src/bin/tool"));
        check(".env", Some(".env"));
        check("Makefile", Some("Makefile"));
    }

    #[test]
    fn a_heading_may_have_other_words() {
        check("### Changes to `src/a.py`", Some("src/a.py"));
        check("## Updated src/a.py", Some("src/a.py"));
        check("**New version of a.py:**", Some("a.py"));
        check("### `a.py` and `b.py`", None);
        check("### What I did", None);
    }

    #[test]
    fn prose_is_no_label() {
        for line in [
            "In a.py I fixed it.",
            "Here is `a.py`:",
            "x = y.z",
            "Done.",
            "see https://x.org/a.py",
            "1.2",
            "etc..",
            "v1.2.3",
            "and/or so",
            "### Version 1.2",
            "- fixed the bug",
            "e.g.",
            "",
        ] {
            check(line, None);
        }
    }

    #[test]
    fn info_strings_may_name_a_file() {
        check_info("```python title=\"a.py\"", Some("a.py"));
        check_info("```python:src/a.py", Some("src/a.py"));
        check_info("```a.py", Some("a.py"));
        check_info("```python a.py", Some("a.py"));
        check_info("```py {title='my a.py'}", Some("my a.py"));
        check_info("``` python filename=a.py", Some("a.py"));
        check_info("```python", None);
        check_info("```c++", None);
        check_info("```", None);
        check_info("text", None);
    }
}
