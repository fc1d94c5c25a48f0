//! The definitions of a text of any language, read off its indentation and its first words.
//!
//! A guess that is good enough to decide what is shown around a line. It parses nothing: texts in
//! strings, or code that is not indented, only make it show less than would be useful.

/// Words that begin a definition, in many languages.
const DEFINING: [&str; 22] = [
    "def",
    "class",
    "fn",
    "func",
    "fun",
    "function",
    "struct",
    "enum",
    "trait",
    "impl",
    "interface",
    "module",
    "mod",
    "namespace",
    "union",
    "sub",
    "proc",
    "procedure",
    "protocol",
    "extension",
    "macro_rules",
    "defmodule",
];

/// Words that may stand before one of them.
const MODIFIERS: [&str; 29] = [
    "async",
    "pub",
    "crate",
    "in",
    "super",
    "self",
    "export",
    "default",
    "public",
    "private",
    "protected",
    "internal",
    "static",
    "abstract",
    "final",
    "sealed",
    "unsafe",
    "const",
    "constexpr",
    "extern",
    "virtual",
    "override",
    "inline",
    "local",
    "open",
    "partial",
    "declare",
    "typedef",
    "data",
];

/// Words that begin a block which is no definition.
const CONTROL: [&str; 22] = [
    "if", "elif", "else", "for", "foreach", "while", "until", "unless", "loop", "switch", "match",
    "case", "when", "try", "catch", "except", "finally", "with", "do", "begin", "return", "select",
];

/// How the lines of a text stand to each other; lines count from 0.
pub(crate) struct Outline<'t> {
    lines: &'t [&'t str],
    steps: Vec<Step>,
}

/// How one line stands to the others.
#[derive(Clone, Default)]
struct Step {
    /// Its indentation; `None` where it says nothing, as in a blank line.
    indent: Option<usize>,
    /// The nearest line before it that is indented less.
    parent: Option<usize>,
    /// The nearest line before it with the same indentation and the same parent.
    sibling: Option<usize>,
    /// The last line before the next one that is indented no more than it.
    last: usize,
}

/// A definition; lines count from 0, and the last ones belong to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Definition {
    /// Its first line, decorators included.
    pub(crate) first: usize,
    /// The last line of its head, such as the one that closes a list of parameters.
    pub(crate) head: usize,
    /// Its last line.
    pub(crate) last: usize,
}

impl<'t> Outline<'t> {
    /// Reads the outline of a text, in time linear in it.
    pub(crate) fn of(lines: &'t [&'t str]) -> Self {
        let mut steps: Vec<Step> = Vec::with_capacity(lines.len());
        let mut open: Vec<(usize, usize)> = Vec::new();
        let mut last_with_text = 0;
        for (number, line) in lines.iter().enumerate() {
            let mut step = Step {
                indent: indentation(line),
                last: number,
                ..Step::default()
            };
            if let Some(indent) = step.indent {
                while let Some((opened, _)) = open.pop_if(|(_, other)| *other >= indent) {
                    steps[opened].last = last_with_text;
                    if steps[opened].indent == Some(indent) {
                        step.sibling = Some(opened);
                    }
                }
                step.parent = open.last().map(|(opened, _)| *opened);
                open.push((number, indent));
                last_with_text = number;
            }
            steps.push(step);
        }
        for (opened, _) in open {
            steps[opened].last = last_with_text;
        }
        Self { lines, steps }
    }

    /// Returns the definitions around a line, the innermost first; one that begins there is among
    /// them.
    pub(crate) fn enclosing(&self, line: usize) -> Vec<Definition> {
        let mut found: Vec<Definition> = Vec::new();
        let mut next = self.with_text(line);
        while let Some(at) = next {
            let definition = self.definition(at);
            if !definition.is_some_and(|it| found.iter().any(|known| known.first == it.first)) {
                found.extend(definition);
            }
            next = self.steps[at].parent;
        }
        found
    }

    /// Returns the definition that the head of a block belongs to, if it is one.
    pub(crate) fn definition(&self, at: usize) -> Option<Definition> {
        let mut opener = at;
        while closes(self.lines[opener]) {
            opener = self.steps[opener].sibling?;
        }
        let (line, behind) = (
            self.lines[opener],
            self.closing(opener, self.steps[opener].last),
        );
        let opens_block = behind.is_some_and(|next| self.lines[next].trim_start().starts_with('{'));
        if !is_definition(line) && !((opens_block || opener < at) && has_parameters(line)) {
            return None;
        }
        let is_decorator = |line: &str| line.trim_start().starts_with(['@', '#']);
        let first = (0..opener)
            .rev()
            .take_while(|before| is_decorator(self.lines[*before]))
            .last();
        let last = self.end(opener);
        Some(Definition {
            first: first.unwrap_or(opener),
            head: self.head(opener),
            last,
        })
    }

    /// The nearest line that says something about the structure: this one, one before, one behind.
    fn with_text(&self, line: usize) -> Option<usize> {
        let says = |number: &usize| self.steps[*number].indent.is_some();
        let (before, behind) = (0..=line, line..self.steps.len());
        before
            .rev()
            .find(says)
            .or_else(|| behind.into_iter().find(says))
    }

    /// The last line of what a line opens, with the lines that close it.
    fn end(&self, opener: usize) -> usize {
        let mut last = self.steps[opener].last;
        while let Some(next) = self.closing(opener, last) {
            last = self.steps[next].last;
        }
        last
    }

    /// The last line of a head that ends on a line of its own, such as `) -> int:`.
    fn head(&self, opener: usize) -> usize {
        match self.closing(opener, self.steps[opener].last) {
            Some(next) if !self.lines[next].trim_start().starts_with('}') => next,
            _ => opener,
        }
    }

    /// The next line behind `last` if it closes what the opener opened.
    fn closing(&self, opener: usize, last: usize) -> Option<usize> {
        let next = (last + 1..self.steps.len()).find(|next| self.steps[*next].indent.is_some())?;
        (self.steps[next].indent == self.steps[opener].indent && closes(self.lines[next]))
            .then_some(next)
    }
}

