//! Words that differ from run to run, put aside before output enters a prompt, so that the same
//! trouble makes the same prompt.
//!
//! The list is short and careful, because a model needs the values that a failing test compares:
//! durations where they are told as such, addresses of objects, names of temporary files, numbers
//! of processes. Written by hand, because compiling patterns takes longer than the whole work.

/// What stands in the place of a word that was put aside.
const ELLIPSIS: &str = "…";

const TEMPORARY_FOLDERS: [&str; 4] = [
    "/private/var/folders/",
    "/var/folders/",
    "/var/tmp/",
    "/tmp/",
];
const UNITS: [&str; 12] = [
    "ns", "µs", "us", "ms", "s", "sec", "secs", "second", "seconds", "min", "minutes", "h",
];

/// Returns the text without words that differ from run to run.
pub(crate) fn settle(text: &str) -> String {
    let mut settled = String::with_capacity(text.len());
    let mut before = "";
    for piece in text.split_inclusive(char::is_whitespace) {
        let word = piece.trim_end();
        let blank = &piece[word.len()..];
        settle_word(before, word, &mut settled);
        settled.push_str(blank);
        if blank == "\n" {
            before = "";
        } else if !word.is_empty() {
            before = word;
        }
    }
    settled
}

fn settle_word(before: &str, word: &str, out: &mut String) {
    let head = word.len()
        - word
            .trim_start_matches(['(', '[', '{', '\'', '"', '<'])
            .len();
    let core = word[head..].trim_end_matches([')', ']', '}', '\'', '"', '>', ',', ';', '.', ':']);
    let (opening, tail) = (&word[..head], &word[head + core.len()..]);
    if is_duration(before, opening, core) || is_process(before, core) {
        out.extend([opening, ELLIPSIS, tail]);
    } else if let Some((start, end)) = temporary_path(word) {
        let name = file_name(&word[start..end]);
        out.extend([&word[..start], "/tmp/", ELLIPSIS, name, &word[end..]]);
    } else if let Some((start, end)) = address(before, word) {
        out.extend([&word[..start], ELLIPSIS, &word[end..]]);
    } else {
        out.push_str(word);
    }
}

/// Tells durations such as `in 0.12s`, `(12 ms)`, `took 3 seconds`.
fn is_duration(before: &str, opening: &str, core: &str) -> bool {
    let is_told = opening.ends_with('(')
        || matches!(
            before.to_lowercase().as_str(),
            "in" | "took" | "after" | "time:" | "elapsed:"
        );
    let number = core.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
    let has_number = number.len() < core.len() && core.starts_with(|c: char| c.is_ascii_digit());
    let is_fraction = number.is_empty() && core.contains('.');
    is_told && has_number && (is_fraction || UNITS.contains(&number))
}

fn is_process(before: &str, core: &str) -> bool {
    let before = before.trim_start_matches(['(', '[']);
    before.eq_ignore_ascii_case("pid") && is_number(core)
}

fn is_number(word: &str) -> bool {
    !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit())
}

/// Finds the digits of an object's address: after `at`, or as long as addresses are.
fn address(before: &str, word: &str) -> Option<(usize, usize)> {
    let start = word.find("0x")? + 2;
    let digits = word[start..]
        .bytes()
        .take_while(u8::is_ascii_hexdigit)
        .count();
    let is_address = digits >= 10 || (digits >= 6 && before == "at");
    is_address.then_some((start, start + digits))
}

/// Finds a path in a folder for temporary files; behind a word that was put aside none begins.
fn temporary_path(word: &str) -> Option<(usize, usize)> {
    let start = TEMPORARY_FOLDERS
        .iter()
        .filter_map(|folder| word.find(folder))
        .min()?;
    let begins = word[..start]
        .chars()
        .next_back()
        .is_none_or(|before| !before.is_alphanumeric() && !"._-/…".contains(before));
    let length = word[start..]
        .find(['\'', '"', ')', ']', '>', ',', ';', ':'])
        .unwrap_or(word.len() - start);
    begins.then_some((start, start + length))
}

/// Returns the last component of a path with its slash, if it looks like the name of a file that
/// somebody chose.
fn file_name(path: &str) -> &str {
    let Some(slash) = path.rfind('/') else {
        return "";
    };
    let is_chosen = path[slash..].contains('.') && path[..slash].matches('/').count() > 1;
    if is_chosen { &path[slash..] } else { "" }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(text: &str, expected: &str) {
        assert_eq!(settle(text), expected);
    }

    #[test]
    fn durations_are_put_aside() {
        check(
            "2 failed, 11 passed in 0.04s\n",
            "2 failed, 11 passed in …\n",
        );
        check("ok (12ms) and (0.3 s)\n", "ok (…) and (… s)\n");
        check("Finished in 1.25 seconds.", "Finished in … seconds.");
    }

    #[test]
    fn addresses_and_processes_are_put_aside() {
        check("<Foo object at 0x7f3a10>", "<Foo object at 0x…>");
        check("free(0x7ffe12345678)", "free(0x…)");
        check("killed (pid 4711)", "killed (pid …)");
    }

    #[test]
    fn temporary_paths_keep_a_name_somebody_chose() {
        check(
            "open '/tmp/pytest-of-me/pytest-3/test_a0/stock.txt'",
            "open '/tmp/…/stock.txt'",
        );
        check("in /tmp/tmpab12cd", "in /tmp/…");
        check("0x12ab34cd12ab34cd/tmp/", "0x…/tmp/");
        check(
            "File \"/tmp/x1/a.py\", line 3",
            "File \"/tmp/…/a.py\", line 3",
        );
    }

    #[test]
    fn what_a_test_compares_stays() {
        check("assert '5s' == '6s'", "assert '5s' == '6s'");
        check("assert 0xdead == 0xbeef", "assert 0xdead == 0xbeef");
        check("line too long (92 > 88)", "line too long (92 > 88)");
        check("in 3 files", "in 3 files");
        check("  src/tmp/a.py:3\n\n\tx\n", "  src/tmp/a.py:3\n\n\tx\n");
    }

    proptest! {
        #[test]
        fn what_is_put_aside_stays_aside(text in "(in|at|pid|\\(| |\n|é|0x|12ab34cd|/tmp/|/var/tmp/|a\\.py|3s|[:'.…]){0,12}") {
            let settled = settle(&text);
            prop_assert_eq!(settle(&settled), settled);
        }

        #[test]
        fn plain_prose_is_not_touched(text in "[a-z .,:\n]{0,60}") {
            prop_assert_eq!(settle(&text), text);
        }
    }
}
