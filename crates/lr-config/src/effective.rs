//! The values that hold, and where each of them comes from.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};
use toml::Value;

use lr_stage::Error;

use crate::catalogue::{self, Setting};
use crate::layers::{Config, Layer};

/// A setting with the value that holds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Effective {
    /// The table it stands in.
    pub table: String,
    /// Its key in that table.
    pub key: String,
    /// The value; absent where nobody set it and there is no default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<Value>,
    /// Who set it: `default`, `user`, `project`, `profile`, `variable` or `flag`.
    pub origin: String,
    /// The file, the profile, the variable or the flag; what happens where nobody set it.
    pub from: String,
}

/// A value that stands above all files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Given {
    /// As it was written.
    pub value: String,
    /// `flag` or `variable`.
    pub origin: &'static str,
    /// The flag or the variable.
    pub from: String,
}

/// Returns all settings with the values that hold; `given` tells what stands above the files.
///
/// # Errors
///
/// Only what [`catalogue::settings`] says.
pub fn effective(
    config: &Config,
    given: impl Fn(&Setting) -> Option<Given>,
) -> Result<Vec<Effective>, Error> {
    let settings = catalogue::settings()?;
    let all = settings.clone().into_iter().map(|setting| {
        let (value, origin, from) = match given(&setting) {
            Some(given) => (Some(read(&setting, &given.value)), given.origin, given.from),
            None => configured(config, &setting),
        };
        Effective {
            value: value.map(without_password),
            table: setting.table,
            key: setting.key,
            origin: origin.to_owned(),
            from,
        }
    });
    Ok(without_beaten_rivals(&settings, all.collect()))
}

/// Takes away the values in whose place a stronger layer has set something else.
fn without_beaten_rivals(settings: &[Setting], values: Vec<Effective>) -> Vec<Effective> {
    let strength = |value: &Effective| match value.origin.as_str() {
        "flag" => 3,
        "variable" => 2,
        "default" => 0,
        _ => 1,
    };
    let before = values.clone();
    let taken = |(setting, mut value): (&Setting, Effective)| {
        let is_rival =
            |it: &&Effective| it.table == setting.table && Some(&it.key) == setting.rival.as_ref();
        let rival = before.iter().find(is_rival);
        if let Some(rival) = rival.filter(|rival| strength(rival) > strength(&value)) {
            value.value = None;
            "default".clone_into(&mut value.origin);
            value.from = format!("{} counts, by {}", rival.key, rival.from);
        }
        value
    };
    settings.iter().zip(values).map(taken).collect()
}

/// Returns the settings as a configuration file, each with its origin.
pub fn text(settings: &[Effective]) -> String {
    let mut text = String::new();
    let mut table = "";
    for setting in settings {
        if setting.table != table {
            let gap = if table.is_empty() { "" } else { "\n" };
            let _ = writeln!(text, "{gap}[{}]", setting.table);
            table = &setting.table;
        }
        let (key, from) = (&setting.key, &setting.from);
        let _ = match (&setting.value, setting.origin.as_str()) {
            (Some(value), "default") => writeln!(text, "{key} = {value}  # default"),
            (Some(value), origin) => writeln!(text, "{key} = {value}  # {origin}: {from}"),
            (None, _) => writeln!(text, "# {key} is not set: {from}"),
        };
    }
    text
}

fn configured(config: &Config, setting: &Setting) -> (Option<Value>, &'static str, String) {
    let mut found: Vec<(Value, &'static str, String)> = Vec::new();
    for layer in config.layers.iter().rev() {
        if let Some(value) = value_in(&layer.table, setting) {
            let (origin, from) = origin(layer, config.profile.as_deref(), setting);
            found.push((value.clone(), origin, from));
        }
    }
    if !setting.joined {
        found.truncate(1);
    }
    let mut found = found.into_iter();
    let Some((mut value, origin, mut from)) = found.next() else {
        let words = match setting.default {
            Some(_) => String::new(),
            None => setting.default_words(),
        };
        return (setting.default.clone(), "default", words);
    };
    for (more, _, also) in found {
        if let (Value::Array(list), Value::Array(more)) = (&mut value, more) {
            list.extend(more);
            from = format!("{from} and {also}");
        }
    }
    (Some(value), origin, from)
}

fn origin(layer: &Layer, profile: Option<&str>, setting: &Setting) -> (&'static str, String) {
    let path = layer.path.display();
    let in_profile = profile.filter(|name| {
        let profiles = layer.table.get("profile").and_then(|all| all.get(name));
        profiles.is_some_and(|it| {
            it.as_table()
                .is_some_and(|it| value_in(it, setting).is_some())
        })
    });
    match (in_profile, layer.is_project) {
        (Some(name), _) => ("profile", format!("{name} in {path}")),
        (None, true) => ("project", path.to_string()),
        (None, false) => ("user", path.to_string()),
    }
}

fn value_in<'a>(table: &'a toml::Table, setting: &Setting) -> Option<&'a Value> {
    table.get(&setting.table)?.get(&setting.key)
}

