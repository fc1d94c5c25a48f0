//! The whole program, on the cases in `tests/cmd`.

#[test]
fn cases() {
    trycmd::TestCases::new().case("tests/cmd/*.toml");
}
