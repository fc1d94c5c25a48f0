//! New versions that hold only a piece of their file, such as one function, and do not say so.
//!
//! A piece is told by what is missing: it keeps none of the lines before the file's first definition, or few of them,
//! and lacks definitions that the file has. Whoever takes a function out of a file keeps its beginning.

use std::collections::{HashMap, HashSet};

use crate::{Problem, ProblemKind};

/// Words that begin a definition, in many languages.
const DEFINING: [&str; 20] = [
    "class",
    "def",
    "defmodule",
    "enum",
    "extension",
    "fn",
    "fun",
    "func",
    "function",
    "impl",
    "interface",
    "macro_rules",
    "mod",
    "module",
    "namespace",
    "proc",
    "protocol",
    "struct",
    "trait",
    "type",
];

/// How many words may stand before the one that begins a definition, itself included.
const LONGEST_BEGINNING: usize = 5;

/// Says that a complete new version is only a piece of the text it would replace, if it looks like one.
///
/// For versions that come as whole texts: an edit may take out what it likes. The problem names neither block nor path.
pub fn fragment(old: &str, new: &str) -> Option<Problem> {
    let (first_old, first_new) = (first_line(old)?, first_line(new)?);
    if is_indented(first_new) && !is_indented(first_old) {
        return Some(problem("begins with an indented line"));
    }
    let (old, new) = (Outline::of(old), Outline::of(new));
    is_piece(&old, &new).then(|| {
        let n_lost = old.lost(&new).len();
        let missing = match n_lost {
            0 => "the lines before the first definition of the file".to_owned(),
            1 => "a definition of the file, and lines at its beginning".to_owned(),
            n => format!("{n} definitions of the file, and lines at its beginning"),
        };
        problem(&format!("lacks {missing}"))
    })
}

fn problem(what: &str) -> Problem {
    let reason = format!(
        "the new version {what}, as if it were only a piece of it: write the complete text of the file, or the change as \
         a SEARCH/REPLACE edit"
    );
    Problem::new(ProblemKind::Elided, reason)
}

fn is_piece(old: &Outline, new: &Outline) -> bool {
    let known = |name: &&str| old.names.contains(*name);
    if !new.definitions.iter().any(known) {
        return is_something_else(old, new);
    }
    let is_all_known = new.definitions.iter().all(known);
    let lost = old.lost(new);
    let n_old = old.definitions.len();
    let n_kept = old
        .head
        .iter()
        .filter(|line| new.lines.contains(*line))
        .count();
    if old.head.is_empty() {
        let lacks_first = old
            .definitions
            .first()
            .is_some_and(|first| lost.contains(first));
        return is_all_known && lacks_first && lost.len() > 1 && 2 * lost.len() > n_old;
    }
    if n_kept > 0 {
        return is_all_known
            && !lost.is_empty()
            && 2 * n_kept < old.head.len()
            && 2 * lost.len() >= n_old;
    }
    if lost.is_empty() {
        return new.head.is_empty() && old.imports().any(|name| new.words.contains(name));
    }
    is_all_known || 2 * lost.len() >= n_old
}

/// Whether nothing of the old text is left, and nothing is defined in the new one, which is much shorter: what a
/// program prints, or data. A translation of a text is about as long.
fn is_something_else(old: &Outline, new: &Outline) -> bool {
    let is_gone = |name: &&str| !new.words.contains(*name);
    let is_word = |line: &&str| line.contains(char::is_alphabetic);
    old.definitions.len() > 1
        && new.definitions.is_empty()
        && 2 * new.lines.len() < old.lines.len()
        && old.definitions.iter().all(is_gone)
        && old
            .lines
            .intersection(&new.lines)
            .all(|line| !is_word(line))
}

/// What a text defines, and what stands before that.
struct Outline<'t> {
    /// The lines before the first definition that have words in them, without the blanks around them.
    head: Vec<&'t str>,
    /// The names of its definitions that are not indented, in their order.
    definitions: Vec<&'t str>,
    /// The names of all its definitions.
    names: HashSet<&'t str>,
    /// All its lines, without the blanks around them.
    lines: HashSet<&'t str>,
    /// All words of its lines.
    words: HashSet<&'t str>,
}

