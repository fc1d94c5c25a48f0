//! Splitting a turn into parts: which files are in which, and what was found in them.
//!
//! Every file has one *home*, the part in which it may be changed and which has its findings; other
//! parts may show it. So the replies to the parts of one turn never meet.

use lr_turn::{Check, CheckResult, Finding, Share, SourceRole};

use crate::material::Material;
use crate::output;
use crate::results::{self, Shown};
use crate::select::Index;
use crate::units::{self, Unit};

/// Divides units, in their order, into lists whose files and output have about `n_bytes`, one unit
/// at least; `size` is that of a document.
pub(crate) fn pack(
    units: Vec<Unit>,
    size: &dyn Fn(usize) -> usize,
    n_bytes: usize,
) -> Vec<Vec<Unit>> {
    let mut lists: Vec<Vec<Unit>> = Vec::new();
    let mut room = 0;
    for unit in units {
        let known = lists.last().map_or(&[][..], Vec::as_slice);
        let is_new =
            |document: &usize| !known.iter().any(|other| other.documents.contains(document));
        let sum = |documents: &mut dyn Iterator<Item = &usize>| {
            documents.map(|it| size(*it)).sum::<usize>()
        };
        let more = unit.n_printed + sum(&mut unit.documents.iter().filter(|it| is_new(it)));
        if let Some(list) = lists.last_mut().filter(|_| more <= room) {
            room -= more;
            list.push(unit);
        } else {
            let all = unit.n_printed + sum(&mut unit.documents.iter());
            room = n_bytes.saturating_sub(all);
            lists.push(vec![unit]);
        }
    }
    lists
}

/// What one part has of a turn.
pub(crate) struct Part<'m> {
    /// What all parts are made of.
    pub(crate) material: &'m Material,
    index: Index<'m>,
    /// The numbers of the documents that it shows, in order.
    pub(crate) documents: Vec<usize>,
    /// For each source whether its home is here.
    is_home: Vec<bool>,
    /// For each source whether some part shows it.
    is_shown: Vec<bool>,
    /// Whether it is the first part, which has what is about no file that is shown.
    is_first: bool,
}

impl<'m> Part<'m> {
    /// Makes the part of these units; `homes` tells which documents have their home before it.
    pub(crate) fn new(
        material: &'m Material,
        units: &[Unit],
        homes: &[bool],
        is_first: bool,
    ) -> Self {
        let mut documents: Vec<usize> = units
            .iter()
            .flat_map(|unit| &unit.documents)
            .copied()
            .collect();
        documents.sort_unstable();
        documents.dedup();
        let mut is_home = vec![false; material.sources.len()];
        for document in documents.iter().filter(|document| !homes[**document]) {
            is_home[material.documents[*document].source] = true;
        }
        let mut is_shown = vec![false; material.sources.len()];
        for document in &material.documents {
            is_shown[document.source] = true;
        }
        Self {
            material,
            index: Index::new(&material.sources),
            documents,
            is_home,
            is_shown,
            is_first,
        }
    }

    /// All of a turn.
    pub(crate) fn whole(material: &'m Material) -> Self {
        let homes = vec![false; material.documents.len()];
        Self::new(material, &[Unit::of_all(material)], &homes, true)
    }

    /// What may be done with a document here.
    pub(crate) fn role(&self, document: usize) -> SourceRole {
        let source = self.material.documents[document].source;
        if self.is_home[source] {
            self.material.sources[source].role
        } else {
            SourceRole::Read
        }
    }

    /// Which sources and findings of the turn it has; with `rest` also the sources that no part
    /// shows.
    pub(crate) fn share(&self, rest: bool) -> Share {
        let mut roles = vec![None; self.material.sources.len()];
        if rest {
            let sources = self.material.sources.iter().zip(&self.is_shown);
            roles = sources
                .map(|(source, is_shown)| (!is_shown).then_some(source.role))
                .collect();
        }
        for document in &self.documents {
            roles[self.material.documents[*document].source] = Some(self.role(*document));
        }
        let results = self.material.check.results.iter();
        Share {
            sources: roles,
            results: results.map(|result| self.findings(result)).collect(),
        }
    }

