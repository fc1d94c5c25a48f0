//! Answers of real checkers, recorded, and what is read from them.
//!
//! `samples/NAME/CASE.in` holds sources, `CASE.json` what the checker answered to them,
//! and `CASE.expected.json` the status and findings that are to be read from it. The ignored test
//! records them anew, with the checkers that are installed.

use std::fs;
use std::path::{Path, PathBuf};

use lr_files::Root;
use lr_turn::Finding;
use regex::Regex;
use serde::{Deserialize, Serialize};

use crate::catalogue::{Catalogue, Checker, Languages, Stream};
use crate::checker;
use crate::detect::{Appetite, Detector};
use crate::findings;
use crate::sources::{Sources, Taste};

/// Stands in recordings for the directory they were made in.
const DIRECTORY: &str = "/recorded";

#[derive(Debug, Deserialize, Serialize)]
struct Recorded {
    exit: i32,
    /// What is read: the report, or one of the streams.
    output: String,
}

#[derive(Debug, PartialEq, Deserialize, Serialize)]
struct Expected {
    status: String,
    findings: Vec<Finding>,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("samples")
}

fn cases(checker: &str) -> Vec<PathBuf> {
    let mut cases: Vec<PathBuf> = fs::read_dir(folder().join(checker))
        .unwrap_or_else(|_| panic!("'{checker}' has no samples"))
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "in"))
        .map(|path| path.with_extension(""))
        .collect();
    cases.sort();
    cases
}

fn sources(case: &Path) -> Sources {
    let root = Root::open(&case.with_extension("in")).unwrap();
    Sources::collect(root, &[".".into()], &Taste::TextsBut(None)).unwrap()
}

fn read(checker: &Checker, case: &Path) -> Expected {
    let sources = sources(case);
    let text = fs::read_to_string(case.with_extension("json")).unwrap();
    let here = sources.root().path().to_str().unwrap();
    let recorded: Recorded = serde_json::from_str(&text.replace(DIRECTORY, here)).unwrap();
    let complaints = match checker.fallback_for(recorded.exit) {
        Some(fallback) => findings::read_fallback(fallback, &recorded.output),
        None => findings::read(checker, recorded.output.as_bytes()),
    };
    let (found, verdict) = checker::weigh(checker, &sources, recorded.exit, complaints);
    Expected {
        status: serde_json::to_value(verdict.status)
            .unwrap()
            .as_str()
            .unwrap()
            .to_owned(),
        findings: found.findings,
    }
}

#[test]
fn every_recorded_answer_is_read_rightly() {
    for checker in Catalogue::built_in().unwrap().checkers() {
        for case in cases(&checker.name) {
            let text = fs::read_to_string(case.with_extension("expected.json")).unwrap();
            let expected: Expected = serde_json::from_str(&text).unwrap();
            assert_eq!(read(checker, &case), expected, "{}", case.display());
        }
    }
}

#[test]
fn every_checker_was_seen_clean_complaining_and_broken() {
    for checker in Catalogue::built_in().unwrap().checkers() {
        let mut seen: Vec<String> = cases(&checker.name)
            .iter()
            .map(|case| read(checker, case).status)
            .collect();
        seen.sort();
        seen.dedup();
        for status in ["broken", "clean", "findings"] {
            assert!(
                seen.iter().any(|one| one == status),
                "{} {status}",
                checker.name
            );
        }
    }
}

#[test]
fn every_suggested_edit_names_the_text_it_replaces() {
    for checker in Catalogue::built_in().unwrap().checkers() {
        for case in cases(&checker.name) {
            for finding in read(checker, &case).findings {
                for suggestion in finding.suggestions {
                    assert!(suggestion.replaces.is_some(), "{}", case.display());
                }
            }
        }
    }
}

/// Runs the installed checkers, and writes what they answer and what is read from it.
#[test]
#[ignore = "writes into the source tree; run it after a change of a checker's version"]
fn record() {
    let detector = Detector::new(&Languages::built_in().unwrap()).unwrap();
    for checker in Catalogue::built_in().unwrap().checkers() {
        let appetite = Appetite::of(checker).unwrap();
        for case in cases(&checker.name) {
            let sources = sources(&case);
            let scratch = tempfile::tempdir().unwrap();
            let report = scratch.path().join("report.xml");
            let mut argv = Vec::new();
            for word in &checker.argv {
                if word == "{files}" {
                    let taken = sources.files().iter().filter(|file| {
                        let language = detector.language(&file.path, file.text());
                        language.is_some_and(|language| appetite.takes(&file.path, language))
                    });
                    argv.extend(taken.map(|file| file.path.clone()));
                } else {
                    argv.push(word.replace("{report}", report.to_str().unwrap()));
                }
            }
            let directory = sources.root().path();
            let finished = lr_exec::Program::new(argv)
                .current_dir(directory)
                .run()
                .unwrap();
            let lr_exec::End::Exited(exit) = finished.end else {
                panic!("{} {}", case.display(), finished.end);
            };
            let output = match checker.stream {
                _ if checker.fallback_for(exit).is_some() => finished.stderr.text(),
                Stream::Stdout => finished.stdout.text(),
                Stream::Stderr => finished.stderr.text(),
                Stream::Report => fs::read_to_string(&report).unwrap_or_default(),
            };
            let output = anonymous(&output.replace(directory.to_str().unwrap(), DIRECTORY));
            write(&case.with_extension("json"), &Recorded { exit, output });
            write(&case.with_extension("expected.json"), &read(checker, &case));
        }
    }
}

/// Removes what tells on the machine the recording was made on.
fn anonymous(output: &str) -> String {
    let library = Regex::new(r"/[^\s'\x22]*/lib/python3[.0-9]*/").unwrap();
    let host = Regex::new(r#"hostname="[^"]*""#).unwrap();
    let output = library.replace_all(output, "/usr/lib/python3/");
    host.replace_all(&output, r#"hostname="host""#).into_owned()
}

fn write<T: Serialize>(path: &Path, value: &T) {
    let text = serde_json::to_string_pretty(value).unwrap();
    fs::write(path, text + "\n").unwrap();
}