impl<'t> Outline<'t> {
    fn of(text: &'t str) -> Self {
        let lines: Vec<&str> = text.lines().collect();
        let has_text = |line: &&&str| !line.trim().is_empty();
        let mut definitions = Vec::new();
        let mut first = None;
        for (at, line) in lines.iter().enumerate() {
            let next = || lines[at + 1..].iter().find(has_text);
            if is_top_level(line) && is_definition(line) && next().is_some_and(|it| is_indented(it))
            {
                first = first.or(Some(at));
                definitions.push(name_of(line));
            }
        }
        // What stands right above a definition belongs to it.
        let before = &lines[..first.unwrap_or(lines.len())];
        let n_above = before
            .iter()
            .rev()
            .take_while(|line| belongs_below(line))
            .count();
        let n_head = first.map_or(before.len(), |first| first - n_above);
        let trimmed = lines.iter().map(|line| line.trim());
        let has_words = |line: &&str| line.chars().filter(|c| c.is_alphabetic()).count() > 2;
        Self {
            head: trimmed.clone().take(n_head).filter(has_words).collect(),
            definitions,
            names: trimmed
                .clone()
                .filter(|line| is_definition(line))
                .map(name_of)
                .collect(),
            words: lines.iter().flat_map(|line| words(line)).collect(),
            lines: trimmed.collect(),
        }
    }

    /// The names that this text defines more often than another one.
    fn lost(&self, new: &Self) -> Vec<&'t str> {
        let mut kept: HashMap<&str, usize> = HashMap::new();
        for name in &new.definitions {
            *kept.entry(name).or_default() += 1;
        }
        let is_lost = |name: &&str| match kept.get_mut(*name) {
            Some(count) if *count > 0 => {
                *count -= 1;
                false
            }
            _ => true,
        };
        self.definitions.iter().copied().filter(is_lost).collect()
    }

    /// The names that the lines before the first definition bring in.
    fn imports(&self) -> impl Iterator<Item = &'t str> {
        const BRINGING_IN: [&str; 6] = ["import ", "use ", "const ", "let ", "var ", "static "];
        const NO_NAMES: [&str; 10] = [
            "as", "const", "crate", "import", "let", "require", "self", "static", "use", "var",
        ];
        let names_in = |line: &&'t str| {
            BRINGING_IN.iter().find_map(|word| {
                let at = line.find(word)?;
                (at == 0 || line.starts_with("from ")).then(|| &line[at..])
            })
        };
        self.head
            .clone()
            .into_iter()
            .filter_map(move |line| names_in(&line))
            .flat_map(words)
            .filter(|word| !NO_NAMES.contains(word))
    }
}

fn first_line(text: &str) -> Option<&str> {
    text.lines().find(|line| !line.trim().is_empty())
}

fn is_indented(line: &str) -> bool {
    line.starts_with(char::is_whitespace)
}

fn is_top_level(line: &str) -> bool {
    const OTHER: [&str; 7] = ["@", "//", "/*", "*", "<!--", "--", ";"];
    let is_remark = line.starts_with('#') && !line.starts_with("#[");
    !is_indented(line)
        && !is_remark
        && !line.starts_with(['}', ')', ']', '"', '\''])
        && !OTHER.iter().any(|begin| line.starts_with(begin))
}

/// Whether a line is a remark, an attribute or a decorator, as they stand above a definition.
fn belongs_below(line: &str) -> bool {
    ["#", "@", "//", "/*", "*", " *"]
        .iter()
        .any(|begin| line.starts_with(begin))
}

/// Whether a line begins a definition: a word says so, or it ends as the head of one in a language like C.
fn is_definition(line: &str) -> bool {
    const CONTROL: [&str; 6] = ["catch", "for", "if", "switch", "while", "with"];
    let is_named = words(line)
        .take(LONGEST_BEGINNING)
        .any(|word| DEFINING.contains(&word));
    let is_control = words(line)
        .next()
        .is_some_and(|word| CONTROL.contains(&word));
    is_named || (line.trim_end().ends_with('{') && line.contains('(') && !is_control)
}

/// The name in the first line of a definition, whatever its parameters and modifiers are.
fn name_of(line: &str) -> &str {
    let has_parentheses = line.starts_with("func (") || line.starts_with("pub(");
    let begin = line.find(')').filter(|_| has_parentheses);
    let line = &line[begin.map_or(0, |at| at + 1)..];
    let end = line.find(['(', '{', '=', ':', '<']).unwrap_or(line.len());
    words(&line[..end]).last().unwrap_or_default()
}

