//! Which file a piece of a reply is about: labels in lines above it, and in the info string of its code fence.
//!
//! A line is a label if it is nothing but a path, or a heading, bold or led by `File:` with one path in it. A word is
//! a path if it names a known file, or looks like one; prose that mentions a path is no label.

use crate::Terms;
use crate::file_name::{has_ending, is_file, is_path};
use crate::markdown::CodeFence;
use crate::path::undecorated;
use crate::talk;

/// The labels that were passed last.
#[derive(Debug, Default)]
pub(crate) struct Labels {
    /// The label just above, blank lines aside.
    pub(crate) direct: Option<String>,
    /// The label of the section: a heading, with prose since.
    pub(crate) section: Option<String>,
    /// The last label or labelled item, whatever came since.
    pub(crate) current: Option<String>,
    /// What the line just above says that follows.
    pub(crate) announced: Announced,
    /// The last label, if it says that only a part of the file follows.
    pub(crate) of_part: Option<String>,
    /// How deep the heading of the section is.
    section_level: usize,
    /// Whether the last heading within the section says that.
    is_talk_section: bool,
    /// Whether the line just above is an item of a list, and nothing but a path.
    is_listed: bool,
}

/// What a line says that follows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Announced {
    #[default]
    Nothing,
    /// A new version.
    New,
    /// Something else, such as old code.
    Other,
    /// Part of a file, to be put in place by hand.
    Part,
}

impl Labels {
    /// Takes note of a line outside items, and says whether it is nothing but a path.
    pub(crate) fn line(&mut self, line: &str, terms: &Terms) -> bool {
        if line.trim().is_empty() || is_markup(line) {
            return false;
        }
        let label = Label::of(line, terms);
        let is_whole = label.as_ref().is_some_and(|label| label.is_whole);
        let label = label.map(|label| label.path);
        let is_talk = !is_whole && talk::announces_other(line);
        if let Some(path) = &label {
            let is_part = !is_talk && talk::names_part(&line.replace(path.as_str(), ""));
            self.of_part = is_part.then(|| path.clone());
        }
        if let Some(level) = level(line, is_whole) {
            self.title(level, label.clone().filter(|_| !is_talk));
            self.is_talk_section = is_talk;
        }
        self.announced = if is_talk || (self.is_talk_section && label.is_none()) {
            Announced::Other
        } else if label.is_none() && talk::announces_part(line) {
            Announced::Part
        } else if talk::announces_new(line) {
            Announced::New
        } else {
            Announced::Nothing
        };
        // Two paths in a row are a list of files: neither of them is the label of what follows.
        let is_listed = is_whole && is_list_item(line);
        let is_list = is_listed && self.is_listed;
        self.is_listed = is_listed;
        if label.is_some() {
            self.current.clone_from(&label);
        }
        self.direct = label.filter(|_| !is_list);
        is_whole
    }

    /// Takes note of the title of a section. One below the title with the label belongs to its section.
    fn title(&mut self, level: usize, label: Option<String>) {
        if label.is_some() || level <= self.section_level {
            self.section = label;
            self.section_level = level;
        }
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
        self.is_listed = false;
        self.current = Some(path.to_owned());
    }
}

/// The longest line that can be a label, in bytes.
const LONGEST: usize = 1000;

/// Lines that stand between a label and what it labels: tags that some models write, and what underlines a title.
fn is_markup(line: &str) -> bool {
    let line = line.trim();
    matches!(line, "<diff>" | "<content>" | "<replace_in_file>")
        || ['-', '=']
            .iter()
            .any(|mark| line.trim_matches(*mark).is_empty())
}

/// How deep a line is as the title of a section; `None` if it is none.
fn level(line: &str, is_whole: bool) -> Option<usize> {
    /// Below all headings.
    const EMPHASIS: usize = 7;
    let text = line.trim();
    let is_plain = text.starts_with(|c: char| c.is_alphanumeric() || "._/~".contains(c));
    let is_title = is_bold(text) || has_label_word(text) || (is_whole && !is_plain);
    heading_level(line).or((is_title && !is_list_item(line)).then_some(EMPHASIS))
}

fn heading_level(line: &str) -> Option<usize> {
    let line = line.trim_start();
    let level = line.bytes().take_while(|byte| *byte == b'#').count();
    ((1..=6).contains(&level) && line[level..].starts_with(' ')).then_some(level)
}

fn is_heading(line: &str) -> bool {
    heading_level(line).is_some()
}

