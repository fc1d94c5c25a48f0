//! Which lines of a large file are shown: windows around the places that something was found at.

use crate::outline::{Definition, Outline};

/// A place in a file that something was found at; lines count from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// Its first line.
    pub(crate) line: u64,
    /// Its last line.
    pub(crate) last: u64,
    /// How much around it is needed to repair it.
    pub(crate) reach: Reach,
}

/// How much around a place is needed to repair it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    /// The statement, with the lines around it.
    Statement,
    /// The definition that it stands in, as where a test fails.
    Definition,
}

/// Lines that are shown, the last one included; they count from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Window {
    /// The first one.
    pub(crate) first: usize,
    /// The last one.
    pub(crate) last: usize,
}

impl Window {
    /// Returns the name under which a window of a file is shown: its path and its lines.
    pub(crate) fn name(self, path: &str) -> String {
        if self.first == self.last {
            format!("{path}, line {}", self.first)
        } else {
            format!("{path}, lines {} to {}", self.first, self.last)
        }
    }
}

/// How wide windows are, in lines.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Width {
    /// Before and behind a place.
    context: usize,
    /// The longest definition that is shown as a whole around a statement.
    around_statement: usize,
    /// The longest definition that is shown as a whole where it is needed.
    whole: usize,
}

impl Width {
    /// What a model needs to see what it does.
    pub(crate) const USUAL: Self = Self {
        context: 6,
        around_statement: 24,
        whole: 120,
    };
    /// The least that can be worked with, where a prompt would be too long.
    pub(crate) const NARROW: Self = Self {
        context: 2,
        around_statement: 6,
        whole: 24,
    };
}

/// The most lines that a statement is followed for, and the most of a definition's head.
const LONGEST_STATEMENT: usize = 20;
/// The most bytes that the lines around a place may have on each side, so that long lines do not
/// make a window that is larger than the file is worth.
const MOST_CONTEXT: usize = 3_000;
/// The most imports that are shown, in lines.
const MOST_IMPORTS: usize = 40;
/// Windows with so many lines between them are joined: a window's own lines cost as much.
const WORTH_JOINING: usize = 3;

/// Returns the windows around these places, in order, none touching another one, each within the
/// file; with `imports` also one around its imports.
///
/// A place behind the last line counts as the last line.
pub(crate) fn around(lines: &[&str], places: &[Place], imports: bool, width: Width) -> Vec<Window> {
    if lines.is_empty() {
        return Vec::new();
    }
    let outline = Outline::of(lines);
    let mut spans = Vec::new();
    for place in places {
        let line = within(place.line, lines.len());
        let definitions = outline.enclosing(line);
        spans.push(around_place(lines, place, definitions.first(), width));
        spans.extend(definitions.iter().map(head));
    }
    if imports {
        spans.extend(imported(lines));
    }
    joined(spans)
}

/// The number of a line, from 0, of a place's line that may lie anywhere.
fn within(line: u64, n_lines: usize) -> usize {
    let line = usize::try_from(line).unwrap_or(usize::MAX);
    line.clamp(1, n_lines) - 1
}

/// The first and the last line of something, from 0.
type Span = (usize, usize);

fn head(definition: &Definition) -> Span {
    let last = definition.first + LONGEST_STATEMENT;
    (definition.first, definition.head.min(last))
}

fn around_place(
    lines: &[&str],
    place: &Place,
    innermost: Option<&Definition>,
    width: Width,
) -> Span {
    let (whole, context) = match place.reach {
        Reach::Statement => (width.around_statement, width.context),
        Reach::Definition => (width.whole, 3 * width.context),
    };
    let first = within(place.line, lines.len());
    let fits = |span: &Span| {
        let is_near = span.0 <= first + WORTH_JOINING && first <= span.1 + WORTH_JOINING;
        is_near && span.1 - span.0 < whole && size(&lines[span.0..=span.1]) <= 2 * MOST_CONTEXT
    };
    let definition = innermost.map(|it| (it.first, it.last));
    if let Some(span) = definition.filter(fits) {
        return (span.0.min(first), span.1.max(first));
    }
    let last = within(place.last, lines.len()).clamp(first, first + 2 * LONGEST_STATEMENT);
    let last = end_of_statement(lines, last);
    let n_before = affordable(lines[..first].iter().rev(), context);
    let n_behind = affordable(lines[last + 1..].iter(), context);
    (first - n_before, last + n_behind)
}

