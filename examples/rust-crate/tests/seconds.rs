//! What spans of time stand for.

use timespan::seconds;

#[test]
fn words_are_added_up() {
    assert_eq!(seconds("1h 30m"), Ok(5400));
}

#[test]
fn more_blanks_than_one_are_fine() {
    assert_eq!(seconds(" 2m  5s "), Ok(125));
}

#[test]
fn a_missing_number_is_an_error() {
    assert_eq!(seconds("m"), Err("'m' has no number".to_owned()));
}

#[test]
fn an_unknown_unit_is_an_error() {
    assert_eq!(seconds("3w"), Err("'w' is no unit of time".to_owned()));
}
