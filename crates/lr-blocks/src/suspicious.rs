//! New versions that would lose work, although the reply itself can be read.

use std::collections::HashSet;

use crate::comparison::Comparison;
use crate::elision;
use crate::markdown::{self, CodeFence};
use crate::problem::quoted;
use crate::{Problem, ProblemKind, printable};

/// A new version is refused for its size only if it has at least so many lines less than the file. Blank lines do not
/// count.
const MANY_LINES: usize = 15;

/// How many percent of its lines a file may lose, unless somebody says otherwise.
pub const MAX_SHRINK: u8 = 75;

/// As [`suspicious_beyond`], where a file may lose [`MAX_SHRINK`] percent of its lines.
pub fn suspicious(old: &str, new: &str) -> Option<Problem> {
    suspicious_beyond(old, new, MAX_SHRINK)
}

/// Compares a new version with the text it would replace (empty if there is none), and says what speaks against it.
///
/// Refused are: control characters the file does not have yet, an empty text for one that is not, or nothing but
/// sentences for one that has none, a text escaped as in JSON or HTML, line numbers before the lines, a stray code fence, an edit or a diff of the file, placeholders in the place of lines, and a text that
/// has lost 15 lines or more and more than `max_shrink` percent of them (blank lines aside), so that small files may
/// shrink. The problem names neither block nor path: the caller knows both.
pub fn suspicious_beyond(old: &str, new: &str, max_shrink: u8) -> Option<Problem> {
    const CHECKS: [fn(&Comparison) -> Option<Problem>; 9] = [
        unprintable,
        wiped,
        remark,
        escaped,
        escaped_as_html,
        numbered,
        fenced,
        edit,
        elided,
    ];
    if old == new {
        return None;
    }
    let comparison = Comparison::of(old, new);
    CHECKS
        .iter()
        .find_map(|check| check(&comparison))
        .or_else(|| shrunk(&comparison, max_shrink))
}

/// Compares the lines an edit puts into a file with those it takes out. They may be far fewer, or none.
pub(crate) fn suspicious_edit(old: &str, new: &str) -> Option<Problem> {
    const CHECKS: [fn(&Comparison) -> Option<Problem>; 4] = [escaped, numbered, edit, elided];
    let comparison = Comparison::of(old, new);
    CHECKS.iter().find_map(|check| check(&comparison))
}

/// A line without the line number and what sets it apart, if it begins with them.
pub(crate) fn without_number(line: &str) -> &str {
    if line_number(line).is_none() {
        return line;
    }
    let rest = line.trim_start();
    let rest = &rest[rest.bytes().take_while(u8::is_ascii_digit).count()..];
    let rest = rest.trim_start_matches([' ', '\t']);
    let marked = rest.strip_prefix(['|', ':', '→', '│', '.', ')']);
    marked.map_or(rest, |rest| rest.strip_prefix(' ').unwrap_or(rest))
}

fn unprintable(comparison: &Comparison) -> Option<Problem> {
    let is_suspect = |c: &char| printable::is_treacherous(*c) || *c == char::REPLACEMENT_CHARACTER;
    let known: HashSet<char> = comparison.old.chars().filter(is_suspect).collect();
    let c = comparison
        .new
        .chars()
        .filter(is_suspect)
        .find(|c| *c == '\0' || !known.contains(c))?;
    let reason = format!(
        "the new version brings in the character U+{:04X}: write such characters as escapes of the language",
        u32::from(c)
    );
    Some(Problem::new(ProblemKind::Unprintable, reason))
}

fn wiped(comparison: &Comparison) -> Option<Problem> {
    let reason = "the new version is empty: give the complete text, or leave the file out if it shall stay as it is";
    (comparison.n_new == 0 && comparison.n_old > 0)
        .then(|| Problem::new(ProblemKind::Wiped, reason))
}

/// Nothing but sentences, such as an apology, in the place of a text that has no sentence.
fn remark(comparison: &Comparison) -> Option<Problem> {
    const FEWEST_LINES: usize = 3;
    const FEWEST_WORDS: usize = 4;
    let is_sentence = |line: &str| {
        let line = line.trim();
        let is_plain = |c: char| c.is_alphanumeric() || " ,.;:'’!?`_/-".contains(c);
        line.starts_with(char::is_uppercase)
            && line.ends_with(['.', '!', '?'])
            && line.chars().all(is_plain)
            && line.split_whitespace().count() >= FEWEST_WORDS
    };
    let mut lines = comparison
        .new
        .lines()
        .filter(|line| !line.trim().is_empty());
    let reason = "the new version is a remark in the place of the text of the file: write the complete text, and \
                  remarks outside";
    (comparison.n_old >= FEWEST_LINES
        && lines.all(is_sentence)
        && !comparison.old.lines().any(is_sentence))
    .then(|| Problem::new(ProblemKind::Wiped, reason))
}

