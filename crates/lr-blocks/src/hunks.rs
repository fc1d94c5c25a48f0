//! Hunks: lines of a file with their surroundings, marked as kept, taken out or put in.
//!
//! Both diffs and patches are made of them. All hunks of a file are found in the text as it is before any is applied.
//! Line numbers are only hints: where the lines stand more than once, the place with the right number is meant.

use std::collections::HashMap;
use std::ops::Range;

use crate::blocks::text_of;
use crate::locate::Lines;
use crate::nearest::did_you_mean;
use crate::problem::quoted;
use crate::read::MOST_PROBLEMS;
use crate::suspicious::suspicious_edit;
use crate::{Problem, ProblemKind};

/// One hunk.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hunk {
    /// The number of the hunk in the reply, from 1.
    pub(crate) number: usize,
    /// The line of the reply where it begins, from 1.
    pub(crate) line: usize,
    /// The line of the file it says it begins at, from 1.
    pub(crate) hint: Option<usize>,
    /// Lines of the file that it stands behind, outermost first.
    pub(crate) anchors: Vec<String>,
    /// Whether it ends with the last line of the file.
    pub(crate) is_at_end: bool,
    /// Its lines without their marks.
    pub(crate) lines: Vec<(Mark, String)>,
}

/// What becomes of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mark {
    Keep,
    Take,
    Put,
}

impl Mark {
    /// The mark that a line of a hunk begins with, and the line without it; an empty line is a blank one that is kept.
    pub(crate) fn of(line: &str) -> Option<(Self, &str)> {
        let mark = match line.bytes().next() {
            None => return Some((Self::Keep, "")),
            Some(b' ') => Self::Keep,
            Some(b'-') => Self::Take,
            Some(b'+') => Self::Put,
            Some(_) => return None,
        };
        Some((mark, &line[1..]))
    }
}

/// Where a hunk goes.
struct Place<'h> {
    hunk: &'h Hunk,
    begin: usize,
    old: Vec<&'h str>,
    new: Vec<&'h str>,
}

impl<'h> Place<'h> {
    /// The lines of the file it keeps at its beginning and at its end.
    fn kept(&self) -> (usize, usize) {
        let is_kept = |line: &&(Mark, String)| line.0 == Mark::Keep;
        let first = self.hunk.lines.iter().take_while(is_kept).count();
        let last = self.hunk.lines.iter().rev().take_while(is_kept).count();
        (first, if first == self.old.len() { 0 } else { last })
    }

    /// The lines of the file it has, changed or not.
    fn all(&self) -> Range<usize> {
        self.begin..self.begin + self.old.len()
    }

    /// The lines between those it keeps at its beginning and at its end; empty if it only puts some in.
    fn changed(&self) -> Range<usize> {
        let (first, last) = self.kept();
        let end = (self.begin + self.old.len()).saturating_sub(last);
        self.begin + first..end.max(self.begin + first)
    }

    /// What it puts there.
    fn put(&self) -> &[&'h str] {
        let (first, last) = self.kept();
        &self.new[first.min(self.new.len())..self.new.len().saturating_sub(last).max(first)]
    }
}

/// Applies hunks to a text; the same hunk again adds nothing.
///
/// # Errors
///
/// One problem for each hunk that does not fit, as many as are reported at most.
pub(crate) fn apply(hunks: &[Hunk], old: &str) -> Result<String, Vec<Problem>> {
    let mut lines = Lines::of(old);
    let numbers = Numbers::of(old, hunks);
    let mut places: Vec<Place> = Vec::new();
    let mut problems = Vec::new();
    for hunk in hunks {
        match hunk.place(&lines, &numbers) {
            Ok(place) => places.push(place),
            Err(problem) => problems.push(problem),
        }
        if problems.len() == MOST_PROBLEMS {
            return Err(problems);
        }
    }
    // Nothing is replaced yet, so nodes are line numbers.
    places.sort_by_key(|place| (place.changed().start, place.changed().end));
    places.dedup_by(|again, first| {
        again.begin == first.begin && again.hunk.lines == first.hunk.lines
    });
    problems.extend(clash(&places));
    if !problems.is_empty() {
        return Err(problems);
    }
    let n_lines = old.lines().count();
    for place in &places {
        let changed = place.changed();
        let begin = if changed.start > n_lines {
            0
        } else {
            changed.start
        };
        lines.replace(begin, changed.len(), place.put());
    }
    Ok(lines.text())
}

