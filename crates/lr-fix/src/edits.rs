//! Making the edits of several findings in one text.

use std::ops::Range;

use lr_turn::{Finding, Suggestion};

use crate::places::Places;

/// A text after its edits.
pub(crate) struct Edited<'f> {
    /// The new text.
    pub(crate) text: String,
    /// The findings whose edits were all made, in the order of their places.
    pub(crate) applied: Vec<&'f Finding>,
    /// The findings of which no edit was made, and why.
    pub(crate) skipped: Vec<(&'f Finding, &'static str)>,
}

/// The replacement of some bytes of the old text.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Edit<'f> {
    range: Range<usize>,
    text: &'f str,
}

/// Makes the edits of the findings, those of each finding together or none of them.
///
/// Where two findings want different edits at the same place, the first by position has its way,
/// and of two that begin together the shorter one, because a wide edit (sorted imports) is better
/// made after the narrow ones in it (an unused import).
/// An edit that several findings share is made once.
pub(crate) fn apply<'f>(text: &str, findings: &[&'f Finding]) -> Edited<'f> {
    let places = Places::new(text);
    let mut skipped = Vec::new();
    let mut wanted: Vec<(Vec<Edit<'f>>, &'f Finding)> = Vec::new();
    for finding in findings {
        match edits(&places, finding) {
            Ok(edits) => wanted.push((edits, finding)),
            Err(reason) => skipped.push((*finding, reason)),
        }
    }
    wanted.sort_by_key(|(edits, _)| edits.first().map(order));
    let mut accepted: Vec<Edit<'f>> = Vec::new();
    let mut applied = Vec::new();
    for (edits, finding) in wanted {
        if edits.iter().all(|edit| fits(text, &accepted, edit)) {
            for edit in edits {
                insert(&mut accepted, edit);
            }
            applied.push(finding);
        } else {
            skipped.push((finding, "another fix changes the same place"));
        }
    }
    Edited {
        text: replace(text, &accepted),
        applied,
        skipped,
    }
}

/// Returns the edits of a finding in their order, if each of them meets the text it is for.
fn edits<'f>(places: &Places<'_>, finding: &'f Finding) -> Result<Vec<Edit<'f>>, &'static str> {
    let mut edits = finding
        .suggestions
        .iter()
        .map(|suggestion| edit(places, suggestion))
        .collect::<Result<Vec<_>, _>>()?;
    edits.sort_by_key(order);
    edits.dedup();
    if edits.windows(2).any(|pair| overlap(&pair[0], &pair[1])) {
        return Err("its edits overlap");
    }
    Ok(edits)
}

fn edit<'f>(places: &Places<'_>, suggestion: &'f Suggestion) -> Result<Edit<'f>, &'static str> {
    let replaces = suggestion
        .replaces
        .as_deref()
        .ok_or("it does not say what it replaces")?;
    Ok(Edit {
        range: places.of(suggestion.range, replaces)?,
        text: &suggestion.text,
    })
}

/// Tells whether an edit can be made together with the accepted ones, which are in order.
fn fits(text: &str, accepted: &[Edit<'_>], edit: &Edit<'_>) -> bool {
    let next = accepted.partition_point(|other| other.range.start < edit.range.start);
    if accepted.get(next) == Some(edit) {
        return true;
    }
    let (before, behind) = accepted.split_at(next);
    let collides = |one: Option<&Edit<'_>>, two: Option<&Edit<'_>>| match (one, two) {
        (Some(one), Some(two)) => collide(one, two) || empties_a_block(text, one, two),
        _ => false,
    };
    !collides(before.last(), Some(edit)) && !collides(Some(edit), behind.first())
}

/// Tells whether two edits, the first of which does not begin behind the second, are for the same
/// place. Edits that only touch are not, unless they begin together and their order would matter.
fn collide(first: &Edit<'_>, second: &Edit<'_>) -> bool {
    first.range.start == second.range.start || overlap(first, second)
}

/// Tells the same of two edits of one finding, where an insertion may stand before an edit that
/// begins at the same place.
fn overlap(first: &Edit<'_>, second: &Edit<'_>) -> bool {
    first.range == second.range || first.range.end > second.range.start
}

/// Tells whether two edits take away neighbouring statements of an indented block.
///
/// Each may count on the other statement to stay, so that both together would leave a block
/// without a body. The second one's turn comes after the next check.
fn empties_a_block(text: &str, first: &Edit<'_>, second: &Edit<'_>) -> bool {
    let removes_code = |edit: &Edit<'_>| {
        edit.text.trim().is_empty() && !text[edit.range.clone()].trim().is_empty()
    };
    let is_filler =
        |line: &str| line.is_empty() || line.starts_with(['#', ';']) || line.starts_with("//");
    let between = &text[first.range.end..second.range.start];
    removes_code(first)
        && removes_code(second)
        && between.lines().all(|line| is_filler(line.trim()))
        && !is_at_top_level(text, second.range.start)
}

