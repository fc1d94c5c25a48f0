//! Runs the whole-program cases of `tests/cmd`, which need no server.

#[test]
fn cases() {
    trycmd::TestCases::new().case("tests/cmd/*.toml");
}
