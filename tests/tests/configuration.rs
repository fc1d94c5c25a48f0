//! The list of settings, held to what the programs take from a configuration file.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use lr_tests::Sandbox;

/// For each table a command that reads it, and ends without doing anything.
const READERS: [(&str, &str); 6] = [
    ("check", "lr-check --script true a.txt"),
    ("prompt", "lr-prompt a.txt"),
    ("llm", "lr-llm --dry-run -m groq/m hello"),
    ("apply", "lr-apply a.txt"),
    ("git", "lr-git commit"),
    ("loop", "lr-loop --print a.txt"),
];

/// What the commands read on standard input.
const INPUT: &str = r#"{"lr":1,"reply":{"text":"x"},"apply":{"outcome":"applied"}}"#;

/// Runs the command for a table with a configuration of the user's own, and returns what is said
/// about that file.
fn complaint(table: &str, config: &str) -> String {
    let mut sandbox = Sandbox::new();
    sandbox.write("a.txt", "a\n");
    sandbox.write("config/lr/config.toml", config);
    let folder = sandbox.path().join("config");
    sandbox.set("XDG_CONFIG_HOME", folder.to_str().unwrap());
    let (_, command) = READERS.iter().find(|(name, _)| *name == table).unwrap();
    let words: Vec<&str> = command.split(' ').collect();
    let input = match table {
        "llm" => "",
        "prompt" => "what was found",
        _ => INPUT,
    };
    let outcome = sandbox.feed(words[0], &words[1..], input);
    let lines = outcome.stderr.lines();
    let about: Vec<&str> = lines.filter(|line| line.contains("config.toml'")).collect();
    about.join("\n")
}

#[test]
fn every_setting_in_the_list_is_taken_and_only_with_a_value_of_its_type() {
    let settings = lr_config::settings().unwrap();
    for setting in &settings {
        let (table, key) = (&setting.table, &setting.key);
        let value = setting
            .default
            .as_ref()
            .or(setting.example.as_ref())
            .unwrap();
        let said = complaint(table, &format!("[{table}]\n{key} = {value}\n"));
        assert_eq!(said, "", "[{table}] {key} = {value}");
        let said = complaint(table, &format!("[{table}]\n{key} = {{ x = 1 }}\n"));
        assert!(
            said.contains(&format!("in [{table}]: ")),
            "the program does not read [{table}] {key}: {said}"
        );
    }
}

#[test]
fn a_program_refuses_a_key_that_another_one_does_not_know() {
    for (table, _) in READERS {
        let said = complaint(table, "[profile.x.git]\nfixs = true\n");
        assert!(
            said.ends_with("key 'fixs' in [profile.x.git] is not known"),
            "{table}: {said}"
        );
    }
}

#[test]
fn the_file_to_begin_with_changes_nothing() {
    let sandbox = Sandbox::new();
    let shown = |sandbox: &Sandbox| {
        let outcome = sandbox.run("lr-loop", &["--show-config"]);
        outcome.success().stdout
    };
    let before = shown(&sandbox);
    sandbox.run("lr-loop", &["--init-config"]).success();
    assert_eq!(shown(&sandbox), before);
    let printed = sandbox.run("lr-loop", &["--init-config=-"]).success();
    assert_eq!(printed.stdout, sandbox.read("lr.toml"));
}
