//! Runs the cases in `tests/cmd`.

#[test]
fn cases() {
    trycmd::TestCases::new().case("tests/cmd/*.toml");
}