fn is_list_item(line: &str) -> bool {
    let text = line.trim();
    without_list_mark(text) != text
}

/// What is left of a line without headings, list marks, decoration and what stands in parentheses.
pub(crate) fn whole(line: &str) -> String {
    let text = line.trim().trim_start_matches('#').trim();
    let text = without_list_mark(text.trim_end_matches('#').trim_end());
    let text = comment(text).unwrap_or(text);
    undecorated(linked(without_parenthesis(text)))
}

/// The text of a comment of HTML.
fn comment(text: &str) -> Option<&str> {
    Some(text.strip_prefix("<!--")?.strip_suffix("-->")?.trim())
}

/// `[src/a.py](src/a.py)` without the link, if it leads to what it says.
fn linked(text: &str) -> &str {
    let parts = || {
        let inner = text.trim_matches(['*', ':']).strip_prefix('[')?;
        let (name, target) = inner.strip_suffix(')')?.split_once("](")?;
        (undecorated(name) == undecorated(target)).then_some(name)
    };
    parts().unwrap_or(text)
}

/// The path that a line is the label of.
pub(crate) fn label(line: &str, terms: &Terms) -> Option<String> {
    Label::of(line, terms).map(|label| label.path)
}

/// A line that is a label.
struct Label {
    path: String,
    /// Whether it is nothing but the path.
    is_whole: bool,
}

impl Label {
    fn of(line: &str, terms: &Terms) -> Option<Self> {
        let line = line.trim();
        if line.len() > LONGEST {
            return None;
        }
        if let Some(path) = tagged(line) {
            let path = undecorated(path);
            return Some(Self {
                path,
                is_whole: false,
            });
        }
        let is_heading = is_heading(line);
        let text = without_list_mark(line.trim_start_matches('#').trim());
        let path = whole(line);
        // Headings are also of other things: "Client/server" is no path.
        let is_whole_path = if is_heading { is_file } else { is_path };
        if is_whole_path(&path, terms) {
            return Some(Self {
                path,
                is_whole: true,
            });
        }
        let is_marked = is_heading || is_bold(text) || has_label_word(text);
        let path = is_marked.then(|| only_path_in(text, terms)).flatten()?;
        let is_whole = false;
        Some(Self { path, is_whole })
    }
}

/// `<path>src/a.py</path>`
fn tagged(line: &str) -> Option<&str> {
    line.strip_prefix("<path>")?.strip_suffix("</path>")
}

fn is_bold(text: &str) -> bool {
    text.starts_with("**") && text.trim_end_matches(':').ends_with("**")
}

fn has_label_word(text: &str) -> bool {
    let text = text.trim_start_matches(['*', '_']);
    let names = ["file", "filename", "path"];
    let after = names.iter().find_map(|name| {
        let (head, rest) = text.split_at_checked(name.len())?;
        (head.eq_ignore_ascii_case(name) && rest.starts_with([':', ' '])).then_some(rest)
    });
    // "File: a.py", "File 2: a.py", "File `a.py`"
    after.is_some_and(|rest| {
        let number = rest
            .trim_start()
            .trim_start_matches(|c: char| c.is_ascii_digit());
        number.starts_with(':') || rest.starts_with(" `")
    })
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
            .filter(|path| is_file(path, terms))
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

/// The path in the info string of a line that opens a code fence: ```` ```python title="a.py" ````,
/// ```` ```python:a.py ````, ```` ```a.py ````.
pub(crate) fn in_info(line: &str, terms: &Terms) -> Option<String> {
    let info = CodeFence::info(line)?;
    if let Some(path) = in_attribute(info).map(undecorated) {
        let name = path.rsplit('/').next().unwrap_or_default();
        let is_path = (terms.is_known)(&path) || path.contains('/') || has_ending(name);
        return is_path.then_some(path);
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
            "<!-- a.py -->",
            "<!-- File: a.py -->",
            "### [a.py](a.py)",
            "**[`a.py`](./a.py)**:",
            "File 2: a.py",
            "## a.py ##",
            "Filename: `a.py`",
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
        check("### Client/server", None);
        check("### Use `os.path` instead", None);
        check("### `Config.load`", None);
        check("## Node.js", None);
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
        check_info("```python title=\"Example\"", None);
        check_info("```12:15:src/a.py", None);
        check_info("```python", None);
        check_info("```c++", None);
        check_info("```", None);
        check_info("text", None);
    }
}
