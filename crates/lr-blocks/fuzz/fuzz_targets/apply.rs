//! A reply in whichever format it is recognised as, made of the lines that matter, applied to a file.

#![no_main]

#[path = "../../tests/fuzz/check.rs"]
mod check;

const LINES: [&str; 16] = [
    "<<<<<<< SEARCH", "=======", ">>>>>>> REPLACE", "```", "a.py", "--- a/a.py", "+++ b/a.py", "@@ -1,2 +1,2 @@",
    "-x", "+y", " x", "x", "", "*** Begin Patch", "*** Update File: a.py", "*** End Patch",
];

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let reply: String = bytes
        .iter()
        .flat_map(|byte| [LINES[usize::from(byte % 16)], "\n"])
        .collect();
    for old in ["x\n", "x\ny\n", "x\nx\n", "y\n"] {
        check::check_reply(&reply, old, None);
    }
});
