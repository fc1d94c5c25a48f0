//! What was found before and after a change, compared.

use std::collections::{BTreeSet, HashSet};

use lr_stage::{Error, Kind, say};
use lr_turn::{
    Check, CheckResult, CheckStatus, Finding, Location, NewFinding, Rank, Severity, Source, Tool,
    Turn,
};

use crate::tally;

/// The findings of a check, and how far from clean it is.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Findings {
    /// The findings, each key once.
    list: Vec<Finding>,
    rank: Option<Rank>,
}

/// What became of the findings that a change was asked to deal with.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Outcome {
    /// Nobody has looked yet.
    AskedFor(Vec<Finding>),
    /// There was another check.
    Rechecked {
        /// Asked about and gone.
        fixed: Vec<Finding>,
        /// Asked about and no longer seen, where something new hides findings: nobody knows
        /// whether they are gone.
        hidden: Vec<Finding>,
        /// Commands that failed and fail still, but in another way.
        changed: Vec<Finding>,
        /// Asked about and still there.
        still_there: Vec<Finding>,
        /// Not there before.
        new: Vec<Finding>,
        /// Not seen before, where something that is gone now hid findings.
        uncovered: Vec<Finding>,
    },
}

impl Findings {
    /// Reads the findings of one turn; of a turn without `check` there are none.
    pub(crate) fn of(turn: &Turn) -> Result<Self, Error> {
        let Some(check) = turn.get::<Check>()? else {
            return Ok(Self::default());
        };
        let sources: Vec<Source> = turn.get()?.unwrap_or_default();
        let sources = sources.into_iter().map(|source| source.path).collect();
        Ok(Self::of_check(&check, &sources))
    }

    /// Joins the findings of the parts of a turn that was split, of those too that were not
    /// answered. A part whose check is not of its form is left out here.
    pub(crate) fn of_parts(mut first: Vec<Self>, others: &[Turn]) -> Self {
        first.extend(others.iter().filter_map(|turn| Self::of(turn).ok()));
        Self::joined(first)
    }

    /// Reads the turns of a recheck; `None` if it was trouble, so that it says nothing.
    ///
    /// # Errors
    ///
    /// [`Kind::Input`] if no turn holds a check.
    pub(crate) fn of_recheck(turns: &[Turn]) -> Result<Option<Self>, Error> {
        let checks = turns
            .iter()
            .map(Turn::get::<Check>)
            .collect::<Result<Vec<_>, _>>()?;
        let checks: Vec<Check> = checks.into_iter().flatten().collect();
        if checks.is_empty() {
            return Err(
                Error::new(Kind::Input, "the turns of --rechecked hold no check")
                    .hint("they are what lr-check --previous writes"),
            );
        }
        if checks.iter().any(was_trouble) {
            return Ok(None);
        }
        let parts: Result<_, _> = turns.iter().map(Self::of).collect();
        Ok(Some(Self::joined(parts?)))
    }

    fn of_check(check: &Check, sources: &HashSet<String>) -> Self {
        let mut seen = HashSet::new();
        let results = check.results.iter();
        let found = results.flat_map(|result| findings_of(result, sources));
        let list = found.filter(|finding| seen.insert(key(finding))).collect();
        Self {
            list,
            rank: check.rank,
        }
    }

    fn joined(parts: Vec<Self>) -> Self {
        let rank = joined_rank(parts.iter().map(|part| part.rank));
        let mut seen = HashSet::new();
        let list = parts.into_iter().flat_map(|part| part.list);
        let list = list.filter(|finding| seen.insert(key(finding))).collect();
        Self { list, rank }
    }

    /// Compares what one part was asked about with what was found after, where `before` is all
    /// that was found before and `paths` are the files the part may answer for; without them it
    /// answers for all.
    pub(crate) fn compare(
        &self,
        before: &Self,
        after: &Self,
        paths: Option<&BTreeSet<String>>,
    ) -> Outcome {
        let (keys_before, keys_after) = (before.keys(), after.keys());
        let (still_there, unseen): (Vec<_>, Vec<_>) = self
            .list
            .iter()
            .cloned()
            .partition(|finding| keys_after.contains(&key(finding)));
        let hides = after.hides_more_than(before);
        let (hidden, mut fixed): (Vec<_>, Vec<_>) = unseen.into_iter().partition(hides);
        let is_ours =
            |finding: &&Finding| paths.is_none_or(|paths| paths.contains(&finding.location.path));
        let is_new = |finding: &&Finding| !keys_before.contains(&key(finding));
        let mut new: Vec<Finding> = after
            .list
            .iter()
            .filter(is_new)
            .filter(is_ours)
            .cloned()
            .collect();
        // A command that fails in another way has another key.
        let mut changed = Vec::new();
        fixed.retain(|finding| {
            let is_again = |new: &Finding| is_same_failure(finding, new);
            let Some(again) = new.iter().position(is_again) else {
                return true;
            };
            changed.push(new.remove(again));
            false
        });
        let (uncovered, new) = new.into_iter().partition(before.hides_more_than(after));
        Outcome::Rechecked {
            fixed,
            hidden,
            changed,
            still_there,
            new,
            uncovered,
        }
    }