/// Follows a statement to the line where as many brackets are closed as were opened.
fn end_of_statement(lines: &[&str], line: usize) -> usize {
    let mut n_open = 0_isize;
    for (number, text) in lines.iter().enumerate().skip(line).take(LONGEST_STATEMENT) {
        for byte in text.bytes() {
            match byte {
                b'(' | b'[' | b'{' => n_open += 1,
                b')' | b']' | b'}' => n_open -= 1,
                _ => {}
            }
        }
        if n_open <= 0 {
            return number;
        }
    }
    line
}

/// How many lines may be shown on one side of a place.
fn affordable<'l>(lines: impl Iterator<Item = &'l &'l str>, most: usize) -> usize {
    let sizes = lines.take(most).scan(0, |sum, line| {
        *sum += line.len() + 1;
        Some(*sum)
    });
    sizes.take_while(|sum| *sum <= MOST_CONTEXT).count()
}

fn size(lines: &[&str]) -> usize {
    lines.iter().map(|line| line.len() + 1).sum()
}

/// The imports that a file begins with: a new one goes there.
fn imported(lines: &[&str]) -> Option<Span> {
    const SEARCHED: usize = 200;
    let is_import = |line: &str| {
        ["import ", "from ", "use ", "#include", "const ", "require"]
            .iter()
            .any(|word| line.starts_with(word))
    };
    let mut numbered = lines.iter().enumerate().take(SEARCHED);
    let (first, _) = numbered.find(|(_, line)| is_import(line))?;
    let last = first
        + lines[first..]
            .iter()
            .take(MOST_IMPORTS)
            .take_while(|line| !starts_code(line))
            .collect::<Vec<_>>()
            .iter()
            .rposition(|line| is_import(line))?;
    Some((first, end_of_statement(lines, last)))
}

/// Tells whether what a file defines begins with a line, so that its imports are over.
fn starts_code(line: &str) -> bool {
    [
        "def ",
        "class ",
        "fn ",
        "@",
        "async def ",
        "pub fn ",
        "function ",
    ]
    .iter()
    .any(|word| line.starts_with(word))
}

