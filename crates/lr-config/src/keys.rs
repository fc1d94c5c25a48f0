//! Which variables hold keys because the user's configuration says so, whatever their names look like.
//!
//! `api-key-env` in `[llm]` of the user's own file, also in its profiles, names one, and so does `key_variables` in a
//! file of `providers/`. Deliberately absent: complaints about these files, which are lr-llm's to make.

use std::path::Path;
use std::sync::OnceLock;

use toml::{Table, Value};

use lr_stage::environment;

/// Returns the names of the variables, which no child of a stage may see unless it asks a model.
pub fn variables() -> &'static [String] {
    static NAMES: OnceLock<Vec<String>> = OnceLock::new();
    NAMES.get_or_init(|| {
        let folder = environment::config_folder();
        folder.map_or_else(Vec::new, |folder| named_in(&folder))
    })
}

fn named_in(folder: &Path) -> Vec<String> {
    let config = table(&folder.join("config.toml"));
    let profiles = config.get("profile").and_then(Value::as_table);
    let profiles = profiles.into_iter().flat_map(Table::values);
    let in_profiles = profiles.filter_map(|profile| profile.get("llm"));
    let mut names: Vec<Value> = config
        .get("llm")
        .into_iter()
        .chain(in_profiles)
        .filter_map(|llm| llm.get("api-key-env").cloned())
        .collect();
    let providers = std::fs::read_dir(folder.join("providers"));
    for provider in providers.into_iter().flatten().flatten() {
        if let Some(Value::Array(variables)) = table(&provider.path()).remove("key_variables") {
            names.extend(variables);
        }
    }
    let name = |value: Value| value.as_str().map(str::to_owned);
    names.into_iter().filter_map(name).collect()
}

/// Reads a file; one that cannot be read or understood is empty.
fn table(path: &Path) -> Table {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    text.parse().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn finds_what_the_configuration_and_the_providers_name() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(named_in(folder.path()), Vec::<String>::new());
        let config = "[llm]\napi-key-env = 'A'\n[profile.x.llm]\napi-key-env = 'B'\n";
        fs::write(folder.path().join("config.toml"), config).unwrap();
        let providers = folder.path().join("providers");
        fs::create_dir(&providers).unwrap();
        fs::write(providers.join("x.toml"), "key_variables = ['C', 7, 'D']").unwrap();
        fs::write(providers.join("y.toml"), "not toml").unwrap();
        assert_eq!(named_in(folder.path()), ["A", "B", "C", "D"]);
    }
}