fn is_at_top_level(text: &str, offset: usize) -> bool {
    let begins_line = offset == 0 || text[..offset].ends_with('\n');
    begins_line && !text[offset..].starts_with([' ', '\t'])
}

/// Adds an edit at its place, unless it is there already.
fn insert<'f>(accepted: &mut Vec<Edit<'f>>, edit: Edit<'f>) {
    let place = accepted.partition_point(|other| order(other) <= order(&edit));
    if accepted[..place].last() != Some(&edit) {
        accepted.insert(place, edit);
    }
}

fn order(edit: &Edit<'_>) -> (usize, usize) {
    (edit.range.start, edit.range.end)
}

/// Makes edits that are in order and do not overlap.
fn replace(text: &str, edits: &[Edit<'_>]) -> String {
    let mut new = String::with_capacity(text.len());
    let mut done = 0;
    for edit in edits {
        new.push_str(&text[done..edit.range.start]);
        new.push_str(edit.text);
        done = edit.range.end;
    }
    new.push_str(&text[done..]);
    new
}

#[cfg(test)]
pub(crate) mod tests {
    use lr_turn::{Applicability, Code, Location, Position, Severity};
    use proptest::prelude::*;

    use super::*;

    type Place = (u64, u64);

    /// A finding in `a.py` with edits of start, end (exclusive), the old text and the new one.
    pub(crate) fn finding(code: &str, edits: &[(Place, Place, &str, &str)]) -> Finding {
        let position = |(line, column): Place| Position {
            line,
            column: Some(column),
        };
        let suggestion = |&(start, end, old, new): &(Place, Place, &str, &str)| Suggestion {
            range: lr_turn::Range {
                start: position(start),
                end: Some(position(end)),
            },
            text: new.to_owned(),
            applicability: Some(Applicability::Safe),
            replaces: Some(old.to_owned()),
        };
        Finding {
            message: "message".to_owned(),
            location: Location {
                path: "a.py".to_owned(),
                range: None,
            },
            severity: Severity::Warning,
            source: None,
            code: Some(Code {
                value: code.to_owned(),
                url: None,
            }),
            suggestions: edits.iter().map(suggestion).collect(),
            weight: None,
            bytes: None,
            key: format!("key-{code}"),
        }
    }

    fn check(text: &str, findings: &[Finding], expected: &str, applied: &[&str]) {
        let findings: Vec<_> = findings.iter().collect();
        let edited = apply(text, &findings);
        let codes: Vec<_> = edited
            .applied
            .iter()
            .map(|finding| finding.code.as_ref().unwrap().value.as_str())
            .collect();
        assert_eq!((edited.text.as_str(), &codes[..]), (expected, applied));
        assert_eq!(edited.skipped.len() + codes.len(), findings.len());
    }

    #[test]
    fn columns_count_bytes() {
        let fix = finding("A", &[((1, 9), (1, 10), ";", "\n")]);
        check("s = \"é\";x", &[fix], "s = \"é\"\nx", &["A"]);
    }

    #[test]
    fn all_edits_of_a_finding_are_made_or_none() {
        let good = ((1, 1), (1, 2), "a", "A");
        let bad = ((2, 1), (2, 2), "x", "B");
        check("a\nb\n", &[finding("F", &[good, bad])], "a\nb\n", &[]);
        let better = ((2, 1), (2, 2), "b", "B");
        check("a\nb\n", &[finding("F", &[better, good])], "A\nB\n", &["F"]);
    }

    #[test]
    fn places_outside_the_text_are_passed_over() {
        for (start, end) in [
            ((9, 1), (9, 1)),
            ((1, 9), (1, 9)),
            ((1, 4), (1, 4)),
            ((1, 4), (1, 4)),
            ((0, 1), (1, 1)),
            ((1, 2), (1, 1)),
        ] {
            check("é\n", &[finding("F", &[(start, end, "", "x")])], "é\n", &[]);
        }
        check(
            "é\n",
            &[finding("F", &[((1, 2), (1, 2), "", "x")])],
            "é\n",
            &[],
        );
    }

    #[test]
    fn a_last_line_that_does_not_end_has_an_end_behind_it() {
        let fix = finding("F", &[((2, 1), (3, 1), "b", "B\n")]);
        check("a\nb", &[fix], "a\nB\n", &["F"]);
        let fix = finding("F", &[((2, 1), (4, 1), "b\n", "B\n")]);
        check("a\nb\n", &[fix], "a\nb\n", &[]);
    }

    #[test]
    fn an_edit_that_does_not_say_what_it_replaces_is_passed_over() {
        let mut fix = finding("F", &[((1, 1), (1, 2), "a", "b")]);
        fix.suggestions[0].replaces = None;
        check("a\n", &[fix], "a\n", &[]);
    }

    #[test]
    fn an_insertion_may_stand_before_another_edit_of_the_finding() {
        let findings = [finding(
            "PLR5501",
            &[
                ((2, 1), (3, 1), "else:\n", "elif y:\n"),
                ((2, 1), (2, 1), "", "# why\n"),
            ],
        )];
        check(
            "if x:\nelse:\n",
            &findings,
            "if x:\n# why\nelif y:\n",
            &["PLR5501"],
        );
    }

    #[test]
    fn insertions_of_one_finding_at_one_place_have_no_order() {
        let insert = |text| ((1, 1), (1, 1), "", text);
        check("x", &[finding("A", &[insert("a"), insert("b")])], "x", &[]);
    }

    #[test]
    fn the_first_of_overlapping_findings_wins() {
        let later = finding("L", &[((1, 2), (1, 4), "bc", "X")]);
        let earlier = finding("E", &[((1, 1), (1, 3), "ab", "Y")]);
        check("abc", &[later, earlier], "Yc", &["E"]);
    }

    #[test]
    fn the_shorter_of_two_that_begin_together_wins() {
        let wide = finding("I", &[((1, 1), (3, 1), "b\na\n", "a\nb\n")]);
        let narrow = finding("F", &[((1, 1), (2, 1), "b\n", "")]);
        check("b\na\n", &[wide, narrow], "a\n", &["F"]);
    }

    #[test]
    fn two_insertions_at_one_place_are_not_made_together() {
        let insert = |code, text| finding(code, &[((1, 1), (1, 1), "", text)]);
        check("x", &[insert("A", "a"), insert("B", "b")], "ax", &["A"]);
    }

    #[test]
    fn a_shared_edit_is_made_once() {
        let import = ((1, 1), (1, 1), "", "import x\n");
        let one = finding("A", &[import, ((2, 1), (2, 2), "a", "x.a")]);
        let two = finding("B", &[import, ((3, 1), (3, 2), "b", "x.b")]);
        check("#\na\nb", &[one, two], "import x\n#\nx.a\nx.b", &["A", "B"]);
    }

    #[test]
    fn a_block_is_never_emptied_by_two_fixes() {
        let text = "if x:\n    import a\n\n    # why\n    import b\n";
        let a = finding("A", &[((2, 1), (3, 1), "    import a\n", "")]);
        let b = finding("B", &[((5, 1), (6, 1), "    import b\n", "")]);
        check(text, &[a, b], "if x:\n\n    # why\n    import b\n", &["A"]);
        let text = "import a\nimport b\nx = 1\n";
        let a = finding("A", &[((1, 1), (2, 1), "import a\n", "")]);
        let b = finding("B", &[((2, 1), (3, 1), "import b\n", "")]);
        check(text, &[a, b], "x = 1\n", &["A", "B"]);
    }

    /// A text in pieces, each with its replacement if it has one.
    fn pieces() -> impl Strategy<Value = Vec<(String, Option<String>)>> {
        let piece = "[a-zé<> \n]{1,6}";
        let new = proptest::option::of("[a-z][a-z<>\n]{0,5}");
        proptest::collection::vec((piece, new), 1..12)
    }

    fn position_at(text: &str, offset: usize) -> Place {
        let line = text[..offset].matches('\n').count() as u64 + 1;
        let start = text[..offset].rfind('\n').map_or(0, |at| at + 1);
        (line, (offset - start) as u64 + 1)
    }

    proptest! {
        #[test]
        fn equals_a_naive_replacement_and_survives_a_reply(pieces in pieces()) {
            let old: String = pieces.iter().map(|(old, _)| old.as_str()).collect();
            let expected: String = pieces.iter().map(|(old, new)| new.as_ref().unwrap_or(old).as_str()).collect();
            let mut findings = Vec::new();
            let mut offset = 0;
            for (piece, new) in &pieces {
                let end = offset + piece.len();
                if let Some(new) = new {
                    let edit = (position_at(&old, offset), position_at(&old, end), piece.as_str(), new.as_str());
                    findings.push(finding(&offset.to_string(), &[edit]));
                }
                offset = end;
            }
            findings.reverse();
            let edited = apply(&old, &findings.iter().collect::<Vec<_>>());
            prop_assert_eq!(&edited.text, &expected);
            prop_assert_eq!(edited.applied.len(), findings.len());

            let file = crate::file::FixedFile {
                path: "a.py".to_owned(),
                text: lr_files::plain(&edited.text),
                findings: edited.applied,
            };
            let reply = crate::answer::reply(std::slice::from_ref(&file), std::iter::empty());
            let fence = reply.fence.unwrap();
            let fence = lr_blocks::Fence { open: fence.open, close: fence.close };
            let read = lr_blocks::read_reply(&reply.text, &lr_blocks::Terms::announced(fence)).unwrap();
            prop_assert_eq!(read.blocks[0].apply(Some(&file.text)).unwrap(), Some(file.text));
        }
    }
}
