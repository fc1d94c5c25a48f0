//! The only place that reads the environment.

/// Returns the value of an environment variable; `None` when it is absent, empty or not UTF-8.
#[expect(
    clippy::disallowed_methods,
    reason = "this is the one place that reads the environment"
)]
pub fn var(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Tells whether an environment variable is set, but to nothing.
#[expect(
    clippy::disallowed_methods,
    reason = "this is the one place that reads the environment"
)]
pub(crate) fn is_empty(name: &std::ffi::OsStr) -> bool {
    std::env::var_os(name).is_some_and(|value| value.is_empty())
}

/// Tells whether the terminal does more than show one line after the other, as far as `TERM` says.
pub(crate) fn has_able_terminal() -> bool {
    var("TERM").is_some_and(|name| name != "dumb")
}

/// Returns the folder of the user's own configuration, `$XDG_CONFIG_HOME/lr` or `~/.config/lr`;
/// `None` when neither variable is set.
pub fn config_folder() -> Option<std::path::PathBuf> {
    let base = var("XDG_CONFIG_HOME")
        .map(std::path::PathBuf::from)
        .filter(|path| path.is_absolute())
        .or_else(|| var("HOME").map(|home| std::path::Path::new(&home).join(".config")))?;
    Some(base.join("lr"))
}
