//! Holds the typed sections to the golden files and to the published schema.
//!
//! `UPDATE_SCHEMA=1 cargo test -p lr-turn` writes the schema anew.

use std::fs;
use std::path::{Path, PathBuf};

use schemars::JsonSchema;

use crate::{
    Apply, Check, Commit, Estimate, Previous, Prompt, ReadError, Reply, Section, Source, Turn,
    TurnError,
};

/// A turn, as the schema describes it. Keys that are not named here are kept as they are.
#[derive(JsonSchema)]
#[schemars(title = "lr turn, version 1")]
#[expect(dead_code, reason = "only its shape is used")]
struct Shape {
    /// The version of the contract.
    lr: u64,
    /// The run, as made by the first lr-check.
    run: Option<String>,
    /// The number of the turn in its run, from 1.
    turn: Option<u64>,
    /// The number of this share of a turn that was split, from 1.
    part: Option<u64>,
    /// How many shares the turn was split into.
    parts: Option<u64>,
    /// The files the turn is about.
    sources: Option<Vec<Source>>,
    previous: Option<Previous>,
    check: Option<Check>,
    prompt: Option<Prompt>,
    estimate: Option<Estimate>,
    reply: Option<Reply>,
    apply: Option<Apply>,
    commit: Option<Commit>,
    error: Option<TurnError>,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("golden/v1")
}

fn golden_texts() -> Vec<(PathBuf, String)> {
    let mut texts: Vec<_> = fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| (path.clone(), fs::read_to_string(path).unwrap()))
        .collect();
    texts.sort();
    texts
}

/// Removes the indentation and the blanks behind keys, which is all the white space there is.
fn one_line(pretty: &str) -> String {
    pretty
        .lines()
        .map(|line| line.trim().replacen("\": ", "\":", 1))
        .collect()
}

fn rewrite<S: Section>(turn: &mut Turn) -> Result<(), ReadError> {
    if let Some(section) = turn.get::<S>()? {
        turn.set(&section);
    }
    Ok(())
}

fn rewrite_all(turn: &mut Turn) -> Result<(), ReadError> {
    turn.set_id(&turn.id()?);
    rewrite::<Vec<Source>>(turn)?;
    rewrite::<Previous>(turn)?;
    rewrite::<Check>(turn)?;
    rewrite::<Prompt>(turn)?;
    rewrite::<Estimate>(turn)?;
    rewrite::<Reply>(turn)?;
    rewrite::<Apply>(turn)?;
    rewrite::<Commit>(turn)?;
    rewrite::<TurnError>(turn)
}

#[test]
fn every_golden_turn_is_written_as_it_was_read() {
    let texts = golden_texts();
    assert!(texts.len() >= 14);
    for (path, text) in texts {
        let line = one_line(&text);
        let mut turn = Turn::parse(&line).unwrap();
        rewrite_all(&mut turn).unwrap();
        assert_eq!(turn.to_line(), line, "{}", path.display());
    }
}

#[test]
fn fields_of_a_newer_writer_are_ignored_by_an_older_reader() {
    let text = r#"{"lr":1,"reply":{"text":"x","later":{"a":[1]},"finish":"some_day"}}"#;
    let reply: Reply = Turn::parse(text).unwrap().get().unwrap().unwrap();
    assert_eq!(
        (reply.text.as_str(), reply.finish),
        ("x", Some(crate::Finish::Unknown))
    );
}

#[test]
fn the_smallest_foreign_turn_is_understood() {
    let text = r#"{"lr":1,"sources":[{"path":"a.py"}],"check":{"clean":false,"results":[{"argv":["./my.sh","a.py"],"exit":1,"stdout":"..."}]}}"#;
    let turn = Turn::parse(text).unwrap();
    let check: Check = turn.get().unwrap().unwrap();
    assert_eq!(check.results[0].status(), crate::CheckStatus::Findings);
    let sources: Vec<Source> = turn.get().unwrap().unwrap();
    assert_eq!(sources, [Source::new("a.py")]);
}

#[test]
fn the_published_schema_is_that_of_the_types() {
    let path = folder().join("../../turn.schema.json");
    let schema = serde_json::to_string_pretty(&schemars::schema_for!(Shape)).unwrap() + "\n";
    #[expect(clippy::disallowed_methods, reason = "a switch for developers")]
    if std::env::var("UPDATE_SCHEMA").is_ok() {
        fs::write(&path, &schema).unwrap();
    }
    let published = fs::read_to_string(&path).unwrap();
    assert!(
        published == schema,
        "turn.schema.json is stale: UPDATE_SCHEMA=1 cargo test -p lr-turn"
    );
}
