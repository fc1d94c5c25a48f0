//! Runs the whole-program cases of `tests/cmd`.

#[test]
fn cases() {
    trycmd::TestCases::new().case("tests/cmd/*.toml");
}
