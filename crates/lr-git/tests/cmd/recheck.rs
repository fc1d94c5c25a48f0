//! `lr-git commit --rechecked`, and `--if improved`.

use serde_json::{Value, json};

use crate::support::{RUN, Sandbox, check, line};

/// Writes the next check to a file outside the work tree and returns its path.
fn next(sandbox: &Sandbox, section: &Value) -> String {
    let path = sandbox.path("../next");
    let turn = json!({"lr": 1, "run": RUN, "turn": 2, "check": section});
    std::fs::write(&path, line(&turn)).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn says_fixed_still_there_and_new() {
    let sandbox = Sandbox::new();
    sandbox.start(&["a.py"]);
    let mut turn = sandbox.apply(1, &[("a.py", Some("print(1)\n"))]);
    turn["check"] = check(&["a.py F401", "a.py E501"]);
    let next = next(&sandbox, &check(&["a.py E501", "a.py W291"]));
    sandbox
        .lr(&["commit", "--rechecked", &next], &line(&turn))
        .code(0);
    let body = sandbox.git(&["log", "-1", "--format=%B", "HEAD~1"]);
    let expected = "Apply fix: F401 it is in a.py\n\nFixed:\n- ruff F401: 1 (a.py) F401 it is\n\nStill there:\n- ruff: E501×1\n\nNew:\n- ruff W291: 1 (a.py) W291 it is\n\n";
    assert!(body.starts_with(expected), "{body}");
    let fixes = sandbox.read("FIXES.md");
    for title in ["\nFixed:\n", "\nStill there:\n", "\nNew:\n"] {
        assert_eq!(fixes.matches(title).count(), 1, "{fixes}");
    }
    assert_eq!(fixes.matches("Asked for").count(), 0);
}

#[test]
fn claims_nothing_that_an_error_hides() {
    let sandbox = Sandbox::new();
    sandbox.start(&["a.py"]);
    let mut turn = sandbox.apply(1, &[("a.py", Some("print(1\n"))]);
    turn["check"] = check(&["a.py F401", "a.py E501"]);
    turn["check"]["rank"] = json!([0, 0, 2, 0, 0]);
    let mut after = check(&["a.py E999"]);
    after["rank"] = json!([1, 0, 0, 0, 0]);
    after["results"][0]["findings"][0]["weight"] = json!("hides");
    let next = next(&sandbox, &after);
    sandbox
        .lr(&["commit", "--rechecked", &next], &line(&turn))
        .code(0);
    let body = sandbox.git(&["log", "-1", "--format=%B", "HEAD~1"]);
    let expected = "Apply fix: findings now hidden in a.py\n\nNo longer seen:\n- ruff E501: 1 (a.py) E501 it is\n- ruff F401: 1 (a.py) F401 it is\n\nNew:\n- ruff E999: 1 (a.py) E999 it is\n\n";
    assert!(body.starts_with(expected), "{body}");
    assert!(!sandbox.read("FIXES.md").contains("\nFixed:\n"));
}

#[test]
fn a_recheck_that_was_trouble_is_committed_as_asked_for() {
    let sandbox = Sandbox::new();
    sandbox.start(&["a.py"]);
    let turn = sandbox.apply(1, &[("a.py", Some("print(1)\n"))]);
    let broken = json!({"clean": false, "results": [{"checker": "ruff", "argv": ["ruff"], "status": "broken"}]});
    let next = next(&sandbox, &broken);
    sandbox
        .lr(
            &["commit", "--if", "improved", "--rechecked", &next],
            &line(&turn),
        )
        .code(0);
    assert!(sandbox.read("FIXES.md").contains("Asked for:"));
}

#[test]
fn commits_if_improved() {
    let sandbox = Sandbox::new();
    sandbox.start(&["a.py"]);
    let turn = sandbox.apply(1, &[("a.py", Some("print(1)\n"))]);
    let next = next(&sandbox, &check(&[]));
    let ran = sandbox
        .lr(
            &["commit", "--if", "improved", "--rechecked", &next],
            &line(&turn),
        )
        .code(0);
    assert!(ran.commit()["fix"].is_string());
}

#[test]
fn puts_the_files_of_all_parts_back_if_not_improved() {
    let sandbox = Sandbox::new();
    sandbox.write("gone.py", "gone\n");
    sandbox.git(&["add", "gone.py"]);
    sandbox.git(&["commit", "--quiet", "-m", "x"]);
    sandbox.start(&["a.py", "b.py", "gone.py"]);
    let mut first = sandbox.apply(1, &[("a.py", Some("print(1)\n")), ("gone.py", None)]);
    let mut second = sandbox.apply(
        1,
        &[("b.py", Some("print(2)\n")), ("added.py", Some("x\n"))],
    );
    first["check"] = check(&["a.py F401"]);
    second["check"] = check(&["b.py F401"]);
    (first["part"], second["part"]) = (1.into(), 2.into());
    let next = next(&sandbox, &check(&["a.py F401", "b.py F401", "b.py X"]));
    let turns = format!("{}{}", line(&first), line(&second));
    let arguments = ["commit", "--if", "improved", "--rechecked", &next];
    let ran = sandbox
        .lr(&arguments, &turns)
        .code(1)
        .says("nothing got better: put 4 files back");
    let [first, second] = &ran.turns()[..] else {
        panic!("{}", ran.stdout)
    };
    assert_eq!(first["commit"], json!({"put_back": true}));
    let new = json!([{"path": "b.py", "code": "X", "message": "X it is"}]);
    let expected = json!({"put_back": true, "new_findings": new});
    assert_eq!(second["commit"], expected);
    assert_eq!(sandbox.subjects().len(), 2);
    sandbox.is_sound("");
    let again = sandbox.lr(&arguments, &turns).code(1);
    assert_eq!(again.stdout, ran.stdout);
    sandbox.is_sound("");
}

/// What is found in a file that no part has changed may be the doing of any.
#[test]
fn every_part_is_told_what_got_worse_elsewhere() {
    let sandbox = Sandbox::new();
    sandbox.start(&["a.py", "b.py"]);
    let mut first = sandbox.apply(1, &[("a.py", Some("print(1)\n"))]);
    let mut second = sandbox.apply(1, &[("b.py", Some("print(2)\n"))]);
    (first["part"], second["part"]) = (1.into(), 2.into());
    let found: Vec<String> = (10..30).map(|n| format!("c.py N{n}")).collect();
    let mut found: Vec<&str> = found.iter().map(String::as_str).collect();
    found.push("a.py F401");
    let next = next(&sandbox, &check(&found));
    let turns = format!("{}{}", line(&first), line(&second));
    let arguments = ["commit", "--if", "improved", "--rechecked", &next];
    for turn in sandbox.lr(&arguments, &turns).code(1).turns() {
        let new = turn["commit"]["new_findings"].as_array().unwrap();
        assert_eq!((new.len(), &new[0]["path"]), (10, &json!("c.py")));
    }
}

/// Parts that were refused, and a free fix, are judged with the others; what was refused has no say.
#[test]
fn a_free_fix_beside_a_refused_part_is_put_back() {
    let sandbox = Sandbox::new();
    sandbox.start(&["a.py", "b.py"]);
    let mut free = sandbox.apply(1, &[("a.py", Some("print(1)\n"))]);
    free["reply"] = json!({"text": "", "by": "lr-fix", "fixes": ["a.py F401"]});
    let refused = json!({"lr": 1, "run": RUN, "turn": 1, "part": 2, "check": check(&["b.py F401"]),
        "apply": {"outcome": "refused", "refusals": [{"path": "b.py", "kind": "cut", "reason": "r"}]}});
    free["part"] = 1.into();
    let next = next(&sandbox, &check(&["a.py F401", "b.py F401", "a.py E9"]));
    let turns = format!("{}{}", line(&free), line(&refused));
    let arguments = ["commit", "--if", "improved", "--rechecked", &next];
    let ran = sandbox.lr(&arguments, &turns).code(1);
    assert_eq!(ran.turns()[0]["commit"]["put_back"], true);
    assert_eq!(ran.turns()[1], refused);
    sandbox.is_sound("");
}

#[test]
fn does_not_put_back_where_somebody_has_left_the_branch() {
    let sandbox = Sandbox::new();
    sandbox.start(&["a.py"]);
    let turn = sandbox.apply(1, &[("a.py", Some("print(1)\n"))]);
    sandbox.git(&["checkout", "--quiet", "main"]);
    let next = next(&sandbox, &check(&["a.py F401"]));
    let arguments = ["commit", "--if", "improved", "--rechecked", &next];
    sandbox
        .lr(&arguments, &line(&turn))
        .code(2)
        .says("is not checked out, but 'main'");
    assert_eq!(sandbox.read("a.py"), "print(1)\n");
}

/// A branch that would hold nothing is not made.
#[test]
fn what_is_put_back_begins_no_run() {
    let sandbox = Sandbox::new();
    let turn = sandbox.apply(1, &[("a.py", Some("print(1)\n"))]);
    let next = next(&sandbox, &check(&["a.py F401"]));
    let arguments = ["commit", "--if", "improved", "--rechecked", &next];
    sandbox.lr(&arguments, &line(&turn)).code(1);
    assert_eq!(
        sandbox.git(&["for-each-ref", "--format=%(refname)"]),
        "refs/heads/main\n"
    );
    sandbox.is_sound("");
}

/// The rank of a turn is that of all its parts, also of those that nobody answered.
#[test]
fn a_part_without_answer_does_not_make_the_others_worse() {
    let sandbox = Sandbox::new();
    sandbox.start(&["a.py", "b.py"]);
    let mut answered = sandbox.apply(1, &[("a.py", Some("print(1)\n"))]);
    answered["check"] = check(&["a.py F401"]);
    let failed = json!({"lr": 1, "run": RUN, "turn": 1, "part": 2, "check": check(&["b.py F401", "b.py E501"]),
        "error": {"stage": "lr-llm", "kind": "rate_limited", "message": "m"}});
    answered["part"] = 1.into();
    let next = next(&sandbox, &check(&["b.py F401", "b.py E501"]));
    let turns = format!("{}{}", line(&answered), line(&failed));
    let ran = sandbox
        .lr(
            &["commit", "--if", "improved", "--rechecked", &next],
            &turns,
        )
        .code(3);
    assert!(ran.turns()[0]["commit"]["fix"].is_string());
    assert_eq!(ran.turns()[1], failed);
}

#[test]
fn an_equal_rank_with_an_asked_about_finding_gone_is_kept() {
    let sandbox = Sandbox::new();
    sandbox.start(&["a.py"]);
    let turn = sandbox.apply(1, &[("a.py", Some("print(1)\n"))]);
    let next = next(&sandbox, &check(&["a.py E501"]));
    let ran = sandbox
        .lr(
            &["commit", "--if", "improved", "--rechecked", &next],
            &line(&turn),
        )
        .code(0);
    assert!(ran.commit()["fix"].is_string());
}

#[test]
fn puts_back_the_bytes_and_line_ends_of_the_work_tree() {
    let sandbox = Sandbox::new();
    sandbox.write(".gitattributes", "*.py text eol=crlf\n");
    sandbox.write("c.py", "c\r\nd\r\n");
    sandbox.git(&["add", "."]);
    sandbox.git(&["commit", "--quiet", "-m", "x"]);
    sandbox.start(&["c.py"]);
    let turn = sandbox.apply(1, &[("c.py", Some("worse\r\n"))]);
    let next = next(&sandbox, &check(&["a.py F401", "c.py X"]));
    sandbox
        .lr(
            &["commit", "--if", "improved", "--rechecked", &next],
            &line(&turn),
        )
        .code(1);
    assert_eq!(sandbox.read("c.py"), "c\r\nd\r\n");
}

#[test]
fn does_not_put_back_what_somebody_changed_since() {
    let sandbox = Sandbox::new();
    sandbox.start(&["a.py", "b.py"]);
    let turn = sandbox.apply(
        1,
        &[("a.py", Some("print(1)\n")), ("b.py", Some("print(2)\n"))],
    );
    sandbox.write("b.py", "mine\n");
    let next = next(&sandbox, &check(&["a.py F401", "b.py X"]));
    let arguments = ["commit", "--if", "improved", "--rechecked", &next];
    sandbox.lr(&arguments, &line(&turn)).code(2).says("b.py");
    assert_eq!(sandbox.read("a.py"), "print(1)\n");
    assert_eq!(sandbox.read("b.py"), "mine\n");
}

#[test]
fn the_condition_needs_a_recheck() {
    let sandbox = Sandbox::new();
    sandbox
        .lr(&["commit", "--if", "improved"], "")
        .code(2)
        .says("--rechecked");
    sandbox
        .lr(&["commit", "--rechecked", "missing"], "{\"lr\":1}")
        .code(2)
        .says("cannot read 'missing'");
}

#[test]
fn puts_a_deleted_file_back_executable() {
    let sandbox = Sandbox::new();
    sandbox.git(&["update-index", "--chmod=+x", "a.py"]);
    sandbox.git(&["commit", "--quiet", "-m", "x"]);
    sandbox.git(&["checkout", "--quiet", "--", "a.py"]);
    sandbox.start(&["a.py"]);
    let turn = sandbox.apply(1, &[("a.py", None)]);
    let next = next(&sandbox, &check(&["a.py F401"]));
    let arguments = ["commit", "--if", "improved", "--rechecked", &next];
    let ran = sandbox.lr(&arguments, &line(&turn)).code(1);
    assert_eq!(ran.commit(), json!({"put_back": true}));
    sandbox.is_sound("");
}
