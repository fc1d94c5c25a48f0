//! The page about the configuration: `docs/configuration.md`.

use std::fmt::Write as _;

use lr_stage::Error;

use crate::catalogue;

const HEAD: &str = "\
# The configuration

This page is printed by `cargo run -p lr-pages -- --configuration`; a test keeps it true.

A value comes from the first of these that sets it:

1. a flag on the command line,
2. a variable of the environment,
3. `lr.toml` at the project's root: the nearest folder upwards that holds `.git` or `lr.toml`,
4. your own `$XDG_CONFIG_HOME/lr/config.toml`, or `~/.config/lr/config.toml`,
5. the default.

```sh
lr-loop --init-config      # writes a commented lr.toml, in which nothing is set yet
lr-loop --show-config      # says what holds here, and where each value comes from
lr-loop --profile fast .   # uses the tables [profile.fast.llm], [profile.fast.check] and so on as well
```

A file holds one table per program. A table `[checker.NAME]` makes a checker known, or replaces one
([its form](../crates/lr-check/README.md#a-new-checker)). `[profile.NAME]` holds such tables again; with `--profile NAME` or
`LR_PROFILE` those of each file count more than its others. A key or table that is not known is an error in
every program, also in a profile that is not used.

Checking a project runs its code, so its `lr.toml` may set checkers, limits and the model. It may **not** say
where prompts and keys go: the settings marked \"your own file only\" are refused there, and commands in the
place of stages (`--stage`) can only be given on the command line. The file must be a regular file of at most
1 MiB; a symbolic link is not followed.

In lists marked \"joined\", the project's entries come first and your own last, so that you have the last word.
";

/// Returns the page, as Markdown.
///
/// # Errors
///
/// Only what [`catalogue::settings`] says.
pub fn page() -> Result<String, Error> {
    let mut page = HEAD.to_owned();
    let mut table = String::new();
    for setting in catalogue::settings()? {
        if setting.table != table {
            let _ = write!(
                page,
                "\n## [{}]\n\n| key | type | without it | variable | flags | |\n|---|---|---|---|---|---|\n",
                setting.table
            );
            table.clone_from(&setting.table);
        }
        let without = match &setting.default {
            Some(value) => format!("`{value}`"),
            None => setting.default_words(),
        };
        let flags: Vec<String> = setting.flags.iter().map(|it| format!("`{it}`")).collect();
        let variable = setting.variable.as_deref();
        let mut about = setting.text.clone();
        if setting.user_only {
            about.push_str(" Your own file only.");
        }
        if setting.joined {
            about.push_str(" Joined.");
        }
        let _ = writeln!(
            page,
            "| `{}` | {} | {without} | {} | {} | {about} |",
            setting.key,
            setting.r#type,
            variable.map_or_else(String::new, |it| format!("`{it}`")),
            flags.join(", "),
        );
    }
    Ok(page)
}
