//! The environment a child gets: ours without keys, and plain.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};

/// Variables whose names end so hold keys. Capitals do not matter.
const KEY_SUFFIXES: [&str; 4] = ["_API_KEY", "_AUTH_TOKEN", "_TOKEN", "_SECRET"];

/// Output without colour or cursor movement, in UTF-8; no caches written beside the sources.
const PLAIN: [(&str, &str); 5] = [
    ("NO_COLOR", "1"),
    ("TERM", "dumb"),
    ("LC_ALL", "C.UTF-8"),
    ("PYTHONDONTWRITEBYTECODE", "1"),
    ("CARGO_TERM_COLOR", "never"),
];

/// Where programs are looked for when `PATH` is not set.
const DEFAULT_PATH: &str = "/usr/local/bin:/usr/bin:/bin";

/// A child's environment.
pub(crate) type Variables = BTreeMap<OsString, OsString>;

/// How a child's environment differs from ours.
#[derive(Default)]
pub(crate) struct Environment {
    kept: Vec<OsString>,
    dropped: Vec<OsString>,
    keeps_keys: bool,
    set: Variables,
}

impl Environment {
    pub(crate) fn keep(&mut self, names: &[impl AsRef<str>]) {
        self.kept
            .extend(names.iter().map(|name| name.as_ref().into()));
    }

    pub(crate) fn drop(&mut self, names: &[impl AsRef<str>]) {
        self.dropped
            .extend(names.iter().map(|name| name.as_ref().into()));
    }

    pub(crate) fn keep_keys(&mut self) {
        self.keeps_keys = true;
    }

    pub(crate) fn set(&mut self, name: OsString, value: OsString) {
        self.set.insert(name, value);
    }

    /// Works out the child's variables: what is set here, else what makes output plain, else what
    /// is inherited and allowed.
    pub(crate) fn resolve(
        self,
        inherited: impl IntoIterator<Item = (OsString, OsString)>,
    ) -> Variables {
        let mut variables: Variables = inherited
            .into_iter()
            .filter(|(name, _)| self.allows(name))
            .collect();
        variables.extend(PLAIN.map(|(name, value)| (name.into(), value.into())));
        variables.extend(self.set);
        variables
    }

    fn allows(&self, name: &OsString) -> bool {
        self.kept.contains(name)
            || (!self.dropped.contains(name) && (self.keeps_keys || !is_key(name)))
    }
}

/// Returns the variables that a child sees for which nothing is set: ours, without keys and without
/// those in `dropped` unless they are in `kept`.
pub fn child_variables(
    dropped: &[impl AsRef<str>],
    kept: &[impl AsRef<str>],
) -> impl Iterator<Item = (OsString, OsString)> {
    let mut environment = Environment::default();
    environment.drop(dropped);
    environment.keep(kept);
    environment.resolve(inherited()).into_iter()
}

/// Our own environment.
pub(crate) fn inherited() -> impl Iterator<Item = (OsString, OsString)> {
    std::env::vars_os()
}

/// Where programs are looked for by somebody who has these variables.
pub(crate) fn search_path(variables: &Variables) -> &OsStr {
    match variables.get(OsStr::new("PATH")) {
        Some(path) => path,
        None => OsStr::new(DEFAULT_PATH),
    }
}

fn is_key(name: &OsStr) -> bool {
    let name = name.to_string_lossy().to_ascii_uppercase();
    KEY_SUFFIXES.iter().any(|suffix| name.ends_with(suffix))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(environment: Environment, inherited: &[&str]) -> Vec<String> {
        environment
            .resolve(inherited.iter().map(|name| (name.into(), "x".into())))
            .into_iter()
            .filter(|(name, _)| PLAIN.iter().all(|(plain, _)| name != plain))
            .map(|(name, _)| name.into_string().unwrap())
            .collect()
    }

    const MIXED: [&str; 7] = [
        "GITHUB_TOKEN",
        "GROQ_API_KEY",
        "HOME",
        "MONKEY",
        "X_AUTH_TOKEN",
        "client_secret",
        "MY_PASSWORD",
    ];

    #[test]
    fn removes_variables_that_are_named_like_keys() {
        assert_eq!(
            names(Environment::default(), &MIXED),
            ["HOME", "MONKEY", "MY_PASSWORD"]
        );
    }

    #[test]
    fn removes_the_variables_the_caller_names_unless_they_are_kept() {
        let mut environment = Environment::default();
        environment.drop(&["MY_PASSWORD", "HOME"]);
        environment.keep(&["GITHUB_TOKEN", "HOME"]);
        assert_eq!(
            names(environment, &MIXED),
            ["GITHUB_TOKEN", "HOME", "MONKEY"]
        );
    }

    #[test]
    fn keeps_all_keys_when_told_so() {
        let mut environment = Environment::default();
        environment.keep_keys();
        assert_eq!(names(environment, &MIXED).len(), MIXED.len());
    }

    #[test]
    fn what_is_set_wins_over_what_is_plain_and_what_is_inherited() {
        let mut environment = Environment::default();
        environment.set("TERM".into(), "vt100".into());
        environment.set("OWN_TOKEN".into(), "1".into());
        let variables = environment.resolve([("TERM".into(), "xterm".into())]);
        assert_eq!(variables[OsStr::new("TERM")], "vt100");
        assert_eq!(variables[OsStr::new("OWN_TOKEN")], "1");
        assert_eq!(variables[OsStr::new("NO_COLOR")], "1");
    }

    #[test]
    fn an_unset_path_is_the_usual_one() {
        assert_eq!(search_path(&Variables::new()), DEFAULT_PATH);
    }
}