    /// Tells which findings of an earlier check may be there still, although they are not seen in
    /// this one: any, where more than before hides others; else the lesser ones of a file in which
    /// something new hides them.
    fn hides_more_than(&self, before: &Self) -> impl Fn(&Finding) -> bool {
        let hiding = |findings: &Self| findings.rank.map(|rank| rank[0]);
        let is_more = hiding(before)
            .zip(hiding(self))
            .is_some_and(|(before, after)| after > before);
        let known = before.keys();
        let hiders = self.list.iter().filter(|finding| hides_others(finding));
        let hiders = hiders.filter(|finding| !known.contains(&key(finding)));
        let files: HashSet<String> = hiders.map(|it| it.location.path.clone()).collect();
        move |finding| is_more || (!hides_others(finding) && files.contains(&finding.location.path))
    }

    /// Returns the worst of the findings that were not there before, in files that are of concern.
    pub(crate) fn new_since(
        &self,
        before: &Self,
        concerns: impl Fn(&str) -> bool,
    ) -> Vec<NewFinding> {
        let known = before.keys();
        let is_new =
            |finding: &&Finding| !known.contains(&key(finding)) && concerns(&finding.location.path);
        NewFinding::worst_of(self.list.iter().filter(is_new))
    }

    /// Whether the check after a change is better than this one: its rank is smaller, or equal
    /// with a finding gone that was asked about. Where no rank was given, one gone is enough.
    pub(crate) fn is_improved_by(&self, after: &Self) -> bool {
        let keys_after = after.keys();
        let is_one_gone = self
            .list
            .iter()
            .any(|finding| !keys_after.contains(&key(finding)));
        match (self.rank, after.rank) {
            (Some(before), Some(after)) => after < before || (after == before && is_one_gone),
            _ => is_one_gone || self.list.is_empty(),
        }
    }

    /// Returns the findings as what a change is asked to deal with.
    pub(crate) fn asked_for(self) -> Outcome {
        Outcome::AskedFor(self.list)
    }

    fn keys(&self) -> HashSet<String> {
        self.list.iter().map(key).collect()
    }
}

impl Outcome {
    /// Returns the lists under their titles, in lines for people and without the empty ones.
    pub(crate) fn lists(&self) -> Vec<(&'static str, Vec<String>)> {
        let mut lists = match self {
            Self::AskedFor(asked) => vec![("Asked for", tally::with_places(asked, &[]))],
            Self::Rechecked {
                fixed,
                hidden,
                changed,
                still_there,
                new,
                uncovered,
            } => vec![
                ("Fixed", tally::with_places(fixed, still_there)),
                ("No longer seen", tally::with_places(hidden, still_there)),
                ("Fails in another way", tally::with_places(changed, &[])),
                ("Still there", tally::numbers(still_there)),
                ("New", tally::with_places(new, still_there)),
                ("Seen only now", tally::with_places(uncovered, still_there)),
            ],
        };
        lists.retain(|(_, lines)| !lines.is_empty());
        lists
    }
}

/// Whether two findings say that the same command failed about the same file.
fn is_same_failure(one: &Finding, other: &Finding) -> bool {
    let is_failure = |it: &Finding| it.code.is_none() && it.location.range.is_none();
    let tool = |it: &Finding| it.source.as_ref().map(|tool| tool.name.clone());
    is_failure(one)
        && is_failure(other)
        && one.message == other.message
        && one.location.path == other.location.path
        && tool(one) == tool(other)
}

/// Whether a finding keeps others from being found.
fn hides_others(finding: &Finding) -> bool {
    finding.place_in_rank() == 0
}

/// Joins a text into one line without control characters.
pub(crate) fn one_line(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    say::clean(&words.join(" ")).into_owned()
}

/// What names a finding; one of a foreign turn without a key is named by what it says.
fn key(finding: &Finding) -> String {
    if !finding.key.is_empty() {
        return finding.key.clone();
    }
    let code = finding.code.as_ref().map_or("", |code| &code.value);
    format!("{}\0{code}\0{}", finding.location.path, finding.message)
}