/// Reads a value as a flag or a variable writes it.
fn read(setting: &Setting, text: &str) -> Value {
    let text_value = || Value::String(text.to_owned());
    match setting.r#type.as_str() {
        "list" => {
            let items = text.split(',').map(|item| Value::String(item.to_owned()));
            Value::Array(items.collect())
        }
        "number" | "seconds" => match (text.parse::<i64>(), text.parse::<f64>()) {
            (Ok(number), _) => Value::Integer(number),
            (Err(_), Ok(number)) => Value::Float(number),
            _ => text_value(),
        },
        "yes or no" => text.parse().map_or_else(|_| text_value(), Value::Boolean),
        _ => text_value(),
    }
}

/// Leaves out what stands for a user in an address.
fn without_password(value: Value) -> Value {
    match value {
        Value::String(text) => {
            let hidden = text.split_once("://").and_then(|(scheme, rest)| {
                let end = rest.find('/').unwrap_or(rest.len());
                let at = rest[..end].rfind('@')?;
                Some(format!("{scheme}://...{}", &rest[at..]))
            });
            Value::String(hidden.unwrap_or(text))
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(user: &str, project: &str, profile: Option<&str>) -> Config {
        let mut config = Config::default();
        config.add("config.toml".into(), user, false).unwrap();
        config.add("lr.toml".into(), project, true).unwrap();
        profile.map_or(Ok(()), |it| config.use_profile(it)).unwrap();
        config
    }

    fn line(config: &Config, key: &str, given: Option<&Given>) -> String {
        let settings = effective(config, |setting| {
            given.filter(|_| setting.key == key).cloned()
        });
        let settings = settings.unwrap();
        let one = settings.iter().find(|it| it.key == key).unwrap();
        text(std::slice::from_ref(one))
            .lines()
            .nth(1)
            .unwrap()
            .to_owned()
    }

    #[test]
    fn every_value_says_where_it_comes_from() {
        let user = "[llm]\nmodel = 'u'\nseed = 1\n[apply]\nprotect = ['!a']";
        let project = "[llm]\nmodel = 'p'\n[apply]\nprotect = ['b']\n\
                       [profile.fast.llm]\nmodel = 'f'\n[profile.fast.check]\ntimeout = 5";
        let plain = config(user, project, None);
        let fast = config(user, project, Some("fast"));
        let check = |config, key, expected: &str| assert_eq!(line(config, key, None), expected);
        check(&plain, "model", "model = \"p\"  # project: lr.toml");
        check(&plain, "seed", "seed = 1  # user: config.toml");
        check(
            &plain,
            "protect",
            "protect = [\"b\", \"!a\"]  # project: lr.toml and config.toml",
        );
        check(&plain, "retries", "retries = 3  # default");
        check(
            &plain,
            "provider",
            "# provider is not set: the one whose key is set",
        );
        check(&fast, "model", "model = \"f\"  # profile: fast in lr.toml");
        check(&fast, "seed", "seed = 1  # user: config.toml");
    }

    #[test]
    fn of_two_that_exclude_each_other_the_stronger_one_is_shown() {
        let config = config("[llm]\nprovider = 'mine'", "", None);
        let given = Given {
            value: "http://h/v1".to_owned(),
            origin: "flag",
            from: "--llm-url".to_owned(),
        };
        let given = |setting: &Setting| (setting.key == "base-url").then(|| given.clone());
        let text = text(&effective(&config, given).unwrap());
        let has = |line: &str| assert!(text.lines().any(|it| it == line), "{text}");
        has("base-url = \"http://h/v1\"  # flag: --llm-url");
        has("# provider is not set: base-url counts, by --llm-url");
    }

    #[test]
    fn flags_and_variables_stand_above_the_files_and_have_their_type() {
        let config = config("", "[check]\nlinters = ['a']\n[loop]\npatience = 1", None);
        let given = |value: &str| Given {
            value: value.to_owned(),
            origin: "flag",
            from: "--x".to_owned(),
        };
        let check = |key, value, expected: &str| {
            assert_eq!(line(&config, key, Some(&given(value))), expected);
        };
        check(
            "linters",
            "ruff,pytest",
            "linters = [\"ruff\", \"pytest\"]  # flag: --x",
        );
        check("patience", "7", "patience = 7  # flag: --x");
        check("temperature", "0.5", "temperature = 0.5  # flag: --x");
        check("fixes", "true", "fixes = true  # flag: --x");
        check(
            "base-url",
            "https://me:secret@host/v1",
            "base-url = \"https://...@host/v1\"  # flag: --x",
        );
    }
}
