//! One edit of a file: finding its lines, and putting others in their place.
//!
//! Of several lines that could be its divider, the one counts with which the lines above it stand in the file.

use std::collections::HashSet;

use crate::blocks::text_of;
use crate::fence::leading_run;
use crate::locate::Lines;
use crate::nearest::did_you_mean;
use crate::problem::quoted;
use crate::read::MOST_PROBLEMS;
use crate::{Problem, ProblemKind, suspicious};

/// The marks that the lengths of markers are compared with where none was announced.
pub(crate) const USUAL: std::ops::RangeInclusive<usize> = 5..=9;

/// So many lines of an edit that could be its divider are tried; with more it is hopeless.
const MOST_DIVIDERS: usize = 20;

/// One edit of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// The number of the edit in the reply, from 1.
    pub(crate) number: usize,
    /// The line of the reply where it begins, from 1.
    pub(crate) line: usize,
    /// How long its first marker is.
    pub(crate) length: usize,
    /// What stands between the outer markers.
    pub(crate) body: Vec<String>,
    /// Which lines of the body could be the divider, from 0.
    pub(crate) dividers: Vec<usize>,
}

/// Makes edits in a text, one after the other; the same edit again adds nothing.
///
/// # Errors
///
/// One problem for each edit that does not fit, as many as are reported at most.
pub(crate) fn apply(edits: &[Edit], old: &str) -> Result<String, Vec<Problem>> {
    let mut lines = Lines::of(old);
    let mut seen = HashSet::new();
    let problems: Vec<Problem> = edits
        .iter()
        .filter(|edit| seen.insert((edit.length, &edit.body)))
        .filter_map(|edit| edit.apply(&mut lines).err())
        .take(MOST_PROBLEMS)
        .collect();
    if problems.is_empty() {
        Ok(lines.text())
    } else {
        Err(problems)
    }
}

/// The length of a line of `=` only; 0 for every other line.
pub(crate) fn divider(line: &str) -> usize {
    let length = leading_run(line, b'=');
    if line[length..].trim().is_empty() {
        length
    } else {
        0
    }
}

/// One way to read an edit whose SEARCH lines stand in the file.
struct Reading<'e> {
    /// Whether the divider is as long as the marks.
    is_exact: bool,
    places: Vec<usize>,
    search: Vec<&'e str>,
    replace: Vec<&'e str>,
}

impl Reading<'_> {
    /// Whether it puts no further dividers into the file, which would only show that another reading was meant.
    fn is_plausible(&self, length: usize) -> bool {
        let is_suspect = |line: &&&str| match divider(line) {
            found if self.is_exact => found == length,
            found => USUAL.contains(&found),
        };
        let dividers = |lines: &[&str]| lines.iter().filter(is_suspect).count();
        dividers(&self.replace) <= dividers(&self.search)
    }
}

impl Edit {
    /// Whether it has no lines to search for, so that it makes a new file.
    pub(crate) fn only_adds(&self) -> bool {
        let search = self.dividers.first().map(|at| &self.body[..*at]);
        search.is_some_and(|search| search.iter().all(|line| line.trim().is_empty()))
    }

    fn apply<'e>(&'e self, lines: &mut Lines<'e>) -> Result<(), Problem> {
        if self.only_adds() && lines.is_empty() {
            let (_, replace) = self.split(self.dividers[0]);
            lines.replace(0, 0, &replace);
            return Ok(());
        }
        if self.dividers.len() > MOST_DIVIDERS {
            return Err(self.divided_twice());
        }
        let readings: Vec<Reading> = self
            .dividers
            .iter()
            .map(|at| self.reading(*at, lines))
            .filter(|reading| !reading.places.is_empty())
            .collect();
        if readings.is_empty() {
            return Err(self.nowhere(lines));
        }
        let mut readings = readings
            .into_iter()
            .filter(|reading| reading.is_plausible(self.length));
        let (Some(reading), None) = (readings.next(), readings.next()) else {
            return Err(self.divided_twice());
        };
        let [place] = reading.places[..] else {
            return Err(self.several(lines, &reading.places));
        };
        let (old, new) = (text_of(&reading.search), text_of(&reading.replace));
        if let Some(problem) = suspicious::suspicious_edit(&old, &new) {
            return Err(self.problem(problem.kind, &format!(": {}", problem.reason)));
        }
        lines.replace(place, reading.search.len(), &reading.replace);
        Ok(())
    }

    fn reading<'e>(&'e self, at: usize, lines: &Lines<'e>) -> Reading<'e> {
        let (search, replace) = self.split(at);
        Reading {
            is_exact: divider(&self.body[at]) == self.length,
            places: lines.find(&search),
            search,
            replace,
        }
    }

    fn split(&self, divider: usize) -> (Vec<&str>, Vec<&str>) {
        let search = self.body[..divider].iter().map(String::as_str).collect();
        let replace = self.body[divider + 1..]
            .iter()
            .map(String::as_str)
            .collect();
        (search, replace)
    }

    pub(crate) fn problem(&self, kind: ProblemKind, why: &str) -> Problem {
        let reason = format!(
            "edit {} (line {} of the reply){why}",
            self.number, self.line
        );
        let mut problem = Problem::new(kind, reason);
        problem.block = Some(self.number);
        problem
    }

    fn divided_twice(&self) -> Problem {
        let why = " has more than one line '=======': it is not clear where the new lines begin; use longer marks, all \
                   three of the same length";
        self.problem(ProblemKind::Ambiguous, why)
    }

    fn several(&self, lines: &Lines, places: &[usize]) -> Problem {
        let mut numbers: Vec<usize> = places.iter().map(|place| lines.number(*place)).collect();
        numbers.sort_unstable();
        let numbers: Vec<String> = numbers.iter().take(5).map(ToString::to_string).collect();
        let why = format!(
            ": its SEARCH lines stand in the file more than once (lines {}): add lines around them until they are \
             found only once",
            numbers.join(", ")
        );
        self.problem(ProblemKind::Ambiguous, &why)
    }

    fn nowhere(&self, lines: &Lines) -> Problem {
        let (search, replace) = self.split(self.dividers[0]);
        if search.is_empty() {
            let why = " has no SEARCH lines, but the file is not empty: give the lines it shall replace or follow";
            return self.problem(ProblemKind::Ambiguous, why);
        }
        if !replace.is_empty() && !lines.find(&replace).is_empty() {
            let why = ": its SEARCH lines do not stand in the file, and what it would put there does already: leave it out";
            return self.problem(ProblemKind::AlreadySo, why);
        }
        let unnumbered: Vec<&str> = search
            .iter()
            .map(|line| suspicious::without_number(line))
            .collect();
        if unnumbered != search && !lines.find(&unnumbered).is_empty() {
            let why =
                ": its SEARCH lines have line numbers in front: write the text of the file only";
            return self.problem(ProblemKind::Numbered, why);
        }
        let text: Vec<&str> = lines.iter().collect();
        let why = format!(
            ": its SEARCH lines, which begin with {}, do not stand in the file exactly so{}",
            quoted(
                search
                    .iter()
                    .find(|line| !line.trim().is_empty())
                    .unwrap_or(&"")
            ),
            did_you_mean(&text, &search)
        );
        self.problem(ProblemKind::NoMatch, &why)
    }
}