/// Sorts spans and joins those that overlap or nearly touch.
fn joined(mut spans: Vec<Span>) -> Vec<Window> {
    spans.sort_unstable();
    let mut windows: Vec<Window> = Vec::new();
    for (first, last) in spans {
        match windows.last_mut() {
            Some(window) if first <= window.last + WORTH_JOINING => {
                window.last = window.last.max(last + 1);
            }
            _ => windows.push(Window {
                first: first + 1,
                last: last + 1,
            }),
        }
    }
    windows
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(line: u64) -> Place {
        Place {
            line,
            last: line,
            reach: Reach::Statement,
        }
    }

    fn check(text: &str, places: &[Place], imports: bool, expected: &[(usize, usize)]) {
        let lines: Vec<&str> = text.lines().collect();
        let windows = around(&lines, places, imports, Width::USUAL);
        let found: Vec<_> = windows.iter().map(|it| (it.first, it.last)).collect();
        assert_eq!(found, expected);
    }

    /// A function of this many lines after its first one.
    fn function(name: &str, n_lines: usize) -> String {
        format!("def {name}():\n{}", "    x = 1\n".repeat(n_lines))
    }

    #[test]
    fn a_window_is_named_by_its_lines() {
        assert_eq!(Window { first: 1, last: 1 }.name("a.py"), "a.py, line 1");
        assert_eq!(
            Window { first: 3, last: 4 }.name("a.py"),
            "a.py, lines 3 to 4"
        );
    }

    #[test]
    fn a_place_has_lines_on_both_sides() {
        check(&"x = 1\n".repeat(100), &[at(50)], false, &[(44, 56)]);
        check(&"x = 1\n".repeat(100), &[at(1)], false, &[(1, 7)]);
        check(&"x = 1\n".repeat(100), &[at(99)], false, &[(93, 100)]);
    }

    #[test]
    fn a_place_outside_the_file_is_its_nearest_line() {
        check(&"x = 1\n".repeat(100), &[at(2_000)], false, &[(94, 100)]);
        check(&"x = 1\n".repeat(100), &[at(0)], false, &[(1, 7)]);
        check("", &[at(1)], true, &[]);
    }

    #[test]
    fn windows_that_nearly_touch_are_one() {
        let text = "x = 1\n".repeat(100);
        check(&text, &[at(10), at(26)], false, &[(4, 32)]);
        check(&text, &[at(27), at(10)], false, &[(4, 16), (21, 33)]);
    }

    #[test]
    fn a_short_definition_is_shown_as_a_whole() {
        let text = function("f", 20) + &function("g", 20) + &function("h", 20);
        check(&text, &[at(30)], false, &[(22, 42)]);
    }

    #[test]
    fn of_a_long_definition_the_head_is_shown_too() {
        let text = function("f", 20) + &function("g", 100);
        check(&text, &[at(90)], false, &[(22, 22), (84, 96)]);
        let place = Place {
            reach: Reach::Definition,
            ..at(90)
        };
        check(&text, &[place], false, &[(22, 122)]);
    }

    #[test]
    fn a_statement_is_shown_to_its_end() {
        let text =
            "x = 1\n".repeat(20) + "f(\n" + &"  x,\n".repeat(12) + ")\n" + &"x = 1\n".repeat(20);
        check(&text, &[at(21)], false, &[(15, 40)]);
    }

    #[test]
    fn imports_are_shown_where_they_are_needed() {
        let text = "'''Words.'''\nimport os\nfrom a import (\n  b,\n)\n\nX = 1\n".to_owned()
            + &function("f", 50);
        check(&text, &[at(40)], true, &[(2, 8), (34, 46)]);
    }

    #[test]
    fn long_lines_are_not_shown_for_context() {
        let long = "x".repeat(2_900) + "\n";
        let text = format!("{long}{long}y\n{long}{long}");
        check(&text, &[at(3)], false, &[(2, 4)]);
    }

    proptest! {
        #[test]
        fn every_place_is_in_exactly_one_window(
            texts in prop::collection::vec("[ ]{0,12}(def f\\(|class A:|x = \\[|\\)|\\}|\\{|import a|# a|)", 0..80),
            places in prop::collection::vec((0_u64..100, 0_u64..60, any::<bool>()), 1..12),
            imports: bool,
            is_narrow: bool,
        ) {
            let lines: Vec<&str> = texts.iter().map(String::as_str).collect();
            let places: Vec<_> = places
                .into_iter()
                .map(|(line, more, is_wide)| Place {
                    line,
                    last: line + more,
                    reach: if is_wide { Reach::Definition } else { Reach::Statement },
                })
                .collect();
            let width = if is_narrow { Width::NARROW } else { Width::USUAL };
            let windows = around(&lines, &places, imports, width);
            for window in &windows {
                prop_assert!(1 <= window.first && window.first <= window.last);
                prop_assert!(window.last <= lines.len());
            }
            for pair in windows.windows(2) {
                prop_assert!(pair[0].last + 1 < pair[1].first);
            }
            for place in places.iter().filter(|_| !lines.is_empty()) {
                let line = within(place.line, lines.len()) + 1;
                let around = windows.iter().filter(|it| it.first <= line && line <= it.last);
                prop_assert_eq!(around.count(), 1);
            }
        }
    }
}