/// HTML-escaped: a sign that the file has is gone, and what stands for it in HTML is new.
fn escaped_as_html(comparison: &Comparison) -> Option<Problem> {
    const ENTITIES: [(char, &str); 3] = [('<', "&lt;"), ('>', "&gt;"), ('"', "&quot;")];
    let Comparison { old, new, .. } = *comparison;
    let (sign, entity) = ENTITIES.into_iter().find(|(sign, entity)| {
        old.contains(*sign)
            && !new.contains(*sign)
            && !old.contains(entity)
            && new.matches(entity).nth(1).is_some()
    })?;
    let reason = format!(
        "the new version is escaped as in HTML ('{entity}' instead of '{sign}'): write the plain text"
    );
    Some(Problem::new(ProblemKind::Escaped, reason))
}

/// JSON-escaped: lines of the file come back only inside one line with `\n` between them, or the new version is a
/// single line that ends in `\n` or stands in quotes.
fn escaped(comparison: &Comparison) -> Option<Problem> {
    let lost: HashSet<&str> = comparison.lost.iter().copied().collect();
    let swallows_lines = |line: &&str| {
        let found = line.split("\\n").filter(|part| {
            let part = part.replace("\\\"", "\"").replace("\\t", "\t");
            lost.contains(part.trim())
        });
        line.contains("\\n") && 2 * found.count() >= comparison.n_old.max(2)
    };
    let is_one_string = |line: &&str| {
        let line = line.trim();
        let is_quoted = line.len() > 1 && line.starts_with('"') && line.ends_with('"');
        comparison.n_new == 1 && line.contains("\\n") && (is_quoted || line.ends_with("\\n"))
    };
    let reason = "the new version is escaped like a JSON string ('\\n' instead of line breaks): write the plain text";
    comparison
        .gained
        .iter()
        .any(|line| swallows_lines(line) || is_one_string(line))
        .then(|| Problem::new(ProblemKind::Escaped, reason))
}

fn numbered(comparison: &Comparison) -> Option<Problem> {
    let reason =
        "the lines of the new version begin with line numbers: write the text of the file only";
    (has_line_numbers(comparison.new) && !has_line_numbers(comparison.old))
        .then(|| Problem::new(ProblemKind::Numbered, reason))
}

/// Whether every line that is not blank begins with a number greater than the one before; one line alone says nothing,
/// and neither does a list.
fn has_line_numbers(text: &str) -> bool {
    let mut last = None;
    let mut count = 0;
    let mut is_list = true;
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        let number = line_number(line);
        if number.is_none() || number <= last {
            return false;
        }
        last = number;
        count += 1;
        is_list &= is_list_item(line);
    }
    count > 1 && !is_list
}

/// Whether a line is an item of a list, such as `1. text`: text that is neither blank nor indented.
fn is_list_item(line: &str) -> bool {
    let rest = line
        .trim_start()
        .trim_start_matches(|c: char| c.is_ascii_digit());
    let text = rest.strip_prefix(". ").or_else(|| rest.strip_prefix(") "));
    text.is_some_and(|text| !text.trim().is_empty() && !text.starts_with(char::is_whitespace))
}

/// The number a line begins with, if something follows that sets line numbers apart.
fn line_number(line: &str) -> Option<u32> {
    let line = line.trim_start();
    let digits = line.bytes().take_while(u8::is_ascii_digit).count();
    let (number, rest) = line.split_at(digits);
    let after = rest.strip_prefix(['.', ')']).unwrap_or(rest);
    let is_apart = after.is_empty()
        || after.starts_with([' ', '\t'])
        || rest.starts_with(['|', ':', '→', '│']);
    is_apart.then(|| number.parse().ok()).flatten()
}

