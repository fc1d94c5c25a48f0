//! Writing a block, in prompts and in replies that are made without a model.

use crate::Fence;

/// Appends the block of `text` under `name` to `out`; with an empty name it is the nameless block of prompts.
///
/// A last line without an end gets one, so that the closing line stands alone. The text is written as it is:
/// `fence` must be clear of it (see [`Fence::clear_of`]), and `name` must be a single line.
pub fn write_block(out: &mut String, name: &str, text: &str, fence: Fence) {
    out.push_str(&fence.opening_line(name));
    out.push('\n');
    out.push_str(text);
    if !text.is_empty() && !text.ends_with('\n') {
        out.push('\n');
    }
    out.push_str(&fence.closing_line());
    out.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(name: &str, text: &str, expected: &str) {
        let mut out = String::new();
        write_block(&mut out, name, text, Fence::default());
        assert_eq!(out, expected);
    }

    #[test]
    fn writes_the_path_on_both_sides() {
        check("a.py", "x = 1\n", "<<<< a.py <<<<\nx = 1\n>>>>>>>>\n");
    }

    #[test]
    fn closes_a_text_without_a_final_newline_on_a_line_of_its_own() {
        check("a.py", "x = 1", "<<<< a.py <<<<\nx = 1\n>>>>>>>>\n");
    }

    #[test]
    fn writes_nothing_between_the_markers_of_an_empty_text() {
        check("stderr", "", "<<<< stderr <<<<\n>>>>>>>>\n");
    }

    #[test]
    fn writes_a_nameless_block_with_twice_the_marker() {
        check("", "./check a.py", "<<<<<<<<\n./check a.py\n>>>>>>>>\n");
    }
}
