//! Which files of a turn belong together, where it is split into parts.

use lr_turn::{CheckResult, Finding, Weight};

use crate::material::Material;
use crate::output;
use crate::results::{self, Shown};
use crate::select::Index;

/// Files that must be in one part, because what was found in one of them may be due to another.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Unit {
    /// The numbers of its documents; what is found in the first one brought the others.
    pub(crate) documents: Vec<usize>,
    /// About how many bytes of output are shown because of it.
    pub(crate) n_printed: usize,
}

impl Unit {
    /// All files of a turn.
    pub(crate) fn of_all(material: &Material) -> Self {
        Self {
            documents: (0..material.documents.len()).collect(),
            n_printed: 0,
        }
    }
}

/// Returns the units of a turn, those that share files beside each other; every document is in one.
pub(crate) fn of(material: &Material) -> Vec<Unit> {
    let index = Index::new(&material.sources);
    let numbers = Numbers::of(material);
    let mut units = Vec::new();
    for result in &material.check.results {
        match results::shown(result) {
            Shown::Not | Shown::Findings => {}
            Shown::Raw => units.extend(of_script(&index, &numbers, result)),
            Shown::Condensed => units.extend(of_tests(&index, &numbers, material, result)),
        }
    }
    for document in 0..material.documents.len() {
        if !units
            .iter()
            .any(|unit: &Unit| unit.documents.contains(&document))
        {
            units.push(Unit {
                documents: vec![document],
                n_printed: 0,
            });
        }
    }
    in_clusters(units, material.documents.len())
}

/// From the numbers of sources to those of documents.
struct Numbers(Vec<Option<usize>>);

impl Numbers {
    fn of(material: &Material) -> Self {
        let mut numbers = vec![None; material.sources.len()];
        for (number, document) in material.documents.iter().enumerate() {
            numbers[document.source] = Some(number);
        }
        Self(numbers)
    }

    fn documents(&self, sources: Vec<usize>) -> Vec<usize> {
        let mut documents: Vec<usize> = sources
            .into_iter()
            .filter_map(|source| self.0.get(source).copied().flatten())
            .collect();
        documents.sort_unstable();
        documents.dedup();
        documents
    }
}

/// The files of a script whose output cannot be shared out among them, because it does not say
/// which line is about which file.
fn of_script(index: &Index<'_>, numbers: &Numbers, result: &CheckResult) -> Option<Unit> {
    let named = index.mentioned(result);
    let n_printed = printed(result);
    let concerned = index.of_script(result);
    let has_finding = |source: &usize| {
        result
            .findings
            .iter()
            .any(|it| index.at(&it.location.path) == Some(*source))
    };
    let is_located = result
        .findings
        .iter()
        .any(|it| index.at(&it.location.path).is_some());
    if !named.is_empty() && (!is_located || concerned.iter().all(has_finding)) {
        return None;
    }
    let documents = numbers.documents(concerned);
    (documents.len() > 1).then_some(Unit {
        documents,
        n_printed,
    })
}

/// The files of failing tests, each with what its own output names and with what it imports; other
/// failing tests are units of their own.
fn of_tests(
    index: &Index<'_>,
    numbers: &Numbers,
    material: &Material,
    result: &CheckResult,
) -> Vec<Unit> {
    let source_of = |finding: &Finding| index.at(&finding.location.path);
    let mut tests: Vec<usize> = result.findings.iter().filter_map(source_of).collect();
    tests.sort_unstable();
    tests.dedup();
    let mut units = Vec::new();
    for test in &tests {
        let own = of_one(result, &|finding| source_of(finding) == Some(*test));
        let mut read = |source: &lr_turn::Source| {
            let document = material.documents.iter().find(|it| it.path == source.path);
            Ok(document.map(|document| document.text.clone()))
        };
        let linked = index.of_tests(&own, &mut read).unwrap_or_default();
        let linked = linked.into_iter().filter(|it| !tests.contains(it));
        let mut documents = numbers.documents(vec![*test]);
        documents.extend(numbers.documents(linked.collect()));
        units.push(Unit {
            documents,
            n_printed: printed(&own),
        });
    }
    units.retain(|unit| !unit.documents.is_empty());
    units
}