/// A code fence the file does not begin with, or one at the end that closes nothing.
fn fenced(comparison: &Comparison) -> Option<Problem> {
    let Comparison { old, new, .. } = *comparison;
    let first = CodeFence::of(new.trim().lines().next()?);
    let last = CodeFence::of(new.trim().lines().next_back()?);
    let begins_so = first.is_some() && CodeFence::of(old.trim().lines().next()?).is_none();
    let ends_so =
        last.is_some() && markdown::ends_inside_fence(new) && !markdown::ends_inside_fence(old);
    let reason = "the new version begins or ends with a Markdown code fence that does not belong to the file: \
                  write the text of the file only";
    (begins_so || ends_so).then(|| Problem::new(ProblemKind::Fenced, reason))
}

/// An edit or a diff where the text of the file belongs; a file that is one itself may have a new version.
fn edit(comparison: &Comparison) -> Option<Problem> {
    let reason =
        "the new version is an edit or a diff of the file: write the complete text of the file";
    let is_one = is_edit(comparison.new) && !is_edit(comparison.old);
    (is_one || has_marked_lines(comparison) || has_conflict(comparison))
        .then(|| Problem::new(ProblemKind::Edit, reason))
}

/// Whether old lines stand beside new ones as in a conflict of git, in a file that had none.
fn has_conflict(comparison: &Comparison) -> bool {
    let mut new = comparison.new.lines();
    let is_begin = |line: &str| line.starts_with("<<<<<<< ");
    if !new.any(is_begin) || comparison.old.lines().any(is_begin) {
        return false;
    }
    let ours: HashSet<&str> = new.by_ref().take_while(|line| *line != "=======").collect();
    let mut old = comparison
        .old
        .lines()
        .filter(|line| !line.trim().is_empty());
    new.any(|line| line.starts_with(">>>>>>> ")) && old.any(|line| ours.contains(line))
}

/// Whether lines of the file come back with a `-` before them, and others with a `+`, as in a diff.
fn has_marked_lines(comparison: &Comparison) -> bool {
    let marked = |mark| {
        let gained = comparison.gained.iter();
        gained.filter_map(move |line| line.strip_prefix(mark))
    };
    if marked('+').next().is_none() || marked('-').next().is_none() {
        return false;
    }
    let old: HashSet<&str> = comparison.old.lines().collect();
    marked('-').any(|line| !line.trim().is_empty() && old.contains(line))
}

fn is_edit(text: &str) -> bool {
    let mut lines = text.trim().lines();
    let (Some(first), Some(last)) = (lines.next(), lines.next_back()) else {
        return false;
    };
    let has = |begin: &str| text.lines().any(|line| line.starts_with(begin));
    let is_search_and_replace =
        first.starts_with("<<<<<<<") && last.starts_with(">>>>>>>") && has("=======");
    let is_diff = (first.starts_with("--- ") && has("+++ ") || first.starts_with("diff --git "))
        && has("@@ ");
    is_search_and_replace || is_diff || first == "*** Begin Patch" || has_edit(text)
}

/// Whether the three markers of an edit stand in a text in their order, whatever else does.
fn has_edit(text: &str) -> bool {
    let mut markers = ["<<<<<<< SEARCH", "=======", ">>>>>>> REPLACE"].iter();
    let mut next = markers.next();
    for line in text.lines() {
        if next.is_some_and(|marker| line.trim_end() == *marker) {
            next = markers.next();
        }
    }
    next.is_none()
}

fn elided(comparison: &Comparison) -> Option<Problem> {
    let line = elision::find(comparison)?;
    let reason = format!(
        "the new version has the line {} in the place of text of the file ({} of its lines are missing): \
         write the complete text, leave nothing out",
        quoted(line.trim()),
        comparison.lost.len()
    );
    Some(Problem::new(ProblemKind::Elided, reason))
}

