//! Any text as a reply in the format `patch`, and any file.

#![no_main]

#[path = "../../tests/fuzz/check.rs"]
mod check;

libfuzzer_sys::fuzz_target!(|input: (&str, &str)| {
    check::check_reply(input.0, input.1, Some(lr_turn::ReplyFormat::Patch));
});
