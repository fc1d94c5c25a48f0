//! Holds the code to the rules of the house that no lint can see.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

/// The longest a file may be, in lines before its tests.
const LONGEST_FILE: usize = 400;
/// The most entries a crate may depend on, our own aside.
const MOST_DEPENDENCIES: usize = 8;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .to_path_buf()
}

fn files_below(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|found| found == ending) {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}

fn crates() -> Vec<PathBuf> {
    let folders = fs::read_dir(root().join("crates")).unwrap();
    let mut folders: Vec<_> = folders.map(|entry| entry.unwrap().path()).collect();
    folders.sort();
    folders
}

fn sources() -> Vec<PathBuf> {
    let folders = crates().into_iter().chain([root().join("tests")]);
    folders
        .flat_map(|folder| files_below(&folder.join("src"), "rs"))
        .collect()
}

fn before_tests(path: &Path) -> String {
    let text = fs::read_to_string(path).unwrap();
    let begin = ["", "pub(crate) "].map(|public| format!("#[cfg(test)]\n{public}mod tests {{"));
    let end = begin.iter().find_map(|begin| text.find(begin));
    text[..end.unwrap_or(text.len())].to_owned()
}

/// Lines before the tests that are neither blank nor comments.
fn lines_of_code(path: &Path) -> usize {
    let text = before_tests(path);
    let lines = text.lines().map(str::trim_start);
    lines
        .filter(|line| !line.is_empty() && !line.starts_with("//"))
        .count()
}

#[test]
fn no_file_grows_a_second_subject() {
    let long: Vec<_> = sources()
        .into_iter()
        .filter(|path| !path.to_str().unwrap().ends_with("_tests.rs"))
        .map(|path| (before_tests(&path).lines().count(), path))
        .filter(|(lines, _)| *lines > LONGEST_FILE)
        .collect();
    assert!(
        long.is_empty(),
        "longer than {LONGEST_FILE} lines: {long:#?}"
    );
}

#[test]
fn what_makes_a_stage_stays_small() {
    let files = files_below(&root().join("crates/lr-stage/src"), "rs");
    let lines: usize = files.iter().map(|path| lines_of_code(path)).sum();
    assert!(lines <= 1_000, "lr-stage has {lines} lines of code");
}

#[test]
fn no_crate_has_many_dependencies() {
    for folder in crates() {
        let manifest = fs::read_to_string(folder.join("Cargo.toml")).unwrap();
        let section = manifest.split("[dependencies]").nth(1).unwrap_or_default();
        let section = section.split("\n[").next().unwrap();
        let foreign = section
            .lines()
            .filter(|line| !line.is_empty() && !line.starts_with("lr-"));
        let count = foreign.count();
        assert!(
            count <= MOST_DEPENDENCIES,
            "{} has {count}",
            folder.display()
        );
    }
}

#[test]
fn every_stage_has_the_same_main() {
    for folder in crates() {
        let main = folder.join("src/main.rs");
        if !main.exists() {
            continue;
        }
        let name = folder.file_name().unwrap().to_str().unwrap();
        let library = name.replace('-', "_");
        let expected = format!(
            "//! The `{name}` program.\n\nuse std::process::ExitCode;\n\n\
             fn main() -> ExitCode {{\n    lr_stage::main({library}::run)\n}}\n"
        );
        assert_eq!(
            fs::read_to_string(&main).unwrap(),
            expected,
            "{}",
            main.display()
        );
    }
}

#[test]
fn heavy_dependencies_are_named_in_one_place() {
    for (name, place) in [
        ("ureq::", "crates/lr-llm/src/http/"),
        ("genai_prices::", "crates/lr-llm/src/price.rs"),
        ("handlebars::", "crates/lr-prompt/src/render.rs"),
        ("gix::", "crates/lr-git/src/repo"),
        ("duct::", "crates/lr-exec/src/"),
        ("indicatif::", "crates/lr-loop/src/block.rs"),
        ("annotate_snippets::", "crates/lr-report/src/excerpt.rs"),
    ] {
        for path in sources() {
            let text = fs::read_to_string(&path).unwrap();
            let uses = text
                .lines()
                .any(|line| line.contains(name) && !line.trim_start().starts_with("//"));
            let inside = path
                .strip_prefix(root())
                .unwrap()
                .to_str()
                .unwrap()
                .starts_with(place);
            assert!(!uses || inside, "{} names {name}", path.display());
        }
    }
}

/// The map of the code: for every file the first sentence of its documentation.
fn map() -> String {
    let mut map = String::new();
    for folder in crates().into_iter().chain([root().join("tests")]) {
        let name = folder.strip_prefix(root()).unwrap().display().to_string();
        writeln!(map, "\n### {name}\n").unwrap();
        for path in files_below(&folder.join("src"), "rs") {
            let text = fs::read_to_string(&path).unwrap();
            let words: Vec<_> = text
                .lines()
                .map_while(|line| line.strip_prefix("//! "))
                .collect();
            let words = words.join(" ");
            let end = words.find(". ").unwrap_or(words.len());
            let file = path.strip_prefix(folder.join("src")).unwrap().display();
            writeln!(
                map,
                "* `{file}`: {}",
                words[..end].trim_end_matches(['.', ':'])
            )
            .unwrap();
        }
    }
    map
}

#[test]
fn the_map_of_the_code_is_true() {
    let path = root().join("ARCHITECTURE.md");
    let page = fs::read_to_string(&path).unwrap();
    let (before, _) = page.split_once("## The files\n").unwrap();
    let expected = format!("{before}## The files\n{}", map());
    #[expect(clippy::disallowed_methods, reason = "a switch for developers")]
    if std::env::var("UPDATE_MAP").is_ok() {
        fs::write(&path, &expected).unwrap();
    }
    assert!(
        fs::read_to_string(&path).unwrap() == expected,
        "ARCHITECTURE.md is stale: UPDATE_MAP=1 cargo test -p lr-tests --test house"
    );
}