    /// What the checkers said about the files whose home is here, with their output.
    pub(crate) fn check(&self) -> Check {
        let check = &self.material.check;
        let results = check.results.iter().filter_map(|result| {
            let is_kept = self.findings(result)?;
            let mut kept = result.clone();
            let mut flags = is_kept.iter();
            kept.findings
                .retain(|_| flags.next().is_some_and(|is_kept| *is_kept));
            match results::shown(result) {
                Shown::Not | Shown::Findings => {}
                Shown::Condensed => {
                    kept.stdout = units::of_one(result, &|finding| self.has(finding)).stdout;
                }
                Shown::Raw => self.cut_output(&mut kept),
            }
            Some(kept)
        });
        Check {
            results: results.collect(),
            ..check.clone()
        }
    }

    /// Which findings of a result are about files whose home is here; `None` if none is, or, of a
    /// script that failed as a whole, if it is about none of them.
    fn findings(&self, result: &CheckResult) -> Option<Vec<bool>> {
        let all = vec![true; result.findings.len()];
        match results::shown(result) {
            Shown::Not => return Some(all),
            Shown::Raw
                if !result
                    .findings
                    .iter()
                    .any(|finding| self.is_located(finding)) =>
            {
                let concerned = self.index.of_script(result);
                let is_here = concerned.iter().any(|source| self.is_home[*source]);
                let is_about_none = !concerned.iter().any(|source| self.is_shown[*source]);
                return (is_here || (is_about_none && self.is_first)).then_some(all);
            }
            _ => {}
        }
        let is_kept: Vec<bool> = result
            .findings
            .iter()
            .map(|finding| self.has(finding))
            .collect();
        (is_kept.contains(&true) || (is_kept.is_empty() && self.is_first)).then_some(is_kept)
    }

    fn has(&self, finding: &Finding) -> bool {
        match self.index.at(&finding.location.path) {
            Some(source) if self.is_located(finding) => self.is_home[source],
            _ => self.is_first,
        }
    }

    /// Tells whether a finding is about a file that some part shows.
    fn is_located(&self, finding: &Finding) -> bool {
        let source = self.index.at(&finding.location.path);
        source.is_some_and(|source| self.is_shown[source])
    }

    /// Leaves out of a script's output what is about files that have their home elsewhere.
    fn cut_output(&self, result: &mut CheckResult) {
        let named = |line: &str| self.index.named(line);
        let is_kept = |source: usize| self.is_home[source];
        for text in [&mut result.stdout, &mut result.stderr]
            .into_iter()
            .flatten()
        {
            *text = output::about(text, &named, &is_kept);
        }
    }
}

#[cfg(test)]
mod tests {
    use lr_turn::{Previous, Source, Turn};
    use proptest::prelude::*;

    use super::*;
    use crate::material::Document;

    fn unit(documents: &[usize], n_printed: usize) -> Unit {
        Unit {
            documents: documents.to_vec(),
            n_printed,
        }
    }