/// The columns before a line's text, a tab to the next multiple of eight; `None` for a blank line
/// and for a remark, which often stands where it likes.
fn indentation(line: &str) -> Option<usize> {
    let text = line.trim_start();
    if text.is_empty() || text.starts_with('#') || text.starts_with("//") {
        return None;
    }
    let blanks = line[..line.len() - text.len()].bytes();
    Some(blanks.fold(0, |column, blank| match blank {
        b'\t' => column / 8 * 8 + 8,
        _ => column + 1,
    }))
}

/// Tells whether a line closes, or goes on with, what a line above opened.
fn closes(line: &str) -> bool {
    let text = line.trim();
    text.starts_with([')', ']', '}', '{']) || matches!(text, "end" | "end;" | "begin")
}

/// Tells whether a line begins a definition, such as `pub(crate) fn total(`.
fn is_definition(line: &str) -> bool {
    let mut words = words(line);
    let first = words.next().unwrap_or_default();
    let is_modifier = |word: &&str| MODIFIERS.contains(word);
    let defining = std::iter::once(first)
        .chain(words)
        .find(|word| !is_modifier(word));
    if defining.is_some_and(|word| DEFINING.contains(&word)) {
        return true;
    }
    has_parameters(line) && line.trim_end().ends_with('{')
}

/// Tells whether a line may be the head of a function without a word that says so: `int main(void)`.
fn has_parameters(line: &str) -> bool {
    let first = words(line).next().unwrap_or_default();
    line.contains('(') && !first.is_empty() && !CONTROL.contains(&first)
}

/// Returns the name that a line defines, if it begins with a word that says so.
pub(crate) fn defined_name(line: &str) -> Option<&str> {
    let mut words = words(line).skip_while(|word| MODIFIERS.contains(word));
    let is_defining = |word: &str| DEFINING.contains(&word);
    words.next().filter(|word| is_defining(word))?;
    words.next()
}

/// The words of a line.
pub(crate) fn words(line: &str) -> impl Iterator<Item = &str> {
    let is_between = |c: char| !(c.is_alphanumeric() || c == '_');
    line.split(is_between).filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The definitions around a line are these: first line, last line of the head, last line, all
    /// from 1.
    fn check(text: &str, line: usize, expected: &[(usize, usize, usize)]) {
        let lines: Vec<&str> = text.lines().collect();
        let found: Vec<_> = Outline::of(&lines)
            .enclosing(line - 1)
            .iter()
            .map(|it| (it.first + 1, it.head + 1, it.last + 1))
            .collect();
        assert_eq!(found, expected, "line {line} of\n{text}");
    }

    const PYTHON: &str = "\
import os

@cached
class Cart(Base):
    x = 1

    @property
    def total(
        self,
    ) -> int:
        if self.x:
# a remark

            return 2
        return 1

    def count(self): return 3

y = f(
    1)
";

    #[test]
    fn python_is_read_off_its_indentation() {
        check(PYTHON, 1, &[]);
        check(PYTHON, 2, &[]);
        check(PYTHON, 5, &[(3, 4, 17)]);
        for line in [8, 9, 10, 11, 12, 13, 14, 15] {
            check(PYTHON, line, &[(7, 10, 15), (3, 4, 17)]);
        }
        check(PYTHON, 17, &[(17, 17, 17), (3, 4, 17)]);
        check(PYTHON, 19, &[]);
        check(PYTHON, 20, &[]);
    }

    #[test]
    fn braces_may_stand_anywhere() {
        let text = "\
int main(void)
{
\tif (x) {
\t\tf();
\t} else {
\t\tg();
\t}
}

static int g(int a) {
  return a;
}
";
        for line in [1, 2, 3, 4, 6, 7, 8] {
            check(text, line, &[(1, 2, 8)]);
        }
        check(text, 11, &[(10, 10, 12)]);
    }

    #[test]
    fn definitions_may_lie_in_each_other() {
        let text = "\
impl Cart {
    #[must_use]
    pub(crate) fn total(
        &self,
    ) -> u64 {
        self.items.iter().sum()
    }
}
";
        check(text, 6, &[(2, 5, 7), (1, 1, 8)]);
        check(text, 1, &[(1, 1, 8)]);
    }

    #[test]
    fn a_text_without_structure_has_no_definitions() {
        check("a\nb\n\nc", 3, &[]);
        check("\n\n", 1, &[]);
        check("  a\n b\nc", 1, &[]);
    }

    #[test]
    fn names_are_those_behind_a_word_that_defines() {
        assert_eq!(defined_name("    async def total(self):"), Some("total"));
        assert_eq!(defined_name("pub(crate) struct Cart {"), Some("Cart"));
        assert_eq!(defined_name("total = 1"), None);
        assert_eq!(defined_name("default"), None);
    }
}
