//! Which sources are shown: those with findings, and what a failing test or script names.

use std::collections::HashMap;

use lr_stage::Error;
use lr_turn::{Check, CheckResult, Source, SourceRole};

use crate::imports;
use crate::results::{self, Shown};

/// Reads the text of a source; `None` for one that cannot be shown.
pub(crate) type Read<'r> = dyn FnMut(&Source) -> Result<Option<String>, Error> + 'r;

/// Returns the numbers of the sources to show, in their order: all of them where the results do not
/// say.
///
/// # Errors
///
/// Those of `read`, which is asked for the files of failing tests.
pub(crate) fn shown(
    sources: &[Source],
    check: &Check,
    read: &mut Read<'_>,
) -> Result<Vec<usize>, Error> {
    let index = Index::new(sources);
    let mut marked = vec![false; sources.len()];
    for result in &check.results {
        let concerned = match results::shown(result) {
            Shown::Not => Vec::new(),
            Shown::Findings => index.with_findings(result),
            Shown::Raw => index.of_script(result),
            Shown::Condensed => index.of_tests(result, read)?,
        };
        for number in concerned {
            marked[number] = true;
        }
    }
    let all = !marked.contains(&true);
    let numbers = 0..sources.len();
    Ok(numbers.filter(|number| all || marked[*number]).collect())
}

/// Finds sources by what a program calls them.
pub(crate) struct Index<'t> {
    sources: &'t [Source],
    by_path: HashMap<&'t str, usize>,
    by_name: HashMap<&'t str, Vec<usize>>,
}

impl<'t> Index<'t> {
    /// Makes the index of these sources.
    pub(crate) fn new(sources: &'t [Source]) -> Self {
        let mut by_name: HashMap<&str, Vec<usize>> = HashMap::new();
        let mut by_path = HashMap::new();
        for (number, source) in sources.iter().enumerate() {
            by_path.insert(source.path.as_str(), number);
            by_name
                .entry(file_name(&source.path))
                .or_default()
                .push(number);
        }
        Self {
            sources,
            by_path,
            by_name,
        }
    }

    fn all(&self) -> Vec<usize> {
        (0..self.sources.len()).collect()
    }

    fn with_findings(&self, result: &CheckResult) -> Vec<usize> {
        let paths = result.findings.iter().map(|finding| &finding.location.path);
        paths.filter_map(|path| self.at(path)).collect()
    }

    /// The sources a script's output and findings name, else those it is about, else all.
    pub(crate) fn of_script(&self, result: &CheckResult) -> Vec<usize> {
        let mut named = self.mentioned(result);
        named.extend(self.with_findings(result));
        if !named.is_empty() {
            return named;
        }
        let given: Vec<_> = result
            .files
            .iter()
            .filter_map(|path| self.at(path))
            .collect();
        if given.is_empty() { self.all() } else { given }
    }

    /// The files of failing tests, what their output names, and the modules they import; all
    /// sources where that leads to nothing but tests, because the fault may be anywhere.
    ///
    /// # Errors
    ///
    /// Those of `read`.
    pub(crate) fn of_tests(
        &self,
        result: &CheckResult,
        read: &mut Read<'_>,
    ) -> Result<Vec<usize>, Error> {
        let tests = self.with_findings(result);
        let mut found = self.mentioned(result);
        found.extend(&tests);
        let mut unread = if tests.is_empty() {
            found.clone()
        } else {
            tests.clone()
        };
        let mut seen = vec![false; self.sources.len()];
        while let Some(number) = unread.pop() {
            if std::mem::replace(&mut seen[number], true) {
                continue;
            }
            let text = read(&self.sources[number])?.unwrap_or_default();
            for module in self.imported(&text) {
                found.push(module);
                if imports::is_package(&self.sources[module].path) {
                    unread.push(module);
                }
            }
        }
        let leads_to_code = found.iter().any(|number| {
            self.sources[*number].role == SourceRole::Edit && !tests.contains(number)
        });
        Ok(if leads_to_code { found } else { self.all() })
    }

    fn imported(&self, text: &str) -> Vec<usize> {
        let names = imports::names(text);
        let is_imported = |path: &str| names.iter().any(|name| imports::is_module(path, name));
        let numbered = self.sources.iter().enumerate();
        numbered
            .filter(|(_, source)| is_imported(&source.path))
            .map(|(number, _)| number)
            .collect()
    }

    /// The sources that a result's output mentions, by path or by name.
    pub(crate) fn mentioned(&self, result: &CheckResult) -> Vec<usize> {
        let output = [&result.stdout, &result.stderr];
        let mut numbers: Vec<usize> = output
            .into_iter()
            .flatten()
            .flat_map(|text| self.named(text))
            .collect();
        numbers.sort_unstable();
        numbers.dedup();
        numbers
    }

    /// The sources that the words of a text name.
    pub(crate) fn named(&self, text: &str) -> Vec<usize> {
        let words = text.split(is_between);
        words.flat_map(|word| self.called(word)).collect()
    }