    /// A turn about as many files, one of them `f0`, of which the first ones are shown.
    fn material(n_sources: usize, n_documents: usize, results: &str) -> Material {
        let check = format!(r#"{{"lr":1,"check":{{"clean":false,"results":[{results}]}}}}"#);
        let path = |number: usize| format!("f{number}");
        Material {
            check: Turn::parse(&check).unwrap().get().unwrap().unwrap(),
            sources: (0..n_sources)
                .map(|number| Source::new(path(number)))
                .collect(),
            previous: Previous::default(),
            documents: (0..n_documents)
                .map(|number| Document::of_text(number, &path(number), "x\n"))
                .collect(),
        }
    }

    /// The shares of the parts that these units make.
    fn shares(material: &Material, lists: &[Vec<Unit>]) -> Vec<Share> {
        let mut homes = vec![false; material.documents.len()];
        let mut shares: Vec<Share> = Vec::new();
        for (number, units) in lists.iter().enumerate() {
            let part = Part::new(material, units, &homes, number == 0);
            part.documents.iter().for_each(|it| homes[*it] = true);
            shares.push(part.share(number + 1 == lists.len()));
        }
        shares
    }

    fn results(material: &Material, lists: &[Vec<Unit>]) -> Vec<Vec<Option<Vec<bool>>>> {
        let shares = shares(material, lists).into_iter();
        shares.map(|share| share.results).collect()
    }

    fn finding(path: &str) -> String {
        format!(r#"{{"message":"m","location":{{"path":"{path}"}}}}"#)
    }

    #[test]
    fn units_fill_a_part_until_it_is_full() {
        let units = vec![unit(&[0], 0), unit(&[1], 5), unit(&[2], 0), unit(&[3], 90)];
        let lists = pack(units.clone(), &|_| 10, 30);
        assert_eq!(
            lists,
            [
                units[..2].to_vec(),
                units[2..3].to_vec(),
                units[3..].to_vec()
            ]
        );
        let shared = vec![unit(&[0, 1], 0), unit(&[2, 1], 0)];
        assert_eq!(pack(shared.clone(), &|_| 10, 30), [shared]);
    }

    #[test]
    fn a_finding_is_asked_about_where_its_file_may_be_changed() {
        let found = format!(
            r#"{{"status":"clean"}},{{"checker":"c","status":"findings","findings":[{},{},{},{}]}},{{"checker":"d","status":"findings","findings":[{}]}}"#,
            finding("f1"),
            finding("f0"),
            finding("f2"),
            finding("elsewhere"),
            finding("f1")
        );
        let material = material(3, 2, &found);
        assert_eq!(
            results(&material, &[vec![unit(&[0], 0)], vec![unit(&[1, 0], 0)]]),
            [
                vec![Some(vec![]), Some(vec![false, true, true, true]), None],
                vec![
                    Some(vec![]),
                    Some(vec![true, false, false, false]),
                    Some(vec![true])
                ],
            ]
        );
    }

    #[test]
    fn a_script_without_findings_is_asked_about_with_every_file_that_it_names() {
        let script = r#"{"argv":["x"],"exit":1,"stdout":"f0: a\nf2: b\n","findings":[{"message":"x: exit status 1","location":{"path":""}}]}"#;
        let material = material(3, 3, script);
        let lists = [
            vec![unit(&[0], 0)],
            vec![unit(&[1], 0)],
            vec![unit(&[2], 0)],
        ];
        assert_eq!(
            results(&material, &lists),
            [vec![Some(vec![true])], vec![None], vec![Some(vec![true])]]
        );
        let last = Part::new(&material, &lists[2], &[true, true, false], false);
        assert_eq!(last.check().results[0].stdout.as_deref(), Some("f2: b\n"));
    }

    proptest! {
        #[test]
        fn every_file_may_be_changed_in_one_part_which_has_its_findings(
            found in prop::collection::vec(0_usize..12, 0..30),
            units in prop::collection::vec(prop::collection::vec(0_usize..9, 1..4), 0..8),
            n_bytes in 0_usize..60,
        ) {
            let found: Vec<String> = found.iter().map(|file| finding(&format!("f{file}"))).collect();
            let result = format!(r#"{{"checker":"c","status":"findings","findings":[{}]}}"#, found.join(","));
            let material = material(10, 9, &result);
            let mut units: Vec<Unit> = units.iter().map(|documents| unit(documents, 3)).collect();
            units.extend((0..9).map(|document| unit(&[document], 0)));
            let lists = pack(units.clone(), &|_| 10, n_bytes);
            prop_assert_eq!(lists.concat(), units);
            let shares = shares(&material, &lists);
            for source in 0..10 {
                let may_change = |share: &&Share| share.sources[source] == Some(SourceRole::Edit);
                prop_assert_eq!(shares.iter().filter(may_change).count(), 1);
            }
            for (number, finding) in material.check.findings().enumerate() {
                let has = |share: &&Share| share.results[0].as_ref().is_some_and(|it| it[number]);
                let asked: Vec<_> = shares.iter().filter(has).collect();
                prop_assert_eq!(asked.len(), 1);
                let source = material.sources.iter().position(|it| it.path == finding.location.path);
                let is_shown = source.filter(|source| *source < 9);
                prop_assert!(is_shown.is_none_or(|it| asked[0].sources[it] == Some(SourceRole::Edit)));
            }
        }
    }
}
