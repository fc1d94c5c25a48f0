//! Where in the sources something was found: by findings, and by lines that programs' output names.

use std::collections::HashSet;

use lr_turn::{Check, CheckResult, Finding, Previous, Weight};

use crate::outline::{self, Outline};
use crate::results::{self, Shown};
use crate::select::{Index, is_between};
use crate::windows::{Place, Reach};

/// What is to be looked at in one file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Places {
    /// The places, in any order.
    pub(crate) list: Vec<Place>,
    /// Whether a name is not known or not used, so that the imports matter.
    pub(crate) imports: bool,
}

/// Codes that say that a name is not known or not used.
const ABOUT_NAMES: [&str; 14] = [
    "F401",
    "F811",
    "F821",
    "F822",
    "W0611",
    "E0401",
    "E0602",
    "E0603",
    "E0611",
    "name-defined",
    "attr-defined",
    "E0412",
    "E0425",
    "E0433",
];

/// Words of messages that say so.
const ABOUT_NAMES_IN_WORDS: [&str; 8] = [
    "undefined name",
    "not defined",
    "undeclared",
    "cannot find name",
    "cannot find type",
    "unresolved",
    "unused import",
    "imported but unused",
];

/// Words of messages about a definition as a whole.
const ABOUT_DEFINITIONS: [&str; 3] = ["too many ", "too complex", "complexity"];

/// Returns the places in each source, by what the checkers said.
pub(crate) fn of_check(index: &Index<'_>, check: &Check, n_sources: usize) -> Vec<Places> {
    let mut places = vec![Places::default(); n_sources];
    for result in &check.results {
        let shown = results::shown(result);
        if shown == Shown::Not {
            continue;
        }
        for finding in &result.findings {
            if let Some(number) = index.at(&finding.location.path) {
                places[number].add(finding);
            }
        }
        if matches!(shown, Shown::Raw | Shown::Condensed) {
            add_printed(index, result, &mut places);
        }
    }
    places
}

fn add_printed(index: &Index<'_>, result: &CheckResult, places: &mut [Places]) {
    for text in [&result.stdout, &result.stderr].into_iter().flatten() {
        add_named(index, text, Reach::Definition, places);
    }
}

/// Adds the places that a text names, such as `src/a.py:9:5` or `File "a.py", line 9`.
pub(crate) fn add_named(index: &Index<'_>, text: &str, reach: Reach, places: &mut [Places]) {
    for line in text.lines() {
        for word in line.split(is_between).filter(|word| !word.is_empty()) {
            let behind = word.as_ptr() as usize - line.as_ptr() as usize + word.len();
            let Some(number) = number_behind(&line[behind..]) else {
                continue;
            };
            for source in index.called(word) {
                places[source].list.push(Place {
                    line: number,
                    last: number,
                    reach,
                });
            }
        }
    }
}

/// Reads the number of a line that follows the name of a file: `:9`, `(9)`, `", line 9`.
fn number_behind(text: &str) -> Option<u64> {
    let rest = text.trim_start_matches(['"', '\'', '`', ',', ' ', ':', '(', '[']);
    let between = &text[..text.len() - rest.len()];
    let rest = match rest.strip_prefix("line ") {
        Some(rest) => rest,
        None if between.ends_with([':', '(', '[']) => rest,
        None => return None,
    };
    let n_digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    rest[..n_digits].parse().ok()
}

/// Adds the lines of a file that the reasons of a refusal name, such as `lines 12, 40 and 80`, because
/// the next answer must deal with them.
pub(crate) fn add_refused(index: &Index<'_>, previous: &Previous, places: &mut [Places]) {
    let refusals = previous.parts.iter().flat_map(|part| &part.refusals);
    for refusal in refusals {
        let source = refusal.path.as_deref().and_then(|path| index.at(path));
        let Some(source) = source else {
            continue;
        };
        let lines = lines_in_words(&refusal.reason).into_iter();
        places[source].list.extend(lines.map(|line| Place {
            line,
            last: line,
            reach: Reach::Statement,
        }));
    }
}

/// The numbers behind the words `line` and `lines`, up to eight of them.
fn lines_in_words(reason: &str) -> Vec<u64> {
    let mut numbers = Vec::new();
    let mut is_list = false;
    for word in reason.split(|c: char| c.is_whitespace() || ",;:()".contains(c)) {
        match word.parse() {
            Ok(number) if is_list => numbers.push(number),
            _ if ["and", "to", "or", ""].contains(&word) => {}
            _ => is_list = matches!(word, "line" | "lines" | "Line" | "Lines"),
        }
    }
    numbers.truncate(8);
    numbers
}

/// Adds the definitions in a file that the failing tests' own definitions name: where the output
/// says nothing about the file under test, these are what they call.
pub(crate) fn add_called(text: &str, words: &HashSet<String>, places: &mut Places) {
    for (line, number) in text.lines().zip(1..) {
        if outline::defined_name(line).is_some_and(|name| words.contains(name)) {
            places.list.push(Place {
                line: number,
                last: number,
                reach: Reach::Definition,
            });
        }
    }
}

/// The words in the definitions around these places of a text.
pub(crate) fn words_around<'t>(text: &'t str, places: &Places) -> Vec<&'t str> {
    let lines: Vec<&str> = text.lines().collect();
    let outline = Outline::of(&lines);
    let mut words = Vec::new();
    for place in &places.list {
        let line = usize::try_from(place.line).unwrap_or(usize::MAX);
        let line = line.clamp(1, lines.len().max(1)) - 1;
        if let Some(definition) = outline.enclosing(line).first() {
            let lines = &lines[definition.first..=definition.last];
            words.extend(lines.iter().flat_map(|line| outline::words(line)));
        }
    }
    words
}