/// The problem of hunks of which one changes what another needs, or that put lines into the same place.
///
/// They may share lines that both of them keep.
fn clash(places: &[Place]) -> Option<Problem> {
    let mut changing: HashMap<usize, &Place> = HashMap::new();
    let mut gaps: HashMap<usize, &Place> = HashMap::new();
    let mut found = None;
    for place in places {
        let changed = place.changed();
        if changed.is_empty() && !place.put().is_empty() {
            found = found.or(gaps
                .insert(changed.start, place)
                .map(|other| (other, place)));
        }
        for line in changed {
            found = found.or(changing.insert(line, place).map(|other| (other, place)));
        }
    }
    for place in places {
        let others = place.all().filter_map(|line| changing.get(&line));
        let mut others = others.filter(|other| !std::ptr::eq(**other, place));
        found = found.or(others.next().map(|other| (*other, place)));
    }
    found.map(|(other, place)| {
        let why = format!(
            " changes lines that hunk {} has too: give them as one",
            other.hunk.number
        );
        place.hunk.problem(ProblemKind::Ambiguous, &why)
    })
}

/// The numbers of the lines of a text, by what they say without the blanks around it.
struct Numbers<'t>(HashMap<&'t str, Vec<usize>>);

impl<'t> Numbers<'t> {
    /// Those of a text, if any of the hunks has an anchor.
    fn of(text: &'t str, hunks: &[Hunk]) -> Self {
        let mut numbers: HashMap<&str, Vec<usize>> = HashMap::new();
        if hunks.iter().any(|hunk| !hunk.anchors.is_empty()) {
            for (at, line) in text.lines().enumerate() {
                numbers.entry(line.trim()).or_default().push(at + 1);
            }
        }
        Self(numbers)
    }
}

impl Hunk {
    /// Whether it changes nothing.
    pub(crate) fn is_idle(&self) -> bool {
        self.lines.iter().all(|(mark, _)| *mark == Mark::Keep)
    }

    /// Takes blank lines off its end: they belong to the text around it as well, and nothing is lost with them.
    pub(crate) fn trim(&mut self) {
        let blank = |(mark, line): &(Mark, String)| *mark == Mark::Keep && line.is_empty();
        while !self.is_at_end && self.lines.len() > 1 && self.lines.last().is_some_and(blank) {
            self.lines.pop();
        }
    }

    fn side(&self, other: Mark) -> Vec<&str> {
        let lines = self.lines.iter().filter(|(mark, _)| *mark != other);
        lines.map(|(_, line)| line.as_str()).collect()
    }

    fn place<'h>(&'h self, lines: &Lines<'h>, numbers: &Numbers) -> Result<Place<'h>, Problem> {
        let (old, new) = (self.side(Mark::Put), self.side(Mark::Take));
        if let Some(problem) = suspicious_edit(&text_of(&old), &text_of(&new)) {
            return Err(self.problem(problem.kind, &format!(": {}", problem.reason)));
        }
        let is_hinted = |hint: &usize| self.anchors.is_empty() && lines.is_at(*hint, &old);
        let begin = match self.hint.filter(is_hinted) {
            Some(hint) => hint,
            None => self.found_once(lines, numbers, &old, &new)?,
        };
        Ok(Place {
            hunk: self,
            begin,
            old,
            new,
        })
    }

