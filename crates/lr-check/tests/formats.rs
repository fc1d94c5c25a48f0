//! Reports, held to schemas by validators that others keep, and what is written beside them.

use std::fs;
use std::path::Path;

use lr_exec::Program;

fn project() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

#[test]
fn jenkins_takes_the_report_for_junit() {
    let made = Program::new(["scripts/venv"]).current_dir(project()).run();
    let python = made.unwrap().stdout.text().trim().to_owned();
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    fs::write(here.join("a.py"), "import os\nx = \"<&>\u{1}\"\n").unwrap();
    fs::write(here.join("b.txt"), "").unwrap();
    let words = [
        "--format=junit",
        "--linters=ruff,bash-syntax,prettier",
        "--script=false",
        "a.py",
        "b.txt",
    ];
    let said = Program::new([env!("CARGO_BIN_EXE_lr-check")].iter().chain(&words))
        .env("PATH", format!("{python}/bin:/usr/bin:/bin"))
        .current_dir(here)
        .run()
        .unwrap()
        .stdout
        .text();
    for kind in ["<failure ", "<error ", "<skipped "] {
        assert!(said.contains(kind), "{kind}: {said}");
    }
    let report = here.join("report.xml");
    fs::write(&report, &*said).unwrap();
    let schema = project().join("crates/lr-report/schemas/junit-10.xsd");
    let validator = format!("{python}/bin/xmlschema-validate");
    let words = [
        validator.as_str(),
        "--schema",
        schema.to_str().unwrap(),
        report.to_str().unwrap(),
    ];
    let held = Program::new(words).run().unwrap();
    assert!(
        held.succeeded(),
        "{}{}",
        held.stdout.text(),
        held.stderr.text()
    );
}

#[test]
fn a_workflow_gets_the_page_in_the_summary_of_its_step() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.txt"), "").unwrap();
    let summary = folder.path().join("summary.md");
    let check = |form: &str, summary: &Path| {
        Program::new([
            env!("CARGO_BIN_EXE_lr-check"),
            "--script",
            "false",
            form,
            "a.txt",
        ])
        .env("GITHUB_STEP_SUMMARY", summary)
        .env("XDG_CONFIG_HOME", "/nonexistent")
        .current_dir(folder.path())
        .run()
        .unwrap()
    };
    check("--format=text", &summary);
    assert!(!summary.exists());
    fs::write(&summary, "before\n").unwrap();
    for _ in 0..2 {
        let said = check("--format=github", &summary);
        assert!(said.stdout.text().starts_with("::error title=false"));
        assert_eq!(said.stderr.text(), "");
    }
    let written = fs::read_to_string(&summary).unwrap();
    assert!(
        written.starts_with("before\n### lr-check: 1 finding (1 error) in 1 file"),
        "{written}"
    );
    assert_eq!(written.matches("\n```text\n").count(), 2, "{written}");

    let nowhere = folder.path().join("none/summary.md");
    let said = check("--format=github", &nowhere);
    assert!(said.stdout.text().starts_with("::error title=false"));
    assert!(said.stderr.text().contains("cannot add to the summary"));
}