impl Places {
    fn add(&mut self, finding: &Finding) {
        let start = finding.location.range.map_or(1, |range| range.start.line);
        let end = finding.location.range.and_then(|range| range.end);
        // A range that ends before the first column of a line does not have that line.
        let last = end.map_or(start, |end| {
            end.line - u64::from(end.column == Some(1)).min(end.line)
        });
        let message = finding.message.to_lowercase();
        let has = |words: &[&str]| words.iter().any(|words| message.contains(words));
        let code = finding.code.as_ref().map(|code| code.value.as_str());
        let is_wide = finding.weight.is_some() || has(&ABOUT_DEFINITIONS);
        self.imports |= has(&ABOUT_NAMES_IN_WORDS)
            || code.is_some_and(|code| ABOUT_NAMES.contains(&code))
            || (finding.weight == Some(Weight::Hides) && message.contains("import"));
        self.list.push(Place {
            line: start,
            last: last.max(start),
            reach: if is_wide {
                Reach::Definition
            } else {
                Reach::Statement
            },
        });
    }
}

#[cfg(test)]
mod tests {
    use lr_turn::{PreviousPart, Refusal, Source};

    use super::*;

    /// What is found in `src/a.py`, beside a source that is called the same.
    fn check(check: &str, expected: &[(u64, u64, Reach)], imports: bool) {
        let sources = [Source::new("src/a.py"), Source::new("b.py")];
        let check = format!(r#"{{"lr":1,"check":{{"clean":false,"results":[{check}]}}}}"#);
        let turn = lr_turn::Turn::parse(&check).unwrap();
        let check: Check = turn.get().unwrap().unwrap();
        let places = of_check(&Index::new(&sources), &check, 2).swap_remove(0);
        let found: Vec<_> = places
            .list
            .iter()
            .map(|it| (it.line, it.last, it.reach))
            .collect();
        assert_eq!((found.as_slice(), places.imports), (expected, imports));
    }

    fn finding(range: &str, code: &str, message: &str) -> String {
        format!(
            r#"{{"checker":"c","status":"findings","findings":[{{"message":"{message}","code":{{"value":"{code}"}},"location":{{"path":"src/a.py"{range}}}}}]}}"#
        )
    }

    #[test]
    fn findings_are_places() {
        let range = r#","range":{"start":{"line":3,"column":2},"end":{"line":5,"column":1}}"#;
        check(
            &finding(range, "X1", "bad"),
            &[(3, 4, Reach::Statement)],
            false,
        );
        check(
            &finding("", "X1", "bad"),
            &[(1, 1, Reach::Statement)],
            false,
        );
        let range = r#","range":{"start":{"line":3}}"#;
        check(
            &finding(range, "F821", "Undefined name `x`"),
            &[(3, 3, Reach::Statement)],
            true,
        );
        check(
            &finding(range, "R0912", "Too many branches"),
            &[(3, 3, Reach::Definition)],
            false,
        );
    }

    #[test]
    fn output_names_lines() {
        let wide = |line| (line, line, Reach::Definition);
        let printed = |text: &str| format!(r#"{{"argv":["./c.sh"],"exit":1,"stdout":"{text}"}}"#);
        check(&printed("src/a.py:9: bad"), &[wide(9)], false);
        check(
            &printed("  File '/home/me/src/a.py', line 12, in f"),
            &[wide(12)],
            false,
        );
        check(
            &printed("a.py(7): bad; src/a.py:8:1"),
            &[wide(7), wide(8)],
            false,
        );
        check(
            &printed("src/a.py 9 b.py:3 src/a.py::test_x 12"),
            &[],
            false,
        );
        check(&printed("src/a.py:99999999999999999999999"), &[], false);
    }

    #[test]
    fn reasons_of_refusals_name_lines() {
        let sources = [Source::new("a.py")];
        let refusal = |reason: &str| {
            let mut places = vec![Places::default()];
            let previous = Previous {
                parts: vec![PreviousPart {
                    refusals: vec![Refusal {
                        path: Some("a.py".to_owned()),
                        block: Some(1),
                        kind: "ambiguous".to_owned(),
                        reason: reason.to_owned(),
                    }],
                    ..PreviousPart::default()
                }],
                tried: vec![],
            };
            add_refused(&Index::new(&sources), &previous, &mut places);
            places[0]
                .list
                .iter()
                .map(|place| place.line)
                .collect::<Vec<_>>()
        };
        assert_eq!(
            refusal("edit 2 is found in lines 12, 40 and 80, not once"),
            [12, 40, 80]
        );
        assert_eq!(refusal("the nearest text is in line 7: 'x = 3'"), [7]);
        assert!(refusal("2 blocks of 'a.py' are not the same").is_empty());
    }

    #[test]
    fn what_a_failing_test_calls_is_a_place() {
        let test = "def test_one():\n    assert total(1) == 2\n\ndef test_two():\n    count()\n";
        let failing = Places {
            list: vec![Place {
                line: 2,
                last: 2,
                reach: Reach::Definition,
            }],
            imports: false,
        };
        let words = words_around(test, &failing).into_iter().map(str::to_owned);
        let words: HashSet<_> = words.collect();
        let mut places = Places::default();
        add_called(
            "x = 1\ndef total(x):\n    return x\n\ndef count(): pass\n",
            &words,
            &mut places,
        );
        let lines: Vec<_> = places.list.iter().map(|place| place.line).collect();
        assert_eq!(lines, [2]);
    }
}
