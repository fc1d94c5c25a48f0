//! What the configuration says about protected files.

use lr_config::Settings;
use serde::Deserialize;

/// The key `protect` of the table `[apply]`, for programs that use no other of its keys.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Protect {
    /// Patterns of more protected files, and with `!` of files that are not protected.
    pub protect: Vec<String>,
}

impl Settings for Protect {
    const TABLE: &'static str = "apply";
    const JOINED: &'static [&'static str] = &["protect"];

    fn check(&self, is_project: bool) -> Result<(), String> {
        check_lifted(&self.protect, is_project)
    }
}

/// Says why these patterns may not stand in a configuration file: a project, which may come from anybody, lifts
/// the protection of single files only.
///
/// # Errors
///
/// What is wrong, as the end of a sentence about the file.
pub fn check_lifted(protect: &[String], is_project: bool) -> Result<(), String> {
    let lifts_many = |pattern: &&String| {
        let lifted = pattern.strip_prefix('!');
        lifted.is_some_and(|lifted| lifted.contains(['*', '?', '[']) || lifted.ends_with('/'))
    };
    match protect.iter().find(lifts_many).filter(|_| is_project) {
        None => Ok(()),
        Some(pattern) => Err(format!(
            "a project may not lift '{pattern}' in [apply] protect: name single files, or set it in your own config.toml"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(pattern: &str, is_project: bool, expected: bool) {
        let result = check_lifted(&[pattern.to_owned()], is_project);
        assert_eq!(result.is_ok(), expected, "{pattern}");
    }

    #[test]
    fn a_project_lifts_single_files_only() {
        for pattern in [
            "!**",
            "!*.toml",
            "!.github/",
            "!.github/workflows/?.yml",
            "![a-z]",
        ] {
            check(pattern, true, false);
            check(pattern, false, true);
        }
        check("!ruff.toml", true, true);
        check("!.github/workflows/docs.yml", true, true);
        check("vendor/**", true, true);
    }
}