    /// Where its old lines stand: the only place, or the first behind its anchors.
    fn found_once(
        &self,
        lines: &Lines,
        numbers: &Numbers,
        old: &[&str],
        new: &[&str],
    ) -> Result<usize, Problem> {
        let found = self.found(lines, old, new)?;
        match found[..] {
            _ if !self.anchors.is_empty() => self.behind_anchors(numbers, found),
            [only] => Ok(only),
            _ => Err(self.several(&found)),
        }
    }

    /// Where its old lines stand; at least one place.
    fn found(&self, lines: &Lines, old: &[&str], new: &[&str]) -> Result<Vec<usize>, Problem> {
        if old.is_empty() && lines.is_empty() {
            return Ok(vec![0]);
        }
        if old.is_empty() {
            let why = " has no line of the file, so it is not clear where its lines go: give lines around them";
            return Err(self.problem(ProblemKind::Ambiguous, why));
        }
        let found = if self.is_at_end {
            lines.find_at_end(old).into_iter().collect()
        } else {
            lines.find(old)
        };
        if found.is_empty() {
            return Err(self.nowhere(lines, old, new));
        }
        Ok(found)
    }

    /// The first place behind the anchors; whichever lines the anchors mean, it must be the same.
    fn behind_anchors(&self, numbers: &Numbers, mut found: Vec<usize>) -> Result<usize, Problem> {
        let mut starts: &[usize] = &[0];
        for anchor in &self.anchors {
            let all = numbers.0.get(anchor.trim()).map_or(&[][..], Vec::as_slice);
            let first = starts.first().copied().unwrap_or(usize::MAX);
            starts = &all[all.partition_point(|at| *at <= first)..];
        }
        found.sort_unstable();
        if let [only] = found[..]
            && starts.first() == Some(&only)
        {
            // The line of the anchor is given again as the first line of the hunk.
            return Ok(only);
        }
        let mut before = 0;
        let is_meant = |begin: &usize| {
            let start = starts.partition_point(|start| *start < before);
            before = *begin;
            starts.get(start).is_some_and(|start| start < begin)
        };
        let begins: Vec<usize> = found.into_iter().filter(is_meant).collect();
        match begins[..] {
            [begin] => Ok(begin),
            [] => {
                let anchor = quoted(self.anchors.last().map_or("", String::as_str));
                let why = format!(": its lines do not stand behind a line {anchor}");
                Err(self.problem(ProblemKind::NoMatch, &why))
            }
            _ => Err(self.several(&begins)),
        }
    }

    pub(crate) fn problem(&self, kind: ProblemKind, why: &str) -> Problem {
        let reason = format!(
            "hunk {} (line {} of the reply){why}",
            self.number, self.line
        );
        let mut problem = Problem::new(kind, reason);
        problem.block = Some(self.number);
        problem
    }

    fn several(&self, found: &[usize]) -> Problem {
        let mut numbers = found.to_vec();
        numbers.sort_unstable();
        let numbers: Vec<String> = numbers.iter().take(5).map(ToString::to_string).collect();
        let why = format!(
            ": its old lines stand in the file more than once (lines {}): give more lines around them",
            numbers.join(", ")
        );
        self.problem(ProblemKind::Ambiguous, &why)
    }

    fn nowhere(&self, lines: &Lines, old: &[&str], new: &[&str]) -> Problem {
        if new.len() > 1 && old != new && !lines.find(new).is_empty() {
            let why = ": its old lines do not stand in the file, and its new ones do already: leave it out";
            return self.problem(ProblemKind::AlreadySo, why);
        }
        let text: Vec<&str> = lines.iter().collect();
        let why = format!(
            ": its old lines, which begin with {}, do not stand in the file exactly so{}",
            quoted(
                old.iter()
                    .find(|line| !line.trim().is_empty())
                    .unwrap_or(&"")
            ),
            did_you_mean(&text, old)
        );
        self.problem(ProblemKind::NoMatch, &why)
    }
}