    /// The sources that a word names: by path, by a longer path that ends with it, or, if it is
    /// no path, by name.
    pub(crate) fn called(&self, word: &str) -> Vec<usize> {
        let word = word.trim_end_matches('.');
        if let Some(number) = self.at(word) {
            return vec![number];
        }
        if !word.contains('/') {
            return self.by_name.get(word).cloned().unwrap_or_default();
        }
        let mut rest = word;
        while let Some((_, shorter)) = rest.split_once('/') {
            rest = shorter;
            let is_path = rest.contains('/') || word.starts_with('/');
            if let Some(number) = self.by_path.get(rest).filter(|_| is_path) {
                return vec![*number];
            }
        }
        Vec::new()
    }

    /// The source with this path.
    pub(crate) fn at(&self, path: &str) -> Option<usize> {
        let path = path.strip_prefix("./").unwrap_or(path);
        self.by_path.get(path).copied()
    }
}

/// Tells whether a character stands between the words of what programs print.
pub(crate) fn is_between(c: char) -> bool {
    c.is_whitespace() || ":,;()[]{}<>\"'`|=*".contains(c)
}

fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use lr_turn::{Finding, Location, Severity, Weight};

    use super::*;

    const SOURCES: [&str; 5] = [
        "shop/__init__.py",
        "shop/cart.py",
        "shop/money.py",
        "tests/test_cart.py",
        "tests/test_money.py",
    ];

    fn finding(path: &str, weight: Option<Weight>) -> Finding {
        Finding {
            message: String::new(),
            location: Location {
                path: path.to_owned(),
                range: None,
            },
            severity: Severity::Error,
            source: None,
            code: None,
            suggestions: vec![],
            weight,
            bytes: None,
            key: String::new(),
        }
    }

    fn check(result: CheckResult, expected: &[&str]) {
        let sources = SOURCES.map(Source::new);
        let check = Check {
            results: vec![CheckResult {
                exit: Some(1),
                ..result
            }],
            ..Check::default()
        };
        let mut read = |source: &Source| {
            Ok(Some(match source.path.as_str() {
                "tests/test_cart.py" => "from shop import total\n".to_owned(),
                "tests/test_money.py" => "import shop.money\n".to_owned(),
                "shop/__init__.py" => "from .cart import total\n".to_owned(),
                _ => String::new(),
            }))
        };
        let shown = shown(&sources, &check, &mut read).unwrap();
        let paths: Vec<_> = shown.iter().map(|number| SOURCES[*number]).collect();
        assert_eq!(paths, expected);
    }

    fn script(output: &str, files: &[&str]) -> CheckResult {
        CheckResult {
            stdout: Some(output.to_owned()),
            files: files.iter().map(|path| (*path).to_owned()).collect(),
            ..CheckResult::default()
        }
    }

    fn tests(path: &str, output: &str) -> CheckResult {
        CheckResult {
            checker: Some("pytest".to_owned()),
            findings: vec![finding(path, Some(Weight::Test))],
            ..script(output, &[])
        }
    }

    #[test]
    fn files_with_findings_are_shown() {
        let result = CheckResult {
            checker: Some("ruff".to_owned()),
            findings: vec![finding("./shop/cart.py", None)],
            ..CheckResult::default()
        };
        check(result, &["shop/cart.py"]);
    }

    #[test]
    fn a_script_is_about_the_files_it_names() {
        check(script("shop/cart.py:3: bad", &[]), &["shop/cart.py"]);
        check(
            script("error in /home/me/shop/money.py.", &[]),
            &["shop/money.py"],
        );
        check(
            script("'cart.py' is bad", &["shop/money.py"]),
            &["shop/cart.py"],
        );
        check(
            script("other/cart.py is bad", &["shop/money.py"]),
            &["shop/money.py"],
        );
        check(script("bad", &[]), &SOURCES);
    }

    #[test]
    fn a_script_is_about_the_files_of_its_findings_too() {
        let result = CheckResult {
            findings: vec![finding("shop/money.py", None)],
            ..script("see shop/cart.py", &[])
        };
        check(result, &["shop/cart.py", "shop/money.py"]);
    }

    #[test]
    fn a_failing_test_is_shown_with_what_it_imports() {
        check(
            tests("tests/test_money.py", "E assert 1 == 2"),
            &["shop/money.py", "tests/test_money.py"],
        );
        check(
            tests("tests/test_cart.py", "E assert 1 == 2"),
            &["shop/__init__.py", "shop/cart.py", "tests/test_cart.py"],
        );
    }

    #[test]
    fn a_failing_test_is_shown_with_what_its_output_names() {
        check(
            tests("tests/test_money.py", "shop/cart.py:9: in total"),
            &["shop/cart.py", "shop/money.py", "tests/test_money.py"],
        );
    }

    #[test]
    fn everything_is_shown_where_a_failing_test_leads_nowhere() {
        check(tests("tests/test_other.py", "E assert 1 == 2"), &SOURCES);
    }
}
