//! Entries that are written flat, as lists of checkers have them: exit statuses beside all else, one
//! `pattern`, and notes about what lr-check finds out by itself.

use toml::{Table, Value};

/// What stands in `[exit]` otherwise.
const EXITS: [&str; 7] = [
    "ambiguous",
    "broken",
    "broken_mask",
    "clean",
    "findings",
    "findings_mask",
    "none",
];

/// What is found out, or does not matter: every answer is read, whatever the status, and no file is
/// handed to a checker that is not there.
const NOTES: [&str; 11] = [
    "also_emits",
    "executes_code",
    "exit0_ok",
    "fix_argv",
    "fix_argv_diff",
    "fix_path",
    "fix_units",
    "fixes",
    "missing",
    "shebang",
    "stdin",
];

/// Names of groups in a pattern, and what they are called here.
const GROUPS: [(&str, &str); 3] = [
    ("(?P<file>", "(?P<path>"),
    ("(?P<col>", "(?P<column>"),
    ("(?P<level>", "(?P<severity>"),
];

/// Names of languages, and what they are called here.
const LANGUAGES: [(&str, &str); 3] = [
    ("sh", "shell"),
    ("bash", "shell"),
    ("github-actions", "yaml"),
];

/// Names of families of output, and what they are called here.
const FAMILIES: [(&str, &str); 2] = [("regex", "lines"), ("gotest-json", "go-test-json")];

/// Returns an entry in the form of the built-in ones.
pub(super) fn unfolded(mut entry: Table) -> Table {
    for note in NOTES {
        entry.remove(note);
    }
    let flat = EXITS.iter();
    let flat: Table = flat
        .filter_map(|name| Some(((*name).to_owned(), entry.remove(*name)?)))
        .collect();
    if !flat.is_empty() && !entry.contains_key("exit") {
        entry.insert("exit".to_owned(), Value::Table(flat));
    }
    if let Some(Value::String(pattern)) = entry.remove("pattern") {
        let renamed = GROUPS
            .iter()
            .fold(pattern, |pattern, (from, to)| pattern.replace(from, to));
        let patterns = vec![Value::String(renamed)];
        entry.insert("patterns".to_owned(), Value::Array(patterns));
    }
    if let Some(Value::String(family)) = entry.get_mut("output") {
        rename(family, &FAMILIES);
    }
    // Where lines and columns begin is known of the families that print JSON.
    let is_read_by_pattern = entry.contains_key("patterns");
    if !is_read_by_pattern || entry.get("base").and_then(Value::as_str) == Some("1,1") {
        entry.remove("base");
    }
    if let Some(Value::Array(languages)) = entry.get_mut("languages") {
        for language in languages {
            if let Value::String(language) = language {
                rename(language, &LANGUAGES);
            }
        }
    }
    entry
}

fn rename(word: &mut String, names: &[(&str, &str)]) {
    if let Some((_, to)) = names.iter().find(|(from, _)| from == word) {
        (*to).clone_into(word);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flat_entry_is_one_of_the_usual_form() {
        let flat = r#"
            kind = "lint"
            languages = ["bash"]
            output = "regex"
            pattern = '^(?P<file>.+):(?P<line>\d+):(?P<col>\d+): (?P<level>\w+)$'
            clean = [0]
            ambiguous = [1]
            findings_mask = 0x1e
            missing = "finding"
            base = "1,1"
            exit0_ok = false
        "#;
        let usual = r#"
            kind = "lint"
            languages = ["shell"]
            output = "lines"
            patterns = ['^(?P<path>.+):(?P<line>\d+):(?P<column>\d+): (?P<severity>\w+)$']
            exit = { clean = [0], ambiguous = [1], findings_mask = 30 }
        "#;
        let usual: Table = toml::from_str(usual).unwrap();
        assert_eq!(unfolded(toml::from_str(flat).unwrap()), usual);
        assert_eq!(unfolded(usual.clone()), usual);
    }
}
