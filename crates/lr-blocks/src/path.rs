//! Paths as models write them.

/// Takes off what decorates a path in the header of a block: emphasis, backticks, quotes, a label such as `File:`,
/// a final colon, `./` and doubled `/`.
///
/// Only what can mean one path is touched; nothing is checked, so an absolute path stays absolute.
pub(crate) fn undecorated(header: &str) -> String {
    let mut path = header.trim();
    while let Some(inner) = without_one_layer(path) {
        path = inner.trim();
    }
    without_empty_steps(path)
}

/// The path in `src/a.py, lines 3 to 8`, as lr-prompt names a window, and in `src/a.py:3-8` and its like.
pub fn without_lines(path: &str) -> Option<&str> {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let is_range = |text: &str| {
        let ends = text.split_once(" to ").or_else(|| text.split_once('-'));
        ends.is_some_and(|(first, last)| is_number(first) && is_number(last))
    };
    let in_words = [", lines ", " lines "]
        .iter()
        .find_map(|words| path.rsplit_once(words))
        .filter(|(_, lines)| is_range(lines));
    let after_colon = || {
        path.rsplit_once(':')
            .filter(|(_, lines)| is_number(lines) || is_range(lines))
    };
    in_words.or_else(after_colon).map(|(path, _)| path)
}

fn without_one_layer(path: &str) -> Option<&str> {
    const PAIRS: [&str; 5] = ["**", "*", "`", "\"", "'"];
    const LABELS: [&str; 9] = [
        "file:",
        "filename:",
        "path:",
        "**file:**",
        "**filename:**",
        "**path:**",
        "**file**:",
        "**filename**:",
        "**path**:",
    ];
    PAIRS
        .iter()
        .find_map(|mark| path.strip_prefix(mark)?.strip_suffix(mark))
        .or_else(|| LABELS.iter().find_map(|label| after_label(path, label)))
        .or_else(|| path.strip_suffix(':'))
}

/// What follows the label and at least one blank, letter case aside.
fn after_label<'t>(path: &'t str, label: &str) -> Option<&'t str> {
    let (head, rest) = path.split_at_checked(label.len())?;
    (head.eq_ignore_ascii_case(label) && rest.starts_with(char::is_whitespace)).then_some(rest)
}

fn without_empty_steps(path: &str) -> String {
    let is_step = |step: &&str| !matches!(*step, "" | ".");
    if path.split('/').all(|step| is_step(&step)) {
        return path.to_owned();
    }
    let steps: Vec<&str> = path.split('/').filter(is_step).collect();
    let root = if path.starts_with('/') { "/" } else { "" };
    format!("{root}{}", steps.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(header: &str, expected: &str) {
        assert_eq!(undecorated(header), expected, "{header:?}");
    }

    #[test]
    fn decoration_is_taken_off() {
        check("**a.py**", "a.py");
        check("`a.py`", "a.py");
        check("\"src/a.py\"", "src/a.py");
        check("** `./src//a.py` **", "src/a.py");
        check("././a/./b.py", "a/b.py");
        check("File: `a.py`:", "a.py");
        check("**file: a.py**", "a.py");
        check("**File**: `a.py`", "a.py");
        check("**Path:** a.py", "a.py");
    }

    #[test]
    fn what_may_belong_to_the_path_stays() {
        check("__init__.py", "__init__.py");
        check("my file.py", "my file.py");
        check("'a.py", "'a.py");
        check("file:a.py", "file:a.py");
        check("/etc/passwd", "/etc/passwd");
        check("//etc/./passwd", "/etc/passwd");
        check("../a.py", "../a.py");
        check("a\\b.py", "a\\b.py");
    }

    #[test]
    fn lines_behind_a_path_are_told_from_the_path() {
        for path in [
            "a.py, lines 3 to 8",
            "a.py, lines 3-8",
            "a.py lines 3-8",
            "a.py:3-8",
            "a.py:3",
        ] {
            assert_eq!(without_lines(path), Some("a.py"), "{path}");
        }
        for path in ["a.py", "a.py, lines 3", "a.py:", "a.py:x", "a.py:3-", "a-3"] {
            assert_eq!(without_lines(path), None, "{path}");
        }
    }

    #[test]
    fn nothing_but_decoration_is_no_path() {
        check("``", "");
        check("****", "");
        check("./.", "");
        check("'", "'");
    }
}
