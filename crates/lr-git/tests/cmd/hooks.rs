//! Hooks, signatures and filters: what the git binary does as the user configured it.

use std::os::unix::fs::PermissionsExt as _;

use crate::support::{RUN, Sandbox, first_check, line};

fn hook(sandbox: &Sandbox, path: &str, script: &str) {
    sandbox.write(path, &format!("#!/bin/sh\n{script}\n"));
    let path = sandbox.path(path);
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn hooks_run_for_both_commits() {
    let sandbox = Sandbox::new();
    hook(&sandbox, ".git/hooks/pre-commit", "echo ran >> .git/ran");
    hook(
        &sandbox,
        ".git/hooks/commit-msg",
        "echo 'Signed-off-by: Hook <h@k>' >> \"$1\"",
    );
    sandbox.start(&["a.py"]);
    sandbox.write("b.py", "staged\n");
    sandbox.git(&["add", "b.py"]);
    let turn = sandbox.apply(1, &[("a.py", Some("print(1)\n")), ("new.py", Some("x\n"))]);
    let first = sandbox.commit(&turn);
    assert_eq!(sandbox.read(".git/ran"), "ran\nran\n");
    assert_eq!(sandbox.commit(&turn).stdout, first.stdout);
    let body = sandbox.git(&["log", "-1", "--format=%b"]);
    assert!(
        body.contains("Lr-Kind: log\nSigned-off-by: Hook <h@k>\n"),
        "{body}"
    );
    sandbox.is_sound("M  b.py\n");
}

#[test]
fn a_hook_that_refuses_leaves_the_change_applied_and_is_heard() {
    let sandbox = Sandbox::new();
    sandbox.start(&["a.py"]);
    hook(
        &sandbox,
        ".git/hooks/pre-commit",
        "echo 'no such luck' >&2; exit 1",
    );
    let turn = sandbox.apply(1, &[("a.py", Some("print(1)\n")), ("new.py", Some("x\n"))]);
    let ran = sandbox
        .lr(&["commit"], &line(&turn))
        .code(2)
        .says("no such luck");
    assert_eq!(ran.turns()[0]["error"]["kind"], "repository");
    sandbox.is_sound(" M a.py\n?? new.py\n");
    sandbox.lr(&["commit", "--no-verify"], &line(&turn)).code(0);
    sandbox.is_sound("");
}

#[test]
fn no_verify_leaves_out_what_git_leaves_out_and_runs_the_others() {
    let sandbox = Sandbox::new();
    sandbox.start(&["a.py"]);
    for name in [
        "pre-commit",
        "commit-msg",
        "prepare-commit-msg",
        "post-commit",
    ] {
        let script = format!("echo {name} >> .git/ran");
        hook(&sandbox, &format!(".git/hooks/{name}"), &script);
    }
    let turn = sandbox.apply(1, &[("a.py", Some("print(1)\n"))]);
    let arguments = ["commit", "--no-verify", "--no-fixes"];
    sandbox.lr(&arguments, &line(&turn)).code(0);
    assert_eq!(
        sandbox.read(".git/ran"),
        "prepare-commit-msg\npost-commit\n"
    );
    sandbox.is_sound("");
}

/// The hook runs for the first part, and the second part changed it.
#[test]
fn a_hook_that_another_part_of_the_turn_changed_does_not_run() {
    let sandbox = Sandbox::new();
    hook(&sandbox, "hooks/pre-commit", "true");
    sandbox.git(&["config", "core.hooksPath", "hooks"]);
    sandbox.git(&["add", "hooks"]);
    sandbox.git(&["commit", "--quiet", "-m", "hooks"]);
    sandbox.start(&["a.py"]);
    let mut first = sandbox.apply(1, &[("a.py", Some("print(1)\n"))]);
    first["part"] = 1.into();
    let evil = "#!/bin/sh\ntouch ../pwned\n";
    let mut second = sandbox.apply(1, &[("hooks/pre-commit", Some(evil))]);
    second["part"] = 2.into();
    // Even where only the first part is given: the hook is not as the last commit has it.
    for turns in [format!("{}{}", line(&first), line(&second)), line(&first)] {
        let ran = sandbox.lr(&["commit"], &turns).code(2);
        ran.says("'hooks/pre-commit' is run by a git hook");
    }
    assert!(!sandbox.path("../pwned").exists());
}

#[test]
fn a_filter_that_this_run_changed_does_not_run() {
    let sandbox = Sandbox::new();
    hook(&sandbox, "clean.sh", "cat");
    sandbox.git(&["config", "filter.f.clean", "./clean.sh"]);
    sandbox.write(".gitattributes", "*.txt filter=f\n");
    sandbox.write("x.txt", "x\n");
    sandbox.git(&["add", "."]);
    sandbox.git(&["commit", "--quiet", "-m", "x"]);
    sandbox.start(&["x.txt", "clean.sh"]);
    let evil = "#!/bin/sh\ntouch ../pwned\n";
    let turn = sandbox.apply(1, &[("clean.sh", Some(evil)), ("x.txt", Some("y\n"))]);
    let ran = sandbox.lr(&["commit"], &line(&turn)).code(2);
    ran.says("'clean.sh' is run by a git hook");
    assert!(!sandbox.path("../pwned").exists());
}

#[test]
fn a_hook_that_hangs_is_ended_with_what_it_started() {
    let sandbox = Sandbox::new();
    sandbox.start(&["a.py"]);
    let script = "sleep 600 & echo $! > .git/child; cat; wait";
    hook(&sandbox, ".git/hooks/pre-commit", script);
    let turn = sandbox.apply(1, &[("a.py", Some("print(1)\n"))]);
    let ran = sandbox
        .lr(&["commit", "--timeout", "1"], &line(&turn))
        .code(2);
    ran.says("took longer than 1 s").says("--no-verify");
    let child = sandbox.read(".git/child");
    let is_there = sandbox.run("kill", &["-0", child.trim()], "".as_ref(), "");
    assert_ne!(is_there.code, 0);
    sandbox.is_sound(" M a.py\n");
    sandbox.lr(&["commit", "--no-verify"], &line(&turn)).code(0);
}

#[test]
fn what_a_hook_edits_is_reported() {
    let sandbox = Sandbox::new();
    sandbox.start(&["a.py"]);
    hook(
        &sandbox,
        ".git/hooks/pre-commit",
        "test -f a.py && echo '# formatted' >> a.py && git add a.py",
    );
    let turn = sandbox.apply(1, &[("a.py", Some("print(1)\n"))]);
    sandbox
        .lr(&["commit", "--no-fixes"], &line(&turn))
        .code(0)
        .says("a hook changed 'a.py'");
    assert_eq!(
        sandbox.git(&["show", "HEAD:a.py"]),
        "print(1)\n# formatted\n"
    );
}

#[test]
fn a_later_commit_of_the_user_keeps_what_a_hook_edited() {
    let sandbox = Sandbox::new();
    sandbox.start(&["a.py"]);
    hook(
        &sandbox,
        ".git/hooks/pre-commit",
        "grep -q formatted a.py || echo '# formatted' >> a.py; git add a.py",
    );
    sandbox.commit(&sandbox.apply(1, &[("a.py", Some("print(1)\n"))]));
    sandbox.is_sound("");
}

#[test]
fn a_later_commit_of_the_user_keeps_what_a_hook_added_and_what_was_staged() {
    let sandbox = Sandbox::new();
    sandbox.start(&["a.py"]);
    sandbox.write("b.py", "mine\n");
    sandbox.git(&["add", "b.py"]);
    hook(
        &sandbox,
        ".git/hooks/pre-commit",
        "echo made > made.txt; echo theirs > b.py; git add made.txt b.py",
    );
    sandbox.commit(&sandbox.apply(1, &[("a.py", Some("print(1)\n"))]));
    assert_eq!(sandbox.git(&["show", "HEAD:made.txt"]), "made\n");
    assert_eq!(sandbox.git(&["show", "HEAD:b.py"]), "theirs\n");
    assert_eq!(sandbox.git(&["show", ":b.py"]), "mine\n");
    sandbox.is_sound("MM b.py\n");
}

#[test]
fn a_hook_that_takes_the_trailers_out_stops_the_run_and_is_named() {
    let sandbox = Sandbox::new();
    sandbox.start(&["a.py"]);
    hook(&sandbox, ".git/hooks/commit-msg", "echo Mine > \"$1\"");
    let turn = sandbox.apply(1, &[("a.py", Some("print(1)\n"))]);
    let ran = sandbox.lr(&["commit"], &line(&turn)).code(2);
    assert!(ran.turns()[0].get("error").is_some());
    ran.says("a hook took the trailers out of the commit");
}

#[test]
fn a_hook_gets_no_keys() {
    let mut sandbox = Sandbox::new();
    sandbox.set("GROQ_API_KEY", "secret");
    sandbox.start(&["a.py"]);
    hook(&sandbox, ".git/hooks/pre-commit", "env > .git/environment");
    sandbox.commit(&sandbox.apply(1, &[("a.py", Some("print(1)\n"))]));
    assert!(!sandbox.read(".git/environment").contains("secret"));
}

#[test]
fn a_hook_that_this_run_changed_does_not_run() {
    let sandbox = Sandbox::new();
    hook(&sandbox, "hooks/pre-commit", "true");
    sandbox.git(&["config", "core.hooksPath", "hooks"]);
    sandbox.git(&["add", "hooks"]);
    sandbox.git(&["commit", "--quiet", "-m", "hooks"]);
    sandbox.start(&["a.py", "hooks/pre-commit"]);
    let turn = sandbox.apply(
        1,
        &[("hooks/pre-commit", Some("#!/bin/sh\ntouch ../pwned\n"))],
    );
    let words = "'hooks/pre-commit' is run by a git hook and was changed by this run";
    sandbox.lr(&["commit"], &line(&turn)).code(2).says(words);
    sandbox.lr(&["commit", "--no-verify"], &line(&turn)).code(0);
    let turn = sandbox.apply(2, &[("a.py", Some("print(1)\n"))]);
    sandbox.lr(&["commit"], &line(&turn)).code(2).says(words);
    assert!(!sandbox.path("../pwned").exists());
}

#[test]
fn a_hook_for_references_sees_the_branch_made() {
    let sandbox = Sandbox::new();
    hook(
        &sandbox,
        ".git/hooks/reference-transaction",
        "test \"$1\" != committed || cat >> .git/seen",
    );
    sandbox.start(&["a.py"]);
    let seen = sandbox.read(".git/seen");
    assert!(seen.contains(&format!("refs/heads/lr/{RUN}")), "{seen}");
    sandbox.git(&["checkout", "--quiet", "-"]);
    assert_eq!(sandbox.git(&["branch", "--show-current"]), "main\n");
}

#[test]
fn commits_are_signed_as_configured() {
    let sandbox = Sandbox::new();
    let key = sandbox.path("../key");
    let key = key.to_str().unwrap();
    sandbox
        .run(
            "ssh-keygen",
            &["-q", "-t", "ed25519", "-N", "", "-f", key],
            "".as_ref(),
            "",
        )
        .code(0);
    for (name, value) in [
        ("gpg.format", "ssh"),
        ("user.signingKey", key),
        ("commit.gpgSign", "true"),
    ] {
        sandbox.git(&["config", name, value]);
    }
    sandbox.start(&["a.py"]);
    sandbox.commit(&sandbox.apply(1, &[("a.py", Some("print(1)\n"))]));
    let raw = sandbox.git(&["cat-file", "commit", "HEAD"]);
    assert!(raw.contains("BEGIN SSH SIGNATURE"), "{raw}");
}

#[test]
fn filters_of_the_user_are_applied() {
    let sandbox = Sandbox::new();
    sandbox.git(&["config", "filter.shout.clean", "tr a-z A-Z"]);
    sandbox.git(&["config", "filter.shout.smudge", "tr A-Z a-z"]);
    sandbox.write(".gitattributes", "*.txt filter=shout\n");
    sandbox.write("x.txt", "hello\n");
    sandbox.git(&["add", "."]);
    sandbox.git(&["commit", "--quiet", "-m", "x"]);
    sandbox.start(&["x.txt"]);
    sandbox.commit(&sandbox.apply(1, &[("x.txt", Some("goodbye\n"))]));
    assert_eq!(sandbox.git(&["show", "HEAD:x.txt"]), "GOODBYE\n");
    sandbox.is_sound("");
    sandbox.lr(&["undo"], "").code(0);
    assert_eq!(sandbox.read("x.txt"), "hello\n");
    sandbox.is_sound("");
}

#[test]
fn a_required_filter_that_fails_is_an_error_and_no_commit_of_raw_bytes() {
    let sandbox = Sandbox::new();
    sandbox.start(&["a.py"]);
    sandbox.git(&["config", "filter.broken.clean", "false"]);
    sandbox.git(&["config", "filter.broken.required", "true"]);
    sandbox.write(".git/info/attributes", "*.py filter=broken\n");
    let turn = sandbox.apply(1, &[("a.py", Some("print(1)\n"))]);
    sandbox.lr(&["commit"], &line(&turn)).code(2);
    assert_eq!(sandbox.subjects().len(), 1);
}

#[test]
fn without_git_ordinary_repositories_work_and_others_are_refused() {
    let mut sandbox = Sandbox::new();
    let with_git = first_check(&["a.py"]);
    hook(&sandbox, ".git/hooks/pre-commit", "true");
    sandbox.set("PATH", "/nonexistent");
    sandbox
        .lr(&["start"], &with_git)
        .code(2)
        .says("needs the git program, because the hook 'pre-commit' is active");
    std::fs::remove_file(sandbox.path(".git/hooks/pre-commit")).unwrap();
    sandbox.start(&["a.py"]);
    sandbox.commit(&sandbox.apply(1, &[("a.py", Some("print(1)\n"))]));
}
