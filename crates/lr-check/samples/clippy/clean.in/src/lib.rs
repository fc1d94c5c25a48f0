//! Documentation.

/// Adds.
pub fn f(x: i32) -> i32 {
    x + 1
}

#[test]
fn adds() {
    assert_eq!(f(1), 2);
}