/// The findings of one command. That a command failed is a finding, too, which is named by the
/// command without the files; in a foreign turn it stands only in the exit status.
fn findings_of(result: &CheckResult, sources: &HashSet<String>) -> Vec<Finding> {
    let mut findings = result.findings.clone();
    if findings.is_empty() && result.status() == CheckStatus::Findings {
        return vec![Finding {
            message: program(result, sources),
            location: Location {
                path: String::new(),
                range: None,
            },
            severity: Severity::Error,
            source: result.checker.clone().map(|name| Tool { name, url: None }),
            code: None,
            suggestions: Vec::new(),
            weight: None,
            bytes: None,
            key: format!("failed\0{}", result.argv.join(" ")),
        }];
    }
    let end = format!(": exit status {}", result.exit.unwrap_or_default());
    for finding in &mut findings {
        if finding.source.is_none() && finding.message.ends_with(&end) {
            finding.message = program(result, sources);
        }
    }
    findings
}

/// Returns the command of a result without the files it was given.
fn program(result: &CheckResult, sources: &HashSet<String>) -> String {
    let is_file = |word: &&String| {
        let path = word.strip_prefix("./").unwrap_or(word);
        sources.contains(path) || result.files.iter().any(|file| file == path)
    };
    let words = result.argv.iter().enumerate();
    let words = words.filter(|(position, word)| *position == 0 || !is_file(word));
    let words: Vec<&str> = words.map(|(_, word)| word.as_str()).collect();
    words.join(" ")
}

/// Whether a check says nothing about the sources, because a checker did not work.
fn was_trouble(check: &Check) -> bool {
    let did_not_work = |result: &CheckResult| {
        matches!(result.status(), CheckStatus::Broken | CheckStatus::Missing)
    };
    check.rank.is_none() && !check.clean && check.results.iter().any(did_not_work)
}

