//! Holds the code to the rules of the house that no lint can see.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

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

fn lines_before_tests(path: &Path) -> usize {
    let text = fs::read_to_string(path).unwrap();
    let before = text.split("#[cfg(test)]\nmod tests").next().unwrap();
    before.lines().count()
}

#[test]
fn no_file_grows_a_second_subject() {
    let long: Vec<_> = sources()
        .into_iter()
        .map(|path| (lines_before_tests(&path), path))
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
    let lines: usize = files.iter().map(|path| lines_before_tests(path)).sum();
    assert!(lines <= 1_000, "lr-stage has {lines} lines before tests");
}

#[test]
fn no_crate_has_many_dependencies() {
    for folder in crates() {
        let manifest = fs::read_to_string(folder.join("Cargo.toml")).unwrap();
        let section = manifest.split("[dependencies]").nth(1).unwrap();
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
        ("ureq::", "crates/lr-llm/src/http.rs"),
        ("handlebars::", "crates/lr-prompt/src/render.rs"),
        ("gix::", "crates/lr-git/src/repo"),
        ("duct::", "crates/lr-exec/src/"),
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

#[test]
fn the_map_of_the_code_names_every_file() {
    let map = fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    let missing: Vec<_> = sources()
        .into_iter()
        .map(|path| {
            path.strip_prefix(root())
                .unwrap()
                .to_str()
                .unwrap()
                .to_owned()
        })
        .filter(|path| {
            let (_, in_crate) = path.split_once("/src/").unwrap();
            !matches!(in_crate, "main.rs" | "args.rs" | "lib.rs")
                && !map.contains(&format!("`{in_crate}`"))
        })
        .collect();
    assert!(missing.is_empty(), "not in ARCHITECTURE.md: {missing:#?}");
}
