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

#[test]
fn the_page_about_the_configuration_is_what_the_list_of_settings_says() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/configuration.md");
    let written = std::fs::read_to_string(path).unwrap();
    assert!(
        written == lr_config::page().unwrap(),
        "docs/configuration.md is stale: \
         cargo run -p lr-pages -- --configuration > docs/configuration.md"
    );
}

/// Variables that a program reads although they are those of no flag.
const READ_APART: [&str; 4] = ["LR_MODEL", "LR_PROVIDER", "LR_BASE_URL", "LR_FALLBACK"];

#[test]
fn every_setting_has_the_flags_the_variables_and_the_defaults_that_it_says() {
    let programs = lr_pages::programs();
    for setting in lr_config::settings().unwrap() {
        for flag in &setting.flags {
            let (words, name) = flag.split_once(" --").unwrap();
            let mut words = words.split(' ');
            let program = words.next().unwrap();
            let found = programs.iter().find(|it| it.get_name() == program);
            let mut command = found.unwrap_or_else(|| panic!("no program for {flag}"));
            if let Some(part) = words.next() {
                command = command.find_subcommand(part).unwrap();
            }
            let is_named = |argument: &&clap::Arg| {
                argument
                    .get_long_and_visible_aliases()
                    .unwrap_or_default()
                    .contains(&name)
            };
            let argument = command.get_arguments().find(is_named);
            let argument = argument.unwrap_or_else(|| panic!("there is no flag {flag}"));
            let variable = argument.get_env().map(|it| it.to_str().unwrap());
            match (variable, setting.variable.as_deref()) {
                (None, Some(apart)) => {
                    let is_set_elsewhere = setting.flags.len() > 1 || READ_APART.contains(&apart);
                    assert!(is_set_elsewhere, "{flag} has no variable {apart}");
                }
                (variable, said) => assert_eq!(variable, said, "{flag}"),
            }
            let help = argument.get_help().unwrap().to_string();
            let said = help
                .split_once("[default: ")
                .and_then(|(_, it)| it.split_once(']'));
            if let Some((said, _)) = said {
                assert_eq!(
                    said.trim_matches('"'),
                    setting.default_words().trim_matches('"'),
                    "{flag}"
                );
            }
        }
    }
}
