//! Which file a piece of a reply is about, by the labels in lines above it.
//!
//! A line is a label if it is nothing but a path, or a heading, bold or led by `File:` with one path in it, or
//! announces the file's new version. A word is a path if it names a known file, or looks like one; other prose that
//! mentions a path is no label.

use crate::Terms;
use crate::announced::whole_version;
use crate::file_name::{is_file, is_path};
use crate::info::in_info;
use crate::path::{undecorated, without_lines};
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
    /// Whether the line just above is an item of a list, or begins with signs as one does, and nothing but a path.
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
        let is_loose = label.as_ref().is_some_and(|label| label.is_loose);
        let has_lines = label.as_ref().is_some_and(|label| label.has_lines);
        let label = label.map(|label| label.path);
        let is_talk = !is_whole && talk::announces_other(line);
        if let Some(path) = &label {
            let is_part = !is_talk && talk::names_part(&line.replace(path.as_str(), ""));
            self.of_part = (is_part || has_lines).then(|| path.clone());
        }
        if let Some(level) = level(line, is_whole).filter(|_| !is_loose) {
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
        let is_listed = is_whole && (is_loose || is_list_item(line));
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
            let path = without_lines(&path).unwrap_or(&path).to_owned();
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
#[derive(Default)]
struct Label {
    path: String,
    /// Whether it is nothing but the path, and which lines of the file are meant.
    is_whole: bool,
    /// Whether it labels what stands just below it, and no section.
    is_loose: bool,
    /// Whether it says which lines of the file are meant.
    has_lines: bool,
}

impl Label {
    fn of(line: &str, terms: &Terms) -> Option<Self> {
        let line = line.trim();
        if line.len() > LONGEST {
            return None;
        }
        if let Some(path) = tagged(line) {
            return Some(Self {
                path: undecorated(path),
                ..Self::default()
            });
        }
        let is_heading = is_heading(line);
        let text = without_list_mark(line.trim_start_matches('#').trim());
        let whole = whole(line);
        let path = without_lines(&whole).map_or_else(|| whole.clone(), undecorated);
        // Headings are also of other things: "Client/server" is no path.
        let is_whole_path = if is_heading { is_file } else { is_path };
        let alone = Some(&path)
            .filter(|path| !(terms.is_known)(path))
            .and_then(|_| known_alone(line, terms).or_else(|| known_in_tags(line, terms)));
        if alone.is_none() && is_whole_path(&path, terms) {
            return Some(Self {
                has_lines: path != whole,
                path,
                is_whole: true,
                ..Self::default()
            });
        }
        if let Some(path) = alone {
            return Some(Self {
                path,
                is_whole: true,
                is_loose: true,
                ..Self::default()
            });
        }
        let in_words = || bold_before_words(text, terms).or_else(|| whole_version(line, terms));
        if let Some(path) = in_words() {
            return Some(Self {
                path,
                is_loose: true,
                ..Self::default()
            });
        }
        let is_marked = is_heading || is_bold(text) || has_label_word(text);
        let path = is_marked.then(|| only_path_in(text, terms)).flatten()?;
        Some(Self {
            path,
            ..Self::default()
        })
    }
}

/// The known file that a line names among nothing but signs: `=== a.py ===`, `// a.py`, `[a.py]`, `__a.py__`.
pub(crate) fn known_alone(line: &str, terms: &Terms) -> Option<String> {
    let has_word = |word: &&str| word.contains(char::is_alphanumeric);
    let mut words = line
        .split(|c: char| c.is_whitespace() || "`'\"()[]<>*=:,;|".contains(c))
        .filter(has_word);
    let (word, None) = (words.next()?, words.next()) else {
        return None;
    };
    let emphasized = || {
        let marks = ["__", "_"];
        marks
            .iter()
            .find_map(|mark| word.strip_prefix(mark)?.strip_suffix(mark))
    };
    let is_known = |word: &str| (terms.is_known)(word);
    let path = Some(word)
        .filter(|word| is_known(word))
        .or_else(|| emphasized().filter(|word| is_known(word)))?;
    Some(undecorated(path))
}

/// The known file that begins a line in bold, before words about it: `**a.py** - rounds now`.
fn bold_before_words(text: &str, terms: &Terms) -> Option<String> {
    let (path, words) = text.strip_prefix("**")?.split_once("**")?;
    let is_set_apart = [" - ", " – ", " — ", ": "]
        .iter()
        .any(|mark| words.starts_with(mark));
    // A whole sentence only tells what was done.
    let is_sentence = words.ends_with(['.', '!']);
    let path = undecorated(path);
    (is_set_apart && !is_sentence && (terms.is_known)(&path)).then_some(path)
}

/// `<path>src/a.py</path>`
fn tagged(line: &str) -> Option<&str> {
    const TAGS: [(&str, &str); 3] = [
        ("<path>", "</path>"),
        ("<file_path>", "</file_path>"),
        ("<file>", "</file>"),
    ];
    TAGS.iter()
        .find_map(|(begin, end)| line.strip_prefix(begin)?.strip_suffix(end))
}

/// The known file in `<summary>src/a.py</summary>` or `<file path="src/a.py">`.
fn known_in_tags(line: &str, terms: &Terms) -> Option<String> {
    const TAGS: [(&str, &str); 4] = [
        ("<details><summary>", "</summary>"),
        ("<summary>", "</summary>"),
        ("<file path=", ">"),
        ("<file name=", ">"),
    ];
    let inner = TAGS
        .iter()
        .find_map(|(begin, end)| line.strip_prefix(begin)?.strip_suffix(end))?;
    let code = || inner.strip_prefix("<code>")?.strip_suffix("</code>");
    let path = undecorated(code().unwrap_or(inner));
    (terms.is_known)(&path).then_some(path)
}

/// The known file that a tag names, whose text may follow: `<path>src/a.py</path>`, `<file path="src/a.py">`.
pub(crate) fn in_tags(line: &str, terms: &Terms) -> Option<String> {
    let is_of_reader = ["<details", "<summary"]
        .iter()
        .any(|tag| line.starts_with(tag));
    let known = || {
        tagged(line)
            .map(undecorated)
            .filter(|path| (terms.is_known)(path))
    };
    known().or_else(|| known_in_tags(line, terms).filter(|_| !is_of_reader))
}

fn is_bold(text: &str) -> bool {
    text.starts_with("**") && text.trim_end_matches(':').ends_with("**")
}

fn has_label_word(text: &str) -> bool {
    const NAMES: [&str; 8] = [
        "file name",
        "file path",
        "filename",
        "filepath",
        "modified file",
        "updated file",
        "file",
        "path",
    ];
    let text = text.replace("**", "");
    let text = text.trim_start_matches(['*', '_']);
    let after = NAMES.iter().find_map(|name| {
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
        .or_else(|| text.strip_prefix(['-', '+', '*']))
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
        .map(|path| without_lines(&path).unwrap_or(&path).to_owned())
        .collect();
    paths.sort();
    paths.dedup();
    if paths.len() == 1 { paths.pop() } else { None }
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
            "**File**: `a.py`",
            "**File**: a.py",
            "File name: a.py",
            "Updated file: `a.py`",
            "* **a.py**",
            "<file_path>a.py</file_path>",
            "a.py, lines 3 to 8",
            "`a.py`, lines 3-8:",
            "### a.py:3-8",
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
    fn signs_around_a_known_file_make_a_label() {
        for line in [
            "=== a.py ===",
            "--- a.py ---",
            "==> a.py <==",
            "// a.py",
            "/* a.py */",
            "[a.py]",
            "> **a.py**",
            "📄 `a.py`",
            "__a.py__",
            "_a.py_",
            "<summary>a.py</summary>",
            "<details><summary><code>a.py</code></summary>",
            "<file path=\"a.py\">",
            "a.py ->",
            "**a.py** - rounds now:",
            "**`a.py`**: rounds now",
        ] {
            let is_known = |path: &str| path == "a.py";
            let terms = Terms {
                is_known: &is_known,
                ..Terms::default()
            };
            assert_eq!(label(line, &terms).as_deref(), Some("a.py"), "{line:?}");
        }
        for line in [
            "// b.py",
            "<summary>What a.py was</summary>",
            "[a.py, b.py]",
            "(see a.py)",
            "../a.py!",
            "**a.py** is fine",
            "**a.py** - it rounds now.",
            "~/a.py ->",
        ] {
            let is_known = |path: &str| path == "a.py";
            let terms = Terms {
                is_known: &is_known,
                ..Terms::default()
            };
            assert_ne!(label(line, &terms).as_deref(), Some("a.py"), "{line:?}");
        }
    }

    #[test]
    fn emphasis_around_a_known_path_with_folders_is_no_part_of_it() {
        let label_of = |line: &str, known: &str| {
            let is_known = |path: &str| path == known;
            let terms = Terms {
                is_known: &is_known,
                ..Terms::default()
            };
            label(line, &terms)
        };
        let path = Some("src/a.py".to_owned());
        assert_eq!(label_of("__src/a.py__", "src/a.py"), path);
        let path = Some("__src/a.py__".to_owned());
        assert_eq!(label_of("__src/a.py__", "b.py"), path);
        let path = Some("src/__init__.py".to_owned());
        assert_eq!(label_of("src/__init__.py", "src/__init__.py"), path);
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
}
