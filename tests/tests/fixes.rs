//! The free fixes of real checkers, from what they say to the file that is repaired: lr-check,
//! lr-fix and lr-apply.

use lr_tests::{Sandbox, sandbox};

/// Checks a file with a checker, makes its safe fixes, and compares.
fn check(sandbox: &Sandbox, checker: &str, (path, before): (&str, &str), after: &str) {
    sandbox.write(path, before);
    let pipe = format!("lr-check --linters {checker} --exit-zero . | lr-fix | lr-apply");
    let outcome = sandbox.bash(&pipe).success();
    assert_eq!(sandbox.read(path), after, "{checker}: {outcome}");
}

#[test]
fn formatters_say_what_they_would_change() {
    let sandbox = Sandbox::new();
    let before = "x=1\ns = \"é\" ;y = [1,\n   2]\n\n\n\n\ndef f( a ):\n    return  a";
    let after = "x = 1\ns = \"é\"\ny = [1, 2]\n\n\ndef f(a):\n    return a\n";
    for checker in ["black", "ruff-format"] {
        check(&sandbox, checker, ("a.py", before), after);
    }
    let before = "if [ \"$1\" = a ]; then\n  echo \"é\"   `ls`\nfi\n";
    let after = "if [ \"$1\" = a ]; then\n\techo \"é\" $(ls)\nfi\n";
    check(&sandbox, "shfmt", ("a.sh", before), after);
}

#[test]
fn shellcheck_only_writes_the_same_otherwise() {
    let sandbox = Sandbox::new();
    let before = "#!/bin/sh\necho \"é\" `ls \"$1\"` $2\n";
    let after = "#!/bin/sh\necho \"é\" $(ls \"$1\") $2\n";
    check(&sandbox, "shellcheck", ("a.sh", before), after);
}

#[test]
fn the_rust_toolchain_repairs_what_is_machine_applicable() {
    let sandbox = Sandbox::new();
    sandbox.write(
        "Cargo.toml",
        "[package]\nname = \"x\"\nversion = \"0.1.0\"\nedition = \"2021\"\n",
    );
    let before = "pub fn f(v: &Vec<i32>) -> bool {\n    let _s = \"é𐐀\"; let x = v.len() == 0;\n    return !x;\n}\n";
    let fixed =
        "pub fn f(v: &Vec<i32>) -> bool {\n    let _s = \"é𐐀\"; let x = v.is_empty();\n    !x\n}\n";
    check(&sandbox, "clippy", ("src/lib.rs", before), fixed);
    let formatted = "pub fn f(v: &Vec<i32>) -> bool {\n    let _s = \"é𐐀\";\n    let x = v.is_empty();\n    !x\n}\n";
    check(&sandbox, "rustfmt", ("src/lib.rs", fixed), formatted);
}

#[test]
fn eslint_fixes_by_places_in_utf16() {
    let sandbox = Sandbox::new();
    let Some(node) = sandbox::node() else {
        return;
    };
    let modules = node.join("node_modules");
    std::os::unix::fs::symlink(modules, sandbox.path().join("node_modules")).unwrap();
    sandbox.write(
        "eslint.config.mjs",
        "export default [{ files: [\"a.js\"], rules: { \"no-var\": \"error\", \"no-extra-boolean-cast\": \"error\" } }];\n",
    );
    let before = "// é𐐀\nvar a = \"𐐀\"; if (!!a) { a += 1; }\n";
    let after = "// é𐐀\nlet a = \"𐐀\"; if (a) { a += 1; }\n";
    check(&sandbox, "eslint", ("a.js", before), after);
}
