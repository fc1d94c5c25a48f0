//! Which modules a file imports, read off its lines.
//!
//! A guess that is good enough to decide what is shown beside a failing test: it knows the words of
//! several languages and parses none.

const BEGINNINGS: [&str; 5] = ["import ", "from ", "use ", "#include", "export "];
const CALLS: [&str; 2] = ["require(", "import("];

/// Returns the names of the modules that a text imports, each as its components.
pub(crate) fn names(text: &str) -> Vec<Vec<&str>> {
    text.lines().flat_map(names_in_line).collect()
}

fn names_in_line(line: &str) -> Vec<Vec<&str>> {
    let line = line.trim_start();
    let is_import = BEGINNINGS.iter().any(|word| line.starts_with(word))
        || CALLS.iter().any(|call| line.contains(call));
    if !is_import {
        return Vec::new();
    }
    let is_between = |c: char| !(c.is_alphanumeric() || "_./:-".contains(c));
    let mut words = line.split(is_between).filter(|word| !word.is_empty());
    let rest = line.strip_prefix("from ");
    if let Some((module, things)) = rest.and_then(|rest| rest.split_once(" import ")) {
        return names_from(module, things);
    }
    words.next();
    words
        .map(components)
        .filter(|name| !name.is_empty())
        .collect()
}

/// The names in Python's `from module import things`: the module, and each thing as one in it.
fn names_from<'l>(module: &'l str, things: &'l str) -> Vec<Vec<&'l str>> {
    let module = components(module.trim());
    let is_between = |c: char| !(c.is_alphanumeric() || c == '_');
    let things = things.split(is_between).filter(|thing| !thing.is_empty());
    let mut names: Vec<_> = things
        .map(|thing| module.iter().copied().chain([thing]).collect())
        .collect();
    if !module.is_empty() {
        names.push(module);
    }
    names
}

fn components(name: &str) -> Vec<&str> {
    name.split(['.', '/', ':'])
        .filter(|part| !matches!(*part, "" | "crate" | "self" | "super"))
        .collect()
}

/// Tells whether a name is that of the module in the file at `path`.
pub(crate) fn is_module(path: &str, name: &[&str]) -> bool {
    let with_ending = components(path);
    let mut module = with_ending.clone();
    if path
        .rsplit('/')
        .next()
        .is_some_and(|file| file.contains('.'))
    {
        module.pop();
    }
    if is_package(path) {
        module.pop();
    }
    !name.is_empty() && (module.ends_with(name) || with_ending.ends_with(name))
}

/// Tells whether the file at `path` stands for its folder.
pub(crate) fn is_package(path: &str) -> bool {
    let file = path.rsplit('/').next().unwrap_or(path);
    matches!(file.split('.').next(), Some("__init__" | "index" | "mod"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &str, path: &str, expected: bool) {
        let found = names(line).iter().any(|name| is_module(path, name));
        assert_eq!(found, expected, "{line} {path}");
    }

    #[test]
    fn python_modules_are_found_by_all_their_names() {
        check("from shop.money import format_cents", "shop/money.py", true);
        check(
            "from shop.money import format_cents",
            "src/shop/money.py",
            true,
        );
        check("    from shop import money, cart", "shop/cart.py", true);
        check("from shop import total", "shop/__init__.py", true);
        check("import shop.money as m", "shop/money.py", true);
        check("from .money import x", "shop/money.py", true);
        check("from . import money", "shop/money.py", true);
    }

    #[test]
    fn other_languages_name_files_and_paths() {
        check("import { a } from '../src/a.js'", "src/a.js", true);
        check("const a = require('./a')", "src/a.ts", true);
        check("use crate::shop::money;", "src/shop/money.rs", true);
        check("#include \"shop/money.h\"", "shop/money.h", true);
    }

    #[test]
    fn other_modules_are_not() {
        check("from shop.money import format_cents", "shop/cart.py", false);
        check("from shop.money import stock", "shop/stock.py", false);
        check("x = 'from shop.money import y'", "shop/money.py", false);
        check("import os", "shop/cos.py", false);
    }
}
