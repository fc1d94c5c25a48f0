//! Words by which a reply says that what it shows next is no new version: how something is used, or how it was before.

/// Words that announce something else than a new version.
const OTHER: &str = "\
    before command commands current currently demo example examples excerpt existing install offending old original \
    originally output outputs previous previously prints problem problematic run running snippet unchanged usage";

/// Words that announce a new version, whatever else is said.
const NEW: &str = "\
    becomes complete corrected entire fixed full improved new now refactored revised rewritten updated version whole";

/// Whether the last sentence of a line announces something else than a new version.
pub(crate) fn announces_other(line: &str) -> bool {
    let sentence = line.rsplit(". ").next().unwrap_or(line).to_lowercase();
    let words: Vec<&str> = sentence
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .collect();
    let has = |list: &str| {
        let mut known = list.split_whitespace();
        known.any(|known| words.contains(&known))
    };
    let nothing_changes = words
        .windows(2)
        .any(|pair| pair[0] == "no" && pair[1].starts_with("change"));
    !has(NEW) && (has(OTHER) || nothing_changes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &str, expected: bool) {
        assert_eq!(announces_other(line), expected, "{line:?}");
    }

    #[test]
    fn uses_and_old_texts_are_announced() {
        check("Usage:", true);
        check("**Example usage**", true);
        check("Run it like this:", true);
        check("The current code is:", true);
        check("### Before", true);
        check("No changes needed for this file.", true);
        check("I fixed the import. Before, it said:", true);
    }

    #[test]
    fn new_versions_are_announced_too() {
        check("Here is the file:", false);
        check("The complete file, with the problem fixed:", false);
        check("It runs again.", false);
        check("The problem is gone. Here it is:", false);
        check("I made these changes:", false);
        check("", false);
    }
}