fn words(line: &str) -> impl DoubleEndedIterator<Item = &str> {
    line.split(|c: char| !c.is_alphanumeric() && c != '_')
        .filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "\"\"\"Money.\"\"\"\n\nimport re\n\nCENTS = 100\n\n\ndef parse(text):\n    return re.match(text)\n\n\n\
                        class Purse:\n    def put(self, n):\n        self.n = n\n\n\ndef show(n):\n    return n / CENTS\n";

    fn check(old: &str, new: &str, expected: bool) {
        let problem = fragment(old, new);
        assert_eq!(problem.is_some(), expected, "{new}: {problem:?}");
    }

    #[test]
    fn pieces_of_a_file_are_refused() {
        check(
            FILE,
            "def show(n: int) -> float:\n    return n / CENTS\n",
            true,
        );
        check(FILE, "def parse(text):\n    return re.search(text)\n", true);
        check(
            FILE,
            "class Purse:\n    def put(self, n):\n        self.n += n\n",
            true,
        );
        check(
            FILE,
            "import math\n\ndef show(n):\n    return math.ceil(n)\n",
            true,
        );
        check(FILE, "def put(self, n):\n    self.n += n\n", true);
        check(FILE, "{\"a\": 1}\n", true);
        check(FILE, "3 passed in 0.1 s\n", true);
        check(FILE, "from shop.cash import Purse, parse, show\n", false);
        let list = "- The type of x\n  is new.\n- A class for y\n  is new.\n";
        let liste = "- Le type de x\n  est neuf.\n- Une classe pour y\n  est neuve.\n";
        check(list, &liste.replace("type", "genre"), false);
        check(FILE, "    def put(self, n):\n        self.n += n\n", true);
        let with_new_one = "def half(n):\n    return n / 2\n\ndef show(n):\n    return half(n)\n";
        check(FILE, with_new_one, true);
        check(
            FILE,
            &format!("import re\n\n{with_new_one}").replace("half", "put"),
            true,
        );
    }

    #[test]
    fn what_is_taken_out_of_a_file_may_go() {
        let without_show = FILE.split("\n\ndef show").next().unwrap();
        check(FILE, without_show, false);
        check(FILE, &FILE.replace("import re\n\n", ""), false);
        check(
            FILE,
            "\"\"\"Money.\"\"\"\n\nCENTS = 100\n\n\ndef show(n):\n    return n / CENTS\n",
            false,
        );
        check(FILE, FILE.split_once("import").unwrap().0, false);
        check(FILE, "def quite(other):\n    return 1\n", false);
        check("", "    x\n", false);
        check("  a\nb\n", "  b\n", false);
    }

    #[test]
    fn the_only_definition_without_what_it_needs_is_a_piece() {
        let old = "import os\nfrom a import b, c\n\ndef f():\n    return os.name\n";
        check(old, "def f():\n    return os.name + c\n", true);
        check(old, "def f():\n    return 1\n", false);
        check(
            old,
            "import os as system\n\ndef f():\n    return os\n",
            false,
        );
    }

    #[test]
    fn languages_with_braces_are_understood() {
        let rust = "//! Money.\n\nuse std::fmt;\n\npub fn f() {\n    1\n}\n\nimpl fmt::Display for A {\n    x\n}\n";
        check(rust, "pub(crate) fn f() {\n    2\n}\n", true);
        check(rust, &rust.replace("pub fn f() {\n    1\n}\n\n", ""), false);
        let go = "package a\n\nfunc (a *A) One() {\n\tx()\n}\n\nfunc (a *A) Two() {\n\ty()\n}\n";
        check(go, "func (a *A) Two() {\n\tz()\n}\n", true);
        let c = "#include <stdio.h>\n\nint one(int a) {\n  return a;\n}\n\nint two(void) {\n  return 2;\n}\n";
        check(c, "long two(void) {\n  return 3;\n}\n", true);
        check(
            c,
            "#include <stdio.h>\n\nint two(void) {\n  return 3;\n}\n",
            false,
        );
    }

    #[test]
    fn what_stands_above_the_first_definition_belongs_to_it() {
        let old = "import os\n\n# One.\n# Two.\n@wrapped\ndef a():\n    1\n\ndef b():\n    2\n";
        let piece = "# One.\n# Two.\n@wrapped\ndef a():\n    3\n";
        check(old, piece, true);
        check(old, &format!("import os\n\n{piece}"), false);
    }

    #[test]
    fn a_file_that_begins_with_a_definition_may_lose_less_than_half() {
        let old = "def a():\n    1\n\ndef b():\n    2\n\ndef c():\n    3\n";
        check(old, "def b():\n    2\n\ndef c():\n    3\n", false);
        check(old, "def c():\n    4\n", true);
    }

    #[test]
    fn the_reason_says_what_would_be_accepted() {
        let problem = fragment(FILE, "def show(n):\n    return 1\n").unwrap();
        assert_eq!(problem.kind, ProblemKind::Elided);
        assert_eq!(
            problem.reason,
            "the new version lacks 2 definitions of the file, and lines at its beginning, as if it were only a piece of \
             it: write the complete text of the file, or the change as a SEARCH/REPLACE edit"
        );
    }
}
