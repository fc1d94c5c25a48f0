//! What the flags and the table `[git]` of the configuration say together.

use lr_config::{Config, Settings};
use lr_stage::{Common, Error, Kind};
use serde::Deserialize;

use crate::args::Fixes;

/// The file that fixes are written down in, unless another one is named.
const FIXES_FILE: &str = "FIXES.md";

/// The table `[git]`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct GitSettings {
    /// Whether fixes are written down.
    fixes: Option<bool>,
    /// Where fixes are written down.
    fixes_file: Option<String>,
}

impl Settings for GitSettings {
    const TABLE: &'static str = "git";
}

/// Returns the path of the file that fixes are written down in, relative to the working
/// directory; `None` if they are not.
///
/// # Errors
///
/// [`Kind::Config`], and [`Kind::Usage`] for a name outside the working directory.
pub(crate) fn fixes_file(flags: &Fixes, common: &Common) -> Result<Option<String>, Error> {
    let settings: GitSettings = Config::load(common)?.settings()?;
    if flags.no_fixes || (settings.fixes == Some(false) && flags.fixes_file.is_none()) {
        return Ok(None);
    }
    let name = flags.fixes_file.clone().or(settings.fixes_file);
    let name = name.unwrap_or_else(|| FIXES_FILE.to_owned());
    let path = lr_files::relative_path(&name).map_err(|problem| {
        Error::new(Kind::Usage, format!("cannot write fixes down in '{name}'")).because(problem)
    })?;
    Ok(Some(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_setting_is_listed() {
        assert_eq!(lr_config::unlisted::<GitSettings>(), Vec::<String>::new());
    }
}