/// Returns a result of tests with some of its findings, and with their output only.
pub(crate) fn of_one(result: &CheckResult, is_kept: &dyn Fn(&Finding) -> bool) -> CheckResult {
    let tests = |kept: bool| -> Vec<&str> {
        let findings = result.findings.iter();
        let findings = findings.filter(|it| it.weight == Some(Weight::Test) && is_kept(it) == kept);
        findings
            .filter_map(|finding| Some(finding.code.as_ref()?.value.as_str()))
            .collect()
    };
    let (dropped, kept) = (tests(false), tests(true));
    let cut = |text: &Option<String>| {
        let text = text.as_deref()?;
        Some(output::without_tests(text, &dropped, &kept))
    };
    CheckResult {
        findings: result
            .findings
            .iter()
            .filter(|it| is_kept(it))
            .cloned()
            .collect(),
        stdout: cut(&result.stdout),
        stderr: result.stderr.clone(),
        ..result.clone()
    }
}

fn printed(result: &CheckResult) -> usize {
    let texts = [&result.stdout, &result.stderr].into_iter().flatten();
    texts.map(String::len).sum()
}

/// Sorts units so that those which share files, directly or through others, stand beside each
/// other, in the order of their first files.
fn in_clusters(mut units: Vec<Unit>, n_documents: usize) -> Vec<Unit> {
    let mut cluster: Vec<usize> = (0..n_documents).collect();
    for unit in &units {
        for pair in unit.documents.windows(2) {
            let (one, other) = (root(&mut cluster, pair[0]), root(&mut cluster, pair[1]));
            cluster[one.max(other)] = one.min(other);
        }
    }
    units.sort_by_key(|unit| (root(&mut cluster, unit.documents[0]), unit.documents[0]));
    units
}

/// The first document of a cluster, by which it is known.
fn root(cluster: &mut [usize], mut at: usize) -> usize {
    while cluster[at] != at {
        cluster[at] = cluster[cluster[at]];
        at = cluster[at];
    }
    at
}

#[cfg(test)]
mod tests {
    use lr_turn::{Check, Previous, Source, Turn};

    use super::*;
    use crate::material::Document;

    const PATHS: [&str; 5] = ["a.py", "b.py", "c.py", "test_a.py", "test_b.py"];

    fn check(results: &str, expected: &[&[usize]]) {
        let check = format!(r#"{{"lr":1,"check":{{"clean":false,"results":[{results}]}}}}"#);
        let check: Check = Turn::parse(&check).unwrap().get().unwrap().unwrap();
        let documents = PATHS.iter().enumerate();
        let material = Material {
            check,
            sources: PATHS.map(Source::new).into(),
            previous: Previous::default(),
            documents: documents
                .map(|(number, path)| {
                    let text = match number {
                        3 => "from a import f\n",
                        4 => "import b\n",
                        _ => "x\n",
                    };
                    Document::of_text(number, path, text)
                })
                .collect(),
        };
        let units = of(&material);
        let found: Vec<&[usize]> = units.iter().map(|unit| &*unit.documents).collect();
        assert_eq!(found, expected);
    }

    fn test(path: &str, name: &str) -> String {
        format!(
            r#"{{"message":"m","weight":"test","code":{{"value":"{path}::{name}"}},"location":{{"path":"{path}"}}}}"#
        )
    }

    #[test]
    fn files_with_findings_of_their_own_are_apart() {
        let results = r#"{"checker":"c","status":"findings","findings":[{"message":"m","location":{"path":"a.py"}}]}"#;
        check(results, &[&[0], &[1], &[2], &[3], &[4]]);
    }

    #[test]
    fn a_failing_test_belongs_to_what_it_imports_and_its_output_names() {
        let results = format!(
            r#"{{"checker":"pytest","status":"findings","findings":[{},{}],
            "stdout":"=== FAILURES ===\n__ test_x __\nc.py:1: in f\n__ test_y __\nE no\n=== x ===\n"}}"#,
            test("test_a.py", "test_x"),
            test("test_b.py", "test_y"),
        );
        check(&results, &[&[3, 0, 2], &[4, 1]]);
    }

    #[test]
    fn a_script_keeps_together_what_its_output_cannot_tell_apart() {
        let script = |printed: &str| {
            format!(r#"{{"argv":["x"],"exit":1,"stdout":"{printed}","files":["a.py","c.py"]}}"#)
        };
        check(&script("bad"), &[&[0, 2], &[1], &[3], &[4]]);
        check(
            &script("a.py: bad\\nc.py: bad"),
            &[&[0], &[1], &[2], &[3], &[4]],
        );
    }
}
