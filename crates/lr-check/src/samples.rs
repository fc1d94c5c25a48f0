//! Answers of real checkers, recorded, and what is read from them.
//!
//! `samples/NAME/CASE.in` holds sources, `CASE.json` what the checker answered to them,
//! and `CASE.expected.json` the status and findings that are to be read from it. The ignored test
//! records them anew, with the checkers that are installed. What cannot be recorded is marked
//! `by_hand` and says what the checker's documentation or its code does.

use std::fs;
use std::path::{Path, PathBuf};

use lr_files::{Root, SourceFile};
use lr_turn::Finding;
use regex::Regex;
use serde::{Deserialize, Serialize};

use crate::calls::Call;
use crate::catalogue::{Catalogue, Checker, Stream};
use crate::checker::{self, Answer};
use crate::detect::{Appetite, Detector};
use crate::installed;
use crate::sources::{Sources, Taste};

/// Stands in recordings for the directory they were made in.
const DIRECTORY: &str = "/recorded";

#[derive(Debug, Deserialize, Serialize)]
struct Recorded {
    exit: i32,
    /// What is usually read: the report, or one of the streams.
    output: String,
    /// What was printed on standard error, where that is read as well.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    stderr: String,
    /// Whether it was written after the checker's documentation, because it cannot be recorded.
    #[serde(default, skip_serializing_if = "is_false")]
    by_hand: bool,
}

#[derive(Debug, PartialEq, Deserialize, Serialize)]
struct Expected {
    status: String,
    findings: Vec<Finding>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde wants it so")]
fn is_false(value: &bool) -> bool {
    !value
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
    collect(&case.with_extension("in"))
}

/// Collects the files of a folder, those for GitHub among them, which is hidden.
fn collect(folder: &Path) -> Sources {
    let root = Root::open(folder).unwrap();
    let mut named = vec![PathBuf::from(".")];
    named.extend(folder.join(".github").is_dir().then(|| ".github".into()));
    Sources::collect(root, &named, &Taste::TextsBut(None)).unwrap()
}

/// Returns the call of a checker for all files of a case that it takes.
fn call<'a>(checker: &'a Checker, sources: &'a Sources) -> Call<'a> {
    let detector = Detector::of(&Catalogue::built_in().unwrap()).unwrap();
    let appetite = Appetite::of(checker).unwrap();
    let takes = |file: &&SourceFile| {
        let language = detector.language(&file.path, file.text());
        language.is_some_and(|language| appetite.takes(&file.path, language))
    };
    let files = sources.files().iter().filter(takes);
    Call {
        checker,
        files: files.map(|file| file.path.as_str()).collect(),
        named: true,
    }
}

fn recorded(case: &Path) -> Option<Recorded> {
    let text = fs::read_to_string(case.with_extension("json")).ok()?;
    Some(serde_json::from_str(&text).unwrap())
}

fn read(checker: &Checker, case: &Path) -> Expected {
    let sources = sources(case);
    let recorded = recorded(case).unwrap();
    let here = sources.root().path().to_str().unwrap();
    let output = recorded.output.replace(DIRECTORY, here);
    let answer = Answer {
        exit: recorded.exit,
        output: || Ok(output.as_bytes()),
        stdout: if checker.stream == Stream::Stdout {
            &output
        } else {
            ""
        },
        stderr: &recorded.stderr.replace(DIRECTORY, here),
    };
    let (found, verdict) = checker::weigh(&call(checker, &sources), &sources, answer);
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
    for checker in Catalogue::built_in().unwrap().checkers() {
        for case in cases(&checker.name) {
            let by_hand = recorded(&case).is_some_and(|recorded| recorded.by_hand);
            if !by_hand && installed::is_there(checker, &case.with_extension("in")) {
                write(&case.with_extension("json"), &ask(checker, &case));
            }
            write(&case.with_extension("expected.json"), &read(checker, &case));
        }
    }
}

/// Asks a checker about a copy of a case, in a folder in which nothing else lies above it.
fn ask(checker: &Checker, case: &Path) -> Recorded {
    let folder = tempfile::tempdir().unwrap();
    copy(&case.with_extension("in"), folder.path());
    let sources = collect(folder.path());
    let directory = sources.root().path();
    let scratch = tempfile::tempdir().unwrap();
    let argv = checker::argv(&call(checker, &sources), directory, scratch.path());
    let program = lr_exec::Program::new(argv).current_dir(directory);
    let finished = program.run().unwrap();
    let lr_exec::End::Exited(exit) = finished.end else {
        panic!("{} {}", case.display(), finished.end);
    };
    let output = match checker.stream {
        Stream::Stdout => finished.stdout.text(),
        Stream::Stderr => finished.stderr.text(),
        Stream::Report => fs::read_to_string(scratch.path().join("report.xml")).unwrap_or_default(),
    };
    let here = directory.to_str().unwrap();
    let is_read = checker.fallback_for(exit).is_some()
        || !checker.broken_when.is_empty()
        || !checker.none_when.is_empty();
    let plain = |text: String| anonymous(&text.replace(here, DIRECTORY));
    Recorded {
        exit,
        output: plain(output),
        stderr: if is_read {
            plain(finished.stderr.text())
        } else {
            String::new()
        },
        by_hand: false,
    }
}

fn copy(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            fs::create_dir(&target).unwrap();
            copy(&path, &target);
        } else {
            fs::copy(path, target).unwrap();
        }
    }
}

/// Removes what tells on the machine the recording was made on.
fn anonymous(output: &str) -> String {
    let library = Regex::new(r"/[^\s'\x22]*/lib/python3[.0-9]*/").unwrap();
    let host = Regex::new(r#"hostname="[^"]*""#).unwrap();
    let modules = Regex::new(r"/[^\s'\x22]*/node_modules/").unwrap();
    let output = library.replace_all(output, "/usr/lib/python3/");
    let output = modules.replace_all(&output, "/usr/lib/node_modules/");
    host.replace_all(&output, r#"hostname="host""#).into_owned()
}

fn write<T: Serialize>(path: &Path, value: &T) {
    let text = serde_json::to_string_pretty(value).unwrap();
    fs::write(path, text + "\n").unwrap();
}
