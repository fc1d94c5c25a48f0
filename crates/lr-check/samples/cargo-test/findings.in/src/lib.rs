/// Adds.
///
/// ```
/// assert_eq!(x::f(1), 3);
/// ```
pub fn f(x: i32) -> i32 {
    x + 1
}

#[test]
fn adds() {
    assert_eq!(f(1), 3);
}

#[test]
fn returns() -> Result<(), String> {
    Err("no".into())
}

#[test]
fn passes() {}
