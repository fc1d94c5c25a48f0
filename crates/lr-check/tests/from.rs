//! Reports of other tools become turns, and what lr-check reports is read back as it was.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::Path;

use lr_exec::{End, Program};
use serde_json::Value;
use tempfile::TempDir;

fn tree() -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    fs::create_dir(directory.path().join("src")).unwrap();
    fs::write(directory.path().join("src/a.py"), "import os\nx = 'é'; y\n").unwrap();
    directory
}

fn run(directory: &Path, words: &[&str], stdin: &str, status: i32) -> String {
    let argv = [env!("CARGO_BIN_EXE_lr-check")];
    let finished = Program::new(argv.iter().chain(words))
        .current_dir(directory)
        .env("XDG_CONFIG_HOME", "/nonexistent")
        .stdin_bytes(stdin)
        .run()
        .unwrap();
    let said = finished.stderr.text();
    assert_eq!(finished.end, End::Exited(status), "{said}");
    finished.stdout.text()
}

/// Reads a report; returns its results and the paths of the sources.
fn read(directory: &Path, form: &str, report: &str, status: i32) -> (Value, Vec<String>) {
    let turn = run(directory, &["--from", form], report, status);
    let turn: Value = serde_json::from_str(&turn).unwrap();
    let sources = turn["sources"].as_array().unwrap().iter();
    let paths = sources.map(|source| source["path"].as_str().unwrap().to_owned());
    (turn["check"]["results"].clone(), paths.collect())
}

const SARIF: &str = r#"{"version":"2.1.0","runs":[
 {"tool":{"driver":{"name":"Ruff"}},"results":[{"ruleId":"F821","level":"error","message":{"text":"Undefined name `y`"},
  "locations":[{"physicalLocation":{"artifactLocation":{"uri":"file:///home/runner/work/x/src/a.py"},
   "region":{"startLine":2,"startColumn":10,"endLine":2,"endColumn":11}}}]}]},
 {"tool":{"driver":{"name":"mypy"}},"invocations":[{"executionSuccessful":false}]}]}"#;

#[test]
fn a_sarif_log_gives_a_result_for_each_run() {
    let tree = tree();
    let (results, sources) = read(tree.path(), "sarif", SARIF, 2);
    assert_eq!(sources, ["src/a.py"]);
    assert_eq!(results[0]["checker"], "Ruff");
    let finding = &results[0]["findings"][0];
    assert_eq!(finding["location"]["path"], "src/a.py");
    let start = &finding["location"]["range"]["start"];
    assert_eq!((&start["line"], &start["column"]), (&2.into(), &11.into()));
    assert_eq!(finding["severity"], "ERROR");
    assert_eq!(results[1]["status"], "broken");
}

#[test]
fn rdjsonl_checkstyle_and_junit_become_findings() {
    let tree = tree();
    let rdjsonl = r#"{"message":"no","location":{"path":"src/a.py","range":{"start":{"line":1}}},"source":{"name":"x"}}"#;
    let checkstyle = r#"<checkstyle><file name="src/a.py"><error line="1" column="1" severity="error" message="no" source="s"/></file></checkstyle>"#;
    let junit = r#"<testsuite><testcase classname="src.a" name="t" file="src/a.py" line="0"><failure message="no"/></testcase></testsuite>"#;
    for (form, report) in [
        ("rdjson", rdjsonl),
        ("checkstyle", checkstyle),
        ("junit", junit),
    ] {
        let (results, sources) = read(tree.path(), form, report, 1);
        assert_eq!(sources, ["src/a.py"], "{form}");
        let finding = &results[0]["findings"][0];
        assert_eq!(finding["message"], "no", "{form}");
        assert_eq!(finding["location"]["range"]["start"]["line"], 1, "{form}");
    }
}

#[test]
fn columns_are_those_that_the_report_counts() {
    let tree = tree();
    fs::write(tree.path().join("src/a.py"), "s = '\u{10400}'; x\n").unwrap();
    for (kind, column) in [("utf16CodeUnits", 10), ("unicodeCodePoints", 9)] {
        let log = format!(
            r#"{{"runs":[{{"tool":{{"driver":{{"name":"t"}}}},"columnKind":"{kind}","results":[{{"message":{{"text":"no"}},
            "locations":[{{"physicalLocation":{{"artifactLocation":{{"uri":"src/a.py"}},"region":{{"startLine":1,"startColumn":{column}}}}}}}]}}]}}]}}"#
        );
        let (results, _) = read(tree.path(), "sarif", &log, 1);
        let start = &results[0]["findings"][0]["location"]["range"]["start"];
        assert_eq!(start["column"], 12, "{kind}");
    }
}

