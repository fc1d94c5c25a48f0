//! Holds the command reference to the programs.

#[test]
fn the_command_reference_is_what_the_programs_say() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/commands.md");
    let written = std::fs::read_to_string(path).unwrap();
    assert!(
        written == lr_pages::reference(),
        "docs/commands.md is stale: cargo run -p lr-pages > docs/commands.md"
    );
}
