//! Tests that belong to sources: the test files of the project that are named for them.

use std::collections::HashSet;

use crate::catalogue::Checker;
use crate::sources::Sources;

/// Returns the tests of a checker's kind that are named for the files, wherever they lie: for
/// `shop/cart.py` the files `test_cart.py` and `cart_test.py`, if these are what the checker takes.
pub(crate) fn tests<'s>(
    checker: &Checker,
    files: &[(&str, &str)],
    sources: &'s Sources,
) -> Vec<&'s str> {
    let of_its_language = files
        .iter()
        .filter(|(_, language)| checker.languages.iter().any(|own| own == language));
    let names: HashSet<String> = of_its_language
        .flat_map(|(path, _)| names(checker, path))
        .collect();
    if names.is_empty() {
        return Vec::new();
    }
    let all = sources.all_paths().iter().map(String::as_str);
    all.filter(|path| names.contains(file_name(path))).collect()
}

fn names<'c>(checker: &'c Checker, path: &str) -> impl Iterator<Item = String> + 'c {
    let name = file_name(path);
    let stem = name
        .rsplit_once('.')
        .map_or(name, |(stem, _)| stem)
        .to_owned();
    let globs = checker
        .globs
        .iter()
        .filter(|glob| !glob.contains(['!', '/']));
    globs.filter_map(move |glob| {
        let (before, behind) = glob.split_once('*')?;
        let is_any_name = before.is_empty() && behind.starts_with('.');
        let is_named_for = !is_any_name && !behind.contains('*');
        is_named_for.then(|| format!("{before}{stem}{behind}"))
    })
}

fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::Catalogue;

    #[test]
    fn tests_are_found_by_the_name_of_the_source() {
        let folder = tempfile::tempdir().unwrap();
        for path in [
            ".gitignore",
            "shop/cart.py",
            "tests/test_cart.py",
            "tests/test_stock.py",
            "shop/cart_test.py",
            "ignored/test_cart.py",
        ] {
            let path = folder.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "ignored/\n").unwrap();
        }
        let sources = Sources::of(folder.path());
        let catalogue = Catalogue::built_in().unwrap();
        let found = |checker: &str, path: &str| {
            let checker = catalogue.find(checker).unwrap();
            super::tests(checker, &[(path, "python")], &sources)
        };
        assert_eq!(
            found("pytest", "shop/cart.py"),
            ["shop/cart_test.py", "tests/test_cart.py"]
        );
        assert_eq!(found("pytest", "shop/other.py"), [""; 0]);
        assert_eq!(found("ruff", "shop/cart.py"), [""; 0]);
    }
}
