//! Which file a code fence is about, by its info string.

use crate::Terms;
use crate::file_name::{has_ending, is_path};
use crate::markdown::CodeFence;
use crate::path::undecorated;

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
        .or_else(|| known_in_info(info, terms))
}

/// The one known file among the words of an info string, signs aside: ```` ```python // a.py ````,
/// ```` ```python (a.py) ````.
fn known_in_info(info: &str, terms: &Terms) -> Option<String> {
    let words = info.split(|c: char| c.is_whitespace() || "()[]|,".contains(c));
    let mut known = words
        .map(|word| word.strip_prefix("file:").unwrap_or(word))
        .map(undecorated)
        .filter(|word| !word.is_empty() && (terms.is_known)(word));
    known.next().filter(|_| known.next().is_none())
}

/// The value of `title="…"` and its like.
fn in_attribute(info: &str) -> Option<&str> {
    const NAMES: [&str; 7] = [
        "title=",
        "filename=",
        "filepath=",
        "file=",
        "path=",
        "name=",
        "src=",
    ];
    let lower = info.to_ascii_lowercase();
    let value = NAMES.iter().find_map(|name| {
        let at = lower.find(name)?;
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

    fn check_info(line: &str, expected: Option<&str>) {
        assert_eq!(
            in_info(line, &Terms::default()).as_deref(),
            expected,
            "{line:?}"
        );
    }

    #[test]
    fn info_strings_may_name_a_file() {
        check_info("```python title=\"a.py\"", Some("a.py"));
        check_info("```python:src/a.py", Some("src/a.py"));
        check_info("```a.py", Some("a.py"));
        check_info("```python a.py", Some("a.py"));
        check_info("```py {title='my a.py'}", Some("my a.py"));
        check_info("``` python filename=a.py", Some("a.py"));
        check_info("```py filePath=\"a.py\"", Some("a.py"));
        check_info("```py src=a.py", Some("a.py"));
        check_info("```python title=\"Example\"", None);
        for line in [
            "```python // LICENSE",
            "```python (LICENSE)",
            "```python file: LICENSE",
            "```python|LICENSE",
        ] {
            let terms = Terms {
                is_known: &|path| path == "LICENSE",
                ..Terms::default()
            };
            assert_eq!(
                in_info(line, &terms).as_deref(),
                Some("LICENSE"),
                "{line:?}"
            );
        }
        check_info("```12:15:src/a.py", None);
        check_info("```python", None);
        check_info("```c++", None);
        check_info("```", None);
        check_info("text", None);
    }
}