#[test]
fn the_junit_of_a_linter_is_that_of_the_linter() {
    let tree = tree();
    let report = r#"<testsuites name="ruff"><testsuite name="/ci/src/a.py" package="org.ruff"><testcase name="org.ruff.F401" classname="/ci/src/a" line="1" column="8"><failure message="no"/></testcase></testsuite></testsuites>"#;
    let (results, sources) = read(tree.path(), "junit", report, 1);
    assert_eq!(sources, ["src/a.py"]);
    assert_eq!(results[0]["checker"], "ruff");
    let finding = &results[0]["findings"][0];
    assert_eq!(finding["code"]["value"], "F401");
    assert_eq!(finding["severity"], "WARNING");
    run(tree.path(), &["--from", "junit"], "<html/>", 2);
}

#[test]
fn suggestions_are_fixes_of_tools_that_are_not_known_and_of_known_ones_where_the_entry_says_so() {
    let tree = tree();
    let suggestions =
        r#"[{"range":{"start":{"line":1,"column":1},"end":{"line":2,"column":1}},"text":""}]"#;
    for (tool, code, expected) in [
        ("mine", "X1", Value::from("safe")),
        ("ruff", "F401", Value::from("safe")),
        ("ruff", "F841", Value::Null),
    ] {
        let finding = format!(
            r#"{{"message":"no","location":{{"path":"src/a.py","range":{{"start":{{"line":1,"column":1}}}}}},"source":{{"name":"{tool}"}},"code":{{"value":"{code}"}},"suggestions":{suggestions}}}"#
        );
        let (results, _) = read(tree.path(), "rdjson", &finding, 1);
        let edit = &results[0]["findings"][0]["suggestions"][0];
        assert_eq!(edit["replaces"], "import os\n", "{tool} {code}");
        assert_eq!(edit["applicability"], expected, "{tool} {code}");
    }
}

#[test]
fn null_says_nothing_but_that_a_tool_did_not_work() {
    let tree = tree();
    let rdjson = r#"{"message":"no","location":{"path":"src/a.py","range":null},"suggestions":null,"code":null}"#;
    let (results, _) = read(tree.path(), "rdjson", rdjson, 1);
    assert_eq!(results[0]["findings"][0]["location"]["path"], "src/a.py");
    let log = |results: &str| {
        format!(
            r#"{{"runs":[{{"tool":{{"driver":{{"name":"t","rules":null}}}},"results":{results}}}]}}"#
        )
    };
    let (results, _) = read(
        tree.path(),
        "sarif",
        &log(r#"[{"message":{"text":"no"},"fixes":null}]"#),
        1,
    );
    assert_eq!(results[0]["findings"][0]["message"], "no");
    let (results, _) = read(tree.path(), "sarif", &log("null"), 2);
    assert_eq!(results[0]["status"], "broken");
}

#[test]
fn a_report_without_findings_is_clean_and_no_report_is_trouble() {
    let tree = tree();
    let clean = r#"{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"x"}},"results":[]}]}"#;
    let (results, _) = read(tree.path(), "sarif", clean, 0);
    assert_eq!(results[0]["status"], "clean");
    for report in ["", "{}", "nonsense", r#"{"runs":[]}"#] {
        run(tree.path(), &["--from", "sarif"], report, 2);
    }
    run(tree.path(), &["--from", "junit"], "<open>", 2);
}

#[test]
fn what_is_reported_can_be_read_back() {
    let tree = tree();
    let finding = r#"{"message":"no 'y'","location":{"path":"src/a.py","range":{"start":{"line":2,"column":11},"end":{"line":2,"column":12}}},"severity":"ERROR","source":{"name":"x"},"code":{"value":"F1"}}"#;
    let first = read(tree.path(), "rdjson", finding, 1).0;
    for form in ["sarif", "rdjsonl"] {
        let words = ["--from", "rdjson", "--format", form];
        let report = run(tree.path(), &words, finding, 1);
        let again = read(tree.path(), form, &report, 1).0;
        assert_eq!(again[0]["findings"], first[0]["findings"], "{form}");
    }
}