/// The rank of several turns: parts of one turn carry either the rank of the whole or their own.
fn joined_rank(ranks: impl Iterator<Item = Option<Rank>>) -> Option<Rank> {
    let ranks = ranks.collect::<Option<Vec<Rank>>>()?;
    let first = *ranks.first()?;
    if ranks.iter().all(|rank| *rank == first) {
        return Some(first);
    }
    let mut sum = Rank::default();
    for rank in ranks {
        for (total, count) in sum.iter_mut().zip(rank) {
            *total += count;
        }
    }
    Some(sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(keys: &[&str], rank: Option<Rank>) -> Findings {
        let list = keys.iter().map(|key| finding(key)).collect();
        Findings { list, rank }
    }

    fn finding(key: &str) -> Finding {
        let text = format!(
            r#"{{"message":"m","code":{{"value":"X"}},"location":{{"path":"{}.py"}},"key":"{key}"}}"#,
            &key[..1]
        );
        let turn =
            format!(r#"{{"lr":1,"check":{{"clean":false,"results":[{{"findings":[{text}]}}]}}}}"#);
        let check: Check = Turn::parse(&turn).unwrap().get().unwrap().unwrap();
        check.results[0].findings[0].clone()
    }

    fn keys(findings: &[Finding]) -> Vec<&str> {
        findings
            .iter()
            .map(|finding| finding.key.as_str())
            .collect()
    }

    #[test]
    fn tells_fixed_still_there_and_new_by_key() {
        let before = findings(&["a1", "a2"], None);
        let after = findings(&["a2", "a3"], None);
        let Outcome::Rechecked {
            fixed,
            still_there,
            new,
            ..
        } = before.compare(&before, &after, None)
        else {
            panic!()
        };
        assert_eq!(keys(&fixed), ["a1"]);
        assert_eq!(keys(&still_there), ["a2"]);
        assert_eq!(keys(&new), ["a3"]);
    }

    #[test]
    fn a_part_answers_only_for_its_own_files() {
        let all = findings(&["a1", "b1"], None);
        let after = findings(&["a2", "b2"], None);
        let paths = BTreeSet::from(["a.py".to_owned()]);
        let part = findings(&["a1"], None);
        let Outcome::Rechecked { fixed, new, .. } = part.compare(&all, &after, Some(&paths)) else {
            panic!()
        };
        assert_eq!(keys(&fixed), ["a1"]);
        assert_eq!(keys(&new), ["a2"]);
    }

    #[test]
    fn a_command_that_fails_in_another_way_is_neither_fixed_nor_new() {
        let failed = |keys: &[&str]| {
            let mut findings = findings(keys, None);
            for finding in &mut findings.list {
                finding.code = None;
            }
            findings
        };
        let (before, after) = (failed(&["a1", "b1"]), failed(&["a2"]));
        let outcome = before.compare(&before, &after, None);
        let Outcome::Rechecked {
            fixed,
            changed,
            new,
            ..
        } = outcome
        else {
            panic!()
        };
        assert_eq!([keys(&fixed), keys(&changed)], [["b1"], ["a2"]]);
        assert_eq!(keys(&new), [""; 0]);
    }

    /// A finding that hides others, in the file that its key begins with.
    fn hiding(key: &str) -> Finding {
        Finding {
            weight: Some(lr_turn::Weight::Hides),
            ..finding(key)
        }
    }

    /// What is fixed and what is hidden of the findings before.
    fn check_hidden(before: &Findings, after: &Findings, expected: [&[&str]; 2]) {
        let outcome = before.compare(before, after, None);
        let Outcome::Rechecked { fixed, hidden, .. } = outcome else {
            panic!()
        };
        assert_eq!([keys(&fixed), keys(&hidden)], expected);
    }

    #[test]
    fn what_a_new_error_hides_is_not_fixed() {
        let before = findings(&["a1", "b1"], Some([0, 0, 2, 0, 0]));
        let mut after = findings(&["b2"], Some([1, 0, 1, 0, 0]));
        after.list.push(hiding("a9"));
        check_hidden(&before, &after, [&[], &["a1", "b1"]]);
        // As many as before, but elsewhere: only what is in that file is unknown.
        let mut before = before;
        before.rank = Some([1, 0, 2, 0, 0]);
        before.list.push(hiding("c1"));
        check_hidden(&before, &after, [&["b1", "c1"], &["a1"]]);
        // The next error of the same kind says nothing about the first one.
        let mut after = findings(&["a1", "b1"], Some([1, 0, 2, 0, 0]));
        after.list.push(hiding("c2"));
        check_hidden(&before, &after, [&["c1"], &[]]);
    }

    #[test]
    fn what_an_error_hid_before_is_not_new() {
        let mut before = findings(&[], Some([1, 0, 0, 0, 0]));
        before.list.push(hiding("a1"));
        let after = findings(&["a2", "b1"], Some([0, 0, 2, 0, 0]));
        let outcome = before.compare(&before, &after, None);
        let Outcome::Rechecked { new, uncovered, .. } = outcome else {
            panic!()
        };
        assert_eq!(keys(&new), [""; 0]);
        assert_eq!(keys(&uncovered), ["a2", "b1"]);
    }

    fn check_improved(before: (&[&str], Rank), after: (&[&str], Rank), expected: bool) {
        let before = findings(before.0, Some(before.1));
        let after = findings(after.0, Some(after.1));
        assert_eq!(before.is_improved_by(&after), expected);
    }

    #[test]
    fn improved_is_a_smaller_rank_or_an_equal_one_with_a_finding_gone() {
        check_improved(
            (&["a1"], [1, 0, 0, 0, 0]),
            (&["a2", "a3"], [0, 0, 0, 2, 0]),
            true,
        );
        check_improved((&["a1"], [0, 0, 0, 1, 0]), (&["a2"], [0, 0, 0, 1, 0]), true);
        check_improved(
            (&["a1"], [0, 0, 0, 1, 0]),
            (&["a1"], [0, 0, 0, 1, 0]),
            false,
        );
        check_improved(
            (&["a1", "a2"], [0, 0, 0, 2, 0]),
            (&["a2", "a3"], [0, 0, 1, 1, 0]),
            false,
        );
        check_improved((&[], [0; 5]), (&[], [0; 5]), false);
    }

    #[test]
    fn the_parts_of_a_turn_have_the_rank_of_the_whole_or_shares_of_it() {
        let whole = [Some([0, 0, 0, 3, 0]), Some([0, 0, 0, 3, 0])];
        assert_eq!(joined_rank(whole.into_iter()), Some([0, 0, 0, 3, 0]));
        let shares = [Some([0, 1, 0, 3, 0]), Some([0, 0, 0, 4, 0])];
        assert_eq!(joined_rank(shares.into_iter()), Some([0, 1, 0, 7, 0]));
        assert_eq!(joined_rank([Some([0; 5]), None].into_iter()), None);
    }

    #[test]
    fn a_recheck_that_was_trouble_says_nothing() {
        let turn =
            |check: &str| vec![Turn::parse(&format!(r#"{{"lr":1,"check":{check}}}"#)).unwrap()];
        let trouble = turn(r#"{"clean":false,"results":[{"argv":["ruff"],"status":"broken"}]}"#);
        assert_eq!(Findings::of_recheck(&trouble).unwrap(), None);
        let foreign = turn(r#"{"clean":false,"results":[{"argv":["./my.sh","a.py"],"exit":1}]}"#);
        let found = Findings::of_recheck(&foreign).unwrap().unwrap();
        assert_eq!(found.list[0].message, "./my.sh a.py");
        let none = vec![Turn::parse(r#"{"lr":1}"#).unwrap()];
        assert_eq!(Findings::of_recheck(&none).unwrap_err().kind, Kind::Input);
    }
}