fn shrunk(comparison: &Comparison, max_shrink: u8) -> Option<Problem> {
    let Comparison { n_old, n_new, .. } = *comparison;
    let reason = format!(
        "the new version has {n_new} lines, the file has {n_old} (blank lines aside): write the complete text, \
         leave nothing out"
    );
    let kept_percent = 100_usize.saturating_sub(max_shrink.into());
    let is_too_short = n_new.saturating_mul(100) < n_old.saturating_mul(kept_percent);
    (n_old.saturating_sub(n_new) >= MANY_LINES && is_too_short)
        .then(|| Problem::new(ProblemKind::Shrunk, reason))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(old: &str, new: &str, expected: Option<ProblemKind>) {
        let kind = suspicious(old, new).map(|problem| problem.kind);
        assert_eq!(kind, expected, "{old:?} → {new:?}");
    }

    fn file(n_lines: usize) -> String {
        (0..n_lines).fold(String::new(), |text, n| text + &format!("x{n} = {n}\n"))
    }

    #[test]
    fn ordinary_changes_are_fine() {
        check("", "x = 1\n", None);
        check("import os\nx=1\n", "x = 1\n", None);
        check("x = 1\n", "x = 1\n\n# ... rest unchanged\n", None);
        check("", "", None);
        check("\n", "", None);
    }

    #[test]
    fn wiping_a_file_is_refused() {
        check("x = 1\n", "", Some(ProblemKind::Wiped));
        check("x = 1\n", " \n\n", Some(ProblemKind::Wiped));
    }

    #[test]
    fn a_remark_in_the_place_of_code_is_refused() {
        let code = "import os\n\nx = 1\ny = 2\n";
        let sorry = "I am sorry, I can't do that.\n";
        check(code, sorry, Some(ProblemKind::Wiped));
        check(code, "x = 1\n", None);
        check(code, "from b import x, y\n", None);
        check("# A\n\nThis is an old text.\nx\n", sorry, None);
        check("", sorry, None);
    }

    #[test]
    fn lines_marked_as_in_a_diff_are_refused() {
        let code = "def f():\n    x = 1\n    return x\n";
        let marked = "def f():\n-    x = 1\n+    x = 2\n    return x\n";
        check(code, marked, Some(ProblemKind::Edit));
        check("one\ntwo\n", "- one\n+ two\n", None);
        check("one\ntwo\n", "-one\n-two\n", None);
        check("a\n b\n", "-1\n+2\n", None);
    }

    #[test]
    fn a_conflict_with_lines_of_the_file_is_refused() {
        let conflict = "a = 0\n<<<<<<< HEAD\nx = 1\n=======\nx = 2\n>>>>>>> new\n";
        check("a = 0\nx = 1\n", conflict, Some(ProblemKind::Edit));
        check("a = 0\nx = 0\n", conflict, None);
        check("<<<<<<< HEAD\nx = 1\n", conflict, None);
        check("", conflict, None);
    }

    #[test]
    fn a_listing_is_refused_and_a_list_is_not() {
        let code = "def f():\n    x = 1\n\n    return x\n";
        let numbered = "1. def f():\n2.     x = 1\n3.\n4.     return x\n";
        check(code, numbered, Some(ProblemKind::Numbered));
        check(
            code,
            &numbered.replace('.', ")"),
            Some(ProblemKind::Numbered),
        );
        check("one\ntwo\n", "1. one\n2. two\n", None);
        check("one\ntwo\n", "1.5\n2.5\n", None);
    }

    #[test]
    fn text_escaped_as_html_is_refused() {
        let page = "<p>\nx\n</p>\n";
        let escaped = "&lt;p&gt;\ny\n&lt;/p&gt;\n";
        check(page, escaped, Some(ProblemKind::Escaped));
        check(
            "x = \"a\"\n",
            "x = &quot;a&quot;\n",
            Some(ProblemKind::Escaped),
        );
        check(page, "<p>\na &lt; b &lt; c\n</p>\n", None);
        check(escaped, "&lt;b&gt;\ny\n&lt;/b&gt;\n", None);
        check("x = \"<\"\n", "x = \"&lt;\"\n", None);
    }

    #[test]
    fn small_files_may_shrink_and_large_ones_may_not() {
        check(&file(15), &file(1), None);
        check(&file(16), &file(1), Some(ProblemKind::Shrunk));
        check(&file(100), &file(25), None);
        check(&file(100), &file(24), Some(ProblemKind::Shrunk));
    }

    #[test]
    fn how_much_a_file_may_shrink_can_be_said() {
        let kind = |n_new, max_shrink| {
            suspicious_beyond(&file(100), &file(n_new), max_shrink).map(|problem| problem.kind)
        };
        assert_eq!(kind(50, 50), None);
        assert_eq!(kind(49, 50), Some(ProblemKind::Shrunk));
        assert_eq!(kind(90, 0), None, "a few lines may always go");
        assert_eq!(kind(85, 0), Some(ProblemKind::Shrunk));
        assert_eq!(kind(1, 100), None);
    }

    #[test]
    fn json_escaped_text_is_refused() {
        let old = "import os\n\nprint(\"a\")\n";
        check(
            old,
            "import os\\n\\nprint(\\\"a\\\")\\n\n",
            Some(ProblemKind::Escaped),
        );
        check(
            old,
            "\"import sys\\nprint('b')\"\n",
            Some(ProblemKind::Escaped),
        );
        check(
            old,
            "{\n\"content\": \"import os\\nprint(\\\"a\\\")\\n\"\n}\n",
            Some(ProblemKind::Escaped),
        );
        check("x=1\n", "x = 1\\n\n", Some(ProblemKind::Escaped));
    }

    #[test]
    fn escapes_in_strings_are_fine() {
        check("print('a')\nprint('b')\n", "print('a\\nb')\n", None);
        check("s = 'a'\n", "s = 'a\\n'\n", None);
        let old = "A = '''\na\nb\nc\n'''\n1\n2\n3\n4\n5\n6\n";
        check(old, "A = 'a\\nb\\nc\\n'\n1\n2\n3\n4\n5\n6\n", None);
        check("x\nA = '''\na\n'''\ny\nz\n", "x\nA = 'a\\n'\ny\nz\n", None);
    }

    #[test]
    fn line_numbers_are_refused() {
        let old = "import os\n\nx=1\n";
        check(
            old,
            "1 | import os\n2 |\n3 | x = 1\n",
            Some(ProblemKind::Numbered),
        );
        check(
            old,
            "     1\timport os\n\n     3\tx = 1\n",
            Some(ProblemKind::Numbered),
        );
        check(
            old,
            "9: import os\n10: x = 1\n",
            Some(ProblemKind::Numbered),
        );
        check(old, "1 | import os\nx = 1\n", None);
        check(old, "2 | import os\n1 | x = 1\n", None);
        check("10 PRINT 1\n20 END\n", "10 PRINT 2\n20 END\n", None);
        check("a\n", "1\n", None);
    }

    #[test]
    fn edits_in_the_place_of_the_text_are_refused() {
        let edit = Some(ProblemKind::Edit);
        let search = "<<<<<<< SEARCH\nx=1\n=======\nx = 1\n>>>>>>> REPLACE\n";
        let diff = "--- a/a.py\n+++ b/a.py\n@@ -1 +1 @@\n-x=1\n+x = 1\n";
        check("x=1\n", search, edit);
        check("x=1\n", &format!("Here:\n\na.py\n{search}\nDone.\n"), edit);
        check(search, &format!("x\n{search}"), None);
        check("x=1\n", diff, edit);
        check("x=1\n", &format!("diff --git a/a b/a\n{diff}"), edit);
        check("x=1\n", "*** Begin Patch\n*** End Patch\n", edit);
    }

    #[test]
    fn texts_about_edits_are_fine() {
        let conflict = "<<<<<<< HEAD\na\n=======\nb\n>>>>>>> theirs\n";
        check(conflict, &conflict.replace("a\n", "c\n"), None);
        check(conflict, "b\n", None);
        check("x\n", &format!("C = '''\n{conflict}'''\nx\n"), None);
        check("a: 1\n", "--- # a document of YAML\na: 2\n", None);
    }

    #[test]
    fn stray_code_fences_are_refused() {
        check("x=1\n", "```python\nx = 1\n", Some(ProblemKind::Fenced));
        check("x=1\n", "x = 1\n```\n", Some(ProblemKind::Fenced));
        check(
            "x=1\n",
            "```\nx = 1\n```\ny\n```\nz\n```\n",
            Some(ProblemKind::Fenced),
        );
    }

    #[test]
    fn code_fences_of_markdown_are_fine() {
        check("# A\n", "# A\n```sh\nls\n```\n", None);
        check("```sh\nls\n```\n", "```bash\nls\n```\n", None);
        check("", "```sh\nls\n```\n", None);
    }

    #[test]
    fn new_control_characters_are_refused() {
        check("x\n", "x\u{1b}[31m\n", Some(ProblemKind::Unprintable));
        check("x\n", "x\u{202e}\n", Some(ProblemKind::Unprintable));
        check("x\n", "x\u{fffd}\n", Some(ProblemKind::Unprintable));
        check("x\0\n", "y\0\n", Some(ProblemKind::Unprintable));
        check("x\u{1b}\u{c}\n", "y\u{1b}\u{c}\n", None);
    }

    #[test]
    fn placeholders_in_the_place_of_lines_are_refused_in_words_for_the_model() {
        let problem = suspicious(&file(4), "x0 = 0\n# ... rest unchanged\n").unwrap();
        assert_eq!(problem.kind, ProblemKind::Elided);
        assert_eq!(
            problem.reason,
            "the new version has the line '# ... rest unchanged' in the place of text of the file (3 of its lines \
             are missing): write the complete text, leave nothing out"
        );
    }
}
